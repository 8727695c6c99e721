/**
 * Slurm's commands as far as a sweep needs them: sbatch, squeue, scancel. Everything goes through them; there is no library,
 * no accounting database and no server to ask but the queue.
 */
import { spawnSync } from 'node:child_process';
import type { LockOwner } from '../../../experiment/store/index.js';
import { UsageError } from '../../console/errors.js';

/** MaxArraySize of a Slurm without a setting is 1001. */
const DEFAULT_ARRAY = 1001;

/** A task of a job array as the queue has it. Tasks that have ended are not in the queue. */
export interface QueuedTask {
  /** Number of the job array. */
  readonly job: string;
  readonly index: number;
  /** `PENDING`, `RUNNING`, `COMPLETING` ... */
  readonly state: string;
  /** Why it waits. */
  readonly reason: string;
}

/** What ran a command, or that it could not be run. */
interface Output {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function call(program: string, args: readonly string[], input?: string): Output {
  const { error, ...output } = spawnSync(program, args, { input, encoding: 'utf8' });
  // A program that refuses before it has read its input closes the pipe.
  if (error === undefined || output.status !== null) return output;
  throw new UsageError(
    `slurm: ${program} cannot be run (${'code' in error ? String(error.code) : error.message}); start the sweep where Slurm's commands are, or use --engine local`,
  );
}

function firstLine(text: string): string {
  return text.trim().split('\n')[0] ?? '';
}

/** The number of a submitted job, or the message of sbatch if it refused it. */
export type Submission = { readonly job: string } | { readonly refusal: string };

/** Submits a script. @throws UsageError if sbatch cannot be run */
export function submit(options: readonly string[], script: string): Submission {
  const { status, stdout, stderr } = call('sbatch', ['--parsable', ...options], script);
  const job = /^(\d+)/.exec(stdout)?.[1];
  if (status === 0 && job !== undefined) return { job };
  return { refusal: firstLine(stderr) || `exit code ${String(status)}` };
}

/** Tasks that an array of this cluster may have; Slurm's own default if it does not answer. */
export function largestArray(): number {
  const { error, stdout } = spawnSync('scontrol', ['show', 'config'], { encoding: 'utf8' });
  if (error !== undefined) return DEFAULT_ARRAY;
  const size = /^MaxArraySize\s*=\s*(\d+)/m.exec(stdout)?.[1];
  // MaxArraySize is one more than the largest index, and indices begin at 0.
  return size === undefined ? DEFAULT_ARRAY : Math.max(1, Number(size));
}

/** The tasks of the jobs that are waiting or running; null where the queue does not answer. */
export function queued(jobs: readonly string[]): QueuedTask[] | null {
  // Asked for all jobs of the user: a number that Slurm has forgotten would be an error.
  const { status, stdout } = call('squeue', ['--me', '--noheader', '--array', '--format=%F|%K|%T|%r']);
  if (status !== 0) return null;
  return stdout.split('\n').flatMap((line) => {
    const [job = '', index = '', state = '', reason = ''] = line.trim().split('|');
    return jobs.includes(job) ? [{ job, index: Number(index), state, reason }] : [];
  });
}

/** Cancels jobs, or tasks of arrays (`12_3`). Those that have ended are no mistake. */
export function cancel(jobs: readonly string[]): void {
  if (jobs.length > 0) call('scancel', jobs);
}

/**
 * Who we are to the lock of a run folder: the job that Slurm runs us in. If a node went down with a lock, the
 * lock is over when Slurm reports that the job is over, or when the job is our own, begun again.
 */
export function clusterOwner(): LockOwner {
  const job = process.env['SLURM_JOB_ID'];
  if (job === undefined) return {};
  return { job, isOver: (other) => other === job || !isActive(other) };
}

/** If its state is unknown, it may be. */
function isActive(job: string): boolean {
  const args = ['--noheader', `--jobs=${job}`, '--format=%T'];
  const { error, status, stdout, stderr } = spawnSync('squeue', args, { encoding: 'utf8' });
  if (error !== undefined) return true;
  if (status === 0) return stdout.trim() !== '';
  // A number that Slurm has forgotten is that of a job that ended long ago.
  return !/invalid job id/i.test(stderr);
}
