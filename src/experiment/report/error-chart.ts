/**
 * The chart of several runs as SVG text: test error and training error against training time, one curve a setting. Errors
 * lie between a fraction of a percent and chance (90 %), so their axis is logarithmic. The panels are drawn by
 * line-panel.ts; title and legend are placed here.
 */
import {
  CHARACTER,
  chartTools,
  colourOf,
  escaped,
  FONT_SIZE,
  FONTS,
  LIGHT_THEME,
  markerPath,
  svgText,
  type ChartTheme,
  type Look,
} from '../draw/theme.js';
import type { ComparisonRow } from '../run/comparison.js';
import { errorAxis, errorText } from '../draw/error-axis.js';
import { linePanel, type LinePanel } from '../draw/line-panel.js';
import { epochLines, intervalLines, trainingTotals, type IntervalLine } from '../run/metrics.js';

/** A point of a curve. */
export interface ChartPoint {
  /** Epochs (or steps) trained. */
  readonly x: number;
  /** null where the network had diverged, its loss no number any more: a gap in the curve, with a mark. */
  readonly errorPercent: number | null;
  /** Smallest and largest of several runs, where the point is their mean. */
  readonly range?: readonly [low: number, high: number];
}

/** The curves of one setting. */
export interface ChartSeries {
  readonly name: string;
  readonly test: readonly ChartPoint[];
  readonly train: readonly ChartPoint[];
  /** Default: a solid line with the colour and the marker of its place. */
  readonly look?: Look;
}

/** What `errorChart` draws. */
export interface Chart {
  readonly title: string;
  readonly unit: 'epochs' | 'steps';
  readonly series: readonly ChartSeries[];
}

/** More points than this make a training curve a smear: then one point an epoch. */
const MAX_POINTS = 120;

/** The curves of a comparison's rows. The x axis counts epochs where every run has finished one, else steps. */
export function comparisonChart(
  title: string,
  rows: readonly Pick<ComparisonRow, 'name' | 'metrics'>[],
): Chart {
  const perEpoch = rows.map(({ metrics }) => {
    const whole = epochLines(metrics).find(({ partial }) => !partial);
    return whole && whole.step / whole.epoch;
  });
  const inEpochs = perEpoch.every((steps) => steps !== undefined);
  const series = rows.map(({ name, metrics }, index) => {
    const scale = (inEpochs ? perEpoch[index] : undefined) ?? 1;
    const test = epochLines(metrics).map(({ step, testErrorPercent, testLoss }) => ({
      x: step / scale,
      errorPercent: testLoss === null ? null : testErrorPercent,
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
  const { loss, errorPercent } = trainingTotals(lines);
  return { x: middle / scale, errorPercent: loss === null ? null : errorPercent };
}

const WIDTH = 960;
const FRAME = 28;
const GAP = 24;
const PANEL_HEIGHT = 380;
const LEGEND_LINE = 22;

/** The chart as a whole SVG document. */
export async function errorChart(chart: Chart, theme: ChartTheme = LIGHT_THEME): Promise<string> {
  const tools = await chartTools();
  const frame = theme.framed ? FRAME : 0;
  const inner = WIDTH - 2 * frame;
  const legend = legendRows(chart.series, inner, theme);
  const legendTop = theme.framed ? frame + 26 : 0;
  const top = legendTop + legend.height + 14;
  const height = top + 24 + PANEL_HEIGHT + frame / 2;
  const panelWidth = (inner - GAP) / 2;
  const panels = (['test', 'train'] as const).map((curve, index) => {
    const x = frame + index * (panelWidth + GAP);
    const title = curve === 'test' ? 'Test error' : 'Training error';
    const panel = errorPanel(chart, curve, panelWidth);
    return (
      svgText(x, top + 14, title, `font-weight="600" fill="${theme.ink}"`) +
      `<g transform="translate(${x},${top + 24})">${linePanel(tools, panel, theme)}</g>`
    );
  });
  const title = theme.framed
    ? `<rect width="100%" height="100%" fill="${theme.background}"/>` +
      svgText(frame, frame + 12, chart.title, `font-size="18" font-weight="600" fill="${theme.ink}"`)
    : '';
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}"` +
    ` font-family="${FONTS}" font-size="${FONT_SIZE}"` +
    ` role="img" aria-label="${escaped(chart.title)}"><title>${escaped(chart.title)}</title>` +
    `${title}<g transform="translate(${frame},${legendTop})">${legend.svg}</g>${panels.join('')}</svg>\n`
  );
}

/** The axes of errors, the same for both kinds, and the curves of one. */
function errorPanel({ series, unit }: Chart, curve: 'test' | 'train', width: number): LinePanel {
  const points = series.flatMap(({ test, train }) => [...test, ...train]);
  const errors = points.flatMap(({ errorPercent, range = [] }) => [errorPercent, ...range]);
  return {
    width,
    height: PANEL_HEIGHT,
    x: {
      label: unit === 'epochs' ? 'Epochs trained' : 'Steps trained',
      last: Math.max(...points.map(({ x }) => x), 1),
      whole: unit === 'epochs',
    },
    y: errorAxis(errors.filter((error) => error !== null)),
    label: errorText,
    curves: series.map((one, index) => ({
      look: lookOf(one, index),
      points: one[curve].map(({ x, errorPercent, range }) => ({
        x,
        y: errorPercent,
        ...(range && { range }),
      })),
    })),
  };
}

function lookOf({ look }: ChartSeries, index: number): Look {
  return look ?? { colour: index, marker: index };
}

/** Lines with markers and names, in as many rows as they need. */
function legendRows(
  series: readonly ChartSeries[],
  available: number,
  theme: ChartTheme,
): { svg: string; height: number } {
  let x = 0;
  let y = 0;
  const entries = series.map((one, index) => {
    const look = lookOf(one, index);
    const width = 40 + CHARACTER * one.name.length + 22;
    if (x > 0 && x + width > available) {
      x = 0;
      y += LEGEND_LINE;
    }
    const colour = colourOf(theme, look.colour);
    const dashes = look.dashed === true ? ' stroke-dasharray="7 5"' : '';
    const entry =
      `<path d="M${x},${y + 10}h30" stroke="${colour}" stroke-width="2"${dashes}/>` +
      `<path d="${markerPath(look.marker, x + 15, y + 10)}" fill="${colour}"/>` +
      svgText(x + 38, y + 14.5, one.name, `fill="${theme.ink}"`);
    x += width;
    return entry;
  });
  return { svg: entries.join(''), height: y + LEGEND_LINE };
}
