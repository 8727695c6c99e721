/** What the options of `fewbit sweep` mean, and which of them make no sense. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { requestedSweep, type SpaceOptions } from '../../src/cli/commands/sweep/definition.js';
import { SMALL_NETWORK, temporaryFolder, writeConfiguration } from './support.js';

const folder = temporaryFolder();
const config = join(folder, writeConfiguration(folder));
const sweep = join(folder, 'wide.json');
const FILE = {
  run: { network: SMALL_NETWORK, data: 'synthetic' },
  grid: { seed: [1, 2] },
  random: { runs: 2, seed: 9, fields: { momentum: [0, 0.5] } },
  halving: { rungs: [1], eta: 4 },
};
writeFileSync(sweep, JSON.stringify(FILE));

const requested = (argument: string, options: SpaceOptions) => requestedSweep(argument, options);

describe('an option', () => {
  it.each<[SpaceOptions, object]>([
    [{ grid: ['seed=1..3'] }, { grid: { seed: { from: 1, to: 3 } } }],
    [{ grid: ['momentum = 0..0.9 step 0.3'] }, { grid: { momentum: { from: 0, to: 0.9, step: 0.3 } } }],
    [{ grid: ['seed=7; 18446744073709551615'] }, { grid: { seed: [7, '18446744073709551615'] } }],
    [
      { grid: ['formats=4.10; weight=2.14,activation=6.10'] },
      { grid: { formats: ['4.10', 'weight=2.14,activation=6.10'] } },
    ],
    [{ grid: ['layers.fc1.formats.weight=4.10'] }, { grid: { 'layers.fc1.formats.weight': ['4.10'] } }],
    [
      { grid: ['learningRate=0.1; 0.1*0.5@8,12'] },
      { grid: { learningRate: [0.1, { kind: 'step', rate: 0.1, factor: 0.5, milestones: [8, 12] }] } },
    ],
    [
      { grid: ['weightInit=he-normal; {"distribution":"uniform","limit":0.1}'] },
      { grid: { weightInit: ['he-normal', { distribution: 'uniform', limit: 0.1 }] } },
    ],
    [{ settings: 'float32; ; 8.8', setting: ['4.12 nearest'] }, { list: ['float32', '8.8', '4.12 nearest'] }],
    [
      { random: 3, draw: ['learningRate=1e-3..0.3 log', 'batch=10..20 whole'] },
      {
        random: {
          runs: 3,
          seed: 5,
          fields: {
            learningRate: { from: 0.001, to: 0.3, scale: 'log' },
            batch: { from: 10, to: 20, whole: true },
          },
        },
      },
    ],
    [
      { grid: ['seed=1'], halving: [1, 2], by: 'training' },
      { grid: { seed: [1] }, halving: { rungs: [1, 2], by: 'training' } },
    ],
    [{ grid: ['seed=1'], data: 'synthetic', epochs: 9 }, { grid: { seed: [1] } }],
  ])('%j', (options, expected) => {
    const { run, ...definition } = requested(config, options).definition;
    expect(definition).toEqual(expected);
    expect(run).toMatchObject({ epochs: options.epochs ?? 3, batch: 20, data: 'synthetic' });
  });

  it('adds to the contents of a file, or replaces them', () => {
    const { out, definition } = requested(sweep, {
      ...{
        grid: ['batch=10'],
        random: 4,
        searchSeed: 1,
        draw: ['weightDecay=0; 0.1'],
        halving: [2],
        seed: 11,
      },
    });
    expect(out).toBe(join('runs', 'sweep-wide'));
    expect(definition).toMatchObject({
      run: { network: { seed: 11 } },
      grid: { seed: [1, 2], batch: [10] },
      random: { runs: 4, seed: 1, fields: { momentum: [0, 0.5], weightDecay: [0, 0.1] } },
      halving: { rungs: [2], eta: 4 },
    });
    expect(requested(sweep, { halving: false }).definition).not.toHaveProperty('halving');
    expect(requested(sweep, { out: 'here' }).out).toBe('here');
    expect(requested('dnn', { grid: ['seed=1'] }).out).toBe(join('runs', 'sweep-dnn'));
  });

  it('finds a run that lies beside the sweep', () => {
    const file = join(folder, 'beside.json');
    writeFileSync(file, JSON.stringify({ run: 'config.json', grid: { seed: [1] } }));
    expect(requested(file, {}).definition.run).toMatchObject({ batch: 20, network: { name: 'small' } });
  });

  it('makes paths of data absolute', () => {
    const csv = join(folder, 'a.csv');
    writeFileSync(csv, 'a,label\n1,0\n2,1\n');
    const { expansion } = requested(config, { grid: [`data=synthetic; ${csv}`] });
    expect(expansion.runs.map(({ name, configuration }) => [name, configuration.data])).toEqual([
      ['data-synthetic', 'synthetic'],
      ['data-a.csv', csv],
    ]);
  });
});

describe('a mistake', () => {
  it.each<[string, SpaceOptions, string]>([
    ['bits', { grid: ['seed=1'] }, 'network: expected dnn, lenet'],
    [config, { grid: ['seed'] }, '--grid: expected field=value; value; ..., got "seed"'],
    [config, { grid: ['seed=;'] }, '--grid: expected values of seed, got none'],
    [
      config,
      { grid: ['seed=1', 'seed=2'] },
      '--grid: field seed is varied twice; put its values into one list',
    ],
    [sweep, { grid: ['seed=3'] }, '--grid: field seed is varied twice; put its values into one list'],
    [config, { grid: ['seed=-1'] }, 'seed: must be from 0 to 2^64 - 1, got -1'],
    [config, { grid: ['seed=3..1'] }, 'sweep: grid.seed: "from" must not be above "to"'],
    [config, { grid: ['speed=1'] }, 'sweep: run "speed=1": unknown field "speed"; the fields are'],
    [
      config,
      { grid: ['formats=9'] },
      'sweep: run "formats=9": formats: format: expected "<IL,FL>" or "IL.FL", got "9"',
    ],
    [
      config,
      { random: 3 },
      'sweep: --random needs a field to draw; give one with --draw, for example --draw "learningRate=0.01..0.3 log"',
    ],
    [
      config,
      { draw: ['seed=1..9 whole'] },
      'sweep: --draw needs the number of points to draw; give it with --random <n>',
    ],
    [
      config,
      { random: 2, draw: ['momentum=0..1 log'] },
      'sweep: random.fields.momentum: a logarithmic range begins above 0, got 0',
    ],
    [config, { grid: ['seed=1'], eta: 2 }, 'sweep: --eta and --by belong to --halving <epochs>'],
    [config, { grid: ['seed=1'], halving: [2, 2] }, 'sweep: halving.rungs: must ascend, got 2, 2'],
  ])('%#', (argument, options, message) => {
    expect(() => requested(argument, options)).toThrow(message);
  });
});
