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
import type { DataSet } from './dataset.js';
import { csvRecords, type CsvRecord } from './csv-records.js';
import { DataError } from './errors.js';

/** How a CSV text becomes a data set. */
export interface CsvOptions {
  /** What errors call the text, usually the file name. */
  readonly name?: string;
  /** Whether the first row names the columns. Default: it does if none of its cells is a number. */
  readonly header?: boolean;
  /** The label column by name or 0-based index. Default: the column named `label` or `class`, else the last. */
  readonly label?: string | number;
  /** Default: a comma. */
  readonly delimiter?: string;
}

/** A CSV text taken apart: numbers in rows, labels still as text. */
export interface CsvTable {
  readonly name: string;
  readonly features: Float32Array;
  /** Feature columns. */
  readonly size: number;
  readonly labels: readonly string[];
  readonly featureNames?: readonly string[];
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
const CLASS_INDEX = /^\d{1,5}$/;

/** Reads CSV text. @throws DataError that names line and column. */
export function parseCsv(text: string, options: CsvOptions = {}): CsvTable {
  checkArgument('csv: text', text, TEXT);
  checkOptions('csv', options, CSV_OPTIONS);
  const name = options.name ?? 'csv';
  const records = csvRecords(text, name, options.delimiter ?? ',');
  let first = records.next();
  if (first.done === true) throw new DataError(`${name}: a CSV needs at least one row, got none`);
  const columns = first.value.cells.length;
  const hasHeader =
    options.header ?? first.value.cells.every((cell) => cell.trim() === '' || !isNumber(cell));
  const header = hasHeader ? first.value.cells.map((cell) => cell.trim()) : undefined;
  if (columns < 2) {
    throw new DataError(`${name}: a CSV needs a label and at least one feature column, got 1 column`);
  }
  const labelColumn = findLabel(name, columns, header, options.label);
  if (header) first = records.next();

  const rows: Float32Array[] = [];
  const labels: string[] = [];
  for (let row = first; row.done !== true; row = records.next()) {
    const { line, cells } = row.value;
    if (cells.length !== columns) {
      throw new DataError(
        `${name}: every row needs ${columns} cells as the first has, got ${cells.length} in line ${line}`,
      );
    }
    const values = new Float32Array(columns - 1);
    for (let column = 0, to = 0; column < columns; column++) {
      if (column !== labelColumn) values[to++] = numberOf(name, row.value, column, header);
    }
    const label = cells[labelColumn]!.trim();
    if (label === '')
      throw cellError(name, row.value, labelColumn, header, 'must hold a label, got an empty cell');
    rows.push(values);
    labels.push(label);
  }
  if (rows.length === 0)
    throw new DataError(`${name}: a CSV needs at least one row after its header, got none`);
  const features = new Float32Array(rows.length * (columns - 1));
  rows.forEach((values, row) => {
    features.set(values, row * (columns - 1));
  });
  const featureNames = header?.filter((_, column) => column !== labelColumn);
  return { name, features, size: columns - 1, labels, ...(featureNames && { featureNames }) };
}

/**
 * Gives tables of one kind their common classes. Labels that are all whole numbers are class indices
 * (0 to the largest); labels that are all words become classes in the order of their code units.
 * @throws DataError if the tables or the labels do not fit together.
 */
export function csvDataSets(tables: readonly CsvTable[]): DataSet[] {
  checkArgument('csv: tables', tables, listOf(TABLE));
  const size = tables[0]?.size ?? 0;
  for (const table of tables) {
    if (table.size !== size) {
      throw new DataError(
        `${table.name}: tables need the same columns, got ${table.size} features after ${size} in ${tables[0]?.name ?? ''}`,
      );
    }
  }
  const distinct = [...new Set(tables.flatMap((table) => table.labels))].sort();
  const numeric = distinct.filter(isNumber);
  if (numeric.length > 0) checkClassIndices(tables, distinct);
  const labelNames = numeric.length === 0 ? distinct : undefined;
  const classOf = new Map(distinct.map((label, at) => [label, labelNames ? at : Number(label)]));
  const classes = labelNames?.length ?? Math.max(...classOf.values()) + 1;
  return tables.map((table) => ({
    features: table.features,
    labels: Int32Array.from(table.labels, (label) => classOf.get(label) ?? 0),
    count: table.labels.length,
    shape: [size] as const,
    classes,
    ...(labelNames && { labelNames }),
  }));
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
    `${table.name}: labels must all be whole numbers 0 to ${MAX_CLASSES - 1} or all be words, got "${odd}" in example ${example} beside numbers; choose the label column, or tell whether there is a header`,
  );
}

function findLabel(
  name: string,
  columns: number,
  header: readonly string[] | undefined,
  label: string | number | undefined,
): number {
  if (label === undefined) {
    const named = header?.findIndex((column) => /^(label|class)$/i.test(column)) ?? -1;
    return named >= 0 ? named : columns - 1;
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

function isNumber(cell: string): boolean {
  return cell.trim() !== '' && !Number.isNaN(Number(cell));
}

function numberOf(
  name: string,
  record: CsvRecord,
  column: number,
  header: readonly string[] | undefined,
): number {
  const cell = record.cells[column]!;
  const value = Math.fround(Number(cell));
  // Number('') is 0: an empty cell must not pass for one.
  if (Number.isFinite(value) && (value !== 0 || cell.trim() !== '')) return value;
  const got = cell.trim() === '' ? 'an empty cell' : `"${cell.trim()}"`;
  throw cellError(name, record, column, header, `must be a finite number (float32), got ${got}`);
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
