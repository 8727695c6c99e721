/**
 * Sweeps through a real Slurm of one machine, made for this test: jobs that are cancelled, a node that is
 * drained, a node that goes down, and no process following. The weights are those of the same runs made here.
 * Skipped if Slurm is not installed.
 */
import { execFileSync, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { summarizeRuns } from '../../src/experiment/store/index.js';
import {
  ended,
  startCli,
  cli,
  jsonLines,
  temporaryFolder,
  writeConfiguration,
  type CliResult,
} from '../cli/support.js';

const SCRIPT = join(import.meta.dirname, '../../scripts/slurm.mjs');
const PATH = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`;
const folder = temporaryFolder();
const cluster = join(folder, 'slurm');
const env = { PATH, SLURM_CONF: join(cluster, 'slurm.conf') };

const missing = ['munged', 'slurmctld', 'slurmd', 'sbatch'].some(
  (program) => spawnSync('which', [program], { env }).status !== 0,
);
const reason = missing
  ? 'Slurm is not installed; apt-get install slurm-wlm munge'
  : process.getuid?.() === 0
    ? undefined
    : 'the daemons of Slurm need root';

const slurm = (program: string, ...args: string[]): string =>
  execFileSync(program, args, { env: { ...process.env, ...env }, encoding: 'utf8' });
const sweepArgs = (out: string, ...args: string[]): string[] => [
  ...['sweep', 'config.json', '--grid', 'formats=4.12/6.10; 8.8', '--grid', 'seed=1..2', '--out', out],
  ...args,
];
const throughSlurm = (out: string, ...args: string[]): string[] =>
  sweepArgs(out, '--engine', 'slurm', '--poll', '0.2', ...args);
const run = (args: readonly string[]): Promise<CliResult> => cli(args, { cwd: folder, env });

const digests = (sweep: string): [run: string | undefined, digest: string | null][] =>
  summarizeRuns(join(folder, sweep)).map(({ path, digest }) => [path.split('/').at(-1), digest]);

const started: ChildProcess[] = [];
function start(args: readonly string[]): { child: ChildProcess; end: Promise<CliResult> } {
  const child = startCli(args, { cwd: folder, env });
  started.push(child);
  return { child, end: ended(child) };
}

/** Waits until something holds. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await sleep(50);
}

/** True once the run has trained some steps, and while it is not done. */
function isTraining(sweep: string, name: string): boolean {
  const metrics = join(folder, sweep, name, 'metrics.jsonl');
  if (existsSync(join(folder, sweep, name, 'result.json'))) throw new Error(`${name} is done too early`);
  return existsSync(metrics) && statSync(metrics).size > 0;
}

/** Number of the sweep's last job array. */
function jobOf(sweep: string): string {
  const jobs = JSON.parse(readFileSync(join(folder, sweep, 'slurm.json'), 'utf8')) as { id: string }[];
  return jobs.at(-1)!.id;
}

beforeAll(() => {
  if (reason !== undefined) return;
  // Two tasks at a time, on whatever machine.
  execFileSync(process.execPath, [SCRIPT, 'start', cluster, '2'], { stdio: 'inherit' });
  const length = { epochs: 20, checkpointEvery: 50, metricsEvery: 10 };
  writeConfiguration(folder, length);
});
afterAll(() => {
  for (const child of started) child.kill('SIGKILL');
  if (reason === undefined) execFileSync(process.execPath, [SCRIPT, 'stop', cluster], { stdio: 'inherit' });
});
beforeEach(({ skip }) => {
  skip(reason !== undefined, reason);
});

describe('a sweep through Slurm', () => {
  beforeAll(async () => {
    if (reason !== undefined) return;
    const { code, stderr } = await run(sweepArgs('local', '--quiet'));
    expect([code, stderr]).toEqual([0, '']);
  });

  it(
    'loses nothing to a cancelled job, a drained node and a node that goes down',
    { timeout: 300_000 },
    async () => {
      const { end } = start(throughSlurm('cluster'));
      const [first, second] = ['formats-4.12-6.10-seed-1', 'formats-4.12-6.10-seed-2'];
      await until(() => existsSync(join(folder, 'cluster', first)) && isTraining('cluster', first));
      slurm('scancel', `${jobOf('cluster')}_0`);
      await until(() => existsSync(join(folder, 'cluster', second)) && isTraining('cluster', second));
      slurm('scontrol', 'update', 'nodename=node0', 'state=drain', 'reason=test');
      // What runs there goes to its end; what waits does not begin.
      await until(() => slurm('squeue', '--noheader', '--states=RUNNING,COMPLETING').trim() === '');
      expect(slurm('sinfo', '--noheader', '--format=%T').trim()).toBe('drained');
      expect(digests('cluster').filter(([, digest]) => digest === null).length).toBeGreaterThan(0);
      slurm('scontrol', 'update', 'nodename=node0', 'state=resume');
      await until(() => summarizeRuns(join(folder, 'cluster')).some(({ state }) => state === 'running'));
      slurm('scontrol', 'update', 'nodename=node0', 'state=down', 'reason=test');
      // Slurm returns its jobs to the queue. The node comes back automatically when its daemon answers, which
      // may take minutes.
      await until(() => {
        const isDown = slurm('sinfo', '--noheader', '--format=%T').trim().startsWith('down');
        if (isDown)
          spawnSync('scontrol', ['update', 'nodename=node0', 'state=resume'], {
            env: { ...process.env, ...env },
          });
        return !isDown;
      });
      const { code, stderr } = await end;
      expect(stderr).toContain(
        `${first}: its task ended before the run did; submitted again, to continue from its checkpoint (1 of 2)`,
      );
      expect(code).toBe(0);
      expect(digests('cluster')).toEqual(digests('local'));
      expect(existsSync(join(folder, 'cluster', 'slurm.json'))).toBe(false);
    },
  );

  it(
    'continues without a following process, is followed again, and is cancelled',
    { timeout: 300_000 },
    async () => {
      const follow = async (): Promise<CliResult> => {
        const { child, end } = start(throughSlurm('alone'));
        await until(() => ['lock', 'slurm.json'].every((name) => existsSync(join(folder, 'alone', name))));
        const refused = await run(['sweep', 'alone', '--cancel']);
        expect(refused.stderr).toMatch(
          /^error: sweep: alone is followed by process \d+ on .*; stop that one/,
        );
        child.kill('SIGINT');
        return end;
      };
      const stopped = await follow();
      expect(stopped.code).toBe(130);
      expect(stopped.stderr).toMatch(
        /jobs that were not cancelled continue; follow them with: fewbit sweep alone --engine slurm; cancel them with: fewbit sweep alone --cancel\n$/,
      );
      const job = jobOf('alone');
      // Two runs at a time: the other two wait for the node.
      await until(() => summarizeRuns(join(folder, 'alone')).some(({ state }) => state === 'running'));
      slurm('scontrol', 'update', 'nodename=node0', 'state=drain', 'reason=test');
      await until(() => slurm('squeue', '--noheader', '--states=RUNNING,COMPLETING').trim() === '');
      await follow();
      expect(jobOf('alone')).toBe(job);
      const here = await run(['sweep', 'alone']);
      expect([here.code, here.stderr]).toEqual([
        2,
        'error: sweep: alone may have jobs in Slurm; follow them with --engine slurm, or cancel them with --cancel\n',
      ]);
      const cancelled = await run(['sweep', 'alone', '--cancel']);
      expect(cancelled.stdout).toMatch(
        /^alone: cancelled [23] jobs; their runs continue from their checkpoints /,
      );
      slurm('scontrol', 'update', 'nodename=node0', 'state=resume');
      expect(slurm('squeue', '--noheader', '--states=PENDING,RUNNING')).toBe('');
      expect((await run(['sweep', 'alone', '--engine', 'slurm', '--poll', '0.2', '--quiet'])).code).toBe(0);
      expect(digests('alone')).toEqual(digests('local'));
    },
  );

  it('takes a run over from a lost node when Slurm reports that its job is over', async () => {
    const args = [
      'sweep',
      'config.json',
      '--grid',
      'seed=1',
      '--steps',
      '100',
      '--out',
      'gone',
      '--engine',
      'slurm',
      '--poll',
      '0.2',
    ];
    expect((await run(args)).code).toBe(0);
    const lock = { pid: 1, host: 'elsewhere', started: null, job: '1' };
    spawnSync('rm', [join(folder, 'gone/seed-1/result.json')]);
    writeFileSync(join(folder, 'gone/seed-1/lock'), JSON.stringify(lock));
    const { code, stderr } = await run(args);
    expect([code, stderr]).toEqual([0, '']);
    expect(existsSync(join(folder, 'gone/seed-1/lock'))).toBe(false);
  });

  it('tells what sbatch refuses and which runs fail', async () => {
    const refused = await run(throughSlurm('refused', '--slurm-option=--partition=none'));
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(/^error: slurm: sbatch refused the sweep: .*invalid partition/i);
    const args = [
      'sweep',
      'config.json',
      '--grid',
      'layers.fc2.units=5; 10',
      '--steps',
      '20',
      '--out',
      'failing',
    ];
    const { code, stdout, stderr } = await run([
      ...args,
      '--engine',
      'slurm',
      '--poll',
      '0.2',
      '--json',
      '--threads',
      '1',
    ]);
    expect(stderr).toMatch(/^error: run "layers.fc2.units=5": .*\n$/);
    expect(code).toBe(3);
    expect(jsonLines({ stdout, stderr, code }).at(-1)).toMatchObject({ event: 'done', failed: 1 });
  });
});
