/**
 * Accumulators: exact 64-bit sums, narrowed on purpose for studies, and the proof that 64 bits suffice.
 * A register only adds; rounding its sum is convert.ts. docs/numerics.md, section "Accumulate".
 */
import { checkArgument, record } from './arguments.js';
import { InputError, InputTypeError } from './errors.js';
import type { Overflow } from './rounding.js';
import { Wide } from './wide.js';

/** A register of `width` bits, 2..63, that wraps or saturates. */
export interface NarrowAccumulator {
  readonly width: number;
  readonly overflow: Overflow;
}

/** `exact` (64 bits, proved to suffice), or narrowed on purpose. */
export type Accumulator = 'exact' | NarrowAccumulator;

/** Every spelling that is accepted: an object, or text `exact`, `wrap:48`, `saturate:32`. */
export type AccumulatorLike = NarrowAccumulator | string;

const ACCUMULATOR = record('a text such as "wrap:48", or { width, overflow }');
const ACCUMULATOR_TEXT = /^(wrap|saturate):(\d+)$/;

/**
 * Reads an accumulator from any accepted spelling.
 * @throws TypeError for a spelling that is not an accumulator, RangeError if the width is outside 2..63.
 */
export function parseAccumulator(input: AccumulatorLike): Accumulator {
  let width: number;
  let overflow: string;
  if (typeof input === 'string') {
    const text = input.trim();
    if (text === 'exact') return 'exact';
    const match = ACCUMULATOR_TEXT.exec(text);
    if (!match) {
      throw new InputTypeError(`accumulator: expected "exact", "wrap:48" or "saturate:32", got "${input}"`);
    }
    overflow = match[1] ?? '';
    width = Number(match[2]);
  } else {
    checkArgument('accumulator', input, ACCUMULATOR);
    ({ width, overflow } = input);
  }
  if (overflow !== 'wrap' && overflow !== 'saturate') {
    throw new InputTypeError(`accumulator: overflow must be "wrap" or "saturate", got "${overflow}"`);
  }
  if (!Number.isInteger(width) || width < 2 || width > 63) {
    throw new InputError(
      `accumulator: width must be an integer from 2 to 63 bits, got ${width}; use "exact" for the full 64 bits`,
    );
  }
  return { width, overflow };
}

/** The text form: `exact`, `wrap:48`, `saturate:32`. */
export function accumulatorText(accumulator: Accumulator): string {
  if (accumulator !== 'exact') checkArgument('accumulator', accumulator, ACCUMULATOR);
  return accumulator === 'exact' ? 'exact' : `${accumulator.overflow}:${accumulator.width}`;
}

/**
 * A register of an accumulator. `wrap` keeps the low `width` bits, sign-extended, so the order of the sum does not
 * matter; `saturate` clamps after every addition, so it does (k ascending, the bias last).
 */
export class AccumulatorRegister {
  readonly sum = new Wide();
  readonly #width: number;
  readonly #saturates: boolean;

  constructor(accumulator: Accumulator) {
    this.#width = accumulator === 'exact' ? 64 : accumulator.width;
    this.#saturates = accumulator !== 'exact' && accumulator.overflow === 'saturate';
  }

  /** Sets the sum to 0. */
  clear(): void {
    this.sum.clear();
  }

  /** Adds the exact product of two int32. */
  addProduct(a: number, b: number): void {
    this.sum.addProduct(a, b);
    if (this.#width !== 64) this.#narrow();
  }

  /** Adds `value * 2^shift`, value int32, 0 <= shift <= 62: the aligned bias. */
  addShifted(value: number, shift: number): void {
    this.sum.addShifted(value, shift);
    if (this.#width !== 64) this.#narrow();
  }

  #narrow(): void {
    if (this.#saturates) this.sum.saturateTo(this.#width);
    else this.sum.wrapTo(this.#width);
  }
}

/** A group of equal terms in an exact sum: `count` of them, each of magnitude at most 2^(bits + shift). */
export interface SumTerm {
  readonly count: number;
  /** Magnitude bits: WL - 1 of a single element, WL_a + WL_b - 2 of a product. */
  readonly bits: number;
  /** Left shift that aligns the terms. */
  readonly shift: number;
}

/** Largest magnitude that the sum, or any part of it, can reach: the sum of count * 2^(bits + shift). */
export function sumBound(terms: readonly SumTerm[]): bigint {
  return terms.reduce((sum, term) => sum + (BigInt(term.count) << BigInt(term.bits + term.shift)), 0n);
}

/** True when the sum and every part of it fit in signed 64 bits for any elements: the bound is at most 2^63 - 1. */
export function sumFits(terms: readonly SumTerm[]): boolean {
  return sumBound(terms) < 1n << 63n;
}

/** Width in bits of the signed register that holds the bound. */
export function accumulatorBits(terms: readonly SumTerm[]): number {
  return sumBound(terms).toString(2).length + 1;
}
