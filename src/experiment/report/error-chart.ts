/**
 * The chart of several runs as SVG text: test error and training error against training time, one curve a setting with a
 * point an epoch, so that it ends at the figures of the table. Errors lie between a fraction of a percent and chance (90 %), so their axis is logarithmic.
 */
import { errorAxis, timeAxis } from '../draw/axis.js';
import { curvesPanel } from '../draw/curves.js';
import { columns, framedChart } from '../draw/frame.js';
import { lineEntry } from '../draw/legend.js';
import { chartTools, type PanelPoint } from '../draw/panel.js';
import { percentText } from '../draw/text.js';
import { LIGHT_THEME, type ChartTheme, type Look } from '../draw/theme.js';
import type { ComparisonRow } from '../run/comparison.js';
import { epochLines, testErrorOf } from '../run/metrics.js';
import { curveOf, errorsOf, type ChartPoint } from './spread.js';
import { epochPoints, partPoints, trainError } from './training-curve.js';

/** The curves of one setting. */
export interface ChartSeries {
  readonly name: string;
  /** After each epoch. */
  readonly test: readonly ChartPoint[];
  /** Over each epoch. */
  readonly train: readonly ChartPoint[];
  /** Over shorter parts, drawn as a thin line. */
  readonly trainParts?: readonly ChartPoint[];
  /** Default: a solid line with the colour and the marker of its place. */
  readonly look?: Look;
}

/** What `errorChart` draws. */
export interface Chart {
  readonly title: string;
  readonly unit: 'epochs' | 'steps';
  readonly series: readonly ChartSeries[];
}

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
    const curve = (points: readonly PanelPoint[]): ChartPoint[] =>
      points.map(({ x, y }) => ({ x, errorPercent: y }));
    return {
      name,
      test: curve(epochPoints(metrics, scale, testErrorOf)),
      train: curve(epochPoints(metrics, scale, trainError)),
      trainParts: curve(partPoints(metrics, scale, trainError)),
    };
  });
  return { title, unit: inEpochs ? 'epochs' : 'steps', series };
}

const PANEL_HEIGHT = 380;

/** The chart as a whole SVG document. */
export async function errorChart(
  { title, unit, series }: Chart,
  theme: ChartTheme = LIGHT_THEME,
): Promise<string> {
  const tools = await chartTools();
  const looked = series.map((one, index) => ({ ...one, look: one.look ?? { colour: index, marker: index } }));
  const points = series.flatMap(({ test, train, trainParts = [] }) => [...test, ...train, ...trainParts]);
  // The same axes for both.
  const y = errorAxis(errorsOf(points));
  const x = timeAxis(unit, Math.max(...points.map((point) => point.x), 0));
  const panels = (['test', 'train'] as const).map((kind) => ({
    title: kind === 'test' ? 'Test error' : 'Training error',
    draw: (width: number) => {
      const parts = kind === 'test' ? [] : looked.filter(({ trainParts = [] }) => trainParts.length > 0);
      const curves = [
        ...parts.map(({ look, trainParts = [] }) => ({ look, points: curveOf(trainParts), isFaint: true })),
        ...looked.map(({ look, [kind]: own }) => ({ look, points: curveOf(own) })),
      ];
      const panel = { width, height: PANEL_HEIGHT, x, y, label: percentText, curves };
      return { svg: curvesPanel(tools, panel, theme), height: PANEL_HEIGHT };
    },
  }));
  const legend = looked.map(({ name, look }) => lineEntry(theme, name, look));
  return framedChart(title, legend, theme, (width) => columns(panels, width, theme));
}
