/**
 * The roofline of a training step on the array: what each product reaches against how many operations it makes of a byte
 * (Williams, Waterman, Patterson 2009). Memory has a channel each way, so the bytes are those of the busier one: no mark can lie above the roof.
 */
import type { Pass, StepEstimate } from '../hardware/index.js';
import { framedChart, type Drawing, type LegendEntry } from './chart-frame.js';
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
} from './chart-tools.js';
import { placeLabels, type LabelledMark } from './label-placement.js';
import { logScale, logTicks } from './log-axis.js';

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
  const domainX = [Math.min(...intensities, corner) / 4, Math.max(...intensities, corner) * 2.5] as const;
  const roof = [domainX[0], corner, domainX[1]].map((at) => ({ x: at, y: roofAt(at) }));
  const lowest = Math.min(...products.map(({ gops }) => gops), roofAt(domainX[0]));
  const domainY = [lowest / 1.6, peakGops * 1.6] as const;
  const x = logScale(domainX, [LEFT, width - RIGHT]);
  const y = logScale(domainY, [HEIGHT - BOTTOM, TOP]);
  const peak = {
    text: `peak ${rate(peakGops)} G-ops/s`,
    x: width - RIGHT - 6,
    y: y(peakGops) - 8,
  };
  const area = { left: LEFT + 4, right: width - RIGHT - 2, top: TOP, bottom: HEIGHT - BOTTOM - 4 };
  const memory = isFlat ? '' : `${rate(gigabytesPerSecond)} GB/s each way`;
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
      const height = y(roofAt(domainX[0] * (domainX[1] / domainX[0]) ** (i / 120)));
      const above = at < LEFT + 20 + CHARACTER * memory.length ? 30 : 3;
      return { left: at - 4, right: at + 4, top: height - above, bottom: height + 3 };
    }),
  ];
  const marks = [...products]
    .sort((a, b) => b.seconds - a.seconds)
    .map(({ workload, intensity, gops }) => ({
      workload,
      ...{ x: x(intensity), y: y(gops), radius: MARK_RADIUS + 1, text: workload.name },
    }));
  const labels = placeLabels(grouped(marks), area, { character: CHARACTER, line: 15 }, taken);
  const drawnMarks = marks.map(({ workload, x: left, y: top }) => {
    const { colour, marker } = PASSES.find(({ pass }) => pass === workload.pass) ?? PASSES[0]!;
    return `<path d="${markerPath(marker, left, top)}" fill="${colourOf(theme, colour)}" stroke="${theme.background === 'none' ? 'var(--page)' : theme.background}" stroke-width="0.8"/>`;
  });
  const angle = Math.atan2(y(roofAt(corner)) - y(roofAt(domainX[0])), x(corner) - x(domainX[0]));
  const degrees = fixed((angle * 180) / Math.PI);
  const slope =
    `<g transform="translate(${fixed(LEFT)},${fixed(y(roofAt(domainX[0])))}) rotate(${degrees})">` +
    `${svgText(16, -8, memory, `fill="${theme.ink}"`)}</g>`;
  return {
    svg:
      axes(tools, { domainX, domainY, width, roof }, theme) +
      svgText(peak.x, peak.y, peak.text, `text-anchor="end" fill="${theme.ink}"`) +
      slope +
      drawnMarks.join('') +
      labels.map((label) => svgText(label.x, label.y + 4.5, label.text, `fill="${theme.ink}"`)).join(''),
    height: HEIGHT,
  };
}

/** Marks that lie on each other as one, named after the first: `conv2/output +3`. */
function grouped(marks: readonly LabelledMark[]): LabelledMark[] {
  const groups: { readonly first: LabelledMark; others: number }[] = [];
  for (const mark of marks) {
    const group = groups.find(({ first }) => Math.hypot(first.x - mark.x, first.y - mark.y) < NEAR);
    if (group) group.others += 1;
    else groups.push({ first: mark, others: 0 });
  }
  return groups.map(({ first, others }) =>
    others === 0 ? first : { ...first, text: `${first.text} +${others}` },
  );
}

interface Axes {
  readonly domainX: readonly [number, number];
  readonly domainY: readonly [number, number];
  readonly width: number;
  readonly roof: readonly { readonly x: number; readonly y: number }[];
}

/** Axes, grid and roof. */
function axes(
  { plot: Plot, parseHTML }: ChartTools,
  { domainX, domainY, width, roof }: Axes,
  theme: ChartTheme,
): string {
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
  return plotSvg(plot) + svgText(2, TOP - 14, 'G-ops/s', `fill="${theme.ink}"`);
}

/** `260.3`, `6.31`: three digits or four. */
function rate(value: number): string {
  return value >= 100 ? value.toFixed(1) : String(Number(value.toPrecision(3)));
}
