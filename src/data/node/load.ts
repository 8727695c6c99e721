/**
 * Data by one word: `mnist`, `cifar10`, `synthetic`, or a path to own data (IDX or CIFAR files, a folder of images per class, CSV).
 * Names go before paths: write `./mnist` for a folder of that name.
 */
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Seed } from '../../numerics/index.js';
import {
  conformData,
  csvDataSets,
  type CsvOptions,
  type CsvTable,
  DataError,
  type DataSchema,
  type DataSet,
  NormalizerMinMaxScaler,
  NormalizerStandardize,
  type NormalizerState,
  parseCsv,
  schemaOf,
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
  /** What the data are, with the statistics applied: to read further data alike (loadExamples, conformData). */
  readonly schema: DataSchema;
  /** The statistics applied; those of the schema. */
  readonly normalizer?: NormalizerState;
}

/** How examples for a trained network are loaded. */
export interface ExamplesOptions extends Omit<LoadOptions, 'testFraction' | 'normalize'> {
  /** Of the data that the network learnt from. */
  readonly schema: DataSchema;
}

/** Examples as the network of a schema reads them. */
export interface LoadedExamples extends Pick<LoadedData, 'name' | 'source'> {
  readonly examples: DataSet;
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
  const found = await find(spec, options);
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
  const digest = dataDigest([train, test]);
  return {
    train,
    test,
    name: basename(spec),
    source: sources.join('; '),
    digest,
    schema: { ...schemaOf(train), digest },
    ...(normalizer && { normalizer }),
  };
}

/**
 * Loads examples for a trained network: the test part of data that have one, else all of them; nothing is split off or
 * fitted. Columns and classes are matched with the schema by name, and its statistics normalise the features.
 * @throws DataError that names the fault and its place, or what does not match; the signal's reason on abort.
 */
export async function loadExamples(spec: string, options: ExamplesOptions): Promise<LoadedExamples> {
  const { parts, source } = await find(spec, options);
  const [all, test] = parts;
  const examples = conformData(test ?? all!, options.schema, spec);
  const which = test ? 'the test part' : `all ${examples.count} examples`;
  const { normalizer } = options.schema;
  const how = normalizer ? `; features normalised (${normalizer.kind}) as in the training` : '';
  return { examples, name: basename(spec), source: `${source}; ${which}${how}` };
}

/** What data are looked for: with a schema, those of its kind, and of a folder with a test part that alone. */
type FindOptions = LoadOptions & Partial<ExamplesOptions>;

async function find(spec: string, options: FindOptions): Promise<Found> {
  try {
    return await findData(spec, options);
  } catch (error) {
    // What the file system refuses is the user's to mend, like the rest: one sentence, no stack.
    if (!isRefusal(error)) throw error;
    throw new DataError(`data: cannot read "${spec}": ${reasonOf(error)}`, { cause: error });
  }
}

async function findData(spec: string, options: FindOptions): Promise<Found> {
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

async function findInFolder(folder: string, options: FindOptions): Promise<Found> {
  const names = await readdir(folder);
  const idx = findIdxFiles(folder, names);
  if (idx) return { parts: await readIdxFolder(folder, idx), source: `IDX files in ${folder}` };
  const cifar = findCifarFiles(folder, names);
  if (cifar) return { parts: await readCifarFolder(folder, cifar), source: `CIFAR files in ${folder}` };
  // The classes and columns of a part that is not used are of no interest.
  const used = <T>(parts: readonly T[]): readonly T[] => (options.schema ? parts.slice(-1) : parts);
  if (names.includes('train.csv')) {
    const tables = names.includes('test.csv') ? ['train.csv', 'test.csv'] : ['train.csv'];
    return await readTables(
      used(tables).map((name) => join(folder, name)),
      options,
    );
  }
  const imageFolders = await findImageFolders(folder, names);
  if (imageFolders) {
    const progress = (message: string): void => {
      options.onProgress?.({ source: folder, message });
    };
    const channels = options.schema?.shape[2];
    const folders = used(imageFolders) as typeof imageFolders;
    const images = await readImageFolders(folders, { signal: options.signal, progress, channels });
    return {
      parts: images,
      source: `images in ${folders.length < imageFolders.length ? folders[0] : folder}`,
    };
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

async function readTables(paths: readonly string[], { csv, schema }: FindOptions): Promise<Found> {
  const tables: CsvTable[] = [];
  for (const path of paths) {
    // A label column that the caller names goes before the schema's; the tables of one folder agree in any case.
    const reference = tables[0] ?? (csv?.label === undefined ? schema : undefined);
    tables.push(parseCsv(await readText(path), { ...csv, name: path }, reference));
  }
  return { parts: csvDataSets(tables, schema), source: `CSV ${paths.join(' and ')}`, isTable: true };
}

async function readText(path: string): Promise<string> {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(await readFile(path));
  } catch (error) {
    const problem = isRefusal(error) ? 'cannot be read' : 'must be UTF-8 text';
    throw new DataError(`${path}: ${problem}: ${reasonOf(error)}`, { cause: error });
  }
}
