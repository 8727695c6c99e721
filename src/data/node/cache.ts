/**
 * The cache folder of fetched data sets: its path, and the way files get into it. Files are prepared in a
 * temporary folder beside their place and renamed one by one, so a reader sees a whole file or none, and two
 * processes that fetch at once do not disturb each other.
 */
import { checkArgument, record } from '../../numerics/arguments.js';
import { mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { DataError } from '../index.js';
import { reasonOf } from './reason.js';

/** Environment variables, `process.env` or others. */
export type Environment = Readonly<Record<string, string | undefined>>;

const TEMPORARY = '.fetch-';
const ABANDONED_AFTER_MS = 24 * 60 * 60 * 1000;

/** `FEWBIT_CACHE`, else `$XDG_CACHE_HOME/fewbit`, else `~/.cache/fewbit`. */
export function cacheFolder(env: Environment = process.env): string {
  checkArgument('cache: env', env, record('environment variables'));
  const own = env['FEWBIT_CACHE'];
  if (own) return resolve(own);
  const shared = env['XDG_CACHE_HOME'];
  // The XDG specification requires that a relative path is ignored.
  if (shared && isAbsolute(shared)) return join(shared, 'fewbit');
  return join(env['HOME'] ?? homedir(), '.cache', 'fewbit');
}

/**
 * Lets `fill` put files into a temporary folder, then moves those named into `<cache>/<name>`. The temporary
 * folder is removed in any case.
 * @returns what `fill` returned.
 * @throws DataError if the cache cannot be written; whatever `fill` throws.
 */
export async function fillCache<T>(
  cache: string,
  name: string,
  files: readonly string[],
  fill: (folder: string) => Promise<T>,
): Promise<T> {
  const target = join(cache, name);
  const temporary = await writing(cache, async () => {
    await mkdir(target, { recursive: true });
    const folder = await mkdtemp(join(cache, TEMPORARY));
    await removeAbandoned(cache, folder);
    return folder;
  });
  try {
    const result = await fill(temporary);
    await writing(cache, async () => {
      for (const file of files) await rename(join(temporary, file), join(target, file));
    });
    return result;
  } finally {
    await rm(temporary, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** Works on the cache folder, and names it in the error if that fails. */
async function writing<T>(cache: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new DataError(
      `cache: cannot write to ${cache}: ${reasonOf(error)}; set FEWBIT_CACHE to another folder`,
      { cause: error },
    );
  }
}

/** Removes what killed processes left behind: folders a day older than the new one, by the file system's own clock. */
async function removeAbandoned(cache: string, newest: string): Promise<void> {
  const { mtimeMs: now } = await stat(newest);
  for (const entry of await readdir(cache)) {
    if (!entry.startsWith(TEMPORARY)) continue;
    const folder = join(cache, entry);
    // Gone in the meantime: another process has finished.
    const { mtimeMs } = await stat(folder).catch(() => ({ mtimeMs: now }));
    if (now - mtimeMs > ABANDONED_AFTER_MS) await rm(folder, { recursive: true, force: true });
  }
}
