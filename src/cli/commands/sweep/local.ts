/**
 * The local engine: several processes at a time, each for one run (worker.ts). A process that is killed or
 * crashes is started again and continues from its checkpoint. Processes that lose this one stop
 * automatically, with a checkpoint.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { markFailure, readFailure, runLog } from '../../../experiment/store/index.js';
import type { TrainingWarning } from '../../../train/index.js';
import { EXIT } from '../../console/errors.js';
import { Restarts, type Engine, type EngineContext, type SweepTask } from './engine.js';
import { BUSY, workerArguments, type WorkerThreads } from './worker-arguments.js';

export interface LocalOptions {
  /** Processes at a time; default: as many as the machine has cores. */
  readonly jobs?: number;
  /** Threads of each; default: as many as its network keeps busy, up to its share of the cores. */
  readonly threads?: number;
  readonly retries: number;
}

/**
 * Processes and threads for a number of runs: no core idle while there are runs, no run with more threads
 * than its share.
 */
export function localJobs(
  { jobs, threads }: LocalOptions,
  runs: number,
): { jobs: number; threads: WorkerThreads } {
  const cores = availableParallelism();
  const atOnce = Math.max(1, Math.min(jobs ?? cores, runs));
  const share = Math.max(1, Math.floor(cores / atOnce));
  return { jobs: atOnce, threads: { count: threads ?? share, isExact: threads !== undefined } };
}

export class LocalEngine implements Engine {
  readonly #options: LocalOptions;
  readonly #restarts: Restarts;

  constructor(options: LocalOptions) {
    this.#options = options;
    this.#restarts = new Restarts(options.retries);
  }

  run(tasks: readonly SweepTask[], context: EngineContext): Promise<void> {
    const { jobs, threads } = localJobs(this.#options, tasks.length);
    const waiting = [...tasks];
    const running = new Map<ChildProcess, SweepTask>();
    const { signal } = context;
    return new Promise((resolve, reject) => {
      const stop = (): void => {
        for (const child of running.keys()) child.kill('SIGINT');
        next();
      };
      const next = (): void => {
        while (!signal.aborted && running.size < jobs) {
          const task = waiting.shift();
          if (task === undefined) break;
          start(task);
        }
        context.onState(running.size, null);
        if (running.size > 0) return;
        signal.removeEventListener('abort', stop);
        resolve();
      };
      const start = (task: SweepTask): void => {
        const child = startWorker(context.sweep, task, threads);
        running.set(child, task);
        let isOver = false;
        const over = (how: string): void => {
          if (isOver) return;
          isOver = true;
          running.delete(child);
          try {
            if (this.#ended(task, how, context)) waiting.unshift(task);
            next();
          } catch (error) {
            reject(error instanceof Error ? error : new Error(String(error)));
          }
        };
        child.on('message', (warning) => context.onWarning(task, warning as TrainingWarning));
        child.once('error', (error) => over(error.message));
        child.once('exit', (code, name) =>
          over(name ?? (code === BUSY ? 'its run folder in use' : `exit code ${String(code)}`)),
        );
      };
      signal.addEventListener('abort', stop);
      next();
    });
  }

  /** True where the task is to be started again. */
  #ended(task: SweepTask, how: string, context: EngineContext): boolean {
    const { run, path } = task;
    if (context.hasReached(task)) {
      context.onEnd(task);
      return false;
    }
    if (context.signal.aborted) return false;
    const problem = how === `exit code ${String(EXIT.known)}` ? readFailure(path) : null;
    if (problem !== null) {
      context.onFailure(task, problem);
      return false;
    }
    const restart = this.#restarts.next(run.name, context.stepsOf(task));
    if (restart === null) {
      const failure = `its process ended ${String(this.#restarts.limit + 1)} times without getting further, with ${how}; see ${runLog(path)}`;
      markFailure(path, failure);
      context.onFailure(task, failure);
      return false;
    }
    context.onNote(
      `${run.name}: its process ended with ${how}; started again from its checkpoint (${String(restart)} of ${String(this.#restarts.limit)})`,
    );
    return true;
  }
}

/**
 * All output of the process goes to the run's log. The terminal's Ctrl-C does not reach it, so we pass that
 * on.
 */
function startWorker(sweep: string, task: SweepTask, threads: WorkerThreads): ChildProcess {
  const log = runLog(task.path);
  mkdirSync(dirname(log), { recursive: true });
  const handle = openSync(log, 'a');
  try {
    const script = fileURLToPath(new URL('worker.js', import.meta.url));
    return spawn(process.execPath, [script, ...workerArguments(sweep, task, threads)], {
      stdio: ['ignore', handle, handle, 'ipc'],
      detached: process.platform !== 'win32',
    });
  } finally {
    closeSync(handle);
  }
}
