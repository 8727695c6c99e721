/**
 * The lines of metrics.jsonl, and sums over them. A line covers the training steps from..step, so the lines
 * up to a checkpoint describe the run completely until then. Every figure that a run reports is a sum over
 * them, so a run that was killed and resumed reports the same as an uninterrupted one (except for times).
 * Nothing here touches files.
 */
import type { SiteStatistics } from '../../backend/index.js';
import type { Settings } from '../../nn/index.js';
import { formatText, roundingText } from '../../numerics/index.js';
import type { PrecisionChange, PrecisionReason } from '../../train/index.js';

/** The counters of one rounding site (docs/arithmetic.md, section 7), without its name. */
export interface SiteCounts extends Omit<SiteStatistics, 'site' | 'gradients' | 'swallowedGradients'> {
  /** These two are absent if the run is older than they are. */
  readonly gradients?: number;
  readonly swallowedGradients?: number;
}

/** Training steps from `from` (inclusive) to `step` (exclusive). */
export interface IntervalLine {
  readonly event: 'interval';
  /** 1-based number of the epoch. */
  readonly epoch: number;
  readonly from: number;
  /** Training steps done at the end of the interval. */
  readonly step: number;
  readonly examples: number;
  /**
   * Sum of the examples' losses in nats, a multiple of 2^-24. Sums therefore do not depend on the split into
   * lines.
   */
  readonly lossSum: number | null;
  /** Examples that were classified correctly when they were trained on. */
  readonly correct: number;
  /** Time spent training, without evaluations and checkpoints. */
  readonly seconds: number;
  /** Counters by rounding site; empty for float32. */
  readonly sites: Readonly<Record<string, SiteCounts>>;
  /** SHA-256 of the parameters after the interval (`Network.digest`), if a checkpoint follows. */
  readonly weights?: string;
}

/** The end of an epoch, or of the run within one (`partial`). */
export interface EpochLine {
  readonly event: 'epoch';
  /** 1-based number of the epoch. */
  readonly epoch: number;
  /** Training steps done. */
  readonly step: number;
  /** The run ended before the epoch did. */
  readonly partial: boolean;
  /**
   * Mean training loss of the epoch in nats, each example measured when it was trained on; null if it is not
   * a number.
   */
  readonly loss: number | null;
  /** Training error of the epoch in percent, measured likewise. */
  readonly trainErrorPercent: number;
  readonly testErrorPercent: number;
  readonly testLoss: number | null;
  readonly stepsPerSecond: number;
  /** SHA-256 of the parameters (`Network.digest`). */
  readonly weights?: string;
}

/**
 * The beginning of a stage of the precision schedule: parameters and updates have been converted into its
 * formats.
 */
export interface PrecisionLine {
  readonly event: 'precision';
  /** 1-based number of the epoch that begins with it. */
  readonly epoch: number;
  /** Training steps done. */
  readonly step: number;
  /** Number of the stage, from 1. */
  readonly stage: number;
  readonly reason: PrecisionReason;
  /** Formats and rounding by role from this stage on. */
  readonly formats: Readonly<Record<string, string>>;
  readonly rounding: Readonly<Record<string, string>>;
  /** Counters of the conversion by rounding site, `precision/<stage>/<tensor>`. */
  readonly sites: Readonly<Record<string, SiteCounts>>;
}

/** A line of metrics.jsonl. */
export type MetricsLine = IntervalLine | EpochLine | PrecisionLine;

/** The line for a change of precision to the settings of its stage. */
export function precisionLine(change: PrecisionChange, { formats, rounding }: Settings): PrecisionLine {
  const { stage, reason, step, epoch, sites } = change;
  const texts = <T>(
    byRole: Readonly<Record<string, T>>,
    text: (value: T) => string,
  ): Record<string, string> =>
    Object.fromEntries(Object.entries(byRole).map(([role, value]) => [role, text(value)]));
  return {
    event: 'precision',
    epoch: epoch + 1,
    step,
    stage,
    reason,
    formats: texts(formats, formatText),
    rounding: texts(rounding, roundingText),
    sites: countsBySite(sites),
  };
}

/** Counters by the name of their site. */
export function countsBySite(statistics: readonly SiteStatistics[]): Record<string, SiteCounts> {
  return Object.fromEntries(statistics.map(({ site, ...counts }) => [site, counts]));
}

/** Sums over interval lines. */
export interface TrainingTotals {
  readonly examples: number;
  readonly steps: number;
  readonly loss: number | null;
  readonly errorPercent: number;
  readonly stepsPerSecond: number;
}

/** Losses are counted in units of 2^-24 nat, the unit of the integer arithmetic. */
const LOSS_UNITS = 16777216;

/** A loss sum as a multiple of 2^-24; null, as in JSON, if it is not a number. */
export function roundedLossSum(lossSum: number): number | null {
  return Number.isFinite(lossSum) ? Math.round(lossSum * LOSS_UNITS) / LOSS_UNITS : null;
}

/**
 * The test error of an epoch or a result, in percent; null if its loss is not a number, because then the outputs of the
 * network are none, and the share of examples that "a wrong class" was found for means nothing.
 */
export function testErrorOf(line: Pick<EpochLine, 'testErrorPercent' | 'testLoss'>): number | null {
  return line.testLoss === null ? null : line.testErrorPercent;
}

/** The training error of an epoch or a result, likewise. */
export function trainErrorOf(line: Pick<EpochLine, 'trainErrorPercent' | 'loss'>): number | null {
  return line.loss === null ? null : line.trainErrorPercent;
}

/** A finite number, or null because JSON has no NaN. */
export function finiteOrNull(value: number | null): number | null {
  return value !== null && Number.isFinite(value) ? value : null;
}

/** The interval lines of the epoch that is running after `lines`: those after the last epoch line. */
export function openIntervals(lines: readonly MetricsLine[]): IntervalLine[] {
  const lastEpoch = epochLines(lines).at(-1);
  return intervalLines(lastEpoch === undefined ? lines : lines.slice(lines.lastIndexOf(lastEpoch) + 1));
}

export function intervalLines(lines: readonly MetricsLine[]): IntervalLine[] {
  return lines.filter((line) => line.event === 'interval');
}

/** The lines of epochs, in order. */
export function epochLines(lines: readonly MetricsLine[]): EpochLine[] {
  return lines.filter((line) => line.event === 'epoch');
}

/** Means over the steps of the lines; 0 % and 0 steps/s without lines. */
export function trainingTotals(lines: readonly IntervalLine[]): TrainingTotals {
  let examples = 0;
  let steps = 0;
  let correct = 0;
  let seconds = 0;
  let lossSum: number | null = 0;
  for (const line of lines) {
    examples += line.examples;
    steps += line.step - line.from;
    correct += line.correct;
    seconds += line.seconds;
    lossSum = lossSum === null || line.lossSum === null ? null : lossSum + line.lossSum;
  }
  return {
    examples,
    steps,
    loss: lossSum === null || examples === 0 ? null : lossSum / examples,
    errorPercent: examples === 0 ? 0 : (100 * (examples - correct)) / examples,
    stepsPerSecond: seconds > 0 ? steps / seconds : 0,
  };
}

/** Seconds spent training, without evaluations and checkpoints. */
export function trainingSeconds(lines: readonly MetricsLine[]): number {
  return intervalLines(lines).reduce((sum, { seconds }) => sum + seconds, 0);
}

/** Counters of each site over all lines: the sum of counts and the largest magnitude. */
export function siteTotals(lines: readonly IntervalLine[]): Map<string, SiteCounts> {
  const totals = new Map<string, SiteCounts>();
  for (const line of lines) addSites(totals, line.sites);
  return totals;
}

/** The sum of two records of counters; sites stay in the order in which they first appear. */
export function addCountsBySite(
  first: Readonly<Record<string, SiteCounts>>,
  second: Readonly<Record<string, SiteCounts>>,
): Record<string, SiteCounts> {
  const totals = new Map(Object.entries(first));
  addSites(totals, second);
  return Object.fromEntries(totals);
}

function addSites(totals: Map<string, SiteCounts>, sites: Readonly<Record<string, SiteCounts>>): void {
  for (const [site, counts] of Object.entries(sites)) {
    const sum = totals.get(site);
    totals.set(site, sum === undefined ? counts : addCounts(sum, counts));
  }
}

function addCounts(a: SiteCounts, b: SiteCounts): SiteCounts {
  return {
    elements: a.elements + b.elements,
    saturatedHigh: a.saturatedHigh + b.saturatedHigh,
    saturatedLow: a.saturatedLow + b.saturatedLow,
    flushed: a.flushed + b.flushed,
    maxMagnitude: Math.max(a.maxMagnitude, b.maxMagnitude),
    swallowed: a.swallowed + b.swallowed,
    ...(a.gradients !== undefined && b.gradients !== undefined && { gradients: a.gradients + b.gradients }),
    ...(a.swallowedGradients !== undefined &&
      b.swallowedGradients !== undefined && {
        swallowedGradients: a.swallowedGradients + b.swallowedGradients,
      }),
  };
}

/** The number of a parameter's updates that rounding swallowed. */
export interface SwallowedRate {
  readonly parameter: string;
  /** Updates that were non-zero before rounding and left the parameter unchanged. */
  readonly swallowed: number;
  /** Elements of the parameter times steps. */
  readonly elements: number;
  readonly rate: number;
}

/** Swallowed updates of each parameter over all lines, in the order of `parameters`; empty for float32. */
export function swallowedRates(
  lines: readonly IntervalLine[],
  parameters: readonly string[],
): SwallowedRate[] {
  const totals = siteTotals(lines);
  return parameters.flatMap((parameter) => {
    const counts = totals.get(parameter);
    if (counts === undefined || counts.elements === 0) return [];
    const { swallowed, elements } = counts;
    return [{ parameter, swallowed, elements, rate: swallowed / elements }];
  });
}
