/**
 * Cuts CSV text into records of cells after RFC 4180: quoted cells may hold delimiters, line ends and doubled
 * quotes; lines end in LF or CR LF; a byte order mark and empty lines are skipped. Cells stay text.
 */
import { InputError } from '../numerics/index.js';
import { DataError } from './errors.js';

/** Most characters of a cell that an error shows. */
const MAX_QUOTED = 40;

export interface CsvRecord {
  /** 1-based line on which the record starts. */
  readonly line: number;
  readonly cells: readonly string[];
}

/**
 * The records of `text`, one at a time; `onBlank` gets the line of each empty line. In a text without line feeds carriage
 * returns end the lines.
 * @throws DataError for a misplaced or unclosed quote.
 */
export function* csvRecords(
  given: string,
  name: string,
  delimiter: string,
  onBlank?: (line: number) => void,
): Generator<CsvRecord, undefined> {
  const text = given.includes('\n') ? given : given.replaceAll('\r', '\n');
  if (delimiter.length !== 1 || delimiter === '"' || delimiter === '\n' || delimiter === '\r') {
    throw new InputError(
      `csv: delimiter must be one character other than a quote or line end, got "${delimiter}"`,
    );
  }
  let at = text.startsWith('\uFEFF') ? 1 : 0;
  let line = 1;
  while (at < text.length) {
    const end = lineEnd(text, at);
    const plain = text.slice(at, text[end - 1] === '\r' ? end - 1 : end);
    if (!plain.includes('"')) {
      // The common case, and by far the fastest way through a table of pixels.
      if (plain === '') onBlank?.(line);
      else yield { line, cells: plain.split(delimiter) };
      at = end + 1;
      line += 1;
      continue;
    }
    const record = quotedRecord(text, at, line, name, delimiter);
    yield { line, cells: record.cells };
    at = record.end;
    line += record.lines;
  }
}

/** Text from a file in quotes, fit for a message: shortened, control characters escaped. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > MAX_QUOTED ? `${text.slice(0, MAX_QUOTED)}...` : text);
}

function lineEnd(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end < 0 ? text.length : end;
}

/** Reads a record that holds a quote, cell by cell; `end` is behind its line end. */
function quotedRecord(
  text: string,
  start: number,
  line: number,
  name: string,
  delimiter: string,
): { cells: string[]; end: number; lines: number } {
  const cells: string[] = [];
  let at = start;
  let lines = 1;
  for (;;) {
    let cell = '';
    if (text[at] === '"') {
      at += 1;
      for (;;) {
        const close = text.indexOf('"', at);
        if (close < 0)
          throw new DataError(`${name}: the quote opened in line ${line} must be closed, got the end`);
        cell += text.slice(at, close);
        at = close + 1;
        if (text[at] !== '"') break;
        cell += '"';
        at += 1;
      }
      for (const character of cell) if (character === '\n') lines += 1;
    } else {
      const stop = cellEnd(text, at, delimiter);
      cell = text.slice(at, stop);
      at = stop;
      if (cell.includes('"')) {
        throw new DataError(
          `${name}: a quote must open and close a whole cell, got ${quoted(cell)} in line ${line}; double the quotes inside`,
        );
      }
    }
    cells.push(cell);
    if (text[at] === delimiter) {
      at += 1;
      continue;
    }
    if (text[at] === '\r' && (text[at + 1] === '\n' || at + 1 === text.length)) at += 1;
    if (at < text.length && text[at] !== '\n') {
      throw new DataError(
        `${name}: a closing quote must end its cell, got ${quoted(text.slice(at, at + 10))} behind it in line ${line}`,
      );
    }
    return { cells, end: at + 1, lines };
  }
}

function cellEnd(text: string, from: number, delimiter: string): number {
  const end = lineEnd(text, from);
  const stop = text.indexOf(delimiter, from);
  if (stop >= 0 && stop < end) return stop;
  return text[end - 1] === '\r' && end > from ? end - 1 : end;
}
