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

describe('the report of a sweep', () => {
  it('is written when asked for, and later; a short sweep prints how', async () => {
    const args = [
      'sweep',
      'config.json',
      '--grid',
      'formats=8.8; 8.4',
      '--grid',
      'seed=1..2',
      '--out',
      'paged',
    ];
    const short = await run(...args, '--threads', '1');
    expect(short.stdout).toMatch(/\nindex paged\/index.json\nreport: fewbit report paged\n$/);
    expect(existsSync(at('paged', 'report.html'))).toBe(false);
    const asked = await run('sweep', 'paged', '--report', '--json');
    expect(jsonLines(asked).at(-1)).toMatchObject({ event: 'done', report: 'paged/report.html' });
    const html = readFileSync(at('paged', 'report.html'), 'utf8');
    expect(html).toContain('Fraction bits (FL)');
    const later = await run('report', 'paged', '--json');
    expect([later.code, later.stderr]).toEqual([0, '']);
    expect(jsonLines(later)).toEqual([{ event: 'report', sweep: 'paged', report: 'paged/report.html' }]);
    expect(readFileSync(at('paged', 'report.html'), 'utf8')).toBe(html);
    const chosen = await run('report', 'paged', '--x', 'seed', '--y', 'formats');
    expect(chosen.stdout).toBe('report paged/report.html\n');
    expect(readFileSync(at('paged', 'report.html'), 'utf8')).toContain('Heat map: formats and seed');
    const none = await run('sweep', 'paged', '--no-report', '--json');
    expect(jsonLines(none).at(-1)).not.toHaveProperty('report');
  });

  it('has its means in a table of runs, too', async () => {
    const groups = jsonLines(
      await run('runs', 'list', 'paged', '--group-by-seed', '--sort', 'error', '--json'),
    );
    expect(groups.map(({ runs, done, diverged }) => [runs, done, diverged])).toEqual([
      [2, 2, 0],
      [2, 2, 0],
    ]);
    const means = groups.map(({ testErrorPercent }) => testErrorPercent as number);
    expect(means).toEqual([...means].sort((a, b) => a - b));
    const table = await run('runs', 'list', 'paged', '--group-by-seed');
    expect(table.stdout).toMatch(/^formats +runs +test error +range *\n8\.8 +2 done +[\d.]+ % /);
  });

  it.each([
    [['--x', 'seed'], 'report: a heat map has two fields; give both --x and --y'],
    [['--x', 'seed', '--y', 'seed'], 'report: --x and --y must be two fields, got "seed" twice'],
    [['--x', 'luck', '--y', 'seed'], 'heat map: no run has a field "luck"; these vary: formats, seed'],
    [
      ['--threads', '1'],
      'report: --backend and --threads are for evaluating the checkpoint of a run; leave them out for a sweep',
    ],
  ])('refuses %j', async (options, message) => {
    const { code, stderr } = await run('report', 'paged', ...options);
    expect([code, stderr]).toEqual([2, `error: ${message}\n`]);
  });

  it('has a heat map, and a run has none', async () => {
    const { code, stderr } = await run('report', 'paged/formats-8.8-seed-1', '--x', 'seed', '--y', 'formats');
    expect(code).toBe(2);
    expect(stderr).toBe(
      'error: report: --x and --y choose the heat map of a sweep, and paged/formats-8.8-seed-1 is none\n',
    );
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

  it('continues a run whose process was killed, and prints this', { timeout: 240_000 }, async () => {
    const child = startCli(['sweep', 'long.json', ...GRID, '--out', 'killed', '--jobs', '2'], {
      cwd: folder,
    });
    const end = ended(child);
    for (const name of ['formats-4.12-6.10-seed-1', 'formats-8.8-seed-1']) {
      process.kill(await workerOf('killed', name), 'SIGKILL');
    }
    const { code, stderr } = await end;
    expect(code).toBe(0);
    expect(stderr.split('\n').sort()).toEqual([
      '',
      'formats-4.12-6.10-seed-1: its process ended with SIGKILL; started again from its checkpoint (1 of 2)',
      'formats-8.8-seed-1: its process ended with SIGKILL; started again from its checkpoint (1 of 2)',
    ]);
    expect(digests('killed')).toEqual(alone);
    expect(new Set(Object.values(alone)).size).toBe(4);
  });

  it('stops on Ctrl-C with every run in a state from which the same command continues', async () => {
    const args = ['sweep', 'long.json', ...SMALL_GRID, '--out', 'stopped', '--jobs', '2'];
    const child = startCli(args, { cwd: folder });
    const end = ended(child);
    await workerOf('stopped', 'formats-8.8-seed-2');
    child.kill('SIGINT');
    const stopped = await end;
    expect(stopped.code).toBe(130);
    expect(stopped.stderr).toMatch(
      /stopped, every run with a checkpoint; continue with: fewbit sweep stopped\n$/,
    );
    expect(Object.values(states('stopped'))).toContain('stopped');
    expect(Object.values(states('stopped'))).not.toContain('running');
    expect((await run(...args, '--quiet')).code).toBe(0);
    expect(digests('stopped')).toEqual(half(alone));
  });

  it('that is killed itself leaves no process behind, and continues', async () => {
    const args = ['sweep', 'long.json', ...SMALL_GRID, '--out', 'orphaned', '--jobs', '2'];
    const child = startCli(args, { cwd: folder });
    const end = ended(child);
    await workerOf('orphaned', 'formats-8.8-seed-1');
    child.kill('SIGKILL');
    await end;
    // At once: processes of the one before may still be at work, and are waited for.
    expect((await run(...args, '--quiet')).code).toBe(0);
    expect(digests('orphaned')).toEqual(half(alone));
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

  it('gives a run up that is killed too often; the next start tries it again', async () => {
    const args = ['sweep', 'long.json', '--grid', 'seed=1', '--out', 'given-up', '--retries', '0'];
    const child = startCli(args, { cwd: folder });
    const end = ended(child);
    process.kill(await workerOf('given-up', 'seed-1'), 'SIGKILL');
    const { code, stderr } = await end;
    expect(code).toBe(3);
    expect(stderr).toBe(
      'error: run "seed=1": its process ended 1 times without getting further, with SIGKILL; see given-up/_log/seed-1.log\n',
    );
    expect(states('given-up')).toEqual({ 'seed-1': 'failed' });
    expect((await run(...args)).code).toBe(0);
    expect(states('given-up')).toEqual({ 'seed-1': 'done' });
  });
});

describe('halving', () => {
  const rates = RATES.flatMap((field) => ['--grid', field]);
  const HALVING = ['--halving', '1'];

  it('prunes the worst after each rung, the same ones however many run at a time', async () => {
    for (const [out, jobs] of [
      ['one', '1'],
      ['three', '3'],
    ] as const) {
      const { code, stdout, stderr } = await run(
        'sweep',
        'long.json',
        ...rates,
        ...HALVING,
        '--out',
        out,
        '--jobs',
        jobs,
      );
      expect([code, stderr]).toEqual([0, '']);
      expect(stdout).toMatch(
        /learningRate=0 {2}pruned after epoch 1: \d+\.\d\d %, place 3 of 3, 1 continue\n/,
      );
    }
    const decided = states('one');
    expect(decided).toEqual({
      'learningrate-0.1': 'pruned',
      'learningrate-0.01': 'done',
      'learningrate-0': 'pruned',
    });
    expect(states('three')).toEqual(decided);
    expect(digests('three')).toEqual(digests('one'));
    expect(read('one/learningrate-0/pruned.json')).toMatchObject({ epochs: 1, place: 3, runs: 3, kept: 1 });
  });

  it('leaves runs that can be resumed, one by one or all', async () => {
    const resumed = await run('train', '--resume', '--out', 'one/learningrate-0', '--json');
    expect(resumed.code).toBe(0);
    const rest = await run('sweep', 'one', '--no-halving', '--quiet');
    expect([rest.code, rest.stderr]).toEqual([0, '']);
    expect(new Set(Object.values(states('one')))).toEqual(new Set(['done']));
    expect(digests('one')).toEqual(await aloneDigests('rates', RATES));
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
