/**
 * The parts of a run folder belong together: config.json, metrics.jsonl, the checkpoint. The checkpoint records the
 * others in its seal, because one file is replaced atomically and two are not. Every reader of a folder checks the
 * seal here. Argued in docs/experiments.md, section "A run folder is one whole".
 */
import { closeSync, existsSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { readInputSync } from '../../files/index.js';
import { isFewbitError } from '../../numerics/index.js';
import { checkpointChecksum, readCheckpointHeader, type CheckpointHeader } from '../../train/index.js';
import { readNote, type RunSeal } from '../run/checkpoint-note.js';
import { RunFolderError } from '../run/errors.js';
import type { MetricsLine } from '../run/metrics.js';
import { readJson } from './file.js';
import { chainStart, parseMetrics, sha256, type MetricsFile } from './metrics-file.js';

/** Names of the files of a run. */
export const CONFIG = 'config.json';
export const DATA = 'data.json';
export const METRICS = 'metrics.jsonl';
export const CHECKPOINT = 'checkpoint.safetensors';
export const RESULT = 'result.json';
/** The files that a run writes when it begins, and never again. */
const FIXED = [CONFIG, DATA];

const AGAIN = 'start the run again in another folder';

/** SHA-256 by name of the files that never change, as they are. */
export function fixedFiles(path: string): Record<string, string> {
  const there = FIXED.filter((name) => existsSync(join(path, name)));
  return Object.fromEntries(there.map((name) => [name, sha256(readInputSync(join(path, name)))]));
}

/**
 * Checks the files that never change.
 * @throws RunFolderError naming the file that is not what the seal records
 */
export function checkFixedFiles(path: string, { files }: RunSeal): void {
  const found = fixedFiles(path);
  for (const name of new Set([...Object.keys(files), ...Object.keys(found)])) {
    const [recorded, actual] = [files[name] ?? 'nothing', found[name] ?? 'nothing'];
    if (recorded === actual) continue;
    throw new RunFolderError(
      `${join(path, name)}: is not what ${CHECKPOINT} was written with (SHA-256 ${recorded}), got ${actual}; restore the file of the two that was changed, or ${AGAIN}`,
    );
  }
}

/** What a run's checkpoint records of itself and of the other files; of a run of an earlier version the seal is null. */
export interface SealedHeader extends CheckpointHeader {
  readonly seal: RunSeal | null;
}

/** The header of the run's checkpoint; null before the first. @throws RunFolderError if it is damaged */
export function readHeader(path: string): SealedHeader | null {
  const file = join(path, CHECKPOINT);
  if (!existsSync(file)) return null;
  const handle = openSync(file, 'r');
  try {
    const front = new Uint8Array(8);
    readSync(handle, front);
    const length = Number(new DataView(front.buffer).getBigUint64(0, true));
    // A length beyond that of real headers is damage, which the parser finds in the front alone.
    const bytes = new Uint8Array(8 + Math.min(length, MAX_HEADER_BYTES));
    const count = readSync(handle, bytes, 0, bytes.length, 0);
    return headerOf(path, bytes.subarray(0, count));
  } finally {
    closeSync(handle);
  }
}

const MAX_HEADER_BYTES = 16 * 1024 * 1024;

/** The header of a checkpoint's bytes. @throws RunFolderError if it is damaged */
export function headerOf(path: string, bytes: Uint8Array): SealedHeader {
  const header = named(path, () => readCheckpointHeader(bytes));
  const note = readNote(header.run);
  if (header.run !== null && note === null) {
    throw new RunFolderError(
      `${join(path, CHECKPOINT)}: is not of a run of this version; read it with the release that wrote it`,
    );
  }
  return { ...header, seal: note?.seal ?? null };
}

/** @throws RunFolderError if a bit of the checkpoint has changed */
export function checkCheckpoint(path: string, bytes: Uint8Array): void {
  const { recorded, parts } = named(path, () => checkpointChecksum(bytes));
  const actual = sha256(...parts);
  if (actual === recorded) return;
  throw new RunFolderError(
    `${join(path, CHECKPOINT)}: SHA-256 of the file must be ${recorded}, got ${actual}; restore the file, or ${AGAIN}`,
  );
}

function named<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!isFewbitError(error)) throw error;
    throw new RunFolderError(`${join(path, CHECKPOINT)}: ${error.message}`, { cause: error });
  }
}

/** The metrics of a run, and how many of its lines belong to its checkpoint. */
export interface SealedMetrics extends MetricsFile {
  readonly covered: number;
}

/**
 * Reads metrics.jsonl and checks the lines that belong to the checkpoint.
 * @param header of the checkpoint; null without one
 * @param stage stage of precision in the checkpoint of a run of an earlier version
 * @throws RunFolderError naming the line that is damaged, missing or of another run
 */
export function sealedMetrics(
  path: string,
  header: Pick<SealedHeader, 'step' | 'epoch' | 'seal'> | null,
  stage = Infinity,
): SealedMetrics {
  const file = join(path, METRICS);
  const bytes = existsSync(file) ? readInputSync(file) : new Uint8Array();
  const start = chainStart(existsSync(join(path, CONFIG)) ? readJson(join(path, CONFIG)) : null);
  const seal = header?.seal ?? null;
  if (seal !== null) {
    const { lines: covered, chain } = seal.metrics;
    const metrics = parseMetrics(bytes, file, start, (before) => before.length >= covered);
    if (metrics.chain[covered] !== chain || metrics.isChained === false) {
      const problem = !existsSync(file)
        ? `is missing, but ${CHECKPOINT} was written after line ${covered}`
        : metrics.lines.length < covered
          ? `has ${metrics.lines.length} lines, but ${CHECKPOINT} was written after line ${covered}`
          : `its first ${covered} lines are not those with which ${CHECKPOINT} was written`;
      throw new RunFolderError(
        `${file}: ${problem}; restore the file of the two that was changed, or ${AGAIN}`,
      );
    }
    return { ...metrics, covered };
  }
  const step = header?.step ?? 0;
  const metrics = parseMetrics(bytes, file, start, (before) => before.at(-1)?.step === step);
  const { lines, isChained } = metrics;
  if (header !== null && isChained === true) {
    throw new RunFolderError(
      `${join(path, CHECKPOINT)}: does not belong to ${METRICS}, whose lines have digests; restore the checkpoint, or ${AGAIN}`,
    );
  }
  // A stage begins between two steps, so the checkpoint of a step may precede the stage or follow it.
  const isLater = (line: MetricsLine): boolean =>
    line.step > step || (line.event === 'precision' && line.stage > stage);
  const later = lines.findIndex(isLater);
  const kept = later < 0 ? lines : lines.slice(0, later);
  const epochs = kept.filter((line) => line.event === 'epoch' && !line.partial).length;
  const end = kept.at(-1)?.step ?? 0;
  if (header !== null && (end !== step || epochs < header.epoch)) {
    throw new RunFolderError(
      `${file}: ${existsSync(file) ? 'has' : 'is missing, so it has'} ${epochs} epochs and ends at step ${end}, but ${CHECKPOINT} is of epoch ${header.epoch} and step ${step}; restore the file, or ${AGAIN}`,
    );
  }
  return { ...metrics, covered: kept.length };
}

/** What could not be checked in a folder of an earlier version; null if everything was. */
export function uncheckedText(
  path: string,
  header: SealedHeader | null,
  { isChained }: MetricsFile,
): string | null {
  if (header === null ? isChained !== false : header.seal !== null) return null;
  return `run folder ${path}: an earlier version began this run, so it could not be checked that ${CONFIG}, ${METRICS} and ${CHECKPOINT} are unchanged and belong together`;
}
