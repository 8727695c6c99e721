/**
 * Files of run and sweep folders: replaced whole, or appended to whole. A write that the system cuts short is
 * continued, and an error names the file.
 */
import { randomUUID } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { readTextSync } from '../../files/index.js';
import { parseJson } from '../../numerics/index.js';
import { RunFolderError } from '../run/errors.js';

const TEMPORARY = '.tmp-';

/** True for the names of files that `writeWhole` leaves if its process is killed. */
export function isTemporary(name: string): boolean {
  return name.includes(TEMPORARY);
}

/**
 * Contents of a JSON file.
 * @throws RunFolderError if it is not JSON
 */
export function readJson(file: string): unknown {
  try {
    return parseJson(readTextSync(file));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new RunFolderError(`${file}: is not JSON (${error.message})`);
  }
}

/** JSON in the form of the files of a folder. */
export function jsonText(value: unknown): string {
  return JSON.stringify(value, null, 2) + '\n';
}

/**
 * Writes a file atomically: even after a loss of power, it has either its new or its old contents.
 * @throws the system's error, with the file as its path; the old contents are intact then.
 */
export function writeWhole(folder: string, name: string, contents: string | Uint8Array): void {
  const file = join(folder, name);
  const temporary = `${file}${TEMPORARY}${randomUUID()}`;
  const bytes = typeof contents === 'string' ? new TextEncoder().encode(contents) : contents;
  naming(file, () => {
    try {
      const handle = openSync(temporary, 'wx');
      try {
        writeAll(handle, bytes);
        fsyncSync(handle);
      } finally {
        closeSync(handle);
      }
      renameSync(temporary, file);
    } catch (error) {
      rmSync(temporary, { force: true });
      throw error;
    }
    syncFolder(folder);
  });
}

/** A file that grows by whole pieces. */
export class GrowingFile {
  readonly #file: string;
  readonly #handle: number;

  constructor(file: string) {
    this.#file = file;
    this.#handle = naming(file, () => openSync(file, 'a'));
  }

  /**
   * Adds a piece.
   * @throws the system's error, with the file as its path; nothing of the piece is left then.
   */
  append(text: string): void {
    naming(this.#file, () => {
      const { size } = fstatSync(this.#handle);
      try {
        writeAll(this.#handle, new TextEncoder().encode(text));
      } catch (error) {
        ftruncateSync(this.#handle, size);
        throw error;
      }
    });
  }

  /** Returns when the contents are on the disk. @throws the system's error, with the file as its path */
  sync(): void {
    naming(this.#file, () => fsyncSync(this.#handle));
  }

  close(): void {
    closeSync(this.#handle);
  }
}

/** Cuts a file to its first bytes, on the disk too. @throws the system's error, with the file as its path */
export function shorten(file: string, sizeBytes: number): void {
  naming(file, () => {
    const handle = openSync(file, 'r+');
    try {
      ftruncateSync(handle, sizeBytes);
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
  });
}

/** A write may take fewer bytes than it was given, for example up to the last free block of a disk. */
function writeAll(handle: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += writeSync(handle, bytes, at, bytes.length - at);
}

/** Errors of system calls that take a handle name no file, and those of temporary files name another one. */
function naming<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof Error && 'syscall' in error) Object.assign(error, { path: file });
    throw error;
  }
}

/** Makes a rename durable. Windows cannot open folders, but its renames are durable anyway. */
function syncFolder(folder: string): void {
  if (process.platform === 'win32') return;
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** A clearer message than ENOTDIR or EEXIST if the path, or a part of it, is a file. */
export function refuseFile(path: string): void {
  let part = path;
  while (!existsSync(part) && dirname(part) !== part) part = dirname(part);
  if (existsSync(part) && !statSync(part).isDirectory()) {
    throw new RunFolderError(`run folder ${path}: ${part} is not a folder; choose another folder with --out`);
  }
}

/**
 * Makes a folder and those above it. Node's own recursive option never ends if the system reports that the
 * new folder does not exist (below /proc, for example).
 */
export function makeFolder(path: string): void {
  if (existsSync(path)) return;
  if (dirname(path) !== path) makeFolder(dirname(path));
  try {
    mkdirSync(path);
  } catch (error) {
    // Another process made it first.
    if (!existsSync(path)) throw error;
  }
}
