/**
 * The report of a comparison as one HTML file with nothing to load: chart, results, swallowed updates, and how each run was
 * configured. Light or dark as the reader's system is.
 */
import { networkFromJSON } from '../nn/index.js';
import { comparisonChart, errorChart, escaped, LIGHT_THEME, type ChartTheme } from './chart.js';
import type { ComparisonRow } from './comparison.js';

/** The chart's colours as variables of the page. */
export const PAGE_THEME: ChartTheme = {
  framed: false,
  background: 'none',
  ink: 'var(--ink)',
  muted: 'var(--muted)',
  grid: 'var(--line)',
  series: Array.from({ length: 8 }, (_, index) => `var(--series-${String(index + 1)})`),
};

const LIGHT_SERIES = LIGHT_THEME.series;
const DARK_SERIES = ['#58a6ff', '#ff8f5a', '#3fc69b', '#c297f0', '#e3b341', '#4fc3dc', '#f778ba', '#a5b0ba'];

const variables = (series: readonly string[]): string =>
  series.map((colour, index) => `--series-${String(index + 1)}: ${colour};`).join(' ');

export const STYLE = `
:root { color-scheme: light dark; --page: #ffffff; --ink: #1f2328; --muted: #59636e; --line: #d8dee4; --band: #f6f8fa; ${variables(LIGHT_SERIES)} }
@media (prefers-color-scheme: dark) {
  :root { --page: #14181d; --ink: #e6edf3; --muted: #9aa7b4; --line: #323b45; --band: #1c2229; ${variables(DARK_SERIES)} }
}
body { margin: 0 auto; max-width: 62rem; padding: 1.5rem 1rem 3rem; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif; }
svg { max-width: 100%; height: auto; }
.wide { overflow-x: auto; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
p { max-width: 46rem; } .note { color: var(--muted); }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .9rem .3rem 0; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap; }
th { color: var(--muted); font-weight: 600; } th:first-child, td:first-child { text-align: left; }
.swatch { display: inline-block; width: .8rem; height: .8rem; border-radius: .2rem; margin-right: .5rem; vertical-align: -.05rem; }
code { font: 13px/1.4 ui-monospace, 'DejaVu Sans Mono', monospace; } code.digest { color: var(--muted); }
pre { overflow-x: auto; background: var(--band); padding: .8rem 1rem; border-radius: .4rem; }
`;

/** The whole page. `title` says what was compared. */
export async function comparisonPage(title: string, rows: readonly ComparisonRow[]): Promise<string> {
  const chart = await errorChart(comparisonChart(title, rows), PAGE_THEME);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${escaped(title)}</h1>
<div class="wide">${chart}</div>
<h2>Results</h2>
<div class="wide">${resultsTable(rows)}</div>
<p class="note">Training error: over the examples of the last epoch, each taken when it was trained on. Two runs with one digest have the same weights, bit for bit.</p>
<h2>Swallowed updates</h2>
${swallowedSection(rows)}
<h2>Settings</h2>
${rows.map(settingsSection).join('\n')}
</body>
</html>
`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (tag: string, cells: readonly string[]): string =>
    `<tr>${cells.map((cell) => `<${tag}>${cell}</${tag}>`).join('')}</tr>`;
  return `<table><thead>${line('th', head)}</thead><tbody>${rows.map((row) => line('td', row)).join('\n')}</tbody></table>`;
}

function named(row: ComparisonRow, index: number): string {
  const variable = `var(--series-${String((index % LIGHT_SERIES.length) + 1)})`;
  return `<span class="swatch" style="background: ${variable}"></span>${escaped(row.name)}`;
}

function resultsTable(rows: readonly ComparisonRow[]): string {
  const head = ['Setting', 'Test error', 'Training error', 'Training loss', 'Steps', 'Steps/s', 'Digest'];
  return table(
    head,
    rows.map((row, index) => {
      const { testErrorPercent, trainErrorPercent, loss, steps, stepsPerSecond, digest } = row.result;
      return [
        named(row, index),
        `${testErrorPercent.toFixed(2)} %`,
        `${trainErrorPercent.toFixed(2)} %`,
        loss === null ? '–' : loss.toFixed(4),
        String(steps),
        stepsPerSecond.toFixed(0),
        `<code class="digest">${digest.slice(0, 12)}</code>`,
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
  if (parameters.length === 0) return '<p class="note">Nothing is rounded in float32.</p>';
  const cells = parameters.map((parameter) => [
    `<code>${escaped(parameter)}</code>`,
    ...counted.map(({ row }) => {
      const found = row.result.swallowed.find((rate) => rate.parameter === parameter);
      return found === undefined ? '–' : `${(100 * found.rate).toFixed(2)} %`;
    }),
  ]);
  return (
    `<p>An update is swallowed when it was not zero before rounding and the parameter stayed as it was: the share of all updates of each parameter, over the whole run. Below half a step of the format, round-to-nearest swallows every update; stochastic rounding lets through as many as keep the mean right.</p>\n` +
    `<div class="wide">${table(['Parameter', ...counted.map(({ row, index }) => named(row, index))], cells)}</div>`
  );
}

function settingsSection(row: ComparisonRow): string {
  const { network, data, batch, backend } = row.configuration;
  const facts = `seed ${String(network.seed)}, data ${data}, batch ${String(batch)}, backend ${backend}`;
  return `<h3>${escaped(row.name)}</h3>\n<p class="note">${escaped(facts)}</p>\n<pre><code>${escaped(networkFromJSON(network).summary())}</code></pre>`;
}
