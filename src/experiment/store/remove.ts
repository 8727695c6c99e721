/** Removes run folders and sweeps completely, but never one that a process works on. */
import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { RunFolderError } from '../run/errors.js';
import { isRunFolder } from './run-folder.js';
import { takeLock } from './lock.js';
import { markFailure } from './mark.js';
import { findRuns } from './summary.js';
import { isSweepFolder, readJobs } from './sweep-folder.js';

/** What would be removed. */
export interface Removal {
  readonly path: string;
  readonly kind: 'run' | 'sweep';
  /** Number of runs in it. */
  readonly runs: number;
  readonly files: number;
  readonly sizeBytes: number;
}

/**
 * Reports what removing a run or a sweep would remove, without removing it.
 * @throws RunFolderError if the path is neither
 */
export function planRemoval(path: string): Removal {
  const kind = isSweepFolder(path) ? 'sweep' : isRunFolder(path) ? 'run' : null;
  if (kind === null) {
    throw new RunFolderError(
      `runs: expected the folder of a run or a sweep, got "${path}"; nothing is removed`,
    );
  }
  const files = readdirSync(path, { recursive: true, encoding: 'utf8' })
    .map((name) => statSync(join(path, name), { throwIfNoEntry: false }))
    .filter((entry) => entry?.isFile() === true);
  const sizeBytes = files.reduce((sum, entry) => sum + (entry?.size ?? 0), 0);
  return { path, kind, runs: findRuns(path).length, files: files.length, sizeBytes };
}

/**
 * Removes a run or a sweep with its whole folder.
 * @throws RunFolderError if a process has a lock in it, or a cluster has jobs of it; nothing is removed then
 */
export function remove({ path, kind }: Removal): void {
  if (kind === 'sweep' && readJobs(path).length > 0) {
    throw new RunFolderError(
      `sweep folder ${path}: may have jobs in Slurm; cancel them with fewbit sweep ${path} --cancel, or remove its slurm.json if they are gone`,
    );
  }
  const unlocks: (() => void)[] = [];
  try {
    // While this process holds every lock, no other process can begin to work on it.
    if (kind === 'sweep') unlocks.push(takeLock(path, { what: 'sweep folder' }));
    for (const run of findRuns(path)) unlocks.push(takeLock(run));
    rmSync(path, { recursive: true });
    if (kind === 'run') markFailure(path, null);
  } finally {
    for (const unlock of unlocks) unlock();
  }
}
