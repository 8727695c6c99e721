/**
 * The interface between the pool and a worker. The workers' own files are plain JavaScript, so that they run
 * from both src and dist.
 */

/** The data that a worker receives. */
export interface WorkerStart {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  /** 1 .. threads - 1; thread 0 is the session's own. */
  readonly thread: number;
  /** Runs started before the worker. */
  readonly started: number;
}

export interface WorkerHandle {
  /** Ends the worker at once, even during a run. */
  terminate(): Promise<void>;
}
