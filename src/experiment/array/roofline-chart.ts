/**
 * The roofline of a training step on the array: what each product reaches against how many operations it makes of a byte
 * (Williams, Waterman, Patterson 2009). Memory has a channel each way, so the bytes are those of the busier one: no mark can lie above the roof.
 */
import type { Pass, StepEstimate } from '../../hardware/index.js';
import { framedChart, type Drawing, type LegendEntry } from '../draw/frame.js';
import {
  chartTools,
  CHARACTER,
  colourOf,
  fixed,
  FONT_SIZE,
  LIGHT_THEME,
  markerPath,
  plotSvg,
  svgText,
  type ChartTheme,
  type ChartTools,
} from '../draw/theme.js';
import { placeLabels, type LabelledMark } from '../draw/label-placement.js';

const HEIGHT = 460;
const TOP = 30;
const RIGHT = 16;
const BOTTOM = 46;
const LEFT = 58;
const MARK_RADIUS = 4.5;
/** Marks that are nearer than this lie on each other, pixels: one name stands for all. */
const NEAR = 7;

/** How the products of a pass are marked. */
const PASSES: readonly (LegendEntry & { readonly pass: Pass; readonly marker: number })[] = [
  { pass: 'forward', name: 'forward', colour: 0, marker: 0 },
  { pass: 'dInput', name: 'backward: error of the input', colour: 1, marker: 2 },
  { pass: 'dWeight', name: 'backward: gradient of the weight', colour: 2, marker: 1 },
];

/** The chart as a whole SVG document. */
export async function rooflineChart(
  title: string,
  estimate: StepEstimate,
  theme: ChartTheme = LIGHT_THEME,
): Promise<string> {
  const tools = await chartTools();
  const legend = PASSES.filter(({ pass }) => estimate.products.some((one) => one.workload.pass === pass));
  return framedChart(`Roofline of ${title}`, legend.length > 1 ? legend : [], theme, (width) =>
    roofline(tools, estimate, width, theme),
  );
}

function roofline(
  tools: ChartTools,
  { products, peakGops, gigabytesPerSecond }: StepEstimate,
  width: number,
  theme: ChartTheme,
): Drawing {
  // A memory that never keeps the array waiting has no slope.
  const isFlat = gigabytesPerSecond === Infinity;
  const roofAt = (x: number): number => (isFlat ? peakGops : Math.min(peakGops, x * gigabytesPerSecond));
  const intensities = products.map(({ intensity }) => intensity);
  const corner = isFlat ? intensities[0]! : peakGops / gigabytesPerSecond;
  const domainX = [Math.min(...intensities, corner) / 4, Math.max(...intensities, corner) * 4] as const;
  const lowest = Math.min(...products.map(({ gops }) => gops), roofAt(domainX[0]), peakGops / 10);
  const domainY = [lowest / 1.6, peakGops * 1.6] as const;
  const roof = [domainX[0], corner, domainX[1]].map((at) => ({ x: at, y: roofAt(at) }));
  const { svg, x, y } = axes(tools, { domainX, domainY, width, roof }, theme);
  // On logarithmic axes the slope is a straight line, too.
  const [low, bend] = [domainX[0], corner].map((at) => ({ x: x(at), y: y(roofAt(at)) })) as [Point, Point];
  const rise = (bend.y - low.y) / (bend.x - low.x);
  const heightAt = (left: number): number => low.y + rise * (Math.min(left, bend.x) - low.x);
  const memory = isFlat ? '' : `${rate(gigabytesPerSecond)} GB/s each way`;
  const peak = { text: `peak ${rate(peakGops)} G-ops/s`, x: width - RIGHT - 6, y: y(peakGops) - 8 };
  const taken = [
    {
      left: peak.x - CHARACTER * peak.text.length,
      right: peak.x,
      top: peak.y - 12,
      bottom: peak.y + 4,
    },
    // The roof itself, in small steps, with its name above its low end.
    ...Array.from({ length: 121 }, (_, i) => {
      const at = LEFT + ((width - RIGHT - LEFT) * i) / 120;
      const above = at < LEFT + 20 + CHARACTER * memory.length ? 30 : 3;
      return { left: at - 4, right: at + 4, top: heightAt(at) - above, bottom: heightAt(at) + 3 };
    }),
  ];
  const marks = [...products]
    .sort((a, b) => b.seconds - a.seconds)
    .map(({ workload, intensity, gops }) => ({
      workload,
      ...{ x: x(intensity), y: y(gops), radius: MARK_RADIUS + 1, text: workload.name },
    }));
  const area = { left: LEFT + 4, right: width - RIGHT - 2, top: TOP, bottom: HEIGHT - BOTTOM - 4 };
  const labels = placeLabels(grouped(marks), area, { character: CHARACTER, line: 15 }, taken);
  const edge = theme.background === 'none' ? 'var(--page)' : theme.background;
  const drawnMarks = marks.map(({ workload, x: left, y: top }) => {
    const { colour, marker } = PASSES.find(({ pass }) => pass === workload.pass) ?? PASSES[0]!;
    const fill = colourOf(theme, colour);
    return `<path d="${markerPath(marker, left, top)}" fill="${fill}" stroke="${edge}" stroke-width="0.8"/>`;
  });
  return {
    svg:
      svg +
      svgText(peak.x, peak.y, peak.text, `text-anchor="end" fill="${theme.ink}"`) +
      `<g transform="${along(low, rise)}">${svgText(16, -8, memory, `fill="${theme.ink}"`)}</g>` +
      drawnMarks.join('') +
      labels.map((label) => svgText(label.x, label.y + 4.5, label.text, `fill="${theme.ink}"`)).join(''),
    height: HEIGHT,
  };
}

interface Point {
  readonly x: number;
  readonly y: number;
}

/** The transform that turns the horizontal into a line through a point. */
function along({ x, y }: Point, rise: number): string {
  const cosine = 1 / Math.sqrt(1 + rise * rise);
  const sine = rise * cosine;
  return `matrix(${[cosine, sine, -sine, cosine].map((value) => value.toFixed(5)).join(',')},${fixed(x)},${fixed(y)})`;
}

/** Marks that lie on each other as one, named after the first: `conv2/output +3`. */
function grouped(marks: readonly LabelledMark[]): LabelledMark[] {
  const groups: { readonly first: LabelledMark; others: number }[] = [];
  for (const mark of marks) {
    const group = groups.find(({ first }) => (first.x - mark.x) ** 2 + (first.y - mark.y) ** 2 < NEAR ** 2);
    if (group) group.others += 1;
    else groups.push({ first: mark, others: 0 });
  }
  return groups.map(({ first, others }) =>
    others === 0 ? first : { ...first, text: `${first.text} +${others}` },
  );
}

interface AxesOptions {
  readonly domainX: readonly [number, number];
  readonly domainY: readonly [number, number];
  readonly width: number;
  readonly roof: readonly Point[];
}

interface Axes {
  readonly svg: string;
  /** Pixels of an intensity and of a speed. */
  readonly x: (intensity: number) => number;
  readonly y: (gops: number) => number;
}

/** Axes, grid and roof. */
function axes(
  { plot: Plot, parseHTML }: ChartTools,
  { domainX, domainY, width, roof }: AxesOptions,
  theme: ChartTheme,
): Axes {
  const { document } = parseHTML('<html></html>');
  const ticksX = logTicks(domainX);
  const ticksY = logTicks(domainY);
  const plot = Plot.plot({
    document,
    width,
    height: HEIGHT,
    marginTop: TOP,
    marginRight: RIGHT,
    marginBottom: BOTTOM,
    marginLeft: LEFT,
    style: { fontSize: `${FONT_SIZE}px`, color: theme.muted, background: 'none' },
    x: { type: 'log', domain: [...domainX], axis: null },
    y: { type: 'log', domain: [...domainY], axis: null },
    marks: [
      Plot.gridX(ticksX, { stroke: theme.grid, strokeOpacity: 1 }),
      Plot.gridY(ticksY, { stroke: theme.grid, strokeOpacity: 1 }),
      Plot.text(ticksY, {
        y: (tick: number) => tick,
        text: (tick: number) => String(tick),
        frameAnchor: 'left',
        textAnchor: 'end',
        dx: -8,
        fill: theme.muted,
      }),
      Plot.text(ticksX, {
        x: (tick: number) => tick,
        text: (tick: number) => String(tick),
        frameAnchor: 'bottom',
        lineAnchor: 'top',
        dy: 9,
        fill: theme.muted,
      }),
      Plot.text(['Operations per byte moved (of the busier channel)'], {
        frameAnchor: 'bottom',
        lineAnchor: 'top',
        dy: 29,
        fill: theme.ink,
      }),
      Plot.line([...roof], { x: 'x', y: 'y', stroke: theme.ink, strokeWidth: 1.8 }),
    ],
  });
  const pixels = (name: 'x' | 'y') => {
    const scale = plot.scale(name);
    if (!scale) throw new Error('internal: chart: the plot has no axes');
    return (value: number): number => scale.apply(value) as number;
  };
  const svg = plotSvg(plot) + svgText(2, TOP - 14, 'G-ops/s', `fill="${theme.ink}"`);
  return { svg, x: pixels('x'), y: pixels('y') };
}

/** Numbers 1, 2, 5 and their powers of ten within the domain; 1 alone where there would be more than eight. */
function logTicks([low, high]: readonly [number, number]): number[] {
  const exponents = Array.from({ length: 31 }, (_, i) => i - 15);
  const within = (mantissas: readonly number[]): number[] =>
    exponents
      .flatMap((exponent) => mantissas.map((mantissa) => Number(`${mantissa}e${exponent}`)))
      .filter((tick) => tick >= low && tick <= high);
  const fine = within([1, 2, 5]);
  return fine.length <= 8 ? fine : within([1]);
}

/** `260.3`, `6.31`: three digits or four. */
function rate(value: number): string {
  return value >= 100 ? value.toFixed(1) : String(Number(value.toPrecision(3)));
}
