/**
 * One pair of axes with curves and, at their ends, where they got to, as SVG. Axes, lines and bands are drawn by
 * Observable Plot in a document of its own (linkedom); markers and direct labels are placed here. A point without a value
 * is a gap in its curve, with a cross at the upper edge; never a zero.
 */
import {
  BOLD_CHARACTER,
  colourOf,
  fixed,
  FONT_SIZE,
  markerPath,
  svgText,
  type ChartTheme,
  type ChartTools,
  type Look,
  verticalAxis,
} from './theme.js';

/** A point of a curve. */
export interface PanelPoint {
  readonly x: number;
  /** null where there is no number: the network had diverged. */
  readonly y: number | null;
  /** Smallest and largest of several runs, where the point is their mean. */
  readonly range?: readonly [low: number, high: number];
}

export interface PanelCurve {
  readonly points: readonly PanelPoint[];
  readonly look: Look;
}

export interface LinePanel {
  readonly curves: readonly PanelCurve[];
  readonly width: number;
  readonly height: number;
  readonly x: { readonly label: string; readonly last: number; readonly whole: boolean };
  readonly y: {
    readonly type: 'log' | 'linear';
    readonly low: number;
    readonly high: number;
    readonly ticks: readonly number[];
    readonly text: (tick: number) => string;
  };
  /** Where a vertical line is drawn: something changed there. */
  readonly rules?: readonly number[];
  /** A value as a curve's label has it. */
  readonly label: (value: number) => string;
}

const LEFT = 52;
const TOP = 12;
const BOTTOM = 44;
const LABEL_SPACING = 17;
/** What stands at the end of a curve that has no number there. */
const NO_NUMBER = 'no number';
/** The markers of a longer curve are thinned out. */
const MAX_MARKERS = 12;
/** More whole numbers than this on the x axis are too many. */
const MAX_TICKS = 12;

/** The panel as SVG elements, to be put into a drawing. */
export function linePanel(tools: ChartTools, panel: LinePanel, theme: ChartTheme): string {
  const { width, height, y } = panel;
  const curves = panel.curves.filter(({ points }) => points.length > 0);
  const texts = curves.map(({ points }) => {
    const last = points.at(-1)?.y ?? null;
    return last === null ? NO_NUMBER : panel.label(last);
  });
  const marginRight = 18 + BOLD_CHARACTER * Math.max(...texts.map((text) => text.length), 0);
  const { svg, xOf, yOf } = axesAndLines(tools, panel, curves, marginRight, theme);
  const heightOf = (value: number | null): number => (value === null ? TOP : yOf(Math.max(value, y.low)));
  const ends = curves.map(({ points }) => heightOf(points.at(-1)?.y ?? null));
  const places = spread(ends, TOP + 4, height - BOTTOM);
  const marks = curves.map(({ points, look }) => {
    const colour = colourOf(theme, look.colour);
    const stride = Math.ceil(points.length / MAX_MARKERS);
    const markers = points
      .filter((point, i) => point.y !== null && (points.length - 1 - i) % stride === 0)
      .map((point) => markerPath(look.marker, xOf(point.x), heightOf(point.y)));
    const crosses = points
      .filter((point, i) => point.y === null && points[i - 1]?.y !== null)
      .map((point) => `M${fixed(xOf(point.x))},${TOP}m-5,-5l10,10m0,-10l-10,10`);
    return (
      `<path class="marker" d="${markers.join('')}" fill="${colour}"/>` +
      (crosses.length === 0
        ? ''
        : `<path class="no-number" d="${crosses.join('')}" stroke="${colour}" stroke-width="2.5" fill="none"><title>no number from here on</title></path>`)
    );
  });
  const labels = curves.map(({ points, look }, i) => {
    const colour = colourOf(theme, look.colour);
    const from = { x: xOf(points.at(-1)?.x ?? 0) + 5, y: ends[i] ?? 0 };
    const to = { x: width - marginRight + 12, y: places[i] ?? from.y };
    return (
      `<path d="M${fixed(from.x)},${fixed(from.y)}L${fixed(to.x - 3)},${fixed(to.y)}" stroke="${colour}" stroke-opacity="0.5" fill="none"/>` +
      svgText(to.x, to.y + 4.5, texts[i] ?? '', `fill="${colour}" font-weight="600"`)
    );
  });
  return svg + marks.join('') + labels.join('');
}

function axesAndLines(
  tools: ChartTools,
  { width, height, x, y, rules = [] }: LinePanel,
  curves: readonly PanelCurve[],
  marginRight: number,
  theme: ChartTheme,
): { svg: string; xOf: (value: number) => number; yOf: (value: number) => number } {
  const { plot: Plot, parseHTML } = tools;
  const { document } = parseHTML('<html></html>');
  const drawn = (value: number): number => Math.max(value, y.low);
  // Dashes can be seen over a solid line, but not under one.
  const inOrder = [...curves].sort((a, b) => Number(a.look.dashed ?? false) - Number(b.look.dashed ?? false));
  const plot = Plot.plot({
    document,
    width,
    height,
    marginTop: TOP,
    marginLeft: LEFT,
    marginBottom: BOTTOM,
    marginRight,
    style: { fontSize: `${FONT_SIZE}px`, color: theme.muted, background: 'none' },
    x: {
      domain: [0, x.last],
      label: x.label,
      labelAnchor: 'center',
      labelArrow: 'none',
      ...(x.whole && x.last <= MAX_TICKS
        ? { ticks: Array.from({ length: Math.floor(x.last) + 1 }, (_, tick) => tick) }
        : { ticks: 6 }),
      tickFormat: (tick: number) => String(tick),
      tickSize: 4,
    },
    y: { type: y.type, domain: [y.low, y.high], label: null, axis: null },
    marks: [
      ...verticalAxis(tools, y, theme),
      Plot.ruleX(rules, { stroke: theme.muted, strokeDasharray: '2 4' }),
      ...inOrder.flatMap(({ points, look }) => {
        const stroke = colourOf(theme, look.colour);
        const bounds = points.filter(({ range }) => range !== undefined);
        return [
          Plot.areaY(bounds, {
            x: 'x',
            y1: ({ range }: PanelPoint) => drawn(range?.[0] ?? 0),
            y2: ({ range }: PanelPoint) => drawn(range?.[1] ?? 0),
            fill: stroke,
            fillOpacity: 0.16,
          }),
          Plot.lineY([...points], {
            x: 'x',
            y: (point: PanelPoint) => (point.y === null ? NaN : drawn(point.y)),
            stroke,
            strokeWidth: 2,
            ...(look.dashed === true ? { strokeDasharray: '7 5' } : {}),
          }),
        ];
      }),
    ],
  });
  for (const style of plot.querySelectorAll('style')) style.remove();
  const xScale = plot.scale('x');
  const yScale = plot.scale('y');
  if (!xScale || !yScale) throw new Error('internal: chart: the plot has no axes');
  return {
    svg: plot.outerHTML,
    xOf: (value) => Number(xScale.apply(value)),
    yOf: (value) => Number(yScale.apply(value)),
  };
}

/** Moves labels apart, in their order, keeping them between low and high where there is room. */
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
