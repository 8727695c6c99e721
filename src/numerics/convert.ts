/**
 * Convert: an exact wide integer becomes an element of a format, in the order round, then saturate (or wrap).
 * This is the one place where Fewbit rounds integers; doubles are float.ts. No step here can overflow 64 bits:
 * docs/numerics.md, section "Convert", derives it. Hardware twin: the rounding unit at the edge of the array.
 */
import {
  checkOptions,
  either,
  NUMBER,
  oneOf,
  record,
  shown,
  TEXT,
  wholeNumber,
  type OptionRules,
} from './arguments.js';
import { InputError, InputTypeError } from './errors.js';
import { maxRaw, minRaw, parseFormat, wordLength, type Format, type FormatLike } from './format.js';
import { parseRounding, type Overflow, type Rounding, type RoundingLike } from './rounding.js';
import { Wide } from './wide.js';

/** Random bits drawn per element: 16 if at most 16 bits are dropped, else 32; both exactly unbiased. */
export function randomWidthOf(drop: number): 16 | 32 {
  return drop <= 16 ? 16 : 32;
}

/** The random word as a (signed) 32-bit fraction of which only the `randomBits` top bits are kept. */
export function keptBits(random: number, randomWidth: 16 | 32, randomBits: number): number {
  const aligned = randomWidth === 16 ? random << 16 : random;
  return aligned & (-1 << (32 - randomBits));
}

/** True when the remainder of dropping 1..32 bits makes the rounded result one larger than the floor. */
function carryOfWord(
  m: Wide,
  drop: number,
  rounding: Rounding,
  random: number,
  randomWidth: 16 | 32,
): boolean {
  const one = drop === 32 ? 4294967296 : (1 << drop) >>> 0;
  const rest = drop === 32 ? m.lo >>> 0 : (m.lo & (one - 1)) >>> 0;
  const half = (1 << (drop - 1)) >>> 0;
  switch (rounding.mode) {
    case 'stochastic':
      return rest + (keptBits(random, randomWidth, rounding.randomBits) >>> (32 - drop)) >= one;
    case 'nearest-away':
      return rest > half || (rest === half && m.hi >= 0);
    case 'nearest-even':
      // Bit `drop` of m is the lowest bit of the floor.
      return rest > half || (rest === half && ((drop === 32 ? m.hi : m.lo >>> drop) & 1) === 1);
    case 'nearest-down':
      return rest > half;
    case 'nearest-up':
      return rest >= half;
    case 'floor':
      return false;
    case 'toward-zero':
      return m.hi < 0 && rest !== 0;
  }
}

/** The same for 33..62 bits: the remainder has `drop - 32` bits in the high half and all of the low half. */
function carryOfHalves(
  m: Wide,
  drop: number,
  rounding: Rounding,
  random: number,
  randomWidth: 16 | 32,
): boolean {
  const high = m.hi & ((1 << (drop - 32)) - 1);
  const low = m.lo >>> 0;
  const half = 1 << (drop - 33);
  switch (rounding.mode) {
    case 'stochastic': {
      const kept = keptBits(random, randomWidth, rounding.randomBits);
      const sumLow = low + ((kept << (drop - 32)) >>> 0);
      const sumHigh = high + (kept >>> (64 - drop)) + (sumLow >= 4294967296 ? 1 : 0);
      return sumHigh >= 1 << (drop - 32);
    }
    case 'nearest-away':
      return high > half || (high === half && (low !== 0 || m.hi >= 0));
    case 'nearest-even':
      return high > half || (high === half && (low !== 0 || ((m.hi >>> (drop - 32)) & 1) === 1));
    case 'nearest-down':
      return high > half || (high === half && low !== 0);
    case 'nearest-up':
      return high >= half;
    case 'floor':
      return false;
    case 'toward-zero':
      return m.hi < 0 && (high | low) !== 0;
  }
}

/**
 * `out` = m * 2^-drop rounded, before saturation. `out` may be `m`. For drop <= 0 the result is exact; if it
 * leaves 64 bits, `out.lo` is still its low word (what wrapping keeps) and `out.hi` has its sign and marks it
 * as outside of every format.
 */
export function roundWide(
  m: Wide,
  drop: number,
  rounding: Rounding,
  random: number,
  randomWidth: 16 | 32,
  out: Wide,
): void {
  if (drop > 0) {
    const carry =
      drop <= 32
        ? carryOfWord(m, drop, rounding, random, randomWidth)
        : carryOfHalves(m, drop, rounding, random, randomWidth);
    out.copy(m);
    out.shiftRight(drop);
    // The floor is at most 2^62 - 1, so one more stays inside.
    if (carry) out.add(0, 1);
    return;
  }
  const left = -drop;
  const inside = m.isZero() || (left < 63 && m.fitsIn(64 - left));
  const sign = m.hi >> 31;
  out.copy(m);
  out.shiftLeft(left);
  if (!inside) out.hi = sign ^ 0x7fffffff;
}

/** A rounded integer brought into the format: saturated, or its low WL bits kept. */
function fit(rounded: Wide, format: Format, overflow: Overflow): number {
  if (overflow === 'wrap') {
    const unused = 32 - wordLength(format);
    return (rounded.lo << unused) >> unused;
  }
  const value = rounded.lo;
  if (rounded.hi !== value >> 31) return rounded.hi < 0 ? minRaw(format) : maxRaw(format);
  return Math.min(Math.max(value, minRaw(format)), maxRaw(format));
}

/**
 * The element of `format` for the exact integer `m` of which `drop` fraction bits go (drop <= 62; <= 0 shifts left).
 * `random` is an unsigned word of `randomWidth` bits, used by stochastic rounding only.
 * For single conversions; loops use a Converter, which counts and allocates nothing.
 */
export function convertWide(
  m: Wide,
  drop: number,
  format: Format,
  rounding: Rounding,
  overflow: Overflow,
  random: number,
  randomWidth: 16 | 32,
): number {
  const rounded = new Wide();
  roundWide(m, drop, rounding, random, randomWidth, rounded);
  return fit(rounded, format, overflow);
}

/** What a Converter needs to know of a rounding site; a plan's `Convert` is one. */
export interface ConvertSite {
  readonly format: Format;
  /** Fraction bits dropped, at most 62; zero or negative shifts left and is exact. */
  readonly drop: number;
  readonly rounding: Rounding;
  readonly overflow: Overflow;
  /** Bits of the random words handed in. */
  readonly randomWidth: 16 | 32;
}

/** Converts the elements of one rounding site and counts what happens to them (docs/arithmetic.md, section 7). */
export class Converter {
  readonly site: ConvertSite;
  /** Elements converted. */
  elements = 0;
  /** Elements whose rounded value lay above (below) the format, whether saturated or wrapped. */
  saturatedHigh = 0;
  saturatedLow = 0;
  /** Elements that went in non-zero and came out zero. */
  flushed = 0;
  /** Largest |raw| written. */
  maxMagnitude = 0;
  readonly #rounded = new Wide();
  readonly #min: number;
  readonly #max: number;

  constructor(site: ConvertSite) {
    this.site = site;
    this.#min = minRaw(site.format);
    this.#max = maxRaw(site.format);
  }

  /** convertWide of `m` at this site, counted. `m` is left as it is. */
  convert(m: Wide, random: number): number {
    const { site } = this;
    const rounded = this.#rounded;
    const min = this.#min;
    const max = this.#max;
    roundWide(m, site.drop, site.rounding, random, site.randomWidth, rounded);
    const { hi, lo } = rounded;
    const above = hi === lo >> 31 ? lo > max : hi >= 0;
    const below = hi === lo >> 31 ? lo < min : hi < 0;
    let raw = lo;
    if (above || below) {
      if (above) this.saturatedHigh += 1;
      else this.saturatedLow += 1;
      raw = fit(rounded, site.format, site.overflow);
    }
    this.elements += 1;
    if (raw === 0 && !m.isZero()) this.flushed += 1;
    this.maxMagnitude = Math.max(this.maxMagnitude, raw < 0 ? -raw : raw);
    return raw;
  }

  /** Sets every counter to zero. */
  resetCounters(): void {
    this.elements = 0;
    this.saturatedHigh = 0;
    this.saturatedLow = 0;
    this.flushed = 0;
    this.maxMagnitude = 0;
  }
}

/** Rounding, overflow and random word of a scalar conversion. */
export interface ConvertOptions {
  /** A rounding mode, `stochastic:8`, ... */
  readonly rounding: RoundingLike;
  /** Default `saturate`. */
  readonly overflow?: Overflow;
  /** Random word of `randomWidth` bits; required by stochastic rounding. */
  readonly random?: number;
  /** Default: 16 if at most 16 bits are dropped, else 32. */
  readonly randomWidth?: 16 | 32;
}

const CONVERT_OPTIONS: OptionRules<ConvertOptions> = {
  rounding: either(TEXT, record('{ mode, randomBits }')),
  overflow: oneOf(['saturate', 'wrap']),
  random: NUMBER,
  randomWidth: either(wholeNumber(16, 16), wholeNumber(32, 32)),
};

/**
 * The raw integer of `format` for the exact integer `m` with `fractionBits` fraction bits (arithmetic.md, section 2).
 * @throws TypeError for a number that is not a safe integer and for a missing random word,
 *   RangeError where m leaves signed 64 bits, more than 62 bits are dropped, or the random word has too many bits.
 */
export function convert(
  m: bigint | number,
  fractionBits: number,
  format: FormatLike,
  options: ConvertOptions,
): number {
  checkOptions('convert', options, CONVERT_OPTIONS, ['rounding']);
  const target = parseFormat(format);
  const rounding = parseRounding(options.rounding);
  if (typeof m !== 'bigint' && !Number.isSafeInteger(m)) {
    throw new InputTypeError(
      `convert: m must be a safe integer or a bigint, got ${shown(m)}; use floatToFixed for a real number`,
    );
  }
  const exact = BigInt(m);
  if (BigInt.asIntN(64, exact) !== exact) {
    throw new InputError(`convert: m must fit in signed 64 bits, got ${m}; drop fraction bits first`);
  }
  if (!Number.isInteger(fractionBits)) {
    throw new InputTypeError(`convert: fractionBits must be an integer, got ${shown(fractionBits)}`);
  }
  const drop = fractionBits - target.fl;
  if (drop > 62) {
    throw new InputError(
      `convert: at most 62 bits may be dropped, got ${fractionBits} - ${target.fl} = ${drop}; use a format with more fraction bits`,
    );
  }
  const randomWidth = options.randomWidth ?? randomWidthOf(drop);
  const random = randomWord('convert', rounding, options.random, randomWidth);
  return convertWide(
    Wide.fromBigInt(exact),
    drop,
    target,
    rounding,
    options.overflow ?? 'saturate',
    random,
    randomWidth,
  );
}

/** The random word that a rounding needs, checked; 0 for a rounding that needs none. */
export function randomWord(
  who: string,
  rounding: Rounding,
  random: number | undefined,
  width: 16 | 32,
): number {
  if (rounding.mode !== 'stochastic') return 0;
  if (random === undefined) {
    throw new InputTypeError(
      `${who}: stochastic rounding needs a random word, got none; pass one, for example of RandomSite.word(index)`,
    );
  }
  if (!Number.isInteger(random) || random < 0 || random >= (width === 16 ? 65536 : 4294967296)) {
    throw new InputError(`${who}: random must be an unsigned ${width}-bit integer, got ${random}`);
  }
  return random;
}
