/** A chart as a whole SVG document: background, title and a legend of patches above the drawing. On a page only the last two. */
import {
  CHARACTER,
  colourOf,
  escaped,
  fixed,
  FONT_SIZE,
  FONTS,
  markerPath,
  svgText,
  type ChartTheme,
} from './theme.js';

/** Width of every chart, pixels. */
const CHART_WIDTH = 960;
const FRAME = 28;
const LEGEND_LINE = 22;

/** A name with a patch of its colour, or with a marker. */
export interface LegendEntry {
  readonly name: string;
  readonly colour: number;
  readonly marker?: number;
}

/** What is drawn, as SVG, from 0, 0 on, and how high it is. */
export interface Drawing {
  readonly svg: string;
  readonly height: number;
}

/** The document around a drawing that is made for the width left inside of the frame. */
export function framedChart(
  title: string,
  legend: readonly LegendEntry[],
  theme: ChartTheme,
  draw: (width: number) => Drawing,
): string {
  const frame = theme.framed ? FRAME : 0;
  const width = CHART_WIDTH - 2 * frame;
  const entries = legendOf(legend, width, theme);
  const legendTop = theme.framed ? frame + 30 : 0;
  const top = legendTop + entries.height + 8;
  const drawing = draw(width);
  const height = Math.ceil(top + drawing.height + frame / 2);
  const head = theme.framed
    ? `<rect width="100%" height="100%" fill="${theme.background}"/>` +
      svgText(frame, frame + 12, title, `font-size="18" font-weight="600" fill="${theme.ink}"`)
    : '';
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${CHART_WIDTH} ${height}" width="${CHART_WIDTH}" height="${height}"` +
    ` font-family="${FONTS}" font-size="${FONT_SIZE}" role="img" aria-label="${escaped(title)}"><title>${escaped(title)}</title>` +
    `${head}<g transform="translate(${frame},${legendTop})">${entries.svg}</g>` +
    `<g transform="translate(${frame},${top})">${drawing.svg}</g></svg>\n`
  );
}

function legendOf(legend: readonly LegendEntry[], available: number, theme: ChartTheme): Drawing {
  let x = 0;
  let y = 0;
  const drawn = legend.map(({ name, colour, marker }) => {
    const width = 22 + CHARACTER * name.length + 20;
    if (x > 0 && x + width > available) {
      x = 0;
      y += LEGEND_LINE;
    }
    const outline =
      marker === undefined ? `M${fixed(x)},${y + 4}h13v13h-13Z` : markerPath(marker, x + 7, y + 10.5);
    const entry =
      `<path d="${outline}" fill="${colourOf(theme, colour)}"/>` +
      svgText(x + 20, y + 15, name, `fill="${theme.ink}"`);
    x += width;
    return entry;
  });
  return { svg: drawn.join(''), height: legend.length === 0 ? 0 : y + LEGEND_LINE };
}
