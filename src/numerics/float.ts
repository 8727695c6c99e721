/**
 * Conversions between doubles and fixed point, and the integers that a configuration's doubles become.
 * Here and in float-weights.ts alone fractions of doubles occur; every step is exact.
 * Derived in docs/numerics.md, section "From and to doubles".
 */
import {
  checkArgument,
  either,
  instanceRule,
  NUMBER,
  NUMBERS,
  optional,
  record,
  shown,
  wholeNumber,
} from './arguments.js';
import { InputError, InputTypeError } from './errors.js';
import { keptBits, randomWord } from './convert.js';
import {
  formatText,
  maxRaw,
  minRaw,
  parseFormat,
  storageOf,
  type Format,
  type FormatLike,
} from './format.js';
import { RandomSite } from './random.js';
import { parseRounding, type Rounding, type RoundingLike } from './rounding.js';

/** A random word of 16 or 32 bits, unsigned. */
export interface RandomWord {
  readonly word: number;
  readonly width: 16 | 32;
}

const RANDOM = optional(
  record('{ word, width } with a width of 16 or 32 bits', {
    word: NUMBER,
    width: either(wholeNumber(16, 16), wholeNumber(32, 32)),
  }),
);

/** x * 2^exponent, exact; a result below the smallest normal double only keeps its sign and that it is not zero. */
function scale(x: number, exponent: number): number {
  const factor = exponent < 0 ? 0.5 : 2;
  let scaled = x;
  for (let i = Math.abs(exponent); i > 0 && scaled !== 0 && Number.isFinite(scaled); i -= 1) scaled *= factor;
  return scaled === 0 && x !== 0 ? Math.sign(x) * Number.MIN_VALUE : scaled;
}

/** The integer that `y` rounds to; `kept` is the random word as a fraction of 32 bits. */
function roundDouble(y: number, rounding: Rounding, kept: number): number {
  const whole = Math.trunc(y);
  // Exact, as is 1 - kept * 2^-32; 1 - part would not be.
  const part = Math.abs(y - whole);
  if (part === 0 || !Number.isFinite(y)) return whole;
  const negative = y < 0;
  const odd = whole % 2 !== 0;
  const magnitudeUp = (): boolean => {
    switch (rounding.mode) {
      case 'stochastic':
        return negative ? part > kept * 2 ** -32 : part >= 1 - kept * 2 ** -32;
      case 'nearest-away':
        return part >= 0.5;
      case 'nearest-even':
        return part > 0.5 || (part === 0.5 && odd);
      case 'nearest-down':
        return part > 0.5 || (part === 0.5 && negative);
      case 'nearest-up':
        return part > 0.5 || (part === 0.5 && !negative);
      case 'floor':
        return negative;
      case 'toward-zero':
        return false;
    }
  };
  if (!magnitudeUp()) return whole;
  return negative ? whole - 1 : whole + 1;
}

function toRaw(x: number, format: Format, rounding: Rounding, word: number, width: 16 | 32): number {
  const kept = keptBits(word, width, rounding.randomBits) >>> 0;
  const rounded = roundDouble(scale(x, format.fl), rounding, kept);
  // Adding zero turns -0 into 0.
  return Math.min(Math.max(rounded, minRaw(format)), maxRaw(format)) + 0;
}

function nanError(who: string, place: string): RangeError {
  return new InputError(`${who}: a value must be a number, got NaN${place}; clean the data first`);
}

/**
 * The raw integer of `format` nearest to `x` by `rounding`, saturated: convert (arithmetic.md, section 2) of the exact
 * x * 2^FL. Infinities saturate.
 * @throws RangeError for NaN, TypeError if stochastic rounding has no random word.
 */
export function floatToFixed(
  x: number,
  format: FormatLike,
  rounding: RoundingLike,
  random?: RandomWord,
): number {
  if (Number.isNaN(x)) throw nanError('floatToFixed', '');
  checkArgument('floatToFixed: x', x, NUMBER);
  checkArgument('floatToFixed: random', random, RANDOM);
  const target = parseFormat(format);
  const mode = parseRounding(rounding);
  const width = random?.width ?? 32;
  return toRaw(x, target, mode, randomWord('floatToFixed', mode, random?.word, width), width);
}

/** floatToFixed of every element, element i with the site's word i, into the format's storage. */
export function floatsToFixed(
  values: ArrayLike<number>,
  format: FormatLike,
  rounding: RoundingLike,
  site?: RandomSite,
): Int16Array | Int32Array {
  checkArgument('floatsToFixed: values', values, NUMBERS);
  checkArgument('floatsToFixed: site', site, optional(instanceRule('a RandomSite', RandomSite)));
  const target = parseFormat(format);
  const mode = parseRounding(rounding);
  const width = site?.width ?? 32;
  if (mode.mode === 'stochastic' && site === undefined) {
    throw new InputTypeError(
      'floatsToFixed: stochastic rounding needs random words, got no site; pass a RandomSite',
    );
  }
  const raws = storageOf(target) === 'int16' ? new Int16Array(values.length) : new Int32Array(values.length);
  for (let i = 0; i < values.length; i += 1) {
    const x = values[i]!;
    if (Number.isNaN(x)) throw nanError('floatsToFixed', ` at index ${i}`);
    raws[i] = toRaw(x, target, mode, site?.word(i) ?? 0, width);
  }
  return raws;
}

/**
 * The value raw * 2^-FL, exact.
 * @throws RangeError if raw is not an integer of the format.
 */
export function fixedToFloat(raw: number, format: FormatLike): number {
  const source = parseFormat(format);
  if (!Number.isInteger(raw) || raw < minRaw(source) || raw > maxRaw(source)) {
    throw new InputError(
      `fixedToFloat: raw must be an integer of ${formatText(source)} (${minRaw(source)} to ${maxRaw(source)}), got ${shown(raw)}`,
    );
  }
  return scale(raw, -source.fl);
}

/** The values raw * 2^-FL of a tensor's elements. */
export function fixedToFloats(raws: ArrayLike<number>, format: FormatLike): Float64Array {
  const { fl } = parseFormat(format);
  checkArgument('fixedToFloats: raws', raws, NUMBERS);
  return Float64Array.from(raws, (raw) => scale(raw, -fl));
}

/**
 * An optimiser coefficient as the nearest integer to x * 2^30.
 * @throws RangeError if that is not in [0, 2^31).
 */
export function toCoefficient(x: number): number {
  const coefficient = Math.floor(x * 2 ** 30 + 0.5);
  if (!(x >= 0 && coefficient < 2 ** 31)) {
    throw new InputError(`coefficient: must be at least 0 and less than 2, got ${x}; choose a smaller rate`);
  }
  return coefficient;
}

/** Raw integers of the pixels p = 0..255, which stand for p/255: floor((2 p 2^FL + 255) / 510), saturated. */
export function pixelTable(format: FormatLike): Int32Array {
  const target = parseFormat(format);
  const max = BigInt(maxRaw(target));
  const up = BigInt(Math.max(target.fl, 0));
  const down = BigInt(Math.max(-target.fl, 0));
  return Int32Array.from({ length: 256 }, (_, p) => {
    const raw = ((BigInt(2 * p) << up) + (255n << down)) / (510n << down);
    return Number(raw > max ? max : raw);
  });
}
