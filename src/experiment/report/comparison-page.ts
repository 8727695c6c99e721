/**
 * The report of a comparison as one HTML file with nothing to load: chart, results, swallowed updates, and how each run was
 * configured. Light or dark as the reader's system is.
 */
import { networkFromJSON } from '../../nn/index.js';
import { htmlPage, htmlTable, noteText, PAGE_THEME, section, swatch } from '../draw/page.js';
import { escaped } from '../draw/svg.js';
import { digestText, percentText } from '../draw/text.js';
import type { ComparisonRow } from '../run/comparison.js';
import { testErrorOf, trainErrorOf } from '../run/metrics.js';
import { comparisonChart, errorChart } from './error-chart.js';

/** The whole page. `title` names the comparison. */
export async function comparisonPage(title: string, rows: readonly ComparisonRow[]): Promise<string> {
  const chart = await errorChart(comparisonChart(title, rows), PAGE_THEME);
  const note = noteText(
    'Training error: over the examples of the last epoch, each taken when it was trained on. Two runs with one digest have the same weights, bit for bit.',
  );
  const sections = [
    `<div class="wide">${chart}</div>`,
    section('Results', `<div class="wide">${resultsTable(rows)}</div>\n${note}`),
    section('Swallowed updates', swallowedSection(rows)),
    section('Settings', rows.map(settingsSection).join('\n')),
  ];
  return htmlPage(title, sections.join('\n'));
}

function resultsTable(rows: readonly ComparisonRow[]): string {
  const head = ['Setting', 'Test error', 'Training error', 'Training loss', 'Steps', 'Steps/s', 'Digest'];
  return htmlTable(
    head,
    rows.map((row, index) => {
      const { loss, steps, stepsPerSecond, digest } = row.result;
      const text = (error: number | null): string => (error === null ? 'not a number' : percentText(error));
      return [
        swatch(row.name, index),
        text(testErrorOf(row.result)),
        text(trainErrorOf(row.result)),
        loss === null ? 'not a number' : loss.toFixed(4),
        String(steps),
        stepsPerSecond.toFixed(0),
        `<code class="digest">${digestText(digest)}</code>`,
      ];
    }),
  );
}

function swallowedSection(rows: readonly ComparisonRow[]): string {
  const counted = rows
    .map((row, index) => ({ row, index }))
    .filter(({ row }) => row.result.swallowed.length > 0);
  const parameters = [
    ...new Set(counted.flatMap(({ row }) => row.result.swallowed.map((rate) => rate.parameter))),
  ];
  if (parameters.length === 0) return noteText('Nothing is rounded in float32.');
  const cells = parameters.map((parameter) => [
    `<code>${escaped(parameter)}</code>`,
    ...counted.map(({ row }) => {
      const found = row.result.swallowed.find((rate) => rate.parameter === parameter);
      return found === undefined ? '–' : percentText(100 * found.rate);
    }),
  ]);
  return (
    `<p>An update is swallowed when it was not zero before rounding and the parameter stayed as it was: the share of all updates of each parameter, over the whole run. Below half a step of the format, round-to-nearest swallows every update; stochastic rounding lets through as many as keep the mean right.</p>\n` +
    `<div class="wide">${htmlTable(['Parameter', ...counted.map(({ row, index }) => swatch(row.name, index))], cells)}</div>`
  );
}

function settingsSection(row: ComparisonRow): string {
  const { network, data, batch, backend } = row.configuration;
  const facts = `seed ${network.seed}, data ${data}, batch ${batch}, backend ${backend}`;
  return `<h3>${escaped(row.name)}</h3>\n${noteText(facts)}\n<pre><code>${escaped(networkFromJSON(network).summary())}</code></pre>`;
}
