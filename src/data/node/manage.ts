/** What `fewbit data get|list|rm|verify` do, as plain data; the command line prints it. */
import { lstat, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DataError } from '../index.js';
import { reasonOf } from './reason.js';
import { NAMED_SETS, namedSet } from './named.js';
import {
  checkNamedSet,
  ensureNamedSet,
  folderOf,
  problemOf,
  problemsOf,
  type FetchOptions,
  type NamedSet,
  checkFetchOptions,
} from './named-set.js';

/** A named set and its state. */
export interface NamedStatus {
  readonly name: string;
  readonly description: string;
  readonly folder: string;
  /** Size of all files of the set. */
  readonly sizeBytes: number;
  /** True if every file is there in the right size. */
  readonly present: boolean;
}

/** What the files of a cached data set turned out to be. */
export interface VerifyResult {
  readonly name: string;
  readonly folder: string;
  readonly ok: boolean;
  /** One entry per file; `problem` describes its fault. */
  readonly files: readonly { readonly name: string; readonly problem?: string }[];
}

/**
 * Fetches the set unless the cache has it, whole by its checksums; `source` names where from (`cache`: it was there).
 * @throws DataError for a damaged cache, or if no source has the set.
 */
export async function getNamed(
  name: string,
  options: FetchOptions = {},
): Promise<NamedStatus & { readonly source: string }> {
  checkFetchOptions(options);
  const set = namedSet(name);
  const source = await ensureNamedSet(set, options);
  if (source === 'cache') await checkNamedSet(set, options);
  return { ...(await statusOf(set, options)), source };
}

/** Every set known by name. */
export async function listNamed(options: FetchOptions = {}): Promise<NamedStatus[]> {
  checkFetchOptions(options);
  return await Promise.all(NAMED_SETS.map((set) => statusOf(set, options)));
}

/** Removes the set's files from the cache, and nothing else; `removed` names them. */
export async function removeNamed(
  name: string,
  options: FetchOptions = {},
): Promise<{ readonly name: string; readonly folder: string; readonly removed: readonly string[] }> {
  checkFetchOptions(options);
  const set = namedSet(name);
  const folder = folderOf(set, options);
  const removed: string[] = [];
  const files = set.files.map((file) => file.name);
  for (const file of set.partial === undefined ? files : [...files, set.partial]) {
    const path = join(folder, file);
    if (await isMissing(path)) continue;
    await rm(path).catch((error: unknown) => {
      throw new DataError(`data: cannot remove ${path}: ${reasonOf(error)}`, { cause: error });
    });
    removed.push(file);
  }
  // Fails, as it should, where the user keeps other files in there.
  await rmdir(folder).catch(() => undefined);
  return { name, folder, removed };
}

/** Compares every file of the set with its checksum. */
export async function verifyNamed(name: string, options: FetchOptions = {}): Promise<VerifyResult> {
  checkFetchOptions(options);
  const set = namedSet(name);
  const folder = folderOf(set, options);
  const files = await Promise.all(
    set.files.map(async (file) => {
      const problem = await problemOf(folder, file, 'checksum');
      return { name: file.name, ...(problem !== undefined && { problem }) };
    }),
  );
  return { name, folder, ok: files.every((file) => !('problem' in file)), files };
}

async function isMissing(path: string): Promise<boolean> {
  return await lstat(path).then(
    () => false,
    () => true,
  );
}

async function statusOf(set: NamedSet, options: FetchOptions): Promise<NamedStatus> {
  const folder = folderOf(set, options);
  return {
    name: set.name,
    description: set.description,
    folder,
    sizeBytes: set.files.reduce((sum, file) => sum + file.sizeBytes, 0),
    present: (await problemsOf(set, folder, 'size')).length === 0,
  };
}
