/** A chart as a whole SVG document: background, title and legend above the drawing. On a page only the last two. */
import { legend as drawnLegend, type LegendEntry } from './legend.js';
import { escaped, FONT_SIZE, FONTS, moved, svgText, xmlCharacters, type Drawing } from './svg.js';
import type { ChartTheme } from './theme.js';

/** Width of every chart, pixels. */
const CHART_WIDTH = 960;
const FRAME = 28;
const TITLE = 26;
const LEGEND_GAP = 14;
const COLUMN_GAP = 24;
const HEADING = 24;

/** The document around a drawing that is made for the width left inside of the frame. */
export function framedChart(
  title: string,
  legend: readonly LegendEntry[],
  theme: ChartTheme,
  draw: (width: number) => Drawing,
): string {
  const frame = theme.framed ? FRAME : 0;
  const width = CHART_WIDTH - 2 * frame;
  const entries = drawnLegend(legend, width, theme);
  const legendTop = theme.framed ? frame + TITLE : 0;
  const top = legendTop + entries.height + LEGEND_GAP;
  const drawing = draw(width);
  const height = Math.ceil(top + drawing.height + frame / 2);
  const name = `<title>${escaped(title)}</title>`;
  const head = theme.framed
    ? `<rect width="100%" height="100%" fill="${theme.background}"/>` +
      svgText(frame, frame + 12, title, `font-size="18" font-weight="600" fill="${theme.ink}"`)
    : '';
  return `${svgElement(title, CHART_WIDTH, height, name + head + moved(frame, legendTop, entries.svg) + moved(frame, top, drawing.svg))}\n`;
}

/** An SVG element of a fixed size around elements; `title` is read aloud. */
export function svgElement(title: string, width: number, height: number, svg: string): string {
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}"` +
    ` font-family="${FONTS}" font-size="${FONT_SIZE}" role="img" aria-label="${escaped(title)}">${xmlCharacters(svg)}</svg>`
  );
}

/** One of several drawings side by side. */
export interface Column {
  readonly title: string;
  /** Width of it on the left that the columns do not share, pixels. */
  readonly left?: number;
  readonly draw: (width: number) => Drawing;
}

/** Drawings side by side, each below its title, on equal shares of the width. */
export function columns(all: readonly Column[], width: number, theme: ChartTheme): Drawing {
  const extra = all.reduce((total, { left = 0 }) => total + left, 0);
  const share = (width - extra - COLUMN_GAP * (all.length - 1)) / all.length;
  let x = 0;
  const drawn = all.map(({ title, left = 0, draw }) => {
    const { svg, height } = draw(left + share);
    const heading = svgText(left, 14, title, `font-weight="600" fill="${theme.ink}"`);
    const column = moved(x, 0, heading + moved(0, HEADING, svg));
    x += left + share + COLUMN_GAP;
    return { svg: column, height: HEADING + height };
  });
  return {
    svg: drawn.map(({ svg }) => svg).join(''),
    height: Math.max(...drawn.map(({ height }) => height)),
  };
}
