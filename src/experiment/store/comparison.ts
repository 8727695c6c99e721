/**
 * Trains several runs of one network in sequence, for comparison, each in a separate folder below one folder.
 * Completed runs are reused and a stopped run is continued, so a comparison can be restarted at any time.
 */
import { RunFolderError } from '../run/errors.js';
import type { ComparisonEntry, ComparisonOutcome, ComparisonRow } from '../run/comparison.js';
import { executeRun, type RunContext, type RunEvent, type RunResult } from '../run/execute.js';
import { checkRunData } from '../run/run-data.js';
import { isRunFolder, readMetrics, RunFolder } from './run-folder.js';
import { configurationDifference } from '../run/configuration.js';
import { openStoredRun } from './stored-run.js';

/** What a comparison needs from its caller: the needs of a run, with the entry named in every report. */
export interface ComparisonContext extends Omit<RunContext, 'onEvent'> {
  readonly onEvent?: (entry: ComparisonEntry, event: RunEvent) => void;
  /** `reused`: the run was completed earlier and is not repeated. */
  readonly onResult?: (entry: ComparisonEntry, result: RunResult, reused: boolean) => void;
}

/**
 * Runs the rest of every entry, in order.
 * @throws RunFolderError if a folder holds a run of another configuration; this is checked before any run
 * begins.
 */
export async function runComparison(
  entries: readonly ComparisonEntry[],
  context: ComparisonContext,
): Promise<ComparisonOutcome> {
  checkEntries(entries);
  const rows: ComparisonRow[] = [];
  for (const entry of entries) {
    const outcome = await runEntry(entry, context);
    if (typeof outcome === 'number') return { status: 'interrupted', entry, step: outcome };
    rows.push({ ...entry, result: outcome, metrics: readMetrics(entry.path) });
  }
  return { status: 'done', rows };
}

/**
 * Checks folders before anything is fetched or run.
 * @throws RunFolderError if one holds a run of another configuration.
 */
export function checkEntries(entries: readonly ComparisonEntry[]): void {
  for (const entry of entries) checkFolder(entry);
}

/** The run's result, or the step at which it was interrupted. */
async function runEntry(entry: ComparisonEntry, context: ComparisonContext): Promise<RunResult | number> {
  const { path } = entry;
  const begun = isRunFolder(path);
  const folder = begun ? RunFolder.resume(path) : RunFolder.create(path, entry.configuration);
  try {
    const stored = openStoredRun(path);
    if (stored.result) {
      checkRunData(path, stored.configuration, context.data);
      context.onResult?.(entry, stored.result, true);
      return stored.result;
    }
    const { data, now, signal } = context;
    const outcome = await executeRun(folder, stored.configuration, stored.checkpoint, {
      data,
      now,
      ...(signal === undefined ? {} : { signal }),
      onEvent: (event) => context.onEvent?.(entry, event),
    });
    if (outcome.status === 'interrupted') return outcome.step;
    context.onResult?.(entry, outcome.result, false);
    return outcome.result;
  } finally {
    folder.close();
  }
}

function checkFolder({ path, configuration }: ComparisonEntry): void {
  if (!isRunFolder(path)) return;
  const difference = configurationDifference(openStoredRun(path).configuration, configuration);
  if (difference === null) return;
  const text = (value: unknown): string => (value === undefined ? 'absent' : JSON.stringify(value));
  throw new RunFolderError(
    `run folder ${path}: holds another run, ${difference.field} is ${text(difference.recorded)} there and ${text(difference.given)} here; choose another folder with --out`,
  );
}
