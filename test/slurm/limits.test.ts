/**
 * Limits of a sweep on a cluster: the sweep's own number of tasks at a time, the length of an array, the number of submitted
 * tasks. The cluster is a program of a few lines that plays sbatch, squeue, scontrol and scancel; whenever the queue is looked
 * at, what runs ends and what waits begins.
 */
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { arraysOf, placesTaken } from '../../src/cli/commands/sweep/slurm-arrays.js';
import { SlurmEngine } from '../../src/cli/commands/sweep/slurm.js';
import type { EngineContext, SweepTask } from '../../src/cli/commands/sweep/engine.js';
import { readJobs } from '../../src/experiment/store/index.js';
import { temporaryFolder } from '../cli/support.js';

const folder = temporaryFolder();
const path = process.env['PATH'];

interface Cluster {
  /** What `scontrol show config` gives; null for no answer. */
  readonly maxArraySize: number | null;
  /** Tasks that an array may really have. */
  readonly longest: number;
  /** Tasks in the queue at most. */
  readonly mostSubmitted: number;
  /** Answers of squeue that fail at first. */
  silent: number;
  /** Tasks that end before their runs are done, the first time that they run. */
  readonly lost: readonly string[];
}

interface State extends Cluster {
  readonly arrays: { id: number; length: number; limit: number; started: number; running: number[] }[];
  readonly ended: string[];
  /** Largest number of tasks that ran at a time. */
  most: number;
}

const CLUSTER: Cluster = { maxArraySize: null, longest: 1e6, mostSubmitted: 1e6, silent: 0, lost: [] };

const PROGRAM = `#!${process.execPath}
const fs = require('node:fs'), path = require('node:path');
const file = path.join(__dirname, 'state.json');
const state = JSON.parse(fs.readFileSync(file, 'utf8'));
const left = () => state.arrays.reduce((sum, a) => sum + a.length - a.started + a.running.length, 0);
const end = (code, out, error) => {
  fs.writeFileSync(file, JSON.stringify(state));
  if (out) process.stdout.write(out);
  if (error) process.stderr.write('sbatch: error: Batch job submission failed: ' + error + '\\n');
  process.exit(code);
};
switch (path.basename(process.argv[1])) {
  case 'scontrol':
    if (state.maxArraySize === null) end(1);
    end(0, 'MaxArraySize            = ' + state.maxArraySize + '\\n');
  case 'sbatch': {
    fs.readFileSync(0);
    const [, last, limit] = /--array=0-(\\d+)(?:%(\\d+))?/.exec(process.argv.join(' '));
    const length = Number(last) + 1;
    if (length > state.longest) end(1, '', 'Invalid job array specification');
    if (left() + length > state.mostSubmitted) end(1, '', 'Job violates accounting/QOS policy');
    const id = 100 + state.arrays.length;
    state.arrays.push({ id, length, limit: limit === undefined ? 1e9 : Number(limit), started: 0, running: [] });
    end(0, id + '\\n');
  }
  case 'squeue': {
    if (state.silent-- > 0) end(1);
    for (const a of state.arrays) {
      state.ended.push(...a.running.map((index) => a.id + '_' + index));
      a.running = [];
      while (a.running.length < a.limit && a.started < a.length) a.running.push(a.started++);
    }
    state.most = Math.max(state.most, state.arrays.reduce((sum, a) => sum + a.running.length, 0));
    const lines = [];
    for (const a of state.arrays) {
      for (const index of a.running) lines.push(a.id + '|' + index + '|RUNNING|None');
      for (let index = a.started; index < a.length; index++) lines.push(a.id + '|' + index + '|PENDING|JobArrayTaskLimit');
    }
    end(0, lines.join('\\n') + '\\n');
  }
}
`;

let sweeps = 0;
let sweep = '';
let bin = '';

function state(): State {
  return JSON.parse(readFileSync(join(bin, 'state.json'), 'utf8')) as State;
}

beforeEach(() => {
  sweep = join(folder, String(sweeps++));
  bin = join(sweep, 'bin');
  mkdirSync(bin, { recursive: true });
  for (const name of ['sbatch', 'squeue', 'scontrol', 'scancel']) {
    writeFileSync(join(bin, name), PROGRAM);
    chmodSync(join(bin, name), 0o755);
  }
  process.env['PATH'] = `${bin}:${path ?? ''}`;
});
afterEach(() => {
  process.env['PATH'] = path;
});

/** Runs `count` tasks through a cluster and returns what was seen. */
async function swept(
  count: number,
  cluster: Partial<Cluster>,
  jobs?: number,
): Promise<{
  state: State;
  notes: string[];
  queued: [number, readonly string[], number | null][];
  ended: number;
}> {
  const start: State = { ...CLUSTER, ...cluster, arrays: [], ended: [], most: 0 };
  writeFileSync(join(bin, 'state.json'), JSON.stringify(start));
  const tasks = Array.from({ length: count }, (_, i) => {
    const name = `seed-${String(i)}`;
    return { run: { name }, path: join(sweep, name), untilEpoch: null } as SweepTask;
  });
  for (const task of tasks) mkdirSync(task.path);
  const lost = new Set(cluster.lost);
  const [notes, queued]: [string[], [number, readonly string[], number | null][]] = [[], []];
  let ended = 0;
  const context: EngineContext = {
    sweep,
    signal: new AbortController().signal,
    hasReached: ({ run }) =>
      readJobs(sweep).some(({ id, runs }) => {
        const task = `${id}_${String(runs.indexOf(run.name))}`;
        return state().ended.includes(task) && !lost.has(task);
      }),
    stepsOf: () => 0,
    onEnd: () => (ended += 1),
    onFailure: (_task, problem) => {
      throw new Error(problem);
    },
    onNote: (text) => notes.push(text),
    onQueued: (...args) => queued.push(args),
    onWarning: () => undefined,
    onState: () => undefined,
  };
  await new SlurmEngine({
    ...(jobs === undefined ? {} : { jobs }),
    retries: 2,
    options: [],
    pollSeconds: 0.001,
    shouldCancel: () => Promise.resolve(false),
  }).run(tasks, context);
  expect(existsSync(join(sweep, 'slurm.json'))).toBe(false);
  return { state: state(), notes, queued, ended };
}

describe('arrays', () => {
  const tasks = Array.from({ length: 10 }, (_, i) => i);
  const shape = (size: number, budget: number | null) =>
    arraysOf(tasks, size, budget).map((part) => [part.tasks.length, part.limit]);

  it.each([
    [1000, null, [[10, null]]],
    [
      4,
      null,
      [
        [3, null],
        [3, null],
        [4, null],
      ],
    ],
    [1000, 3, [[10, 3]]],
    [
      4,
      5,
      [
        [3, 1],
        [3, 2],
        [4, 2],
      ],
    ],
    [
      4,
      2,
      [
        [4, 1],
        [4, 1],
      ],
    ],
    [4, 0, []],
    [4, -3, []],
  ])('of at most %i with %s places', (size, budget, expected) => {
    expect(shape(size, budget)).toEqual(expected);
  });

  it('hold their places while they have tasks', () => {
    const task = { index: 0, state: 'RUNNING', reason: '' };
    const jobs = [
      { id: '1', runs: ['a', 'b', 'c'], limit: 2 },
      { id: '2', runs: ['d', 'e'], limit: 2 },
      { id: '3', runs: ['f'] },
    ];
    const queue = ['1', '1', '1', '2', '3'].map((job) => ({ ...task, job }));
    expect(placesTaken(jobs, queue)).toBe(2 + 1 + 1);
    expect(placesTaken(jobs, [])).toBe(0);
  });
});

describe('a sweep', () => {
  it('runs as many tasks at a time as its limit, over all arrays', async () => {
    const seen = await swept(20, { maxArraySize: 7 }, 5);
    expect(seen.state.arrays.map(({ limit }) => limit).reduce((a, b) => a + b)).toBe(5);
    expect(seen.state.most).toBe(5);
    expect([seen.ended, seen.notes]).toEqual([20, []]);
    expect(seen.queued).toEqual([[20, ['100', '101', '102'], 5]]);
  });

  it('has fewer places than arrays: the others wait', async () => {
    const seen = await swept(8, { maxArraySize: 2 }, 2);
    expect([seen.ended, seen.state.most]).toEqual([8, 2]);
  });

  it('keeps the limit when tasks are submitted again', async () => {
    const seen = await swept(20, { maxArraySize: 10, lost: ['100_0', '100_3', '101_1'] }, 4);
    expect([seen.ended, seen.state.most]).toEqual([20, 4]);
    expect(seen.notes).toHaveLength(3);
  });

  it('finds the length of an array that the cluster takes', async () => {
    const seen = await swept(30, { longest: 10 }, 9);
    expect(seen.state.arrays.map(({ length }) => length)).toEqual([7, 8, 7, 8]);
    expect([seen.ended, seen.state.most, seen.notes]).toEqual([30, 9, []]);
  });

  it('reports a full queue, and submits the others as tasks end', async () => {
    const seen = await swept(20, { maxArraySize: 5, mostSubmitted: 12 }, 5);
    expect(seen.ended).toBe(20);
    expect(seen.state.most).toBeLessThanOrEqual(5);
    expect(seen.notes).toEqual([
      'sbatch refused 10 of the runs: sbatch: error: Batch job submission failed: Job violates accounting/QOS policy; 10 are in the queue, and it is asked again when there are fewer',
    ]);
  });

  it('is refused if nothing at all can be submitted', async () => {
    await expect(swept(4, { mostSubmitted: 0 })).rejects.toThrow(
      'slurm: sbatch refused the sweep: sbatch: error: Batch job submission failed: Job violates accounting/QOS policy',
    );
  });

  it('waits for a queue that does not answer at the start', async () => {
    const seen = await swept(3, { silent: 2 });
    expect(seen.notes).toEqual(['the queue of Slurm does not answer; looking again until it does']);
    expect(seen.state.arrays).toHaveLength(1);
  });
});
