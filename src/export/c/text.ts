/** Small pieces of C99 as text: comments, numbers, arrays, types. */
import { storageOf, type Format } from '../../numerics/index.js';
import type { Integers } from '../subject.js';

/** The C type of raw integers of a format. */
export function typeOf(format: Format): 'int16_t' | 'int32_t' {
  return storageOf(format) === 'int16' ? 'int16_t' : 'int32_t';
}

/** A name inside of a comment: nothing that ends the comment, begins another, or is a trigraph. */
export function plain(name: string): string {
  return name.replace(/[^\x20-\x7e]|[*?\\]/g, '_');
}

/** A literal of at least 32 bits. The smallest int32 has none in C: its digits alone are a larger type. */
export function int32(value: number): string {
  return value === -(2 ** 31) ? 'INT32_MIN' : String(value);
}

/** A 64-bit literal. */
export function int64(value: bigint): string {
  return value < 0n ? `-INT64_C(${-value})` : `INT64_C(${value})`;
}

/** An unsigned 32-bit literal. */
export function uint32(value: number): string {
  return `UINT32_C(0x${(value >>> 0).toString(16).padStart(8, '0')})`;
}

/** `value * 2^shift` in 32 or 64 bits, without shifting what may be negative. */
export function timesPower(bits: 32 | 64, value: string, shift: number): string {
  const cast = `(int${bits}_t)${value}`;
  return shift === 0 ? cast : `${cast} * (INT${bits}_C(1) << ${shift})`;
}

/** `a * b` of two elements, exact: products of 16-bit elements have 31 bits, all others get 64. */
export function product(a: Format, b: Format, lhs: string, rhs: string): string {
  const wide = storageOf(a) === 'int32' || storageOf(b) === 'int32';
  return `(${wide ? 'int64_t' : 'int32_t'})${lhs} * ${rhs}`;
}

/** Lines with an indentation of the given number of steps before those that are not empty. */
export function indented(text: string, steps: number): string {
  return text.replace(/^(?=.)/gm, '    '.repeat(steps));
}

const PER_LINE = 16;

/** `{ 1, 2, ... }` over several lines. */
export function initializer(values: ArrayLike<number>): string {
  const lines: string[] = [];
  for (let at = 0; at < values.length; at += PER_LINE) {
    const line = Array.from({ length: Math.min(PER_LINE, values.length - at) }, (_, i) =>
      int32(values[at + i]!),
    );
    lines.push(`    ${line.join(', ')},`);
  }
  return `{\n${lines.join('\n')}\n}`;
}

/** A constant array with a comment before it. */
export function constantArray(
  comment: string,
  type: string,
  name: string,
  values: Integers | readonly number[],
): string {
  return `/* ${plain(comment)} */\nstatic const ${type} ${name}[${values.length}] = ${initializer(values)};\n`;
}
