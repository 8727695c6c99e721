/**
 * Removes run folders and sweeps, but only what Fewbit wrote: never the folder of anything but a run or sweep, never a
 * foreign file, nothing behind a symbolic link, and nothing that a process works on. Files are removed by name and folders
 * when they are empty, so a file that appears meanwhile stays.
 */
import { lstatSync, readdirSync, rmdirSync, rmSync, type Dirent } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { isFewbitError } from '../../numerics/index.js';
import { RunFolderError } from '../run/errors.js';
import { isTemporary, readJson } from './file.js';
import { isLock, isLockName, takeLock } from './lock.js';
import { isMarkName, LOGS, markFailure } from './mark.js';
import { isRunFolder } from './run-folder.js';
import { CHECKPOINT, CONFIG, DATA, METRICS, RESULT } from './seal.js';
import { readConfiguration } from './stored-run.js';
import { isSweepFolder, isSweepName, readJobs, readSweep } from './sweep-folder.js';

/** What would be removed. */
export interface Removal {
  readonly path: string;
  readonly kind: 'run' | 'sweep';
  /** Folders of the runs in it. */
  readonly runs: readonly string[];
  /** The files, and then the folders, each before the one that holds it. */
  readonly files: readonly string[];
  readonly folders: readonly string[];
  readonly sizeBytes: number;
}

/** Name of the page that a run or a sweep may have. */
const REPORT = 'report.html';
/** The names of foreign files that a refusal lists. */
const SHOWN = 3;

/**
 * Reports what removing a run or a sweep would remove, without removing it.
 * @throws RunFolderError if the path is neither, is a symbolic link, or holds files that Fewbit did not write
 */
export function planRemoval(path: string): Removal {
  const refused = (problem: string): RunFolderError =>
    new RunFolderError(`runs: ${problem}; nothing is removed`);
  if (lstatSync(resolve(path), { throwIfNoEntry: false })?.isSymbolicLink() === true) {
    throw refused(`${path} is a symbolic link; name the folder itself`);
  }
  const kind = isSweepFolder(path) ? 'sweep' : isRunFolder(path) ? 'run' : null;
  if (kind === null) throw refused(`expected the folder of a run or a sweep, got "${path}"`);
  const found: Found = { runs: [], files: [], folders: [], foreign: [] };
  try {
    if (kind === 'run') collectRun(path, found);
    else collectSweep(path, found);
  } catch (error) {
    if (!isFewbitError(error)) throw error;
    throw refused(`expected the folder of a run or a sweep, got "${path}" (${error.message})`);
  }
  const { foreign, ...own } = found;
  if (foreign.length > 0) {
    const more = foreign.length > SHOWN ? ` and ${foreign.length - SHOWN} more` : '';
    throw refused(
      `${path} also holds what is no part of it: ${foreign.slice(0, SHOWN).join(', ')}${more}; move or remove that first`,
    );
  }
  const sizeBytes = own.files.reduce((sum, file) => sum + lstatSync(file).size, 0);
  return { path, kind, ...own, sizeBytes };
}

interface Found {
  readonly runs: string[];
  readonly files: string[];
  readonly folders: string[];
  readonly foreign: string[];
}

/** @throws RunFolderError, ConfigurationError if its config.json is not that of a run */
function collectRun(path: string, found: Found): void {
  // A configuration that people write may leave out what a recorded one has.
  const recorded = readJson(join(path, CONFIG));
  readConfiguration(path);
  for (const field of ['batch', 'backend']) {
    if (!Object.keys(recorded as object).includes(field)) {
      throw new RunFolderError(`${join(path, CONFIG)} has no "${field}", as that of a run has`);
    }
  }
  const own = [CONFIG, DATA, METRICS, CHECKPOINT, RESULT, REPORT];
  collect(path, found, ({ name }) => own.includes(name) || isMarkName(name));
  found.runs.push(path);
}

/** @throws RunFolderError, ConfigurationError if its sweep.json is not that of a sweep */
function collectSweep(path: string, found: Found): void {
  readSweep(path);
  const folders = readdirSync(path, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const runs = folders.map(({ name }) => name).filter((name) => isRunFolder(join(path, name)));
  for (const name of runs) collectRun(join(path, name), found);
  const logs = folders.filter(({ name }) => name === LOGS);
  for (const { name } of logs) {
    collect(
      join(path, name),
      found,
      (file) => file.name.endsWith('.log') || file.name.endsWith('.failed.json'),
    );
  }
  const done = [...runs, ...logs.map(({ name }) => name)];
  collect(path, found, ({ name }) => name === REPORT || isSweepName(name), done);
}

/** Sorts what is directly in a folder into own and foreign; `done` are folders in it that are own. */
function collect(
  path: string,
  { files, folders, foreign }: Found,
  isOwn: (entry: Dirent) => boolean,
  done: readonly string[] = [],
): void {
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    const { name } = entry;
    if (done.includes(name)) continue;
    const isKnown = entry.isFile() && (isOwn(entry) || isLockName(name) || isTemporary(name));
    (isKnown ? files : foreign).push(join(path, name));
  }
  folders.push(path);
}

/**
 * Removes a run or a sweep.
 * @throws RunFolderError if a process has a lock in it, or a cluster has jobs of it; nothing is removed then
 */
export function remove({ path, kind, runs }: Removal): void {
  if (kind === 'sweep' && readJobs(path).length > 0) {
    throw new RunFolderError(
      `sweep folder ${path}: may have jobs in Slurm; cancel them with fewbit sweep ${path} --cancel, or remove its slurm.json if they are gone`,
    );
  }
  const unlocks: (() => void)[] = [];
  let folders: readonly string[];
  try {
    // While this process holds every lock, no other process can begin to work on it.
    if (kind === 'sweep') unlocks.push(takeLock(path, { what: 'sweep folder' }));
    for (const run of runs) unlocks.push(takeLock(run));
    const now = planRemoval(path);
    if (now.runs.join() !== runs.join()) {
      throw new RunFolderError(
        `runs: ${path} has other runs than a moment ago; nothing is removed, try again`,
      );
    }
    for (const file of now.files) if (!isLock(basename(file))) rmSync(file, { force: true });
    folders = now.folders;
  } finally {
    for (const unlock of unlocks) unlock();
  }
  for (const folder of folders) rmdirSync(folder);
  if (kind === 'run') markFailure(path, null);
}
