/**
 * Metrics added up, and the chart and page made of them. Their looks are for the eye; their contents are
 * tested here.
 */
import { parseHTML } from 'linkedom';
import { describe, expect, it } from 'vitest';
import {
  comparisonChart,
  comparisonConclusion,
  comparisonPage,
  errorChart,
  type EpochLine,
  type MetricsLine,
} from '../../src/experiment/index.js';
import { type ComparisonRow } from '../../src/experiment/store/index.js';
import {
  epochLines,
  openIntervals,
  roundedLossSum,
  siteTotals,
  swallowedRates,
  trainingTotals,
} from '../../src/experiment/run/metrics.js';
import { noBrowser } from '../support/browser.js';
import { faultsOnTelephone } from '../support/telephone.js';
import { CONFIGURATION, intervalLine } from './support.js';

function epochLine(epoch: number, step: number, testErrorPercent: number, partial = false): EpochLine {
  const rest = { loss: 0.1, trainErrorPercent: 1, testLoss: 0.1, stepsPerSecond: 5 };
  return { event: 'epoch', epoch, step, partial, testErrorPercent, ...rest };
}

const counts = (swallowed: number, maxMagnitude: number) => ({
  elements: 100,
  saturatedHigh: 1,
  saturatedLow: 2,
  flushed: 3,
  maxMagnitude,
  swallowed,
});

describe('metrics', () => {
  it('are added up over lines', () => {
    const lines = [
      intervalLine(0, 4, { correct: 30, seconds: 2, sites: { w: counts(10, 7) } }),
      intervalLine(4, 5, { correct: 5, seconds: 0.5, sites: { w: counts(20, 5), b: counts(1, 1) } }),
    ];
    expect(trainingTotals(lines)).toEqual({
      examples: 50,
      steps: 5,
      loss: 0.1,
      errorPercent: 30,
      stepsPerSecond: 2,
    });
    expect(siteTotals(lines).get('w')).toEqual({
      elements: 200,
      saturatedHigh: 2,
      saturatedLow: 4,
      flushed: 6,
      maxMagnitude: 7,
      swallowed: 30,
    });
    expect(swallowedRates(lines, ['b', 'w', 'none'])).toEqual([
      { parameter: 'b', swallowed: 1, elements: 100, rate: 0.01 },
      { parameter: 'w', swallowed: 30, elements: 200, rate: 0.15 },
    ]);
  });

  it('have no loss if one loss is not a number', () => {
    expect(roundedLossSum(NaN)).toBeNull();
    expect(trainingTotals([intervalLine(0, 1), intervalLine(1, 2, { lossSum: null })]).loss).toBeNull();
    expect(trainingTotals([])).toEqual({
      examples: 0,
      steps: 0,
      loss: null,
      errorPercent: 0,
      stepsPerSecond: 0,
    });
  });

  it('know the lines after the last epoch', () => {
    const lines: MetricsLine[] = [intervalLine(0, 3), epochLine(1, 3, 5), intervalLine(3, 4)];
    expect(openIntervals(lines)).toEqual([lines[2]]);
    expect(openIntervals(lines.slice(0, 1))).toEqual([lines[0]]);
    expect(epochLines(lines)).toEqual([lines[1]]);
  });
});

function row(name: string, metrics: readonly MetricsLine[]): ComparisonRow {
  const result = {
    digest: '0123456789abcdef'.repeat(4),
    testErrorPercent: 88.65,
    testLoss: 2.3,
    trainErrorPercent: 90,
    loss: null,
    steps: 8,
    epochs: 2,
    stepsPerSecond: 12,
    swallowed: [{ parameter: 'fc1/weight', swallowed: 1, elements: 4, rate: 0.25 }],
    lost: [{ parameter: 'fc1/weight', flushed: 2, swallowed: 1, gradients: 4, elements: 8, rate: 0.75 }],
  };
  return { name, path: `runs/${name}`, configuration: CONFIGURATION, result, metrics };
}

const LINES: MetricsLine[] = [
  intervalLine(0, 2, { correct: 10 }),
  intervalLine(2, 4, { correct: 20 }),
  epochLine(1, 4, 20),
  intervalLine(4, 8, { epoch: 2, correct: 40 }),
  epochLine(2, 8, 0),
];

describe('the chart', () => {
  it('has the errors over epochs', () => {
    const { unit, series } = comparisonChart('title', [row('one', LINES)]);
    expect(unit).toBe('epochs');
    expect(series).toEqual([
      {
        name: 'one',
        test: [
          { x: 1, errorPercent: 20 },
          { x: 2, errorPercent: 0 },
        ],
        // What the table has: the errors of the epochs' lines.
        train: [
          { x: 1, errorPercent: 1 },
          { x: 2, errorPercent: 1 },
        ],
        trainParts: [
          { x: 0.25, errorPercent: 50 },
          { x: 0.75, errorPercent: 0 },
          { x: 1.5, errorPercent: 0 },
        ],
      },
    ]);
  });

  it('ends at the figures of the table, in the chart, on the page and as text', async () => {
    const lines = LINES.map((line) =>
      line.event === 'epoch' && line.epoch === 2
        ? { ...line, trainErrorPercent: 1.79, testErrorPercent: 1.28 }
        : line,
    );
    const one = row('one', lines);
    const result = { ...one.result, testErrorPercent: 1.28, trainErrorPercent: 1.79, loss: 0.1 };
    const html = await comparisonPage('title', [{ ...one, result }]);
    const { document } = parseHTML(html);
    const ends = [...document.querySelectorAll('.at-wide text[font-weight="600"]')].map(
      (text) => text.textContent,
    );
    expect(ends).toEqual(['Test error', '1.28 %', 'Training error', '1.79 %']);
    const cells = [...document.querySelectorAll('td')].map((cell) => cell.textContent);
    expect(cells.slice(1, 3)).toEqual(['1.28 %', '1.79 %']);
    expect(comparisonConclusion([{ ...one, result }])).toContain('1.28 %');
  });

  it('counts steps if a run ended within its first epoch', () => {
    const short = [intervalLine(0, 2), epochLine(1, 2, 50, true)];
    const { unit, series } = comparisonChart('title', [row('one', LINES), row('two', short)]);
    expect(unit).toBe('steps');
    expect(series.map(({ test }) => test.map(({ x }) => x))).toEqual([[4, 8], [2]]);
  });

  it('joins intervals if there are many, and has none that is longer than an epoch', () => {
    const many = Array.from({ length: 200 }, (_, i) => intervalLine(i, i + 1, { correct: 5 }));
    const { series } = comparisonChart('title', [row('one', [...many, epochLine(1, 200, 20)])]);
    expect(series[0]?.trainParts).toHaveLength(100);
    expect(series[0]?.trainParts?.[0]).toEqual({ x: 0.005, errorPercent: 50 });
    const [long] = comparisonChart('title', [row('one', [intervalLine(0, 9), epochLine(1, 9, 20)])]).series;
    expect(long?.trainParts).toEqual([]);
  });

  it('is SVG that shows titles, names, values, and no NaN', async () => {
    const svg = await errorChart(comparisonChart('<A & "B">', [row('first', LINES), row('second', LINES)]));
    const { document } = parseHTML(svg);
    const texts = [...document.querySelectorAll('text')].map((text) => text.textContent);
    expect(texts).toEqual(
      expect.arrayContaining(['<A & "B">', 'Test error', 'Training error', 'first', 'second']),
    );
    expect(texts).toEqual(expect.arrayContaining(['Epochs trained', '0.00 %', '0 %', '20 %']));
    // Zero lies below the numbers, and the axis is broken there: in both panels.
    expect(document.querySelectorAll('.break')).toHaveLength(2);
    expect(svg).not.toMatch(/NaN|Infinity|undefined/);
    // The same lines give the same picture.
    expect(await errorChart(comparisonChart('<A & "B">', [row('first', LINES), row('second', LINES)]))).toBe(
      svg,
    );
  });

  it('is readable on a telephone', async (context) => {
    context.skip(noBrowser !== undefined, noBrowser);
    expect(
      await faultsOnTelephone(
        await comparisonPage('runs/a-long-path/'.repeat(8), [
          row('float32', LINES),
          row('a setting with a rather long name, stochastic 4.12/6.10', LINES),
          row('x', LINES),
        ]),
      ),
    ).toEqual([]);
  });

  it('stands on a page that loads nothing', async () => {
    const html = await comparisonPage('A <b>', [row('x < y', LINES)]);
    const { document } = parseHTML(html);
    expect(document.title).toBe('A <b>');
    const cells = [...document.querySelectorAll('td')].map((cell) => cell.textContent);
    expect(cells).toEqual(
      expect.arrayContaining(['x < y', '88.65 %', 'not a number', 'fc1/weight', '75.00 %50.00 + 25.00']),
    );
    expect(document.querySelector('h1 + p')?.textContent).toBe(
      'The test error is 88.65 % with x < y. Of the gradients that were non-zero, rounding lost 75.00 % with x < y (50.00 % flushed, 25.00 % swallowed).',
    );
    expect(html).toContain('How to read a format: &#60;4,12&#62;, short 4.12');
    // One chart in two widths, each with the key of its curve; and the key in the table.
    expect(document.querySelectorAll('svg[role="img"]')).toHaveLength(2);
    expect(document.querySelectorAll('svg.key')).toHaveLength(3);
    expect(html).toContain('prefers-color-scheme: dark');
    expect(html.replaceAll('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:|<script|<link|src=/);
  });
});
