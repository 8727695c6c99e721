// Prints the progress of a measurement and its remaining time on stderr: one line drawn over on a terminal,
// else a plain line every few seconds.

const LINE_EVERY_MS = 5000;

export class Progress {
  #drawn = false;
  #last = 0;

  /** A line that stays. */
  note(text) {
    this.#clear();
    process.stderr.write(`${text}\n`);
  }

  /** `leftMs`: time that the rest of this measurement takes; null if it is not known yet. */
  show(text, leftMs = null) {
    const left = leftMs === null ? '' : `, ${Math.ceil(leftMs / 1000)} s left`;
    const now = performance.now();
    if (process.stderr.isTTY && process.env.TERM !== 'dumb') {
      process.stderr.write(`\r\u001b[K${text}${left}`);
      this.#drawn = true;
    } else if (now - this.#last >= LINE_EVERY_MS) {
      this.#last = now;
      process.stderr.write(`${text}${left}\n`);
    }
  }

  end() {
    this.#clear();
  }

  #clear() {
    if (this.#drawn) process.stderr.write('\r\u001b[K');
    this.#drawn = false;
  }
}
