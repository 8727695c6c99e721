/** A reproduced figure for readers: its pictures, and its table against the paper as Markdown and as a page that loads nothing. */
import { entryHtml, lineEntry } from '../draw/legend.js';
import { htmlPage, htmlTable, noteText, PAGE_THEME, section, wideChart } from '../draw/page.js';
import { escaped } from '../draw/svg.js';
import {
  digestText,
  markdownTable,
  percentText,
  shareText,
  signed,
  timeText,
  type Cells,
} from '../draw/text.js';
import { DARK_THEME, LIGHT_THEME } from '../draw/theme.js';
import { errorChart } from '../report/error-chart.js';
import { LOST_NOTE, lostText, NOT_COUNTED } from '../report/lost-table.js';
import type { Spread } from '../report/spread.js';
import { FIGURE_COLOURS, type Figure } from './figures.js';
import { figureChart, isComparable, type FigureRow, type FigureRun } from './reproduction.js';

/** The figure as SVG for a separate file. */
export async function figureSvg(
  figure: Figure,
  rows: readonly FigureRow[],
  mode: 'light' | 'dark',
): Promise<string> {
  const theme = mode === 'light' ? LIGHT_THEME : DARK_THEME;
  return errorChart(figureChart(figure, rows), { ...theme, series: FIGURE_COLOURS[mode] });
}

/** The cells of the table, as plain text. */
export function figureCells({ against }: Figure, rows: readonly FigureRow[]): Cells {
  const head = [
    ...['setting', 'test error', ...(against === 'paper' ? ['paper', 'difference'] : ['to float32'])],
    ...['training error', 'lost', 'flushed', 'swallowed', 'time', 'digest'],
  ];
  const cells = rows.map((row) => [
    row.setting.name,
    errorText(row.testErrorPercent, row),
    ...(against === 'paper' ? [row.setting.paper.text] : []),
    row.difference === null ? '–' : differenceText(row.difference),
    errorText(row.trainErrorPercent, row),
    lostText(row.lost),
    row.lost === null ? NOT_COUNTED : shareText(row.lost.flushed),
    row.lost === null ? NOT_COUNTED : shareText(row.lost.swallowed),
    timeText(row.seconds),
    digestText(row.digest),
  ]);
  return { head, rows: cells };
}

/** What the columns mean. */
export const FIGURE_NOTE = `Test error after the last epoch; over several seeds the mean, and from the smallest to the largest. Difference to the paper or to float32: in points. ${LOST_NOTE} Time: of training, all seeds together. Digest: of the first seed’s weights.`;

/** Markdown with the picture `picture`; `command` is what makes it again. */
export function figureMarkdown(
  figure: Figure,
  rows: readonly FigureRow[],
  runs: readonly FigureRun[],
  { picture, command }: { readonly picture: string; readonly command: string },
): string {
  return [
    `# ${figure.title}`,
    `![${figure.title}: test error and training error against epochs](${picture})`,
    markdownTable(figureCells(figure, rows), (column, last) => column === 0 || column === last),
    FIGURE_NOTE,
    factsText(runs),
    `\`\`\`sh\n${command}\n\`\`\``,
    '',
  ].join('\n\n');
}

/** The same as a page. */
export async function figureHtml(
  figure: Figure,
  rows: readonly FigureRow[],
  runs: readonly FigureRun[],
  { command }: { readonly command: string },
): Promise<string> {
  const chart = await wideChart((theme) => errorChart(figureChart(figure, rows), theme));
  const cells = figureCells(figure, rows);
  const table = htmlTable(
    cells.head.map((text) => text.slice(0, 1).toUpperCase() + text.slice(1)),
    cells.rows.map(([, ...rest], i) => {
      const digest = rest.pop() ?? '';
      const { setting } = rows[i]!;
      return [
        entryHtml(lineEntry(PAGE_THEME, setting.name, setting.look)),
        ...rest.map(rangeBelow),
        `<code class="digest">${escaped(digest)}</code>`,
      ];
    }),
  );
  const sections = [
    chart,
    section(
      `Against ${figure.against === 'paper' ? 'the paper' : 'float32'}`,
      `<div class="wide">${table}</div>`,
    ),
    noteText(FIGURE_NOTE),
    noteText(factsText(runs)),
    `<pre><code>${escaped(command)}</code></pre>`,
  ];
  return htmlPage(figure.title, sections.join('\n'), { series: FIGURE_COLOURS });
}

/** Seeds, length, data and version, in words. */
function factsText(runs: readonly FigureRun[]): string {
  const first = runs[0]?.configuration;
  if (!first) return '';
  const { epochs = 0, batch, data, subset, fewbit, backend } = first;
  const seeds = [...new Set(runs.map(({ seed }) => seed))];
  const { train, test } = subset ?? {};
  const part =
    subset === undefined ? '' : ` (the first ${train ?? 'all'} training and ${test ?? 'all'} test examples)`;
  const warning = runs.every(isComparable)
    ? ''
    : ' This is a trial on other data than the full set: its errors say little.';
  return `${seeds.length === 1 ? 'Seed' : 'Seeds'} ${seeds.join(', ')}; ${epochs} epochs of ${data}${part}, batch ${batch}, backend ${backend}, fewbit ${fewbit ?? '–'}.${warning}`;
}

function errorText(spread: Spread | null, { seeds, diverged }: FigureRow): string {
  if (spread === null) {
    return seeds.length === 1
      ? 'no number (diverged)'
      : `no number (${diverged.length} of ${seeds.length} diverged)`;
  }
  const { mean, low, high } = spread;
  const range = seeds.length === 1 ? '' : ` (${low.toFixed(2)} to ${high.toFixed(2)})`;
  return percentText(mean) + range;
}

/** A cell of the page: what is in parentheses goes below, so that the table stays narrow. */
function rangeBelow(cell: string): string {
  return escaped(cell).replace(/ \((.*)\)$/, '<br><small>$1</small>');
}

function differenceText(points: number): string {
  return Number(points.toFixed(2)) === 0 ? '0.00' : signed(points);
}
