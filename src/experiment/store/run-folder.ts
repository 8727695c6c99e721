/**
 * The folder of one run: config.json, data.json, metrics.jsonl, checkpoint.safetensors and, once it is done,
 * result.json. These plain files are all that is needed to understand the run. Files are replaced atomically
 * (temporary file, fsync, rename), so a run can be continued even if its process is killed at any moment.
 * Described in docs/experiments.md, section "Run folder".
 */
import { randomUUID } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { RunFolderError } from '../run/errors.js';
import type { RunStore } from '../run/execute.js';
import { checkRunSchema } from '../run/run-data.js';
import type { MetricsLine } from '../run/metrics.js';
import { isLockName, takeLock, type LockOwner } from './lock.js';

const CONFIG = 'config.json';
const DATA = 'data.json';
/** Name of the file of metrics. */
export const METRICS = 'metrics.jsonl';
const CHECKPOINT = 'checkpoint.safetensors';
const RESULT = 'result.json';
const TEMPORARY = '.tmp-';

/** A run folder open for writing: it holds the folder's lock until `close`. */
export class RunFolder implements RunStore {
  readonly path: string;
  readonly checkpointPath: string;
  #metrics: number | null = null;
  readonly #unlock: () => void;

  private constructor(path: string, unlock: () => void) {
    this.path = path;
    this.checkpointPath = checkpointPath(path);
    this.#unlock = unlock;
  }

  /**
   * Makes the folder of a new run and writes its config.json.
   * @throws RunFolderError if the folder already holds a run or other files; nothing in it is changed then.
   */
  static create(path: string, configuration: unknown, owner?: LockOwner): RunFolder {
    refuseFile(path);
    makeFolder(path);
    const unlock = takeLock(path, owner);
    try {
      if (existsSync(join(path, CONFIG))) {
        throw new RunFolderError(
          `run folder ${path}: holds a run already; continue it with --resume, or choose another folder with --out`,
        );
      }
      const others = readdirSync(path).filter((name) => !isLockName(name) && !isTemporary(name));
      if (others.length > 0) {
        throw new RunFolderError(
          `run folder ${path}: must be new or empty, but holds ${others.slice(0, 3).join(', ')}; choose another folder with --out`,
        );
      }
      writeWhole(path, CONFIG, jsonText(configuration));
      return new RunFolder(path, unlock);
    } catch (error) {
      unlock();
      throw error;
    }
  }

  /**
   * Opens the folder of a run that was begun.
   * @throws RunFolderError if there is no run or another process uses it.
   */
  static resume(path: string, owner?: LockOwner): RunFolder {
    if (!existsSync(join(path, CONFIG))) throw noRun(path);
    const folder = new RunFolder(path, takeLock(path, owner));
    for (const name of readdirSync(path)) if (isTemporary(name)) rmSync(join(path, name), { force: true });
    return folder;
  }

  /**
   * Writes data.json, what the run's data are, unless it is there.
   * @throws RunFolderError if it is there and has other data
   */
  recordData(schema: Parameters<RunStore['recordData']>[0]): void {
    const file = join(this.path, DATA);
    if (existsSync(file)) checkRunSchema(file, readJson(file), schema);
    else writeWhole(this.path, DATA, jsonText(schema));
  }

  /** Adds a line to metrics.jsonl. */
  appendMetrics(line: MetricsLine): void {
    this.#metrics ??= openSync(join(this.path, METRICS), 'a');
    writeSync(this.#metrics, JSON.stringify(line) + '\n');
  }

  /**
   * Replaces the checkpoint. Metrics reach the disk first, so the lines up to a checkpoint's step are never
   * missing.
   */
  writeCheckpoint(bytes: Uint8Array): void {
    if (this.#metrics !== null) fsyncSync(this.#metrics);
    writeWhole(this.path, CHECKPOINT, bytes);
  }

  /**
   * Cuts metrics.jsonl back to the lines up to and including `step`, and to changes of precision up to and
   * including `stage`, and returns them. The work after the checkpoint is repeated.
   * @throws RunFolderError if a line that should be kept is damaged.
   */
  rewindMetrics(step: number, stage = 0): MetricsLine[] {
    const file = join(this.path, METRICS);
    if (!existsSync(file)) return [];
    const { lines, sizeBytes } = parseMetrics(readFileSync(file), file, step, stage);
    const handle = openSync(file, 'r+');
    try {
      ftruncateSync(handle, sizeBytes);
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    return lines;
  }

  /** Writes result.json, which completes the run. */
  writeResult(result: unknown): void {
    if (this.#metrics !== null) fsyncSync(this.#metrics);
    writeWhole(this.path, RESULT, jsonText(result));
  }

  /** Releases the lock and undoes `create` for a run that could not begin: the folder is again as it was. */
  discard(): void {
    this.close();
    if (existsSync(join(this.path, METRICS)) || existsSync(join(this.path, CHECKPOINT))) return;
    for (const name of [DATA, CONFIG]) rmSync(join(this.path, name), { force: true });
    if (readdirSync(this.path).length === 0) rmdirSync(this.path);
  }

  /** Releases the lock. */
  close(): void {
    if (this.#metrics !== null) closeSync(this.#metrics);
    this.#metrics = null;
    this.#unlock();
  }
}

/** The record of a run in its folder, for readers; takes no lock. */
export interface RunFiles {
  /** Contents of config.json, unchecked. */
  readonly configuration: unknown;
  /** Contents of result.json, unchecked; null while the run is not done. */
  readonly result: unknown;
}

/** Path of the run's checkpoint, for messages. */
export function checkpointPath(path: string): string {
  return join(path, CHECKPOINT);
}

/** True if the folder holds a run. */
export function isRunFolder(path: string): boolean {
  return existsSync(join(path, CONFIG));
}

/**
 * Reads a run folder except for its checkpoint, which may be large.
 * @throws RunFolderError if it holds no run or one of its files is not JSON.
 */
export function readRun(path: string): RunFiles {
  if (!isRunFolder(path)) throw noRun(path);
  const result = join(path, RESULT);
  return {
    configuration: readJson(join(path, CONFIG)),
    result: existsSync(result) ? readJson(result) : null,
  };
}

/** Bytes of a run's last checkpoint; null before the first. */
export function readCheckpoint(path: string): Uint8Array | null {
  const file = checkpointPath(path);
  return existsSync(file) ? readFileSync(file) : null;
}

/** The metrics of a run that are written so far. */
export function readMetrics(path: string): MetricsLine[] {
  const file = join(path, METRICS);
  return existsSync(file) ? parseMetrics(readFileSync(file), file, Infinity, Infinity).lines : [];
}

/**
 * Lines up to `step` and `stage`, and the number of bytes that they take; omits a last line cut short by a
 * crash.
 */
function parseMetrics(
  bytes: Uint8Array,
  file: string,
  step: number,
  stage: number,
): { lines: MetricsLine[]; sizeBytes: number } {
  const lines: MetricsLine[] = [];
  let start = 0;
  for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
    const line = parseLine(bytes.subarray(start, end));
    if (line === null) {
      // After a loss of power, anything may follow the lines of the checkpoint, but none of these lines may
      // be missing.
      if (lines.at(-1)?.step === step) break;
      throw new RunFolderError(
        `${file}: line ${String(lines.length + 1)} is no metrics line; restore the file, or start the run again in another folder`,
      );
    }
    // A stage begins between two steps, so the checkpoint of a step may precede the stage or follow it.
    if (line.step > step || (line.event === 'precision' && line.stage > stage)) break;
    lines.push(line);
    start = end + 1;
  }
  return { lines, sizeBytes: start };
}

function parseLine(bytes: Uint8Array): MetricsLine | null {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return isMetricsLine(value) ? value : null;
  } catch {
    return null;
  }
}

/** This check is enough to detect a damaged file, because only this program writes the lines. */
function isMetricsLine(value: unknown): value is MetricsLine {
  return (
    typeof value === 'object' &&
    value !== null &&
    'event' in value &&
    (value.event === 'interval' || value.event === 'epoch' || value.event === 'precision') &&
    'step' in value &&
    typeof value.step === 'number'
  );
}

/**
 * Contents of a JSON file.
 * @throws RunFolderError if it is not JSON
 */
export function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new RunFolderError(`${file}: is not JSON (${error.message})`);
  }
}

/** JSON in the form of the files of a folder. */
export function jsonText(value: unknown): string {
  return JSON.stringify(value, null, 2) + '\n';
}

/** Writes a file atomically: even after a loss of power, it has either its new or its old contents. */
export function writeWhole(folder: string, name: string, contents: string | Uint8Array): void {
  const temporary = join(folder, `${name}${TEMPORARY}${randomUUID()}`);
  const bytes = typeof contents === 'string' ? new TextEncoder().encode(contents) : contents;
  const handle = openSync(temporary, 'wx');
  try {
    try {
      for (let at = 0; at < bytes.length;) at += writeSync(handle, bytes, at);
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    renameSync(temporary, join(folder, name));
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  syncFolder(folder);
}

/** Makes a rename durable. Windows cannot open folders, but its renames are durable anyway. */
function syncFolder(folder: string): void {
  if (process.platform === 'win32') return;
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

function isTemporary(name: string): boolean {
  return name.includes(TEMPORARY);
}

/** A clearer message than ENOTDIR or EEXIST if the path, or a part of it, is a file. */
export function refuseFile(path: string): void {
  let part = path;
  while (!existsSync(part) && dirname(part) !== part) part = dirname(part);
  if (existsSync(part) && !statSync(part).isDirectory()) {
    throw new RunFolderError(`run folder ${path}: ${part} is not a folder; choose another folder with --out`);
  }
}

/**
 * Makes a folder and those above it. Node's own recursive option never ends if the system reports that the
 * new folder does not exist (below /proc, for example).
 */
export function makeFolder(path: string): void {
  if (existsSync(path)) return;
  if (dirname(path) !== path) makeFolder(dirname(path));
  try {
    mkdirSync(path);
  } catch (error) {
    // Another process made it first.
    if (!existsSync(path)) throw error;
  }
}

function noRun(path: string): RunFolderError {
  return new RunFolderError(
    `run folder ${path}: holds no run (no ${CONFIG}); start one with fewbit train --out ${path}`,
  );
}
