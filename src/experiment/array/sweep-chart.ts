/**
 * A sweep over arrays as one figure: speed, utilisation and energy side by side, as bars if one field varies and as heat
 * maps if several do, the first field across and the others down.
 */
import type { ArraySweepRow } from './table.js';
import { columns, framedChart } from '../draw/frame.js';
import { chartTools, drawPanel, type ChartTools } from '../draw/panel.js';
import { BOLD_CHARACTER, CHARACTER, type Drawing } from '../draw/svg.js';
import { colourOf, LIGHT_THEME, type ChartTheme } from '../draw/theme.js';

const BARS = 220;
const CELL = 38;
const FOOT = 34;

/** A number of each combination. */
interface Measure {
  readonly title: string;
  readonly of: (row: ArraySweepRow) => number;
}

const MEASURES: readonly Measure[] = [
  { title: 'Speed, G-ops/s', of: ({ estimate }) => estimate.total.gops },
  { title: 'Utilisation, %', of: ({ estimate }) => 100 * estimate.total.shares.busy },
  { title: 'Energy, mJ', of: ({ estimate }) => 1000 * estimate.total.joules },
];

/** A combination's place: the first field across, the others down. */
interface Cell {
  readonly x: string;
  readonly y: string;
  readonly value: number;
}

/** The chart as a whole SVG document. */
export async function arraySweepChart(
  title: string,
  rows: readonly ArraySweepRow[],
  theme: ChartTheme = LIGHT_THEME,
): Promise<string> {
  const tools = await chartTools();
  const names = Object.keys(rows[0]?.labels ?? {}) as (keyof ArraySweepRow['labels'])[];
  const places = rows.map(({ labels }) => {
    const [x = '', ...others] = names.map((name) => labelText(name, labels[name] ?? ''));
    return { x, y: others.join(', ') };
  });
  const left = 14 + CHARACTER * Math.max(...places.map(({ y }) => y.length));
  const draw = names.length > 1 ? heatMap : bars;
  const panels = MEASURES.map(({ title: name, of }, index) => {
    const cells = rows.map((row, i) => ({ ...places[i]!, value: of(row) }));
    // The names of the rows stand once, on the left.
    const own = index === 0 ? left : 0;
    return {
      title: name,
      left: own,
      draw: (width: number) => draw(tools, { cells, width, left: own }, theme),
    };
  });
  return framedChart(title, [], theme, (width) => columns(panels, width, theme));
}

function labelText(name: string, value: string): string {
  return name === 'WL' ? `${value} bits` : value;
}

interface PanelOptions {
  readonly cells: readonly Cell[];
  readonly width: number;
  /** Width of the names on the left, 0 for none. */
  readonly left: number;
}

function bars(tools: ChartTools, { cells, width, left }: PanelOptions, theme: ChartTheme): Drawing {
  const { Plot } = tools;
  const xs = [...new Set(cells.map(({ x }) => x))];
  const height = BARS + FOOT;
  const marks = [
    Plot.barY(cells, { x: 'x', y: 'value', fill: colourOf(theme, 0) }),
    Plot.ruleY([0], { stroke: theme.muted }),
    Plot.text(cells, { ...{ x: 'x', y: 'value', dy: -9 }, ...valueText(theme) }),
    columnNames(Plot, xs, width - left, theme),
  ];
  const margins = { top: 20, right: 0, bottom: FOOT, left };
  const x = { bands: xs, padding: 0.25 };
  const y = {
    type: 'linear',
    low: 0,
    high: Math.max(...cells.map(({ value }) => value)),
    ticks: [],
  } as const;
  return { svg: drawPanel(tools, { width, height, margins, x, y, marks }, theme).svg, height };
}

function heatMap(tools: ChartTools, { cells, width, left }: PanelOptions, theme: ChartTheme): Drawing {
  const { Plot } = tools;
  const xs = [...new Set(cells.map(({ x }) => x))];
  const ys = [...new Set(cells.map(({ y }) => y))];
  const largest = Math.max(...cells.map(({ value }) => value));
  const height = CELL * ys.length + FOOT;
  const shade = ({ value }: Cell): number => 0.1 + 0.55 * (value / largest);
  const name = (y: string): string => y;
  const rowNames = Plot.text(ys, {
    ...{ y: name, text: name, dx: -8, fill: theme.ink },
    ...({ frameAnchor: 'left', textAnchor: 'end' } as const),
  });
  const marks = [
    Plot.cell(cells, { x: 'x', y: 'y', fill: colourOf(theme, 0), fillOpacity: shade }),
    Plot.text(cells, { x: 'x', y: 'y', ...valueText(theme) }),
    columnNames(Plot, xs, width - left, theme),
    ...(left === 0 ? [] : [rowNames]),
  ];
  const margins = { top: 0, right: 0, bottom: FOOT, left };
  const [x, y] = [
    { bands: xs, padding: 0.03 },
    { bands: ys, padding: 0.06 },
  ];
  return { svg: drawPanel(tools, { width, height, margins, x, y, marks }, theme).svg, height };
}

function valueText({ ink }: ChartTheme) {
  return { text: ({ value }: Cell) => threeDigits(value), fill: ink };
}

/** Names below the columns; on their side if they are too long to stand next to each other. */
function columnNames(
  Plot: ChartTools['Plot'],
  xs: readonly string[],
  width: number,
  theme: ChartTheme,
): ReturnType<ChartTools['Plot']['text']> {
  const longest = Math.max(...xs.map((x) => x.length));
  const leans = BOLD_CHARACTER * longest > width / xs.length;
  return Plot.text([...xs], {
    x: (x: string) => x,
    text: (x: string) => x,
    frameAnchor: 'bottom',
    ...(leans ? { rotate: -25, textAnchor: 'end', dy: 12, dx: 8 } : { lineAnchor: 'top', dy: 8 }),
    fill: theme.ink,
  });
}

/** `57.0`, `0.123`, `1250`. */
function threeDigits(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
