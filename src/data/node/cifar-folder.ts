/** A folder with CIFAR-10's binary files under their own names, all of them or some; the test file may be absent. */
import { join } from 'node:path';
import { readInput } from '../../files/index.js';
import { cifarDataSet, DataError, type DataSet } from '../index.js';
import type { NoteBook } from '../readers.js';
import { CIFAR10_LABELS } from './cifar10.js';
import { noteUnused, type Listing } from './folder.js';

const TRAIN = /^data_batch_(\d+)\.bin$/;
const TEST = 'test_batch.bin';
/** What else the archive of CIFAR-10 holds. */
const COMPANIONS = ['batches.meta.txt', 'readme.html'];
const PICKLE = /^(?:data_batch_\d+|test_batch)$/;

/**
 * The CIFAR files among the entries of a folder: those of each part, in order; undefined if there is none. Notes what it
 * leaves out. With `testAlone` a folder may have the test file alone.
 * @throws DataError for a test file alone, for the files of the Python version, and for folders of such names alone.
 */
export function findCifarFiles(
  folder: string,
  listing: Listing,
  book: NoteBook,
  testAlone = false,
): string[][] | undefined {
  const names = listing.files;
  const number = (name: string): number => Number(TRAIN.exec(name)?.[1]);
  const train = names.filter((name) => TRAIN.test(name)).sort((a, b) => number(a) - number(b));
  const hasTest = names.includes(TEST);
  if (train.length > 0) {
    noteUnused(folder, listing, [...train, TEST, ...COMPANIONS], 'the CIFAR files', book);
    return hasTest ? [train, [TEST]] : [train];
  }
  if (!hasTest) {
    const inner = listing.folders.find((name) => TRAIN.test(name));
    if (inner !== undefined) {
      throw new DataError(
        `${join(folder, inner)}: CIFAR data must be a file, got a folder; move the file in it up into ${folder}`,
      );
    }
    const pickle = names.find((name) => PICKLE.test(name));
    if (pickle === undefined) return undefined;
    throw new DataError(
      `${join(folder, pickle)}: the Python version of CIFAR is not read; fetch the binary version (data_batch_1.bin ...)`,
    );
  }
  if (testAlone) {
    noteUnused(folder, listing, [TEST, ...COMPANIONS], 'the CIFAR files', book);
    return [[TEST]];
  }
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
