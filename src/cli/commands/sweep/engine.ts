/**
 * The engines that execute the runs of a sweep. An engine is given the runs that are to continue and returns
 * when none of them does. Progress is read from the run folders; an engine only knows when one of its
 * processes has ended.
 */
import type { SweepRun } from '../../../experiment/index.js';
import type { TrainingWarning } from '../../../train/index.js';

/** A run that is to continue, up to an epoch or (null) to its end. */
export interface SweepTask {
  readonly run: SweepRun;
  /** Run folder. */
  readonly path: string;
  readonly untilEpoch: number | null;
}

/** What an engine needs to know and tells. */
export interface EngineContext {
  /** Folder of the sweep. */
  readonly sweep: string;
  /** Aborted on Ctrl-C: end, with every run in a state from which it can continue. */
  readonly signal: AbortSignal;
  /** True when the run's folder shows that the task is done. */
  readonly hasReached: (task: SweepTask) => boolean;
  /** Steps done, from the run's folder. */
  readonly stepsOf: (task: SweepTask) => number;
  /** The task is done. */
  readonly onEnd: (task: SweepTask) => void;
  /** The task is given up for good. */
  readonly onFailure: (task: SweepTask, problem: string) => void;
  /** Something that people should know: a restart, a queue that does not answer. */
  readonly onNote: (text: string) => void;
  /** Tasks were handed over to a queue of a cluster, as `arrays` jobs of which at most `limit` tasks run at a time. */
  readonly onQueued: (tasks: number, arrays: readonly string[], limit: number | null) => void;
  /** A warning of the task's training, if its process can pass it on; its log has it in any case. */
  readonly onWarning: (task: SweepTask, warning: TrainingWarning) => void;
  /** How many tasks are being worked on, and what the others wait for. */
  readonly onState: (running: number, waiting: string | null) => void;
}

/** One way to run tasks. */
export interface Engine {
  /** Works on the tasks until each is done or given up, or the signal is aborted. */
  run(tasks: readonly SweepTask[], context: EngineContext): Promise<void>;
}

/** Counts the restarts of each run since it last came further: a run that only repeats itself is given up. */
export class Restarts {
  readonly #limit: number;
  readonly #counts = new Map<string, { steps: number; count: number }>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** A number of the restart from 1, or null where the run is to be given up. */
  next(name: string, steps: number): number | null {
    const before = this.#counts.get(name);
    const count = before !== undefined && steps <= before.steps ? before.count + 1 : 1;
    this.#counts.set(name, { steps: Math.max(steps, before?.steps ?? 0), count });
    return count > this.#limit ? null : count;
  }

  get limit(): number {
    return this.#limit;
  }
}
