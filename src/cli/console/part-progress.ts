/** Progress of work that is a part from 0 to 1 done: one line with the time left on a terminal, plain lines elsewhere. */
import { durationText, type Terminal, type Voice } from './terminal.js';

/** Seconds between lines where no line can be drawn over. */
const LINE_EVERY = 5;

/** Shows how far `what` is on stderr; `end` in any case. */
export class PartProgress {
  readonly #terminal: Terminal;
  readonly #what: string;
  readonly #shows: boolean;
  readonly #begun = performance.now();
  #lastLine = performance.now();
  #open = false;

  constructor(terminal: Terminal, what: string, voice: Voice) {
    this.#terminal = terminal;
    this.#what = what;
    this.#shows = voice === 'people';
  }

  /** Also lets signals and timers have their turn. */
  readonly show = async (part: number): Promise<void> => {
    const now = performance.now();
    const left = part > 0 ? ((now - this.#begun) * (1 - part)) / part / 1000 : null;
    const text = `${this.#what}: ${Math.round(100 * part)} %${left === null ? '' : `  ETA ${durationText(left)}`}`;
    if (this.#shows && this.#terminal.isInteractive) {
      process.stderr.write(`\r\u001b[K${text}`);
      this.#open = true;
    } else if (this.#shows && part < 1 && (now - this.#lastLine) / 1000 >= LINE_EVERY) {
      this.#lastLine = now;
      this.#terminal.note(text);
    }
    await new Promise((resolve) => setImmediate(resolve));
  };

  end(): void {
    if (this.#open) process.stderr.write('\r\u001b[K');
    this.#open = false;
  }
}
