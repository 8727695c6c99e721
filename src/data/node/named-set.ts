/**
 * A data set known by name: its files with sizes and checksums, the sources to try in turn, and how its files
 * become examples. This file brings one into the cache and reads it from there; named.ts lists which there are.
 */
import {
  checkOptions,
  FLAG,
  FUNCTION,
  realNumber,
  record,
  SIGNAL,
  TEXT,
  type OptionRules,
} from '../../numerics/arguments.js';
import { createReadStream } from 'node:fs';
import { createHash } from 'node:crypto';
import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { readInput } from '../../files/index.js';
import { DataError, type DataSet } from '../index.js';
import { reasonOf } from './reason.js';
import { cacheFolder, fillCache, type Environment } from './cache.js';

export interface NamedFile {
  readonly name: string;
  readonly sizeBytes: number;
  /** MD5 of the file, in hexadecimal. */
  readonly md5: string;
}

/** One place to get all files of a set from. */
export interface DataSource {
  /** What progress and errors call it. */
  readonly name: string;
  /** Puts the set's files into `folder`. */
  fetch(folder: string, context: FetchContext): Promise<void>;
}

export interface NamedSet {
  readonly name: string;
  readonly description: string;
  readonly trainingExamples: number;
  readonly files: readonly NamedFile[];
  /** Tried in this order. */
  readonly sources: readonly DataSource[];
  /** What an interrupted fetch may leave beside the files, for the next one to continue from. */
  readonly partial?: string;
  /** Makes the examples of the files' bytes, given in the order of `files`. */
  read(contents: readonly Uint8Array[]): { readonly train: DataSet; readonly test: DataSet };
}

/** How far a fetch is. */
export interface DataProgress {
  readonly source: string;
  readonly message: string;
  readonly receivedBytes?: number;
  /** Bytes to receive in all, if that is known. */
  readonly totalBytes?: number;
}

/** The folder of a named data set, and options for fetching it. */
export interface FetchOptions {
  /** The cache folder. Default: cacheFolder(env). */
  readonly cache?: string;
  /** Environment variables read: FEWBIT_CACHE, XDG_CACHE_HOME, HOME, FEWBIT_OFFLINE, and npm's own. */
  readonly env?: Environment;
  /** Never fetch. Default: FEWBIT_OFFLINE is set to something other than 0. */
  readonly offline?: boolean;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: DataProgress) => void;
  /** Longest silence of a server, in milliseconds. Default 10,000. */
  readonly timeoutMs?: number;
}

/** Rules of the options of everything that may fetch. */
export const FETCH_RULES: OptionRules<FetchOptions> = {
  cache: TEXT,
  env: record('environment variables'),
  offline: FLAG,
  signal: SIGNAL,
  onProgress: FUNCTION,
  timeoutMs: realNumber(1),
};

/** @throws TypeError or RangeError for an option that does not exist or has a wrong value. */
export function checkFetchOptions(options: FetchOptions): void {
  checkOptions('data', options, FETCH_RULES);
}

/** What a source gets from its caller, defaults filled in. */
export interface FetchContext {
  readonly env: Environment;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Path of the set's `partial`; null for a set without one. */
  readonly partial: string | null;
  readonly progress: (message: string, receivedBytes?: number, totalBytes?: number) => void;
}

/** Where the set's files lie, or would. */
export function folderOf(set: NamedSet, options: FetchOptions): string {
  return join(options.cache ?? cacheFolder(options.env), set.name);
}

/** What is wrong with a file of the set in `folder`, by its size alone, or also by its checksum. */
export async function problemOf(
  folder: string,
  file: NamedFile,
  check: 'size' | 'checksum',
): Promise<string | undefined> {
  const path = join(folder, file.name);
  let size: number;
  try {
    size = (await stat(path)).size;
  } catch {
    return `${file.name} is missing`;
  }
  if (size !== file.sizeBytes) {
    return `${file.name} must have ${file.sizeBytes} bytes, got ${size}`;
  }
  if (check === 'size') return undefined;
  const hash = createHash('md5');
  await pipeline(createReadStream(path), hash);
  const md5 = hash.digest('hex');
  return md5 === file.md5 ? undefined : md5Problem(file, md5);
}

/** The problems of all files of the set in `folder`. */
export async function problemsOf(
  set: NamedSet,
  folder: string,
  check: 'size' | 'checksum',
): Promise<string[]> {
  const problems = await Promise.all(set.files.map((file) => problemOf(folder, file, check)));
  return problems.filter((problem) => problem !== undefined);
}

/**
 * Compares every file of the set in the cache with its checksum.
 * @throws DataError naming the first that differs.
 */
export async function checkNamedSet(set: NamedSet, options: FetchOptions = {}): Promise<void> {
  const folder = folderOf(set, options);
  const [problem] = await problemsOf(set, folder, 'checksum');
  if (problem !== undefined) throw damaged(set, folder, problem);
}

/**
 * Makes sure that the set is in the cache in the right sizes, fetching and verifying it if it is not.
 * @returns the name of the source it was fetched from, or `cache`.
 * @throws DataError that lists what was tried, why it failed, and the way out; the signal's reason on abort.
 */
export async function ensureNamedSet(set: NamedSet, options: FetchOptions = {}): Promise<string> {
  const env = options.env ?? process.env;
  const folder = folderOf(set, options);
  const problems = await problemsOf(set, folder, 'size');
  if (problems.length === 0) return 'cache';

  const files = set.files.map((file) => file.name);
  const byHand = `put ${files.join(', ')} into ${folder}`;
  if (options.offline ?? !['', '0', undefined].includes(env['FEWBIT_OFFLINE'])) {
    throw new DataError(
      `${set.name}: must be in the cache ${folder} while offline, got ${problems[0] ?? ''}; unset FEWBIT_OFFLINE, or ${byHand}`,
    );
  }
  const partial = set.partial === undefined ? null : join(folder, set.partial);
  const source = await fillCache(options.cache ?? cacheFolder(env), set.name, files, async (temporary) => {
    const failures: string[] = [];
    for (const source of set.sources) {
      const progress: FetchContext['progress'] = (message, receivedBytes, totalBytes) => {
        const sizes = {
          ...(receivedBytes !== undefined && { receivedBytes }),
          ...(totalBytes !== undefined && { totalBytes }),
        };
        options.onProgress?.({ source: source.name, message, ...sizes });
      };
      try {
        progress(`fetching ${set.name} from ${source.name}`);
        const { timeoutMs = 10_000, signal } = options;
        await source.fetch(temporary, { env, timeoutMs, signal, partial, progress });
        const wrong = await problemsOf(set, temporary, 'checksum');
        if (wrong.length > 0) throw new DataError(wrong.join(', '));
        return source.name;
      } catch (error) {
        options.signal?.throwIfAborted();
        failures.push(`${source.name} (${reasonOf(error)})`);
        progress(`${source.name} failed: ${reasonOf(error)}`);
      }
    }
    throw new DataError(
      `${set.name}: must come from one of its sources, got ${failures.join('; ')}; ${byHand}`,
    );
  });
  if (partial !== null) await rm(partial, { force: true });
  return source;
}

/**
 * Reads the set from the cache, where ensureNamedSet has put it. The files are the ones that were fetched: their checksums
 * are compared with the bytes that are used.
 * @throws DataError for damaged files.
 */
export async function readNamedSet(
  set: NamedSet,
  options: FetchOptions = {},
): Promise<{ readonly train: DataSet; readonly test: DataSet }> {
  const folder = folderOf(set, options);
  const contents = await Promise.all(set.files.map((file) => readInput(join(folder, file.name))));
  set.files.forEach((file, i) => {
    const md5 = createHash('md5').update(contents[i]!).digest('hex');
    if (md5 !== file.md5) throw damaged(set, folder, md5Problem(file, md5));
  });
  return set.read(contents);
}

/** The files of a set in the cache are not those of the set, though they have their sizes. */
function damaged(set: NamedSet, folder: string, problem: string): DataError {
  return new DataError(
    `${set.name}: the cache ${folder} is damaged: ${problem}; remove it with "fewbit data rm ${set.name}" and fetch it again with "fewbit data get ${set.name}"`,
  );
}

function md5Problem(file: NamedFile, md5: string): string {
  return `${file.name} must have MD5 ${file.md5}, got ${md5}`;
}
