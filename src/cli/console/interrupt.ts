/**
 * Ctrl-C (and SIGTERM): the first one lets the step at hand finish and a checkpoint be written, the second one ends the
 * process at once. A run loses nothing either way; with the first it does not even lose time.
 */
import type { Terminal } from './terminal.js';

/** npm hands a Ctrl-C on to a process that the terminal has told already: within this time it is one key press. */
const SAME_KEY_PRESS_MS = 300;
const SIGNALS = { SIGINT: 130, SIGTERM: 143 } as const;
type Signal = keyof typeof SIGNALS;

export class Interrupt {
  readonly #controller = new AbortController();
  readonly #handlers: readonly (readonly [Signal, () => void])[];
  #exitCode: number | null = null;
  #firstAt = 0;

  /** @param notice what is said at the first signal */
  constructor(terminal: Terminal, notice = 'stopping after this step; once more to stop at once') {
    this.#handlers = (Object.keys(SIGNALS) as Signal[]).map((name) => [
      name,
      () => {
        if (this.#exitCode !== null) {
          if (performance.now() - this.#firstAt <= SAME_KEY_PRESS_MS) return;
          terminal.restore();
          process.exit(SIGNALS[name]);
        }
        this.#exitCode = SIGNALS[name];
        this.#firstAt = performance.now();
        terminal.note(notice);
        this.#controller.abort(new InterruptedError());
      },
    ]);
    for (const [name, handler] of this.#handlers) process.on(name, handler);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Exit code of a process that was asked to stop: 130 after Ctrl-C. */
  get exitCode(): number {
    return this.#exitCode ?? SIGNALS.SIGINT;
  }

  /** Lets the signals have their usual effect again. */
  release(): void {
    for (const [name, handler] of this.#handlers) process.off(name, handler);
  }
}

/** Thrown by what was aborted before there was anything to keep. */
class InterruptedError extends Error {
  override readonly name = 'InterruptedError';

  constructor() {
    super('interrupted');
  }
}

/** Runs a command that can be interrupted; its exit code is what `work` returns, or that of the signal. */
export async function interruptible(
  terminal: Terminal,
  work: (interrupt: Interrupt) => Promise<number>,
  notice?: string,
): Promise<number> {
  const interrupt = new Interrupt(terminal, notice);
  try {
    return await work(interrupt);
  } catch (error) {
    if (error instanceof InterruptedError) return interrupt.exitCode;
    throw error;
  } finally {
    interrupt.release();
  }
}
