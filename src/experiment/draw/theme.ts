/** What all charts share: themes, the libraries that draw, text and markers as SVG. */

/** Colours as CSS has them; a page passes variables. */
export interface ChartTheme {
  /** A picture of its own has a margin and the title; on a page the page has both. */
  readonly framed: boolean;
  readonly background: string;
  readonly ink: string;
  readonly muted: string;
  readonly grid: string;
  /** Used in turn; told apart by people with colour-blindness as well. */
  readonly series: readonly string[];
}

/** For a file of its own, on white. */
export const LIGHT_THEME: ChartTheme = {
  framed: true,
  background: '#ffffff',
  ink: '#1f2328',
  muted: '#59636e',
  grid: '#d8dee4',
  series: ['#0969b2', '#c2410c', '#0f7b5f', '#8250a8', '#9a6700', '#1b7c96', '#b3246b', '#57606a'],
};

/** For a file of its own, in the dark. */
export const DARK_THEME: ChartTheme = {
  framed: true,
  background: '#14181d',
  ink: '#e6edf3',
  muted: '#9aa7b4',
  grid: '#323b45',
  series: ['#58a6ff', '#ff8f5a', '#3fc69b', '#c297f0', '#e3b341', '#4fc3dc', '#f778ba', '#a5b0ba'],
};

export const FONT_SIZE = 13;
export const FONTS = `system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif`;
/** Average advance of a character of the font; what is placed by it only needs to be wide enough. */
export const CHARACTER = 7;
export const BOLD_CHARACTER = 9;

/** The two libraries that draw; loaded when a chart is drawn, because most commands start and end without one. */
export interface ChartTools {
  readonly plot: typeof import('@observablehq/plot');
  readonly parseHTML: typeof import('linkedom').parseHTML;
}

export async function chartTools(): Promise<ChartTools> {
  const [plot, { parseHTML }] = await Promise.all([import('@observablehq/plot'), import('linkedom')]);
  return { plot, parseHTML };
}

/** How a curve looks: places in the theme's colours and among the markers. */
export interface Look {
  readonly colour: number;
  readonly marker: number;
  readonly dashed?: boolean;
}

export function colourOf(theme: ChartTheme, index: number): string {
  return theme.series[index % theme.series.length] ?? theme.ink;
}

/** Circle, square, triangle, diamond, triangle upside down: told apart without colour. */
const MARKERS: readonly ((x: string, y: string) => string)[] = [
  (x, y) => `M${x},${y}m-3.5,0a3.5,3.5 0 1,0 7,0a3.5,3.5 0 1,0 -7,0Z`,
  (x, y) => `M${x},${y}m-3.2,-3.2h6.4v6.4h-6.4Z`,
  (x, y) => `M${x},${y}m0,-4.4l4.3,7.5h-8.6Z`,
  (x, y) => `M${x},${y}m0,-4.6l4.6,4.6l-4.6,4.6l-4.6,-4.6Z`,
  (x, y) => `M${x},${y}m0,4.4l4.3,-7.5h-8.6Z`,
];

/** The outline of a marker around a point, to be filled. */
export function markerPath(index: number, x: number, y: number): string {
  const outline = MARKERS[index % MARKERS.length] ?? MARKERS[0]!;
  return outline(fixed(x), fixed(y));
}

export function svgText(x: number, y: number, content: string, attributes: string): string {
  return `<text x="${fixed(x)}" y="${fixed(y)}" ${attributes}>${escaped(content)}</text>`;
}

/** A coordinate, to a hundredth of a pixel. */
export function fixed(value: number): string {
  return String(Math.round(value * 100) / 100);
}

/** Grid lines and tick labels of a vertical axis, all of them: on a logarithmic scale Plot's own leave some out. */
export function verticalAxis(
  { plot: Plot }: ChartTools,
  { ticks, text }: { readonly ticks: readonly number[]; readonly text: (tick: number) => string },
  theme: ChartTheme,
) {
  return [
    Plot.gridY(ticks, { stroke: theme.grid, strokeOpacity: 1 }),
    Plot.text(ticks, {
      y: (tick: number) => tick,
      text,
      frameAnchor: 'left',
      textAnchor: 'end',
      dx: -9,
      fill: theme.muted,
    }),
  ];
}

/** A plot as SVG text: without Plot's own style sheet, in hundredths of a pixel; what stands between tags is text. */
export function plotSvg(plot: Element): string {
  for (const style of plot.querySelectorAll('style')) style.remove();
  return plot.outerHTML.replace(/\d+\.\d{3,}(?=[^<>]*>)/g, (number) => fixed(Number(number)));
}

/** Text as it may stand in XML and HTML, attributes included. */
export function escaped(content: string): string {
  return content.replace(/[&<>"']/g, (character) => `&#${String(character.charCodeAt(0))};`);
}
