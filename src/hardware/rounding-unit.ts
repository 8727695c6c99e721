/**
 * The rounding units at the left edge of the array, one per row, which add the bias, round and saturate.
 * numerics/convert.ts, their twin in software, defines rounding. This file only adds the source and the order
 * of the random bits.
 */
import { RandomSite, Wide, type Converter, type Key } from '../numerics/index.js';
import type { ArrayConfig } from './array.js';
import { lfsrRows, type Lfsr } from './lfsr.js';
import type { Product } from './product.js';

/** The source of random bits: the library's counter generator, or the shift registers of the hardware. */
export const RANDOM_SOURCES = ['philox', 'lfsr'] as const;

/** A source of random bits. */
export type RandomSource = (typeof RANDOM_SOURCES)[number];

/** The random words of one product. */
export interface RandomWords {
  /**
   * The word, of the site's width, for the next result of row `row` of the array: element `index` of `out`,
   * or -1 for a padded result, which also draws a word.
   */
  next(row: number, index: number): number;
  /** States of the rows' shift registers; none for another source. */
  states(): readonly number[];
}

/** The words of `RandomSite`, by index and independent of the array. */
class PhiloxWords implements RandomWords {
  readonly #site: RandomSite;

  constructor(site: RandomSite) {
    this.#site = site;
  }

  next(_row: number, index: number): number {
    return index < 0 ? 0 : this.#site.word(index);
  }

  states(): readonly number[] {
    return [];
  }
}

/**
 * The words of one register per row. A site takes the top k bits of its word, or zeros beyond the length of
 * the register. The state is therefore at the top of the word.
 */
class LfsrWords implements RandomWords {
  readonly #rows: readonly Lfsr[];
  readonly #width: 16 | 32;

  constructor(rows: readonly Lfsr[], width: 16 | 32) {
    this.#rows = rows;
    this.#width = width;
  }

  next(row: number): number {
    const register = this.#rows[row]!;
    const state = register.draw();
    const spare = this.#width - register.bits;
    return spare >= 0 ? (state << spare) >>> 0 : state >>> -spare;
  }

  states(): readonly number[] {
    return this.#rows.map(({ state }) => state);
  }
}

/** No words, for a site that does not draw any. */
const NONE: RandomWords = { next: () => 0, states: () => [] };

/** The random words of a product at a step. */
export function randomWords(
  source: RandomSource,
  config: ArrayConfig,
  { site, convert }: Pick<Product, 'site' | 'convert'>,
  key: Key,
  step: number,
): RandomWords {
  if (convert.rounding.mode !== 'stochastic') return NONE;
  const { hash, randomWidth } = convert;
  if (source === 'philox') return new PhiloxWords(new RandomSite(key, hash, step, randomWidth));
  return new LfsrWords(lfsrRows(config.rows, config.lfsrBits, key, site, step), randomWidth);
}

/** The datapath of a rounding unit: z = sum + bias * 2^biasShift, rounded, brought into the format and counted. */
export class RoundingUnit {
  readonly #z = new Wide();
  /** Bits of z that the plan keeps: 64, unless it narrows the accumulator. */
  readonly #width: number;
  readonly #biasShift: number;

  readonly #converter: Converter;

  constructor(converter: Converter, { accumulator, biasShift }: Pick<Product, 'accumulator' | 'biasShift'>) {
    this.#converter = converter;
    this.#width = accumulator === 'exact' ? 64 : accumulator.width;
    this.#biasShift = biasShift;
  }

  /**
   * The raw result for a sum of the array. `sum` is not changed.
   * @param bias raw integer of the column's bias, 0 without one
   * @param random a word of the site's width
   */
  round(sum: Wide, bias: number, random: number): number {
    const z = this.#z;
    z.copy(sum);
    z.addShifted(bias, this.#biasShift);
    z.wrapTo(this.#width);
    return this.#converter.convert(z, random);
  }
}
