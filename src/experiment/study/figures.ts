/** The rounding study as figures: which numbers stand in which panel, and what to see in them. draw/theory.ts draws them. */
import { parseAccumulator, parseRounding } from '../../numerics/index.js';
import type { Axis } from '../draw/axis.js';
import type { PanelPoint } from '../draw/panel.js';
import type { PanelFigure, PanelSeries, TheoryPanel } from '../draw/theory.js';
import {
  DOT_DROP,
  DOT_TERMS,
  DRIFT_UPDATE,
  PATH_ROUNDINGS,
  PATH_UPDATE,
  SUMMED_MEAN,
  SUMMED_UPDATES,
  UPDATE_DROP,
  UPDATES,
  type RoundingStudy,
  type StudyRow,
} from './study.js';
import { updateMoments } from './theory-float.js';

const UPDATE_UNIT = 2 ** -UPDATE_DROP;
const BITS = Array.from({ length: 14 }, (_, i) => i + 1);

/** The five figures of a study. */
export function roundingStudyFigures(study: RoundingStudy): PanelFigure[] {
  return [
    dotRandomBits(study),
    dotAccumulator(study),
    weightUpdates(study),
    weightRandomBits(study),
    weightAccumulator(study),
  ];
}

function rowsOf(study: RoundingStudy, experiment: StudyRow['experiment']): Map<string, StudyRow> {
  return new Map(study.rows.filter((row) => row.experiment === experiment).map((row) => [row.setting, row]));
}

const bitsAxis: Axis = {
  label: 'Random bits n of stochastic:n',
  type: 'linear',
  low: 0.5,
  high: 14.5,
  ticks: [1, 2, 4, 6, 8, 10, 12, 14],
};

function logAxis(low: number, high: number, ticks: readonly number[]): Axis {
  return { type: 'log', low, high, ticks };
}

function linearAxis(low: number, high: number, ticks: readonly number[]): Axis {
  return { type: 'linear', low, high, ticks };
}

/** stochastic:n against n, and roundings that draw nothing as level lines measured once. */
function againstBits(
  rows: ReadonlyMap<string, StudyRow>,
  measured: (row: StudyRow) => number,
  theory: (row: StudyRow) => number,
  fixedModes: readonly string[],
): PanelSeries[] {
  const points = (value: (row: StudyRow) => number): PanelPoint[] =>
    BITS.flatMap((n) => {
      const row = rows.get(`stochastic:${n}`);
      return row === undefined ? [] : [{ x: n, y: value(row) }];
    });
  const level = fixedModes.flatMap((mode, index) => {
    const row = rows.get(mode);
    if (row === undefined) return [];
    const line = [0.5, 14.5].map((x) => ({ x, y: theory(row) }));
    return [{ name: mode, colour: index + 1, measured: [{ x: 14, y: measured(row) }], theory: line }];
  });
  return [{ name: 'stochastic:n', colour: 0, measured: points(measured), theory: points(theory) }, ...level];
}

function dotRandomBits(study: RoundingStudy): PanelFigure {
  const rows = rowsOf(study, 'dot rounding');
  const chance = 2 * (rows.get('stochastic')?.standardError ?? 0);
  const size = (of: (row: StudyRow) => number) => (row: StudyRow) => Math.abs(of(row));
  const modes = ['nearest-even', 'floor'];
  return {
    name: 'dot-random-bits',
    title: `Dot product of ${DOT_TERMS} terms, rounded once (${DOT_DROP} bits dropped)`,
    caption:
      'Few random bits round down too often: the bias halves with every bit, and is nought from as many bits as are dropped. The variance is twice that of nearest (and of floor, which lies below it), almost whatever n. Points are measured, lines are theory; a measured bias below the dashed line is chance, and so is one in twenty above it.',
    panels: [
      {
        title: 'Size of the bias, in ε',
        x: bitsAxis,
        y: logAxis(0.00005, 1, [0.0001, 0.001, 0.01, 0.1, 1]),
        series: [
          ...againstBits(
            rows,
            size((row) => row.bias),
            size((row) => row.biasTheory),
            modes,
          ),
          {
            name: 'two standard errors',
            colour: 7,
            dashed: true,
            measured: [],
            theory: [0.5, 14.5].map((x) => ({ x, y: chance })),
          },
        ],
      },
      {
        title: 'Variance, in ε²',
        x: bitsAxis,
        y: linearAxis(0, 0.2, [0, 0.05, 0.1, 0.15, 0.2]),
        series: againstBits(
          rows,
          (row) => row.variance,
          (row) => row.varianceTheory,
          modes,
        ),
      },
    ],
  };
}

/** wrap and saturate against the width; `exact` as a level line. */
function againstWidth(
  rows: ReadonlyMap<string, StudyRow>,
  measured: (row: StudyRow) => number,
  theory: (row: StudyRow) => number,
  [low, high]: readonly [number, number],
): PanelSeries[] {
  const kinds = (['wrap', 'saturate'] as const).map((kind, index): PanelSeries => {
    const own = [...rows.values()].flatMap((row) => {
      const accumulator = parseAccumulator(row.setting);
      return accumulator !== 'exact' && accumulator.overflow === kind ? [{ x: accumulator.width, row }] : [];
    });
    const points = (value: (row: StudyRow) => number) => own.map(({ x, row }) => ({ x, y: value(row) }));
    return { name: kind, colour: index, measured: points(measured), theory: points(theory) };
  });
  const exact = rows.get('exact');
  if (exact === undefined) return kinds;
  const line = [low, high].map((x) => ({ x, y: theory(exact) }));
  return [
    ...kinds,
    { name: 'exact', colour: 2, measured: [{ x: high - 0.5, y: measured(exact) }], theory: line },
  ];
}

const rms = (bias: number, variance: number): number => Math.sqrt(bias ** 2 + variance);

function dotAccumulator(study: RoundingStudy): PanelFigure {
  const rows = rowsOf(study, 'dot accumulator');
  const domain = [23.5, 36.5] as const;
  const x: Axis = {
    label: 'Width of the accumulator, bits',
    type: 'linear',
    low: domain[0],
    high: domain[1],
    ticks: [24, 26, 28, 30, 32, 34, 36],
  };
  const mean = (DOT_TERMS * (2 ** 12 - 1) ** 2) / 4 / 2 ** DOT_DROP;
  return {
    name: 'dot-accumulator',
    title: `Dot product of ${DOT_TERMS} non-negative terms in a narrow accumulator, rounded stochastically`,
    caption:
      'A register that cannot hold the sum is no question of rounding. Saturation keeps what fits in it, wrapping keeps nothing; from the width that holds the largest sum on both are exact, and the error is that of the one rounding.',
    panels: [
      {
        title: 'Mean result, as a share of the exact sum',
        x,
        y: linearAxis(-1, 1.1, [-1, -0.5, 0, 0.5, 1]),
        series: againstWidth(
          rows,
          (row) => 1 + row.bias / mean,
          (row) => 1 + row.biasTheory / mean,
          domain,
        ),
      },
      {
        title: 'Root mean square error, in ε',
        x,
        y: {
          ...logAxis(0.1, 1e6, [0.1, 1, 10, 100, 1000, 10000, 100000]),
          text: (tick) => (tick >= 1000 ? `${tick / 1000}k` : String(tick)),
        },
        series: againstWidth(
          rows,
          (row) => rms(row.bias, row.variance),
          (row) => rms(row.biasTheory, row.varianceTheory),
          domain,
        ),
      },
    ],
  };
}

/** Sizes of updates at which the theory's lines are drawn: both ends of every step of stochastic:6. */
const FINE = Array.from({ length: 255 }, (_, i) => (i + 1) / 256).flatMap((size) =>
  (size * 64) % 1 === 0 ? [size - 1e-9, size] : [size],
);

function weightUpdates({ kept, paths }: RoundingStudy): PanelFigure {
  const keptPanel: TheoryPanel = {
    title: `Share of ${UPDATES} equal updates that arrives`,
    x: {
      label: 'Size of an update, in ε',
      type: 'log',
      low: 1 / 300,
      high: 1,
      ticks: [1 / 256, 1 / 64, 1 / 16, 1 / 4, 1],
      text: (tick) => (tick === 1 ? '1' : `1/${Math.round(1 / tick)}`),
    },
    y: { ...linearAxis(-0.05, 2.05, [0, 0.5, 1, 1.5, 2]), text: (tick) => `${100 * tick} %` },
    series: kept.map(({ rounding, points }, colour) => ({
      name: rounding,
      colour: colourOf(rounding, colour),
      measured: points.map(({ size, kept: y }) => ({ x: size, y })),
      theory: FINE.map((size) => {
        const { bias } = updateMoments(parseRounding(rounding), size);
        return { x: size, y: 1 + bias / size };
      }),
    })),
  };
  const step = PATH_UPDATE * UPDATE_UNIT;
  const pathPanel: TheoryPanel = {
    title: `Weight after updates of ε/${Math.round(1 / step)}, mean ± deviation, in ε`,
    x: { label: 'Updates', type: 'linear', low: 0, high: UPDATES + 8, ticks: [0, 64, 128, 192, 256] },
    y: linearAxis(-1, 21, [0, 5, 10, 15, 20]),
    series: paths
      .filter(({ rounding }) => rounding === 'stochastic' || rounding === 'nearest-even')
      .flatMap(({ rounding, points }, index): PanelSeries[] => {
        const { bias, variance } = updateMoments(parseRounding(rounding), step);
        const colour = colourOf(rounding, index);
        const theory = (sign: number): PanelPoint[] =>
          Array.from({ length: 65 }, (_, i) => {
            const t = (i * UPDATES) / 64;
            return { x: t, y: t * (step + bias) + sign * Math.sqrt(t * variance) };
          });
        const measured = points.map(({ updates, mean, deviation }) => ({
          x: updates,
          y: mean,
          range: [mean - deviation, mean + deviation] as const,
        }));
        const line: PanelSeries = { name: rounding, colour, measured, theory: theory(0) };
        const bound = (sign: number): PanelSeries => ({
          name: 'mean ± deviation, theory',
          colour,
          dashed: true,
          measured: [],
          theory: theory(sign),
        });
        return variance > 0 ? [line, bound(1), bound(-1)] : [line];
      }),
  };
  return {
    name: 'weight-updates',
    title: 'A weight that takes small updates, rounded after each',
    caption:
      'Rounded to nearest, an update below ε/2 is lost, every time, and one above counts as ε. Stochastic rounding keeps each of them on average, at the price of a deviation that grows with the square root of their number. With n random bits an update below ε/2^n is lost again.',
    panels: [keptPanel, pathPanel],
  };
}

function colourOf(rounding: string, otherwise: number): number {
  const place = PATH_ROUNDINGS.indexOf(rounding);
  // Nearest has the colour that it has in the other figures.
  if (rounding === 'nearest-even') return 1;
  return place === 0 ? 0 : place < 0 ? otherwise : place + 1;
}

function weightRandomBits(study: RoundingStudy): PanelFigure {
  const rows = rowsOf(study, 'weight rounding');
  const update = DRIFT_UPDATE * UPDATE_UNIT;
  const modes = ['nearest-even'];
  return {
    name: 'weight-random-bits',
    title: `A weight that takes updates of ${update.toFixed(4)} ε: error of one update`,
    caption:
      'For one size of update the bias goes down in steps: n random bits round the probability of going up down to a multiple of 2^-n. 0.2998 is just below 5/16 and 19/64, so some bits gain nothing and others much. One bit, like nearest, never moves the weight.',
    panels: [
      {
        title: 'Bias, in ε',
        x: bitsAxis,
        y: linearAxis(-0.32, 0.02, [-0.3, -0.2, -0.1, 0]),
        series: againstBits(
          rows,
          (row) => row.bias,
          (row) => row.biasTheory,
          modes,
        ),
      },
      {
        title: 'Variance, in ε²',
        x: bitsAxis,
        y: linearAxis(-0.01, 0.25, [0, 0.05, 0.1, 0.15, 0.2, 0.25]),
        series: againstBits(
          rows,
          (row) => row.variance,
          (row) => row.varianceTheory,
          modes,
        ),
      },
    ],
  };
}

function weightAccumulator(study: RoundingStudy): PanelFigure {
  const rows = rowsOf(study, 'weight accumulator');
  const domain = [16.5, 24.5] as const;
  const x: Axis = {
    label: `Width of the accumulator, bits (${UPDATE_DROP} of them below ε)`,
    type: 'linear',
    low: domain[0],
    high: domain[1],
    ticks: [17, 18, 19, 20, 21, 22, 23, 24],
  };
  return {
    name: 'weight-accumulator',
    title: `${SUMMED_UPDATES} updates of up to ε/10, summed first and rounded to nearest once`,
    caption:
      'Each of these updates alone would be lost to round-to-nearest. Summed in a wide enough register before the rounding they all arrive; in a narrow one saturation loses a part and wrapping turns the weight round.',
    panels: [
      {
        title: 'Share of the updates that arrives',
        x,
        y: {
          ...linearAxis(-0.4, 1.1, [-0.25, 0, 0.25, 0.5, 0.75, 1]),
          text: (tick) => `${100 * tick} %`.replace('-', '\u2212'),
        },
        series: againstWidth(
          rows,
          (row) => 1 + row.bias / SUMMED_MEAN,
          (row) => 1 + row.biasTheory / SUMMED_MEAN,
          domain,
        ),
      },
      {
        title: 'Root mean square error, in ε',
        x,
        y: logAxis(0.1, 30, [0.1, 0.3, 1, 3, 10, 30]),
        series: againstWidth(
          rows,
          (row) => rms(row.bias, row.variance),
          (row) => rms(row.biasTheory, row.varianceTheory),
          domain,
        ),
      },
    ],
  };
}
