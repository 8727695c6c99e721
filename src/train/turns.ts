/**
 * Turns of the event loop. A backend may finish a step without leaving the microtask queue. Training
 * therefore yields to the event loop every few milliseconds, so that signals, timers and a page's events are
 * served. A turn takes 5 us, or about 60 us with cold caches, as after a step; setTimeout takes over 1 ms.
 */
export class EventLoopTurns {
  readonly #channel = new MessageChannel();
  #resume: () => void = () => undefined;

  constructor() {
    const { port1, port2 } = this.#channel;
    // The message is answered through the other port. Node handles up to a thousand messages of one port
    // before it serves anything else, so code that only follows messages to one port would never yield.
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

  /** Must be called, because an open channel keeps a process alive. */
  close(): void {
    this.#channel.port1.close();
  }
}
