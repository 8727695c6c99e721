/** Magnitudes counted by octave, from raw integers or from float32 by its exponent bits: exact, no logarithm is taken. */

import { sum } from '../draw/text.js';

/** Magnitudes from 2^exponent up to, but not including, 2^(exponent + 1). */
export interface MagnitudeBin {
  readonly exponent: number;
  readonly count: number;
}

/** float32 reaches from 2^-149; a raw integer with many fraction bits, scaled down, not lower than this either. */
const LOWEST = -256;
const OCTAVES = 512;
/** Exponent field of infinities and NaN, and what turns a field into an exponent. */
const SPECIAL = 255;
const BIAS = 127;
/** Subnormal float32 are multiples of 2^-149. */
const SUBNORMAL = 149;

export class MagnitudeCounts {
  elements = 0;
  zeros = 0;
  notFinite = 0;
  readonly #octaves = new Float64Array(OCTAVES);

  /** Raw integers with `fl` fraction bits. */
  addRaws(raws: Iterable<number> & ArrayLike<number>, fl: number): void {
    this.elements += raws.length;
    for (const raw of raws) {
      const magnitude = Math.abs(raw);
      if (magnitude === 0) this.zeros++;
      else this.#octaves[31 - Math.clz32(magnitude) - fl - LOWEST]!++;
    }
  }

  addFloats(values: Float32Array): void {
    this.elements += values.length;
    const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
    for (const word of bits) {
      const magnitude = word & 0x7fffffff;
      const field = magnitude >>> 23;
      if (magnitude === 0) this.zeros++;
      else if (field === SPECIAL) this.notFinite++;
      else {
        const exponent = field > 0 ? field - BIAS : 31 - Math.clz32(magnitude) - SUBNORMAL;
        this.#octaves[exponent - LOWEST]!++;
      }
    }
  }

  /** Octaves that hold something, ascending. */
  get bins(): readonly MagnitudeBin[] {
    return Array.from(this.#octaves, (count, i) => ({ exponent: i + LOWEST, count })).filter(
      ({ count }) => count > 0,
    );
  }

  /** Octave in which the median (the upper one of two) of the non-zero magnitudes lies; null if there is none. */
  get median(): number | null {
    const { bins } = this;
    const total = sum(bins.map(({ count }) => count));
    let below = 0;
    for (const { exponent, count } of bins) {
      below += count;
      if (2 * below > total) return exponent;
    }
    return null;
  }
}
