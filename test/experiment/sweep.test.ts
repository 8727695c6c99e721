/** The runs of a sweep: products of its spaces, draws that depend on nothing but the seed, names, and mistakes. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  expandSweep,
  isSweep,
  parseSweep,
  type Draw,
  type SweepDefinition,
  type SweepSpace,
} from '../../src/experiment/index.js';
import { drawnValue } from '../../src/experiment/sweep/random.js';
import { CONFIGURATION } from './support.js';

const sweep = (space: SweepSpace): SweepDefinition => ({ run: CONFIGURATION, ...space });
const expanded = (space: SweepSpace) => expandSweep(sweep(space), 'sweep.json');
const labels = (space: SweepSpace): string[] => expanded(space).runs.map(({ label }) => label);

describe('the runs', () => {
  it('are the product of the list, the grid and the draws, in this order', () => {
    const { runs, repeated } = expanded({
      list: ['4.12 nearest', { name: 'slow', setting: '4.12', learningRate: 0.01 }],
      grid: { seed: { from: 1, to: 2 }, batch: [10] },
      random: { runs: 2, seed: 3, fields: { momentum: [0, 0.25, 0.5, 0.75] } },
    });
    expect(runs.map(({ label }) => label.replace(/ momentum=.*/, ''))).toEqual(
      ['4.12 nearest seed=1', '4.12 nearest seed=2', 'slow seed=1', 'slow seed=2'].flatMap((label) => [
        `${label} batch=10`,
        `${label} batch=10`,
      ]),
    );
    expect(repeated).toBe(0);
    expect(runs[4]?.configuration).toMatchObject({
      batch: 10,
      network: { seed: 1, formats: '<4,12>', rounding: 'stochastic', optimizer: { learningRate: 0.01 } },
    });
    expect(runs[4]?.name).toMatch(/^slow-seed-1-batch-10-momentum-0(\.\d+)?$/);
  });

  it('have separate folders, whatever the points are called', () => {
    const names = expanded({
      list: ['日本', '🙂', 'sweep.json', 'Report.HTML', '..'].map((name, i) => ({ name, batch: i + 1 })),
    }).runs.map(({ name }) => name);
    expect(new Set(names).size).toBe(5);
    expect(names.slice(0, 2).every((name) => /^run-[0-9a-f]{8}$/.test(name))).toBe(true);
    expect(names.slice(2, 4)).toEqual(['sweep-json', 'report-html']);
    expect(() =>
      expanded({
        list: [
          { name: 'a', batch: 1 },
          { name: 'a', batch: 2 },
        ],
      }),
    ).toThrow('sweep.json: the runs "a" and "a" would have one folder');
  });

  it('have complete configurations, and the base is untouched', () => {
    for (const { configuration } of expanded({ grid: { seed: [1, 2] } }).runs) {
      expect(configuration).toEqual({
        ...CONFIGURATION,
        network: { ...CONFIGURATION.network, seed: configuration.network.seed },
      });
    }
  });

  it('count a range from end to end', () => {
    expect(labels({ grid: { momentum: { from: 0, to: 0.9, step: 0.3 } } })).toEqual(
      ['0', '0.3', '0.6', '0.9'].map((value) => `momentum=${value}`),
    );
    expect(labels({ grid: { batch: { from: 10, to: 25, step: 10 } } })).toEqual(['batch=10', 'batch=20']);
  });

  it('that are the same are made once; float32 has no rounding', () => {
    const { runs, repeated } = expanded({
      grid: { formats: ['float32', '8.8'], rounding: ['nearest', 'floor'], randomBits: [2, 4] },
    });
    expect(runs.map(({ name }) => name)).toEqual([
      'formats-float32',
      'formats-8.8-rounding-nearest-randombits-2',
      'formats-8.8-rounding-floor-randombits-2',
    ]);
    expect(runs[0]?.values).toEqual({ formats: 'float32' });
    expect(repeated).toBe(5);
  });

  it('have distinct, short names that do not depend on the other runs', () => {
    const names = (values: string[]): string[] =>
      expanded({ grid: { formats: values } }).runs.map(({ name }) => name);
    const formats = [
      '4.12',
      '<4,8>',
      'weight=2.14,bias=2.14,activation=6.10,error=4.12,gradient=4.12,update=4.12',
    ];
    const all = names(formats);
    expect(all.slice(0, 2)).toEqual(['formats-4.12', 'formats-4.8']);
    expect(all[2]).toMatch(/^formats-weight-2.14-bias-2.14-activation-6.10-error-.*-[0-9a-f]{8}$/);
    expect(formats.map((one) => names([one])[0])).toEqual(all);
    // Both become "a-b"; a hash of the label distinguishes them.
    const alike = expanded({
      list: [
        { name: 'a b', seed: 1 },
        { name: 'a/b', seed: 2 },
      ],
    }).runs;
    expect(new Set(alike.map(({ name }) => name)).size).toBe(2);
    for (const { name } of alike) expect(name).toMatch(/^a-b-[0-9a-f]{8}$/);
  });

  it('are too many from 10,001', () => {
    const grid = { seed: { from: 1, to: 101 }, batch: { from: 1, to: 100 } };
    expect(() => expanded({ grid })).toThrow(
      'sweep.json: makes 10100 points, at most 10000 are allowed; vary less, or draw some with a random search',
    );
  });

  it('name the point that is wrong', () => {
    expect(() => expanded({ grid: { batch: [1, -1] } })).toThrow(
      'sweep.json: run "batch=-1": batch: expected a whole number from 1, got -1',
    );
  });
});

describe('a draw', () => {
  const values = (draw: Draw, count = 200, seed = 7, field = 'learningRate'): unknown[] =>
    Array.from({ length: count }, (_, index) => drawnValue(seed, field, draw, index));

  it('is a function of seed, field and number alone', () => {
    const range: Draw = { from: 0.01, to: 0.3, scale: 'log' };
    // Known answers: another engine, or another version, must draw the same.
    expect(values(range, 4)).toEqual([0.0797, 0.0402, 0.0462, 0.0425]);
    expect(values(range, 4, 8)).not.toEqual(values(range, 4));
    expect(values(range, 4, 7, 'momentum')).not.toEqual(values(range, 4));
    expect(values(range, 10).slice(0, 4)).toEqual(values(range, 4));
  });

  it('of a list takes each value about as often', () => {
    const counts = new Map<unknown, number>();
    for (const value of values(['a', 'b', 'c'], 3000)) counts.set(value, (counts.get(value) ?? 0) + 1);
    expect([...counts.values()].sort((a, b) => a - b)).toEqual([977, 1003, 1020]);
  });

  it('of a logarithmic range has its median near the geometric mean', () => {
    const drawn = (values({ from: 0.001, to: 1, scale: 'log' }, 2001) as number[]).sort((a, b) => a - b);
    expect(drawn[1000]).toBe(0.0353);
    expect(drawn[0]).toBeGreaterThanOrEqual(0.001);
    expect(drawn[2000]).toBeLessThanOrEqual(1);
  });

  it('lies in its range, whole numbers at both ends too', () => {
    fc.assert(
      fc.property(
        fc.nat(),
        fc.nat({ max: 50 }),
        fc.integer({ min: 1, max: 1000 }),
        fc.nat({ max: 1000 }),
        fc.constantFrom('linear' as const, 'log' as const),
        fc.boolean(),
        (seed, index, from, width, scale, whole) => {
          const value = drawnValue(seed, 'x', { from, to: from + width, scale, whole }, index) as number;
          return value >= from && value <= from + width && (!whole || Number.isInteger(value));
        },
      ),
    );
    expect(new Set(values({ from: 1, to: 3, whole: true }))).toEqual(new Set([1, 2, 3]));
    expect(new Set(values({ from: 1, to: 4, whole: true, scale: 'log' }))).toEqual(new Set([1, 2, 3, 4]));
  });

  it('has three digits', () => {
    for (const value of values({ from: 0.01, to: 0.3 })) expect(String(value).length).toBeLessThanOrEqual(6);
  });
});

describe('sweep.json', () => {
  const run = { network: CONFIGURATION.network, data: 'synthetic' };

  it('is distinguished from a run', () => {
    expect(isSweep({ run: 'lenet', grid: {} })).toBe(true);
    expect(isSweep(run)).toBe(false);
    expect(isSweep(null)).toBe(false);
  });

  it('is read as it is written', () => {
    const whole = {
      name: 'bits',
      run,
      list: ['float32', { name: 'a', setting: '4.12' }],
      grid: { seed: [1, '18446744073709551615'], batch: { from: 1, to: 9, step: 4 } },
      random: { runs: 3, seed: 1, fields: { learningRate: { from: 0.1, to: 1, scale: 'log' } } },
      halving: { rungs: [1, 3], eta: 2, by: 'training' },
    };
    expect(parseSweep(whole, 'sweep.json')).toEqual(whole);
    expect(parseSweep({ run: 'lenet', grid: { seed: [1] } }, 'x').run).toBe('lenet');
  });

  it.each([
    [[], 'expected a sweep { "run": ..., "grid": ... }, got []'],
    [{ run }, 'varies nothing; give it a list, a grid or a random search'],
    [{ run, grid: {} }, 'varies nothing; give it a list, a grid or a random search'],
    [{ run, grids: {} }, 'unknown field "grids"; the fields are name, run, list, grid, random, halving'],
    [
      { run: 3, grid: { seed: [1] } },
      'run: expected a run configuration, or the name of a network, a recipe or a .json file, got 3',
    ],
    [{ run: { network: {} }, grid: { seed: [1] } }, 'run: network configuration: '],
    [{ run, grid: { seed: [] } }, 'grid.seed: expected at least one value, got []'],
    [{ run, grid: { seed: { from: 2, to: 1 } } }, 'grid.seed: "from" must not be above "to"'],
    [{ run, grid: { threads: [1] } }, 'field: threads changes no result and is not varied; leave it out'],
    [
      { run, grid: { seed: [1], 'network.seed': [2] } },
      'field network.seed is varied twice, as seed too; leave one out',
    ],
    [{ run, list: ['4.12'], grid: { setting: ['8.8'] } }, 'field setting is varied twice; leave one out'],
    [{ run, random: { runs: 0, seed: 1, fields: {} } }, 'random.runs: expected a whole number from 1, got 0'],
    [
      { run, random: { runs: 1, fields: {} } },
      'random.seed: expected a whole number from 0, or its decimal text, got nothing',
    ],
    [
      { run, random: { runs: 1, seed: 1, fields: { momentum: { from: 0, to: 1, scale: 'log' } } } },
      'random.fields.momentum: a logarithmic range begins above 0, got 0',
    ],
    [
      { run, random: { runs: 1, seed: 1, fields: { batch: { from: 1, to: 2.5, whole: true } } } },
      'random.fields.batch: whole numbers lie between whole numbers, got {"from":1,"to":2.5,"whole":true}',
    ],
    [{ run, grid: { seed: [1] }, halving: { rungs: [3, 1] } }, 'halving.rungs: must ascend, got 3, 1'],
    [
      { run, grid: { seed: [1] }, halving: { rungs: [1], eta: 1 } },
      'halving.eta: expected a number from 2, got 1',
    ],
  ])('mistake %#', (input, message) => {
    expect(() => parseSweep(input, 'sweep.json')).toThrow(`sweep.json: ${message}`);
  });
});
