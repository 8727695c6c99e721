/**
 * What the array spends its time on, a bar for each product: multiply-accumulates that count, PEs beyond the edge of the
 * result, and every kind of stall. A bar is all cycles times all PEs; beside it stands the product's share of the step.
 */
import { CAUSES, type Cause, type StepEstimate } from '../../hardware/index.js';
import { framedChart, type Drawing } from '../draw/frame.js';
import {
  chartTools,
  CHARACTER,
  colourOf,
  FONT_SIZE,
  LIGHT_THEME,
  plotSvg,
  type ChartTheme,
  type ChartTools,
} from '../draw/theme.js';

const ROW = 21;
const TOP = 26;
const BOTTOM = 34;
const RIGHT = 118;
const TICKS = [0, 0.2, 0.4, 0.6, 0.8, 1];

/** What each cause is called, and its colour. */
const CAUSE_TEXTS: Readonly<Record<Cause, { readonly name: string; readonly colour: number }>> = {
  busy: { name: 'busy', colour: 0 },
  edge: { name: 'edge', colour: 5 },
  fill: { name: 'fill', colour: 4 },
  drain: { name: 'drain', colour: 1 },
  read: { name: 'read', colour: 6 },
  write: { name: 'write', colour: 3 },
  flush: { name: 'flush', colour: 7 },
};

/** The chart as a whole SVG document. */
export async function utilisationChart(
  title: string,
  estimate: StepEstimate,
  theme: ChartTheme = LIGHT_THEME,
): Promise<string> {
  const tools = await chartTools();
  const legend = CAUSES.map((cause) => CAUSE_TEXTS[cause]);
  return framedChart(`What the array does in ${title}`, legend, theme, (width) =>
    bars(tools, estimate, width, theme),
  );
}

interface Part {
  readonly row: string;
  readonly x1: number;
  readonly x2: number;
  readonly colour: string;
}

function bars(
  { plot: Plot, parseHTML }: ChartTools,
  { products, total }: StepEstimate,
  width: number,
  theme: ChartTheme,
): Drawing {
  const { document } = parseHTML('<html></html>');
  const rows = products.map(({ workload, shares, seconds }, index) => ({
    // Names are unique in a plan; the number keeps them so everywhere.
    key: String(index),
    name: workload.name,
    shares,
    note: `${percent(shares.busy)} of ${percent(seconds / total.seconds)}`,
  }));
  const step = { key: 'all', name: 'all', shares: total.shares, note: percent(total.shares.busy) };
  const shown = rows.length > 1 ? [...rows, step] : rows;
  const parts = shown.flatMap(({ key, shares }): Part[] => {
    let from = 0;
    return CAUSES.map((cause) => {
      const x1 = from;
      from += shares[cause];
      return { row: key, x1, x2: from, colour: colourOf(theme, CAUSE_TEXTS[cause].colour) };
    });
  });
  const left = 16 + CHARACTER * Math.max(...shown.map(({ name }) => name.length));
  const height = TOP + BOTTOM + ROW * shown.length;
  const byKey = new Map(shown.map((row) => [row.key, row]));
  const plot = Plot.plot({
    document,
    width,
    height,
    marginTop: TOP,
    marginRight: RIGHT,
    marginBottom: BOTTOM,
    marginLeft: left,
    style: { fontSize: `${FONT_SIZE}px`, color: theme.muted, background: 'none' },
    x: { domain: [0, 1], axis: null },
    y: { domain: shown.map(({ key }) => key), padding: 0.22, axis: null },
    marks: [
      Plot.gridX(TICKS, { stroke: theme.grid, strokeOpacity: 1 }),
      Plot.barX(
        parts.filter(({ x1, x2 }) => x2 > x1),
        { x1: 'x1', x2: 'x2', y: 'row', fill: 'colour' },
      ),
      Plot.text(
        shown.map(({ key }) => key),
        {
          y: (key: string) => key,
          text: (key: string) => byKey.get(key)?.name ?? '',
          frameAnchor: 'left',
          textAnchor: 'end',
          dx: -8,
          fill: theme.ink,
        },
      ),
      Plot.text(
        shown.map(({ key }) => key),
        {
          y: (key: string) => key,
          text: (key: string) => byKey.get(key)?.note ?? '',
          frameAnchor: 'right',
          textAnchor: 'end',
          dx: RIGHT - 2,
          fill: theme.ink,
        },
      ),
      Plot.text(['busy, of time'], {
        frameAnchor: 'top-right',
        lineAnchor: 'bottom',
        textAnchor: 'end',
        dx: RIGHT - 2,
        dy: -8,
        fill: theme.muted,
      }),
      Plot.text(TICKS, {
        x: (tick: number) => tick,
        text: (tick: number) => `${Math.round(100 * tick)} %`,
        frameAnchor: 'bottom',
        lineAnchor: 'top',
        dy: 9,
        fill: theme.muted,
      }),
    ],
  });
  return { svg: plotSvg(plot), height };
}

function percent(share: number): string {
  if (share < 0.0005) return share === 0 ? '0 %' : '<0.1 %';
  return `${(100 * share).toFixed(share < 0.0995 ? 1 : 0)} %`;
}
