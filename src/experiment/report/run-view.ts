/** All that a report of a run shows, as data: found once, before anything is drawn. run-page.ts draws it. */
import { defineNetwork, type NetworkDefinition } from '../../nn/index.js';
import { countOf, countText, percentText } from '../draw/text.js';
import type { RunConfiguration } from '../run/configuration.js';
import { parameterNames, type RunResult } from '../run/execute.js';
import { lostGradients, lostShare } from '../run/lost.js';
import { epochLines, intervalLines, trainingTotals, type MetricsLine } from '../run/metrics.js';
import { augmentationText, learningRateText } from '../run/setting-text.js';
import { arithmeticText } from './arithmetic-text.js';
import { lostParts, lostText } from './lost-table.js';
import type { Histogram, ReportEvaluation } from './run-evaluation.js';
import { runParts, type LostHistory, type RunParts } from './run-statistics.js';

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
  /** Parameters whose lost gradients have a curve, in the order of the layers. */
  readonly lostCurves: readonly LostHistory[];
  readonly settings: readonly (readonly [name: string, text: string])[];
  /** The layers as a text table. */
  readonly summary: string;
  readonly parts: RunParts;
  /** Examples by class and answer; null without an evaluation. */
  readonly confusion: Confusion | null;
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
    figures: figuresOf(configuration, metrics),
    digest: result?.digest ?? null,
    isDiverged: last?.testLoss === null || last?.loss === null,
    changesPrecision: metrics.some(({ event }) => event === 'precision'),
    lostCurves: lostCurves(parts),
    settings: settingsOf(configuration, definition),
    summary: definition.summary(),
    parts,
    confusion: evaluation === null ? null : confusionOf(evaluation),
  };
}

/** What came out, or how far it is: the figures of the last epoch that has ended, as its line has them. */
function figuresOf({ network }: RunConfiguration, metrics: readonly MetricsLine[]): RunView['figures'] {
  const last = epochLines(metrics).at(-1);
  const speed = trainingTotals(intervalLines(metrics)).stepsPerSecond;
  const loss = (value: number | null | undefined): string =>
    value === null ? 'no number' : value === undefined ? '–' : value.toFixed(4);
  const percent = (value: number | undefined): string => (value === undefined ? '–' : percentText(value));
  const lost = lostShare(lostGradients(intervalLines(metrics), parameterNames(network)));
  return [
    ['test error', last?.testLoss === null ? 'no number' : percent(last?.testErrorPercent)],
    ['training error', last?.loss === null ? 'no number' : percent(last?.trainErrorPercent)],
    ['test loss', loss(last?.testLoss)],
    ['training loss', loss(last?.loss)],
    ...(lost === null ? [] : [[`gradients lost: ${lostParts(lost)}`, lostText(lost)] as const]),
    ['steps', countText(metrics.at(-1)?.step ?? 0)],
    ['steps/s', speed.toFixed(1)],
  ];
}

/** As many as a panel can show: those that lost most. */
function lostCurves({ lost }: RunParts): LostHistory[] {
  const worst = [...lost].sort((a, b) => b.lost.total - a.lost.total).slice(0, MAX_CURVES);
  return lost.filter((one) => worst.includes(one));
}

function settingsOf(configuration: RunConfiguration, definition: NetworkDefinition): RunView['settings'] {
  const {
    data,
    dataDigest,
    dataSeed,
    subset,
    augment,
    batch,
    epochs,
    steps,
    backend,
    threads,
    fewbit,
    network,
  } = configuration;
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
    ['seed of the data', dataSeed],
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

function confusionOf({ evaluation, labelNames }: ReportEvaluation): Confusion {
  const counts = labelNames.map((_, actual) =>
    labelNames.map((__, predicted) => evaluation.confusion(actual, predicted)),
  );
  const mistakes = counts.flatMap((row, a) =>
    row.flatMap((count, p) =>
      a === p || count === 0 ? [] : [{ actual: labelNames[a]!, predicted: labelNames[p]!, count }],
    ),
  );
  return {
    labels: labelNames,
    counts: labelNames.length <= MAX_CLASSES ? counts : null,
    mistakes: mistakes.sort((a, b) => b.count - a.count).slice(0, TOP_CONFUSIONS),
  };
}
