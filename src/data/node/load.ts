/**
 * Data by one word: `mnist`, `cifar10`, `synthetic`, or a path to own data (IDX or CIFAR files, a folder of images per class, CSV).
 * Names go before paths: write `./mnist` for a folder of that name.
 */
import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { FileError, readHead, readInput } from '../../files/index.js';
import {
  checkArgument,
  checkOptions,
  NUMBER,
  oneOf,
  record,
  SEED,
  TEXT,
  type OptionRules,
} from '../../numerics/arguments.js';
import { type Seed } from '../../numerics/index.js';
import {
  conformData,
  csvDataSets,
  type CsvOptions,
  type CsvTable,
  type DataNote,
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
import { kindHint, NoteBook, noteLabels } from '../readers.js';
import { isRefusal, reasonOf } from './reason.js';
import { dataDigest } from './digest.js';
import { findCifarFiles, readCifarFolder } from './cifar-folder.js';
import { findParts, heldOutParts, listFolder, noteUnused, type Listing, type Parts } from './folder.js';
import { findIdxFiles, readIdxFolder } from './idx-folder.js';
import { holdsClassFolders, readImageFolders } from './image-folder.js';
import { NAMED_SETS } from './named.js';
import { ensureNamedSet, FETCH_RULES, readNamedSet, type FetchOptions } from './named-set.js';

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

const LOAD_RULES: OptionRules<LoadOptions> = {
  ...FETCH_RULES,
  seed: SEED,
  testFraction: NUMBER,
  csv: record('options of the CSV reader'),
  normalize: oneOf(['none', 'standardize', 'minmax']),
};

/** A training and a test part, and what they are. */
export interface LoadedData {
  readonly train: DataSet;
  readonly test: DataSet;
  /** Short, for tables: the set's name, or the last part of the path. */
  readonly name: string;
  /** Where it came from, what was done to it, and what `notes` are about, in words. */
  readonly source: string;
  /** SHA-256 of what is handed out; see dataDigest. */
  readonly digest: string;
  /** What the data are, with the statistics applied: to read further data alike (loadExamples, conformData). */
  readonly schema: DataSchema;
  /** The statistics applied; those of the schema. */
  readonly normalizer?: NormalizerState;
  /** What was left out of the source, or looks odd. */
  readonly notes: readonly DataNote[];
}

/** How examples for a trained network are loaded. */
export interface ExamplesOptions extends Omit<LoadOptions, 'testFraction' | 'normalize'> {
  /** Of the data that the network learnt from. */
  readonly schema: DataSchema;
}

/** Examples as the network of a schema reads them. */
export interface LoadedExamples extends Pick<LoadedData, 'name' | 'source' | 'notes'> {
  readonly examples: DataSet;
}

/** Words that stand for data, and not for a path. */
export const DATA_NAMES: readonly string[] = [...NAMED_SETS.map(({ name }) => name), 'synthetic'];

/** Files that hold a table. */
const TABLE = /\.[ct]sv$/i;
/** Enough of a file to name its kind. */
const HINT_BYTES = 512;

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
  checkArgument('data', spec, TEXT);
  checkOptions('data', options, LOAD_RULES);
  const book = new NoteBook();
  const found = await find(spec, options, book);
  noteLabels(found.parts, book);
  const sources = [found.source];
  let train = found.parts[0]!;
  let test = found.parts[1];
  if (!test) {
    const { testFraction = 0.2 } = options;
    if (train.count < 2) {
      throw new DataError(
        `data: without a test part at least 2 examples are needed, got ${train.count}; give more, or a test part`,
      );
    }
    // Two examples make two parts, however small the fraction.
    const fraction = Math.max(testFraction, 1 / train.count);
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
    source: [...sources, ...notedText(book)].join('; '),
    digest,
    schema: { ...schemaOf(train), digest },
    ...(normalizer && { normalizer }),
    notes: book.notes,
  };
}

/**
 * Loads examples for a trained network: the test part of data that have one, else all of them; nothing is split off or
 * fitted. Columns and classes are matched with the schema by name, and its statistics normalise the features.
 * @throws DataError that names the fault and its place, or what does not match; the signal's reason on abort.
 */
export async function loadExamples(spec: string, options: ExamplesOptions): Promise<LoadedExamples> {
  checkArgument('data', spec, TEXT);
  checkOptions('data', options, { ...LOAD_RULES, schema: record('the schema of data') }, ['schema']);
  const book = new NoteBook();
  const { parts, source } = await find(spec, options, book);
  const [all, test] = parts;
  const examples = conformData(test ?? all!, options.schema, spec);
  const { normalizer } = options.schema;
  const sources = [
    source,
    test ? 'the test part' : `all ${examples.count} examples`,
    ...(normalizer ? [`features normalised (${normalizer.kind}) as in the training`] : []),
    ...notedText(book),
  ];
  return { examples, name: basename(spec), source: sources.join('; '), notes: book.notes };
}

function notedText({ notes }: NoteBook): string[] {
  return notes.length === 0
    ? []
    : [`noted: ${notes.map(({ what, count }) => `${what} (${count})`).join(', ')}`];
}

/** What data are looked for: with a schema, those of its kind, and of a folder with a test part that alone. */
type FindOptions = LoadOptions & Partial<ExamplesOptions>;

async function find(spec: string, options: FindOptions, book: NoteBook): Promise<Found> {
  try {
    return await findData(spec, options, book);
  } catch (error) {
    // What the file system refuses is the user's to mend, like the rest: one sentence, no stack.
    if (error instanceof FileError) throw new DataError(error.message, { cause: error });
    if (!isRefusal(error)) throw error;
    throw new DataError(`data: cannot read "${spec}": ${reasonOf(error)}`, { cause: error });
  }
}

async function findData(spec: string, options: FindOptions, book: NoteBook): Promise<Found> {
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
  if (entry.isDirectory()) return await findInFolder(spec, options, book);
  if (TABLE.test(spec) || !entry.isFile()) return await readTables([spec], options, book);
  throw new DataError(
    `data: a file must be a .csv or .tsv, got "${spec}"; give the folder for IDX files or images${await hintOf(spec)}`,
  );
}

async function findInFolder(folder: string, options: FindOptions, book: NoteBook): Promise<Found> {
  const listing = await listFolder(folder, book);
  const testAlone = options.schema !== undefined;
  const idx = findIdxFiles(folder, listing, book, testAlone);
  if (idx) return { parts: await readIdxFolder(folder, idx), source: `IDX files in ${folder}` };
  const cifar = findCifarFiles(folder, listing, book, testAlone);
  if (cifar) return { parts: await readCifarFolder(folder, cifar), source: `CIFAR files in ${folder}` };
  // The classes and columns of a part that is not used are of no interest.
  const used = <T>(parts: readonly T[]): readonly T[] => (options.schema ? parts.slice(-1) : parts);
  const tables = heldOutParts(folder, partsOf(folder, listing.files, testAlone, TABLE), book);
  if (tables.length > 0) {
    noteUnused(folder, listing, tables, tables.join(' and '), book);
    const paths = used(tables).map((name) => join(folder, name));
    return await readTables(paths, options, book);
  }
  const table = findParts(folder, listing.folders, TABLE).train;
  if (table !== undefined)
    throw new DataError(`${join(folder, table)}: a table must be a file, got a folder`);
  const imageFolders = await findImageFolders(folder, listing, testAlone, book);
  if (imageFolders) {
    const progress = (message: string): void => {
      options.onProgress?.({ source: folder, message });
    };
    const folders = used(imageFolders) as typeof imageFolders;
    const channels = options.schema?.shape[2];
    const images = await readImageFolders(folders, { signal: options.signal, progress, book, channels });
    return {
      parts: images,
      source: `images in ${folders.length < imageFolders.length ? folders[0] : folder}`,
    };
  }
  throw new DataError(
    `data: folder "${folder}" must hold IDX files (train-images-idx3-ubyte ...), CIFAR files (data_batch_1.bin ...), train.csv, or a folder of PNG or JPEG images per class, got ${contentsText(folder, listing)}`,
  );
}

/** As findParts; of a folder that may lack the training part, another part is in its place. */
function partsOf(folder: string, names: readonly string[], testAlone: boolean, ending?: RegExp): Parts {
  const { train, test, validation } = findParts(folder, names, ending);
  const alone = test ?? validation;
  const first = train ?? (testAlone ? alone : undefined);
  if (first === undefined || first === alone) return first === undefined ? {} : { train: first };
  return {
    train: first,
    ...(test !== undefined && { test }),
    ...(validation !== undefined && { validation }),
  };
}

/** What a folder without data holds; if that is one folder alone, the data may be in there. */
function contentsText(folder: string, { files, folders }: Listing): string {
  const names = [...folders.map((name) => `${name}/`), ...files];
  if (names.length === 0) return 'an empty folder';
  const shown = names.slice(0, 4).join(', ');
  const more = names.length > 4 ? ` and ${names.length - 4} more` : '';
  const [only] = folders;
  const hint = names.length === 1 && only !== undefined ? `; are the data in ${join(folder, only)}?` : '';
  return `none of these, but ${shown}${more}${hint}`;
}

/** The folders whose sub-folders are classes: a training and a held-out part, or the folder itself; undefined if there are none. */
async function findImageFolders(
  folder: string,
  listing: Listing,
  testAlone: boolean,
  book: NoteBook,
): Promise<[string, ...string[]] | undefined> {
  const parts = partsOf(folder, listing.folders, testAlone);
  if (parts.train !== undefined && (await holdsClassFolders(join(folder, parts.train), book))) {
    const [train, ...held] = heldOutParts(folder, parts, book);
    noteUnused(folder, listing, [train!, ...held], [train!, ...held].join(' and '), book);
    return [join(folder, train!), ...held.map((name) => join(folder, name))];
  }
  return (await holdsClassFolders(folder, book)) ? [folder] : undefined;
}

async function readTables(
  paths: readonly string[],
  { csv, schema }: FindOptions,
  book: NoteBook,
): Promise<Found> {
  const tables: CsvTable[] = [];
  for (const path of paths) {
    const delimiter = /\.tsv$/i.test(path) ? { delimiter: '\t' } : {};
    // A label column that the caller names goes before the schema's; the tables of one folder agree in any case.
    const reference = tables[0] ?? (csv?.label === undefined ? schema : undefined);
    tables.push(parseCsv(await readText(path), { ...delimiter, ...csv, name: path }, reference));
  }
  for (const { notes } of tables)
    for (const note of notes) book.add(note.what, note.first, note.wayOut, note.count);
  return { parts: csvDataSets(tables, schema), source: `CSV ${paths.join(' and ')}`, isTable: true };
}

/** Text becomes one string, of which the engine makes none longer than about 2^29 characters. */
const MOST_TEXT = { maxBytes: 500_000_000 };

/** What a file is that is no table, by its first bytes. */
async function hintOf(path: string): Promise<string> {
  return kindHint(await readHead(path, HINT_BYTES));
}

async function readText(path: string): Promise<string> {
  let bytes: Uint8Array;
  try {
    bytes = await readInput(path, MOST_TEXT);
  } catch (error) {
    if (error instanceof FileError) throw error;
    throw new DataError(`${path}: cannot be read: ${reasonOf(error)}`, { cause: error });
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new DataError(`${path}: must be UTF-8 text: ${reasonOf(error)}${kindHint(bytes)}`, {
      cause: error,
    });
  }
}
