/**
 * Reading run folders: states, figures, an index that can be rebuilt; and the files that are never removed.
 */
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  csvText,
  executeRun,
  expandSweep,
  summaryRow,
  type Pruned,
  type SweepDefinition,
} from '../../src/experiment/index.js';
import {
  checkSweepFolder,
  findRuns,
  lockHolder,
  markFailure,
  markPruned,
  planRemoval,
  readFailure,
  readJobs,
  readPruned,
  readRungRun,
  readSweep,
  remove,
  RunFolder,
  stepsDone,
  summarizeRun,
  summarizeRuns,
  SweepFolder,
  writeIndex,
  writeJobs,
} from '../../src/experiment/store/index.js';
import { CONFIGURATION, DATA, intervalLine, temporaryFolder } from './support.js';

const root = temporaryFolder();
let count = 0;
const fresh = (): string => join(root, `s${++count}`);
const SWEEP: SweepDefinition = { run: CONFIGURATION, grid: { seed: [1, 2, 3] } };
const { runs } = expandSweep(SWEEP, 'sweep');
const PRUNED: Pruned = { kind: 'pruned', epochs: 1, errorPercent: 12.5, place: 2, runs: 3, kept: 1 };

/** A sweep whose first run is done. */
const done = join(root, 'done');
beforeAll(async () => {
  SweepFolder.open(done, SWEEP, runs).close();
  const { configuration, name } = runs[0]!;
  const folder = RunFolder.create(join(done, name), configuration);
  await executeRun(folder, configuration, null, { data: DATA, now: () => 0 });
  folder.close();
});

/** A copy of it, with another run that was begun. */
function copy(): { path: string; run: string; begun: string } {
  const path = fresh();
  cpSync(done, path, { recursive: true });
  const begun = join(path, 'seed-2');
  const folder = RunFolder.create(begun, runs[1]!.configuration);
  folder.appendMetrics(intervalLine(0, 2));
  folder.appendMetrics(intervalLine(2, 5));
  folder.close();
  return { path, run: join(path, 'seed-1'), begun };
}

describe('a run in one line', () => {
  it('is done, with the figures of its last epoch', () => {
    const result = JSON.parse(readFileSync(join(done, 'seed-1/result.json'), 'utf8'));
    expect(summarizeRun(join(done, 'seed-1'))).toMatchObject({
      state: 'done',
      epochs: 2,
      steps: 8,
      testErrorPercent: result.testErrorPercent,
      trainErrorPercent: result.trainErrorPercent,
      digest: result.digest,
      problem: null,
    });
  });

  it('is stopped, running, failed, pruned or damaged', () => {
    const { begun } = copy();
    const state = (): string => summarizeRun(begun).state;
    expect(summarizeRun(begun)).toMatchObject({
      state: 'stopped',
      steps: 5,
      epochs: 0,
      testErrorPercent: null,
    });
    expect(markPruned(begun, PRUNED)).toBe(true);
    expect(markPruned(begun, PRUNED)).toBe(false);
    expect(summarizeRun(begun)).toMatchObject({ state: 'pruned', pruned: PRUNED });
    markFailure(begun, 'no luck');
    expect(summarizeRun(begun)).toMatchObject({ state: 'failed', problem: 'no luck' });
    const folder = RunFolder.resume(begun);
    expect(state()).toBe('running');
    expect(lockHolder(begun)).toMatchObject({ pid: process.pid, host: hostname() });
    folder.close();
    expect(lockHolder(begun)).toBeNull();
    markFailure(begun, null);
    expect(markPruned(begun, null)).toBe(true);
    expect([state(), readFailure(begun), readPruned(begun)]).toEqual(['stopped', null, null]);
    writeFileSync(join(begun, 'config.json'), '{');
    expect(summarizeRun(begun)).toMatchObject({ state: 'damaged', configuration: null });
    expect(summarizeRun(begun).problem).toContain(`${join(begun, 'config.json')}: is not JSON`);
  });

  it('is done in spite of marks', () => {
    const { run } = copy();
    markPruned(run, PRUNED);
    markFailure(run, 'no luck');
    expect(summarizeRun(run)).toMatchObject({ state: 'done', pruned: null, problem: null });
  });

  it('knows its steps from the end of its metrics, a line that is being written left out', () => {
    const { begun } = copy();
    expect(stepsDone(begun)).toBe(5);
    writeFileSync(join(begun, 'metrics.jsonl'), '{"event":"interval","epoch":1,"from":5,"step":9', {
      flag: 'a',
    });
    expect(stepsDone(begun)).toBe(5);
    expect(stepsDone(join(begun, 'nowhere'))).toBe(0);
    const site = {
      elements: 1,
      saturatedHigh: 0,
      saturatedLow: 0,
      flushed: 0,
      maxMagnitude: 0,
      swallowed: 0,
    };
    const sites = Object.fromEntries(Array.from({ length: 900 }, (_, index) => [`site ${index}`, site]));
    writeFileSync(
      join(begun, 'metrics.jsonl'),
      [6, 7, 8].map((step) => JSON.stringify(intervalLine(0, step, { sites })) + '\n').join(''),
    );
    expect(stepsDone(begun)).toBe(8);
  });
});

describe('the runs below a folder', () => {
  it('are found at any depth, in the order of their numbers', () => {
    const path = fresh();
    for (const name of ['b/run-10', 'b/run-9', 'a', '_log/x', '.git/y', 'node_modules/z']) {
      RunFolder.create(join(path, name), CONFIGURATION).close();
    }
    expect(findRuns(path)).toEqual(['a', 'b/run-9', 'b/run-10'].map((name) => join(path, name)));
    expect(findRuns(join(path, 'a'))).toEqual([join(path, 'a')]);
    expect(() => findRuns(join(path, 'c'))).toThrow(
      `runs: expected a folder, got "${join(path, 'c')}", which is not there; name a folder with runs`,
    );
  });

  it('of a sweep are those that it plans, and others that lie there', () => {
    const { path } = copy();
    markFailure(join(path, 'seed-3'), 'no data');
    RunFolder.create(join(path, 'mine'), CONFIGURATION).close();
    const states = summarizeRuns(path).map((one) => [
      one.path.slice(path.length + 1),
      one.state,
      one.problem,
    ]);
    expect(states).toEqual([
      ['seed-1', 'done', null],
      ['seed-2', 'stopped', null],
      ['seed-3', 'failed', 'no data'],
      ['mine', 'stopped', null],
    ]);
    markFailure(join(path, 'seed-3'), null);
    expect(summarizeRuns(path)[2]).toMatchObject({
      state: 'planned',
      configuration: { network: { seed: 3 } },
    });
  });

  it('are rows with their fields, and CSV', () => {
    const row = summaryRow(summarizeRun(join(done, 'seed-1')), ['seed', 'formats', 'accumulator']);
    expect(row).toMatchObject({
      state: 'done',
      seed: '1',
      formats: '4.12/6.10',
      accumulator: null,
      epochsDone: 2,
      stepsDone: 8,
    });
    expect(
      csvText([
        { a: 'x,y', b: null, c: 1.5 },
        { a: 'say "no"\n', d: 0 },
      ]),
    ).toBe('a,b,c,d\r\n"x,y",,1.5,\r\n"say ""no""\n",,,0\r\n');
  });
});

describe('the folder of a sweep', () => {
  it('holds the sweep as it was given', () => {
    expect(readSweep(done)).toEqual(SWEEP);
    expect(() => readSweep(root)).toThrow(`sweep folder ${root}: holds no sweep (no sweep.json)`);
  });

  it('has an index that is rebuilt from the run folders', () => {
    const { path } = copy();
    expect(writeIndex(path)).toBe(3);
    const index = readFileSync(join(path, 'index.json'));
    const rows = JSON.parse(index.toString());
    expect(rows.map(({ run, state, seed }: Record<string, unknown>) => [run, state, seed])).toEqual([
      ['seed-1', 'done', '1'],
      ['seed-2', 'stopped', '2'],
      ['seed-3', 'planned', '3'],
    ]);
    rmSync(join(path, 'index.json'));
    writeIndex(path);
    expect(readFileSync(join(path, 'index.json'))).toEqual(index);
  });

  it('is not made in a folder of other things, over another run, or twice at a time', () => {
    const other = fresh();
    mkdirSync(other);
    writeFileSync(join(other, 'notes.txt'), '');
    expect(() => SweepFolder.open(other, SWEEP, runs)).toThrow(
      `sweep folder ${other}: must be new, empty or a sweep's, but holds notes.txt; choose another folder with --out`,
    );
    expect(readdirSync(other)).toEqual(['notes.txt']);
    const { path } = copy();
    const longer = expandSweep({ ...SWEEP, run: { ...CONFIGURATION, epochs: 9 } }, 'sweep').runs;
    expect(() => checkSweepFolder(path, longer)).toThrow(
      `run folder ${join(path, 'seed-1')}: holds another run, epochs is 5 there and 9 here; choose another folder with --out`,
    );
    const open = SweepFolder.open(path, SWEEP, runs);
    expect(() => SweepFolder.open(path, SWEEP, runs)).toThrow(
      `sweep folder ${path}: in use by process ${process.pid}; `,
    );
    open.close();
    SweepFolder.open(path, SWEEP, runs).close();
  });

  it('gives halving its input', () => {
    const { path } = copy();
    const [first, second, third] = runs.map((run) => readRungRun(path, run, 'test'));
    expect(first).toMatchObject({ name: 'seed-1', isDone: true, isFailed: false });
    expect(first?.errors).toHaveLength(3);
    expect(readRungRun(path, runs[0]!, 'training').errors).not.toEqual(first?.errors);
    expect([second, third]).toEqual([
      { name: 'seed-2', isDone: false, isFailed: false, errors: [] },
      { name: 'seed-3', isDone: false, isFailed: false, errors: [] },
    ]);
    markFailure(join(path, 'seed-3'), 'no data');
    expect(readRungRun(path, runs[2]!, 'test').isFailed).toBe(true);
  });

  it('notes the jobs that it has in a cluster', () => {
    const { path } = copy();
    expect(readJobs(path)).toEqual([]);
    writeJobs(path, [{ id: '7', runs: ['seed-1'] }]);
    expect(readJobs(path)).toEqual([{ id: '7', runs: ['seed-1'] }]);
    writeJobs(path, []);
    expect(existsSync(join(path, 'slurm.json'))).toBe(false);
    writeFileSync(join(path, 'slurm.json'), '[1]');
    expect(() => readJobs(path)).toThrow(
      `${join(path, 'slurm.json')}: is damaged; cancel the sweep's jobs with scancel and remove it`,
    );
  });
});

describe('removing', () => {
  it('removes a complete run or sweep', () => {
    const { path, run } = copy();
    markFailure(run, 'no luck');
    expect(planRemoval(run)).toMatchObject({ kind: 'run', runs: [run], folders: [run] });
    expect(planRemoval(run).files).toHaveLength(5);
    remove(planRemoval(run));
    expect(existsSync(run)).toBe(false);
    expect(readFailure(run)).toBeNull();
    expect(planRemoval(path)).toMatchObject({ kind: 'sweep', runs: [join(path, 'seed-2')] });
    remove(planRemoval(path));
    expect(existsSync(path)).toBe(false);
  });

  it('removes nothing that is running, in a cluster, or not a run', () => {
    const { path, begun } = copy();
    const before = readdirSync(path, { recursive: true }).length;
    const folder = RunFolder.resume(begun);
    for (const target of [begun, path]) {
      expect(() => remove(planRemoval(target))).toThrow(
        `run folder ${begun}: in use by process ${process.pid}; `,
      );
    }
    folder.close();
    writeJobs(path, [{ id: '7', runs: [] }]);
    expect(() => remove(planRemoval(path))).toThrow(
      `sweep folder ${path}: may have jobs in Slurm; cancel them with fewbit sweep ${path} --cancel, or remove its slurm.json if they are gone`,
    );
    writeJobs(path, []);
    expect(() => planRemoval(root)).toThrow(
      `runs: expected the folder of a run or a sweep, got "${root}"; nothing is removed`,
    );
    expect(readdirSync(path, { recursive: true }).length).toBe(before);
  });

  it('removes no file that Fewbit did not write, and nothing behind a symbolic link', () => {
    const { path, run, begun } = copy();
    const refuses = (target: string, message: string): void => {
      const before = readdirSync(root, { recursive: true }).length;
      expect(() => planRemoval(target)).toThrow(`runs: ${message}; nothing is removed`);
      expect(readdirSync(root, { recursive: true }).length).toBe(before);
    };
    const holds = (target: string, names: string): string =>
      `${target} also holds what is no part of it: ${names}; move or remove that first`;

    const notes = join(begun, 'notes.txt');
    writeFileSync(notes, 'mine');
    refuses(begun, holds(begun, notes));
    refuses(path, holds(path, notes));
    rmSync(notes);
    const folder = join(path, 'paper');
    mkdirSync(folder);
    refuses(path, holds(path, folder));
    rmSync(folder, { recursive: true });
    const link = join(path, 'linked');
    symlinkSync(run, link);
    refuses(link, `${link} is a symbolic link; name the folder itself`);
    refuses(`${link}/`, `${link}/ is a symbolic link; name the folder itself`);
    refuses(path, holds(path, link));
    rmSync(link);
    const metrics = join(begun, 'metrics.jsonl');
    renameSync(metrics, join(root, 'elsewhere.jsonl'));
    symlinkSync(join(root, 'elsewhere.jsonl'), metrics);
    refuses(begun, holds(begun, metrics));
    rmSync(metrics);
    remove(planRemoval(path));
    expect(existsSync(path)).toBe(false);
  });

  it.each([
    ['config.json', '{"title":"my web app"}', /config\.json: network: expected/],
    ['config.json', '{', /config\.json: is not JSON/],
    ['config.json', '[]', /config\.json: expected a run configuration/],
    ['config.json', JSON.stringify({ network: CONFIGURATION.network, data: 'mnist' }), /has no "batch"/],
    ['sweep.json', '{"name":"broom"}', /sweep\.json: /],
  ])('does not take a folder with a foreign %s for a run: %s', (name, text, why) => {
    const path = fresh();
    mkdirSync(path);
    writeFileSync(join(path, name), text);
    expect(() => planRemoval(path)).toThrow(`runs: expected the folder of a run or a sweep, got "${path}" (`);
    expect(() => planRemoval(path)).toThrow(why);
    expect(existsSync(join(path, name))).toBe(true);
  });
});

describe('the lock of a job on another machine', () => {
  const held = (): string => {
    const { begun } = copy();
    writeFileSync(
      join(begun, 'lock'),
      JSON.stringify({ pid: 1, host: 'elsewhere', started: null, job: '41' }),
    );
    return begun;
  };

  it('is taken over if the cluster reports that the job is over', () => {
    const path = held();
    const asked: string[] = [];
    const isOver = (job: string): boolean => asked.push(job) > 0;
    expect(lockHolder(path, { isOver })).toBeNull();
    const folder = RunFolder.resume(path, { job: '42', isOver });
    expect(JSON.parse(readFileSync(join(path, 'lock'), 'utf8'))).toMatchObject({
      pid: process.pid,
      job: '42',
    });
    folder.close();
    expect(new Set(asked)).toEqual(new Set(['41']));
  });

  it('is kept while the job lives or its state is unknown', () => {
    const path = held();
    expect(() => RunFolder.resume(path, { isOver: () => false })).toThrow(
      'in use by process 1 on elsewhere; ',
    );
    expect(() => RunFolder.resume(path)).toThrow('in use by process 1 on elsewhere; ');
    expect(lockHolder(path)).toMatchObject({ host: 'elsewhere' });
  });
});
