/**
 * One of the two streams that the command line writes to. A stream can fail at any moment: the reader of a pipe has enough
 * (`fewbit ... | head`), the disk is full, the terminal is closed. From then on what is written to it is dropped.
 */
import { fstatSync, writeSync } from 'node:fs';

type Stream = NodeJS.WriteStream & { readonly fd?: number };

export class Sink {
  readonly #stream: Stream;
  readonly #onFailure: (error: NodeJS.ErrnoException) => void;
  /** Handle of a file. Node writes to a file once and loses what a full disk did not take. */
  readonly #file: number | null;
  #hasFailed = false;

  /** `onFailure` is called once, with the error of the system. */
  constructor(stream: Stream, onFailure: (error: NodeJS.ErrnoException) => void) {
    this.#stream = stream;
    this.#onFailure = onFailure;
    this.#file = isFile(stream.fd) ? stream.fd : null;
    stream.on('error', (error: NodeJS.ErrnoException) => this.#fail(error));
  }

  /** Writes all of the text, or reports the failure, at once or later. */
  write(text: string): void {
    if (this.#hasFailed) return;
    if (this.#file === null) {
      this.#stream.write(text);
      return;
    }
    try {
      let rest: Uint8Array = Buffer.from(text);
      while (rest.length > 0) rest = rest.subarray(writeSync(this.#file, rest));
    } catch (error) {
      this.#fail(error as NodeJS.ErrnoException);
    }
  }

  #fail(error: NodeJS.ErrnoException): void {
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    this.#onFailure(error);
  }
}

function isFile(handle: number | undefined): handle is number {
  try {
    return handle !== undefined && fstatSync(handle).isFile();
  } catch {
    return false;
  }
}
