/**
 * The folders of runs and sweeps on disk: writing, resuming, locking, reading back. This room needs Node; all
 * other rooms of experiments also run in a browser.
 *
 * @module fewbit/experiment/store
 */
export { jsonText, readJson, writeWhole } from './file.js';
export { checkpointPath, isRunFolder, readMetrics, RunFolder } from './run-folder.js';
export { lockHolder, type LockHolder, type LockOwner } from './lock.js';
export { openStoredRun, readRecord, type RunRecord, type StoredRun } from './stored-run.js';
export { checkEntries, runComparison, type ComparisonContext } from './comparison.js';
export type { ComparisonEntry, ComparisonOutcome, ComparisonRow } from '../run/comparison.js';
export { findRuns, stepsDone, summarizeRun } from './summary.js';
export { markFailure, markPruned, readFailure, readPruned, runLog } from './mark.js';
export {
  checkSweepFolder,
  isSweepFolder,
  readJobs,
  readRungRun,
  readSweep,
  summarizeRuns,
  SweepFolder,
  sweepRunPath,
  writeIndex,
  writeJobs,
  type SlurmJob,
} from './sweep-folder.js';
export { planRemoval, remove, type Removal } from './remove.js';
