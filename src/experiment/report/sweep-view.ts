/** All that a report of a sweep shows, as data: found once, before anything is drawn. sweep-page.ts draws it. */
import { sum } from '../draw/text.js';
import {
  byError,
  settingFields,
  sweepSettings,
  type SweepReportRun,
  type MeasuredGroup,
} from './sweep-groups.js';
import { heatFields, heatMap, paretoFront, alongAxis, type HeatMap, type AlongAxis } from './sweep-series.js';

/** What a sweep's report is made of. */
export interface SweepReport {
  /** What the sweep is called, for example its folder. */
  readonly name: string;
  readonly runs: readonly SweepReportRun[];
  /** Runs are pruned by successive halving. */
  readonly isHalving: boolean;
  /** Fields of the heat map, across and down; default: the two that vary, if there are two. */
  readonly heat?: { readonly x: string; readonly y: string };
}

/** What its page shows. */
export interface SweepView extends Omit<SweepReport, 'heat'> {
  /** Fields in which settings differ. */
  readonly fields: readonly string[];
  /** In the order of the sweep. */
  readonly settings: readonly MeasuredGroup[];
  /** The same, the best first. */
  readonly ranked: readonly MeasuredGroup[];
  /** Settings that none beats in error and bits moved. */
  readonly front: readonly MeasuredGroup[];
  /** null if there is no axis to draw along. */
  readonly along: AlongAxis | null;
  readonly heat: HeatMap | null;
  /** Some run has a test error. */
  readonly hasErrors: boolean;
  /** Number of different seeds. */
  readonly seeds: number;
  /** Of training, all runs together. */
  readonly seconds: number;
}

/**
 * Finds it.
 * @throws ConfigurationError for a field of the heat map that no run has
 */
export function sweepView({ heat: chosen, ...report }: SweepReport): SweepView {
  const fields = settingFields(report.runs);
  const settings = sweepSettings(report.runs, fields);
  const runs = settings.flatMap((setting) => setting.runs);
  const heat = chosen ?? heatFields(settings, fields);
  return {
    ...report,
    fields,
    settings,
    ranked: byError(settings),
    front: paretoFront(settings),
    along: alongAxis(settings, fields),
    heat: heat === null || settings.length === 0 ? null : heatMap(settings, fields, heat),
    hasErrors: runs.some(({ testErrorPercent }) => testErrorPercent !== null),
    seeds: new Set(runs.map(({ configuration }) => configuration.network.seed)).size,
    seconds: sum(settings.map(({ seconds }) => seconds)),
  };
}
