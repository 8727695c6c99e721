/**
 * Linear feedback shift registers: the random bits of a rounding unit in hardware. Fibonacci form, taps of
 * the longest period from Xilinx XAPP052 (Alfke, 1996), table 3. docs/hardware.md defines a draw and the
 * seeds of rows.
 */
import { RandomSite, siteHash, type Key, InputError } from '../numerics/index.js';
import type { LfsrBits } from './array.js';

/** Taps by length, counted from 1: tap t is bit t - 1 of the state. */
export const LFSR_TAPS: Readonly<Record<LfsrBits, readonly number[]>> = {
  8: [8, 6, 5, 4],
  12: [12, 6, 4, 1],
  16: [16, 15, 13, 4],
  20: [20, 9, 5, 3],
  24: [24, 23, 22, 17],
  32: [32, 22, 2, 1],
};

/**
 * Shifts of a draw, by length: at least the length, so that no bit is seen twice, and without a common factor with 2^n - 1, so
 * that the words run through all states, too.
 */
export const LFSR_SHIFTS: Readonly<Record<LfsrBits, number>> = {
  8: 13,
  12: 19,
  16: 16,
  20: 26,
  24: 31,
  32: 32,
};

/** A register of `bits` bits; its state is never zero. */
export class Lfsr {
  /** Unsigned. */
  state: number;
  readonly #mask: number;
  readonly #taps: readonly number[];

  /** @param seed unsigned, its low `bits` bits not all zero */
  constructor(
    readonly bits: LfsrBits,
    seed: number,
  ) {
    this.#mask = -1 >>> (32 - bits);
    this.#taps = LFSR_TAPS[bits];
    this.state = (seed & this.#mask) >>> 0;
    if (this.state === 0) {
      throw new InputError(`lfsr: the seed must not be 0 in its low ${bits} bits, got ${seed}`);
    }
  }

  /** One shift; the exclusive or of the taps becomes bit 0. */
  shift(): void {
    let bit = 0;
    for (const tap of this.#taps) bit ^= this.state >>> (tap - 1);
    this.state = (((this.state << 1) | (bit & 1)) & this.#mask) >>> 0;
  }

  /** A fresh word: the state after LFSR_SHIFTS shifts, unsigned. */
  draw(): number {
    for (let i = 0; i < LFSR_SHIFTS[this.bits]; i += 1) this.shift();
    return this.state;
  }
}

/**
 * The registers of every row at the start of a product: the top bits of 32-bit word `row` of the generator at
 * site `<site>/lfsr` and that step, or 1 if they are 0.
 */
export function lfsrRows(rows: number, bits: LfsrBits, key: Key, site: string, step: number): Lfsr[] {
  const words = new RandomSite(key, siteHash(`${site}/lfsr`), step, 32);
  const taken = new Set<number>();
  return Array.from({ length: rows }, (_, row) => {
    if (taken.size === 2 ** bits - 1) taken.clear();
    let index = row;
    let seed: number;
    do {
      seed = words.word(index) >>> (32 - bits);
      index += rows;
    } while (seed === 0 || taken.has(seed));
    taken.add(seed);
    return new Lfsr(bits, seed);
  });
}
