/**
 * Linear feedback shift registers: the random bits of a rounding unit in hardware. Fibonacci form, taps of the longest
 * period from Xilinx XAPP052 (Alfke, 1996), table 3. docs/hardware.md says what a draw is and how rows are seeded.
 */
import { RandomSite, siteHash, type Key, InputError } from '../numerics/index.js';
import type { LfsrBits } from './array.js';

/** Taps by length, counted from 1: tap t is bit t - 1 of the state. */
export const LFSR_TAPS: Readonly<Record<LfsrBits, readonly number[]>> = {
  8: [8, 6, 5, 4],
  12: [12, 6, 4, 1],
  16: [16, 15, 13, 4],
  20: [20, 17],
  24: [24, 23, 22, 17],
  32: [32, 22, 2, 1],
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

  /** One shift: the exclusive or of the taps comes in as bit 0. */
  shift(): void {
    let bit = 0;
    for (const tap of this.#taps) bit ^= this.state >>> (tap - 1);
    this.state = (((this.state << 1) | (bit & 1)) & this.#mask) >>> 0;
  }

  /** A fresh word: `bits` shifts, then the state, unsigned. */
  draw(): number {
    for (let i = 0; i < this.bits; i += 1) this.shift();
    return this.state;
  }
}

/**
 * The registers of every row at the start of a product: the top bits of 32-bit word `row` of the generator at site
 * `<site>/lfsr` and that step; 1 in the place of 0.
 */
export function lfsrRows(rows: number, bits: LfsrBits, key: Key, site: string, step: number): Lfsr[] {
  const words = new RandomSite(key, siteHash(`${site}/lfsr`), step, 32);
  return Array.from({ length: rows }, (_, row) => new Lfsr(bits, words.word(row) >>> (32 - bits) || 1));
}
