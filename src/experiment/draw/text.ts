/** Numbers as texts for tables, charts and pages, and the two sums that they need. */

/** `1,234,567`. */
export function countText(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** `1 bit`, `3 bits`. */
export function countOf(count: number, noun: string): string {
  return `${count} ${noun}${Math.abs(count) === 1 ? '' : 's'}`;
}

/** `88.65 %`. */
export function percentText(percent: number, digits = 2): string {
  return `${percent.toFixed(digits)} %`;
}

/** A share of 1 in percent: `0 %` only if there is none at all, `<0.01 %` below what the digits show. */
export function shareText(share: number, digits = 2): string {
  if (share === 0) return '0 %';
  const least = 1 / 10 ** digits;
  return 100 * share < least ? `<${least} %` : percentText(100 * share, digits);
}

/** `7.5 s`, `12 s`, `5 min`, `1.2 h`. */
export function timeText(seconds: number): string {
  if (seconds < 100) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  return seconds < 6000 ? `${(seconds / 60).toFixed(0)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

/** A difference in points: `+0.10`, `−0.05`. */
export function signed(points: number): string {
  return `${points < 0 ? '−' : '+'}${Math.abs(points).toFixed(2)}`;
}

/** The start of a digest, enough to compare two by eye. */
export function digestText(digest: string): string {
  return digest.slice(0, 12);
}

/** The sum of numbers. */
export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** The mean of numbers; NaN of none. */
export function mean(values: readonly number[]): number {
  return sum(values) / values.length;
}

/** A table of plain texts. */
export interface Cells {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Plain text within a paragraph or a cell of Markdown: nothing in it is markup, and it stays on its line. */
export function markdownText(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .replace(/[\\|`*_[\]]/g, '\\$&')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;');
}

/** The table in Markdown. `isText` picks the columns that are aligned left; default: all. */
export function markdownTable(
  { head, rows }: Cells,
  isText: (column: number, last: number) => boolean = () => true,
): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(markdownText).join(' | ')} |`;
  const alignment = head.map((_, column) => (isText(column, head.length - 1) ? '---' : '---:'));
  return [line(head), line(alignment), ...rows.map(line)].join('\n');
}
