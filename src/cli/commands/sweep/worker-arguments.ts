/** The command line of a worker: an engine's order to one of its processes, here or on another machine. */
import { UsageError } from '../../console/errors.js';
import type { SweepTask } from './engine.js';

/** Exit code of a worker whose run another process works on. */
export const BUSY = 75;

export interface WorkerOrder {
  readonly sweep: string;
  readonly name: string;
  readonly untilEpoch: number | null;
  readonly threads: WorkerThreads;
}

/** Threads of a worker: exactly as many, or as many as its network keeps busy, up to a share of the machine. */
export interface WorkerThreads {
  /** 0: as many as Slurm gives the task. */
  readonly count: number;
  readonly isExact: boolean;
}

/** `<sweep> <run> <epoch or end> <threads>`, threads as `4` or `up-to-4`. */
export function workerArguments(
  sweep: string,
  { run, untilEpoch }: SweepTask,
  { count, isExact }: WorkerThreads,
): string[] {
  const threads = `${isExact ? '' : 'up-to-'}${String(count)}`;
  return [sweep, run.name, untilEpoch === null ? 'end' : String(untilEpoch), threads];
}

/** @throws UsageError for anything that workerArguments does not write */
export function workerOrder(words: readonly string[]): WorkerOrder {
  const [sweep, name, until = '', threads = ''] = words;
  if (
    sweep === undefined ||
    name === undefined ||
    !/^(end|\d+)$/.test(until) ||
    !/^(up-to-)?\d+$/.test(threads)
  ) {
    throw new UsageError(`worker: expected <sweep> <run> <epoch or end> <threads>, got "${words.join(' ')}"`);
  }
  return {
    sweep,
    name,
    untilEpoch: until === 'end' ? null : Number(until),
    threads: { count: Number(threads.replace('up-to-', '')), isExact: !threads.startsWith('up-to-') },
  };
}
