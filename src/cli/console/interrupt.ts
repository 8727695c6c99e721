/**
 * What ends work early: Ctrl-C, SIGTERM, SIGHUP (the terminal or the connection is closed), or a stdout that takes nothing more.
 * The current step finishes and a checkpoint is written; a second Ctrl-C or SIGTERM ends the process at once. A run loses
 * nothing either way; with the first it does not even lose time.
 */
import type { Terminal } from './terminal.js';

/** npm passes a Ctrl-C on to a process that has it from the terminal already: within this time it is one key press. */
const SAME_KEY_PRESS_MS = 300;
const SIGNALS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;
type Signal = keyof typeof SIGNALS;

export class Interrupt {
  readonly #controller = new AbortController();
  readonly #handlers: readonly (readonly [Signal, () => void])[];
  #exitCode: number | null = null;
  #firstAt = 0;
  /** The note at the first signal. */
  notice = 'stopping after this step; once more to stop at once';

  readonly #terminal: Terminal;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
    this.#handlers = (Object.keys(SIGNALS) as Signal[]).map((name) => [
      name,
      () => {
        if (this.#exitCode !== null) {
          // A hang-up is no sign of impatience: systems send it together with another signal.
          if (name === 'SIGHUP' || performance.now() - this.#firstAt <= SAME_KEY_PRESS_MS) return;
          terminal.restore();
          process.exit(SIGNALS[name]);
        }
        this.#stop(SIGNALS[name]);
        terminal.note(this.notice);
      },
    ]);
    for (const [name, handler] of this.#handlers) process.on(name, handler);
    terminal.whenLost(({ exitCode }) => this.#stop(exitCode));
  }

  #stop(exitCode: number): void {
    if (this.#exitCode !== null) return;
    this.#exitCode = exitCode;
    this.#firstAt = performance.now();
    this.#controller.abort(new InterruptedError());
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Exit code of a process that was asked to stop: 130 after Ctrl-C, 141 after the end of a pipe's reader. */
  get exitCode(): number {
    return this.#exitCode ?? SIGNALS.SIGINT;
  }

  /** Lets the signals have their usual effect again. */
  release(): void {
    for (const [name, handler] of this.#handlers) process.off(name, handler);
    this.#terminal.whenLost(null);
  }
}

/** Thrown by what was aborted before there was anything to keep. */
class InterruptedError extends Error {
  override readonly name = 'InterruptedError';

  constructor() {
    super('interrupted');
  }
}

/** What a command works with. */
export interface CommandContext {
  readonly terminal: Terminal;
  /** Signals are the command's own to handle from the first time it asks for this; before that they end the process. */
  readonly interrupt: Interrupt;
  /** Aborts at the first signal; see `interrupt`. */
  readonly signal: AbortSignal;
}

/** Runs a command that may be interrupted; its exit code is what `work` returns, or that of the signal. */
export async function interruptible(
  terminal: Terminal,
  work: (context: CommandContext) => Promise<number> | number,
): Promise<number> {
  let held: Interrupt | null = null;
  const hold = (): Interrupt => (held ??= new Interrupt(terminal));
  const release = (): void => held?.release();
  try {
    return await work({
      terminal,
      get interrupt() {
        return hold();
      },
      get signal() {
        return hold().signal;
      },
    });
  } catch (error) {
    if (error instanceof InterruptedError) return hold().exitCode;
    throw error;
  } finally {
    release();
  }
}
