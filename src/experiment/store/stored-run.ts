/** A run read back from its folder and checked, for resuming, evaluating, comparing, or only looking. */
import { z } from 'zod';
import { ConfigurationError, RunFolderError } from '../run/errors.js';
import type { RunResult } from '../run/execute.js';
import { readCheckpoint, readRun } from './run-folder.js';
import { parseRunConfiguration } from '../run/schema.js';
import { completeConfiguration, type RunConfiguration } from '../run/configuration.js';

/** The record of a run in its folder, checked. */
export interface RunRecord {
  readonly path: string;
  readonly configuration: RunConfiguration;
  /** null while the run is not done. */
  readonly result: RunResult | null;
}

/** The contents of a run folder, checked. */
export interface StoredRun extends RunRecord {
  readonly checkpoint: Uint8Array | null;
}

const percent = z.number().min(0).max(100);
const result = z.object({
  digest: z.string(),
  testErrorPercent: percent,
  testLoss: z.number().nullable(),
  trainErrorPercent: percent,
  loss: z.number().nullable(),
  steps: z.int(),
  epochs: z.int(),
  stepsPerSecond: z.number(),
  swallowed: z.array(
    z.object({ parameter: z.string(), swallowed: z.int(), elements: z.int(), rate: z.number() }),
  ),
  // Absent in runs of versions that did not count it.
  lost: z
    .array(
      z.object({
        ...{ parameter: z.string(), flushed: z.int(), swallowed: z.int() },
        ...{ gradients: z.int(), elements: z.int(), rate: z.number().nullable() },
      }),
    )
    .default([]),
}) satisfies z.ZodType<RunResult>;

/**
 * Reads the run in a folder.
 * @throws RunFolderError if there is no run or its files are damaged, ConfigurationError for a config.json
 * that breaks a rule.
 */
export function openStoredRun(path: string): StoredRun {
  return { ...readRecord(path), checkpoint: readCheckpoint(path) };
}

/**
 * The run in a folder without its checkpoint, for readers.
 * @throws as openStoredRun
 */
export function readRecord(path: string): RunRecord {
  const files = readRun(path);
  const source = `${path}/config.json`;
  const { data, ...configuration } = parseRunConfiguration(files.configuration, source);
  if (data === undefined)
    throw new ConfigurationError(`${source}: data: expected a name or a path, got nothing`);
  const parsed = files.result === null ? null : result.safeParse(files.result);
  if (parsed?.success === false) {
    throw new RunFolderError(`${path}/result.json: is damaged; remove it and continue the run with --resume`);
  }
  return {
    path,
    configuration: completeConfiguration({ ...configuration, data }),
    result: parsed?.data ?? null,
  };
}
