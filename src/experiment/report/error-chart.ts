/**
 * The chart of several runs as SVG text: test error and training error against training time, one curve a setting. Errors
 * lie between a fraction of a percent and chance (90 %), so their axis is logarithmic.
 */
import { errorAxis, errorText, timeAxis } from '../draw/axis.js';
import { curvesPanel } from '../draw/curves.js';
import { columns, framedChart } from '../draw/frame.js';
import { lineEntry } from '../draw/legend.js';
import { chartTools } from '../draw/panel.js';
import { LIGHT_THEME, type ChartTheme, type Look } from '../draw/theme.js';
import type { ComparisonRow } from '../run/comparison.js';
import { epochLines, intervalLines, testErrorOf, trainingTotals, type IntervalLine } from '../run/metrics.js';
import { curveOf, errorsOf, type ChartPoint } from './spread.js';

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

/** The curves of a comparison's rows. The x axis counts epochs if every run has finished one, else steps. */
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
    const test = epochLines(metrics).map((line) => ({
      x: line.step / scale,
      errorPercent: testErrorOf(line),
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

const PANEL_HEIGHT = 380;

/** The chart as a whole SVG document. */
export async function errorChart(
  { title, unit, series }: Chart,
  theme: ChartTheme = LIGHT_THEME,
): Promise<string> {
  const tools = await chartTools();
  const looked = series.map((one, index) => ({ ...one, look: one.look ?? { colour: index, marker: index } }));
  const points = series.flatMap(({ test, train }) => [...test, ...train]);
  // The same axes for both.
  const y = errorAxis(errorsOf(points));
  const x = timeAxis(unit, Math.max(...points.map((point) => point.x), 0));
  const panels = (['test', 'train'] as const).map((kind) => ({
    title: kind === 'test' ? 'Test error' : 'Training error',
    draw: (width: number) => {
      const curves = looked.map(({ look, [kind]: own }) => ({ look, points: curveOf(own) }));
      const panel = { width, height: PANEL_HEIGHT, x, y, label: errorText, curves };
      return { svg: curvesPanel(tools, panel, theme), height: PANEL_HEIGHT };
    },
  }));
  const legend = looked.map(({ name, look }) => lineEntry(theme, name, look));
  return framedChart(title, legend, theme, (width) => columns(panels, width, theme));
}
