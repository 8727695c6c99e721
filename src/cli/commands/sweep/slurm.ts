/**
 * The Slurm engine: submits the runs as a job array, one task per run (worker.ts on some node), and follows
 * them by the queue and the run folders on the file system that all nodes share. It may end and be started
 * again at any time: the jobs that it has submitted are noted in the sweep's folder and followed again.
 * docs/experiments.md, section "Slurm".
 */
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import {
  markFailure,
  readFailure,
  readJobs,
  runLog,
  writeJobs,
  type SlurmJob,
} from '../../../experiment/store/index.js';
import { UsageError } from '../../console/errors.js';
import { shellCommand, shellWord } from '../../console/shell.js';
import { Restarts, type Engine, type EngineContext, type SweepTask } from './engine.js';
import { cancel, queued, submit, type QueuedTask } from './slurm-commands.js';
import { workerArguments } from './worker-arguments.js';

export interface SlurmOptions {
  /** Tasks at a time at most. */
  readonly jobs?: number;
  /** CPUs and threads of each task. */
  readonly threads?: number;
  readonly retries: number;
  /** Options for sbatch as they are. */
  readonly options: readonly string[];
  /** Seconds between looks at the queue. */
  readonly pollSeconds: number;
  /** Asked on Ctrl-C: true to cancel that number of tasks. */
  readonly shouldCancel: (tasks: number) => Promise<boolean>;
}

/** Slurm accepts arrays of 1,000 tasks unless it is configured otherwise. */
const MAX_ARRAY = 1000;
/**
 * A task that has left the queue may have written files that this machine does not see yet: the number of
 * times to look.
 */
const LAST_LOOKS = 3;
/**
 * The state that Slurm sets after a node failed to start a task, and that is never released automatically.
 */
const HELD = /launch failed requeued held/i;

export class SlurmEngine implements Engine {
  readonly #options: SlurmOptions;
  readonly #restarts: Restarts;

  constructor(options: SlurmOptions) {
    this.#options = options;
    this.#restarts = new Restarts(options.retries);
  }

  async run(tasks: readonly SweepTask[], context: EngineContext): Promise<void> {
    const open = new Map(tasks.map((task) => [task.run.name, task]));
    /** How often a task was looked for in vain; one that is neither here nor in the queue is to be submitted. */
    const looks = new Map<string, number>();
    let jobs = readJobs(context.sweep);
    let isSilent = false;
    // Jobs of an earlier start are followed, not submitted again.
    for (const name of namesOf(jobs, queued(idsOf(jobs)) ?? [])) if (open.has(name)) looks.set(name, 0);
    while (!context.signal.aborted) {
      const missing = [...open.values()].filter(({ run }) => !looks.has(run.name));
      if (missing.length > 0) {
        jobs = this.#submit(missing, jobs, context.sweep);
        for (const { run } of missing) looks.set(run.name, 0);
      }
      await pause(this.#options.pollSeconds, context.signal);
      const queue = queued(idsOf(jobs));
      if (queue === null) {
        if (!isSilent) context.onNote('the queue of Slurm does not answer; looking again until it does');
        isSilent = true;
        continue;
      }
      isSilent = false;
      this.#look(queue, jobs, open, looks, context);
      context.onState(...stateOf(queue, jobs, open));
      if (open.size === 0) break;
    }
    if (context.signal.aborted) await this.#interrupted(context.sweep, jobs, open);
    else writeJobs(context.sweep, []);
  }

  /** Submits the tasks and notes their jobs beside those before. */
  #submit(tasks: readonly SweepTask[], before: readonly SlurmJob[], sweep: string): SlurmJob[] {
    const jobs = [...before];
    for (let from = 0; from < tasks.length; from += MAX_ARRAY) {
      const part = tasks.slice(from, from + MAX_ARRAY);
      for (const { path } of part) markFailure(path, null);
      const id = submit(this.#arrayOptions(part, sweep), this.#script(part, sweep));
      jobs.push({ id, runs: part.map(({ run }) => run.name) });
      writeJobs(sweep, jobs);
    }
    return jobs;
  }

  #arrayOptions(tasks: readonly SweepTask[], sweep: string): string[] {
    const { jobs, threads, options } = this.#options;
    const logs = join(resolve(sweep), '_log');
    mkdirSync(logs, { recursive: true });
    const limit = jobs === undefined ? '' : `%${String(jobs)}`;
    return [
      `--array=0-${String(tasks.length - 1)}${limit}`,
      '--job-name=fewbit-sweep',
      // What Slurm itself has to say of the tasks; theirs goes to the log of each run.
      `--output=${join(logs, 'slurm-%A.log')}`,
      '--open-mode=append',
      '--requeue',
      ...(threads === undefined ? [] : [`--cpus-per-task=${String(threads)}`]),
      ...options,
    ];
  }

  /** `exec`: the signals of a job that is cancelled or requeued reach the run, which writes a checkpoint. */
  #script(tasks: readonly SweepTask[], sweep: string): string {
    const { threads = 0 } = this.#options;
    const worker = fileURLToPath(new URL('worker.js', import.meta.url));
    const lines = tasks.map((task, index) => {
      const words = [process.execPath, worker, ...workerArguments(resolve(sweep), task, threads)];
      return `${String(index)}) exec ${shellCommand(...words)} >>${shellWord(resolve(runLog(task.path)))} 2>&1 ;;`;
    });
    return ['#!/bin/sh', 'case "$SLURM_ARRAY_TASK_ID" in', ...lines, 'esac', ''].join('\n');
  }

  /** Settles the tasks that have left the queue. */
  #look(
    queue: readonly QueuedTask[],
    jobs: readonly SlurmJob[],
    open: Map<string, SweepTask>,
    looks: Map<string, number>,
    context: EngineContext,
  ): void {
    const held = queue.filter(({ reason }) => HELD.test(reason));
    cancel(held.map(({ job, index }) => `${job}_${String(index)}`));
    const active = new Set(
      namesOf(
        jobs,
        queue.filter((task) => !held.includes(task)),
      ),
    );
    for (const [name, task] of open) {
      if (active.has(name)) {
        looks.set(name, 0);
        continue;
      }
      if (context.hasReached(task)) {
        open.delete(name);
        context.onEnd(task);
        continue;
      }
      const problem = readFailure(task.path);
      if (problem !== null) {
        open.delete(name);
        context.onFailure(task, problem);
        continue;
      }
      const count = (looks.get(name) ?? 0) + 1;
      looks.set(name, count);
      if (count >= LAST_LOOKS && !this.#restart(task, context)) open.delete(name);
      else if (count >= LAST_LOOKS) looks.delete(name);
    }
  }

  /** False where the task is given up. */
  #restart(task: SweepTask, context: EngineContext): boolean {
    const { run, path } = task;
    const restart = this.#restarts.next(run.name, context.stepsOf(task));
    const limit = this.#restarts.limit;
    if (restart !== null) {
      context.onNote(
        `${run.name}: its task ended before the run did; submitted again, to continue from its checkpoint (${String(restart)} of ${String(limit)})`,
      );
      return true;
    }
    const problem = `its task ended ${String(limit + 1)} times without getting further; see ${runLog(path)}`;
    markFailure(path, problem);
    context.onFailure(task, problem);
    return false;
  }

  async #interrupted(
    sweep: string,
    jobs: readonly SlurmJob[],
    open: ReadonlyMap<string, SweepTask>,
  ): Promise<void> {
    const left = queued(idsOf(jobs))?.filter((task) => open.has(nameOf(jobs, task) ?? ''));
    if (left === undefined) return;
    if (left.length > 0 && !(await this.#options.shouldCancel(left.length))) return;
    cancelTasks(sweep, left);
  }
}

/** Cancels all tasks of a sweep and returns how many there were. @throws UsageError where the queue does not answer */
export function cancelSweep(sweep: string): number {
  const tasks = queued(idsOf(readJobs(sweep)));
  if (tasks === null) throw new UsageError('slurm: the queue does not answer; try again');
  cancelTasks(sweep, tasks);
  return tasks.length;
}

/** Cancels what the sweep has left in the queue, and forgets its jobs: what ends now is not to be followed. */
function cancelTasks(sweep: string, tasks: readonly QueuedTask[]): void {
  cancel(tasks.map(({ job, index }) => `${job}_${String(index)}`));
  writeJobs(sweep, []);
}

function idsOf(jobs: readonly SlurmJob[]): string[] {
  return jobs.map(({ id }) => id);
}

function nameOf(jobs: readonly SlurmJob[], { job, index }: QueuedTask): string | undefined {
  return jobs.find(({ id }) => id === job)?.runs[index];
}

function namesOf(jobs: readonly SlurmJob[], queue: readonly QueuedTask[]): string[] {
  return queue.flatMap((task) => nameOf(jobs, task) ?? []);
}

/** How many tasks run, and what the others wait for, as the queue has it: `3 pending (Resources)`. */
function stateOf(
  queue: readonly QueuedTask[],
  jobs: readonly SlurmJob[],
  open: ReadonlyMap<string, SweepTask>,
): [running: number, waiting: string | null] {
  const tasks = queue.filter((task) => open.has(nameOf(jobs, task) ?? ''));
  const pending = tasks.filter(({ state }) => state === 'PENDING');
  const reasons = [...new Set(pending.map(({ reason }) => reason).filter((reason) => reason !== 'None'))];
  const why = reasons.length === 0 ? '' : ` (${reasons.join(', ')})`;
  return [
    tasks.length - pending.length,
    pending.length === 0 ? null : `${String(pending.length)} pending${why}`,
  ];
}

async function pause(seconds: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(1000 * seconds, undefined, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
