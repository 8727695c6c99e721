/**
 * The page of a comparison as one HTML file with nothing to load: what came out in two sentences, chart, results, lost
 * gradients, what each name stands for, and the network. Light or dark as the reader's system is.
 */
import type { NetworkDefinition } from '../../nn/index.js';
import { entryHtml, lineEntry } from '../draw/legend.js';
import { htmlPage, htmlTable, noteText, PAGE_THEME, section, tensorCode, wideChart } from '../draw/page.js';
import { escaped } from '../draw/svg.js';
import { countText, digestText, percentText } from '../draw/text.js';
import type { ComparisonRow } from '../run/comparison.js';
import { trainErrorOf } from '../run/metrics.js';
import { comparisonView, type ComparedRun, type ComparisonView } from './comparison-view.js';
import { comparisonChart, errorChart } from './error-chart.js';
import { LOST_NOTE, lostCells, lostParts, lostText } from './lost-table.js';

const CSS = `
.settings-of th, .settings-of td { text-align: left; vertical-align: top; } .settings-of td { white-space: normal; }
`;

/** The whole page. `title` names the comparison. */
export async function comparisonPage(title: string, rows: readonly ComparisonRow[]): Promise<string> {
  const view = comparisonView(title, rows);
  const chart = comparisonChart(title, rows);
  const sections = [
    `<p>${escaped(view.conclusion)}</p>`,
    await wideChart((theme) => errorChart(chart, theme)),
    noteText(
      `Points: the figures after each epoch, the last ones those of the table.${chart.series.some(({ trainParts = [] }) => trainParts.length > 0) ? ' Thin lines: the training error within epochs.' : ''}`,
    ),
    section('Results', resultsSection(view)),
    section('Lost gradients', lostSection(rows)),
    section('Settings', settingsSection(view)),
    section('Network', networkSection(view)),
  ];
  return htmlPage(title, sections.join('\n'), { css: CSS });
}

/** The name of a run behind the line and the marker of its curve. */
function nameCell({ row }: ComparedRun, index: number): string {
  return entryHtml(lineEntry(PAGE_THEME, row.name, { colour: index, marker: index }));
}

function resultsSection({ runs }: ComparisonView): string {
  const head = [
    'Setting',
    'Test error',
    'Training error',
    'Lost gradients',
    'Training loss',
    'Steps',
    'Steps/s',
    'Digest',
  ];
  const cells = runs.map((run, index) => {
    const { error, lost, row } = run;
    const { loss, steps, stepsPerSecond, digest } = row.result;
    const train = trainErrorOf(row.result);
    return [
      nameCell(run, index),
      error === null ? 'not a number' : percentText(error),
      train === null ? 'not a number' : percentText(train),
      lostText(lost) + (lost === null ? '' : `<small>${lostParts(lost).replace(', ', '<br>')}</small>`),
      loss === null ? 'not a number' : loss.toFixed(4),
      countText(steps),
      stepsPerSecond.toFixed(1),
      `<code class="digest">${digestText(digest)}</code>`,
    ];
  });
  const note = noteText(
    'Test error: after the last epoch. Training error and loss: over the examples of the last epoch, each taken when it was trained on. Two runs with one digest have the same weights, bit for bit.',
  );
  return `<div class="wide">${htmlTable(head, cells)}</div>\n${note}`;
}

function lostSection(rows: readonly ComparisonRow[]): string {
  const cells = lostCells(rows.map(({ name, result }) => ({ name, lost: result.lost })));
  if (cells === null) return noteText('Nothing is rounded in float32, so no gradient is lost.');
  const [, ...names] = cells.head;
  const body = cells.rows.map(([parameter = '', ...shares]) => [
    parameter === 'all' ? '<b>all</b>' : tensorCode(parameter),
    ...shares.map((text) => escaped(text).replace(/ \((.*)\)$/, '<small>$1</small>')),
  ]);
  return `<div class="wide">${htmlTable(['Parameter', ...names.map(escaped)], body)}</div>\n${noteText(
    `${LOST_NOTE} Below each share: flushed + swallowed.`,
  )}`;
}

/** What the names stand for: where the runs differ. */
function settingsSection({ runs, settings, fields, formatNote, common }: ComparisonView): string {
  const head = ['Setting', 'Formats', 'Rounding', ...fields];
  const rows = runs.map(({ row }, i) => [row.name, ...(settings[i] ?? [])]);
  const table = htmlTable(
    head.map(escaped),
    rows.map((cells) => cells.map(escaped)),
  );
  return `<div class="wide settings-of">${table}</div>\n${formatNote === '' ? '' : noteText(formatNote)}${
    common.length === 0 ? '' : noteText(`The same in all: ${common.join(', ')}.`)
  }`;
}

function networkSection({ networks }: ComparisonView): string {
  return networks
    .map(({ definition, names }) => {
      const whose = networks.length === 1 ? '' : `<h3>${escaped(names.join(', '))}</h3>\n`;
      return `${whose}<div class="wide">${layersTable(definition)}</div>`;
    })
    .join('\n');
}

function layersTable({ layers, parameterCount }: NetworkDefinition): string {
  const rows = layers.map(({ name, type, inputShape, outputShape, parameters }) => [
    `<code>${escaped(name)}</code>`,
    escaped(type),
    inputShape.join('×'),
    outputShape.join('×'),
    countText(parameters.reduce((count, { shape }) => count + shape.reduce((a, b) => a * b, 1), 0)),
  ]);
  const total = ['<b>all</b>', '', '', '', countText(parameterCount)];
  return htmlTable(['Layer', 'Type', 'Input', 'Output', 'Parameters'], [...rows, total]);
}
