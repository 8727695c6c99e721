/**
 * Sweeps on this machine as people start them: reports, killed processes, Ctrl-C, halving. The weights are always those of
 * the same runs made alone.
 */
import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadData } from '../../src/data/node/index.js';
import { executeRun, type RunConfiguration } from '../../src/experiment/index.js';
import { RunFolder } from '../../src/experiment/store/index.js';
import { requestedSweep } from '../../src/cli/commands/sweep/definition.js';
import { refusesIn, sweepDigests, sweepStates } from './sweeps.js';
import {
  cli,
  ended,
  jsonLines,
  startCli,
  temporaryFolder,
  writeConfiguration,
  type CliResult,
} from './support.js';

const folder = temporaryFolder();
const at = (...parts: string[]): string => join(folder, ...parts);
const run = (...args: string[]): Promise<CliResult> => cli(args, { cwd: folder });

function read(...parts: string[]): Record<string, unknown> {
  return JSON.parse(readFileSync(at(...parts), 'utf8'));
}

const digests = (sweep: string): Record<string, unknown> => sweepDigests(at(sweep));
const states = (sweep: string): Record<string, string> => sweepStates(at(sweep));

/** The process that works on a run, once it has trained some steps. */
async function workerOf(...runFolder: string[]): Promise<number> {
  for (;;) {
    const metrics = at(...runFolder, 'metrics.jsonl');
    if (existsSync(metrics) && statSync(metrics).size > 0) {
      try {
        return Number(read(...runFolder, 'lock')['pid']);
      } catch {
        throw new Error(`${runFolder.join('/')}: ended before it could be killed`);
      }
    }
    await sleep(2);
  }
}

/** The digest of a run that is made alone, in this process. */
async function aloneDigest(name: string, configuration: RunConfiguration): Promise<string> {
  const data = await loadData(configuration.data, { seed: configuration.network.seed });
  const runFolder = RunFolder.create(at('alone', name), configuration);
  try {
    const outcome = await executeRun(runFolder, configuration, null, { data, now: () => 0 });
    if (outcome.status !== 'done') throw new Error(`${name} was interrupted`);
    return outcome.result.digest;
  } finally {
    runFolder.close();
  }
}

/** Digests of the runs of a sweep, each made alone. */
async function aloneDigests(name: string, grid: readonly string[]): Promise<Record<string, string>> {
  const { expansion } = requestedSweep(at('long.json'), { grid });
  const made: Record<string, string> = {};
  for (const one of expansion.runs) {
    made[one.name] = await aloneDigest(`${name}-${one.name}`, { ...one.configuration, threads: 1 });
  }
  return made;
}

function half(all: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(all).filter(([name]) => name.startsWith('formats-8.8')));
}

const FIELDS = ['formats=4.12/6.10; 8.8', 'seed=1..2'];
const GRID = FIELDS.flatMap((field) => ['--grid', field]);
/** Half of it. */
const SMALL_GRID = ['--grid', 'formats=8.8', '--grid', 'seed=1..2'];
const RATES = ['learningRate=0.1; 0.01; 0'];
let alone: Record<string, string>;

beforeAll(async () => {
  mkdirSync(at('alone'));
  writeConfiguration(folder, { steps: 60 });
  writeConfiguration(folder, { epochs: 4, checkpointEvery: 50, metricsEvery: 10 }, 'long.json');
  alone = await aloneDigests('grid', FIELDS);
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

describe('a sweep that is there', () => {
  it.concurrent.each([
    [
      ['long.json', ...GRID, '--epochs', '3', '--out', 'killed'],
      'run folder killed/formats-4.12-6.10-seed-1: holds another run, epochs is 4 there and 3 here',
    ],
    [
      ['config.json', '--grid', 'seed=1', '--cancel', '--out', 'killed'],
      "slurm: squeue cannot be run (ENOENT); start the sweep where Slurm's commands are, or use --engine local",
    ],
  ])('refuses %j', refusesIn(folder));
});
