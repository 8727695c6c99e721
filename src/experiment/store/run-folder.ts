/**
 * The folder of one run: config.json, data.json, metrics.jsonl, checkpoint.safetensors and, once it is done,
 * result.json. These plain files are all that is needed to understand the run. Files are replaced atomically
 * (temporary file, fsync, rename), so a run can be continued even if its process is killed at any moment.
 * Described in docs/experiments.md, section "Run folder".
 */
import { existsSync, readdirSync, rmdirSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readInputSync } from '../../files/index.js';
import type { RunSeal } from '../run/checkpoint-note.js';
import { RunFolderError } from '../run/errors.js';
import type { RunStore } from '../run/execute.js';
import { checkRunSchema } from '../run/run-data.js';
import type { MetricsLine } from '../run/metrics.js';
import {
  GrowingFile,
  isTemporary,
  jsonText,
  makeFolder,
  readJson,
  refuseFile,
  shorten,
  writeWhole,
} from './file.js';
import { isLockName, takeLock, type LockOwner } from './lock.js';
import { chainStart, lineDigest, lineText } from './metrics-file.js';
import {
  CHECKPOINT,
  checkFixedFiles,
  CONFIG,
  DATA,
  fixedFiles,
  METRICS,
  readHeader,
  RESULT,
  sealedMetrics,
  type SealedMetrics,
} from './seal.js';

/** The end of the metrics: the number of lines, and the chain's digest after them, null for a run without digests. */
interface Tail {
  readonly lines: number;
  readonly chain: string | null;
}

/** A run folder open for writing: it holds the folder's lock until `close`. */
export class RunFolder implements RunStore {
  readonly path: string;
  readonly checkpointPath: string;
  #metrics: GrowingFile | null = null;
  #tail: Tail;
  #fixed: Record<string, string> | null = null;
  readonly #unlock: () => void;

  private constructor(path: string, unlock: () => void) {
    this.path = path;
    this.#tail = { lines: 0, chain: chainStart(readJson(join(path, CONFIG))) };
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
    const unlock = takeLock(path, owner);
    try {
      for (const name of readdirSync(path)) if (isTemporary(name)) rmSync(join(path, name), { force: true });
      return new RunFolder(path, unlock);
    } catch (error) {
      unlock();
      throw error;
    }
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

  /** Adds a line to metrics.jsonl, bound to the lines before it. */
  appendMetrics(line: MetricsLine): void {
    this.#metrics ??= new GrowingFile(join(this.path, METRICS));
    const { lines, chain } = this.#tail;
    this.#metrics.append(lineText(line, chain));
    this.#tail = { lines: lines + 1, chain: chain === null ? null : lineDigest(line, chain) };
  }

  /** The state of the other files, for the next checkpoint; null for a run of an earlier version. */
  seal(): RunSeal | null {
    const { lines, chain } = this.#tail;
    if (chain === null) return null;
    this.#fixed ??= fixedFiles(this.path);
    return { files: this.#fixed, metrics: { lines, chain } };
  }

  /**
   * Replaces the checkpoint. Metrics reach the disk first, so the lines up to a checkpoint's step are never
   * missing.
   */
  writeCheckpoint(bytes: Uint8Array): void {
    this.#metrics?.sync();
    writeWhole(this.path, CHECKPOINT, bytes);
  }

  /**
   * Cuts metrics.jsonl back to the lines of the checkpoint and returns them. The work after the checkpoint is
   * repeated. Without a seal these are the lines up to and including `step`, and changes of precision up to
   * and including `stage`.
   * @throws RunFolderError if a line that should be kept is damaged, missing or of another run.
   */
  rewindMetrics(step: number, stage = 0, seal: RunSeal | null = null): MetricsLine[] {
    const file = join(this.path, METRICS);
    const epoch = 0;
    if (seal !== null) checkFixedFiles(this.path, seal);
    const hasCheckpoint = seal !== null || step > 0;
    const metrics = sealedMetrics(this.path, hasCheckpoint ? { step, epoch, seal } : null, stage);
    const { lines, ends, chain, isChained, covered } = metrics;
    if (!hasCheckpoint && isChained === true) {
      throw new RunFolderError(
        `${this.checkpointPath}: is missing, but the run has begun to train (${METRICS} has ${lines.length} lines); restore it, or start the run again in another folder`,
      );
    }
    if (existsSync(file)) shorten(file, covered === 0 ? 0 : (ends[covered - 1] ?? 0));
    this.#tail = { lines: covered, chain: hasCheckpoint && seal === null ? null : (chain[covered] ?? null) };
    return lines.slice(0, covered);
  }

  /** Writes result.json, which completes the run. */
  writeResult(result: object): void {
    this.#metrics?.sync();
    const { chain } = this.#tail;
    writeWhole(this.path, RESULT, jsonText({ ...result, ...(chain !== null && { chain }) }));
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
    this.#metrics?.close();
    this.#metrics = null;
    this.#unlock();
  }
}

/** Path of the run's checkpoint, for messages. */
export function checkpointPath(path: string): string {
  return join(path, CHECKPOINT);
}

/** True if the folder holds a run. */
export function isRunFolder(path: string): boolean {
  return existsSync(join(path, CONFIG));
}

/** Bytes of a run's last checkpoint; null before the first. */
export function readCheckpoint(path: string): Uint8Array | null {
  const file = checkpointPath(path);
  return existsSync(file) ? readInputSync(file) : null;
}

/**
 * The metrics of a run that are written so far.
 * @throws RunFolderError naming the line that is damaged, missing or of another run
 */
export function readMetrics(path: string): readonly MetricsLine[] {
  return soundLines(path, sealedMetrics(path, readHeader(path)));
}

/** All lines. @throws RunFolderError if a line after those of the checkpoint is damaged */
export function soundLines(path: string, { lines, damage }: SealedMetrics): readonly MetricsLine[] {
  if (damage === null) return lines;
  throw new RunFolderError(
    `${join(path, METRICS)}: ${damage}; it is newer than the checkpoint, so fewbit train --resume --out ${path} repeats it`,
  );
}

/** The refusal of a folder without a run. */
export function noRun(path: string): RunFolderError {
  if (existsSync(path) && !statSync(path).isDirectory()) {
    const wayOut = `give ${isRunFolder(dirname(path)) ? dirname(path) : 'the folder of a run'}`;
    return new RunFolderError(`run folder ${path}: must be a folder, got a file; ${wayOut}`);
  }
  return new RunFolderError(
    `run folder ${path}: holds no run (no ${CONFIG}); start one with fewbit train --out ${path}`,
  );
}
