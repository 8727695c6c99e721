/**
 * Notes: what a reader left out of the data, or read in a way that may not be meant. Nothing of the kind happens without
 * one. The library hands them to its caller; the command line prints them.
 */

/** What was left out or looks odd, how often, and the first instance. */
export interface DataNote {
  /** What happened, in words: `left out, not PNG or JPEG by name`. */
  readonly what: string;
  readonly count: number;
  /** The first instance: a path, a line, a value. */
  readonly first: string;
  /** What to do if it is not meant. */
  readonly wayOut?: string;
}

/** The note as one line: `left out, hidden: 3, first d/.DS_Store`. */
export function noteText({ what, count, first, wayOut }: DataNote): string {
  const instances = count === 1 ? first : `${count}, first ${first}`;
  return `${what}: ${instances}${wayOut === undefined ? '' : `; ${wayOut}`}`;
}

/** Collects notes and counts those that are alike; an instance that is added twice counts once. */
export class NoteBook {
  readonly #notes = new Map<string, DataNote>();
  readonly #instances = new Set<string>();

  /** Adds `count` instances, the first of which is named. */
  add(what: string, first: string, wayOut?: string, count = 1): void {
    const instance = JSON.stringify([what, first]);
    if (this.#instances.has(instance)) return;
    this.#instances.add(instance);
    const known = this.#notes.get(what);
    this.#notes.set(what, {
      what,
      count: (known?.count ?? 0) + count,
      first: known?.first ?? first,
      ...(wayOut !== undefined && { wayOut }),
    });
  }

  /** All notes in the order of their first instances. */
  get notes(): readonly DataNote[] {
    return [...this.#notes.values()];
  }
}
