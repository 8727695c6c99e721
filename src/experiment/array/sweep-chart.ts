/**
 * A sweep over arrays as one figure: speed, utilisation and energy side by side, as bars where one field varies and as heat
 * maps where several do, the first field across and the others down.
 */
import type { ArraySweepRow } from './table.js';
import { framedChart, type Drawing } from '../draw/frame.js';
import {
  BOLD_CHARACTER,
  chartTools,
  CHARACTER,
  colourOf,
  fixed,
  FONT_SIZE,
  LIGHT_THEME,
  plotSvg,
  svgText,
  type ChartTheme,
  type ChartTools,
} from '../draw/theme.js';

const GAP = 22;
const HEAD = 26;
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
  return framedChart(title, [], theme, (width) => {
    const left = 14 + CHARACTER * Math.max(...places.map(({ y }) => y.length));
    const free = (width - left - GAP * (MEASURES.length - 1)) / MEASURES.length;
    const panels = MEASURES.map(({ title: name, of }, index) => {
      const cells = rows.map((row, i) => ({ ...places[i]!, value: of(row) }));
      const panel = names.length > 1 ? heatMap : bars;
      // The names of the rows stand once, on the left.
      const own = index === 0 ? left : 0;
      const x = index === 0 ? 0 : left + index * (free + GAP);
      const drawn = panel(tools, { cells, width: own + free, left: own }, theme);
      const heading = svgText(own, 14, name, `font-weight="600" fill="${theme.ink}"`);
      return {
        svg: `<g transform="translate(${fixed(x)},0)">${heading}<g transform="translate(0,${HEAD})">${drawn.svg}</g></g>`,
        height: HEAD + drawn.height,
      };
    });
    return { svg: panels.map(({ svg }) => svg).join(''), height: Math.max(...panels.map((p) => p.height)) };
  });
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

function bars(
  { plot: Plot, parseHTML }: ChartTools,
  { cells, width, left }: PanelOptions,
  theme: ChartTheme,
): Drawing {
  const { document } = parseHTML('<html></html>');
  const xs = [...new Set(cells.map(({ x }) => x))];
  const plot = Plot.plot({
    document,
    width,
    height: BARS + FOOT,
    marginTop: 20,
    marginBottom: FOOT,
    marginLeft: left,
    marginRight: 0,
    style: { fontSize: `${FONT_SIZE}px`, color: theme.muted, background: 'none' },
    x: { domain: xs, padding: 0.25, axis: null },
    y: { domain: [0, Math.max(...cells.map(({ value }) => value))], axis: null },
    marks: [
      Plot.barY(cells, { x: 'x', y: 'value', fill: colourOf(theme, 0) }),
      Plot.ruleY([0], { stroke: theme.muted }),
      Plot.text(cells, {
        x: 'x',
        y: 'value',
        text: ({ value }: Cell) => threeDigits(value),
        dy: -9,
        fill: theme.ink,
      }),
      columnNames(Plot, xs, width - left, theme),
    ],
  });
  return { svg: plotSvg(plot), height: BARS + FOOT };
}

function heatMap(
  { plot: Plot, parseHTML }: ChartTools,
  { cells, width, left }: PanelOptions,
  theme: ChartTheme,
): Drawing {
  const { document } = parseHTML('<html></html>');
  const xs = [...new Set(cells.map(({ x }) => x))];
  const ys = [...new Set(cells.map(({ y }) => y))];
  const largest = Math.max(...cells.map(({ value }) => value));
  const height = CELL * ys.length + FOOT;
  const shade = ({ value }: Cell): number => 0.1 + 0.55 * (value / largest);
  const plot = Plot.plot({
    document,
    width,
    height,
    marginTop: 0,
    marginBottom: FOOT,
    marginLeft: left,
    marginRight: 0,
    style: { fontSize: `${FONT_SIZE}px`, color: theme.muted, background: 'none' },
    x: { domain: xs, padding: 0.03, axis: null },
    y: { domain: ys, padding: 0.06, axis: null },
    marks: [
      Plot.cell(cells, { x: 'x', y: 'y', fill: colourOf(theme, 0), fillOpacity: shade }),
      Plot.text(cells, { x: 'x', y: 'y', text: ({ value }: Cell) => threeDigits(value), fill: theme.ink }),
      columnNames(Plot, xs, width - left, theme),
      ...(left === 0
        ? []
        : [
            Plot.text(ys, {
              y: (y: string) => y,
              text: (y: string) => y,
              frameAnchor: 'left',
              textAnchor: 'end',
              dx: -8,
              fill: theme.ink,
            }),
          ]),
    ],
  });
  return { svg: plotSvg(plot), height };
}

/** Names below the columns; on their side where they are too long to stand next to each other. */
function columnNames(
  Plot: ChartTools['plot'],
  xs: readonly string[],
  width: number,
  theme: ChartTheme,
): ReturnType<ChartTools['plot']['text']> {
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
