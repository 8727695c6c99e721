/**
 * The interface of the worker pool to Node: worker threads, their number, and a turn of the event loop.
 * host-web.ts is its twin.
 */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { WorkerHandle, WorkerStart } from './worker.js';

/** True if several threads can share one memory. */
export const sharedMemory = true as boolean;
/** True if the session's own thread may sleep while it waits. */
export const maySleep = true;

/** Threads that the machine runs at once. */
export function availableThreads(): number {
  return availableParallelism();
}

/** Prints a warning. */
export function warn(text: string): void {
  process.emitWarning(text);
}

/** Lets pending events, such as a worker's end, be delivered. */
export function eventTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/**
 * Starts a worker and resolves when it waits for work. It does not keep the process alive; `onEnd` receives
 * the reason of its end.
 */
export function spawnWorker(start: WorkerStart, onEnd: (reason: string) => void): Promise<WorkerHandle> {
  const worker = new Worker(new URL('./worker-node.js', import.meta.url), {
    workerData: start,
    execArgv: [],
  });
  return new Promise((resolve, reject) => {
    const ended = (reason: string): void => {
      onEnd(reason);
      reject(new Error(`wasm: worker thread ${String(start.thread)} could not start: ${reason}`));
    };
    worker.once('error', (error: unknown) => {
      ended(error instanceof Error ? error.message : String(error));
    });
    worker.once('exit', (code) => {
      ended(`exit code ${String(code)}`);
    });
    worker.once('message', () => {
      worker.unref();
      resolve({
        async terminate() {
          await worker.terminate();
        },
      });
    });
  });
}
