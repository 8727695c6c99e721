/** The paper's figures as runs, and finished runs as a figure that shows exactly their results. */
import { parseHTML } from 'linkedom';
import { describe, expect, it } from 'vitest';
import {
  errorChart,
  figureCells,
  figureEntries,
  figureMarkdown,
  figureHtml,
  figureRows,
  figures,
  figureSvg,
  type EpochLine,
  type Figure,
  type FigureRun,
} from '../../src/experiment/index.js';
import { figureChart } from '../../src/experiment/paper/reproduction.js';
import { defineNetwork } from '../../src/nn/index.js';
import { noBrowser } from '../support/browser.js';
import { faultsOnTelephone } from '../support/telephone.js';
import { intervalLine } from './support.js';

const folderOf = (recipe: string, name: string): string => `out/${recipe}/${name}`;

function figureOf(name: string): Figure {
  const figure = figures.find((one) => one.name === name);
  if (!figure) throw new Error(`no figure ${name}`);
  return figure;
}

describe('the figures', () => {
  it('have the settings of the paper', () => {
    expect(figures.map(({ name, settings }) => [name, settings.map((setting) => setting.name)])).toEqual([
      [
        'figure1',
        [
          'float32',
          ...['stochastic FL 14', 'stochastic FL 10', 'stochastic FL 8'],
          ...['nearest FL 14', 'nearest FL 10', 'nearest FL 8'],
        ],
      ],
      ['figure2', ['float32', 'stochastic FL 14', 'stochastic FL 12', 'nearest FL 14', 'nearest FL 12']],
      ['figure3', ['float32', 'stochastic FL 14', 'stochastic FL 12', 'nearest FL 14', 'nearest FL 12']],
      ['mixed', ['float32', 'stochastic FL 12', 'FL 12, then FL 16']],
      ['resnet8', ['float32', 'stochastic FL 14', 'stochastic FL 12', 'nearest FL 14', 'nearest FL 12']],
      ['resnet20', ['float32', 'stochastic FL 14', 'stochastic FL 12', 'nearest FL 14', 'nearest FL 12']],
    ]);
  });

  it('are runs with a folder each, all settings of a seed before the next', () => {
    for (const figure of figures) {
      const entries = figureEntries(figure, { seeds: [3, 4] }, folderOf);
      expect(entries.map(({ seed }) => seed)).toEqual([
        ...figure.settings.map(() => 3),
        ...figure.settings.map(() => 4),
      ]);
      expect(new Set(entries.map(({ path }) => path)).size).toBe(entries.length);
      for (const { configuration, seed } of entries) {
        expect(configuration).toMatchObject({ epochs: figure.epochs, network: { seed } });
        expect(configuration).not.toHaveProperty('subset');
        expect(() => defineNetwork(configuration.network)).not.toThrow();
      }
    }
    const [, first] = figureEntries(figureOf('figure1'), { seeds: [1] }, folderOf);
    expect(first).toMatchObject({
      path: 'out/mnist-dnn/stochastic-fl-14-seed-1',
      configuration: {
        data: 'mnist',
        network: { formats: { weight: '<2,14>', activation: '<6,10>' }, rounding: 'stochastic' },
      },
    });
  });

  it('share the runs that two of them have in common', () => {
    const [third = [], mixed = []] = ['figure3', 'mixed'].map((name) =>
      figureEntries(figureOf(name), { seeds: [1], epochs: 4 }, folderOf),
    );
    const shared = mixed.filter(({ path }) => third.some((entry) => entry.path === path));
    expect(shared.map(({ setting }) => setting.name)).toEqual(['float32', 'stochastic FL 12']);
    for (const { path, configuration } of shared) {
      expect(third.find((entry) => entry.path === path)?.configuration).toEqual(configuration);
    }
    expect(mixed[2]?.configuration.network.precisionSchedule).toMatchObject([{ epoch: 3 }]);
  });

  it('can be tried on a part of the data', () => {
    const [entry] = figureEntries(figureOf('figure2'), { seeds: [1], quick: true }, folderOf);
    expect(entry?.configuration).toMatchObject({ epochs: 3, subset: { train: 20_000, test: 2_000 } });
  });
});

const FIGURE = figureOf('figure1');
const GRADIENTS = { saturatedHigh: 0, saturatedLow: 0, maxMagnitude: 1, swallowed: 0 };

/** A run of two epochs that ended with this test error; null if it diverged in the second. */
function run(index: number, seed: number, end: number | null): FigureRun {
  const entry = figureEntries(FIGURE, { seeds: [seed] }, folderOf)[index]!;
  const epoch = (number: number, error: number | null): EpochLine => ({
    event: 'epoch',
    epoch: number,
    step: 10 * number,
    partial: false,
    loss: error === null ? null : 0.5,
    trainErrorPercent: 10,
    testErrorPercent: error ?? 90.2,
    testLoss: error === null ? null : 0.5,
    stepsPerSecond: 5,
  });
  const sites = { 'fc1/weight.gradient': { ...GRADIENTS, elements: 10, flushed: 4 } };
  const metrics = [
    intervalLine(0, 10, { seconds: 60, sites }),
    epoch(1, 20),
    intervalLine(10, 20, { epoch: 2, seconds: 60, sites }),
    epoch(2, end),
  ];
  const result = {
    digest: String(seed).repeat(64),
    testErrorPercent: end ?? 90.2,
    testLoss: end === null ? null : 0.5,
    trainErrorPercent: 10,
    loss: end === null ? null : 0.5,
    steps: 20,
    epochs: 2,
    stepsPerSecond: 5,
    swallowed: [{ parameter: 'fc1/weight', swallowed: 1, elements: 4, rate: 0.25 }],
    lost: [{ parameter: 'fc1/weight', flushed: 2, swallowed: 1, gradients: 4, elements: 8, rate: 0.75 }],
  };
  return { ...entry, metrics, result };
}

/** float32 diverges with seed 2, stochastic rounding does not. */
const RUNS = [run(0, 1, 2), run(1, 1, 1.5), run(0, 2, null), run(1, 2, 2.5)];

describe('a figure of finished runs', () => {
  const rows = figureRows(FIGURE, RUNS);

  it('has mean and spread over the seeds, and the difference to the paper', () => {
    expect(rows.map(({ setting }) => setting.name)).toEqual(['float32', 'stochastic FL 14']);
    expect(rows[1]).toMatchObject({
      seeds: [1, 2],
      diverged: [],
      testErrorPercent: { mean: 2, low: 1.5, high: 2.5 },
      swallowed: 0.25,
      flushed: 0.4,
      seconds: 240,
      digest: '1'.repeat(64),
    });
    expect(rows[1]?.difference).toBeCloseTo(0.6, 10);
    expect(rows[1]?.test).toEqual([
      { x: 1, errorPercent: 20, range: [20, 20] },
      { x: 2, errorPercent: 2, range: [1.5, 2.5] },
    ]);
    expect(figureRows(FIGURE, [run(1, 1, 1.5)])[0]?.test[1]).toEqual({ x: 2, errorPercent: 1.5 });
  });

  it('has neither a number nor a zero for a diverged run', () => {
    expect(rows[0]).toMatchObject({ diverged: [2], testErrorPercent: null, difference: null });
    expect(rows[0]?.test[1]).toEqual({ x: 2, errorPercent: null });
    expect(figureCells(FIGURE, rows).rows[0]?.slice(0, 4)).toEqual([
      'float32',
      'no number (1 of 2 diverged)',
      '1.4 %',
      '–',
    ]);
  });

  it('has no difference to the paper if the data are not its data', () => {
    const [entry] = figureEntries(FIGURE, { seeds: [1], quick: true }, folderOf);
    const quick = figureRows(FIGURE, [{ ...run(0, 1, 2), configuration: entry!.configuration }]);
    expect(quick[0]).toMatchObject({ difference: null, testErrorPercent: { mean: 2 } });
  });

  it('is compared with float32 beyond the paper', () => {
    const residual = figureOf('resnet8');
    const runs = [2, 2.75].map((error, i) => ({ ...run(i, 1, error), setting: residual.settings[i]! }));
    const beyond = figureRows(residual, runs);
    expect(beyond.map(({ difference }) => difference)).toEqual([0, 0.75]);
    const { head, rows: cells } = figureCells(residual, beyond);
    expect(head.slice(0, 4)).toEqual(['setting', 'test error', 'to float32', 'training error']);
    expect(cells.map((cell) => cell.slice(0, 3))).toEqual([
      ['float32', '2.00 %', '0.00'],
      ['stochastic FL 14', '2.75 %', '+0.75'],
    ]);
    // Without float32 there is nothing to compare with.
    expect(figureRows(residual, runs.slice(1))[0]?.difference).toBeNull();
  });

  it('is drawn with gaps, marks, and float32 dashed', async () => {
    const svg = await figureSvg(FIGURE, rows, 'light');
    const { document } = parseHTML(svg);
    expect(document.querySelectorAll('.no-number')).toHaveLength(2);
    const texts = [...document.querySelectorAll('text')].map((text) => text.textContent);
    expect(texts.filter((text) => text === 'no number')).toHaveLength(2);
    expect(texts).toContain('2.00 %');
    expect(texts).not.toContain('0.00 %');
    // In the legend and in each panel.
    expect(document.querySelectorAll('[stroke-dasharray="7 5"]')).toHaveLength(3);
    expect(svg).not.toMatch(/NaN|Infinity|undefined/);
    expect(await figureSvg(FIGURE, rows, 'dark')).not.toBe(svg);
  });

  it('breaks a curve at a NaN and continues after it', async () => {
    const points = [1, 2, 3, 4, 5].map((x) => ({ x, errorPercent: x === 3 ? null : 10 * x }));
    const series = [{ name: 'a', test: points, train: [] }];
    const svg = await errorChart({ title: 't', unit: 'epochs', series });
    const { document } = parseHTML(svg);
    const [line] = document.querySelectorAll('[aria-label="line"] path');
    expect(line?.getAttribute('d')?.match(/M/g)).toHaveLength(2);
    expect(document.querySelectorAll('.no-number')).toHaveLength(1);
    expect(svg).not.toMatch(/NaN/);
  });

  it('is readable on a telephone', async (context) => {
    context.skip(noBrowser !== undefined, noBrowser);
    expect(
      await faultsOnTelephone(
        await figureHtml(FIGURE, rows, RUNS, { command: 'fewbit reproduce figure1 --epochs 20 --seeds 3' }),
      ),
    ).toEqual([]);
  });

  it('is a table in Markdown and on a page that loads nothing', async () => {
    const markdown = figureMarkdown(FIGURE, rows, RUNS, { picture: 'figure1.svg', command: 'fewbit it' });
    expect(markdown).toContain(
      '| stochastic FL 14 | 2.00 % (1.50 to 2.50) | about 1.4 % | +0.60 | 10.00 % (10.00 to 10.00) | 75.00 % | 50.00 % | 25.00 % | 4 min | 111111111111 |',
    );
    expect(markdown).toContain('Seeds 1, 2; 20 epochs of mnist');
    expect(markdown).not.toContain('trial');
    const html = await figureHtml(FIGURE, rows, RUNS, { command: 'fewbit it' });
    const { document } = parseHTML(html);
    const cells = [...document.querySelectorAll('td')].map((cell) => cell.textContent);
    expect(cells).toEqual(expect.arrayContaining(['stochastic FL 14', '+0.60', 'about 1.4 %']));
    expect(html.replaceAll('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:|<script|<link|src=|url\(/);
    expect(figureChart(FIGURE, rows).series[0]?.look).toMatchObject({ dashed: true });
  });
});
