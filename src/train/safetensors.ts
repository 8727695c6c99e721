/**
 * The safetensors file format, reading and writing, for the element types of Fewbit's tensors. A file is 8
 * bytes of header length (little-endian), a JSON header padded with spaces to a multiple of 8, then the
 * tensors without gaps. This file knows nothing of checkpoints. Source: github.com/huggingface/safetensors,
 * section "Format".
 */
import { kindHint } from '../data/readers.js';
import { BYTES, checkArgument, instanceRule, listOf, NUMBER, record, TEXT } from '../numerics/arguments.js';
import { InputError, parseJson, shownText } from '../numerics/index.js';
import { concatenate, littleEndianBytes, nativeBuffer } from './bytes.js';

/** A row-major tensor. */
export interface SafetensorsTensor {
  readonly shape: readonly number[];
  readonly data: Int16Array | Int32Array | Float32Array;
}

/** The contents of a file. */
export interface Safetensors {
  readonly metadata: Readonly<Record<string, string>>;
  readonly tensors: ReadonlyMap<string, SafetensorsTensor>;
}

const ELEMENT_SIZE = { I16: 2, I32: 4, F32: 4 } as const;
type Dtype = keyof typeof ELEMENT_SIZE;

interface Entry {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

const CONTENTS = record('{ metadata, tensors }', {
  metadata: record('texts by name'),
  tensors: instanceRule('a Map of tensors', Map),
});
const TENSOR = record('{ shape, data }', {
  shape: listOf(NUMBER),
  data: instanceRule('elements', Int16Array, Int32Array, Float32Array),
});

function dtypeOf(data: SafetensorsTensor['data']): Dtype {
  if (data instanceof Int16Array) return 'I16';
  return data instanceof Int32Array ? 'I32' : 'F32';
}

const elementsOf = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);

/** One file. 4-byte elements come first, so that every tensor is aligned in the file; metadata keeps its order. */
export function encodeSafetensors(contents: Safetensors): Uint8Array<ArrayBuffer> {
  checkArgument('safetensors', contents, CONTENTS);
  const { metadata, tensors } = contents;
  checkArgument('safetensors: metadata', Object.values(metadata), listOf(TEXT));
  for (const [name, tensor] of tensors) checkArgument(`safetensors: tensor "${name}"`, tensor, TENSOR);
  const sorted = [...tensors].sort(
    ([, a], [, b]) => b.data.BYTES_PER_ELEMENT - a.data.BYTES_PER_ELEMENT, // The sort is stable.
  );
  const header: [string, unknown][] = [['__metadata__', metadata]];
  const parts: Uint8Array[] = [];
  let offset = 0;
  for (const [name, { shape, data }] of sorted) {
    if (elementsOf(shape) !== data.length) {
      throw new InputError(
        `safetensors: tensor "${name}" has the shape [${shape.join(', ')}] but ${data.length} elements`,
      );
    }
    const end = offset + data.byteLength;
    header.push([name, { dtype: dtypeOf(data), shape, data_offsets: [offset, end] }]);
    parts.push(littleEndianBytes(data));
    offset = end;
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
  const length = Math.ceil(json.length / 8) * 8;
  const front = new Uint8Array(8 + length).fill(0x20);
  new DataView(front.buffer).setBigUint64(0, BigInt(length), true);
  front.set(json, 8);
  return concatenate([front, ...parts]);
}

/**
 * Reads a file strictly.
 * @throws RangeError naming the fault: truncation, header, offsets, element type, or bytes outside of all
 * tensors.
 */
export function decodeSafetensors(bytes: Uint8Array): Safetensors {
  checkArgument('safetensors: file', bytes, BYTES);
  const { header, dataStart } = readHeader(bytes);
  const metadata = readMetadata(header['__metadata__']);
  const entries = Object.entries(header)
    .filter(([name]) => name !== '__metadata__')
    .map(([name, value]) => readEntry(name, value))
    .sort((a, b) => a.begin - b.begin || a.end - b.end);
  checkLayout(entries, bytes.length - dataStart);
  const tensors = new Map<string, SafetensorsTensor>();
  for (const { name, dtype, shape, begin, end } of entries) {
    const buffer = nativeBuffer(bytes.subarray(dataStart + begin, dataStart + end), ELEMENT_SIZE[dtype]);
    const data =
      dtype === 'I16'
        ? new Int16Array(buffer)
        : dtype === 'I32'
          ? new Int32Array(buffer)
          : new Float32Array(buffer);
    tensors.set(name, { shape, data });
  }
  return { metadata, tensors };
}

/**
 * The metadata of a file; its tensors are not looked at.
 * @param bytes the file, or its beginning up to the end of the header
 * @throws RangeError as decodeSafetensors, for the header
 */
export function safetensorsMetadata(bytes: Uint8Array): Readonly<Record<string, string>> {
  checkArgument('safetensors: file', bytes, BYTES);
  return readMetadata(readHeader(bytes).header['__metadata__']);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isSize(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function readHeader(bytes: Uint8Array): { header: Record<string, unknown>; dataStart: number } {
  if (bytes.length < 8) {
    throw new InputError(
      `safetensors: the file is truncated, got ${bytes.length} bytes of at least 8${kindHint(bytes)}`,
    );
  }
  const length = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  if (length < 2n || length > BigInt(bytes.length - 8)) {
    throw new InputError(
      `safetensors: the file gives its header ${length} bytes but ${bytes.length - 8} follow; the file is truncated or of another kind${kindHint(bytes)}`,
    );
  }
  const dataStart = 8 + Number(length);
  let header: unknown;
  try {
    header = parseJson(new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(8, dataStart)));
  } catch {
    throw new InputError('safetensors: the header is not JSON; the file is corrupted or of another kind');
  }
  if (!isObject(header)) throw new InputError('safetensors: the header is not a JSON object');
  return { header, dataStart };
}

function readMetadata(value: unknown): Readonly<Record<string, string>> {
  if (value === undefined) return {};
  const metadata: Record<string, string> = {};
  if (!isObject(value)) throw new InputError('safetensors: __metadata__ is not a JSON object');
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== 'string') throw new InputError(`safetensors: __metadata__ "${key}" is not a string`);
    metadata[key] = text;
  }
  return metadata;
}

function readEntry(name: string, value: unknown): Entry {
  const where = `safetensors: tensor "${name}"`;
  if (!isObject(value)) throw new InputError(`${where} is not described by a JSON object`);
  const { dtype, shape, data_offsets: offsets } = value;
  if (dtype !== 'I16' && dtype !== 'I32' && dtype !== 'F32') {
    throw new InputError(`${where}: dtype must be I16, I32 or F32, got ${shownText(dtype)}`);
  }
  if (!Array.isArray(shape) || !shape.every(isSize)) {
    throw new InputError(`${where}: shape must be a list of sizes, got ${shownText(shape)}`);
  }
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isSize)) {
    throw new InputError(`${where}: data_offsets must be [begin, end], got ${shownText(offsets)}`);
  }
  const [begin = 0, end = 0] = offsets;
  const expected = elementsOf(shape) * ELEMENT_SIZE[dtype];
  if (end - begin !== expected) {
    throw new InputError(
      `${where}: ${dtype} [${shape.join(', ')}] takes ${expected} bytes, got data_offsets [${begin}, ${end}]`,
    );
  }
  return { name, dtype, shape, begin, end };
}

/** Tensors, in order of their offsets, must cover all bytes of the data, each byte once. */
function checkLayout(entries: readonly Entry[], dataBytes: number): void {
  let offset = 0;
  for (const { name, begin, end } of entries) {
    if (end > dataBytes) {
      throw new InputError(
        `safetensors: tensor "${name}" ends at byte ${end} of the data but there are ${dataBytes}; the file is truncated`,
      );
    }
    if (begin !== offset) {
      throw new InputError(
        `safetensors: tensor "${name}" must begin at byte ${offset} of the data, got ${begin}; tensors may not overlap or leave gaps`,
      );
    }
    offset = end;
  }
  if (offset !== dataBytes) {
    throw new InputError(`safetensors: ${dataBytes - offset} trailing bytes belong to no tensor`);
  }
}
