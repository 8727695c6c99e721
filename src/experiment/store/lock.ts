/**
 * The lock of a run folder or a sweep folder, which admits one process at a time. A small file names the
 * process. If that process is gone (killed, crashed, or its number reused since), the lock is taken over. The
 * state of a process on another machine is unknown, unless a cluster started it and can report on it.
 */
import { createHash, randomUUID } from 'node:crypto';
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { RunFolderError } from '../run/errors.js';

const LOCK = 'lock';
/** Enough attempts to pass locks that go stale meanwhile; a live lock ends the loop at once. */
const ATTEMPTS = 20;
const PAUSE_MS = 5;

/** The holder of a lock. */
export interface LockHolder {
  readonly pid: number;
  readonly host: string;
  /** When the process started, in the system's own unit; null if the system does not report it. */
  readonly started: string | null;
  /** Number of the cluster's job to which the process belongs. */
  readonly job?: string;
}

/** The owner on whose behalf a lock is taken. */
export interface LockOwner {
  /** Number of the cluster's job that takes it. */
  readonly job?: string;
  /** The term for the folder in errors. Default `run folder`. */
  readonly what?: string;
  /** For the job of a holder on another machine: true if the cluster has ended it. */
  readonly isOver?: (job: string) => boolean;
}

/** True for the name of the lock itself, which its holder removes. */
export function isLock(name: string): boolean {
  return name === LOCK;
}

/** True for the names of files that a lock may leave in a run folder. */
export function isLockName(name: string): boolean {
  return name === LOCK || name.startsWith(`${LOCK}.`);
}

/**
 * The living process that holds the folder's lock, or null. A process on another machine counts as living,
 * unless the owner's cluster reports that its job is over.
 */
export function lockHolder(folder: string, owner: LockOwner = {}): LockHolder | null {
  const holder = parseHolder(readOrNull(join(folder, LOCK)) ?? '');
  return holder !== null && isAlive(holder, owner) ? holder : null;
}

/**
 * Takes the folder's lock and returns the function that releases it.
 * @throws RunFolderError if a living process holds it.
 */
export function takeLock(folder: string, owner: LockOwner = {}): () => void {
  const { job, what = 'run folder' } = owner;
  const lock = join(folder, LOCK);
  const self: LockHolder = {
    pid: process.pid,
    host: hostname(),
    started: startOf(process.pid),
    ...(job === undefined ? {} : { job }),
  };
  const text = JSON.stringify(self) + '\n';
  const mine = `${lock}.${String(process.pid)}-${randomUUID()}`;
  writeFileSync(mine, text);
  try {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const { taken, holder } = acquire(lock, mine, owner);
      if (taken) {
        let isHeld = true;
        return () => {
          if (isHeld && readOrNull(lock) === text) rmSync(lock, { force: true });
          isHeld = false;
        };
      }
      if (holder !== null) {
        const where = holder.host === hostname() ? '' : ` on ${holder.host}`;
        throw new RunFolderError(
          `${what} ${folder}: in use by process ${String(holder.pid)}${where}; wait for it, or remove ${lock} if it is gone`,
        );
      }
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS);
    }
    throw new RunFolderError(
      `${what} ${folder}: its lock keeps changing hands; try again, or remove ${lock}.* if no process uses the folder`,
    );
  } finally {
    rmSync(mine, { force: true });
  }
}

/** Whether a lock file was taken; if not, the living process that has it, or null if it has just changed. */
interface Attempt {
  readonly taken: boolean;
  readonly holder: LockHolder | null;
}

/**
 * Tries to take a lock file. A stale one is removed first, by one process at a time: by the holder of a second
 * lock file, which is named after the contents of the stale one. Only that process removes a lock with these contents,
 * so between its look and its removal nothing changes. The second lock may be stale too, and is taken in the same way.
 */
function acquire(lock: string, mine: string, owner: LockOwner): Attempt {
  if (linked(mine, lock)) return { taken: true, holder: null };
  const text = readOrNull(lock);
  if (text === null) return { taken: false, holder: null };
  const holder = parseHolder(text);
  if (holder !== null && isAlive(holder, owner)) return { taken: false, holder };
  const name = createHash('sha256').update(basename(lock)).update(text).digest('hex');
  const guard = join(dirname(lock), `${LOCK}.stale-${name}`);
  if (!acquire(guard, mine, owner).taken) return { taken: false, holder: null };
  if (readOrNull(lock) === text) rmSync(lock, { force: true });
  rmSync(guard, { force: true });
  return { taken: linked(mine, lock), holder: null };
}

/** A link appears complete or not at all, unlike a file that is opened and then written. */
function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  }
}

function parseHolder(text: string): LockHolder | null {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null) return null;
    if (!('pid' in value) || !('host' in value) || !('started' in value)) return null;
    const { pid, host, started } = value;
    if (typeof pid !== 'number' || typeof host !== 'string') return null;
    const job = 'job' in value && typeof value.job === 'string' ? { job: value.job } : {};
    return { pid, host, started: typeof started === 'string' ? started : null, ...job };
  } catch {
    return null;
  }
}

function isAlive(holder: LockHolder, { isOver }: LockOwner): boolean {
  // The state of a process on another machine is unknown. Without a cluster that knows it, the user has to
  // decide.
  if (holder.host !== hostname()) return holder.job === undefined || isOver?.(holder.job) !== true;
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    return hasCode(error, 'EPERM');
  }
  const started = startOf(holder.pid);
  return started === null || holder.started === null || started === holder.started;
}

/** Start time of a process (Linux: field 22 of its stat file); null if it is unknown. */
function startOf(pid: number): string | null {
  const stat = readOrNull(`/proc/${String(pid)}/stat`);
  // The second field, the command in parentheses, may hold spaces, so fields are counted from its end.
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
