/** A chart as a whole SVG document: background, title and legend above the drawing. On a page the legend is HTML, and the page has the title. */
import { legend as drawnLegend, legendHtml, type LegendEntry } from './legend.js';
import { escaped, FONT_SIZE, FONTS, moved, svgText, xmlCharacters, type Drawing } from './svg.js';
import type { ChartTheme } from './theme.js';

/** Width of a chart, pixels. */
const CHART_WIDTH = 960;
/** A narrower chart has its columns below each other. */
const STACKED = 600;
const FRAME = 28;
const TITLE = 26;
const LEGEND_GAP = 14;
const COLUMN_GAP = 24;
const HEADING = 24;

/** The document around a drawing that is made for the width left inside of the frame; for a page the elements that show it. */
export function framedChart(
  title: string,
  legend: readonly LegendEntry[],
  theme: ChartTheme,
  draw: (width: number) => Drawing,
): string {
  const { width: outer = CHART_WIDTH } = theme;
  const name = `<title>${escaped(title)}</title>`;
  if (!theme.framed) {
    const { svg, height } = draw(outer);
    return `${legendHtml(legend)}${svgElement(title, outer, Math.ceil(height), name + svg)}\n`;
  }
  const width = outer - 2 * FRAME;
  const entries = drawnLegend(legend, width, theme);
  const legendTop = FRAME + TITLE;
  const top = legendTop + entries.height + LEGEND_GAP;
  const drawing = draw(width);
  const height = Math.ceil(top + drawing.height + FRAME / 2);
  const head =
    `<rect width="100%" height="100%" fill="${theme.background}"/>` +
    svgText(FRAME, FRAME + 12, title, `font-size="18" font-weight="600" fill="${theme.ink}"`);
  return `${svgElement(title, outer, height, name + head + moved(FRAME, legendTop, entries.svg) + moved(FRAME, top, drawing.svg))}\n`;
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

/** Drawings side by side, each below its title, on equal shares of the width; below each other if that is narrow. */
export function columns(all: readonly Column[], width: number, theme: ChartTheme): Drawing {
  if (width < STACKED && all.length > 1) {
    let y = 0;
    const rows = all.map((column) => {
      const { svg, height } = columns([column], width, theme);
      y += height + COLUMN_GAP;
      return moved(0, y - height - COLUMN_GAP, svg);
    });
    return { svg: rows.join(''), height: y - COLUMN_GAP };
  }
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
