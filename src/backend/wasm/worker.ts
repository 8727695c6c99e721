/** What passes between the pool and a worker. The workers' own files are plain JavaScript: they run from src and dist alike. */

/** All that a worker is told. */
export interface WorkerStart {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  /** 1 .. threads - 1; thread 0 is the session's own. */
  readonly thread: number;
  /** Runs started before the worker was. */
  readonly started: number;
}

export interface WorkerHandle {
  /** Ends the worker at once, whatever it does. */
  terminate(): Promise<void>;
}
