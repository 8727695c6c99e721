/** The array of a systolic backend in words: `systolic`, `systolic:8x8`, `systolic:8x8,lfsr20,acc40`. */
import { InputTypeError } from '../../numerics/index.js';
import { arrayConfig, type ArrayConfig, type LfsrBits, type RandomSource } from '../../hardware/index.js';

/** Options of a systolic backend. */
export interface SystolicOptions {
  /** Changes to the paper's array. */
  readonly array: Partial<ArrayConfig>;
  /** `philox` makes it bit-identical with every other backend, `lfsr` with generated hardware. */
  readonly random: RandomSource;
  /** Simulates every product PE by PE, cycle by cycle; gives the same numbers, many times slower. */
  readonly everyCycle: boolean;
}

const SIZE = /^(\d+)x(\d+)$/;
const LFSR = /^lfsr(\d+)?$/;
const ACCUMULATOR = /^acc(\d+)$/;

function wordOf(options: SystolicOptions, word: string): SystolicOptions | null {
  const { array } = options;
  const size = SIZE.exec(word);
  if (size) return { ...options, array: { ...array, rows: Number(size[1]), cols: Number(size[2]) } };
  const accumulator = ACCUMULATOR.exec(word);
  if (accumulator) return { ...options, array: { ...array, accumulatorBits: Number(accumulator[1]) } };
  const lfsr = LFSR.exec(word);
  if (lfsr) {
    const bits = lfsr[1] === undefined ? {} : { lfsrBits: Number(lfsr[1]) as LfsrBits };
    return { ...options, random: 'lfsr', array: { ...array, ...bits } };
  }
  if (word === 'philox') return { ...options, random: 'philox' };
  return word === 'pe' ? { ...options, everyCycle: true } : null;
}

/**
 * Reads `systolic`, which is the paper's array with Philox, or `systolic:` and words between commas.
 * @throws TypeError for an unknown word, RangeError for an impossible array
 */
export function parseSystolic(name: string): SystolicOptions {
  let options: SystolicOptions = { array: {}, random: 'philox', everyCycle: false };
  const words = name === 'systolic' ? [] : name.slice('systolic:'.length).split(',');
  for (const word of words) {
    const next = wordOf(options, word);
    if (next === null) {
      throw new InputTypeError(
        `backend systolic: expected an array such as 8x8, philox, lfsr or lfsr20, acc40 or pe, got "${word}"; write for example systolic:8x8,lfsr`,
      );
    }
    options = next;
  }
  arrayConfig(options.array);
  return options;
}
