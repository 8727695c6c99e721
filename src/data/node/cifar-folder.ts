/** A folder with CIFAR-10's binary files under their own names, all of them or some; the test file may be absent. */
import { join } from 'node:path';
import { readInput } from '../../files/index.js';
import { cifarDataSet, DataError, type DataSet } from '../index.js';
import { CIFAR10_LABELS } from './cifar10.js';

const TRAIN = /^data_batch_(\d+)\.bin$/;
const TEST = 'test_batch.bin';

/**
 * The CIFAR files among the names of a folder's entries: those of each part, in order; undefined if there is none.
 * @throws DataError for a test file alone.
 */
export function findCifarFiles(folder: string, names: readonly string[]): string[][] | undefined {
  const number = (name: string): number => Number(TRAIN.exec(name)?.[1]);
  const train = names.filter((name) => TRAIN.test(name)).sort((a, b) => number(a) - number(b));
  const hasTest = names.includes(TEST);
  if (train.length > 0) return hasTest ? [train, [TEST]] : [train];
  if (!hasTest) return undefined;
  throw new DataError(`${folder}: ${TEST} needs training files, got none; add data_batch_1.bin ...`);
}

/** Reads the training and, if there, the test part. @throws DataError for a damaged file. */
export async function readCifarFolder(
  folder: string,
  parts: readonly (readonly string[])[],
): Promise<DataSet[]> {
  const read = async (path: string): Promise<{ name: string; bytes: Uint8Array }> => ({
    name: path,
    bytes: await readInput(path),
  });
  return await Promise.all(
    parts.map(async (names) =>
      cifarDataSet(await Promise.all(names.map((name) => read(join(folder, name)))), CIFAR10_LABELS),
    ),
  );
}
