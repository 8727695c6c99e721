/** The drawings of a run's report as SVG elements of a page: learning curves, lost gradients, histograms, small curves. */
import { errorAxis, lossAxis, nearTicks, PERCENT_AXIS, tickText, timeAxis, type Axis } from '../draw/axis.js';
import { curvesPanel, type Curve, type CurvesPanel } from '../draw/curves.js';
import { legendHtml, lineEntry, thinEntry } from '../draw/legend.js';
import { chartFigure, htmlTable, PAGE_THEME } from '../draw/page.js';
import { chartTools, drawPanel, lineMarks, type ChartTools } from '../draw/panel.js';
import { escaped, fixed } from '../draw/svg.js';
import { countText, percentText, sum } from '../draw/text.js';
import {
  epochLines,
  testErrorOf,
  type EpochLine,
  type MetricsLine,
  type TrainingTotals,
} from '../run/metrics.js';
import type { Histogram } from './run-evaluation.js';
import type { LostHistory, SiteSeries } from './run-statistics.js';
import { epochPoints, partPoints, trainError } from './training-curve.js';

/** Of a chart, pixels; the page makes it a little larger, or smaller on a telephone. */
const WIDTH = 400;
const HEIGHT = 250;

interface NamedCurve extends Curve {
  readonly name: string;
}

/** Draws for one report; every drawing is an element `<figure>` or `<svg>`. */
export class ReportCharts {
  readonly #tools: ChartTools;
  readonly #lines: readonly MetricsLine[];
  /** Steps for one on the x axis: an epoch, or 1 if no epoch was finished. */
  readonly #scale: number;
  readonly #x: Axis;
  /** Changes of precision. */
  readonly #rules: readonly number[];

  private constructor(tools: ChartTools, lines: readonly MetricsLine[]) {
    this.#tools = tools;
    this.#lines = lines;
    const whole = epochLines(lines).find(({ partial }) => !partial);
    const scale = whole === undefined ? 1 : whole.step / whole.epoch;
    this.#scale = scale;
    this.#x = timeAxis(whole === undefined ? 'steps' : 'epochs', (lines.at(-1)?.step ?? 0) / scale);
    this.#rules = lines.flatMap((line) => (line.event === 'precision' ? [line.step / scale] : []));
  }

  static async of(lines: readonly MetricsLine[]): Promise<ReportCharts> {
    return new ReportCharts(await chartTools(), lines);
  }

  /** Training error and test error on a logarithmic axis. */
  errors(): string {
    const curves = this.#trainAndTest(trainError, testErrorOf);
    return this.#figure('Error', curves, {
      y: errorAxis(numbers(curves)),
      label: (value) => percentText(value),
    });
  }

  /** Training loss and test loss in nats. */
  losses(): string {
    const curves = this.#trainAndTest(
      ({ loss }) => loss,
      ({ testLoss }) => testLoss,
    );
    return this.#figure('Loss in nats', curves, {
      y: lossAxis(numbers(curves)),
      label: (value) => value.toFixed(4),
    });
  }

  /** Share of the gradients of each parameter that were lost. */
  lost(parameters: readonly LostHistory[], steps: readonly number[]): string {
    const curves = parameters.map(({ parameter, lost }, index) => ({
      name: parameter,
      look: { colour: index, marker: index },
      points: lost.parts.map((part, i) => ({ x: (steps[i] ?? 0) / this.#scale, y: 100 * part })),
    }));
    return this.#figure('Lost gradients', curves, { y: PERCENT_AXIS, label: null });
  }

  /** A small curve without axes, from 0 to its own largest value. */
  spark({ parts }: SiteSeries): string {
    const top = Math.max(...parts, 0);
    if (top === 0 || parts.length < 2) return '';
    const y = { type: 'linear', low: 0, high: top, ticks: [] } as const;
    const points = parts.map((part, x) => ({ x, y: part }));
    const panel = {
      ...{ width: 96, height: 22, margins: { top: 2, right: 2, bottom: 2, left: 2 } },
      ...{ x: { ...y, high: parts.length - 1 }, y },
      marks: lineMarks(this.#tools, points, y, { stroke: 'var(--series-1)', width: 1.5 }),
    };
    return drawPanel(this.#tools, panel, PAGE_THEME).svg;
  }

  /** A histogram; its axis of counts is logarithmic. */
  histogram({ name, format, count, low, high, bins, atEdge, notNumbers }: Histogram): string {
    const facts = [
      `${countText(count)} values`,
      ...(bins.length === 0 ? [] : [`${short(low)} to ${short(high)}`]),
      ...(atEdge === 0 ? [] : [`${countText(atEdge)} at the format’s end`]),
      ...(notNumbers === 0 ? [] : [`${countText(notNumbers)} no numbers`]),
    ].join('; ');
    const caption = `<figcaption><code>${escaped(name)}</code> <span class="note">${escaped(format)}</span></figcaption>`;
    const note = `<p class="note small">${escaped(facts)}</p>`;
    if (bins.length === 0) return `<figure class="small">${caption}${note}</figure>`;
    const most = Math.max(...bins.map((bin) => bin.count), 1);
    const ticks = [1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7].filter((tick) => tick <= most);
    const [from, to] = [bins[0]?.from ?? 0, bins.at(-1)?.to ?? 1];
    const bars = this.#tools.Plot.rect(
      bins.filter((bin) => bin.count > 0),
      { x1: 'from', x2: 'to', y1: () => 0.5, y2: 'count', fill: 'var(--series-1)', inset: 0.3 },
    );
    const panel = {
      ...{ width: 226, height: 120, margins: { top: 6, right: 12, bottom: 22, left: 40 }, fontSize: 11 },
      x: { type: 'linear', low: from, high: to, ticks: nearTicks(from, to, 4), text: short, lines: 'ticks' },
      y: { type: 'log', low: 0.5, high: Math.max(most, 2), ticks, text: compact },
      marks: [bars],
    } as const;
    return `<figure class="small">${caption}${drawPanel(this.#tools, panel, PAGE_THEME).svg}${note}</figure>`;
  }

  #trainAndTest(
    train: (line: EpochLine | TrainingTotals) => number | null,
    test: (line: EpochLine) => number | null,
  ): NamedCurve[] {
    const training = { colour: 0, marker: 0 };
    return [
      {
        name: 'training, within epochs',
        look: training,
        points: partPoints(this.#lines, this.#scale, train),
        isFaint: true,
      },
      { name: 'training, by epoch', look: training, points: epochPoints(this.#lines, this.#scale, train) },
      {
        name: 'test, after each epoch',
        look: { colour: 1, marker: 1 },
        points: epochPoints(this.#lines, this.#scale, test),
      },
    ].filter(({ points }) => points.length > 0);
  }

  #figure(title: string, curves: readonly NamedCurve[], panel: Pick<CurvesPanel, 'y' | 'label'>): string {
    const size = { width: WIDTH, height: HEIGHT };
    const all = { ...panel, ...size, curves, x: this.#x, rules: this.#rules };
    const svg = curvesPanel(this.#tools, all, PAGE_THEME);
    const legend = legendHtml(
      curves.map(({ name, look, isFaint = false }) =>
        isFaint ? thinEntry(PAGE_THEME, name, look) : lineEntry(PAGE_THEME, name, look),
      ),
    );
    return chartFigure({ title, ...size, svg, legend });
  }
}

/** Table of confusions: how many examples of a class (row) were taken for which (column). */
export function confusionTable(labels: readonly string[], counts: readonly (readonly number[])[]): string {
  const most = Math.max(...counts.flatMap((row, i) => row.filter((_, j) => j !== i)), 1);
  const rows = counts.map((row, actual) => {
    const total = sum(row);
    const right = row[actual] ?? 0;
    const cells = row.map((count, predicted) => {
      if (count === 0) return '<span class="none">·</span>';
      const strength =
        predicted === actual ? (0.3 * count) / Math.max(total, 1) : 0.12 + (0.38 * count) / most;
      const kind = predicted === actual ? 'right' : 'wrong';
      return `<span class="cell ${kind}" style="--v: ${fixed(100 * strength)}%">${count}</span>`;
    });
    const error = total === 0 ? '–' : percentText((100 * (total - right)) / total, 1);
    return [`<b>${escaped(labels[actual] ?? '')}</b>`, ...cells, error];
  });
  return htmlTable(['Is \\ taken for', ...labels.map(escaped), 'Error'], rows);
}

function numbers(curves: readonly NamedCurve[]): number[] {
  return curves.flatMap(({ points }) => points.map(({ y }) => y)).filter((y) => y !== null);
}

function short(value: number): string {
  return tickText(Number(value.toPrecision(2)));
}

function compact(tick: number): string {
  if (tick >= 1e6) return `${tick / 1e6} M`;
  return tick >= 1e3 ? `${tick / 1e3} k` : String(tick);
}
