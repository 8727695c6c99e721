/**
 * Weights and golden vectors as NumPy archives of int16 and int32 arrays, their formats in a JSON file beside them.
 * Source: NumPy, numpy.lib.format, "Format Version 1.0".
 */
import { description } from './description.js';
import { identifier, type ExportedFiles } from './files.js';
import { checkExport, type GoldenVectors } from './golden.js';
import type { ExportSubject, Integers } from './subject.js';
import { joined, zipStored } from './zip.js';

/** Header and length before it fill multiples of this. */
const ALIGNMENT = 64;
const MAGIC = [0x93, ...new TextEncoder().encode('NUMPY'), 1, 0];

interface NumpyArray {
  readonly shape: readonly number[];
  readonly data: Integers;
}

/** `<network>.npz`: the weights by name; `golden.npz`: input, logits, labels; formats.json: what they mean. */
export function npzFiles(subject: ExportSubject, golden: GoldenVectors): ExportedFiles {
  checkExport(subject, golden);
  const { tensors, definition } = subject;
  const { count, input, logits, labels } = golden;
  const file = `${identifier(definition.name)}.npz`;
  const places = new Map([
    ...tensors.map(({ name }) => [name, file] as const),
    ...['input', 'logits', 'labels'].map((name) => [name, 'golden.npz'] as const),
  ]);
  return new Map<string, string | Uint8Array>([
    [file, archive(tensors.map((tensor) => [tensor.name, tensor]))],
    [
      'golden.npz',
      archive([
        ['input', { shape: [count, ...input.shape], data: input.data }],
        ['logits', { shape: [count, ...logits.shape], data: logits.data }],
        ['labels', { shape: [count], data: labels }],
      ]),
    ],
    ['formats.json', description(subject, golden, places)],
  ]);
}

function archive(arrays: readonly (readonly [name: string, array: NumpyArray])[]): Uint8Array {
  return zipStored(new Map(arrays.map(([name, array]) => [`${name}.npy`, npyBytes(array)])));
}

/** One array: magic, version, the header's length, the header as a Python literal, the elements in C order. */
function npyBytes({ shape, data }: NumpyArray): Uint8Array {
  const type = data instanceof Int16Array ? '<i2' : '<i4';
  // A tuple of one has a comma, too.
  const sizes = shape.length === 1 ? `${shape.join()},` : shape.join(', ');
  const text = `{'descr': '${type}', 'fortran_order': False, 'shape': (${sizes}), }`;
  const front = MAGIC.length + 2;
  const length = ALIGNMENT * Math.ceil((front + text.length + 1) / ALIGNMENT) - front;
  const header = new TextEncoder().encode(text.padEnd(length - 1) + '\n');
  return joined([Uint8Array.from([...MAGIC, length & 255, length >> 8]), header, littleEndian(data)]);
}

function littleEndian(data: Integers): Uint8Array {
  const view = new DataView(new ArrayBuffer(data.byteLength));
  const is16 = data instanceof Int16Array;
  data.forEach((raw, i) => {
    if (is16) view.setInt16(2 * i, raw, true);
    else view.setInt32(4 * i, raw, true);
  });
  return new Uint8Array(view.buffer);
}
