/** The drawings of a run's report as SVG elements of a page: learning curves, swallowed updates, histograms, small curves. */
import { chartTools, escaped, fixed, FONT_SIZE, FONTS, type ChartTools } from '../draw/theme.js';
import { errorAxis, errorText } from '../draw/error-axis.js';
import { linePanel, type LinePanel, type PanelCurve, type PanelPoint } from '../draw/line-panel.js';
import {
  epochLines,
  intervalLines,
  trainingTotals,
  type IntervalLine,
  type MetricsLine,
} from '../run/metrics.js';
import { htmlTable, PAGE_THEME, swatch } from '../draw/page.js';
import type { Histogram } from './run-evaluation.js';
import type { SiteSeries } from './run-statistics.js';

const WIDTH = 470;
const HEIGHT = 280;
const SHARE_TICKS = [0, 20, 40, 60, 80, 100];
/** More points than this make a curve a smear. */
const MAX_POINTS = 100;

/** Draws for one report; every drawing is an element `<figure>` or `<svg>`. */
export class ReportCharts {
  readonly #tools: ChartTools;
  readonly #lines: readonly MetricsLine[];
  /** Steps for one on the x axis: an epoch, or 1 where no epoch was finished. */
  readonly #scale: number;
  readonly #x: LinePanel['x'];
  /** Changes of precision. */
  readonly #rules: readonly number[];

  private constructor(tools: ChartTools, lines: readonly MetricsLine[]) {
    this.#tools = tools;
    this.#lines = lines;
    const whole = epochLines(lines).find(({ partial }) => !partial);
    const scale = whole === undefined ? 1 : whole.step / whole.epoch;
    this.#scale = scale;
    this.#x = {
      label: whole === undefined ? 'Steps trained' : 'Epochs trained',
      last: Math.max((lines.at(-1)?.step ?? 0) / scale, 1),
      whole: whole !== undefined,
    };
    this.#rules = lines.flatMap((line) => (line.event === 'precision' ? [line.step / scale] : []));
  }

  static async of(lines: readonly MetricsLine[]): Promise<ReportCharts> {
    return new ReportCharts(await chartTools(), lines);
  }

  /** Training error and test error on a logarithmic axis. */
  errors(): string {
    const train = this.#training(({ loss, errorPercent }) => (loss === null ? null : errorPercent));
    const test = this.#epochs(({ testLoss, testErrorPercent }) =>
      testLoss === null ? null : testErrorPercent,
    );
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
        text: (tick) => String(Number(tick.toPrecision(3))),
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
        y: { type: 'linear', low: 0, high: 100, ticks: SHARE_TICKS, text: (tick) => `${tick} %` },
        label: errorText,
      },
    );
  }

  /** A small curve without axes, from 0 to its own largest value. */
  spark({ parts }: SiteSeries): string {
    const { plot: Plot, parseHTML } = this.#tools;
    const top = Math.max(...parts, 0);
    if (top === 0 || parts.length < 2) return '';
    const { document } = parseHTML('<html></html>');
    const plot = Plot.plot({
      document,
      width: 96,
      height: 22,
      margin: 2,
      axis: null,
      y: { domain: [0, top] },
      marks: [Plot.lineY([...parts], { stroke: 'var(--series-1)', strokeWidth: 1.5 })],
    });
    return cleaned(plot);
  }

  /** A histogram; its axis of counts is logarithmic. */
  histogram({ name, format, count, low, high, bins, atEdge, notNumbers }: Histogram): string {
    const { plot: Plot, parseHTML } = this.#tools;
    const facts = [
      `${count.toLocaleString('en')} values`,
      ...(bins.length === 0 ? [] : [`${short(low)} to ${short(high)}`]),
      ...(atEdge === 0 ? [] : [`${atEdge.toLocaleString('en')} at the format’s end`]),
      ...(notNumbers === 0 ? [] : [`${notNumbers.toLocaleString('en')} no numbers`]),
    ].join('; ');
    const caption = `<figcaption><code>${escaped(name)}</code> <span class="note">${escaped(format)}</span></figcaption>`;
    const note = `<p class="note small">${escaped(facts)}</p>`;
    if (bins.length === 0) return `<figure class="small">${caption}${note}</figure>`;
    const { document } = parseHTML('<html></html>');
    const most = Math.max(...bins.map((bin) => bin.count), 1);
    const ticks = [1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7].filter((tick) => tick <= most);
    const drawn = bins.filter((bin) => bin.count > 0);
    const plot = Plot.plot({
      document,
      width: 226,
      height: 120,
      marginLeft: 40,
      marginBottom: 22,
      marginTop: 6,
      marginRight: 12,
      style: { fontSize: '11px', color: PAGE_THEME.muted, background: 'none' },
      x: { label: null, ticks: 4, tickFormat: short, domain: [bins[0]?.from ?? 0, bins.at(-1)?.to ?? 1] },
      y: { type: 'log', domain: [0.5, Math.max(most, 2)], axis: null },
      marks: [
        Plot.gridY(ticks, { stroke: PAGE_THEME.grid, strokeOpacity: 1 }),
        Plot.text(ticks, {
          y: (tick: number) => tick,
          text: compact,
          frameAnchor: 'left',
          textAnchor: 'end',
          dx: -6,
          fill: PAGE_THEME.muted,
        }),
        Plot.rect(drawn, {
          x1: 'from',
          x2: 'to',
          y1: () => 0.5,
          y2: 'count',
          fill: 'var(--series-1)',
          inset: 0.3,
        }),
      ],
    });
    return `<figure class="small">${caption}${cleaned(plot)}${note}</figure>`;
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

  #figure(title: string, names: readonly string[], panel: Pick<LinePanel, 'curves' | 'y' | 'label'>): string {
    const svg = linePanel(
      this.#tools,
      { ...panel, width: WIDTH, height: HEIGHT, x: this.#x, rules: this.#rules },
      PAGE_THEME,
    );
    const legend = names.map((name, index) => `<span>${swatch(name, index)}</span>`).join(' ');
    return (
      `<figure class="chart"><figcaption>${escaped(title)}</figcaption><p class="legend">${legend}</p>` +
      `<svg viewBox="0 0 ${fixed(WIDTH)} ${fixed(HEIGHT)}" width="${WIDTH}" height="${HEIGHT}" font-family="${FONTS}" font-size="${FONT_SIZE}" role="img" aria-label="${escaped(title)}">${svg}</svg></figure>`
    );
  }
}

/** Table of confusions: how many examples of a class (row) were taken for which (column). */
export function confusionTable(
  labels: readonly string[],
  of: (actual: number, predicted: number) => number,
): string {
  const counts = labels.map((_, actual) => labels.map((__, predicted) => of(actual, predicted)));
  const most = Math.max(...counts.flatMap((row, i) => row.filter((_, j) => j !== i)), 1);
  const rows = counts.map((row, actual) => {
    const total = row.reduce((sum, count) => sum + count, 0);
    const right = row[actual] ?? 0;
    const cells = row.map((count, predicted) => {
      if (count === 0) return '<span class="none">·</span>';
      const strength =
        predicted === actual ? (0.3 * count) / Math.max(total, 1) : 0.12 + (0.38 * count) / most;
      const kind = predicted === actual ? 'right' : 'wrong';
      return `<span class="cell ${kind}" style="--v: ${fixed(100 * strength)}%">${count}</span>`;
    });
    const error = total === 0 ? '–' : `${((100 * (total - right)) / total).toFixed(1)} %`;
    return [`<b>${escaped(labels[actual] ?? '')}</b>`, ...cells, error];
  });
  return htmlTable(['Is \\ taken for', ...labels.map(escaped), 'Error'], rows);
}

function twoCurves(train: readonly PanelPoint[], test: readonly PanelPoint[]): PanelCurve[] {
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
  return String(Number(value.toPrecision(2))).replace('-', '−');
}

function compact(tick: number): string {
  if (tick >= 1e6) return `${tick / 1e6} M`;
  return tick >= 1e3 ? `${tick / 1e3} k` : String(tick);
}

function cleaned(plot: Element): string {
  for (const style of plot.querySelectorAll('style')) style.remove();
  return plot.outerHTML;
}
