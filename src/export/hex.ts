/**
 * Weights and golden vectors as text for $readmemh of Verilog: one word per line, its WL bits in two's
 * complement.
 */
import { formatText, wordLength, type Format } from '../numerics/index.js';
import { shapeText } from '../plan/index.js';
import { description } from './description.js';
import { Names, type ExportedFiles } from './files.js';
import { checkExport, type GoldenVectors } from './golden.js';
import type { ExportSubject } from './subject.js';

/** Word length of a class label. */
const LABEL_BITS = 16;

/** One `.hex` file a tensor, three of the golden vectors, and formats.json. */
export function hexFiles(subject: ExportSubject, golden: GoldenVectors): ExportedFiles {
  checkExport(subject, golden);
  const { count, input, logits, labels } = golden;
  const names = new Names();
  const files = new Map<string, string>();
  const places = new Map<string, string>();
  const add = (
    name: string,
    stem: string,
    shape: readonly number[],
    format: Format,
    raws: Iterable<number>,
  ) => {
    const file = `${names.take(stem)}.hex`;
    places.set(name, file);
    files.set(file, hexText(name, shape, format, raws));
  };
  add('input', 'golden_input', [count, ...input.shape], input.format, input.data);
  add('logits', 'golden_logits', [count, ...logits.shape], logits.format, logits.data);
  add('labels', 'golden_labels', [count], { il: LABEL_BITS, fl: 0 }, labels);
  for (const { name, shape, format, data } of subject.tensors) add(name, name, shape, format, data);
  files.set('formats.json', description(subject, golden, places));
  return files;
}

/** A comment, then the words, the last dimension of the shape running fastest. */
function hexText(name: string, shape: readonly number[], format: Format, raws: Iterable<number>): string {
  const bits = wordLength(format);
  const digits = (bits + 3) >> 2;
  const lines = [`// ${name.replace(/[^\x20-\x7e]/g, '_')} ${shapeText(shape)} ${formatText(format)}`];
  for (const raw of raws) lines.push(lowBits(raw, bits).toString(16).padStart(digits, '0'));
  return lines.join('\n') + '\n';
}

/** The low bits of an integer, as an unsigned number. */
function lowBits(raw: number, bits: number): number {
  return (raw << (32 - bits)) >>> (32 - bits);
}
