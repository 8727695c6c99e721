/** Numbers and curves of several runs that differ in nothing but their seed: mean, smallest and largest. */
import type { PanelPoint } from '../draw/panel.js';
import { mean } from '../draw/text.js';

/** A point of a curve of errors. */
export interface ChartPoint {
  /** Epochs (or steps) trained. */
  readonly x: number;
  /** null if the network had diverged, its loss not a number any more: a gap in the curve, with a mark. */
  readonly errorPercent: number | null;
  /** Smallest and largest of several runs of which the point is the mean. */
  readonly range?: readonly [low: number, high: number];
}

/** The points as a panel draws them. */
export function curveOf(points: readonly ChartPoint[]): PanelPoint[] {
  return points.map(({ errorPercent, ...point }) => ({ ...point, y: errorPercent }));
}

/** All errors that an axis for the points must reach. */
export function errorsOf(points: readonly ChartPoint[]): number[] {
  return points
    .flatMap(({ errorPercent, range = [] }) => [errorPercent, ...range])
    .filter((error) => error !== null);
}

/** A number over the seeds: mean, smallest and largest; null if one of them is not a number. */
export interface Spread {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/** The spread of the values; null if one of them is null, or there are none. */
export function spreadOf(values: readonly (number | null)[]): Spread | null {
  const numbers = values.filter((value) => value !== null);
  if (numbers.length < values.length || numbers.length === 0) return null;
  return { mean: mean(numbers), low: Math.min(...numbers), high: Math.max(...numbers) };
}

/** Point by point the mean of several curves of equal length, with its range if there are several. */
export function meanCurve(curves: readonly (readonly ChartPoint[])[]): ChartPoint[] {
  const [first = []] = curves;
  return first.map(({ x }, i) => {
    const spread = spreadOf(curves.map((curve) => curve[i]?.errorPercent ?? null));
    if (spread === null) return { x, errorPercent: null };
    const { low, high } = spread;
    return { x, errorPercent: spread.mean, ...(curves.length > 1 ? { range: [low, high] as const } : {}) };
  });
}
