/**
 * Reads a file whole. A named pipe would block the program and a device never end, so only regular files are read; and a file
 * larger than any of its kind is refused before memory is taken for it. Every file that Fewbit reads comes through here.
 */
import { closeSync, constants, fstatSync, openSync, readFileSync, type Stats } from 'node:fs';
import { open } from 'node:fs/promises';
import { FewbitError } from '../numerics/index.js';

/** A path that holds no file which can be read whole. */
export class FileError extends FewbitError {
  override readonly name = 'FileError';

  /** @param kind what is there */
  constructor(
    message: string,
    readonly kind: 'file' | 'folder' | 'named pipe' | 'socket' | 'device',
  ) {
    super(message);
  }
}

/** What is read of a kind of file. */
export interface InputLimit {
  /** Most bytes; at least 1. */
  readonly maxBytes: number;
}

/** Most bytes that one array of Node's file system takes: 2 GiB. */
const MOST: InputLimit = { maxBytes: 2 ** 31 - 1 };
/** Text becomes one string, of which the engine makes none longer than about 2^29 characters. */
const MOST_TEXT: InputLimit = { maxBytes: 500_000_000 };

/** Without O_NONBLOCK, which Windows lacks, a named pipe would keep the call waiting for a writer. */
const FLAGS = constants.O_RDONLY | ((constants as Partial<typeof constants>).O_NONBLOCK ?? 0);

/** The bytes of a file. @throws FileError for what is no file or too large; the system's error. */
export function readInputSync(path: string, limit = MOST): Uint8Array<ArrayBuffer> {
  const handle = openSync(path, FLAGS);
  try {
    check(path, fstatSync(handle), limit);
    return readFileSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** The same without waiting for the disk. */
export async function readInput(path: string, limit = MOST): Promise<Uint8Array<ArrayBuffer>> {
  const handle = await open(path, FLAGS);
  try {
    check(path, await handle.stat(), limit);
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}

/** The first bytes of a file: at most `count`. @throws what readInput throws */
export async function readInputStart(path: string, count: number): Promise<Uint8Array> {
  const handle = await open(path, FLAGS);
  try {
    check(path, await handle.stat(), { maxBytes: Infinity });
    const { buffer, bytesRead } = await handle.read(new Uint8Array(count), 0, count, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

/** A file as UTF-8 text; bytes that are none become U+FFFD. @throws what readInputSync throws */
export function readTextSync(path: string, limit = MOST_TEXT): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(readInputSync(path, limit));
}

function check(path: string, stats: Stats, { maxBytes }: InputLimit): void {
  if (!stats.isFile()) {
    const kind = kindOf(stats);
    throw new FileError(`${path}: must be a file, got a ${kind}; give the path of a file`, kind);
  }
  if (stats.size > maxBytes) {
    throw new FileError(
      `${path}: at most ${maxBytes} bytes are read, got ${stats.size}; give a smaller file`,
      'file',
    );
  }
}

function kindOf(stats: Stats): FileError['kind'] {
  if (stats.isDirectory()) return 'folder';
  if (stats.isFIFO()) return 'named pipe';
  if (stats.isSocket()) return 'socket';
  return 'device';
}
