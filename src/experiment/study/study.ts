/**
 * The rounding study: bias and variance of every rounding mode, of few random bits and of narrow accumulators, at the level
 * of single numbers. Measured with the integer arithmetic of src/numerics, random words by counter, so a seed gives the same
 * figures everywhere; beside each stands what theory-float.ts expects. docs/rounding-study.md explains both.
 */
import {
  accumulatorText,
  AccumulatorRegister,
  Converter,
  parseAccumulator,
  parseRounding,
  parseSeed,
  RandomSite,
  roundingText,
  siteHash,
  Wide,
  type Key,
  type Rounding,
  type Seed,
  InputError,
} from '../../numerics/index.js';
import { accumulatorError, roundingMoments, updateMoments } from './theory-float.js';

/** How much is drawn. */
export interface RoundingStudyOptions {
  readonly seed: Seed;
  /** Dot products, 100 to 1 million. */
  readonly samples: number;
  /** Weights that accumulate updates, 100 to 100,000. */
  readonly weights: number;
}

/** Bias and variance of one setting, as measured and as expected. Unit: eps, the step of the result's format. */
export interface StudyRow {
  readonly experiment: 'dot rounding' | 'dot accumulator' | 'weight rounding' | 'weight accumulator';
  /** `nearest-even`, `stochastic:4`, `saturate:28` ... */
  readonly setting: string;
  readonly bias: number;
  readonly biasTheory: number;
  readonly variance: number;
  readonly varianceTheory: number;
  /** Standard error of the measured bias. */
  readonly standardError: number;
}

/** Weights after some updates. Unit: eps. */
export interface WeightPoint {
  readonly updates: number;
  readonly mean: number;
  readonly deviation: number;
}

/** What is left of a small update. */
export interface KeptPoint {
  /** Size of an update in eps. */
  readonly size: number;
  /** Mean movement over the sum of the updates. */
  readonly kept: number;
}

/** A weight's way through its updates in one rounding. */
export interface WeightPath {
  readonly rounding: string;
  readonly points: readonly WeightPoint[];
}

/** The whole study. */
export interface RoundingStudy {
  readonly seed: string;
  readonly samples: number;
  readonly weights: number;
  readonly rows: readonly StudyRow[];
  readonly paths: readonly WeightPath[];
  readonly kept: readonly { readonly rounding: string; readonly points: readonly KeptPoint[] }[];
}

/** Bounds of what is drawn. */
const FEWEST = 100;
const MOST_SAMPLES = 1_000_000;
const MOST_WEIGHTS = 100_000;
/** Dot products between two signs of life. */
const CHUNK = 20_000;

/** Terms of a dot product; their factors are uniform in 0, 1 / 4096 .. 4095 / 4096, as behind a ReLU. */
export const DOT_TERMS = 288;
const FACTOR_BITS = 12;
/** Bits that the dot product loses. */
export const DOT_DROP = 12;
/** Fraction bits that an update has beyond those of its weight. */
export const UPDATE_DROP = 16;
const EPS = 65536;
/** The updates of a weight, and the steps at which it is observed. */
export const UPDATES = 256;
const LOOK_EVERY = 32;
/** Size of an update in eps, in units of 2^-16: 0.2998 and 1/16. */
export const DRIFT_UPDATE = 19648;
export const PATH_UPDATE = 4096;
/** Updates that are summed in an accumulator before they are rounded into the weight, uniform in 0 .. 0.1 eps. */
export const SUMMED_UPDATES = 256;
const SUMMED_RANGE = 6554;

const MODES = ['nearest-even', 'nearest-away', 'nearest-down', 'floor'];
const BITS = Array.from({ length: 14 }, (_, i) => `stochastic:${String(i + 1)}`);
const DOT_SETTINGS = [...BITS, 'stochastic', ...MODES, 'nearest-up', 'toward-zero'];
/** Roundings of the figures about weights. */
export const PATH_ROUNDINGS: readonly string[] = [
  'stochastic',
  'stochastic:6',
  'stochastic:4',
  'nearest-even',
];
const DOT_WIDTHS = [24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36];
const WEIGHT_WIDTHS = [17, 18, 19, 20, 21, 22, 23, 24];
/** Far inside of 32 bits: nothing saturates here but the accumulators. */
const RESULT = { il: 16, fl: 12 } as const;
/** The narrow accumulators' sums are few: clamping after every addition has to be repeated for each width. */
const ACCUMULATOR_SHARE = 0.05;
const FEWEST_SUMS = 100;

/**
 * Runs the study. `onProgress` hears the part that is done, 0 to 1; an aborted signal ends it with the signal's reason.
 * Yields to its caller between parts.
 * @throws RangeError for numbers of samples or weights out of range.
 */
export async function roundingStudy(
  { seed, samples, weights }: RoundingStudyOptions,
  { onProgress, signal }: { onProgress?: (done: number) => void | Promise<void>; signal?: AbortSignal } = {},
): Promise<RoundingStudy> {
  checkCount('samples', samples, MOST_SAMPLES);
  checkCount('weights', weights, MOST_WEIGHTS);
  const key = parseSeed(seed);
  const done = async (part: number): Promise<void> => {
    await onProgress?.(part);
    signal?.throwIfAborted();
  };
  await done(0);
  const sums = new Float64Array(samples);
  for (let from = 0; from < samples; from += CHUNK) {
    dotSums(key, sums, from, Math.min(from + CHUNK, samples));
    await done((0.15 * from) / samples);
  }
  const rows: StudyRow[] = [];
  for (const setting of DOT_SETTINGS) {
    rows.push(dotRounding(key, sums, parseRounding(setting)));
    await done(0.15 + (0.25 * rows.length) / DOT_SETTINGS.length);
  }
  const fewer = Math.max(FEWEST_SUMS, Math.floor(samples * ACCUMULATOR_SHARE));
  for (const row of dotAccumulators(key, fewer)) {
    rows.push(row);
    await done(0.45);
  }
  for (const [index, setting] of [...BITS, 'stochastic', ...MODES].entries()) {
    rows.push(weightRounding(key, weights, parseRounding(setting)));
    await done(0.5 + (0.25 * index) / BITS.length);
  }
  for (const row of weightAccumulators(key, weights)) {
    rows.push(row);
    await done(0.78);
  }
  const paths = PATH_ROUNDINGS.map((text) => weightPath(key, weights, parseRounding(text), PATH_UPDATE));
  await done(0.85);
  const kept: RoundingStudy['kept'][number][] = [];
  for (const text of PATH_ROUNDINGS) {
    const rounding = parseRounding(text);
    const fewerWeights = Math.ceil(weights * 0.5);
    kept.push({
      rounding: text,
      points: KEPT_SIZES.map((raw) => {
        const last = weightPath(key, fewerWeights, rounding, raw).points.at(-1)!;
        return { size: raw / EPS, kept: last.mean / ((UPDATES * raw) / EPS) };
      }),
    });
    await done(0.85 + (0.15 * kept.length) / PATH_ROUNDINGS.length);
  }
  return { seed: String(seed), samples, weights, rows, paths, kept };
}

function checkCount(what: string, count: number, most: number): void {
  if (Number.isInteger(count) && count >= FEWEST && count <= most) return;
  throw new InputError(
    `rounding study: ${what} must be a whole number from ${String(FEWEST)} to ${String(most)}, got ${String(count)}; the default is enough for the figures`,
  );
}

/** 2^-8 .. 0.71 eps, two to an octave, in units of 2^-16. */
const KEPT_SIZES: readonly number[] = Array.from({ length: 8 }, (_, octave) =>
  [256, 362].map((raw) => raw << octave),
).flat();

/** Sums in one go over the errors of many samples; all numbers are exact in a double as long as errors are small. */
class Errors {
  #count = 0;
  #sum = 0;
  #squares = 0;

  add(error: number): void {
    this.#count += 1;
    this.#sum += error;
    this.#squares += error * error;
  }

  get mean(): number {
    return this.#sum / this.#count;
  }

  get variance(): number {
    return Math.max(this.#squares / this.#count - this.mean ** 2, 0);
  }

  get standardError(): number {
    return Math.sqrt(this.variance / this.#count);
  }
}

/** The factors of dot products, drawn in order. */
function factors(key: Key): (sample: number, term: number) => number {
  const words = new RandomSite(key, siteHash('study/factors'), 0, 16);
  return (sample, index) => words.word(sample * 2 * DOT_TERMS + index) >>> (16 - FACTOR_BITS);
}

/** Exact dot products from..to, 24 fraction bits. */
function dotSums(key: Key, sums: Float64Array, from: number, to: number): void {
  const factor = factors(key);
  const sum = new Wide();
  for (let sample = from; sample < to; sample += 1) {
    sum.clear();
    for (let k = 0; k < DOT_TERMS; k += 1) sum.addProduct(factor(sample, 2 * k), factor(sample, 2 * k + 1));
    sums[sample] = sum.toNumber();
  }
}

/** Rounds each exact sum once. */
function dotRounding(key: Key, sums: Float64Array, rounding: Rounding): StudyRow {
  const setting = roundingText(rounding);
  const round = rounder(rounding, DOT_DROP);
  const words = new RandomSite(key, siteHash(`study/dot/${setting}`), 0, 16);
  const errors = new Errors();
  sums.forEach((sum, sample) => errors.add(round(sum, words.word(sample)) - sum / 2 ** DOT_DROP));
  const theory = roundingMoments(rounding, DOT_DROP);
  return row('dot rounding', setting, errors, theory.bias, theory.variance);
}

/** Sums in narrow registers, rounded stochastically. */
function* dotAccumulators(key: Key, samples: number): Generator<StudyRow> {
  const factor = factors(key);
  // Of one product, in units of 2^-24: a and b uniform and independent.
  const most = 2 ** FACTOR_BITS - 1;
  const mean = (most / 2) ** 2;
  const square = (most * (2 * most + 1)) / 6;
  const deviation = Math.sqrt(DOT_TERMS * (square ** 2 - mean ** 2));
  const rounding = parseRounding('stochastic');
  const one = roundingMoments(rounding, DOT_DROP).variance;
  for (const text of accumulators(DOT_WIDTHS)) {
    const accumulator = parseAccumulator(text);
    const register = new AccumulatorRegister(accumulator);
    const words = new RandomSite(key, siteHash(`study/dot/${text}`), 0, 16);
    const round = rounder(rounding, DOT_DROP);
    const exact = new Wide();
    const errors = new Errors();
    for (let sample = 0; sample < samples; sample += 1) {
      register.clear();
      exact.clear();
      for (let k = 0; k < DOT_TERMS; k += 1) {
        const [a, b] = [factor(sample, 2 * k), factor(sample, 2 * k + 1)];
        register.addProduct(a, b);
        exact.addProduct(a, b);
      }
      const rounded = round(register.sum.toNumber(), words.word(sample));
      errors.add(rounded - exact.toNumber() / 2 ** DOT_DROP);
    }
    const { bias, rms, kept } = accumulatorError(accumulator, DOT_TERMS * mean, deviation);
    const [biasEps, rmsEps] = [bias / 2 ** DOT_DROP, rms / 2 ** DOT_DROP];
    yield row(
      'dot accumulator',
      accumulatorText(accumulator),
      errors,
      biasEps,
      rmsEps ** 2 - biasEps ** 2 + kept * one,
    );
  }
}

/** Each weight takes the same update again and again, and is rounded every time: error per update. */
function weightRounding(key: Key, weights: number, rounding: Rounding): StudyRow {
  const setting = roundingText(rounding);
  const errors = new Errors();
  walk(key, weights, rounding, DRIFT_UPDATE, (_, before, after) =>
    errors.add(after - before - DRIFT_UPDATE / EPS),
  );
  const theory = updateMoments(rounding, DRIFT_UPDATE / EPS);
  return row('weight rounding', setting, errors, theory.bias, theory.variance);
}

function weightPath(key: Key, weights: number, rounding: Rounding, update: number): WeightPath {
  const looks = Array.from({ length: UPDATES / LOOK_EVERY }, () => new Errors());
  walk(key, weights, rounding, update, (step, _, after) => {
    if ((step + 1) % LOOK_EVERY === 0) looks[(step + 1) / LOOK_EVERY - 1]!.add(after);
  });
  const points = looks.map((look, index) => ({
    updates: (index + 1) * LOOK_EVERY,
    mean: look.mean,
    deviation: Math.sqrt(look.variance),
  }));
  return { rounding: roundingText(rounding), points: [{ updates: 0, mean: 0, deviation: 0 }, ...points] };
}

/** Weights that begin at 0 and take UPDATES updates, w' = convert(w + u), exactly as SGD does. */
function walk(
  key: Key,
  weights: number,
  rounding: Rounding,
  update: number,
  seen: (step: number, before: number, after: number) => void,
): void {
  const round = rounder(rounding, UPDATE_DROP);
  const site = siteHash(`study/weight/${roundingText(rounding)}/${String(update)}`);
  const values = new Int32Array(weights);
  for (let step = 0; step < UPDATES; step += 1) {
    const words = new RandomSite(key, site, step, 16);
    for (let i = 0; i < weights; i += 1) {
      const before = values[i]!;
      const after = round(before * EPS + update, words.word(i));
      values[i] = after;
      seen(step, before, after);
    }
  }
}

/** Updates summed in a narrow register, then rounded to nearest once. */
function* weightAccumulators(key: Key, weights: number): Generator<StudyRow> {
  const rounding = parseRounding('nearest-even');
  const mean = (SUMMED_UPDATES * (SUMMED_RANGE - 1)) / 2;
  const deviation = Math.sqrt((SUMMED_UPDATES * (SUMMED_RANGE ** 2 - 1)) / 12);
  const one = roundingMoments(rounding, UPDATE_DROP).variance;
  for (const text of accumulators(WEIGHT_WIDTHS)) {
    const accumulator = parseAccumulator(text);
    const register = new AccumulatorRegister(accumulator);
    const words = new RandomSite(key, siteHash('study/updates'), 0, 16);
    const round = rounder(rounding, UPDATE_DROP);
    const errors = new Errors();
    for (let weight = 0; weight < weights; weight += 1) {
      register.clear();
      let exact = 0;
      for (let i = 0; i < SUMMED_UPDATES; i += 1) {
        // Within 2^-16 of uniform.
        const update = (words.word(weight * SUMMED_UPDATES + i) * SUMMED_RANGE) >>> 16;
        register.addShifted(update, 0);
        exact += update;
      }
      errors.add(round(register.sum.toNumber(), 0) - exact / EPS);
    }
    const { bias, rms, kept } = accumulatorError(accumulator, mean, deviation);
    const [biasEps, rmsEps] = [bias / EPS, rms / EPS];
    yield row(
      'weight accumulator',
      accumulatorText(accumulator),
      errors,
      biasEps,
      rmsEps ** 2 - biasEps ** 2 + kept * one,
    );
  }
}

/** Expected size of the updates' sum in eps. */
export const SUMMED_MEAN = (SUMMED_UPDATES * (SUMMED_RANGE - 1)) / 2 / EPS;

function accumulators(widths: readonly number[]): string[] {
  return [
    ...(['wrap', 'saturate'] as const).flatMap((kind) => widths.map((w) => `${kind}:${String(w)}`)),
    'exact',
  ];
}

/** Rounds exact integers, dropping `drop` bits. */
function rounder(rounding: Rounding, drop: number): (exact: number, word: number) => number {
  const converter = new Converter({ format: RESULT, drop, rounding, overflow: 'saturate', randomWidth: 16 });
  const wide = new Wide();
  return (exact, word) => {
    wide.setNumber(exact);
    return converter.convert(wide, word);
  };
}

function row(
  experiment: StudyRow['experiment'],
  setting: string,
  errors: Errors,
  biasTheory: number,
  varianceTheory: number,
): StudyRow {
  const { mean: bias, variance, standardError } = errors;
  return {
    experiment,
    setting,
    bias,
    biasTheory: sixDigits(biasTheory),
    variance,
    varianceTheory: sixDigits(varianceTheory),
    standardError,
  };
}

/** Math.exp may differ in the last digit from engine to engine; what is reported does not. */
function sixDigits(value: number): number {
  return Number(value.toPrecision(6)) + 0;
}
