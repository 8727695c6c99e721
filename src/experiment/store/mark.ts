/**
 * Notes that a sweep makes about a run beside the run's own files: it was pruned (pruned.json in the run
 * folder), or it failed (in the sweep's folder of logs, because a run that cannot begin has no folder). Marks
 * inform: no decision depends on a mark of pruning, and the next start of the sweep tries a failed run again.
 */
import { existsSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import type { Pruned } from '../sweep/halving.js';
import { jsonText, makeFolder, readJson, writeWhole } from './file.js';

const PRUNED = 'pruned.json';
/** Cannot be the name of a run, because folder names of runs begin with a letter or a digit. */
export const LOGS = '_log';

const pruned = z.object({
  kind: z.literal('pruned'),
  epochs: z.int(),
  errorPercent: z.number().nullable(),
  place: z.int(),
  runs: z.int(),
  kept: z.int(),
}) satisfies z.ZodType<Pruned>;
const failure = z.object({ problem: z.string() });

/** True for the name of a mark in a run's folder. */
export function isMarkName(name: string): boolean {
  return name === PRUNED;
}

/** The log file for the output of a run's processes. */
export function runLog(run: string): string {
  return join(dirname(run), LOGS, `${basename(run)}.log`);
}

function failureFile(run: string): { folder: string; name: string } {
  return { folder: join(dirname(run), LOGS), name: `${basename(run)}.failed.json` };
}

/** Why the run was pruned; null if it was not. */
export function readPruned(run: string): Pruned | null {
  const file = join(run, PRUNED);
  return existsSync(file) ? (pruned.safeParse(readJson(file)).data ?? null) : null;
}

/** Marks the run as pruned, or removes the mark. Returns whether that changed anything. */
export function markPruned(run: string, mark: Pruned | null): boolean {
  const before = readPruned(run);
  if (JSON.stringify(before) === JSON.stringify(mark)) return false;
  if (mark !== null) writeWhole(run, PRUNED, jsonText(mark));
  else rmSync(join(run, PRUNED), { force: true });
  return true;
}

/** Why the run failed when it was last tried; null if it did not. */
export function readFailure(run: string): string | null {
  const { folder, name } = failureFile(run);
  const file = join(folder, name);
  return existsSync(file) ? (failure.safeParse(readJson(file)).data?.problem ?? 'unknown') : null;
}

/** Marks the run as failed, or removes the mark. */
export function markFailure(run: string, problem: string | null): void {
  const { folder, name } = failureFile(run);
  if (problem === null) {
    rmSync(join(folder, name), { force: true });
    return;
  }
  makeFolder(folder);
  writeWhole(folder, name, jsonText({ problem }));
}
