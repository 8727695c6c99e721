/**
 * What a table does not say and a reader has to guess: its separator, whether its first row is a header, which cells stand
 * for a missing value, which columns are no features. Every guess that may be wrong becomes a note.
 */
import type { CsvRecord } from './csv-records.js';
import type { NoteBook } from './notes.js';

const SEPARATORS = [';', '\t', '|'];
/** Cells that stand for no value. */
const MISSING = /^(?:nan|\?|n\/a|#n\/a|<na>|null)$/i;
/** Words that often do, and may be a class too. */
const DOUBTFUL = /^(?:na|none|nil|missing|unknown|-|\.)$/i;
/** Names of a column without a meaning; pandas writes the second. */
const UNNAMED = /^(?:|unnamed: \d+)$/i;
/** Fewer rows than this may count up by chance. */
const LEAST_COUNTING_ROWS = 20;
const MOST_INDEX_CLASSES = 100;

/** True for a cell that is a number, whatever number. */
export function isNumber(cell: string): boolean {
  return cell.trim() !== '' && !Number.isNaN(Number(cell));
}

/** True for a cell such as `?` or `n/a`, and for an empty one. */
export function isMissing(cell: string): boolean {
  return cell.trim() === '' || MISSING.test(cell.trim());
}

/** True for a label that is a word for a missing value in many tables, and a class in others. */
function isDoubtful(label: string): boolean {
  return DOUBTFUL.test(label);
}

/** A comma; if the first line has none, the first of semicolon, tab and bar that it has. */
export function guessSeparator(text: string): string {
  const end = text.search(/[\r\n]/);
  // What is quoted is a cell.
  const line = (end < 0 ? text : text.slice(0, end)).replace(/"[^"]*"/g, '');
  if (line.includes(',')) return ',';
  return SEPARATORS.find((separator) => line.includes(separator)) ?? ',';
}

/** A separator in words, for a sentence. */
export function separatorText(separator: string): string {
  return separator === '\t' ? 'a tab' : `"${separator}"`;
}

/** How the first row reads without the others. */
export type FirstRow = 'header' | 'counting' | 'example';

/**
 * A row without a number is a header, and so is one that names a column `label` or `class`; a row of missing values is not.
 * `counting`: its numbers are 0, 1, 2 ... or 1, 2, 3 ..., which an array saved without names has for a header.
 */
export function firstRowOf(cells: readonly string[], label?: string | number): FirstRow {
  if (cells.some((cell) => isLabelName(cell) || cell.trim() === label)) return 'header';
  const numbers = cells.filter(isNumber);
  if (numbers.length === 0)
    return cells.slice(0, -1).every(isMissing) && !cells.every(isNameless) ? 'example' : 'header';
  if (numbers.length < 2) return 'example';
  const start = Number(cells[0]);
  const isCounting = cells.every((cell, i) =>
    isNumber(cell) ? Number(cell) === start + i : i === cells.length - 1,
  );
  return isCounting && (start === 0 || (start === 1 && numbers.length >= 3)) ? 'counting' : 'example';
}

function isNameless(cell: string): boolean {
  return cell.trim() === '';
}

/** True for a header's cell that names the label. */
export function isLabelName(cell: string): boolean {
  return /^(?:label|class)$/i.test(cell.trim());
}

/** A table that has been read. */
interface Columns {
  readonly name: string;
  readonly header: readonly string[] | undefined;
  readonly labelColumn: number;
  readonly columns: number;
  readonly rows: readonly Float32Array[];
  readonly labels: readonly string[];
}

/** Notes columns that count the rows, labels that may be missing values, and a label that may be in the first column. */
export function noteColumns(table: Columns, book: NoteBook): void {
  const { name, header, labelColumn, columns, rows, labels } = table;
  for (let column = 0, at = 0; column < columns; column++) {
    if (column === labelColumn) continue;
    const place = at++;
    const title = header?.[column];
    const isUnnamed = title !== undefined && UNNAMED.test(title);
    if (!(isUnnamed ? rows.length > 1 : rows.length >= LEAST_COUNTING_ROWS)) continue;
    const start = rows[0]![place]!;
    if (!rows.every((row, i) => row[place] === start + i)) continue;
    book.add(
      'columns that count the rows, read as features',
      `${name}: column ${column + 1}${title === undefined ? '' : ` ("${title}")`}`,
      'remove the column if it is an index',
    );
  }
  header?.forEach((title, column) => {
    if (header.indexOf(title) === column) return;
    const what = 'columns with the name of another column, which only their order tells apart';
    book.add(what, `${name}: column ${column + 1} ("${title}")`, 'rename or remove them');
  });
  labels.forEach((label, row) => {
    if (!isDoubtful(label)) return;
    const what = `examples of the class "${label}", which may stand for a missing value`;
    book.add(what, `${name}: example ${row + 1}`, 'remove the rows if it does');
  });
  if (!header && labelColumn === columns - 1 && looksLikeLabels(labels, rows)) {
    book.add(
      'no header, so the last column is the label; the first column holds small whole numbers too',
      name,
      'if the first is the label, put a header above that calls it label',
    );
  }
}

/** True if the last column holds numbers and the first one whole numbers of a few kinds, as labels do. */
function looksLikeLabels(labels: readonly string[], rows: readonly Float32Array[]): boolean {
  if (rows[0]!.length < 2 || !labels.every(isNumber)) return false;
  const kinds = new Set(rows.map((row) => row[0]!));
  const most = Math.min(MOST_INDEX_CLASSES, rows.length / 2);
  if (kinds.size < 2 || kinds.size > most) return false;
  return [...kinds].every((value) => Number.isInteger(value) && value >= 0 && value < MOST_INDEX_CLASSES);
}

/**
 * True for a row that counts 0, 1, 2 ... and whose last cell is a label in no other row: as an example it would be alone
 * in its class.
 */
export function isHeaderOf(first: CsvRecord, records: Iterable<CsvRecord>): boolean {
  const last = first.cells.length - 1;
  if (last < 2 || Number(first.cells[0]) !== 0) return false;
  let rows = 0;
  for (const { line, cells } of records) {
    if (line === first.line) continue;
    rows += 1;
    if (cells[last]?.trim() === first.cells[last]!.trim()) return false;
  }
  return rows > 0;
}

/** Notes how a first row that counts its columns was read. */
export function noteCountingRow(name: string, { cells }: CsvRecord, isHeader: boolean, book: NoteBook): void {
  const shown = cells.slice(0, 4).join(', ') + (cells.length > 4 ? ' ...' : '');
  book.add(
    `the first row counts its columns and is read as ${isHeader ? 'a header' : 'an example'}`,
    `${name}: ${shown}`,
    isHeader
      ? 'if it is an example, put a header above it'
      : 'if it is a header, replace the numbers by names',
  );
}

/** The end of an error about a row of one cell, if another separator stands in it. */
export function separatorHint(cell: string, delimiter: string): string {
  const other = [',', ...SEPARATORS, ' '].find((one) => one !== delimiter && cell.trim().includes(one));
  return other === undefined ? '' : `; the separator seems to be ${separatorText(other)}`;
}

/** The end of an error about a cell that is not a number. */
export function cellHint(cell: string, delimiter: string, isFirstRow: boolean): string {
  const other = SEPARATORS.find((one) => one !== delimiter && cell.includes(one));
  if (other !== undefined) {
    return `; the separator seems to be ${separatorText(other)}, with decimal commas: write points for them`;
  }
  if (/^[-+]?\d+,\d+$/.test(cell)) return '; write a point for the decimal comma';
  if (isMissing(cell)) return cell === '' ? '' : ', a missing value; fill it in or remove the row';
  return isFirstRow ? '; if line 1 is a header, none of its names may be a number' : '';
}
