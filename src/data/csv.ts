/**
 * Comma-separated values (RFC 4180) with one label column: text in, data sets out. Reading is strict: every row
 * has the same number of cells, every feature is a finite number. Several tables (train and test) can share one
 * set of classes. No files here, only text.
 */
import {
  checkArgument,
  checkOptions,
  either,
  FLAG,
  instanceRule,
  listOf,
  NUMBER,
  record,
  TEXT,
  type OptionRules,
} from '../numerics/arguments.js';
import { InputError } from '../numerics/index.js';
import type { Columns, DataSchema, DataSet } from './dataset.js';
import {
  cellHint,
  firstRowOf,
  guessSeparator,
  isHeaderOf,
  isLabelName,
  isMissing,
  isNumber,
  noteColumns,
  noteCountingRow,
  separatorHint,
  separatorText,
} from './csv-guess.js';
import { csvRecords, quoted, type CsvRecord } from './csv-records.js';
import { DataError } from './errors.js';
import { fileKind } from './file-kind.js';
import { NoteBook, type DataNote } from './notes.js';
import { conformData, listText, schemaOf } from './schema.js';

/** How a CSV text becomes a data set. */
export interface CsvOptions {
  /** What errors call the text, usually the file name. */
  readonly name?: string;
  /** Whether the first row names the columns. Default: it does if none of its cells is a number, and in the cases of docs/data.md. */
  readonly header?: boolean;
  /** The label column by name or 0-based index. Default: the column named `label` or `class`, else the last. */
  readonly label?: string | number;
  /** Default: a comma; if the first line has none, a semicolon, a tab or a bar. */
  readonly delimiter?: string;
}

/** A CSV text taken apart: numbers in rows, labels still as text. */
export interface CsvTable {
  readonly name: string;
  readonly features: Float32Array;
  /** Feature columns. */
  readonly size: number;
  readonly labels: readonly string[];
  /** 0-based place of the label column in the text. */
  readonly labelColumn: number;
  /** Names of the columns, if there is a header. */
  readonly columns?: Columns;
  /** What was left out or guessed. */
  readonly notes: readonly DataNote[];
}

/** More classes than this are taken for a column that holds no classes. */
const MAX_CLASSES = 65536;
const CSV_OPTIONS: OptionRules<CsvOptions> = {
  name: TEXT,
  header: FLAG,
  label: either(TEXT, NUMBER),
  delimiter: TEXT,
};
const TABLE = record('a table of parseCsv', {
  name: TEXT,
  features: instanceRule('features', Float32Array),
  size: NUMBER,
  labels: listOf(TEXT),
});
/** Most labels that an error lists. */
const MAX_LISTED = 10;
const CLASS_INDEX = /^\d{1,5}$/;

/** The columns of the table that another one is read after. */
export type CsvReference = Pick<DataSet, 'columns'> & {
  /** 0-based place of the label column if columns have no names. */
  readonly labelColumn?: number;
};

/**
 * Reads CSV text. With a reference, the label column is the one that it has there.
 * @throws DataError that names line and column, or a header or label column that the reference has and the text has not.
 */
export function parseCsv(text: string, options: CsvOptions = {}, reference: CsvReference = {}): CsvTable {
  checkArgument('csv: text', text, TEXT);
  checkOptions('csv', options, CSV_OPTIONS);
  const name = options.name ?? 'csv';
  checkKind(text, name);
  const book = new NoteBook();
  const delimiter = options.delimiter ?? guessSeparator(text);
  if (options.delimiter === undefined && delimiter !== ',') {
    book.add('the separator is no comma', `${name}: ${separatorText(delimiter)}`);
  }
  const records = csvRecords(text, name, delimiter, (line) => {
    book.add('blank lines left out', `${name}: line ${line}`);
  });
  const start = records.next();
  if (start.done === true) throw new DataError(`${name}: a CSV needs at least one row, got none`);
  const first = start.value;
  const columns = first.cells.length;
  if (columns < 2) {
    throw new DataError(
      `${name}: a CSV needs a label and at least one feature column, got 1 column${separatorHint(first.cells[0]!, delimiter)}`,
    );
  }
  const kind = firstRowOf(first.cells, options.label);
  const hasHeader =
    options.header ??
    (kind === 'header' || (kind === 'counting' && isHeaderOf(first, csvRecords(text, name, delimiter))));
  if (options.header === undefined && kind === 'counting') noteCountingRow(name, first, hasHeader, book);
  const header = hasHeader ? first.cells.map((cell) => cell.trim()) : undefined;
  const labelColumn = labelAsIn(name, header, reference) ?? findLabel(name, columns, header, options.label);

  const rows: Float32Array[] = [];
  const labels: string[] = [];
  for (let row = header ? records.next() : start; row.done !== true; row = records.next()) {
    const record = row.value;
    const { line, cells } = record;
    if (cells.length !== columns) {
      throw new DataError(
        `${name}: every row needs ${columns} cells as the first has, got ${cells.length} in line ${line}`,
      );
    }
    const values = new Float32Array(columns - 1);
    for (let column = 0, to = 0; column < columns; column++) {
      if (column !== labelColumn) values[to++] = numberOf(name, record, column, header, delimiter);
    }
    const label = cells[labelColumn]!.trim();
    if (isMissing(label)) {
      const got = label === '' ? 'an empty cell' : `${quoted(label)}, a missing value; remove the row`;
      throw cellError(name, record, labelColumn, header, `must hold a label, got ${got}`);
    }
    rows.push(values);
    labels.push(label);
  }
  if (rows.length === 0)
    throw new DataError(`${name}: a CSV needs at least one row after its header, got none`);
  noteColumns({ name, header, labelColumn, columns, rows, labels }, book);
  const features = new Float32Array(rows.length * (columns - 1));
  rows.forEach((values, row) => {
    features.set(values, row * (columns - 1));
  });
  const names = header && {
    features: header.filter((_, column) => column !== labelColumn),
    label: header[labelColumn]!,
  };
  return {
    ...{ name, features, size: columns - 1, labels, labelColumn, notes: book.notes },
    ...(names && { columns: names }),
  };
}

/** @throws DataError for text that is another kind of file. */
function checkKind(text: string, name: string): void {
  const kind = text === '' ? undefined : fileKind(new TextEncoder().encode(text.slice(0, 512)));
  if (kind) throw new DataError(`${name}: must be a table, got ${kind.name}; ${kind.wayOut}`);
  const nul = text.indexOf('\0');
  if (nul >= 0) {
    const line = text.slice(0, nul).split(/\r?\n|\r/).length;
    throw new DataError(
      `${name}: must be text, got a character 0 in line ${line}; remove it, or fetch the file again`,
    );
  }
  if (/^\uFEFF?sep=.\r?\n/i.test(text)) {
    throw new DataError(`${name}: must begin with a row, got a spreadsheet's "sep="; remove line 1`);
  }
}

/**
 * Tables as data sets of one schema: the given one, else that of the first table, to which the others conform by the names
 * of columns and classes. Labels that are all whole numbers are class indices (0 to the largest of all tables); labels that
 * are all words become classes in the order of their code units. Features are not normalised.
 * @throws DataError if the tables or the labels do not fit together.
 */
export function csvDataSets(tables: readonly CsvTable[], schema?: DataSchema): DataSet[] {
  checkArgument('csv: tables', tables, listOf(TABLE));
  if (tables.length === 0) return [];
  const texts = new Set(tables.flatMap((table) => table.labels));
  const areNumbers = schema
    ? !schema.labelNames && [...texts].every((text) => CLASS_INDEX.test(text))
    : tables[0]!.labels.some(isNumber);
  if (areNumbers) checkClassIndices(tables, [...texts].sort());
  const classes = [...texts].reduce((most, text) => Math.max(most, Number(text) + 1), 0);
  const sets = tables.map((table) => (areNumbers ? numbered(table, classes) : named(table)));
  const { normalizer: _later, ...raw } = schema ?? schemaOf(sets[0]!);
  return sets.map((set, at) => conformData(set, raw, tables[at]!.name));
}

function numbered(table: CsvTable, classes: number): DataSet {
  return dataSet(table, { labels: Int32Array.from(table.labels, Number), classes });
}

function named(table: CsvTable): DataSet {
  const labelNames = [...new Set(table.labels)].sort();
  const classOf = new Map(labelNames.map((label, at) => [label, at]));
  const labels = Int32Array.from(table.labels, (label) => classOf.get(label)!);
  return dataSet(table, { labels, classes: labelNames.length, labelNames });
}

function dataSet(
  { features, size, labels: { length: count }, columns }: CsvTable,
  labels: Pick<DataSet, 'labels' | 'classes' | 'labelNames'>,
): DataSet {
  return { features, ...labels, count, shape: [size], ...(columns && { columns }) };
}

/** Reads one CSV text into a data set. */
export function csvDataSet(text: string, options: CsvOptions = {}): DataSet {
  return csvDataSets([parseCsv(text, options)])[0]!;
}

function checkClassIndices(tables: readonly CsvTable[], distinct: readonly string[]): void {
  const odd = distinct.find((label) => !CLASS_INDEX.test(label) || Number(label) >= MAX_CLASSES);
  if (odd === undefined) return;
  const table = tables.find(({ labels }) => labels.includes(odd))!;
  const example = table.labels.indexOf(odd) + 1;
  throw new DataError(
    `${table.name}: labels must all be whole numbers 0 to ${MAX_CLASSES - 1} or all be words, got ${quoted(odd)} in example ${example}${labelsHint(distinct, odd, example)}`,
  );
}

/** What to write for labels that are no class indices. */
function labelsHint(distinct: readonly string[], odd: string, example: number): string {
  if (!distinct.every(isNumber)) {
    const isHeader = example === 1 && !isNumber(odd);
    const wayOut = isHeader
      ? 'if that is a header, none of its names may be a number'
      : 'choose the label column';
    return ` beside numbers; ${wayOut}`;
  }
  const values = [...new Set(distinct.map(Number))].sort((a, b) => a - b);
  if (values.length > MAX_LISTED) return '; a label is a class, and not a value to be predicted';
  const texts = values.map(
    (value, index) => `${index} for ${distinct.find((text) => Number(text) === value)!}`,
  );
  return `; if this is the label column, write ${texts.join(', ')}`;
}

/** The label column as in the table or the schema that this one must follow; undefined if there is none. */
function labelAsIn(
  name: string,
  header: readonly string[] | undefined,
  { columns, labelColumn }: CsvReference,
): number | undefined {
  if (!columns) return labelColumn;
  const { features, label } = columns;
  if (!header) {
    throw new DataError(
      `${name}: there must be a header as in the training data, with the columns ${listText([...features, label])}, got none; add it as the first row`,
    );
  }
  const at = header.indexOf(label);
  if (at >= 0) return at;
  throw new DataError(
    `${name}: there must be the label column ${listText([label])} as in the training data, got no column ${label}; the columns are ${listText(header)}`,
  );
}

function findLabel(
  name: string,
  columns: number,
  header: readonly string[] | undefined,
  label: string | number | undefined,
): number {
  if (label === undefined) {
    const [named, other] = header?.filter(isLabelName) ?? [];
    if (other !== undefined) {
      throw new DataError(
        `${name}: one column must be the label, got "${named!}" and "${other}"; rename one of them`,
      );
    }
    return named === undefined ? columns - 1 : header!.indexOf(named);
  }
  if (typeof label === 'number') {
    if (Number.isInteger(label) && label >= 0 && label < columns) return label;
    throw new InputError(`${name}: label column must be 0 to ${columns - 1}, got ${label}`);
  }
  const at = header?.indexOf(label) ?? -1;
  if (at >= 0) return at;
  const known = header
    ? `the columns are ${header.join(', ')}`
    : 'the CSV has no header; give its 0-based index';
  throw new InputError(`${name}: label column "${label}" must be a column's name; ${known}`);
}

function numberOf(
  name: string,
  record: CsvRecord,
  column: number,
  header: readonly string[] | undefined,
  delimiter: string,
): number {
  const cell = record.cells[column]!;
  const value = Math.fround(Number(cell));
  // Number('') is 0: an empty cell must not pass for one.
  if (Number.isFinite(value) && (value !== 0 || cell.trim() !== '')) return value;
  const got = cell.trim() === '' ? 'an empty cell' : quoted(cell.trim());
  const hint = cellHint(cell.trim(), delimiter, !header && record.line === 1);
  throw cellError(name, record, column, header, `must be a finite number (float32), got ${got}${hint}`);
}

function cellError(
  name: string,
  record: CsvRecord,
  column: number,
  header: readonly string[] | undefined,
  rule: string,
): DataError {
  const title = header ? ` ("${header[column]!}")` : '';
  return new DataError(`${name}: line ${record.line}, column ${column + 1}${title} ${rule}`);
}
