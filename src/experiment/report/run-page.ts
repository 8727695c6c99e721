/**
 * The report of one run as one HTML file with nothing to load: what came out, learning curves, lost gradients, settings,
 * confusion matrix, mistakes, every tensor's statistics over time with the worst first, histograms of the weights.
 * docs/experiments.md, section "Reports".
 */
import { encode } from 'fast-png';
import { htmlPage, htmlTable, noteText, REPORT_CSS, section, tensorCode, tiles } from '../draw/page.js';
import { escaped } from '../draw/svg.js';
import { countOf, countText, percentText, shareText } from '../draw/text.js';
import { LOST_NOTE } from './lost-table.js';
import { confusionTable, ReportCharts } from './run-charts.js';
import { thumbnail, valuesText, type ReportEvaluation, type WorstExample } from './run-evaluation.js';
import type { RunParts, SiteHistory, SiteSeries } from './run-statistics.js';
import { runView, type Confusion, type RunReport, type RunView } from './run-view.js';

const CSS = `${REPORT_CSS}
figure.small { width: 226px; } p.small { margin: 0; font-size: 12px; line-height: 1.35; } figure.small figcaption { font-weight: 400; }
td svg { display: block; width: 96px; height: 22px; } td .none { color: var(--line); }
.cell { display: block; margin: 0 -.35rem; padding: 0 .35rem; border-radius: .2rem; } .confusion td, .confusion th { padding: .2rem .55rem; text-align: center; }
.cell.right { background: color-mix(in srgb, var(--heat) var(--v), transparent); } .cell.wrong { background: color-mix(in srgb, var(--bad) var(--v), transparent); }
.worst { display: flex; flex-wrap: wrap; gap: .8rem; } .worst .values { overflow-wrap: anywhere; } .worst figure { width: 104px; font-size: 12px; line-height: 1.35; } .worst img { width: 100%; height: auto; image-rendering: pixelated; border: 1px solid var(--line); border-radius: .2rem; }
.statistics td:has(svg) { min-width: 96px; } .statistics .value { font-size: 12px; } .marked { color: var(--bad); }
summary { cursor: pointer; font-weight: 600; margin: 1rem 0 .5rem; }
@media (max-width: 44rem) { td svg { width: 72px; } .statistics td:has(svg) { min-width: 72px; } .confusion td, .confusion th { padding: .2rem .3rem; font-size: 13px; } .wide.confusion th:first-child, .wide.confusion td:first-child { min-width: 0; } }
`;
/** The whole page. */
export async function runReportPage(report: RunReport): Promise<string> {
  const view = runView(report);
  const charts = await ReportCharts.of(view.metrics);
  const sections = [
    headSection(view),
    curvesSection(charts, view),
    section('Settings', settingsTable(view)),
    ...testSections(view),
    section('Lost gradients', lostSection(charts, view)),
    section('Tensors over time', statisticsTable(charts, view.parts)),
    section('Weights', weights(charts, view)),
  ];
  return htmlPage(view.title, sections.join('\n'), { css: CSS });
}

function headSection({ figures, digest, isDiverged, configuration }: RunView): string {
  const { data, batch, network } = configuration;
  const state =
    digest === null
      ? noteText('The run is not done: this is how far it has come.')
      : `<p class="note">Digest of the weights <code>${digest}</code></p>`;
  const diverged = isDiverged
    ? '<p class="note bad">The loss is not a number any more: the network has diverged. Curves end with a cross at this step.</p>'
    : '';
  return `${tiles(figures)}\n${diverged}${state}\n${noteText(
    `${data}, batch ${batch}, seed ${network.seed}. Training error: over the examples as they were trained on.`,
  )}`;
}

function curvesSection(charts: ReportCharts, view: RunView): string {
  const { metrics, parts, lostCurves, changesPrecision } = view;
  if (metrics.length === 0) return section('Learning curves', noteText('Nothing is recorded yet.'));
  const notes = [
    'Training by epoch: over the examples of each epoch, the figures above. The thin line is the same within epochs.',
    ...(lostCurves.length < parts.lost.length
      ? [
          `Lost gradients: of the ${lostCurves.length} parameters that lost most, of ${parts.lost.length}; all are in the table below.`,
        ]
      : []),
    ...(changesPrecision ? ['Dotted vertical lines: the precision changes.'] : []),
  ];
  const panels = [
    charts.errors(),
    ...(lostCurves.length === 0 ? [] : [charts.lost(lostCurves, parts.steps)]),
    charts.losses(),
  ];
  return section(
    'Learning curves',
    `<div class="columns">${panels.join('\n')}</div>\n${noteText(notes.join(' '))}`,
  );
}

function settingsTable({ settings, summary }: RunView): string {
  const cells = settings.map((row) => row.map(escaped));
  return `<div class="settings">${htmlTable(['', ''], cells)}</div>\n<pre><code>${escaped(summary)}</code></pre>`;
}

function weights(charts: ReportCharts, { histograms }: RunView): string {
  if (histograms.length === 0) return noteText('There is no checkpoint yet.');
  return (
    noteText('Values of every parameter at the last checkpoint. The counts are on a logarithmic axis.') +
    `<div class="columns">${histograms.map((one) => charts.histogram(one)).join('\n')}</div>`
  );
}

/** Confusion matrix and worst examples, or why there are none. */
function testSections({ evaluation, confusion, note: reason }: RunView): string[] {
  if (evaluation === null || confusion === null)
    return [section('Test data', noteText(reason ?? 'There is no checkpoint yet.'))];
  const { test } = evaluation;
  const matrix =
    confusion.counts === null
      ? `<div class="wide">${mistakesTable(confusion)}</div>`
      : `<div class="wide confusion">${confusionTable(confusion.labels, confusion.counts)}</div>`;
  const head = `${countText(test.count)} test examples at the last checkpoint: ${answersText(evaluation.evaluation)}.`;
  return [
    section('Confusion matrix', noteText(head) + matrix),
    section('Worst examples', worstExamples(evaluation)),
  ];
}

/** Examples that are taken for another class; what is right, however unsure, is no worst example. */
function worstExamples(evaluation: ReportEvaluation): string {
  const { worst, wrong, isDiverged } = evaluation;
  if (isDiverged) return noteText('The network’s outputs are no numbers.');
  if (worst.length === 0) return noteText('Every test example is taken for its class.');
  const which = worst.length < wrong ? `the ${worst.length} worst of ${countText(wrong)}` : 'all';
  return (
    noteText(
      `Test examples that are taken for another class, ${which}: those first to whose class the network gave the least probability.`,
    ) + `<div class="worst">${worst.map((example) => worstFigure(evaluation, example)).join('\n')}</div>`
  );
}

function answersText(evaluation: ReportEvaluation['evaluation']): string {
  const none = evaluation.withoutClass();
  return none === 0
    ? `${percentText(evaluation.errorPercent())} taken for another class`
    : `${countText(none)} have no class, because the network’s outputs are no numbers`;
}

function mistakesTable({ mistakes }: Confusion): string {
  return htmlTable(
    ['Is', 'Taken for', 'Examples'],
    mistakes.map(({ actual, predicted, count }) => [escaped(actual), escaped(predicted), String(count)]),
  );
}

function worstFigure({ test, labelNames }: ReportEvaluation, example: WorstExample): string {
  const { index, label, predicted, labelProbability, predictedProbability } = example;
  const name = (of: number): string => labelNames[of] ?? String(of);
  const picture = thumbnail(test, index);
  // No-break spaces: a "%" alone on a line reads badly below a small image.
  const percent = (share: number): string => `${(100 * share).toFixed(share >= 0.1 ? 0 : 2)}\u00a0%`;
  const text = `is ${name(label)}, ${percent(labelProbability)}; taken for ${name(predicted)}, ${percent(predictedProbability)}`;
  const image =
    picture === null
      ? ''
      : `<img alt="test example ${index}" width="${picture.width}" height="${picture.height}" src="data:image/png;base64,${base64(encode({ ...picture }))}">`;
  const values =
    picture === null ? `<br><span class="values">${escaped(valuesText(test, index))}</span>` : '';
  return `<figure>${image}${escaped(text)}${values}<br><span class="note">example ${countText(index)}</span></figure>`;
}

function base64(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

/** A share, and how it went. */
function seriesCell(charts: ReportCharts, series: SiteSeries | null, isMarked = false): string {
  if (series === null) return '';
  const text = `<span class="value">${shareText(series.total)}</span>`;
  return charts.spark(series) + (isMarked ? `<b class="marked">▲ ${text}</b>` : text);
}

/** The lost gradients of every parameter, those that lost most first. */
function lostSection(charts: ReportCharts, { parts, configuration }: RunView): string {
  if (parts.lost.length === 0) {
    const isFloat = configuration.network.formats === 'float32';
    return noteText(
      isFloat
        ? 'Nothing is rounded in float32, so no gradient is lost.'
        : 'They are not counted yet, or the version of Fewbit that made the run did not count them.',
    );
  }
  const rows = [...parts.lost]
    .sort((a, b) => b.lost.total - a.lost.total)
    .map(({ parameter, lost, flushed, swallowed, gradients }) => [
      tensorCode(parameter),
      ...[lost, flushed, swallowed].map((series) =>
        gradients.total === 0 ? 'no gradient' : seriesCell(charts, series),
      ),
      seriesCell(charts, gradients),
    ]);
  return (
    noteText(
      `${LOST_NOTE} Not zero: the share of all gradients, elements times steps, that is non-zero before rounding; it falls if errors are flushed on their way back. The small curves show how the shares went, each from 0 to its own largest value.`,
    ) +
    `<div class="wide statistics">${htmlTable(['Parameter', 'Lost', 'Flushed', 'Swallowed', 'Not zero'], rows)}</div>`
  );
}

/** A row for every rounding site, the worst first; those where next to nothing was cut off are folded away. */
function statisticsTable(charts: ReportCharts, { sites }: RunParts): string {
  if (sites.length === 0) return noteText('Nothing is rounded in float32, so nothing is counted.');
  const ranked = [...sites].sort((a, b) => severity(b) - severity(a));
  const harmless = ranked.filter((site) => severity(site) < HARMLESS);
  const table = (shown: readonly SiteHistory[]): string => {
    const rows = shown.map(({ site, format, saturated, flushed, range }) => [
      tensorCode(site),
      escaped(format),
      seriesCell(charts, saturated, saturated.total >= MUCH_SATURATED),
      seriesCell(charts, flushed, flushed.total >= MUCH_FLUSHED),
      seriesCell(charts, range),
    ]);
    const head = ['Tensor', 'Format', 'Saturated', 'Flushed to 0', 'Range used'];
    return `<div class="wide statistics">${htmlTable(head, rows)}</div>`;
  };
  const shown = ranked.slice(0, ranked.length - harmless.length);
  const folded =
    harmless.length === 0
      ? ''
      : `<details${shown.length === 0 ? ' open' : ''}><summary>${countOf(harmless.length, 'tensor')} with less than 1 % flushed and 0.02 % saturated</summary>${table(harmless)}</details>`;
  return (
    noteText(
      'Shares of all elements that were rounded into the tensor, over the run, the worst first. ▲: 1 % or more saturated, or half or more flushed. Range used: the largest magnitude as a share of the format’s.',
    ) +
    (shown.length === 0 ? '' : table(shown)) +
    folded
  );
}

/** From these shares on a tensor is marked; stochastic rounding may flush much and keep the mean, saturation always cuts off. */
const MUCH_SATURATED = 0.01;
const MUCH_FLUSHED = 0.5;
/** Of `severity`, below which a row is folded away. */
const HARMLESS = 0.02;

/** 1 or more if the tensor is marked. */
function severity({ saturated, flushed }: SiteHistory): number {
  return Math.max(saturated.total / MUCH_SATURATED, flushed.total / MUCH_FLUSHED);
}
