/**
 * The worker threads of one session: they start with it, sleep between runs, and end with it. They share the
 * session's memory, and only its control block drives them; no message passes during training.
 */
import { eventTurn, spawnWorker } from '#wasm-host';
import type { WorkerHandle } from './worker.js';

export class WorkerPool {
  readonly #workers: WorkerHandle[] = [];
  #failure: string | null = null;
  #closing = false;

  /** Starts `threads - 1` workers and waits until each waits for work. */
  static async start(
    module: WebAssembly.Module,
    memory: WebAssembly.Memory,
    threads: number,
  ): Promise<WorkerPool> {
    const pool = new WorkerPool();
    const births: Promise<WorkerHandle>[] = [];
    for (let thread = 1; thread < threads; thread++) {
      const onEnd = (reason: string): void => {
        if (!pool.#closing) pool.#failure ??= `worker thread ${String(thread)} ended: ${reason}`;
      };
      births.push(spawnWorker({ module, memory, thread, started: 0 }, onEnd));
    }
    const outcomes = await Promise.allSettled(births);
    for (const outcome of outcomes) if (outcome.status === 'fulfilled') pool.#workers.push(outcome.value);
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed) {
      await pool.close();
      throw failed.reason;
    }
    return pool;
  }

  /** @throws Error if a worker has died. Its results are missing, so the session is lost. */
  check(): void {
    if (this.#failure !== null) {
      throw new Error(
        `wasm: every worker thread must live as long as the session, got "${this.#failure}"; open a new session`,
      );
    }
  }

  /** To be called while the workers are overdue, so that the event of a worker's end can arrive. */
  async lookAfter(): Promise<void> {
    await eventTurn();
    this.check();
  }

  async close(): Promise<void> {
    this.#closing = true;
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }
}
