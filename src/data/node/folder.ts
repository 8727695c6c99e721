/** What a folder holds, by kind, and which of it is a training, a test or a validation part. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DataError } from '../index.js';
import type { NoteBook } from '../readers.js';

/** Names in a folder, sorted, links followed. */
export interface Listing {
  readonly files: readonly string[];
  readonly folders: readonly string[];
}

/** Left by the systems of other people: hidden files, folders of a Mac's archives, previews. */
const HIDDEN = /^(?:\..*|__MACOSX|Thumbs\.db|desktop\.ini)$/i;

/** Lists a folder. What is hidden, and what is neither file nor folder, is left out with a note. */
export async function listFolder(folder: string, book: NoteBook): Promise<Listing> {
  const files: string[] = [];
  const folders: string[] = [];
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    const kind = entry.isSymbolicLink() ? await stat(path).catch(() => entry) : entry;
    if (HIDDEN.test(entry.name)) book.add('left out, hidden', path);
    else if (kind.isFile()) files.push(entry.name);
    else if (kind.isDirectory()) folders.push(entry.name);
    else book.add('left out, neither a file nor a folder', path);
  }
  return { files: files.sort(), folders: folders.sort() };
}

/** Names of the parts of a data set. */
export interface Parts {
  readonly train?: string;
  readonly test?: string;
  readonly validation?: string;
}

const PARTS = {
  train: /^train(?:ing)?(?:[-_ ]?(?:set|data|images))?$/i,
  test: /^test(?:ing)?(?:[-_ ]?(?:set|data|images))?$/i,
  validation: /^(?:val|valid|validation|dev)(?:[-_ ]?(?:set|data|images))?$/i,
} as const;

/** True for a name such as `train`, `Testing` or `val`. */
export function isPartName(name: string): boolean {
  return Object.values(PARTS).some((pattern) => pattern.test(name));
}

/**
 * The parts among the names, each without `ending`.
 * @throws DataError if two names stand for one part.
 */
export function findParts(folder: string, names: readonly string[], ending = /$/): Parts {
  const found: Record<string, string> = {};
  for (const [part, pattern] of Object.entries(PARTS)) {
    const [name, other] = names.filter(
      (candidate) => ending.test(candidate) && pattern.test(candidate.replace(ending, '')),
    );
    if (other !== undefined) {
      throw new DataError(
        `${folder}: there must be one ${part} part, got ${name!} and ${other}; keep one of them`,
      );
    }
    if (name !== undefined) found[part] = name;
  }
  return found;
}

/** The names of a training part and the part that is held out: the test part, otherwise the validation part. */
export function heldOutParts(folder: string, { train, test, validation }: Parts, book: NoteBook): string[] {
  if (train === undefined) return [];
  const held = test ?? validation;
  if (held !== undefined && held === validation) {
    book.add('read as the test part', join(folder, held));
  }
  return held === undefined ? [train] : [train, held];
}

/** Notes what of a folder no reader has used; `beside` names what was. */
export function noteUnused(
  folder: string,
  { files, folders }: Listing,
  used: readonly string[],
  beside: string,
  book: NoteBook,
): void {
  for (const name of files) {
    if (!used.includes(name)) book.add(`left out, files beside ${beside}`, join(folder, name));
  }
  for (const name of folders) {
    if (!used.includes(name)) book.add(`left out, folders beside ${beside}`, join(folder, name));
  }
}
