/**
 * Turns of the event loop. A backend may finish a step without ever leaving the microtask queue; training hands the
 * loop a turn after each step, so that signals, timers and a page's events are served. About 2 us each, where
 * setTimeout takes over 1 ms.
 */
export class EventLoopTurns {
  readonly #channel = new MessageChannel();
  #resume: () => void = () => undefined;

  constructor() {
    this.#channel.port1.onmessage = () => {
      this.#resume();
    };
  }

  /** Resolves in the next turn. */
  next(): Promise<void> {
    return new Promise((resolve) => {
      this.#resume = resolve;
      this.#channel.port2.postMessage(null);
    });
  }

  /** Must be called: an open channel keeps a process alive. */
  close(): void {
    this.#channel.port1.close();
  }
}
