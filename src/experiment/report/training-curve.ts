/**
 * Figures of a run over time. By epoch they are what tables, tiles and results report; in shorter parts they show the course
 * between, which no table has.
 */
import type { PanelPoint } from '../draw/panel.js';
import {
  epochLines,
  intervalLines,
  trainErrorOf,
  trainingTotals,
  type EpochLine,
  type MetricsLine,
  type TrainingTotals,
} from '../run/metrics.js';

/** More points than this make a curve a smear. */
const MAX_PARTS = 100;

/** A point for each epoch, at its end. `scale`: steps for one on the x axis. */
export function epochPoints(
  lines: readonly MetricsLine[],
  scale: number,
  of: (line: EpochLine) => number | null,
): PanelPoint[] {
  return epochLines(lines).map((line) => ({ x: line.step / scale, y: of(line) }));
}

/** A point for each interval, or several together, in the middle of its steps; empty if these are not shorter than epochs. */
export function partPoints(
  lines: readonly MetricsLine[],
  scale: number,
  of: (totals: TrainingTotals) => number | null,
): PanelPoint[] {
  const intervals = intervalLines(lines);
  if (intervals.length <= epochLines(lines).length) return [];
  const size = Math.ceil(intervals.length / MAX_PARTS);
  const points: PanelPoint[] = [];
  for (let at = 0; at < intervals.length; at += size) {
    const part = intervals.slice(at, at + size);
    const middle = ((part[0]?.from ?? 0) + (part.at(-1)?.step ?? 0)) / 2;
    points.push({ x: middle / scale, y: of(trainingTotals(part)) });
  }
  return points;
}

/** Training error of an epoch or of a part; null if the loss is not a number. */
export function trainError(line: EpochLine | TrainingTotals): number | null {
  if ('event' in line) return trainErrorOf(line);
  return line.loss === null ? null : line.errorPercent;
}
