/**
 * Reads run folders for summaries: one run in one line, all runs below a folder, the progress of a run. It
 * takes no lock and never reads a checkpoint. Of a running run it sees the current state.
 */
import { closeSync, existsSync, fstatSync, openSync, readdirSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { RunFolderError } from '../run/errors.js';
import { epochLines, intervalLines, trainingTotals, type MetricsLine } from '../run/metrics.js';
import { isRunFolder } from './run-folder.js';
import { METRICS } from './seal.js';
import { lockHolder } from './lock.js';
import { readFailure, readPruned } from './mark.js';
import { readRecord, type RunRecord } from './stored-run.js';
import type { RunState, RunSummary } from '../sweep/run-summary.js';

/** A run folder in one line; an unreadable one is `damaged`, with the reason. */
export function summarizeRun(path: string): RunSummary {
  try {
    const record = readRecord(path);
    return { ...figures(record.metrics), ...marks(path, record), path, configuration: record.configuration };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const problem = error.message;
    return {
      ...figures([]),
      path,
      state: 'damaged',
      configuration: null,
      digest: null,
      pruned: null,
      problem,
    };
  }
}

type Figures = Pick<
  RunSummary,
  'epochs' | 'steps' | 'testErrorPercent' | 'trainErrorPercent' | 'loss' | 'isDiverged' | 'stepsPerSecond'
>;

function figures(lines: readonly MetricsLine[]): Figures {
  const epochs = epochLines(lines);
  const last = epochs.at(-1);
  return {
    epochs: epochs.filter(({ partial }) => !partial).length,
    steps: lines.at(-1)?.step ?? 0,
    testErrorPercent: last?.testErrorPercent ?? null,
    trainErrorPercent: last?.trainErrorPercent ?? null,
    loss: last?.loss ?? null,
    isDiverged: last?.testLoss === null,
    // Of the whole run, as in its result.
    stepsPerSecond: last === undefined ? null : trainingTotals(intervalLines(lines)).stepsPerSecond,
  };
}

function marks(
  path: string,
  { result }: RunRecord,
): Pick<RunSummary, 'state' | 'digest' | 'pruned' | 'problem'> {
  const problem = result === null ? readFailure(path) : null;
  const pruned = result === null ? readPruned(path) : null;
  const state = ((): RunState => {
    if (result !== null) return 'done';
    if (lockHolder(path) !== null) return 'running';
    if (problem !== null) return 'failed';
    return pruned === null ? 'stopped' : 'pruned';
  })();
  return { state, digest: result?.digest ?? null, pruned, problem };
}

const MAX_DEPTH = 6;

/**
 * Paths of the run folders at and below a folder, sorted.
 * @throws RunFolderError if there is no such folder
 */
export function findRuns(folder: string): string[] {
  if (!existsSync(folder)) {
    throw new RunFolderError(
      `runs: expected a folder, got "${folder}", which is not there; name a folder with runs`,
    );
  }
  return runsBelow(folder, MAX_DEPTH);
}

function runsBelow(folder: string, depth: number): string[] {
  if (isRunFolder(folder)) return [folder];
  if (depth === 0) return [];
  const collator = new Intl.Collator('en', { numeric: true });
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !/^[._]|^node_modules$/.test(entry.name))
    .map(({ name }) => name)
    .sort(collator.compare)
    .flatMap((name) => runsBelow(join(folder, name), depth - 1));
}

/** Longer than any line of metrics, which may have a few hundred rounding sites. */
const TAIL_BYTES = 262_144;

/** Steps done, from the end of the metrics; cheap enough to call every second. 0 before the first line. */
export function stepsDone(path: string): number {
  const file = join(path, METRICS);
  if (!existsSync(file)) return 0;
  const handle = openSync(file, 'r');
  try {
    const { size } = fstatSync(handle);
    const bytes = new Uint8Array(Math.min(size, TAIL_BYTES));
    const count = readSync(handle, bytes, 0, bytes.length, size - bytes.length);
    const lines = new TextDecoder().decode(bytes.subarray(0, count)).split('\n');
    // The last piece is empty, or a line that is still being written.
    return Number(/"step":(\d+)/.exec(lines.at(-2) ?? '')?.[1] ?? 0);
  } finally {
    closeSync(handle);
  }
}
