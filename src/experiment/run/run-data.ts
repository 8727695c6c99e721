/**
 * The data of a run: which examples its configuration uses, and whether they are those that the run was begun with. The only
 * place that selects them, for training, evaluation, reports and exports alike.
 */
import { schemaOf, sliceExamples, splitDataSet, type DataSchema, type DataSet } from '../../data/index.js';
import { firstDifference, type RunConfiguration } from './configuration.js';
import { RunFolderError } from './errors.js';

/** Training and test data of a run. */
export interface RunData {
  readonly train: DataSet;
  readonly test: DataSet;
  /** SHA-256 of both. */
  readonly digest: string;
}

/**
 * Checks the data's digest.
 * @throws RunFolderError if the run began with other data.
 */
export function checkRunData(path: string, { dataDigest }: RunConfiguration, { digest }: RunData): void {
  if (dataDigest === undefined || dataDigest === digest) return;
  throw new RunFolderError(
    `run folder ${path}: data must be what the run was begun with (SHA-256 ${dataDigest}), got ${digest}; restore the data, or start another run`,
  );
}

/** What a run's data are, as its checkpoints and its data.json have it. */
export function runSchema({ train, digest }: RunData): DataSchema {
  return { ...schemaOf(train), digest };
}

/**
 * Compares what the data are with what a file of the run has recorded: names of columns and classes have no part in the
 * digest.
 * @throws RunFolderError naming the file and the first difference
 */
export function checkRunSchema(file: string, recorded: unknown, schema: DataSchema): void {
  const difference = firstDifference(recorded, JSON.parse(JSON.stringify(schema)));
  if (!difference) return;
  const { field, recorded: then, given: now } = difference;
  const text = (value: unknown): string => (value === undefined ? 'absent' : JSON.stringify(value));
  throw new RunFolderError(
    `${file}: data must be what the run was begun with, but ${field === '' ? 'the whole' : field} is ${text(then)} there and ${text(now)} in the data; restore the data, or start another run`,
  );
}

/** Held-out examples do not depend on the seed of the network. */
const VALIDATION_SEED = 0;

/**
 * The part of the data that a run uses: all, or the part selected by its configuration.
 * @throws RunFolderError if no training example is left.
 */
export function usedData(
  { subset = {} }: Pick<RunConfiguration, 'subset'>,
  data: Pick<RunData, 'train' | 'test'>,
): Pick<RunData, 'train' | 'test'> {
  const { train, test } = heldOut(data, subset.validation);
  const first = (part: DataSet, count = part.count): DataSet =>
    count < part.count ? sliceExamples(part, 0, count) : part;
  return { train: first(train, subset.train), test: first(test, subset.test) };
}

function heldOut(
  { train, test }: Pick<RunData, 'train' | 'test'>,
  validation: number | undefined,
): Pick<RunData, 'train' | 'test'> {
  if (validation === undefined) return { train, test };
  if (validation >= train.count) {
    throw new RunFolderError(
      `subset: validation must leave some of the ${train.count} training examples, got ${validation}; choose fewer`,
    );
  }
  const [held, rest] = splitDataSet(train, validation / train.count, VALIDATION_SEED);
  return { train: rest, test: held };
}
