/**
 * How the runs of a sweep are cut into job arrays: no array is longer than the cluster allows, and the limits of all arrays
 * together are the limit of the sweep. Slurm itself knows a limit for one array only.
 */
import type { SlurmJob } from '../../../experiment/store/index.js';
import type { QueuedTask } from './slurm-commands.js';

/** A job array to submit. */
export interface ArrayPart<T> {
  readonly tasks: readonly T[];
  /** Tasks of this array that may run at a time; null for no limit. */
  readonly limit: number | null;
}

/**
 * Arrays of at most `size` tasks for as many of the tasks as fit. The limits add up to `budget` at most, so that tasks are
 * left over if there are fewer places than arrays; null for no limit.
 */
export function arraysOf<T>(tasks: readonly T[], size: number, budget: number | null): ArrayPart<T>[] {
  const wanted = Math.ceil(tasks.length / size);
  const count = budget === null ? wanted : Math.min(wanted, Math.max(budget, 0));
  const fitting = Math.min(tasks.length, count * size);
  return Array.from({ length: count }, (_, i) => {
    const [from, to] = [share(fitting, i, count), share(fitting, i + 1, count)];
    const limit = budget === null ? null : share(budget, i + 1, count) - share(budget, i, count);
    return { tasks: tasks.slice(from, to), limit };
  });
}

/** The first `i` of `count` equal parts of a total. */
function share(total: number, i: number, count: number): number {
  return Math.floor((total * i) / count);
}

/**
 * Tasks that the arrays in the queue may run at a time: an array whose limit is higher than its number of tasks left can use
 * no more than these. An array without a noted limit may run them all.
 */
export function placesTaken(jobs: readonly SlurmJob[], queue: readonly QueuedTask[]): number {
  return jobs.reduce((taken, { id, limit }) => {
    const left = queue.filter(({ job }) => job === id).length;
    return taken + Math.min(left, limit ?? left);
  }, 0);
}
