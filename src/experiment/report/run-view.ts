/** All that a report of a run shows, as data: found once, before anything is drawn. run-page.ts draws it. */
import { defineNetwork, type NetworkDefinition } from '../../nn/index.js';
import { formatText, roundingText } from '../../numerics/index.js';
import { countOf, countText, percentText } from '../draw/text.js';
import type { RunConfiguration } from '../run/configuration.js';
import type { RunResult } from '../run/execute.js';
import { epochLines, intervalLines, trainingTotals, type MetricsLine } from '../run/metrics.js';
import { augmentationText, learningRateText } from '../run/setting-text.js';
import type { Histogram, ReportEvaluation } from './run-evaluation.js';
import { runParts, type RunParts, type SiteSeries } from './run-statistics.js';

/** What a report is made of. */
export interface RunReport {
  /** What the run is called, for example its folder. */
  readonly name: string;
  readonly configuration: RunConfiguration;
  readonly metrics: readonly MetricsLine[];
  /** null while the run is not done. */
  readonly result: RunResult | null;
  /** Spread of every parameter at the checkpoint; empty without one. */
  readonly histograms: readonly Histogram[];
  /** null if the test data are not available; `note` gives the reason. */
  readonly evaluation: ReportEvaluation | null;
  readonly note?: string;
}

/** What its page shows. */
export interface RunView extends Omit<RunReport, 'result'> {
  readonly title: string;
  /** Name and text of the figures at the top. */
  readonly figures: readonly (readonly [name: string, text: string])[];
  /** Of the weights; null while the run is not done. */
  readonly digest: string | null;
  readonly isDiverged: boolean;
  readonly changesPrecision: boolean;
  /** Swallowed updates: those that have a curve, and the number of all that are counted. */
  readonly swallowed: { readonly shown: readonly SwallowedSeries[]; readonly counted: number };
  readonly settings: readonly (readonly [name: string, text: string])[];
  /** The layers as a text table. */
  readonly summary: string;
  readonly parts: RunParts;
  /** Examples by class and answer; null without an evaluation. */
  readonly confusion: Confusion | null;
}

/** The share of a parameter's updates that were swallowed, over time. */
export interface SwallowedSeries {
  readonly name: string;
  readonly series: SiteSeries;
}

/** What the network takes the examples of each class for. */
export interface Confusion {
  readonly labels: readonly string[];
  /** Examples by [class][answer]; null if there are too many classes for a table. */
  readonly counts: readonly (readonly number[])[] | null;
  /** The most frequent mistakes, the most frequent first. */
  readonly mistakes: readonly {
    readonly actual: string;
    readonly predicted: string;
    readonly count: number;
  }[];
}

/** A panel with more curves is unreadable. */
const MAX_CURVES = 8;
/** A table of more classes is too large; then the most frequent confusions are listed. */
const MAX_CLASSES = 25;
const TOP_CONFUSIONS = 20;

/** Finds it. */
export function runView({ result, ...report }: RunReport): RunView {
  const { configuration, metrics, evaluation } = report;
  const definition = defineNetwork(configuration.network);
  const parts = runParts(configuration.network, metrics);
  const last = epochLines(metrics).at(-1);
  return {
    ...report,
    title: `${definition.name} on ${configuration.data}: ${report.name}`,
    figures: figuresOf(metrics),
    digest: result?.digest ?? null,
    isDiverged: last?.testLoss === null || last?.loss === null,
    changesPrecision: metrics.some(({ event }) => event === 'precision'),
    swallowed: swallowedOf(parts),
    settings: settingsOf(configuration, definition),
    summary: definition.summary(),
    parts,
    confusion: evaluation === null ? null : confusionOf(evaluation),
  };
}

/** What came out, or how far it is. */
function figuresOf(metrics: readonly MetricsLine[]): RunView['figures'] {
  const last = epochLines(metrics).at(-1);
  const speed = trainingTotals(intervalLines(metrics)).stepsPerSecond;
  const loss = (value: number | null | undefined): string =>
    value === null ? 'no number' : value === undefined ? '–' : value.toFixed(4);
  const percent = (value: number | undefined): string => (value === undefined ? '–' : percentText(value));
  return [
    ['test error', last?.testLoss === null ? 'no number' : percent(last?.testErrorPercent)],
    ['training error', last?.loss === null ? 'no number' : percent(last?.trainErrorPercent)],
    ['test loss', loss(last?.testLoss)],
    ['training loss', loss(last?.loss)],
    ['steps', countText(metrics.at(-1)?.step ?? 0)],
    ['steps/s', speed.toFixed(speed < 10 ? 2 : 0)],
  ];
}

function swallowedOf({ sites }: RunParts): RunView['swallowed'] {
  const counted = sites.flatMap(({ site, swallowed }) =>
    swallowed ? [{ name: site, series: swallowed }] : [],
  );
  const shown =
    counted.length <= MAX_CURVES
      ? counted
      : evenly(
          counted.filter(({ name }) => name.endsWith('/weight')),
          MAX_CURVES,
        );
  return { shown, counted: counted.length };
}

function evenly<T>(values: readonly T[], count: number): T[] {
  if (values.length <= count) return [...values];
  return values.filter(
    (_, i) => Math.floor((i * count) / values.length) !== Math.floor(((i - 1) * count) / values.length),
  );
}

function settingsOf(configuration: RunConfiguration, definition: NetworkDefinition): RunView['settings'] {
  const { data, dataDigest, subset, augment, batch, epochs, steps, backend, threads, fewbit, network } =
    configuration;
  const { optimizer, accumulator } = network;
  const stages = definition.stages.map((stage, i): [string, string] => {
    const schedule = network.precisionSchedule?.[i - 1];
    const when =
      i === 0
        ? 'arithmetic'
        : schedule?.epoch === undefined
          ? `stage ${i}, when the error stalls`
          : `stage ${i}, from epoch ${schedule.epoch + 1}`;
    return [when, arithmeticText(stage)];
  });
  const rows: [string, string | number | undefined][] = [
    ['network', `${definition.name}, ${countText(definition.parameterCount)} parameters`],
    ...stages,
    ['accumulator', accumulator === undefined ? undefined : JSON.stringify(accumulator)],
    ['learning rate', learningRateText(optimizer.learningRate)],
    ['momentum', optimizer.momentum ?? 0],
    ['weight decay', optimizer.weightDecay ?? 0],
    ['seed', network.seed],
    ['data', dataDigest === undefined ? data : `${data}, SHA-256 ${dataDigest}`],
    ['subset', subset === undefined ? undefined : JSON.stringify(subset)],
    ['augmentation', augment === undefined ? undefined : augmentationText(augment)],
    ['batch', batch],
    ['epochs', epochs],
    ['steps', steps],
    ['backend', threads === undefined ? backend : `${backend}, ${countOf(threads, 'thread')}`],
    ['fewbit', fewbit],
  ];
  return rows.flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)] as const]));
}

function arithmeticText({ arithmetic, settings }: NetworkDefinition): string {
  if (arithmetic === 'float32') return 'float32';
  const texts = <T>(byRole: Readonly<Record<string, T>>, text: (value: T) => string): string => {
    const groups = new Map<string, string[]>();
    for (const [role, value] of Object.entries(byRole)) {
      groups.set(text(value), [...(groups.get(text(value)) ?? []), role]);
    }
    if (groups.size === 1) return [...groups.keys()].join('');
    return [...groups].map(([value, roles]) => `${roles.join(', ')} ${value}`).join('; ');
  };
  return `${texts(settings.formats, formatText)}; rounding ${texts(settings.rounding, roundingText)}`;
}

function confusionOf({ evaluation, labelNames }: ReportEvaluation): Confusion {
  const mistakes = evaluation
    .pairs()
    .filter(({ actual, predicted }) => actual !== predicted)
    .map(({ actual, predicted, count }) => ({
      actual: labelNames[actual]!,
      predicted: labelNames[predicted]!,
      count,
    }));
  return {
    labels: labelNames,
    counts:
      labelNames.length <= MAX_CLASSES
        ? labelNames.map((_, actual) =>
            labelNames.map((__, predicted) => evaluation.confusion(actual, predicted)),
          )
        : null,
    mistakes: mistakes.sort((a, b) => b.count - a.count).slice(0, TOP_CONFUSIONS),
  };
}
