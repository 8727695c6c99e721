/**
 * A panel with marks, and lines through some of them: what a sweep is drawn with. A mark without a value is a cross at the upper
 * edge; never a zero.
 */
import { clamped, type Axis } from './axis.js';
import { labelsSvg, placeLabels } from './labels.js';
import { drawPanel, lineMarks, type ChartTools, type PanelPoint } from './panel.js';
import { crossPath, escaped, fixed, markerPath } from './svg.js';
import { colourOf, type ChartTheme, type Look } from './theme.js';

/** One mark; its range is drawn from low to high through it. */
export interface ScatterMark extends PanelPoint {
  /** Shown to a reader who points at it. */
  readonly title: string;
  /** An outline alone: not the end of a run. */
  readonly isHollow?: boolean;
  readonly isFaded?: boolean;
  /** Written beside it. */
  readonly label?: string;
}

/** Marks of one look, and the line through their means. */
export interface ScatterSeries {
  readonly look: Look;
  readonly marks: readonly ScatterMark[];
  readonly line?: readonly PanelPoint[];
  /** The line is a staircase: the best that can be had for at most x. */
  readonly isStair?: boolean;
}

/** What `scatterPanel` draws. */
export interface ScatterPanel {
  readonly width: number;
  readonly height: number;
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly ScatterSeries[];
  /** Marks of several series at one place stand side by side: for an axis of a few values. */
  readonly dodges?: boolean;
  /** Dashed lines across, each with a band. */
  readonly levels?: readonly {
    readonly look: Look;
    readonly y: number;
    readonly range: readonly [number, number];
  }[];
}

const MARGINS = { top: 14, right: 16, bottom: 46, left: 52 };
/** Pixels between the marks of two series that lie at one place. */
const DODGE = 7;
/** Half the height and width of a mark. */
const RADIUS = 4;
const LINE_WIDTH = 1.8;

/** The panel as SVG elements, to be put into a drawing. */
export function scatterPanel(tools: ChartTools, panel: ScatterPanel, theme: ChartTheme): string {
  const { width, height, x, y, series, levels = [], dodges = false } = panel;
  const lines = [
    ...levels.flatMap(({ look, y: level, range }) =>
      lineMarks(
        tools,
        [x.low, x.high].map((at) => ({ x: at, y: level, range })),
        y,
        { stroke: colourOf(theme, look.colour), width: LINE_WIDTH, dash: '7 5' },
      ),
    ),
    ...series.flatMap(({ look, line = [], isStair = false }) =>
      lineMarks(tools, line, y, { stroke: colourOf(theme, look.colour), width: LINE_WIDTH, isStair }),
    ),
  ];
  const { svg, xOf, yOf } = drawPanel(tools, { width, height, margins: MARGINS, x, y, marks: lines }, theme);
  const heightOf = (value: number | null): number => (value === null ? MARGINS.top : yOf(clamped(y, value)));
  const withMarks = series.filter(({ marks }) => marks.length > 0);
  const places = withMarks.flatMap(({ marks, look }, index) => {
    const shift = dodges ? (index - (withMarks.length - 1) / 2) * Math.min(DODGE, 32 / withMarks.length) : 0;
    return marks.map((mark) => {
      const top = heightOf(mark.y);
      const [upper, lower] =
        mark.range === undefined ? [top, top] : [heightOf(mark.range[1]), heightOf(mark.range[0])];
      return { mark, look, left: xOf(mark.x) + shift, top, upper, lower };
    });
  });
  const marks = places.map(({ mark, look, left, top, upper, lower }) => {
    const colour = colourOf(theme, look.colour);
    const title = `<title>${escaped(mark.title)}</title>`;
    const opacity = mark.isFaded === true ? ' opacity="0.38"' : '';
    if (mark.y === null) {
      return `<path class="no-number" d="${crossPath(left, top, 4.5)}" stroke="${colour}" stroke-width="2.5" fill="none"${opacity}>${title}</path>`;
    }
    const span =
      upper === lower
        ? ''
        : `<path d="M${fixed(left)},${fixed(upper)}V${fixed(lower)}" stroke="${colour}" stroke-width="1.5" fill="none"/>`;
    const paint =
      mark.isHollow === true
        ? `fill="var(--page, none)" stroke="${colour}" stroke-width="1.4"`
        : `fill="${colour}" fill-opacity="0.85"`;
    return `<g class="mark"${opacity}>${span}<path d="${markerPath(look.marker, left, top)}" ${paint}>${title}</path></g>`;
  });
  const labels = placeLabels(
    places.flatMap(({ mark: { label: text }, left, top }) =>
      text === undefined ? [] : [{ x: left, y: top, radius: RADIUS, text }],
    ),
    { left: MARGINS.left, right: width, top: 0, bottom: height - MARGINS.bottom },
    {
      leads: true,
      taken: places.map(({ left, top, upper, lower }) => ({
        ...{ left: left - RADIUS, right: left + RADIUS },
        ...{ top: Math.min(top - RADIUS, upper), bottom: Math.max(top + RADIUS, lower) },
      })),
    },
  );
  return svg + marks.join('') + labelsSvg(labels, theme, true);
}
