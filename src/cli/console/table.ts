/** Tables without frames: a heading, a rule, columns two blanks apart; cells may have several lines. */
import Table from 'cli-table3';
import { oneLine, terminalText } from './clean.js';
import type { Terminal } from './terminal.js';

const NO_FRAME = Object.fromEntries(
  [
    ...['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right'],
    ...['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid'],
  ].map((part) => [part, '']),
);

/** The text of a table. `align` has an `l` or `r` for each column. */
export function tableText(
  terminal: Terminal,
  head: readonly string[],
  rows: readonly (readonly string[])[],
  align: string,
): string {
  const table = new Table({
    chars: { ...NO_FRAME, middle: '  ' },
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
    colAligns: align.split('').map((letter) => (letter === 'r' ? 'right' : 'left')),
    // The heading underlined in colour, so that plain text stays plain.
    head: head.map((title) => terminal.colour.bold(oneLine(title))),
  });
  // Cleaned before widths are measured.
  const clean = (cell: string): string => terminalText(cell, terminal.colour.isColorSupported);
  table.push(...rows.map((row) => row.map(clean)));
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}
