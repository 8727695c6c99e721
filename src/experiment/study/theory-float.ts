/**
 * What the theory of rounding expects, in doubles and from the definitions alone: nothing here calls the
 * integer arithmetic that is compared with it. Unit of every result: eps, the step of the format.
 * docs/rounding-study.md derives all of it.
 */
import type { Accumulator, Rounding } from '../../numerics/index.js';

/** Mean and variance of an error. */
export interface Moments {
  readonly bias: number;
  readonly variance: number;
}

/**
 * Probability that a number of fraction f, 0 <= f < 1, above the non-negative whole number below it is rounded up.
 * @param odd the whole number below is odd: ties of nearest-even
 */
export function upProbability({ mode, randomBits }: Rounding, f: number, odd: boolean): number {
  switch (mode) {
    case 'stochastic':
      return Math.floor(f * 2 ** randomBits) / 2 ** randomBits;
    case 'nearest-away':
    case 'nearest-up':
      return f >= 0.5 ? 1 : 0;
    case 'nearest-even':
      return f > 0.5 || (f === 0.5 && odd) ? 1 : 0;
    case 'nearest-down':
      return f > 0.5 ? 1 : 0;
    case 'floor':
    case 'toward-zero':
      return 0;
  }
}

/** Moments of one rounding that drops `drop` bits, all 2^drop fractions (and odd and even neighbours) equally likely. */
export function roundingMoments(rounding: Rounding, drop: number): Moments {
  const fractions = 2 ** drop;
  let sum = 0;
  let squares = 0;
  for (let i = 0; i < 2 * fractions; i += 1) {
    const f = (i % fractions) / fractions;
    const up = upProbability(rounding, f, i >= fractions);
    sum += up - f;
    squares += up * (1 - f) ** 2 + (1 - up) * f ** 2;
  }
  const bias = sum / (2 * fractions);
  return { bias, variance: squares / (2 * fractions) - bias ** 2 };
}

/** Moments of one update of f eps, 0 <= f < 1, of a weight that is a multiple of eps (nearest-even: an even one). */
export function updateMoments(rounding: Rounding, f: number): Moments {
  const up = upProbability(rounding, f, false);
  return { bias: up - f, variance: up * (1 - up) };
}

/** Density of the standard normal distribution. */
function density(z: number): number {
  return Math.exp(-z * z * 0.5) / Math.sqrt(2 * Math.PI);
}

/** Intervals of a numerical integral over 16 standard deviations. */
const INTERVALS = 4000;

/**
 * Mean and root of the mean square of the error that a narrow accumulator adds to a sum of non-negative terms: the sum is
 * normal with `mean` and `deviation`, in units of the register's last bit. Such a sum only grows, so clamping after every
 * addition is clamping once. `kept` is the probability that the register holds anything else than its largest integer,
 * which rounds without an error worth counting.
 */
export function accumulatorError(
  accumulator: Accumulator,
  mean: number,
  deviation: number,
): { readonly bias: number; readonly rms: number; readonly kept: number } {
  let bias = 0;
  let squares = 0;
  let clamped = 0;
  const saturates = accumulator !== 'exact' && accumulator.overflow === 'saturate';
  for (let i = 0; i <= INTERVALS; i += 1) {
    const z = -8 + (16 * i) / INTERVALS;
    const error = narrowed(accumulator, mean + z * deviation) - (mean + z * deviation);
    // Trapezoids; the ends weigh nothing.
    const weight = (density(z) * 16) / INTERVALS;
    bias += weight * error;
    squares += weight * error ** 2;
    if (saturates && error < 0) clamped += weight;
  }
  return { bias, rms: Math.sqrt(squares), kept: 1 - clamped };
}

/** What a register makes of a sum of non-negative terms. */
export function narrowed(accumulator: Accumulator, sum: number): number {
  if (accumulator === 'exact') return sum;
  const half = 2 ** (accumulator.width - 1);
  if (accumulator.overflow === 'saturate') return Math.min(sum, half - 1);
  return sum - 2 * half * Math.floor((sum + half) / (2 * half));
}
