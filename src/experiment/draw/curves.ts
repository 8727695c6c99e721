/**
 * A panel with curves and, at their ends, the values that they have reached. A point without a value is a gap in its curve, with a
 * cross at the upper edge; never a zero.
 */
import { clamped, type Axis } from './axis.js';
import { drawPanel, lineMarks, type ChartTools, type PanelPoint } from './panel.js';
import { BOLD_CHARACTER, crossPath, fixed, markerPath, svgText } from './svg.js';
import { colourOf, type ChartTheme, type Look } from './theme.js';

/** One curve. */
export interface Curve {
  readonly points: readonly PanelPoint[];
  readonly look: Look;
  /** A thin line without markers and label: what lies between the points of another curve. */
  readonly isFaint?: boolean;
}

/** What `curvesPanel` draws. */
export interface CurvesPanel {
  readonly curves: readonly Curve[];
  readonly width: number;
  readonly height: number;
  readonly x: Axis;
  readonly y: Axis;
  /** The position of a vertical line, which marks a change. */
  readonly rules?: readonly number[];
  /** A value as a curve's label has it; null: curves have no labels. */
  readonly label: ((value: number) => string) | null;
}

const LEFT = 52;
const TOP = 12;
const BOTTOM = 44;
const LABEL_SPACING = 17;
/** The label of a curve that ends without a number. */
const NO_NUMBER = 'no number';
/** The markers of a longer curve are thinned out. */
const MAX_MARKERS = 12;

/** The panel as SVG elements, to be put into a drawing. */
export function curvesPanel(tools: ChartTools, panel: CurvesPanel, theme: ChartTheme): string {
  const { Plot } = tools;
  const { width, height, x, y, rules = [] } = panel;
  const drawn = panel.curves.filter(({ points }) => points.length > 0);
  const curves = drawn.filter(({ isFaint }) => isFaint !== true);
  const texts = curves.map(({ points }) => {
    const last = points.at(-1)?.y ?? null;
    return last === null ? NO_NUMBER : (panel.label?.(last) ?? '');
  });
  const longest = Math.max(...texts.map((text) => text.length), 0);
  const right = longest === 0 ? 12 : 18 + BOLD_CHARACTER * longest;
  // Dashes can be seen over a solid line, but not under one.
  const order = ({ isFaint, look }: Curve): number => (isFaint === true ? -1 : Number(look.dashed ?? false));
  const inOrder = [...drawn].sort((a, b) => order(a) - order(b));
  const lines = inOrder.flatMap(({ points, isFaint, look: { colour, dashed } }) =>
    lineMarks(tools, points, y, {
      stroke: colourOf(theme, colour),
      ...(isFaint === true && { width: 1.2, opacity: 0.45 }),
      ...(dashed === true && { dash: '7 5' }),
    }),
  );
  const marks = [Plot.ruleX(rules, { stroke: theme.muted, strokeDasharray: '2 4' }), ...lines];
  const margins = { top: TOP, right, bottom: BOTTOM, left: LEFT };
  const { svg, xOf, yOf } = drawPanel(tools, { width, height, margins, x, y, marks }, theme);
  const heightOf = (value: number | null): number => (value === null ? TOP : yOf(clamped(y, value)));
  const ends = curves.map(({ points }) => heightOf(points.at(-1)?.y ?? null));
  const places = spread(ends, TOP + 4, height - BOTTOM);
  const symbols = curves.map(({ points, look }) => {
    const colour = colourOf(theme, look.colour);
    const stride = Math.ceil(points.length / MAX_MARKERS);
    const markers = points
      .filter((point, i) => point.y !== null && (points.length - 1 - i) % stride === 0)
      .map((point) => markerPath(look.marker, xOf(point.x), heightOf(point.y)));
    const crosses = points
      .filter((point, i) => point.y === null && points[i - 1]?.y !== null)
      .map((point) => crossPath(xOf(point.x), TOP, 5));
    return (
      `<path class="marker" d="${markers.join('')}" fill="${colour}"/>` +
      (crosses.length === 0
        ? ''
        : `<path class="no-number" d="${crosses.join('')}" stroke="${colour}" stroke-width="2.5" fill="none"><title>no number from here on</title></path>`)
    );
  });
  const labels = curves.map(({ points, look }, i) => {
    if (texts[i] === '') return '';
    const colour = colourOf(theme, look.colour);
    const from = { x: xOf(points.at(-1)?.x ?? 0) + 5, y: ends[i] ?? 0 };
    const to = { x: width - right + 12, y: places[i] ?? from.y };
    return (
      `<path d="M${fixed(from.x)},${fixed(from.y)}L${fixed(to.x - 3)},${fixed(to.y)}" stroke="${colour}" stroke-opacity="0.5" fill="none"/>` +
      svgText(to.x, to.y + 4.5, texts[i] ?? '', `fill="${colour}" font-weight="600"`)
    );
  });
  return svg + symbols.join('') + labels.join('');
}

/** Moves labels apart, in their order, keeping them between low and high while there is room. */
function spread(places: readonly number[], low: number, high: number): number[] {
  const order = places.map((_, index) => index).sort((a, b) => (places[a] ?? 0) - (places[b] ?? 0));
  const moved = [...places];
  let floor = low;
  for (const index of order) {
    moved[index] = Math.max(moved[index] ?? 0, floor);
    floor = (moved[index] ?? 0) + LABEL_SPACING;
  }
  let ceiling = high;
  for (const index of order.reverse()) {
    moved[index] = Math.min(moved[index] ?? 0, ceiling);
    ceiling = (moved[index] ?? 0) - LABEL_SPACING;
  }
  return moved;
}
