/** A run read back from its folder and checked, for resuming, evaluating, comparing, or only looking. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { ConfigurationError, RunFolderError } from '../run/errors.js';
import { resultOf, type RunResult } from '../run/execute.js';
import type { MetricsLine } from '../run/metrics.js';
import { readJson } from './file.js';
import { checkpointPath, isRunFolder, noRun, readCheckpoint, soundLines } from './run-folder.js';
import {
  checkCheckpoint,
  checkFixedFiles,
  CONFIG,
  headerOf,
  METRICS,
  readHeader,
  RESULT,
  sealedMetrics,
  uncheckedText,
  type SealedHeader,
} from './seal.js';
import { parseRunConfiguration } from '../run/schema.js';
import { completeConfiguration, type RunConfiguration } from '../run/configuration.js';

/** The record of a run in its folder, checked. */
export interface RunRecord {
  readonly path: string;
  readonly configuration: RunConfiguration;
  /** All lines of metrics.jsonl. */
  readonly metrics: readonly MetricsLine[];
  /**
   * The chain's digest after the last line, which stands for the whole training so far; null without lines and
   * for a run of an earlier version.
   */
  readonly chain: string | null;
  /** null while the run is not done. */
  readonly result: RunResult | null;
  /** What could not be checked, in a sentence, because an earlier version wrote the folder; null if nothing. */
  readonly unchecked: string | null;
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
  /** The chain's digest after the last line of metrics; absent in results of earlier versions. */
  chain: z.string().optional(),
});

/**
 * Reads the run in a folder, with every file checked against the others.
 * @throws RunFolderError if there is no run, or a file is damaged, missing or of another run;
 * ConfigurationError for a config.json that breaks a rule.
 */
export function openStoredRun(path: string): StoredRun {
  // In the order opposite to writing: what another process writes meanwhile only adds to what was read.
  const result = readResult(path);
  const checkpoint = readCheckpoint(path);
  if (checkpoint !== null) checkCheckpoint(path, checkpoint);
  return { ...record(path, result, checkpoint && headerOf(path, checkpoint)), checkpoint };
}

/**
 * The run in a folder without the tensors of its checkpoint, for readers.
 * @throws as openStoredRun
 */
export function readRecord(path: string): RunRecord {
  const result = readResult(path);
  return record(path, result, readHeader(path));
}

function readResult(path: string): unknown {
  if (!isRunFolder(path)) throw noRun(path);
  const file = join(path, RESULT);
  return existsSync(file) ? readJson(file) : null;
}

function record(path: string, found: unknown, header: SealedHeader | null): RunRecord {
  const configuration = readConfiguration(path);
  if (header?.seal) checkFixedFiles(path, header.seal);
  else if (header !== null && header.batch !== null && header.batch !== configuration.batch) {
    throw new RunFolderError(
      `${checkpointPath(path)}: is of batches of ${header.batch} examples, but ${CONFIG} has ${configuration.batch}; restore the file of the two that was changed, or start the run again in another folder`,
    );
  }
  const file = sealedMetrics(path, header);
  const metrics = soundLines(path, file);
  if (found !== null && header !== null && file.covered < metrics.length) {
    throw new RunFolderError(
      `${checkpointPath(path)}: is older than ${RESULT}; restore it, or remove ${RESULT} and continue the run with --resume`,
    );
  }
  const chain = file.isChained === true ? (file.chain.at(-1) ?? null) : null;
  return {
    path,
    configuration,
    metrics,
    chain,
    result: found === null ? null : checkedResult(join(path, RESULT), found, metrics, chain),
    unchecked: uncheckedText(path, header, file),
  };
}

/**
 * The configuration in a folder.
 * @throws RunFolderError if it is not JSON, ConfigurationError if it breaks a rule
 */
export function readConfiguration(path: string): RunConfiguration {
  const source = join(path, CONFIG);
  const { data, ...configuration } = parseRunConfiguration(readJson(source), source);
  if (data === undefined)
    throw new ConfigurationError(`${source}: data: expected a name or a path, got nothing`);
  return completeConfiguration({ ...configuration, data });
}

/** A result follows from the metrics, so it is derived once more and compared. */
function checkedResult(
  file: string,
  found: unknown,
  metrics: readonly MetricsLine[],
  chain: string | null,
): RunResult {
  const refused = (problem: string): RunFolderError =>
    new RunFolderError(
      `${file}: ${problem}; remove it and continue the run with --resume, which writes it again`,
    );
  const parsed = result.safeParse(found);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw refused(`is damaged (${issue?.path.map(String).join('.') ?? ''}: ${issue?.message ?? 'invalid'})`);
  }
  const { chain: recorded, ...value } = parsed.data;
  const last = metrics.at(-1);
  if (last === undefined || recorded !== (chain ?? undefined)) {
    throw refused(`is not the result of the lines in ${METRICS}`);
  }
  const derived = resultOf(metrics, {
    // Lines of earlier versions do not have it.
    digest: last.event === 'precision' ? value.digest : (last.weights ?? value.digest),
    step: last.step,
    epoch: metrics.filter((line) => line.event === 'epoch' && !line.partial).length,
    parameters: value.swallowed.map(({ parameter }) => parameter),
  });
  const difference = Object.keys(value).find(
    (field) => !isPart(value[field as keyof RunResult], derived[field as keyof RunResult]),
  );
  if (difference === undefined) return value;
  throw refused(`${difference} is not that of the lines in ${METRICS}`);
}

/** True if everything in a JSON value is in the other one too; a later version may have more fields. */
function isPart(part: unknown, whole: unknown): boolean {
  if (typeof part !== 'object' || part === null) return Object.is(part, whole);
  if (typeof whole !== 'object' || whole === null) return false;
  if (Array.isArray(part) && part.length !== (whole as unknown[]).length) return false;
  return Object.entries(part).every(([key, value]) => isPart(value, (whole as Record<string, unknown>)[key]));
}
