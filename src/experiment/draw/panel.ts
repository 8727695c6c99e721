/**
 * One pair of axes with marks, as SVG to be put into a drawing. Observable Plot draws in a separate document
 * (linkedom), and only this file calls it. The files above define the contents of a panel (curves, marks,
 * bars).
 */
import { clamped, tickText, type Axis } from './axis.js';
import { fixed, FONT_SIZE } from './svg.js';
import type { ChartTheme } from './theme.js';

/** The two libraries that draw; loaded when a chart is drawn, because most commands start and end without one. */
export interface ChartTools {
  readonly Plot: typeof import('@observablehq/plot');
  readonly parseHTML: typeof import('linkedom').parseHTML;
}

export async function chartTools(): Promise<ChartTools> {
  const [Plot, { parseHTML }] = await Promise.all([import('@observablehq/plot'), import('linkedom')]);
  return { Plot, parseHTML };
}

/** An axis of names; their texts are marks of the panel. */
export interface Bands {
  readonly bands: readonly string[];
  /** Share of a band that is left free. */
  readonly padding: number;
}

/** Room around what is drawn, for the texts of the axes. */
export interface Margins {
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
  readonly left: number;
}

export interface Panel {
  readonly width: number;
  readonly height: number;
  readonly margins: Margins;
  readonly x: Axis | Bands;
  readonly y: Axis | Bands;
  /** Over the grid, in this order. */
  readonly marks: readonly import('@observablehq/plot').Markish[];
  /** Default: FONT_SIZE. */
  readonly fontSize?: number;
}

/** A panel, and where its values lie in it. */
export interface DrawnPanel {
  readonly svg: string;
  readonly xOf: (value: number | string) => number;
  readonly yOf: (value: number | string) => number;
}

export function drawPanel({ Plot, parseHTML }: ChartTools, panel: Panel, theme: ChartTheme): DrawnPanel {
  const { width, height, margins, x, y, fontSize = FONT_SIZE } = panel;
  const { document } = parseHTML('<html></html>');
  const plot = Plot.plot({
    ...{ document, width, height, x: scaleOf(x), y: scaleOf(y) },
    ...{ marginTop: margins.top, marginRight: margins.right },
    ...{ marginBottom: margins.bottom, marginLeft: margins.left },
    style: { fontSize: `${fontSize}px`, color: theme.muted, background: 'none' },
    marks: [...axisMarks(Plot, x, y, theme), ...panel.marks],
  });
  for (const style of plot.querySelectorAll('style')) style.remove();
  const pixelsOf = (name: 'x' | 'y') => {
    const scale = plot.scale(name);
    if (!scale) throw new Error('internal: chart: the plot has no axes');
    return (value: number | string): number => Number(scale.apply(value));
  };
  const xOf = pixelsOf('x');
  const ticks =
    'bands' in x || x.lines !== 'ticks'
      ? ''
      : `<path d="${x.ticks.map((tick) => `M${fixed(xOf(tick))},${height - margins.bottom}v4`).join('')}" stroke="${theme.muted}" fill="none"/>`;
  const yOf = pixelsOf('y');
  const broken =
    'bands' in y || y.zero === undefined
      ? ''
      : axisBreak(margins.left, yOf(y.zero.at), yOf(y.zero.above), theme);
  // Hundredths of a pixel are enough; what stands between tags is text.
  const svg = plot.outerHTML.replace(/\d+\.\d{3,}(?=[^<>]*>)/g, (number) => fixed(Number(number)));
  return { svg: svg + ticks + broken, xOf, yOf };
}

/** Two strokes across the axis between zero and the numbers above it. */
function axisBreak(x: number, zero: number, first: number, theme: ChartTheme): string {
  const y = (zero + first) / 2;
  const strokes = [-2.5, 2.5].map((shift) => `M${fixed(x - 7)},${fixed(y + shift + 2.5)}l12,-5`).join('');
  return `<path class="break" d="${strokes}" stroke="${theme.muted}" stroke-width="1.4" fill="none"/>`;
}

function scaleOf(axis: Axis | Bands) {
  return 'bands' in axis
    ? { type: 'band' as const, domain: axis.bands, padding: axis.padding, axis: null }
    : { type: axis.type, domain: [axis.low, axis.high], axis: null };
}

/** Grid, ticks and labels. Not Plot's own axes: on a logarithmic scale these leave some ticks out. */
function axisMarks(Plot: ChartTools['Plot'], x: Axis | Bands, y: Axis | Bands, theme: ChartTheme) {
  const { muted: fill, grid: stroke } = theme;
  const grid = { stroke, strokeOpacity: 1 };
  const below = { frameAnchor: 'bottom', lineAnchor: 'top', fill } as const;
  const isTick = (tick: number): number => tick;
  return [
    ...('bands' in x
      ? []
      : [
          ...(x.lines === 'grid' ? [Plot.gridX(x.ticks, grid)] : []),
          Plot.text(x.ticks, { ...below, x: isTick, text: x.text ?? tickText, dy: 9 }),
          ...(x.label === undefined ? [] : [Plot.text([x.label], { ...below, dy: 28 })]),
        ]),
    ...('bands' in y
      ? []
      : [
          Plot.gridY(y.ticks, grid),
          Plot.text(y.ticks, {
            ...{ y: isTick, text: y.text ?? tickText, dx: -9, fill },
            ...({ frameAnchor: 'left', textAnchor: 'end' } as const),
          }),
        ]),
  ];
}

/** A point of a line or a mark. */
export interface PanelPoint {
  readonly x: number;
  /** null if there is no number, because the network had diverged: a gap. */
  readonly y: number | null;
  /** Smallest and largest around it, for example of several runs of which it is the mean. */
  readonly range?: readonly [low: number, high: number];
}

/** How a line is drawn. */
export interface LineStyle {
  readonly stroke: string;
  /** Pixels; default 2. */
  readonly width?: number;
  /** Default 1. */
  readonly opacity?: number;
  /** As SVG has it; default: solid. */
  readonly dash?: string;
  /** A staircase that keeps a value up to the next point. */
  readonly isStair?: boolean;
}

/** A line through points, its gaps kept, over the band of their ranges. */
export function lineMarks(
  { Plot }: ChartTools,
  points: readonly PanelPoint[],
  y: Axis,
  { stroke, width = 2, opacity, dash, isStair = false }: LineStyle,
) {
  const valueOf = (value: number | null | undefined): number =>
    value === null || value === undefined ? NaN : clamped(y, value);
  return [
    ...(points.every(({ range }) => range === undefined)
      ? []
      : [
          Plot.areaY([...points], {
            x: 'x',
            y1: ({ range }: PanelPoint) => valueOf(range?.[0]),
            y2: ({ range }: PanelPoint) => valueOf(range?.[1]),
            fill: stroke,
            fillOpacity: 0.15,
          }),
        ]),
    Plot.lineY([...points], {
      ...{ x: 'x', y: (point: PanelPoint) => valueOf(point.y), stroke, strokeWidth: width },
      ...(opacity !== undefined && { strokeOpacity: opacity }),
      ...(dash !== undefined && { strokeDasharray: dash }),
      ...(isStair && { curve: 'step-after' as const }),
    }),
  ];
}
