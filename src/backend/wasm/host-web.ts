/** The interface of the worker pool to a browser. host-node.ts is its twin. */
import type { WorkerHandle, WorkerStart } from './worker.js';

/** Memory can be sent to workers only in a cross-origin-isolated page. */
export const sharedMemory = (globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated === true;
/** A worker may sleep, but not a page's main thread. */
export const maySleep = typeof document === 'undefined';

/** Threads that the machine runs at once; 1 without shared memory. */
export function availableThreads(): number {
  return sharedMemory ? navigator.hardwareConcurrency : 1;
}

/** Prints a warning. */
export function warn(text: string): void {
  console.warn(text);
}

/** Lets pending events, such as a worker's error, be delivered. */
export function eventTurn(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}

/** Starts a worker and resolves when it waits for work; `onEnd` receives the reason of its end. */
export function spawnWorker(start: WorkerStart, onEnd: (reason: string) => void): Promise<WorkerHandle> {
  const worker = new Worker(new URL('./worker-web.js', import.meta.url), { type: 'module' });
  return new Promise((resolve, reject) => {
    worker.onerror = (event) => {
      const reason = event.message || 'the script could not be loaded';
      onEnd(reason);
      reject(new Error(`wasm: worker thread ${String(start.thread)} could not start: ${reason}`));
    };
    worker.onmessage = () => {
      resolve({
        terminate() {
          worker.terminate();
          return Promise.resolve();
        },
      });
    };
    worker.postMessage(start);
  });
}
