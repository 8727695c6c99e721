/** The drawings of a sweep's report as elements of a page: error and lost gradients along an axis, Pareto front, learning curves. */
import { errorAxis, PERCENT_AXIS, timeAxis, type Axis } from '../draw/axis.js';
import { curvesPanel } from '../draw/curves.js';
import { legendHtml, lineEntry } from '../draw/legend.js';
import { bothWidths, chartFigure, NARROW_WIDTH, PAGE_THEME } from '../draw/page.js';
import { chartTools, type ChartTools } from '../draw/panel.js';
import { scatterPanel, type ScatterMark, type ScatterPanel } from '../draw/scatter.js';
import { percentText } from '../draw/text.js';
import type { Look } from '../draw/theme.js';
import { fieldsName } from '../sweep/run-fields.js';
import { curveOf, errorsOf, type Spread } from './spread.js';
import { bitsText, costAxis, settingAxis } from './sweep-axes.js';
import { byError, errorOf, type MeasuredRun, type MeasuredGroup } from './sweep-groups.js';
import type { AlongAxis, SweepSeries } from './sweep-series.js';
import type { SweepView } from './sweep-view.js';

/** Of one of two charts beside each other, pixels; the page makes it a little larger, or smaller on a telephone. */
const WIDTH = 400;
const HEIGHT = 290;
const FULL_WIDTH = 960;
const FULL_HEIGHT = 320;
/** Grey, the last of a theme's colours, which no series takes. */
const LEVEL_COLOUR = 7;
/** No place in the theme: ink. */
const FRONT_LOOK: Look = { colour: -1, marker: 0 };
/** More curves than this are a tangle. */
const MAX_CURVES = 8;

/** Draws for one report; every drawing is an element `<figure>`. */
export class SweepCharts {
  readonly #tools: ChartTools;
  readonly #view: SweepView;

  private constructor(tools: ChartTools, view: SweepView) {
    this.#tools = tools;
    this.#view = view;
  }

  static async of(view: SweepView): Promise<SweepCharts> {
    return new SweepCharts(await chartTools(), view);
  }

  /** Test error along the axis: a mark per run, the mean with its range. */
  error({ axis, series, levels, hidden }: AlongAxis): string {
    const shown = [...series.flatMap(({ points }) => points.map(({ setting }) => setting)), ...levels];
    return this.#figure('Test error', WIDTH, {
      x: settingAxis(axis),
      y: errorAxis(
        shown.flatMap(({ runs, error: mean }) => [
          ...runs.flatMap((run) => errorOf(run) ?? []),
          ...(mean === null ? [] : [mean.mean]),
        ]),
      ),
      dodges: true,
      series: series.map((one, index) => ({
        look: seriesLook(index),
        marks: marksOf(one, errorOf, (y) => `test error ${percentText(y)}`),
        ...lineOf(one, ({ error }) => error, hidden.length === 0),
      })),
      levels: levels.flatMap(({ error }, index) =>
        error === null
          ? []
          : [{ look: levelLook(index), y: error.mean, range: [error.low, error.high] as const }],
      ),
    });
  }

  /** Share of the gradients that rounding lost, along the same axis; empty if nothing is rounded. */
  lost({ axis, series, hidden }: AlongAxis): string {
    if (!this.#view.settings.some(({ lost }) => lost !== null)) return '';
    const percent = ({ lost }: MeasuredRun): number | null => lost && 100 * lost.lost;
    return this.#figure('Lost gradients', WIDTH, {
      x: settingAxis(axis),
      y: PERCENT_AXIS,
      dodges: true,
      series: series.map((one, index) => ({
        look: seriesLook(index),
        marks: marksOf(one, percent, (y) => `${percentText(y)} of gradients lost`).filter(
          ({ y }) => y !== null,
        ),
        ...lineOf(one, ({ lost }) => lost && scaled(lost, 100), hidden.length === 0),
      })),
    });
  }

  /** Mean test error against bits moved: a mark per setting, the front as a staircase with names. */
  pareto(): string {
    const { front, settings } = this.#view;
    const shown = settings.filter(({ error, diverged }) => error !== null || diverged > 0);
    const mark = (setting: MeasuredGroup): ScatterMark => {
      const { name, error, bits } = setting;
      const isFront = front.includes(setting);
      const what = error === null ? 'diverged' : `test error ${percentText(error.mean)}`;
      return {
        x: bits.movedPerExample,
        y: error?.mean ?? null,
        title: `${name === '' ? 'all runs' : name}: ${what}, ${bitsText(bits.movedPerExample)} moved per example`,
        ...(error === null ? {} : { range: [error.low, error.high] as const }),
        ...(isFront && name !== '' ? { label: name } : {}),
        isFaded: !isFront,
      };
    };
    const costs = shown.map(({ bits }) => bits.movedPerExample);
    const x = costAxis(costs);
    const last = front.at(-1)?.error?.mean ?? null;
    const looks = this.#looks();
    return this.#wideFigure('Pareto front: test error against bits moved', {
      x,
      y: errorAxis(shown.flatMap(({ error }) => (error === null ? [] : [error.low, error.mean, error.high]))),
      series: [
        {
          look: FRONT_LOOK,
          marks: [],
          isStair: true,
          line: [
            ...front.map(({ bits, error }) => ({ x: bits.movedPerExample, y: error?.mean ?? null })),
            { x: x.high, y: last },
          ],
        },
        ...shown.map((setting) => ({ look: looks.get(setting) ?? levelLook(0), marks: [mark(setting)] })),
      ],
    });
  }

  /** Test error against epochs, means with their ranges: all settings in one, or one panel a series, or the best. */
  curves(): string {
    const drawn = this.#view.settings.filter(({ curve }) => curve.length > 0);
    const { along } = this.#view;
    if (drawn.length === 0) return '';
    const levels = along?.levels.filter(({ curve }) => curve.length > 0) ?? [];
    const panels = (along?.series ?? []).map((one) => ({
      title: one.name,
      settings: one.points.map(({ setting }) => setting).filter(({ curve }) => curve.length > 0),
    }));
    const isFaceted =
      drawn.length > MAX_CURVES &&
      panels.length > 0 &&
      panels.every(({ settings }) => settings.length <= MAX_CURVES - levels.length);
    const points = drawn.flatMap(({ curve }) => curve);
    const axes = {
      x: timeAxis('epochs', Math.max(...points.map(({ x }) => x))),
      y: errorAxis(errorsOf(points)),
    };
    if (isFaceted) {
      const figures = panels
        .filter(({ settings }) => settings.length > 0)
        .map(({ title, settings }) =>
          this.#curveFigure(
            { title: title === '' ? 'All settings' : title, isSeries: true },
            WIDTH,
            settings,
            levels,
            axes,
          ),
        );
      return `<div class="columns">${figures.join('\n')}</div>`;
    }
    const best = byError(drawn).slice(0, MAX_CURVES);
    const isPart = best.length < drawn.length;
    const figure = (width: number): string =>
      this.#curveFigure(
        { title: isPart ? `The ${best.length} best of ${drawn.length} settings` : '' },
        width,
        best.filter((one) => !levels.includes(one)),
        levels.filter((one) => best.includes(one)),
        axes,
      );
    return bothWidths(figure(FULL_WIDTH), figure(NARROW_WIDTH));
  }

  /** Marks and names of the series, and of the levels. */
  legend({ series, levels }: AlongAxis): string {
    const entries = [
      ...(series.length > 1 || levels.length > 0
        ? series.map(({ name }, index) =>
            lineEntry(PAGE_THEME, name === '' ? 'fixed point' : name, seriesLook(index)),
          )
        : []),
      ...levels.map(({ name }, index) => lineEntry(PAGE_THEME, name, levelLook(index))),
    ];
    return legendHtml(entries);
  }

  #looks(): Map<MeasuredGroup, Look> {
    const { series = [], levels = [] } = this.#view.along ?? {};
    return new Map([
      ...series.flatMap(({ points }, index) =>
        points.map(({ setting }) => [setting, seriesLook(index)] as const),
      ),
      ...levels.map((setting, index) => [setting, levelLook(index)] as const),
    ]);
  }

  #curveFigure(
    { title, isSeries = false }: { readonly title: string; readonly isSeries?: boolean },
    width: number,
    settings: readonly MeasuredGroup[],
    levels: readonly MeasuredGroup[],
    axes: { readonly x: Axis; readonly y: Axis },
  ): string {
    const { named = [] } = this.#view.along ?? {};
    const looked = [
      ...levels.map((setting, index) => ({ setting, look: levelLook(index) })),
      ...settings.map((setting, index) => ({ setting, look: seriesLook(index) })),
    ];
    const curves = looked.map(({ setting, look }) => ({ look, points: curveOf(setting.curve) }));
    const svg = curvesPanel(
      this.#tools,
      { width, height: heightOf(width), ...axes, label: percentText, curves },
      PAGE_THEME,
    );
    // The legend does not repeat the title.
    const nameOf = ({ texts, name }: MeasuredGroup): string =>
      isSeries
        ? fieldsName(
            texts,
            Object.keys(texts).filter((field) => !named.includes(field)),
          )
        : name;
    const legend = looked.map(({ setting, look }) =>
      lineEntry(PAGE_THEME, nameOf(setting) || setting.name || 'all runs', look),
    );
    return framed(title, width, svg, legendHtml(legend));
  }

  #figure(title: string, width: number, panel: Omit<ScatterPanel, 'width' | 'height'>): string {
    const height = heightOf(width);
    return framed(title, width, scatterPanel(this.#tools, { ...panel, width, height }, PAGE_THEME));
  }

  #wideFigure(title: string, panel: Omit<ScatterPanel, 'width' | 'height'>): string {
    return bothWidths(this.#figure(title, FULL_WIDTH, panel), this.#figure(title, NARROW_WIDTH, panel));
  }
}

function heightOf(width: number): number {
  return width === FULL_WIDTH ? FULL_HEIGHT : HEIGHT;
}

function framed(title: string, width: number, svg: string, legend = ''): string {
  const label = title === '' ? 'Learning curves' : title;
  return chartFigure({
    title,
    label,
    width,
    height: heightOf(width),
    svg,
    legend,
    isWide: width === FULL_WIDTH,
  });
}

/** A mark for each run that has an error, filled if it is done. */
function marksOf(
  { points }: SweepSeries,
  of: (run: MeasuredRun) => number | null,
  text: (y: number) => string,
): ScatterMark[] {
  return points.flatMap(({ x, setting }) =>
    setting.runs
      .filter(({ testErrorPercent }) => testErrorPercent !== null)
      .map((run) => {
        const y = of(run);
        const state = run.state === 'done' ? '' : `, ${run.state} after epoch ${run.epochs}`;
        return {
          x,
          y,
          title: `${run.name}: ${y === null ? 'diverged' : text(y)}${state}`,
          isHollow: run.state !== 'done',
        };
      }),
  );
}

/** The line through the means, if every setting of the series has its own place. */
function lineOf(
  { points }: SweepSeries,
  of: (setting: MeasuredGroup) => Spread | null,
  isCurve: boolean,
): Pick<ScatterPanel['series'][number], 'line'> {
  if (!isCurve || points.length < 2 || new Set(points.map(({ x }) => x)).size < points.length) return {};
  return {
    line: points.map(({ x, setting }) => {
      const spread = of(setting);
      if (spread === null) return { x, y: null };
      return {
        x,
        y: spread.mean,
        ...(setting.runs.length > 1 ? { range: [spread.low, spread.high] as const } : {}),
      };
    }),
  };
}

function scaled({ mean, low, high }: Spread, factor: number): Spread {
  return { mean: mean * factor, low: low * factor, high: high * factor };
}

function seriesLook(index: number): Look {
  return { colour: index, marker: index };
}

function levelLook(index: number): Look {
  return { colour: LEVEL_COLOUR - index, marker: 3 + index, dashed: true };
}
