/** A whole tensor from one format into another, element by element: what a change of precision does to parameters. */
import type { Converter } from './convert.js';
import { storageOf } from './format.js';
import type { RandomSite } from './random.js';
import { Wide } from './wide.js';

/**
 * Element i is convert (docs/arithmetic.md, section 2) of raws[i] at the converter's site, with random word i, counted.
 * @param words the site's random words; null if its rounding draws none
 */
export function convertRaws(
  raws: ArrayLike<number>,
  converter: Converter,
  words: RandomSite | null,
): Int16Array | Int32Array {
  const { length } = raws;
  const out = storageOf(converter.site.format) === 'int16' ? new Int16Array(length) : new Int32Array(length);
  const exact = new Wide();
  for (let i = 0; i < length; i += 1) {
    exact.setNumber(raws[i]!);
    out[i] = converter.convert(exact, words === null ? 0 : words.word(i));
  }
  return out;
}
