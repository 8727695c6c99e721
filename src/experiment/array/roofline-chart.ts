/**
 * The roofline of a training step on the array: what each product reaches against how many operations it makes of a byte
 * (Williams, Waterman, Patterson 2009). Memory has a channel each way, so the bytes are those of the busier one: no mark can lie above the roof.
 */
import type { Pass, StepEstimate } from '../../hardware/index.js';
import { logTicks, type Axis } from '../draw/axis.js';
import { framedChart } from '../draw/frame.js';
import { labelsSvg, placeLabels, type LabelledMark } from '../draw/labels.js';
import { markerEntry } from '../draw/legend.js';
import { chartTools, drawPanel, type ChartTools } from '../draw/panel.js';
import { CHARACTER, fixed, markerPath, svgText, type Drawing } from '../draw/svg.js';
import { colourOf, LIGHT_THEME, type ChartTheme, type Look } from '../draw/theme.js';

const HEIGHT = 460;
const TOP = 30;
const RIGHT = 16;
const BOTTOM = 46;
const LEFT = 58;
const MARK_RADIUS = 4.5;
/** Marks that are nearer than this lie on each other, pixels: one name stands for all. */
const NEAR = 7;

/** How the products of a pass are marked. */
const PASSES: readonly (Look & { readonly pass: Pass; readonly name: string })[] = [
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
  const passes = PASSES.filter(({ pass }) => estimate.products.some((one) => one.workload.pass === pass));
  const legend = passes.length > 1 ? passes.map((pass) => markerEntry(theme, pass.name, pass)) : [];
  return framedChart(`Roofline of ${title}`, legend, theme, (width) =>
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
  const [low, high] = [Math.min(...intensities, corner) / 4, Math.max(...intensities, corner) * 4];
  const lowest = Math.min(...products.map(({ gops }) => gops), roofAt(low), peakGops / 10);
  const roof = [low, corner, high].map((at) => ({ x: at, y: roofAt(at) }));
  const panel = drawPanel(
    tools,
    {
      ...{ width, height: HEIGHT, margins: { top: TOP, right: RIGHT, bottom: BOTTOM, left: LEFT } },
      x: logAxis(low, high, 'Operations per byte moved (of the busier channel)'),
      y: logAxis(lowest / 1.6, peakGops * 1.6),
      marks: [tools.Plot.line(roof, { x: 'x', y: 'y', stroke: theme.ink, strokeWidth: 1.8 })],
    },
    theme,
  );
  const { xOf: x, yOf: y } = panel;
  // On logarithmic axes the slope is a straight line, too.
  const [foot, bend] = [low, corner].map((at) => ({ x: x(at), y: y(roofAt(at)) })) as [Point, Point];
  const rise = (bend.y - foot.y) / (bend.x - foot.x);
  const heightAt = (left: number): number => foot.y + rise * (Math.min(left, bend.x) - foot.x);
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
  const labels = placeLabels(merged(marks), area, { taken });
  const edge = theme.background === 'none' ? 'var(--page)' : theme.background;
  const drawnMarks = marks.map(({ workload, x: left, y: top }) => {
    const { colour, marker } = PASSES.find(({ pass }) => pass === workload.pass) ?? PASSES[0]!;
    const fill = colourOf(theme, colour);
    return `<path d="${markerPath(marker, left, top)}" fill="${fill}" stroke="${edge}" stroke-width="0.8"/>`;
  });
  return {
    svg:
      panel.svg +
      svgText(2, TOP - 14, 'G-ops/s', `fill="${theme.ink}"`) +
      svgText(peak.x, peak.y, peak.text, `text-anchor="end" fill="${theme.ink}"`) +
      `<g transform="${along(foot, rise)}">${svgText(16, -8, memory, `fill="${theme.ink}"`)}</g>` +
      drawnMarks.join('') +
      labelsSvg(labels, theme),
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
function merged(marks: readonly LabelledMark[]): LabelledMark[] {
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

function logAxis(low: number, high: number, label?: string): Axis {
  return {
    type: 'log',
    low,
    high,
    ticks: logTicks(low, high),
    lines: 'grid',
    ...(label !== undefined && { label }),
  };
}

/** `260.3`, `6.31`: three digits or four. */
function rate(value: number): string {
  return value >= 100 ? value.toFixed(1) : String(Number(value.toPrecision(3)));
}
