/** A worker thread of the fuzzers: one target, until it is ended. A shared word holds the number of the case. */
import { parentPort, workerData } from 'node:worker_threads';
import { prepare, runCase } from './case.js';
import { TARGETS } from './targets.js';

/** What the main thread asks for. */
export interface Task {
  readonly target: string;
  readonly seed: number;
  /** Number of the first case. */
  readonly first: number;
  /** How long, once the originals have been read. */
  readonly forMs: number;
  /** The case that runs, and 1 when the originals have been read. */
  readonly progress: Int32Array;
}

export async function run(): Promise<void> {
  const { target: name, seed, first, forMs, progress } = workerData as Task;
  const prepared = await prepare(TARGETS.find((target) => target.name === name)!);
  const endMs = Date.now() + forMs;
  Atomics.store(progress, 1, 1);
  for (let index = first; Date.now() < endMs; index++) {
    Atomics.store(progress, 0, index);
    parentPort!.postMessage({ index, ...(await runCase(prepared, seed, index)) });
  }
}
