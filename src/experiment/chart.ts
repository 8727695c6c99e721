/**
 * The chart of a comparison as SVG text: test error and training error against training time, one line a setting. Errors
 * lie between a fraction of a percent and chance (90 %), so their axis is logarithmic. Drawn by Observable Plot in a
 * document of its own (linkedom); legend, titles and direct labels are placed here.
 */
import type { ComparisonRow } from './comparison.js';
import { epochLines, intervalLines, trainingTotals, type IntervalLine } from './metrics.js';

/** A point of a curve. */
export interface ChartPoint {
  /** Epochs (or steps) trained. */
  readonly x: number;
  readonly errorPercent: number;
}

/** The curves of one setting. */
export interface ChartSeries {
  readonly name: string;
  readonly test: readonly ChartPoint[];
  readonly train: readonly ChartPoint[];
}

/** Colours as CSS has them; a page passes variables. */
export interface ChartTheme {
  /** A picture of its own has a margin and the title; on a page the page has both. */
  readonly framed: boolean;
  readonly background: string;
  readonly ink: string;
  readonly muted: string;
  readonly grid: string;
  /** Used in turn; told apart by people with colour-blindness as well. */
  readonly series: readonly string[];
}

/** What `errorChart` draws. */
export interface Chart {
  readonly title: string;
  readonly unit: 'epochs' | 'steps';
  readonly series: readonly ChartSeries[];
}

/** For a file of its own, on white. */
export const LIGHT_THEME: ChartTheme = {
  framed: true,
  background: '#ffffff',
  ink: '#1f2328',
  muted: '#59636e',
  grid: '#d8dee4',
  series: ['#0969b2', '#c2410c', '#0f7b5f', '#8250a8', '#9a6700', '#1b7c96', '#b3246b', '#57606a'],
};

/** More points than this make a training curve a smear: then one point an epoch. */
const MAX_POINTS = 120;

/** The curves of a comparison's rows. The x axis counts epochs where every run has finished one, else steps. */
export function comparisonChart(title: string, rows: readonly ComparisonRow[]): Chart {
  const perEpoch = rows.map(({ metrics }) => {
    const whole = epochLines(metrics).find(({ partial }) => !partial);
    return whole && whole.step / whole.epoch;
  });
  const inEpochs = perEpoch.every((steps) => steps !== undefined);
  const series = rows.map(({ name, metrics }, index) => {
    const scale = (inEpochs ? perEpoch[index] : undefined) ?? 1;
    const test = epochLines(metrics).map(({ step, testErrorPercent }) => ({
      x: step / scale,
      errorPercent: testErrorPercent,
    }));
    const intervals = intervalLines(metrics);
    const train =
      intervals.length <= MAX_POINTS
        ? intervals.map((line) => trainingPoint([line], scale))
        : epochLines(metrics).map(({ epoch }) =>
            trainingPoint(
              intervals.filter((line) => line.epoch === epoch),
              scale,
            ),
          );
    return { name, test, train };
  });
  return { title, unit: inEpochs ? 'epochs' : 'steps', series };
}

/** Error over the lines' examples, placed in the middle of the time that they cover. */
function trainingPoint(lines: readonly IntervalLine[], scale: number): ChartPoint {
  const middle = ((lines[0]?.from ?? 0) + (lines.at(-1)?.step ?? 0)) / 2;
  return { x: middle / scale, errorPercent: trainingTotals(lines).errorPercent };
}

/** A dot at every point shows where a short curve was measured; a long one shows only lines. */
const MAX_DOTS = 12;

const WIDTH = 960;
const FRAME = 28;
const GAP = 24;
const PANEL_HEIGHT = 380;
const PLOT_LEFT = 52;
const PLOT_TOP = 12;
const PLOT_BOTTOM = 44;
const FONT_SIZE = 13;
/** Average advance of a character of the label's font; labels only need a margin wide enough. */
const CHARACTER = 7;
const BOLD_CHARACTER = 9;
const LABEL_SPACING = 17;
const LEGEND_LINE = 22;
const TICKS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100];

/** The two libraries that draw; loaded when a chart is drawn, because most commands start and end without one. */
interface Tools {
  readonly plot: typeof import('@observablehq/plot');
  readonly parseHTML: typeof import('linkedom').parseHTML;
}

/** The chart as a whole SVG document. */
export async function errorChart(chart: Chart, theme: ChartTheme = LIGHT_THEME): Promise<string> {
  const [plot, { parseHTML }] = await Promise.all([import('@observablehq/plot'), import('linkedom')]);
  const tools: Tools = { plot, parseHTML };
  const frame = theme.framed ? FRAME : 0;
  const inner = WIDTH - 2 * frame;
  const legend = legendRows(chart.series, inner, theme);
  const legendTop = theme.framed ? frame + 26 : 0;
  const top = legendTop + legend.height + 14;
  const height = top + 24 + PANEL_HEIGHT + frame / 2;
  const scale = errorScale(chart.series);
  const panelWidth = (inner - GAP) / 2;
  const panels = (['test', 'train'] as const).map((curve, index) => {
    const x = frame + index * (panelWidth + GAP);
    const title = curve === 'test' ? 'Test error' : 'Training error';
    return (
      text(x, top + 14, title, `font-weight="600" fill="${theme.ink}"`) +
      `<g transform="translate(${x},${top + 24})">${panel(tools, chart, curve, panelWidth, scale, theme)}</g>`
    );
  });
  const title = theme.framed
    ? `<rect width="100%" height="100%" fill="${theme.background}"/>` +
      text(frame, frame + 12, chart.title, `font-size="18" font-weight="600" fill="${theme.ink}"`)
    : '';
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}"` +
    ` font-family="system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif" font-size="${FONT_SIZE}"` +
    ` role="img" aria-label="${escaped(chart.title)}"><title>${escaped(chart.title)}</title>` +
    `${title}<g transform="translate(${frame},${legendTop})">${legend.svg}</g>${panels.join('')}</svg>\n`
  );
}

/** Domain of the error axis: from the tick below the smallest error to chance or 100 %. Zero lies on its lower end. */
function errorScale(series: readonly ChartSeries[]): { low: number; high: number } {
  const errors = series.flatMap(({ test, train }) => [...test, ...train]).map((point) => point.errorPercent);
  const smallest = Math.min(...errors.filter((error) => error > 0), 50);
  // Well below the others, where there is a zero.
  const room = errors.includes(0) ? 0.3 : 0.95;
  const largest = Math.max(...errors, 1);
  return {
    low: TICKS.filter((tick) => tick <= smallest * room).at(-1) ?? 0.01,
    high: TICKS.find((tick) => tick >= largest) ?? 100,
  };
}

/** One pair of axes with its curves and, at their ends, what they are and where they got to. */
function panel(
  { plot: Plot, parseHTML }: Tools,
  chart: Chart,
  curve: 'test' | 'train',
  width: number,
  { low, high }: { low: number; high: number },
  theme: ChartTheme,
): string {
  const { document } = parseHTML('<html></html>');
  const ends = chart.series.flatMap((series, index) => {
    const last = series[curve].at(-1);
    return last === undefined ? [] : [{ index, last, label: percentText(last.errorPercent) }];
  });
  const marginRight = 18 + BOLD_CHARACTER * Math.max(...ends.map(({ label }) => label.length), 0);
  const ticks = TICKS.filter((tick) => tick >= low && tick <= high);
  const drawn = (point: ChartPoint): number => Math.max(point.errorPercent, low);
  const lastX = Math.max(
    ...chart.series.flatMap(({ test, train }) => [...test, ...train]).map(({ x }) => x),
    1,
  );
  const plot = Plot.plot({
    document,
    width,
    height: PANEL_HEIGHT,
    marginTop: PLOT_TOP,
    marginLeft: PLOT_LEFT,
    marginBottom: PLOT_BOTTOM,
    marginRight,
    style: { fontSize: `${FONT_SIZE}px`, color: theme.muted, background: 'none' },
    x: {
      domain: [0, lastX],
      label: chart.unit === 'epochs' ? 'Epochs trained' : 'Steps trained',
      labelAnchor: 'center',
      labelArrow: 'none',
      ...(chart.unit === 'epochs' && lastX <= 12
        ? { ticks: Array.from({ length: Math.floor(lastX) + 1 }, (_, epoch) => epoch) }
        : { ticks: 6 }),
      tickFormat: (x: number) => String(x),
      tickSize: 4,
    },
    y: { type: 'log', domain: [low, high], label: null, axis: null },
    marks: [
      Plot.gridY(ticks, { stroke: theme.grid, strokeOpacity: 1 }),
      // Not Plot.axisY: on a logarithmic scale it leaves out labels of its own choice.
      Plot.text(ticks, {
        y: (tick: number) => tick,
        text: (tick: number) => `${tick} %`,
        frameAnchor: 'left',
        textAnchor: 'end',
        dx: -9,
        fill: theme.muted,
      }),
      ...chart.series.flatMap((series, index) => {
        const stroke = colour(theme, index);
        const options = { x: 'x', y: drawn, stroke, strokeWidth: 2 } as const;
        const points = [...series[curve]];
        const dots = Plot.dot(points, { x: 'x', y: drawn, r: 3.5, fill: stroke });
        return points.length <= MAX_DOTS
          ? [Plot.lineY(points, options), dots]
          : [Plot.lineY(points, options)];
      }),
    ],
  });
  for (const style of plot.querySelectorAll('style')) style.remove();
  const x = plot.scale('x');
  const y = plot.scale('y');
  if (!x || !y) throw new TypeError('chart: the plot has no axes');
  const places = spread(
    ends.map(({ last }) => Number(y.apply(drawn(last)))),
    PLOT_TOP + 4,
    PANEL_HEIGHT - PLOT_BOTTOM,
  );
  const labels = ends.map(({ index, last, label }, i) => {
    const from = { x: Number(x.apply(last.x)) + 5, y: Number(y.apply(drawn(last))) };
    const to = { x: width - marginRight + 12, y: places[i] ?? from.y };
    const line = `M${fixed(from.x)},${fixed(from.y)}L${fixed(to.x - 3)},${fixed(to.y)}`;
    return (
      `<path d="${line}" stroke="${colour(theme, index)}" stroke-opacity="0.5" fill="none"/>` +
      text(to.x, to.y + 4.5, label, `fill="${colour(theme, index)}" font-weight="600"`)
    );
  });
  return plot.outerHTML + labels.join('');
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

/** Coloured lines with names, in as many rows as they need. */
function legendRows(
  series: readonly ChartSeries[],
  available: number,
  theme: ChartTheme,
): { svg: string; height: number } {
  let x = 0;
  let y = 0;
  const entries = series.map(({ name }, index) => {
    const width = 34 + CHARACTER * name.length + 22;
    if (x > 0 && x + width > available) {
      x = 0;
      y += LEGEND_LINE;
    }
    const entry =
      `<path d="M${x},${y + 10}h24" stroke="${colour(theme, index)}" stroke-width="3"/>` +
      text(x + 32, y + 14.5, name, `fill="${theme.ink}"`);
    x += width;
    return entry;
  });
  return { svg: entries.join(''), height: y + LEGEND_LINE };
}

function colour(theme: ChartTheme, index: number): string {
  return theme.series[index % theme.series.length] ?? theme.ink;
}

/** `1.32 %`, `88.7 %`: three digits say all that a seed leaves standing. */
function percentText(percent: number): string {
  return `${percent >= 10 ? percent.toFixed(1) : percent.toFixed(2)} %`;
}

function text(x: number, y: number, content: string, attributes: string): string {
  return `<text x="${fixed(x)}" y="${fixed(y)}" ${attributes}>${escaped(content)}</text>`;
}

function fixed(value: number): string {
  return String(Math.round(value * 100) / 100);
}

/** Text as it may stand in XML and HTML, attributes included. */
export function escaped(content: string): string {
  return content.replace(/[&<>"']/g, (character) => `&#${String(character.charCodeAt(0))};`);
}
