/**
 * One pair of axes with marks, and lines through some of them, as SVG: what a sweep is drawn with. Axes, lines and bands are drawn
 * by Observable Plot in a document of its own (linkedom); marks and labels are placed here. A mark without a value is a cross
 * at the upper edge; never a zero.
 */
import {
  CHARACTER,
  colourOf,
  escaped,
  fixed,
  FONT_SIZE,
  markerPath,
  svgText,
  type ChartTheme,
  type ChartTools,
  type Look,
  verticalAxis,
} from './theme.js';

/** One mark. */
export interface ScatterMark {
  readonly x: number;
  /** null where there is no number: the network had diverged. */
  readonly y: number | null;
  /** What the reader is told who points at it. */
  readonly title: string;
  /** An outline alone: not the end of a run. */
  readonly isHollow?: boolean;
  readonly isFaded?: boolean;
  /** Drawn from low to high through the mark. */
  readonly range?: readonly [low: number, high: number];
  /** Written beside it. */
  readonly label?: string;
}

/** A point of a line; null is a gap in it. */
export interface ScatterPoint {
  readonly x: number;
  readonly y: number | null;
  /** Smallest and largest, around it. */
  readonly range?: readonly [low: number, high: number];
}

export interface ScatterSeries {
  readonly look: Look;
  readonly marks: readonly ScatterMark[];
  readonly line?: readonly ScatterPoint[];
  /** The line is a staircase: what can be had for up to so much. */
  readonly isStair?: boolean;
}

export interface ScatterAxis {
  readonly type: 'log' | 'linear';
  readonly low: number;
  readonly high: number;
  readonly ticks: readonly number[];
  readonly text: (tick: number) => string;
}

export interface ScatterPanel {
  readonly width: number;
  readonly height: number;
  readonly x: ScatterAxis & { readonly label: string };
  readonly y: ScatterAxis;
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

const LEFT = 52;
const TOP = 14;
const BOTTOM = 46;
const RIGHT = 16;
/** Pixels between the marks of two series that lie at one place. */
const DODGE = 7;
const LINE_HEIGHT = 15;

/** The panel as SVG elements, to be put into a drawing. */
export function scatterPanel(tools: ChartTools, panel: ScatterPanel, theme: ChartTheme): string {
  const { series, y, dodges = false } = panel;
  const { svg, xOf, yOf } = axesAndLines(tools, panel, theme);
  const heightOf = (value: number | null): number =>
    value === null ? TOP : yOf(Math.min(Math.max(value, y.low), y.high));
  const withMarks = series.filter(({ marks }) => marks.length > 0);
  const drawn = withMarks.map(({ marks, look }, index) => {
    const shift = dodges ? (index - (withMarks.length - 1) / 2) * Math.min(DODGE, 32 / withMarks.length) : 0;
    const places = marks.map((mark): Place => {
      const top = heightOf(mark.y);
      const [upper, lower] =
        mark.range === undefined ? [top, top] : [heightOf(mark.range[1]), heightOf(mark.range[0])];
      return { ...mark, left: xOf(mark.x) + shift, top, upper, lower };
    });
    return { colour: colourOf(theme, look.colour), marker: look.marker, places };
  });
  const marks = drawn.flatMap(({ colour, marker, places }) =>
    places.map(({ y: value, left, top, upper, lower, title, isHollow, isFaded }) => {
      const told = `<title>${escaped(title)}</title>`;
      const opacity = isFaded === true ? ' opacity="0.38"' : '';
      if (value === null) {
        return `<path class="no-number" d="M${fixed(left)},${fixed(top)}m-4.5,-4.5l9,9m0,-9l-9,9" stroke="${colour}" stroke-width="2.5" fill="none"${opacity}>${told}</path>`;
      }
      const span =
        upper === lower
          ? ''
          : `<path d="M${fixed(left)},${fixed(upper)}V${fixed(lower)}" stroke="${colour}" stroke-width="1.5" fill="none"/>`;
      const paint =
        isHollow === true
          ? `fill="var(--page, none)" stroke="${colour}" stroke-width="1.4"`
          : `fill="${colour}" fill-opacity="0.85"`;
      return `<g class="mark"${opacity}>${span}<path d="${markerPath(marker, left, top)}" ${paint}>${told}</path></g>`;
    }),
  );
  const all = drawn.flatMap(({ places }) => places);
  return svg + marks.join('') + labels(panel, all, theme);
}

interface Place extends ScatterMark {
  readonly left: number;
  readonly top: number;
  /** Ends of its range. */
  readonly upper: number;
  readonly lower: number;
}

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Each label at the first of some places around its mark that is free. */
function labels({ width, height }: ScatterPanel, places: readonly Place[], theme: ChartTheme): string {
  const taken: Box[] = places.map(({ left, top, upper, lower }) => ({
    x: left - 4,
    y: Math.min(top - 4, upper),
    width: 8,
    height: Math.max(top + 4, lower) - Math.min(top - 4, upper),
  }));
  const texts: string[] = [];
  for (const { label, left, top } of places) {
    if (label === undefined) continue;
    const size = { width: CHARACTER * label.length + 2, height: LINE_HEIGHT };
    const beside = [9, -9 - size.width].flatMap((dx) => [-20, 6, -36, 22, -52, 38].map((dy) => ({ dx, dy })));
    const boxes = beside.map(({ dx, dy }): Box => ({ ...size, x: left + dx, y: top + dy }));
    const inside = boxes.filter(
      (box) =>
        box.x >= LEFT && box.x + box.width <= width && box.y >= 0 && box.y + box.height <= height - BOTTOM,
    );
    const box = inside.find((one) => !taken.some((other) => overlap(one, other))) ?? inside[0] ?? boxes[0]!;
    taken.push(box);
    const isRight = box.x > left;
    const near = isRight ? box.x - 2 : box.x + box.width;
    texts.push(
      `<path d="M${fixed(left)},${fixed(top)}L${fixed(near)},${fixed(box.y + LINE_HEIGHT / 2)}" stroke="${theme.muted}" stroke-opacity="0.6" fill="none"/>` +
        svgText(
          isRight ? box.x : box.x + box.width - 3,
          box.y + 11.5,
          label,
          `class="label" text-anchor="${isRight ? 'start' : 'end'}" fill="${theme.ink}"`,
        ),
    );
  }
  return texts.join('');
}

function overlap(a: Box, b: Box): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

function axesAndLines(
  tools: ChartTools,
  { width, height, x, y, series, levels = [] }: ScatterPanel,
  theme: ChartTheme,
): { svg: string; xOf: (value: number) => number; yOf: (value: number) => number } {
  const { plot: Plot, parseHTML } = tools;
  const { document } = parseHTML('<html></html>');
  const drawn = (value: number): number => Math.min(Math.max(value, y.low), y.high);
  // A point without a range is a gap in the band.
  const band = (points: readonly ScatterPoint[], fill: string) =>
    Plot.areaY([...points], {
      x: 'x',
      y1: ({ range }: ScatterPoint) => (range === undefined ? NaN : drawn(range[0])),
      y2: ({ range }: ScatterPoint) => (range === undefined ? NaN : drawn(range[1])),
      fill,
      fillOpacity: 0.14,
    });
  const plot = Plot.plot({
    document,
    width,
    height,
    marginTop: TOP,
    marginLeft: LEFT,
    marginBottom: BOTTOM,
    marginRight: RIGHT,
    style: { fontSize: `${FONT_SIZE}px`, color: theme.muted, background: 'none' },
    x: { type: x.type, domain: [x.low, x.high], axis: null },
    y: { type: y.type, domain: [y.low, y.high], axis: null },
    marks: [
      ...verticalAxis(tools, y, theme),
      Plot.text(x.ticks, {
        x: (tick: number) => tick,
        text: x.text,
        frameAnchor: 'bottom',
        lineAnchor: 'top',
        dy: 9,
        fill: theme.muted,
      }),
      Plot.text([x.label], { frameAnchor: 'bottom', lineAnchor: 'top', dy: 28, fill: theme.muted }),
      ...levels.flatMap(({ look, y: level, range }) => {
        const stroke = colourOf(theme, look.colour);
        const ends = [x.low, x.high].map((at) => ({ x: at, y: drawn(level), range }));
        return [
          band(ends, stroke),
          Plot.lineY(ends, { x: 'x', y: 'y', stroke, strokeWidth: 1.8, strokeDasharray: '7 5' }),
        ];
      }),
      ...series.flatMap(({ look, line = [], isStair }) => {
        const stroke = colourOf(theme, look.colour);
        return [
          band(line, stroke),
          Plot.lineY([...line], {
            x: 'x',
            y: (point: ScatterPoint) => (point.y === null ? NaN : drawn(point.y)),
            stroke,
            strokeWidth: 1.8,
            ...(isStair === true ? { curve: 'step-after' as const } : {}),
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
    // Hundredths of a pixel are enough.
    svg: plot.outerHTML.replace(/\d+\.\d{3,}(?=[^<>]*>)/g, (number) => fixed(Number(number))),
    xOf: (value) => Number(xScale.apply(value)),
    yOf: (value) => Number(yScale.apply(value)),
  };
}
