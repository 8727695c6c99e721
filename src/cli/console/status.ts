/**
 * The one line that shows how far work is. On a terminal it is drawn over and over, with a bar if there is a total; elsewhere
 * it is a plain line now and then; scripts see nothing of it. Texts and estimates belong to the callers, timing to this file.
 */
import { SingleBar } from 'cli-progress';
import { oneLine } from './clean.js';

/** Drawings a second on a terminal. */
const FPS = 5;
const BAR_WIDTH = 24;

export interface StatusOptions {
  /** Seconds between two plain lines. Default: 5. */
  readonly every?: number;
  /** True if the last text stays on the terminal at the end. */
  readonly stays?: boolean;
}

/** How the line is shown: `drawn` on a terminal, `plain` lines elsewhere, or not at all. */
export type StatusMode = 'drawn' | 'plain' | 'silent';

/** What a status line needs of the terminal. */
export interface StatusPlace {
  readonly mode: StatusMode;
  /** Writes a plain line. */
  readonly line: (text: string) => void;
  /** Takes note of the line that is drawn, so that other lines are written above it. */
  readonly attach: (status: StatusLine | null) => void;
}

/** Make it with `Terminal.status`; `end` in any case. */
export class StatusLine {
  readonly #place: StatusPlace;
  readonly #everyMs: number;
  readonly #stays: boolean;
  #bar: SingleBar | null = null;
  #text = '';
  #done = 0;
  #total: number | null = null;
  #last = performance.now();

  constructor(place: StatusPlace, { every = 5, stays = false }: StatusOptions = {}) {
    this.#place = place;
    this.#stays = stays;
    this.#everyMs = place.mode === 'drawn' ? 1000 / FPS : 1000 * every;
  }

  /** Shows something new at once; on a terminal what was shown before stays above it if the line is one that stays. */
  begin(text: string, total: number | null = null, done = 0): void {
    if (this.#place.mode === 'silent') return;
    if (this.#stays) this.#keep();
    [this.#text, this.#total, this.#done, this.#last] = [oneLine(text), total, done, performance.now()];
    if (this.#place.mode === 'plain') {
      if (text !== '') this.#place.line(text);
      return;
    }
    this.hide();
    this.#place.attach(this);
    this.draw();
  }

  /** Shows how far it is, if it is time to do so. */
  show(frame: () => readonly [text: string, done?: number]): void {
    const now = performance.now();
    if (this.#place.mode === 'silent' || now - this.#last < this.#everyMs) return;
    this.#last = now;
    const [text, done = 0] = frame();
    [this.#text, this.#done] = [oneLine(text), done];
    if (this.#place.mode === 'plain') {
      this.#place.line(this.#text);
      return;
    }
    this.#place.attach(this);
    if (this.#bar) this.#bar.update(this.#done, { text: this.#text });
    else this.draw();
  }

  /** Takes the line down. */
  end(): void {
    if (this.#stays) this.#keep();
    this.hide();
    this.#place.attach(null);
  }

  /** Makes room for other lines; `draw` shows it again. */
  hide(): void {
    this.#bar?.stop();
    this.#bar = null;
  }

  draw(): void {
    this.#bar = new SingleBar({
      format: this.#total === null ? '{text}' : '{bar} {text}',
      barsize: BAR_WIDTH,
      barCompleteChar: '█',
      barIncompleteChar: '░',
      hideCursor: true,
      clearOnComplete: true,
      fps: FPS,
      gracefulExit: false,
    });
    this.#bar.start(Math.max(this.#total ?? 1, 1), this.#done, { text: this.#text });
  }

  /** Leaves the drawn text as a separate line. */
  #keep(): void {
    if (this.#bar === null) return;
    this.hide();
    this.#place.attach(null);
    this.#place.line(this.#text);
  }
}
