/**
 * Softmax and cross-entropy of one row in integers: exp by range reduction to a power of two and a polynomial,
 * probabilities with 30 fraction bits, loss with 24. |p - exact| <= 2^-24; docs/numerics.md, section "Softmax", proves it.
 * The error convert(p - onehot) is the caller's: it is a rounding site.
 */
import { InputError } from './errors.js';
import { multiplyHigh, multiplyHighUnsigned, Wide } from './wide.js';

/** Fraction bits of probabilities. */
export const PROBABILITY_BITS = 30;
/** Fraction bits of a loss in nats. */
export const LOSS_BITS = 24;
/** Largest loss of a row, 2^40 - 1: 65536 nats, less one bit. */
export const MAX_LOSS = 1099511627775;
/** Most classes of a row for which the error bound holds. */
export const MAX_CLASSES = 65536;

/** log2(e), 30 fraction bits. */
export const LOG2_E = 1549082005;
/** ln(2), 30 fraction bits. */
export const LN_2 = 744261118;
/** c_j = nearest integer to (ln 2)^j / j! * 2^30: the Taylor coefficients of 2^-f without their signs. */
export const EXP2_COEFFICIENTS: readonly number[] = [
  1073741824, 744261118, 257941248, 59597083, 10327387, 1431680, 165394, 16377, 1419, 109, 8,
];

/** 2^-f for f in [0, 1), both with 30 fraction bits: Horner, acc = c_j - ((acc * f + 2^29) >> 30), products exact. */
export function exp2Fraction(f: number): number {
  let acc = 0;
  for (let j = EXP2_COEFFICIENTS.length - 1; j >= 0; j -= 1) {
    const low = Math.imul(acc, f) >>> 0;
    const rounded = (low + 0x20000000) | 0;
    const high = multiplyHigh(acc, f) + (low >= 0xe0000000 ? 1 : 0);
    acc = EXP2_COEFFICIENTS[j]! - ((high << 2) | (rounded >>> 30));
  }
  return acc;
}

/** log2 of a positive safe integer, 26 fraction bits, truncated: the position of its top bit, then bit by bit by squaring. */
export function log2Integer(value: number): number {
  const wide = new Wide();
  wide.setNumber(value);
  const top = wide.hi === 0 ? 31 - Math.clz32(wide.lo) : 63 - Math.clz32(wide.hi);
  // Normalised to [2^30, 2^31).
  if (top >= 30) wide.shiftRight(top - 30);
  else wide.shiftLeft(30 - top);
  let mantissa = wide.lo;
  let bits = 0;
  for (let i = 0; i < 26; i += 1) {
    const square = ((multiplyHigh(mantissa, mantissa) << 2) | (Math.imul(mantissa, mantissa) >>> 30)) >>> 0;
    const bit = square >>> 31;
    mantissa = square >>> bit;
    bits = 2 * bits + bit;
  }
  return top * 67108864 + bits;
}

/** Index within the row of the first largest element. */
export function firstLargest(logits: ArrayLike<number>, offset: number, classes: number): number {
  let best = 0;
  for (let i = 1; i < classes; i += 1) if (logits[offset + i]! > logits[offset + best]!) best = i;
  return best;
}

/**
 * Sets `t` to d * log2(e) with 30 fraction bits (floor), d a distance >= 0 (uint32) with `fl` fraction bits.
 * False, with `t` unset, where that is 2^36 or more: 2^-64 is nothing.
 */
function binaryExponent(d: number, fl: number, t: Wide): boolean {
  t.set(multiplyHighUnsigned(d, LOG2_E) | 0, Math.imul(d, LOG2_E));
  if (fl >= 0) {
    t.shiftRight(fl);
  } else if (d !== 0) {
    // The product is at least 2^30: shifted by 6 it is past the cut. Shifted by 5 it stays in 64 bits if below 2^58.
    if (fl <= -6 || t.hi >= 1 << 26) return false;
    t.shiftLeft(-fl);
  }
  return t.hi < 16;
}

/** d with `fl` fraction bits as nats with 24 fraction bits, half up, at most MAX_LOSS. */
function lossOfDistance(d: number, fl: number): number {
  const drop = fl - LOSS_BITS;
  if (drop > 32) return 0;
  if (drop === 32) return d >>> 31;
  if (drop > 0) return (d >>> drop) + ((d >>> (drop - 1)) & 1);
  if (d === 0) return 0;
  return drop < -40 ? MAX_LOSS : Math.min(d * 2 ** -drop, MAX_LOSS);
}

/**
 * Softmax of one row: writes `classes` probabilities with 30 fraction bits to `probabilities` from `outOffset`, and
 * returns the cross-entropy loss against `target` in nats with 24 fraction bits (0 .. MAX_LOSS).
 * The integer definition is docs/arithmetic.md, section 5.
 * @param logits raw logits of a format with `fl` fraction bits, the row starting at `offset`
 * @param target class index, 0 .. classes - 1
 * @throws RangeError for more than MAX_CLASSES classes.
 */
export function softmaxCrossEntropyRow(
  logits: ArrayLike<number>,
  offset: number,
  classes: number,
  fl: number,
  target: number,
  probabilities: Int32Array,
  outOffset: number,
): number {
  if (classes > MAX_CLASSES) {
    throw new InputError(`softmax: at most ${MAX_CLASSES} classes, got ${classes}`);
  }
  const max = logits[offset + firstLargest(logits, offset, classes)]!;
  const t = new Wide();
  const sum40 = new Wide();
  // Numerators with 30 fraction bits wait in the output; their sum is kept with 40, so that many small ones are not lost.
  for (let i = 0; i < classes; i += 1) {
    const inside = binaryExponent(max - logits[offset + i]!, fl, t);
    const n = inside ? (t.hi << 2) | (t.lo >>> 30) : 64;
    const mantissa = n <= 40 ? exp2Fraction(t.lo & 0x3fffffff) : 0;
    probabilities[outOffset + i] = n <= 30 ? (mantissa + ((1 << n) >> 1)) >> n : 0;
    if (n <= 10) sum40.addShifted(mantissa, 10 - n);
    else if (n <= 40) sum40.addShifted((mantissa + (1 << (n - 11))) >> (n - 10), 0);
  }
  sum40.add(0, 512);
  sum40.shiftRight(10);
  const sum = sum40.toNumber();
  for (let i = 0; i < classes; i += 1) {
    probabilities[outOffset + i] = divide30(probabilities[outOffset + i]!, sum);
  }
  const logarithm = log2Integer(sum) - PROBABILITY_BITS * 67108864;
  // 26 + 30 fraction bits, 32 dropped, half up.
  const normaliser = multiplyHigh(logarithm, LN_2) + (Math.imul(logarithm, LN_2) >>> 31);
  return Math.min(lossOfDistance(max - logits[offset + target]!, fl) + normaliser, MAX_LOSS);
}

/** floor((numerator * 2^30 + (sum >> 1)) div sum) for 0 <= numerator <= sum < 2^52: restoring division, bit by bit. */
function divide30(numerator: number, sum: number): number {
  let quotient = numerator === sum ? 1 : 0;
  let rest = numerator === sum ? 0 : numerator;
  for (let bit = 0; bit < PROBABILITY_BITS; bit += 1) {
    rest += rest;
    quotient += quotient;
    if (rest >= sum) {
      rest -= sum;
      quotient += 1;
    }
  }
  return rest + rest >= sum ? quotient + 1 : quotient;
}
