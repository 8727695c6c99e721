/**
 * What the pages have in common: nothing to load, light or dark as the reader's system is, readable on a telephone. A table
 * that is wider than the screen scrolls, keeps its first column in sight, and has a line above it that mentions this.
 */
import type { Cells } from './text.js';
import { svgElement } from './frame.js';
import { escaped, FONTS } from './svg.js';
import { DARK_THEME, LIGHT_THEME, type ChartTheme } from './theme.js';

/** The colours of a chart on a page: variables, so that they follow light and dark. */
export const PAGE_THEME: ChartTheme = {
  framed: false,
  background: 'none',
  ink: 'var(--ink)',
  muted: 'var(--muted)',
  grid: 'var(--line)',
  series: LIGHT_THEME.series.map((_, index) => `var(--series-${index + 1})`),
};

/** Width of a chart for a screen too narrow for the usual one, pixels. */
export const NARROW_WIDTH = 400;
export const NARROW_THEME: ChartTheme = { ...PAGE_THEME, width: NARROW_WIDTH };

const variables = (series: readonly string[]): string =>
  series.map((colour, index) => `--series-${index + 1}: ${colour};`).join(' ');

/** The style sheet; `light` and `dark` are the colours of curves. */
const style = (light: readonly string[], dark: readonly string[]): string => `
:root { color-scheme: light dark; --page: #ffffff; --ink: #1f2328; --muted: #59636e; --line: #d8dee4; --band: #f6f8fa; --bad: #b42318; --heat: #0969b2; ${variables(light)} }
@media (prefers-color-scheme: dark) {
  :root { --page: #14181d; --ink: #e6edf3; --muted: #9aa7b4; --line: #323b45; --band: #1c2229; --bad: #ff7b72; --heat: #58a6ff; ${variables(dark)} }
}
body { margin: 0 auto; max-width: 62rem; padding: 1.5rem 1rem 3rem; background: var(--page); color: var(--ink); font: 15px/1.5 ${FONTS}; }
svg { max-width: 100%; height: auto; }
.wide, pre { overflow-x: auto; scrollbar-width: thin; animation: scrolls linear both; animation-timeline: scroll(self inline); }
.wide { background: linear-gradient(to left, var(--page) 40%, transparent) right / 2rem 100% no-repeat local, linear-gradient(to left, var(--line), transparent) right / .7rem 100% no-repeat scroll; }
@keyframes scrolls { from, to { --hint: block; } }
.wide::before, pre::before { content: 'Scroll sideways \\2192'; display: var(--hint, none); position: sticky; left: 0; width: max-content; color: var(--muted); font: 12px/1.8 ${FONTS}; }
h1 { font-size: 1.5rem; line-height: 1.25; overflow-wrap: anywhere; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
p { max-width: 46rem; } .note { color: var(--muted); }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .9rem .3rem 0; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap; }
th { color: var(--muted); font-weight: 600; } thead th { white-space: normal; vertical-align: bottom; line-height: 1.25; } td small { display: block; } th:first-child, td:first-child { text-align: left; }
.wide th:first-child, .wide td:first-child { position: sticky; left: 0; background: var(--page); }
svg.key { margin-right: .35rem; vertical-align: -.1rem; overflow: visible; } .legend { max-width: none; margin: .2rem 0 .5rem; font-size: 13px; } .legend > span { display: inline-block; margin-right: .9rem; }
code { font: 13px/1.4 ui-monospace, 'DejaVu Sans Mono', monospace; } code.digest { color: var(--muted); } p code { overflow-wrap: anywhere; } td code { overflow-wrap: break-word; } small { color: var(--muted); }
pre { overflow-x: auto; background: var(--band); padding: .8rem 1rem; border-radius: .4rem; }
.bad { color: var(--bad); } .at-narrow { display: none; } .at-narrow > svg { width: 100%; max-width: 30rem; }
.columns { display: flex; flex-wrap: wrap; gap: 1rem 1.5rem; } figure { margin: 0; max-width: 100%; } figcaption { font-weight: 600; }
@media (max-width: 44rem) {
  .at-wide { display: none; } .at-narrow { display: block; }
  table { font-size: 14px; } th, td { padding-right: .65rem; }
  .wide th:first-child, .wide td:first-child { max-width: 9rem; white-space: normal; }
}
`;

export interface PageOptions {
  /** Colours of curves other than those of all charts: in the light, and in the dark. */
  readonly series?: { readonly light: readonly string[]; readonly dark: readonly string[] };
  /** Rules of this page alone. */
  readonly css?: string;
}

/** A whole page around its body; the title is also its heading. */
export function htmlPage(title: string, body: string, { series, css = '' }: PageOptions = {}): string {
  const { light, dark } = series ?? { light: LIGHT_THEME.series, dark: DARK_THEME.series };
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title>
<style>${style(light, dark)}${css}</style>
</head>
<body>
<h1>${escaped(title)}</h1>
${body}
</body>
</html>
`;
}

/** Rules that the reports of runs and sweeps share: tiles of figures, small charts with legends, a table of settings. */
export const REPORT_CSS = `
.tiles { display: flex; flex-wrap: wrap; gap: .6rem; margin: 1rem 0; }
.tile { max-width: 100%; box-sizing: border-box; overflow-wrap: anywhere; background: var(--band); border-radius: .4rem; padding: .5rem .9rem; } .tile b { display: block; font-size: 1.25rem; font-variant-numeric: tabular-nums; } .tile span { color: var(--muted); font-size: 13px; }
figure.chart { flex: 1 1 20rem; max-width: 470px; } figure.chart > svg { width: 100%; }
.settings td { white-space: normal; text-align: left; vertical-align: top; overflow-wrap: anywhere; } .settings td:first-child { color: var(--muted); white-space: nowrap; } .settings thead { display: none; }
`;

/** A paragraph of plain text, muted. */
export function noteText(text: string): string {
  return `<p class="note">${escaped(text)}</p>`;
}

/** The name of a tensor, which may break after its layer and before its role. */
export function tensorCode(name: string): string {
  return `<code>${escaped(name).replace(/\/|(?=\.)/g, '$&<wbr>')}</code>`;
}

/** A table; its cells are HTML already. */
export function htmlTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (tag: string, cells: readonly string[]): string =>
    `<tr>${cells.map((cell) => `<${tag}>${cell}</${tag}>`).join('')}</tr>`;
  return `<table><thead>${line('th', head)}</thead><tbody>${rows.map((row) => line('td', row)).join('\n')}</tbody></table>`;
}

/** A table of plain texts that scrolls if it is too wide. */
export function textTable({ head, rows }: Cells): string {
  const cells = rows.map((row) => row.map(escaped));
  return `<div class="wide">${htmlTable(head.map(escaped), cells)}</div>`;
}

/** A section of a page below its heading. */
export function section(title: string, body: string): string {
  return `<h2>${escaped(title)}</h2>\n${body}`;
}

/** Tiles of figures, each over its name. */
export function tiles(all: readonly (readonly [name: string, value: string])[]): string {
  const drawn = all.map(
    ([name, value]) => `<div class="tile"><b>${escaped(value)}</b><span>${escaped(name)}</span></div>`,
  );
  return `<div class="tiles">${drawn.join('')}</div>`;
}

/** What `chartFigure` puts on a page. */
export interface PageChart {
  /** Above the chart; may be empty. */
  readonly title: string;
  /** Read aloud; default: the title. */
  readonly label?: string;
  readonly width: number;
  readonly height: number;
  /** Elements of the drawing. */
  readonly svg: string;
  /** HTML above it. */
  readonly legend?: string;
  /** As wide as the page. */
  readonly isWide?: boolean;
}

/** A chart as wide as the page, drawn for two widths; the style sheet shows the one that fits the screen. */
export async function wideChart(draw: (theme: ChartTheme) => string | Promise<string>): Promise<string> {
  return bothWidths(await draw(PAGE_THEME), await draw(NARROW_THEME));
}

/** Two drawings of one chart. */
export function bothWidths(wide: string, narrow: string): string {
  return `<div class="at-wide">${wide}</div>\n<div class="at-narrow">${narrow}</div>`;
}

/** A chart of a page with its title and legend. */
export function chartFigure({
  title,
  label = title,
  width,
  height,
  svg,
  legend = '',
  isWide = false,
}: PageChart): string {
  const caption = title === '' ? '' : `<figcaption>${escaped(title)}</figcaption>`;
  return `<figure class="${isWide ? 'whole' : 'chart'}">${caption}${legend}${svgElement(label, width, height, svg)}</figure>`;
}
