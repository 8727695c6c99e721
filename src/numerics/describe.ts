/** One conversion shown in full: raw integer, value, error and bits. What `fewbit convert` prints. */
import { checkArgument, NUMBER } from './arguments.js';
import { fixedToFloat, floatToFixed, type RandomWord } from './float.js';
import { parseFormat, wordLength, type Format, type FormatLike } from './format.js';
import type { RoundingLike } from './rounding.js';

/** A number in a format, with what was lost. */
export interface ConversionDescription {
  readonly raw: number;
  /** raw * 2^-FL. */
  readonly value: number;
  /** value - x. */
  readonly error: number;
  /** Two's complement bits: the sign, the integer bits, the point, the fraction bits in groups of four. */
  readonly binary: string;
}

/** floatToFixed of `x`, described. Throws what floatToFixed throws. */
export function describeConversion(
  x: number,
  format: FormatLike,
  rounding: RoundingLike,
  random?: RandomWord,
): ConversionDescription {
  const target = parseFormat(format);
  const raw = floatToFixed(x, target, rounding, random);
  const value = fixedToFloat(raw, target);
  return { raw, value, error: value - x, binary: binaryText(raw, target) };
}

/**
 * The bits of a raw integer: `0 1.0001 1111` for <2,8>. Where the point lies outside of the word the scale follows
 * instead: `0 0011010 * 2^-20`.
 */
export function binaryText(raw: number, format: Format): string {
  const length = wordLength(format);
  checkArgument('binaryText: raw', raw, NUMBER);
  const bits = (raw >>> 0)
    .toString(2)
    .padStart(32, raw < 0 ? '1' : '0')
    .slice(32 - length);
  const sign = bits.slice(0, 1);
  const grouped = (text: string): string => text.replace(/(?<=^(?:.{4})+)(?=.)/g, ' ');
  if (format.il >= 1 && format.fl >= 0) {
    const fraction = format.fl > 0 ? `.${grouped(bits.slice(format.il))}` : '';
    return `${sign} ${bits.slice(1, format.il)}${fraction}`;
  }
  return `${sign} ${bits.slice(1)} * 2^${-format.fl}`;
}
