/**
 * Lost gradients of parameters: what rounding keeps from moving a parameter, as a sum of two disjoint counts over the same
 * elements. docs/arithmetic.md, section 7.
 */
import { siteTotals, type IntervalLine } from './metrics.js';

/** The gradients of one parameter that had no effect on it. */
export interface LostGradients {
  readonly parameter: string;
  /** Gradients that were non-zero before rounding and zero after it. */
  readonly flushed: number;
  /** Gradients that were non-zero after rounding, with an update that was non-zero and left the parameter unchanged. */
  readonly swallowed: number;
  /** Gradients that were non-zero before rounding: the flushed ones, and those that are non-zero after it. */
  readonly gradients: number;
  /** All gradients, those that are exactly zero among them: elements of the parameter times steps. */
  readonly elements: number;
  /** (flushed + swallowed) / gradients, 0 to 1; null if all gradients are exactly zero. */
  readonly rate: number | null;
}

/**
 * Lost gradients of each parameter over all lines, in the order of `parameters`. Empty for float32, and for a run of a version
 * that did not count them.
 */
export function lostGradients(
  lines: readonly IntervalLine[],
  parameters: readonly string[],
): LostGradients[] {
  const totals = siteTotals(lines);
  return parameters.flatMap((parameter) => {
    const gradient = totals.get(`${parameter}.gradient`);
    const { gradients: stored, swallowedGradients: swallowed } = totals.get(parameter) ?? {};
    if (stored === undefined || swallowed === undefined) return [];
    if (gradient === undefined || gradient.elements === 0) return [];
    const { flushed, elements } = gradient;
    const gradients = flushed + stored;
    const rate = gradients === 0 ? null : (flushed + swallowed) / gradients;
    return [{ parameter, flushed, swallowed, gradients, elements, rate }];
  });
}

/** Shares of the gradients of several parameters or runs that are non-zero, 0 to 1; `lost` is the sum of the other two. */
export interface LostShare {
  readonly lost: number;
  readonly flushed: number;
  readonly swallowed: number;
}

/** The shares of all of them together; null if nothing is counted, or all gradients are exactly zero. */
export function lostShare(all: readonly LostGradients[]): LostShare | null {
  const sum = (of: (one: LostGradients) => number): number => all.reduce((total, one) => total + of(one), 0);
  const gradients = sum((one) => one.gradients);
  if (gradients === 0) return null;
  const flushed = sum((one) => one.flushed);
  const swallowed = sum((one) => one.swallowed);
  return {
    lost: (flushed + swallowed) / gradients,
    flushed: flushed / gradients,
    swallowed: swallowed / gradients,
  };
}
