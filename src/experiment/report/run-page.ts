/**
 * The report of one run as one HTML file with nothing to load: what came out, learning curves beside swallowed updates,
 * settings, confusion matrix, worst examples, every tensor's statistics over time, histograms of the weights.
 * docs/experiments.md, section "Reports".
 */
import { encode } from 'fast-png';
import { defineNetwork, type NetworkDefinition } from '../../nn/index.js';
import { formatText, roundingText } from '../../numerics/index.js';
import { epochLines, intervalLines, trainingTotals, type MetricsLine } from '../run/metrics.js';
import { htmlPage, htmlTable, noteText, REPORT_CSS, section, tiles } from '../draw/page.js';
import { escaped } from '../draw/svg.js';
import { countOf, countText, percentText, shareText } from '../draw/text.js';
import { confusionTable, ReportCharts } from './run-charts.js';
import { thumbnail, type Histogram, type ReportEvaluation, type WorstExample } from './run-evaluation.js';
import { runParts, type RunParts, type SiteHistory, type SiteSeries } from './run-statistics.js';
import type { RunResult } from '../run/execute.js';
import { augmentationText, learningRateText } from '../run/setting-text.js';
import type { RunConfiguration } from '../run/configuration.js';

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

const CSS = `${REPORT_CSS}
figure.small { width: 226px; } p.small { margin: 0; font-size: 12px; line-height: 1.35; } figure.small figcaption { font-weight: 400; }
td svg { display: block; width: 96px; height: 22px; } td .none { color: var(--line); }
.cell { display: block; margin: 0 -.35rem; padding: 0 .35rem; border-radius: .2rem; } .confusion td, .confusion th { padding: .2rem .55rem; text-align: center; }
.cell.right { background: color-mix(in srgb, var(--heat) var(--v), transparent); } .cell.wrong { background: color-mix(in srgb, var(--bad) var(--v), transparent); }
.worst { display: flex; flex-wrap: wrap; gap: .8rem; } .worst figure { width: 104px; font-size: 12px; line-height: 1.35; } .worst img { width: 100%; height: auto; image-rendering: pixelated; border: 1px solid var(--line); border-radius: .2rem; }
.statistics td:not(:first-child) { min-width: 96px; } .statistics .value { font-size: 12px; }
`;
/** A panel with more curves is unreadable. */
const MAX_CURVES = 8;
/** A table of more classes is too large; then the most frequent confusions are listed. */
const MAX_CLASSES = 25;
const TOP_CONFUSIONS = 20;

/** The whole page. */
export async function runReportPage(report: RunReport): Promise<string> {
  const { configuration, metrics } = report;
  const definition = defineNetwork(configuration.network);
  const charts = await ReportCharts.of(metrics);
  const parts = runParts(configuration.network, metrics);
  const sections = [
    headSection(report),
    curvesSection(charts, parts, metrics),
    section('Settings', settingsTable(report, definition)),
    ...testSections(report),
    section('Tensors over time', statisticsTable(charts, parts)),
    section(
      'Weights',
      report.histograms.length === 0
        ? noteText('There is no checkpoint yet.')
        : noteText(
            'Values of every parameter at the last checkpoint. The counts are on a logarithmic axis.',
          ) +
            `<div class="columns">${report.histograms.map((one) => charts.histogram(one)).join('\n')}</div>`,
    ),
  ];
  return htmlPage(`${definition.name} on ${configuration.data}: ${report.name}`, sections.join('\n'), {
    css: CSS,
  });
}

/** What came out, or how far it is. */
function headSection({ result, metrics, configuration }: RunReport): string {
  const last = epochLines(metrics).at(-1);
  const step = metrics.at(-1)?.step ?? 0;
  const speed = trainingTotals(intervalLines(metrics)).stepsPerSecond;
  const loss = (value: number | null | undefined): string =>
    value === null ? 'no number' : value === undefined ? '–' : value.toFixed(4);
  const percent = (value: number | undefined): string => (value === undefined ? '–' : percentText(value));
  const figures = [
    ['test error', last?.testLoss === null ? 'no number' : percent(last?.testErrorPercent)],
    ['training error', last?.loss === null ? 'no number' : percent(last?.trainErrorPercent)],
    ['test loss', loss(last?.testLoss)],
    ['training loss', loss(last?.loss)],
    ['steps', countText(step)],
    ['steps/s', speed.toFixed(speed < 10 ? 2 : 0)],
  ] as const;
  const state =
    result === null
      ? noteText('The run is not done: this is how far it has come.')
      : `<p class="note">Digest of the weights <code>${result.digest}</code></p>`;
  const diverged =
    last?.testLoss === null || last?.loss === null
      ? '<p class="note bad">The loss is not a number any more: the network has diverged. Curves end with a cross at this step.</p>'
      : '';
  return `${tiles(figures)}\n${diverged}${state}\n${noteText(
    `${configuration.data}, batch ${configuration.batch}, seed ${configuration.network.seed}. Training error: over the examples as they were trained on.`,
  )}`;
}

function curvesSection(
  charts: ReportCharts,
  { sites, steps }: RunParts,
  metrics: readonly MetricsLine[],
): string {
  if (metrics.length === 0) return section('Learning curves', noteText('Nothing is recorded yet.'));
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
  const swallowed =
    counted.length === 0
      ? noteText('Nothing is rounded in float32, so no update is swallowed.')
      : noteText(
          `An update is swallowed when it was not zero before rounding and its parameter stayed as it was.${shown.length < counted.length ? ` Shown: ${shown.length} of ${counted.length} parameters; all are in the table below.` : ''}`,
        );
  const changed = metrics.some(({ event }) => event === 'precision')
    ? noteText('Dotted vertical lines: the precision changes.')
    : '';
  const panels = [
    charts.errors(),
    ...(shown.length === 0 ? [] : [charts.swallowed(shown, steps)]),
    charts.losses(),
  ];
  return section(
    'Learning curves',
    `<div class="columns">${panels.join('\n')}</div>\n${swallowed}${changed}`,
  );
}

function evenly<T>(values: readonly T[], count: number): T[] {
  if (values.length <= count) return [...values];
  return values.filter(
    (_, i) => Math.floor((i * count) / values.length) !== Math.floor(((i - 1) * count) / values.length),
  );
}

function settingsTable({ configuration }: RunReport, definition: NetworkDefinition): string {
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
  const cells = rows.flatMap(([name, value]) =>
    value === undefined ? [] : [[escaped(name), escaped(String(value))]],
  );
  return `<div class="settings">${htmlTable(['', ''], cells)}</div>\n<pre><code>${escaped(definition.summary())}</code></pre>`;
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

/** Confusion matrix and worst examples, or why there are none. */
function testSections({ evaluation, note: reason }: RunReport): string[] {
  if (evaluation === null) return [section('Test data', noteText(reason ?? 'There is no checkpoint yet.'))];
  const { labelNames, worst, test } = evaluation;
  const matrix =
    labelNames.length <= MAX_CLASSES
      ? `<div class="wide confusion">${confusionTable(labelNames, (a, p) => evaluation.evaluation.confusion(a, p))}</div>`
      : `<div class="wide">${confusionList(evaluation)}</div>`;
  const head = `${countText(test.count)} test examples at the last checkpoint: ${percentText(evaluation.evaluation.errorPercent())} taken for another class.`;
  const images = worst.map((example) => worstFigure(evaluation, example));
  return [
    section('Confusion matrix', noteText(head) + matrix),
    section(
      'Worst examples',
      worst.length === 0
        ? noteText('The network’s outputs are no numbers.')
        : noteText('Test examples to whose label the network gave the least probability.') +
            `<div class="worst">${images.join('\n')}</div>`,
    ),
  ];
}

function confusionList({ evaluation, labelNames }: ReportEvaluation): string {
  const pairs = labelNames.flatMap((actual, a) =>
    labelNames.flatMap((predicted, p) =>
      a === p || evaluation.confusion(a, p) === 0
        ? []
        : [{ actual, predicted, count: evaluation.confusion(a, p) }],
    ),
  );
  const most = pairs.sort((a, b) => b.count - a.count).slice(0, TOP_CONFUSIONS);
  return htmlTable(
    ['Is', 'Taken for', 'Examples'],
    most.map(({ actual, predicted, count }) => [escaped(actual), escaped(predicted), String(count)]),
  );
}

function worstFigure({ test, labelNames }: ReportEvaluation, example: WorstExample): string {
  const { index, label, predicted, labelProbability, predictedProbability } = example;
  const name = (of: number): string => labelNames[of] ?? String(of);
  const picture = thumbnail(test, index);
  // No-break spaces: a "%" alone on a line reads badly below a small image.
  const percent = (share: number): string => `${(100 * share).toFixed(share >= 0.1 ? 0 : 2)}\u00a0%`;
  const text =
    label === predicted
      ? `is ${name(label)}, ${percent(labelProbability)}`
      : `is ${name(label)}, ${percent(labelProbability)}; taken for ${name(predicted)}, ${percent(predictedProbability)}`;
  const image =
    picture === null
      ? ''
      : `<img alt="test example ${index}" width="${picture.width}" height="${picture.height}" src="data:image/png;base64,${base64(encode({ ...picture }))}">`;
  return `<figure>${image}${escaped(text)}<br><span class="note">example ${countText(index)}</span></figure>`;
}

function base64(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

/** A row for every rounding site: shares over the whole run, and how they went. */
function statisticsTable(charts: ReportCharts, { sites }: RunParts): string {
  if (sites.length === 0) return noteText('Nothing is rounded in float32, so nothing is counted.');
  const cell = (series: SiteSeries | null): string =>
    series === null
      ? ''
      : `${charts.spark(series)}<span class="value">${shareText(series.total, series.total < 0.1 ? 2 : 1)}</span>`;
  const rows = sites.map(({ site, format, saturated, flushed, swallowed, range }: SiteHistory) => [
    `<code>${escaped(site)}</code>`,
    escaped(format),
    cell(saturated),
    cell(flushed),
    cell(swallowed),
    cell(range),
  ]);
  const head = ['Tensor', 'Format', 'Saturated', 'Flushed to 0', 'Swallowed', 'Range used'];
  return (
    noteText(
      'Shares of all elements that were rounded into the tensor, over the run; the small curves show how they went, each from 0 to its own largest value. Range used: the largest magnitude as a share of the format’s.',
    ) + `<div class="wide statistics">${htmlTable(head, rows)}</div>`
  );
}
