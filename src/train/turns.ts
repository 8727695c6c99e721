/**
 * Turns of the event loop. A backend may finish a step without ever leaving the microtask queue; training hands the
 * loop a turn every few milliseconds, so that signals, timers and a page's events are served. It takes 5 us, and about 60
 * where the caches are full of other things, as after a step; setTimeout takes over 1 ms.
 */
export class EventLoopTurns {
  readonly #channel = new MessageChannel();
  #resume: () => void = () => undefined;

  constructor() {
    const { port1, port2 } = this.#channel;
    // There and back: Node goes on handling what is sent to one port, up to a thousand messages, before it turns to
    // anything else, and what follows a message would never leave that row.
    port1.onmessage = () => {
      port1.postMessage(null);
    };
    port2.onmessage = () => {
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
