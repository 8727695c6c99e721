/**
 * The runs of a sweep by setting: runs that differ in nothing but their seed are one setting with a mean and a spread. The data
 * of tables and charts; nothing is drawn here. docs/experiments.md, section "Report of a sweep".
 */
import { smallestFirst } from '../../numerics/index.js';
import { sum } from '../draw/text.js';
import { epochLines, intervalLines, testErrorOf, trainingSeconds, type MetricsLine } from '../run/metrics.js';
import { parameterNames } from '../run/execute.js';
import { lostGradients, lostShare, type LostShare } from '../run/lost.js';
import {
  differingFields,
  fieldsByRole,
  fieldsName,
  fieldTextIn,
  type FieldTexts,
} from '../sweep/run-fields.js';
import { summaryErrors, type RunState, type RunSummary } from '../sweep/run-summary.js';
import type { RunConfiguration } from '../run/configuration.js';
import { meanCurve, spreadOf, type ChartPoint, type Spread } from './spread.js';
import { bitCounter, type RunBits } from './sweep-bits.js';

const SEED = 'seed';

/** Runs that have all fields but the seed in common. */
export interface SeedGroup<T> {
  /** Of the fields in which the groups differ. */
  readonly texts: FieldTexts;
  readonly name: string;
  readonly runs: readonly T[];
}

/** Fields in which runs differ, the seed left out: these make settings. Formats and rounding are by role if some runs have them so. */
export function settingFields(summaries: readonly Pick<RunSummary, 'configuration'>[]): string[] {
  const configurations = summaries.flatMap(({ configuration }) => configuration ?? []);
  const fields = differingFields(configurations).filter((field) => field !== SEED);
  return fieldsByRole(fields, configurations);
}

/** The runs by setting, in the order in which each comes first; runs that cannot be read are left out. */
export function groupBySeed<T extends Pick<RunSummary, 'configuration'>>(
  summaries: readonly T[],
  fields: readonly string[] = settingFields(summaries),
): SeedGroup<T>[] {
  const groups = new Map<string, { texts: FieldTexts; runs: T[] }>();
  for (const summary of summaries) {
    if (summary.configuration === null) continue;
    const { configuration } = summary;
    const texts = Object.fromEntries(
      fields.flatMap((field) => {
        const text = fieldTextIn(configuration, field);
        return text === undefined ? [] : [[field, text]];
      }),
    );
    const key = JSON.stringify(texts);
    const group = groups.get(key) ?? { texts, runs: [] };
    group.runs.push(summary);
    groups.set(key, group);
  }
  return [...groups.values()].map((group) => ({ ...group, name: fieldsName(group.texts, fields) }));
}

/** Test error over the runs of a group that are done; null if one of them diverged, or none is done. */
export function doneError(runs: readonly RunSummary[]): Spread | null {
  return spreadOf(runs.filter(isDone).map(errorOf));
}

/** Number of runs that are done with a loss that is not a number. */
export function divergedCount(runs: readonly RunSummary[]): number {
  return runs.filter((run) => isDone(run) && run.isDiverged).length;
}

/** `3 done`, `2 done, 1 pruned`. */
export function stateCounts(runs: readonly { readonly state: RunState }[]): string {
  const states = [...new Set(runs.map(({ state }) => state))];
  return states.map((state) => `${runs.filter((run) => run.state === state).length} ${state}`).join(', ');
}

function isDone({ state }: RunSummary): boolean {
  return state === 'done';
}

/** Test error of the last epoch; null if it is not a number, or there is none. */
export function errorOf(run: RunSummary): number | null {
  return summaryErrors(run).test;
}

/** A run of a sweep as it is in its folder. */
export interface SweepReportRun extends RunSummary {
  /** What it is called in the sweep. */
  readonly name: string;
  readonly metrics: readonly MetricsLine[];
}

/** One run with what its metrics and its plan say. */
export interface MeasuredRun extends SweepReportRun {
  readonly configuration: RunConfiguration;
  /** Shares of all gradients of parameters that rounding lost; null for float32 and before the first step. */
  readonly lost: LostShare | null;
  /** Seconds of training. */
  readonly seconds: number;
}

/** One setting of a sweep. */
export interface MeasuredGroup extends SeedGroup<MeasuredRun> {
  /** Over the runs that are done. */
  readonly error: Spread | null;
  readonly trainError: Spread | null;
  readonly diverged: number;
  /** Lost gradients, 0 to 1, and their two parts. */
  readonly lost: Spread | null;
  readonly flushed: Spread | null;
  readonly swallowed: Spread | null;
  readonly bits: RunBits;
  readonly seconds: number;
  /** Mean test error after each epoch: of the runs that are done, else as far as all that have begun have come. */
  readonly curve: readonly ChartPoint[];
}

/** The settings of a sweep. */
export function sweepSettings(runs: readonly SweepReportRun[], fields: readonly string[]): MeasuredGroup[] {
  const bitsOf = bitCounter();
  const readable = runs.flatMap((run) => {
    const { configuration } = run;
    return configuration === null ? [] : [{ ...run, configuration }];
  });
  return groupBySeed(readable, fields).map((group) => {
    // Runs of a group have the same parameters.
    const parameters = parameterNames(group.runs[0]!.configuration.network);
    const measured = group.runs.map((run): MeasuredRun => {
      const { metrics } = run;
      const lost = lostShare(lostGradients(intervalLines(metrics), parameters));
      return { ...run, lost, seconds: trainingSeconds(metrics) };
    });
    return settingOf({ ...group, runs: measured }, bitsOf);
  });
}

function settingOf(group: SeedGroup<MeasuredRun>, bitsOf: ReturnType<typeof bitCounter>): MeasuredGroup {
  const done = group.runs.filter(isDone);
  const counted = group.runs.flatMap(({ lost }) => (lost === null ? [] : [lost]));
  const longest = [...group.runs].sort((a, b) => b.steps - a.steps)[0]!;
  return {
    ...group,
    error: doneError(group.runs),
    trainError: spreadOf(done.map((run) => summaryErrors(run).train)),
    diverged: divergedCount(group.runs),
    lost: spreadOf(counted.map(({ lost }) => lost)),
    flushed: spreadOf(counted.map(({ flushed }) => flushed)),
    swallowed: spreadOf(counted.map(({ swallowed }) => swallowed)),
    bits: bitsOf(longest.configuration, longest.metrics),
    seconds: sum(group.runs.map(({ seconds }) => seconds)),
    curve: curveOf(done.length > 0 ? done : group.runs),
  };
}

function curveOf(runs: readonly MeasuredRun[]): ChartPoint[] {
  const curves = runs.flatMap(({ metrics }) => {
    const points = epochLines(metrics).map((line) => ({ x: line.epoch, errorPercent: testErrorOf(line) }));
    return points.length === 0 ? [] : [points];
  });
  const common = Math.min(...curves.map((points) => points.length));
  return meanCurve(curves.map((points) => points.slice(0, common)));
}

/** Best first; settings without an error come last, in their order. */
export function byError<T extends { readonly error: Spread | null }>(settings: readonly T[]): T[] {
  return smallestFirst(settings, ({ error }) => error?.mean);
}
