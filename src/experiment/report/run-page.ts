/**
 * The report of one run as one HTML file with nothing to load: what came out, learning curves beside swallowed updates,
 * settings, confusion matrix, worst examples, every tensor's statistics over time, histograms of the weights.
 * docs/experiments.md, section "Reports".
 */
import { encode } from 'fast-png';
import { htmlPage, htmlTable, noteText, REPORT_CSS, section, tiles } from '../draw/page.js';
import { escaped } from '../draw/svg.js';
import { countText, percentText, shareText } from '../draw/text.js';
import { confusionTable, ReportCharts } from './run-charts.js';
import { thumbnail, type ReportEvaluation, type WorstExample } from './run-evaluation.js';
import type { RunParts, SiteHistory, SiteSeries } from './run-statistics.js';
import { runView, type Confusion, type RunReport, type RunView } from './run-view.js';

const CSS = `${REPORT_CSS}
figure.small { width: 226px; } p.small { margin: 0; font-size: 12px; line-height: 1.35; } figure.small figcaption { font-weight: 400; }
td svg { display: block; width: 96px; height: 22px; } td .none { color: var(--line); }
.cell { display: block; margin: 0 -.35rem; padding: 0 .35rem; border-radius: .2rem; } .confusion td, .confusion th { padding: .2rem .55rem; text-align: center; }
.cell.right { background: color-mix(in srgb, var(--heat) var(--v), transparent); } .cell.wrong { background: color-mix(in srgb, var(--bad) var(--v), transparent); }
.worst { display: flex; flex-wrap: wrap; gap: .8rem; } .worst figure { width: 104px; font-size: 12px; line-height: 1.35; } .worst img { width: 100%; height: auto; image-rendering: pixelated; border: 1px solid var(--line); border-radius: .2rem; }
.statistics td:not(:first-child) { min-width: 96px; } .statistics .value { font-size: 12px; }
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

function curvesSection(
  charts: ReportCharts,
  { metrics, parts, swallowed: { shown, counted }, changesPrecision }: RunView,
): string {
  if (metrics.length === 0) return section('Learning curves', noteText('Nothing is recorded yet.'));
  const swallowed =
    counted === 0
      ? noteText('Nothing is rounded in float32, so no update is swallowed.')
      : noteText(
          `An update is swallowed when it was not zero before rounding and its parameter stayed as it was.${shown.length < counted ? ` Shown: ${shown.length} of ${counted} parameters; all are in the table below.` : ''}`,
        );
  const changed = changesPrecision ? noteText('Dotted vertical lines: the precision changes.') : '';
  const panels = [
    charts.errors(),
    ...(shown.length === 0 ? [] : [charts.swallowed(shown, parts.steps)]),
    charts.losses(),
  ];
  return section(
    'Learning curves',
    `<div class="columns">${panels.join('\n')}</div>\n${swallowed}${changed}`,
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
  const { worst, test } = evaluation;
  const matrix =
    confusion.counts === null
      ? `<div class="wide">${mistakesTable(confusion)}</div>`
      : `<div class="wide confusion">${confusionTable(confusion.labels, confusion.counts)}</div>`;
  const head = `${countText(test.count)} test examples at the last checkpoint: ${answersText(evaluation.evaluation)}.`;
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
