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
import { arraysOf, placesTaken, type ArrayPart } from './slurm-arrays.js';
import { cancel, largestArray, queued, submit, type QueuedTask } from './slurm-commands.js';
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

/**
 * A task that has left the queue may have written files that this machine does not see yet: the number of
 * times to look.
 */
const LAST_LOOKS = 3;
/** Message of Slurm about an array that is too long. */
const WRONG_ARRAY = /invalid job array/i;
/**
 * The state that Slurm sets after a node failed to start a task, and that is never released automatically.
 */
const HELD = /launch failed requeued held/i;

export class SlurmEngine implements Engine {
  readonly #options: SlurmOptions;
  readonly #restarts: Restarts;
  /** Tasks of an array at most; asked for once, and lowered when the cluster refuses an array for its size. */
  #arraySize: number | null = null;
  /** Tasks in the queue when sbatch last refused: it is asked again when there are fewer. */
  #fullAt = Infinity;
  /** Why, as it was last reported. */
  #refusal = '';

  constructor(options: SlurmOptions) {
    this.#options = options;
    this.#restarts = new Restarts(options.retries);
  }

  async run(tasks: readonly SweepTask[], context: EngineContext): Promise<void> {
    const open = new Map(tasks.map((task) => [task.run.name, task]));
    /** How often a submitted task was looked for in vain; one that is not here is to be submitted. */
    const looks = new Map<string, number>();
    let jobs = readJobs(context.sweep);
    // Jobs of an earlier start are followed, not submitted again.
    let queue = await this.#answer(jobs, context);
    for (const name of namesOf(jobs, queue ?? [])) if (open.has(name)) looks.set(name, 0);
    while (queue !== null) {
      const missing = [...open.values()].filter(({ run }) => !looks.has(run.name));
      const before = jobs.length;
      jobs = this.#submit(missing, open.size, jobs, queue, context);
      for (const { runs } of jobs.slice(before)) for (const name of runs) looks.set(name, 0);
      await pause(this.#options.pollSeconds, context.signal);
      queue = await this.#answer(jobs, context);
      if (queue === null) break;
      this.#look(queue, jobs, open, looks, context);
      context.onState(...stateOf(queue, jobs, open, looks));
      if (open.size === 0) break;
    }
    if (context.signal.aborted) await this.#interrupted(context.sweep, jobs, open);
    else writeJobs(context.sweep, []);
  }

  /** What is in the queue, as soon as it answers; null once the signal is aborted. */
  async #answer(jobs: readonly SlurmJob[], { signal, onNote }: EngineContext): Promise<QueuedTask[] | null> {
    for (let isSilent = false; !signal.aborted; isSilent = true) {
      const queue = queued(idsOf(jobs));
      if (queue !== null) return queue;
      if (!isSilent) onNote('the queue of Slurm does not answer; looking again until it does');
      await pause(this.#options.pollSeconds, signal);
    }
    return null;
  }

  /** Submits as many of the tasks, of `open` in all, as the limits leave room for, and notes their jobs beside those before. */
  #submit(
    tasks: readonly SweepTask[],
    open: number,
    before: readonly SlurmJob[],
    queue: readonly QueuedTask[],
    context: EngineContext,
  ): SlurmJob[] {
    const jobs = [...before];
    if (tasks.length === 0 || queue.length >= this.#fullAt) return jobs;
    this.#fullAt = Infinity;
    this.#arraySize ??= largestArray();
    const { jobs: limit } = this.#options;
    const budget = limit === undefined ? null : limit - placesTaken(jobs, queue);
    let waiting = [...tasks];
    for (let parts = arraysOf(waiting, this.#arraySize, budget); parts.length > 0;) {
      const part = parts.shift()!;
      for (const { path } of part.tasks) markFailure(path, null);
      const submission = submit(
        this.#arrayOptions(part, context.sweep),
        this.#script(part.tasks, context.sweep),
      );
      if ('job' in submission) {
        waiting = waiting.slice(part.tasks.length);
        jobs.push({ id: submission.job, runs: part.tasks.map(({ run }) => run.name), limit: part.limit });
        writeJobs(context.sweep, jobs);
      } else if (WRONG_ARRAY.test(submission.refusal) && part.tasks.length > 1) {
        this.#arraySize = Math.ceil(part.tasks.length / 2);
        const left = [part, ...parts].reduce((sum, { limit: places }) => sum + (places ?? 0), 0);
        parts = arraysOf(waiting, this.#arraySize, budget === null ? null : left);
      } else {
        const inQueue = queue.length + tasks.length - waiting.length;
        // A task that the queue no longer lists may still have to be looked for.
        if (inQueue === 0 && tasks.length === open)
          throw new UsageError(`slurm: sbatch refused the sweep: ${submission.refusal}`);
        if (submission.refusal !== this.#refusal)
          context.onNote(
            `sbatch refused ${String(waiting.length)} of the runs: ${submission.refusal}; ${String(inQueue)} are in the queue, and it is asked again when there are fewer`,
          );
        this.#fullAt = inQueue;
        this.#refusal = submission.refusal;
        break;
      }
    }
    const submitted = jobs.slice(before.length);
    if (submitted.length > 0)
      context.onQueued(tasks.length - waiting.length, idsOf(submitted), limit ?? null);
    return jobs;
  }

  #arrayOptions({ tasks, limit }: ArrayPart<SweepTask>, sweep: string): string[] {
    const { threads, options } = this.#options;
    const logs = join(resolve(sweep), '_log');
    mkdirSync(logs, { recursive: true });
    return [
      `--array=0-${String(tasks.length - 1)}${limit === null ? '' : `%${String(limit)}`}`,
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
    const { threads } = this.#options;
    const order = { count: threads ?? 0, isExact: threads !== undefined };
    const worker = fileURLToPath(new URL('worker.js', import.meta.url));
    const lines = tasks.map((task, index) => {
      const words = [process.execPath, worker, ...workerArguments(resolve(sweep), task, order)];
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
      if (!looks.has(name)) continue; // waits for a place in the queue
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
  looks: ReadonlyMap<string, number>,
): [running: number, waiting: string | null] {
  const tasks = queue.filter((task) => open.has(nameOf(jobs, task) ?? ''));
  const pending = tasks.filter(({ state }) => state === 'PENDING');
  const reasons = [...new Set(pending.map(({ reason }) => reason).filter((reason) => reason !== 'None'))];
  const why = reasons.length === 0 ? '' : ` (${reasons.join(', ')})`;
  const unsubmitted = [...open.keys()].filter((name) => !looks.has(name)).length;
  const waiting = [
    ...(pending.length === 0 ? [] : [`${String(pending.length)} pending${why}`]),
    ...(unsubmitted === 0 ? [] : [`${String(unsubmitted)} not submitted yet`]),
  ];
  return [tasks.length - pending.length, waiting.length === 0 ? null : waiting.join(', ')];
}

async function pause(seconds: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(1000 * seconds, undefined, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
