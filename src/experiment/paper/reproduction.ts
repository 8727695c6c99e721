/**
 * A figure as runs, and finished runs as a figure: mean and spread over seeds of what each setting reached, epoch by
 * epoch, beside what the paper has. Nothing here touches files or trains; docs/reproduction.md.
 */
import { sum } from '../draw/text.js';
import type { Chart } from '../report/error-chart.js';
import type { ComparisonEntry, ComparisonRow } from '../run/comparison.js';
import type { Figure, FigureSetting } from './figures.js';
import {
  epochLines,
  intervalLines,
  siteTotals,
  testErrorOf,
  trainErrorOf,
  trainingSeconds,
} from '../run/metrics.js';
import { lostShare, type LostShare } from '../run/lost.js';
import { recipeConfiguration, recipes } from '../run/recipes.js';
import {
  changeNetwork,
  completeConfiguration,
  type PartialRunConfiguration,
  type RunConfiguration,
} from '../run/configuration.js';
import { folderName } from '../run/setting-text.js';
import { meanCurve, spreadOf, type ChartPoint, type Spread } from '../report/spread.js';

/** What a reproduction is asked for. */
export interface ReproductionOptions {
  readonly seeds: readonly number[];
  /** Default: the figure's own. */
  readonly epochs?: number;
  readonly quick?: boolean;
  /** Laid over every configuration: data, backend, threads, version. */
  readonly run?: Partial<Pick<RunConfiguration, 'data' | 'backend' | 'threads' | 'fewbit'>>;
}

/** One run of a figure. */
export interface FigureEntry extends ComparisonEntry {
  readonly setting: FigureSetting;
  readonly seed: number;
}

/** A finished run of a figure. */
export interface FigureRun extends ComparisonRow {
  readonly setting: FigureSetting;
  readonly seed: number;
}

/**
 * The runs of a figure, all settings of a seed before the next seed. `folderOf` gives a run its folder by recipe and
 * name; runs that two figures have in common get the same.
 */
export function figureEntries(
  figure: Figure,
  options: ReproductionOptions,
  folderOf: (recipe: string, name: string) => string,
): FigureEntry[] {
  return options.seeds.flatMap((seed) =>
    figure.settings.map((setting) => {
      const name = `${setting.name}, seed ${seed}`;
      const path = folderOf(setting.recipe, `${folderName(setting.name)}-seed-${seed}`);
      return { setting, seed, name, path, configuration: configurationOf(figure, setting, seed, options) };
    }),
  );
}

function configurationOf(
  figure: Figure,
  setting: FigureSetting,
  seed: number,
  { epochs: wanted, quick = false, run }: ReproductionOptions,
): RunConfiguration {
  const recipe = recipes.find(({ name }) => name === setting.recipe);
  if (!recipe) throw new Error(`internal: figure: there is no recipe "${setting.recipe}"`);
  const epochs = wanted ?? (quick ? figure.quick.epochs : figure.epochs);
  const base: PartialRunConfiguration = recipeConfiguration(recipe, { seed, epochs });
  return completeConfiguration({
    ...base,
    data: recipe.data,
    network: changeNetwork(base.network, setting.changes),
    epochs,
    ...(quick ? { subset: figure.quick.subset } : {}),
    ...run,
  });
}

/** What one setting reached. */
export interface FigureRow {
  readonly setting: FigureSetting;
  readonly seeds: readonly number[];
  /** Seeds whose loss is not a number any more. */
  readonly diverged: readonly number[];
  readonly testErrorPercent: Spread | null;
  readonly trainErrorPercent: Spread | null;
  /** Test error less that of the paper, in points, or of float32 (`figure.against`); null if one is missing, and against the paper for other data than its. */
  readonly difference: number | null;
  /** Seconds of training, all seeds together. */
  readonly seconds: number;
  /** Share of all updates of parameters that rounding swallowed; null for float32. */
  readonly swallowed: number | null;
  /** Share of all elements of gradients that rounding flushed to zero; null for float32. */
  readonly flushed: number | null;
  /** Shares of all gradients of parameters that rounding lost; null for float32, and for runs that did not count them. */
  readonly lost: LostShare | null;
  readonly test: readonly ChartPoint[];
  readonly train: readonly ChartPoint[];
  /** Of the first seed. */
  readonly digest: string;
}

/** One row for each setting that has a finished run, in the figure's order. */
export function figureRows(figure: Figure, runs: readonly FigureRun[]): FigureRow[] {
  const rows = figure.settings.flatMap((setting) => {
    const own = runs.filter((run) => run.setting === setting);
    return own.length === 0 ? [] : [figureRow(setting, own)];
  });
  if (figure.against === 'paper') return rows;
  const baseline = rows.find(({ setting }) => setting === figure.settings[0])?.testErrorPercent?.mean;
  return rows.map((row) => ({
    ...row,
    difference:
      row.testErrorPercent === null || baseline === undefined ? null : row.testErrorPercent.mean - baseline,
  }));
}

function figureRow(setting: FigureSetting, runs: readonly FigureRun[]): FigureRow {
  const lines = runs.map(({ metrics }) => epochLines(metrics));
  const test = lines.map((epochs) =>
    epochs.map((line) => ({ x: line.epoch, errorPercent: testErrorOf(line) })),
  );
  const train = lines.map((epochs) =>
    epochs.map((line) => ({ x: line.epoch, errorPercent: trainErrorOf(line) })),
  );
  const last = (points: readonly (readonly ChartPoint[])[]): Spread | null =>
    spreadOf(points.map((one) => one.at(-1)?.errorPercent ?? null));
  const testErrorPercent = last(test);
  const paper = setting.paper.errorPercent;
  const sites = [...siteTotals(runs.flatMap(({ metrics }) => intervalLines(metrics)))];
  const gradients = sites.flatMap(([site, counts]) => (site.endsWith('.gradient') ? [counts] : []));
  return {
    setting,
    seeds: runs.map(({ seed }) => seed),
    diverged: runs.filter((_, i) => (test[i]?.at(-1)?.errorPercent ?? null) === null).map(({ seed }) => seed),
    testErrorPercent,
    trainErrorPercent: last(train),
    difference:
      testErrorPercent === null || paper === null || !runs.every(isComparable)
        ? null
        : testErrorPercent.mean - paper,
    seconds: sum(runs.map(({ metrics }) => trainingSeconds(metrics))),
    swallowed: share(
      runs.flatMap(({ result }) => result.swallowed),
      (one) => one.swallowed,
    ),
    flushed: share(gradients, (one) => one.flushed),
    lost: lostShare(runs.flatMap(({ result }) => result.lost)),
    test: meanCurve(test),
    train: meanCurve(train),
    digest: runs[0]?.result.digest ?? '',
  };
}

function share<T extends { readonly elements: number }>(
  counts: readonly T[],
  of: (one: T) => number,
): number | null {
  const elements = sum(counts.map((one) => one.elements));
  return elements === 0 ? null : sum(counts.map(of)) / elements;
}

/** True for a run on all of the data that the paper used. */
export function isComparable({
  setting,
  configuration,
}: Pick<FigureRun, 'setting' | 'configuration'>): boolean {
  const recipe = recipes.find(({ name }) => name === setting.recipe);
  return configuration.data === recipe?.data && configuration.subset === undefined;
}

/** The figure's chart. */
export function figureChart(figure: Figure, rows: readonly FigureRow[]): Chart {
  return {
    title: figure.title,
    unit: 'epochs',
    series: rows.map(({ setting, test, train }) => ({
      name: setting.name,
      look: setting.look,
      test,
      train,
    })),
  };
}
