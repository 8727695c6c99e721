/** Numbers and curves of several runs that differ in nothing but their seed: mean, smallest and largest. */
import type { ChartPoint } from './error-chart.js';

/** A number over the seeds: mean, smallest and largest; null where one of them is no number. */
export interface Spread {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/** The spread of the values; null where one of them is null, or there are none. */
export function spreadOf(values: readonly (number | null)[]): Spread | null {
  const numbers = values.filter((value) => value !== null);
  if (numbers.length < values.length || numbers.length === 0) return null;
  const sum = numbers.reduce((total, value) => total + value, 0);
  return { mean: sum / numbers.length, low: Math.min(...numbers), high: Math.max(...numbers) };
}

/** Point by point the mean of several curves of equal length, with its range where there are several. */
export function meanCurve(curves: readonly (readonly ChartPoint[])[]): ChartPoint[] {
  const [first = []] = curves;
  return first.map(({ x }, i) => {
    const spread = spreadOf(curves.map((curve) => curve[i]?.errorPercent ?? null));
    if (spread === null) return { x, errorPercent: null };
    const { mean, low, high } = spread;
    return { x, errorPercent: mean, ...(curves.length > 1 ? { range: [low, high] as const } : {}) };
  });
}
