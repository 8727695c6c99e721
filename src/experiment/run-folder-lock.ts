/**
 * The lock of a run folder: one process at a time. A small file names the process; the lock of a process that is gone
 * (killed, crashed, or its number given to another since) is taken over.
 */
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { RunFolderError } from './errors.js';

const LOCK = 'lock';
/** Enough to get past locks that go stale meanwhile; a live lock ends the loop at once. */
const ATTEMPTS = 5;

interface Holder {
  readonly pid: number;
  readonly host: string;
  /** When the process started, in the system's own unit; null where the system does not say. */
  readonly started: string | null;
}

/** True for the names that a lock may leave in a run folder. */
export function isLockName(name: string): boolean {
  return name === LOCK || name.startsWith(`${LOCK}.`);
}

/**
 * Takes the folder's lock and returns the function that gives it back.
 * @throws RunFolderError where a living process holds it.
 */
export function takeLock(folder: string): () => void {
  const lock = join(folder, LOCK);
  const mine = `${lock}.${String(process.pid)}`;
  const self: Holder = { pid: process.pid, host: hostname(), started: startOf(process.pid) };
  const text = JSON.stringify(self) + '\n';
  writeFileSync(mine, text);
  try {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      try {
        // A link appears whole or not at all, unlike a file that is opened and then written.
        linkSync(mine, lock);
        return () => {
          if (readOrNull(lock) === text) rmSync(lock);
        };
      } catch (error) {
        if (!hasCode(error, 'EEXIST')) throw error;
      }
      removeIfStale(folder, lock, mine);
    }
    throw new RunFolderError(`run folder ${folder}: its lock keeps changing hands; try again`);
  } finally {
    rmSync(mine, { force: true });
  }
}

/** Removes the lock if its process is gone. @throws RunFolderError if it lives. */
function removeIfStale(folder: string, lock: string, mine: string): void {
  const text = readOrNull(lock);
  if (text === null) return;
  const holder = parseHolder(text);
  if (holder !== null && isAlive(holder)) {
    const where = holder.host === hostname() ? '' : ` on ${holder.host}`;
    throw new RunFolderError(
      `run folder ${folder}: in use by process ${String(holder.pid)}${where}; wait for it, or remove ${lock} if it is gone`,
    );
  }
  // Another process may have done the same in between: the renamed file tells whether it was the stale one.
  const aside = `${mine}.stale`;
  try {
    renameSync(lock, aside);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return;
    throw error;
  }
  if (readOrNull(aside) !== text) linkSync(aside, lock);
  rmSync(aside, { force: true });
}

function parseHolder(text: string): Holder | null {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null) return null;
    if (!('pid' in value) || !('host' in value) || !('started' in value)) return null;
    const { pid, host, started } = value;
    if (typeof pid !== 'number' || typeof host !== 'string') return null;
    return { pid, host, started: typeof started === 'string' ? started : null };
  } catch {
    return null;
  }
}

function isAlive(holder: Holder): boolean {
  // A process on another machine cannot be asked; the user has to decide.
  if (holder.host !== hostname()) return true;
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    return hasCode(error, 'EPERM');
  }
  const started = startOf(holder.pid);
  return started === null || holder.started === null || started === holder.started;
}

/** Start time of a process (Linux: field 22 of its stat file); null where it cannot be known. */
function startOf(pid: number): string | null {
  const stat = readOrNull(`/proc/${String(pid)}/stat`);
  // The second field, the command in parentheses, may hold spaces: count from its end.
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
}

function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
