/** Sweeps on this machine as people start them: previews, repeated and failing runs, bad input. */
import { existsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { refusesIn, sweepDigests, sweepStates } from './sweeps.js';
import { cli, jsonLines, temporaryFolder, writeConfiguration, type CliResult } from './support.js';

const folder = temporaryFolder();
const at = (...parts: string[]): string => join(folder, ...parts);
const run = (...args: string[]): Promise<CliResult> => cli(args, { cwd: folder });

const digests = (sweep: string): Record<string, unknown> => sweepDigests(at(sweep));
const states = (sweep: string): Record<string, string> => sweepStates(at(sweep));

const GRID = ['--grid', 'formats=4.12/6.10; 8.8', '--grid', 'seed=1..2'];

beforeAll(() => {
  writeConfiguration(folder, { steps: 60 });
  writeConfiguration(folder, { epochs: 4, checkpointEvery: 50, metricsEvery: 10 }, 'long.json');
});

describe('a preview', () => {
  it('lists the runs and writes nothing', async () => {
    const { code, stdout, stderr } = await run(
      'sweep',
      'config.json',
      ...GRID,
      '--dry-run',
      '--out',
      'planned',
    );
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout.split('\n')[1]).toBe('1  4.12/6.10  1     planned  formats-4.12-6.10-seed-1');
    expect(stdout).toMatch(/\n4 runs in planned\n$/);
    expect(existsSync(at('planned'))).toBe(false);
  });

  it('as JSON has whole configurations; draws depend on the seed alone', async () => {
    const draws = async (...seed: string[]): Promise<unknown[]> => {
      const draw = ['--random', '4', '--draw', 'learningRate=0.01..0.3 log', '--draw', 'formats=4.12; 4.10'];
      const lines = jsonLines(await run('sweep', 'config.json', ...draw, ...seed, '--dry-run', '--json'));
      return lines.map(({ values, configuration }) => {
        const { network } = configuration as { network: { formats: string; optimizer: object } };
        expect(network).toMatchObject({
          seed: 3,
          optimizer: { learningRate: (values as { learningRate: number }).learningRate },
        });
        expect(['<4,12>', '<4,10>']).toContain(network.formats);
        return values;
      });
    };
    const first = await draws();
    expect(first).toHaveLength(4);
    expect(await draws('--search-seed', '6')).not.toEqual(first);
  });
});

describe('a sweep', () => {
  it('is read from a file, runs from its own folder, and repeats nothing', async () => {
    const settings = {
      run: 'config.json',
      list: ['float32', { name: 'coarse', setting: '8.4 nearest' }],
      grid: { seed: [1] },
    };
    writeFileSync(at('bits.json'), JSON.stringify(settings));
    const first = await run('sweep', 'bits.json', '--json', '--jobs', '2');
    expect([first.code, first.stderr]).toEqual([0, '']);
    const lines = jsonLines(first);
    expect(lines[0]).toEqual({ event: 'start', out: 'runs/sweep-bits', runs: 2, engine: 'local' });
    expect(lines.at(-1)).toMatchObject({
      event: 'done',
      failed: 0,
      runs: [{ formats: 'float32' }, { formats: '8.4' }],
    });
    expect(Object.keys(digests('runs/sweep-bits'))).toEqual(['coarse-seed-1', 'float32-seed-1']);
    const written = statSync(at('runs/sweep-bits/coarse-seed-1/checkpoint.safetensors')).mtimeMs;
    const again = await run('sweep', 'runs/sweep-bits');
    expect([again.code, again.stderr]).toEqual([0, '']);
    expect(again.stdout).toMatch(
      /\n2 done, nothing was left to do; runs in runs\/sweep-bits, one folder each\n/,
    );
    expect(statSync(at('runs/sweep-bits/coarse-seed-1/checkpoint.safetensors')).mtimeMs).toBe(written);
    // More points may be added; those that are there stay.
    const more = await run('sweep', 'runs/sweep-bits', '--setting', '8.6 nearest', '--json');
    expect(
      jsonLines(more)
        .filter(({ event }) => event === 'run')
        .map(({ label }) => label),
    ).toEqual(['8.6 nearest seed=1']);
  });

  it('continues without the runs that fail, and its exit code tells', async () => {
    const args = ['sweep', 'config.json', '--grid', 'layers.fc2.units=5; 10', '--out', 'failing'];
    const problem = 'classes';
    const first = await run(...args, '--json');
    expect(first.code).toBe(3);
    expect(first.stderr).toMatch(new RegExp(`^error: run "layers.fc2.units=5": .*${problem}.*\n$`));
    const lines = jsonLines(first);
    expect(lines.find(({ event }) => event === 'failed')).toMatchObject({ name: 'layers.fc2.units-5' });
    expect(lines.at(-1)).toMatchObject({ event: 'done', failed: 1 });
    expect(states('failing')).toEqual({
      'layers.fc2.units-5': 'failed',
      'layers.fc2.units-10': 'done',
    });
    expect(existsSync(at('failing', 'layers.fc2.units-5'))).toBe(false);
  });
});

describe('bad input', () => {
  it.concurrent.each([
    [['lenet'], 'sweep: varies nothing; give it a list, a grid or a random search'],
    [
      ['config.json', '--grid', 'layers.fc1.units=0'],
      'sweep: run "layers.fc1.units=0": network configuration: layers[0].units',
    ],
    [
      ['long.json', '--grid', 'seed=1', '--halving', '3,4'],
      'sweep: the last rung of halving must come before the end, got rung 4 and run "seed=1" of 4 epochs; choose earlier rungs or more --epochs',
    ],
    [
      ['config.json', '--grid', 'seed=1', '--slurm-option=-v'],
      'sweep: --slurm-option belongs to --engine slurm',
    ],
    [
      ['config.json', '--grid', 'seed=1', '--out', '.'],
      "sweep folder .: must be new, empty or a sweep's, but holds ",
    ],
    [
      ['config.json', '--grid', 'seed=1', '--out', 'config.json'],
      'run folder config.json: config.json is not a folder',
    ],
  ])('%j', refusesIn(folder));
});
