/** The drawings of a run's report as SVG elements of a page: learning curves, swallowed updates, histograms, small curves. */
import {
  errorAxis,
  errorText,
  nearTicks,
  PERCENT_AXIS,
  tickText,
  timeAxis,
  type Axis,
} from '../draw/axis.js';
import { curvesPanel, type Curve, type CurvesPanel } from '../draw/curves.js';
import { chartFigure, htmlTable, PAGE_THEME, swatch } from '../draw/page.js';
import { chartTools, drawPanel, lineMarks, type ChartTools, type PanelPoint } from '../draw/panel.js';
import { escaped, fixed } from '../draw/svg.js';
import { countText, percentText, sum } from '../draw/text.js';
import {
  epochLines,
  intervalLines,
  trainingTotals,
  type IntervalLine,
  type MetricsLine,
  testErrorOf,
} from '../run/metrics.js';
import type { Histogram } from './run-evaluation.js';
import type { SiteSeries } from './run-statistics.js';

const WIDTH = 470;
const HEIGHT = 280;
/** More points than this make a curve a smear. */
const MAX_POINTS = 100;

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
    const train = this.#training(({ loss, errorPercent }) => (loss === null ? null : errorPercent));
    const test = this.#epochs(testErrorOf);
    return this.#figure('Error', ['training', 'test'], {
      curves: twoCurves(train, test),
      y: errorAxis(numbers([...train, ...test])),
      label: errorText,
    });
  }

  /** Training loss and test loss in nats. */
  losses(): string {
    const train = this.#training(({ loss }) => loss);
    const test = this.#epochs(({ testLoss }) => testLoss);
    const top = niceTop(Math.max(...numbers([...train, ...test]), 0.01));
    return this.#figure('Loss in nats', ['training', 'test'], {
      curves: twoCurves(train, test),
      y: {
        type: 'linear',
        low: 0,
        high: top,
        ticks: [0, 1, 2, 3, 4].map((i) => (i * top) / 4),
        text: (tick) => tickText(Number(tick.toPrecision(3))),
      },
      label: (value) => value.toFixed(value < 10 ? 3 : 1),
    });
  }

  /** Share of the updates of each parameter that rounding swallowed. */
  swallowed(
    parameters: readonly { readonly name: string; readonly series: SiteSeries }[],
    steps: readonly number[],
  ): string {
    const curves = parameters.map(({ series }, index) => ({
      look: { colour: index, marker: index },
      points: series.parts.map((part, i) => ({ x: (steps[i] ?? 0) / this.#scale, y: 100 * part })),
    }));
    return this.#figure(
      'Swallowed updates',
      parameters.map(({ name }) => name),
      {
        curves,
        y: PERCENT_AXIS,
        label: errorText,
      },
    );
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

  #training(of: (totals: ReturnType<typeof trainingTotals>) => number | null): PanelPoint[] {
    const lines = intervalLines(this.#lines);
    const size = Math.max(1, Math.ceil(lines.length / MAX_POINTS));
    const points: PanelPoint[] = [];
    for (let at = 0; at < lines.length; at += size) {
      const part = lines.slice(at, at + size);
      points.push({ x: this.#middle(part), y: of(trainingTotals(part)) });
    }
    return points;
  }

  #middle(lines: readonly IntervalLine[]): number {
    return ((lines[0]?.from ?? 0) + (lines.at(-1)?.step ?? 0)) / 2 / this.#scale;
  }

  #epochs(of: (line: ReturnType<typeof epochLines>[number]) => number | null): PanelPoint[] {
    return epochLines(this.#lines).map((line) => ({ x: line.step / this.#scale, y: of(line) }));
  }

  #figure(
    title: string,
    names: readonly string[],
    panel: Pick<CurvesPanel, 'curves' | 'y' | 'label'>,
  ): string {
    const size = { width: WIDTH, height: HEIGHT };
    const svg = curvesPanel(this.#tools, { ...panel, ...size, x: this.#x, rules: this.#rules }, PAGE_THEME);
    const legend = names.map((name, index) => `<span>${swatch(name, index)}</span>`).join(' ');
    return chartFigure({ title, ...size, svg, legend: `<p class="legend">${legend}</p>` });
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

function twoCurves(train: readonly PanelPoint[], test: readonly PanelPoint[]): Curve[] {
  return [
    { look: { colour: 0, marker: 0 }, points: train },
    { look: { colour: 1, marker: 1 }, points: test },
  ];
}

function numbers(points: readonly PanelPoint[]): number[] {
  return points.map(({ y }) => y).filter((y) => y !== null);
}

/** The next of 1, 2, 4, 8 times a power of ten: quarters of it are short numbers. */
function niceTop(value: number): number {
  let power = 1;
  while (power < value) power *= 10;
  while (power / 10 >= value) power = power / 10;
  return [0.1, 0.2, 0.4, 0.6, 0.8, 1].map((part) => part * power).find((top) => top >= value) ?? power;
}

function short(value: number): string {
  return tickText(Number(value.toPrecision(2)));
}

function compact(tick: number): string {
  if (tick >= 1e6) return `${tick / 1e6} M`;
  return tick >= 1e3 ? `${tick / 1e3} k` : String(tick);
}
