/**
 * The folder of a sweep: sweep.json, a run folder for each run, logs of their processes, and index.json, one
 * object of facts per run. The index is for quick reading. Every decision reads the run folders instead, and
 * the index can be rebuilt from them. Described in docs/experiments.md, section "Sweep folder".
 */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { z } from 'zod';
import { checkEntries } from './comparison.js';
import { ConfigurationError, RunFolderError } from '../run/errors.js';
import type { RungRun } from '../sweep/halving.js';
import { epochLines, testErrorOf, trainErrorOf } from '../run/metrics.js';
import { differingFields } from '../sweep/run-fields.js';
import { jsonText, makeFolder, readJson, refuseFile, writeWhole } from './file.js';
import { isRunFolder } from './run-folder.js';
import { isLockName, takeLock } from './lock.js';
import { readFailure } from './mark.js';
import { findRuns, summarizeRun } from './summary.js';
import { summaryRow, type RunSummary } from '../sweep/run-summary.js';
import { readRecord } from './stored-run.js';
import { parseSweep, type SweepDefinition } from '../sweep/definition.js';
import { expandSweep, type SweepRun } from '../sweep/expansion.js';
import { completeConfiguration } from '../run/configuration.js';

const SWEEP = 'sweep.json';
const INDEX = 'index.json';
const JOBS = 'slurm.json';

/** A sweep's folder open for running: it holds the folder's lock until `close`. */
export class SweepFolder {
  readonly path: string;
  readonly #unlock: () => void;

  private constructor(path: string, unlock: () => void) {
    this.path = path;
    this.#unlock = unlock;
  }

  /**
   * Makes the folder, or opens it if it already holds a sweep, and writes sweep.json. If the points of the
   * sweep have changed since, existing runs stay.
   * @throws RunFolderError if it holds something else, or another run under the name of one of these, or is
   * in use; nothing in it is changed then.
   */
  static open(path: string, definition: SweepDefinition, runs: readonly SweepRun[]): SweepFolder {
    checkSweepFolder(path, runs);
    makeFolder(path);
    const unlock = takeLock(path, { what: 'sweep folder' });
    try {
      writeWhole(path, SWEEP, jsonText(definition));
      return new SweepFolder(path, unlock);
    } catch (error) {
      unlock();
      throw error;
    }
  }

  /** Rewrites index.json from the run folders. */
  writeIndex(): void {
    writeIndex(this.path);
  }

  /** Releases the lock. */
  close(): void {
    this.#unlock();
  }
}

/** Folder of a sweep's run. */
export function sweepRunPath(sweep: string, { name }: Pick<SweepRun, 'name'>): string {
  return join(sweep, name);
}

/**
 * Checks that a sweep may run in the folder.
 * @throws RunFolderError as SweepFolder.open
 */
export function checkSweepFolder(path: string, runs: readonly SweepRun[]): void {
  refuseFile(path);
  if (!existsSync(path)) return;
  const others = readdirSync(path).filter((name) => !isLockName(name) && name !== INDEX);
  if (!isSweepFolder(path) && others.length > 0) {
    throw new RunFolderError(
      `sweep folder ${path}: must be new, empty or a sweep's, but holds ${others.slice(0, 3).join(', ')}; choose another folder with --out`,
    );
  }
  checkEntries(runs.map((run) => ({ ...run, path: sweepRunPath(path, run) })));
}

/** True for the name of a file that a sweep keeps in its folder beside its runs. */
export function isSweepName(name: string): boolean {
  return name === SWEEP || name === INDEX || name === JOBS;
}

/** True if the folder holds a sweep. */
export function isSweepFolder(path: string): boolean {
  return existsSync(join(path, SWEEP));
}

/**
 * The sweep of a folder.
 * @throws RunFolderError if there is none, ConfigurationError for one that breaks a rule
 */
export function readSweep(path: string): SweepDefinition {
  if (!isSweepFolder(path)) throw new RunFolderError(`sweep folder ${path}: holds no sweep (no ${SWEEP})`);
  const source = join(path, SWEEP);
  const { run, ...rest } = parseSweep(readJson(source), source);
  if (typeof run === 'string' || run.data === undefined) {
    throw new ConfigurationError(`${source}: run: expected a complete configuration, got a part of one`);
  }
  return { ...rest, run: completeConfiguration({ ...run, data: run.data }) };
}

/** The input of halving for a run, from its folder. */
export function readRungRun(sweep: string, run: SweepRun, by: 'test' | 'training'): RungRun {
  const path = sweepRunPath(sweep, run);
  const isFailed = readFailure(path) !== null;
  if (!isRunFolder(path)) return { name: run.name, isDone: false, isFailed, errors: [] };
  const { metrics, result } = readRecord(path);
  const errors = epochLines(metrics).map((line) => (by === 'test' ? testErrorOf(line) : trainErrorOf(line)));
  const isDone = result !== null;
  return { name: run.name, isDone, isFailed: isFailed && !isDone, errors };
}

/**
 * All runs at and below a folder, each in one line, including runs of sweeps that have not begun. They are in
 * the order of the sweep, otherwise by name.
 * @throws RunFolderError if there is no such folder
 */
export function summarizeRuns(folder: string): RunSummary[] {
  if (isSweepFolder(folder)) return summarizeSweep(folder);
  if (isRunFolder(folder)) return [summarizeRun(folder)];
  const found = findRuns(folder);
  const sweeps = [...new Set(found.map((path) => join(path, '..')))].filter(isSweepFolder);
  const alone = found.filter((path) => !sweeps.includes(join(path, '..')));
  return [...alone.map(summarizeRun), ...sweeps.flatMap(summarizeSweep)];
}

function summarizeSweep(folder: string): RunSummary[] {
  const { runs } = expandSweep(readSweep(folder), join(folder, SWEEP));
  const planned = runs.map((run) => {
    const path = sweepRunPath(folder, run);
    return isRunFolder(path) ? summarizeRun(path) : notBegun(path, run);
  });
  const paths = new Set(planned.map(({ path }) => path));
  return [
    ...planned,
    ...findRuns(folder)
      .filter((path) => !paths.has(path))
      .map(summarizeRun),
  ];
}

function notBegun(path: string, { configuration }: SweepRun): RunSummary {
  const problem = readFailure(path);
  return {
    path,
    state: problem === null ? 'planned' : 'failed',
    configuration,
    ...{
      epochs: 0,
      steps: 0,
      testErrorPercent: null,
      trainErrorPercent: null,
      loss: null,
      isDiverged: false,
    },
    ...{ stepsPerSecond: null, digest: null, pruned: null },
    problem,
  };
}

/**
 * Rewrites a sweep's index.json from its run folders and returns the number of runs. Paths in the index are
 * relative to it.
 * @throws RunFolderError if the folder holds no sweep
 */
export function writeIndex(sweep: string): number {
  const summaries = summarizeSweep(sweep);
  const fields = differingFields(summaries.flatMap(({ configuration }) => configuration ?? []));
  const rows = summaries.map((summary) => ({
    ...summaryRow(summary, fields),
    run: relative(sweep, summary.path),
  }));
  writeWhole(sweep, INDEX, jsonText(rows));
  return rows.length;
}

/** A job array that a sweep has submitted; task number i is the run `runs[i]`. */
export interface SlurmJob {
  readonly id: string;
  readonly runs: readonly string[];
  /** Tasks of the array at a time; null or absent for no limit. */
  readonly limit?: number | null | undefined;
}

const jobList = z.array(
  z.object({ id: z.string(), runs: z.array(z.string()), limit: z.number().nullable().optional() }),
);

/**
 * The job arrays that the sweep has in a cluster's queue.
 * @throws RunFolderError for a damaged file
 */
export function readJobs(sweep: string): SlurmJob[] {
  const file = join(sweep, JOBS);
  if (!existsSync(file)) return [];
  const parsed = jobList.safeParse(readJson(file));
  if (parsed.success) return parsed.data;
  throw new RunFolderError(`${file}: is damaged; cancel the sweep's jobs with scancel and remove it`);
}

/** Records the job arrays of the sweep; an empty list removes the record. */
export function writeJobs(sweep: string, jobs: readonly SlurmJob[]): void {
  if (jobs.length > 0) writeWhole(sweep, JOBS, jsonText(jobs));
  else rmSync(join(sweep, JOBS), { force: true });
}
