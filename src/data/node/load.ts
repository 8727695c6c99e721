/**
 * Data by one word: `mnist`, `cifar10`, `synthetic`, or a path to own data (IDX or CIFAR files, a folder of images per class, CSV).
 * Names go before paths: write `./mnist` for a folder of that name.
 */
import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { FileError, readInput } from '../../files/index.js';
import type { Seed } from '../../numerics/index.js';
import {
  csvDataSets,
  type CsvOptions,
  DataError,
  type DataSet,
  NormalizerMinMaxScaler,
  NormalizerStandardize,
  type NormalizerState,
  parseCsv,
  splitDataSet,
  synthetic,
} from '../index.js';
import { isRefusal, reasonOf } from './reason.js';
import { dataDigest } from './digest.js';
import { findCifarFiles, readCifarFolder } from './cifar-folder.js';
import { findIdxFiles, readIdxFolder } from './idx-folder.js';
import { holdsClassFolders, readImageFolders } from './image-folder.js';
import { NAMED_SETS } from './named.js';
import { ensureNamedSet, readNamedSet, type FetchOptions } from './named-set.js';

/** How data is loaded; most of it matters to one kind of source only. */
export interface LoadOptions extends FetchOptions {
  /** Seed of the synthetic set and of the split of data without a test part. */
  readonly seed: Seed;
  /** Part of the examples held back where the data has no test part. Default 0.2. */
  readonly testFraction?: number;
  readonly csv?: Omit<CsvOptions, 'name'>;
  /** Fitted on the training part, applied to both. Default: `standardize` for CSV, `none` for images. */
  readonly normalize?: 'none' | 'standardize' | 'minmax';
}

/** A training and a test part, and what they are. */
export interface LoadedData {
  readonly train: DataSet;
  readonly test: DataSet;
  /** Short, for tables: the set's name, or the last part of the path. */
  readonly name: string;
  /** Where it came from and what was done to it, in words. */
  readonly source: string;
  /** SHA-256 of what is handed out; see dataDigest. */
  readonly digest: string;
  /** The statistics applied, to treat further data alike (applyNormalizer). */
  readonly normalizer?: NormalizerState;
}

/** Words that stand for data, and not for a path. */
export const DATA_NAMES: readonly string[] = [...NAMED_SETS.map(({ name }) => name), 'synthetic'];

/** Training data, test data if the source has any, and what the source was. */
interface Found {
  readonly parts: readonly DataSet[];
  readonly source: string;
  readonly isTable?: boolean;
}

/**
 * Loads data by name or path. @throws DataError that names the fault and its place; the signal's reason on
 * abort.
 */
export async function loadData(spec: string, options: LoadOptions): Promise<LoadedData> {
  const found = await find(spec, options).catch((error: unknown) => {
    // What the file system refuses is the user's to mend, like the rest: one sentence, no stack.
    if (error instanceof FileError) throw new DataError(error.message, { cause: error });
    if (isRefusal(error)) {
      throw new DataError(`data: cannot read "${spec}": ${reasonOf(error)}`, { cause: error });
    }
    throw error;
  });
  const sources = [found.source];
  let train = found.parts[0]!;
  let test = found.parts[1];
  if (!test) {
    const fraction = options.testFraction ?? 0.2;
    [test, train] = splitDataSet(train, fraction, options.seed);
    sources.push(`${test.count} of ${test.count + train.count} examples held back for the test by seed`);
  }
  const normalize = options.normalize ?? (found.isTable === true ? 'standardize' : 'none');
  let normalizer: NormalizerState | undefined;
  if (normalize !== 'none') {
    const fitted = (normalize === 'minmax' ? new NormalizerMinMaxScaler() : new NormalizerStandardize()).fit(
      train,
    );
    [train, test] = [fitted.transform(train), fitted.transform(test)];
    normalizer = fitted.state;
    sources.push(`features normalised (${normalize}) as fitted on the training part`);
  }
  return {
    train,
    test,
    name: basename(spec),
    source: sources.join('; '),
    digest: dataDigest([train, test]),
    ...(normalizer && { normalizer }),
  };
}

async function find(spec: string, options: LoadOptions): Promise<Found> {
  if (spec === 'synthetic') {
    const { train, test } = synthetic({ seed: options.seed });
    return { parts: [train, test], source: `synthetic bars of seed ${options.seed}` };
  }
  const set = NAMED_SETS.find((known) => known.name === spec);
  if (set) {
    const source = await ensureNamedSet(set, options);
    const { train, test } = await readNamedSet(set, options);
    return { parts: [train, test], source };
  }
  const entry = await stat(spec).catch((error: unknown) => {
    throw new DataError(
      `data: expected a name (${DATA_NAMES.join(', ')}) or the path of a folder or CSV file, got "${spec}" (${reasonOf(error)})`,
    );
  });
  if (entry.isDirectory()) return await findInFolder(spec, options);
  if (/\.csv$/i.test(spec)) return await readTables([spec], options);
  throw new DataError(`data: a file must be a .csv, got "${spec}"; give the folder for IDX files or images`);
}

async function findInFolder(folder: string, options: LoadOptions): Promise<Found> {
  const names = await readdir(folder);
  const idx = findIdxFiles(folder, names);
  if (idx) return { parts: await readIdxFolder(folder, idx), source: `IDX files in ${folder}` };
  const cifar = findCifarFiles(folder, names);
  if (cifar) return { parts: await readCifarFolder(folder, cifar), source: `CIFAR files in ${folder}` };
  if (names.includes('train.csv')) {
    const tables = names.includes('test.csv') ? ['train.csv', 'test.csv'] : ['train.csv'];
    return await readTables(
      tables.map((name) => join(folder, name)),
      options,
    );
  }
  const imageFolders = await findImageFolders(folder, names);
  if (imageFolders) {
    const progress = (message: string): void => {
      options.onProgress?.({ source: folder, message });
    };
    const images = await readImageFolders(imageFolders, { signal: options.signal, progress });
    return { parts: images, source: `images in ${folder}` };
  }
  throw new DataError(
    `data: folder "${folder}" must hold IDX files (train-images-idx3-ubyte ...), CIFAR files (data_batch_1.bin ...), train.csv, or a folder of PNG or JPEG images per class, got ${names.length === 0 ? 'an empty folder' : 'none of these'}`,
  );
}

/** The folders whose sub-folders are classes: train and test, or the folder itself; undefined if there are none. */
async function findImageFolders(
  folder: string,
  names: readonly string[],
): Promise<[string, ...string[]] | undefined> {
  const train = join(folder, 'train');
  if (names.includes('train') && (await holdsClassFolders(train))) {
    return names.includes('test') ? [train, join(folder, 'test')] : [train];
  }
  return (await holdsClassFolders(folder)) ? [folder] : undefined;
}

async function readTables(paths: readonly string[], options: LoadOptions): Promise<Found> {
  const tables = await Promise.all(
    paths.map(async (path) => parseCsv(await readText(path), { ...options.csv, name: path })),
  );
  return { parts: csvDataSets(tables), source: `CSV ${paths.join(' and ')}`, isTable: true };
}

/** Text becomes one string, of which the engine makes none longer than about 2^29 characters. */
const MOST_TEXT = { maxBytes: 500_000_000 };

async function readText(path: string): Promise<string> {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(await readInput(path, MOST_TEXT));
  } catch (error) {
    if (error instanceof FileError) throw error;
    const problem = isRefusal(error) ? 'cannot be read' : 'must be UTF-8 text';
    throw new DataError(`${path}: ${problem}: ${reasonOf(error)}`, { cause: error });
  }
}
