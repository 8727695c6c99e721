/** How far work is of which a part from 0 to 1 is done, with the time that is left. */
import type { StatusLine } from './status.js';
import { durationText, type Terminal } from './terminal.js';

/** Shows how far `what` is; `end` in any case. */
export class PartProgress {
  readonly #what: string;
  readonly #status: StatusLine;
  readonly #begun = performance.now();

  constructor(terminal: Terminal, what: string) {
    this.#what = what;
    this.#status = terminal.status('stderr');
  }

  /** Also lets signals and timers have their turn. */
  readonly show = async (part: number): Promise<void> => {
    if (part < 1) this.#status.show(() => [this.#text(part)]);
    await new Promise((resolve) => setImmediate(resolve));
  };

  end(): void {
    this.#status.end();
  }

  #text(part: number): string {
    const percent = `${this.#what}: ${Math.round(100 * part)} %`;
    if (part === 0) return percent;
    const left = ((performance.now() - this.#begun) * (1 - part)) / part / 1000;
    return `${percent}  ETA ${durationText(left)}`;
  }
}
