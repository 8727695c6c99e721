/**
 * What the array spends its time on, a bar for each product: multiply-accumulates that count, PEs beyond the edge of the
 * result, and every kind of stall. A bar is all cycles times all PEs; beside it stands the product's share of the step.
 */
import { CAUSES, type Cause, type StepEstimate } from '../../hardware/index.js';
import { type Axis } from '../draw/axis.js';
import { framedChart } from '../draw/frame.js';
import { patchEntry } from '../draw/legend.js';
import { chartTools, drawPanel, type ChartTools } from '../draw/panel.js';
import { CHARACTER, type Drawing } from '../draw/svg.js';
import { shareText } from '../draw/text.js';
import { colourOf, LIGHT_THEME, type ChartTheme } from '../draw/theme.js';

const ROW = 21;
const TOP = 26;
const BOTTOM = 34;
const RIGHT = 118;
const SHARES: Axis = {
  type: 'linear',
  low: 0,
  high: 1,
  ticks: [0, 0.2, 0.4, 0.6, 0.8, 1],
  text: (tick) => `${Math.round(100 * tick)} %`,
  lines: 'grid',
};

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
  const legend = CAUSES.map((cause) => {
    const { name, colour } = CAUSE_TEXTS[cause];
    return patchEntry(theme, name, colour);
  });
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
  tools: ChartTools,
  { products, total }: StepEstimate,
  width: number,
  theme: ChartTheme,
): Drawing {
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
  const keys = shown.map(({ key }) => key);
  const { Plot } = tools;
  const inRow = (text: (row: (typeof shown)[number]) => string) => ({
    y: (key: string) => key,
    text: (key: string) => text(byKey.get(key)!),
    textAnchor: 'end' as const,
    fill: theme.ink,
  });
  const marks = [
    Plot.barX(
      parts.filter(({ x1, x2 }) => x2 > x1),
      { x1: 'x1', x2: 'x2', y: 'row', fill: 'colour' },
    ),
    Plot.text(keys, { ...inRow(({ name }) => name), frameAnchor: 'left', dx: -8 }),
    Plot.text(keys, { ...inRow(({ note }) => note), frameAnchor: 'right', dx: RIGHT - 2 }),
    Plot.text(['busy, of time'], {
      ...({ frameAnchor: 'top-right', lineAnchor: 'bottom', textAnchor: 'end' } as const),
      ...{ dx: RIGHT - 2, dy: -8, fill: theme.muted },
    }),
  ];
  const margins = { top: TOP, right: RIGHT, bottom: BOTTOM, left };
  const y = { bands: keys, padding: 0.22 };
  const { svg } = drawPanel(tools, { width, height, margins, x: SHARES, y, marks }, theme);
  return { svg, height };
}

function percent(share: number): string {
  return shareText(share, share < 0.0995 ? 1 : 0);
}
