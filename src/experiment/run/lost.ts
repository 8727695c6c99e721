/**
 * Lost gradients of parameters: what rounding keeps from moving a parameter, as a sum of two disjoint counts over the same
 * elements. docs/arithmetic.md, section 7.
 */
import { siteTotals, type IntervalLine } from './metrics.js';

/** The gradients of one parameter that had no effect on it. */
export interface LostGradients {
  readonly parameter: string;
  /** Gradients that were not zero before rounding and zero after it. */
  readonly flushed: number;
  /** Gradients that were not zero after rounding, with an update that was not zero and left the parameter unchanged. */
  readonly swallowed: number;
  /** All gradients, those that are exactly zero among them: elements of the parameter times steps. */
  readonly elements: number;
  /** (flushed + swallowed) / elements, 0 to 1. */
  readonly rate: number;
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
    const swallowed = totals.get(parameter)?.swallowedGradients;
    if (gradient === undefined || gradient.elements === 0 || swallowed === undefined) return [];
    const { flushed, elements } = gradient;
    return [{ parameter, flushed, swallowed, elements, rate: (flushed + swallowed) / elements }];
  });
}

/** Shares of all gradients of several parameters or runs, 0 to 1; `lost` is the sum of the other two. */
export interface LostShare {
  readonly lost: number;
  readonly flushed: number;
  readonly swallowed: number;
}

/** The shares of all of them together; null if nothing is counted. */
export function lostShare(all: readonly LostGradients[]): LostShare | null {
  const sum = (of: (one: LostGradients) => number): number => all.reduce((total, one) => total + of(one), 0);
  const elements = sum((one) => one.elements);
  if (elements === 0) return null;
  const flushed = sum((one) => one.flushed);
  const swallowed = sum((one) => one.swallowed);
  return {
    lost: (flushed + swallowed) / elements,
    flushed: flushed / elements,
    swallowed: swallowed / elements,
  };
}
