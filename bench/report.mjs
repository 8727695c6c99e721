// Results as Markdown and JSON. A table is `{ title, note, head, rows }`: cells are text, the first column is to the
// left, the others to the right. Written as Prettier leaves it, ready to be pasted into docs/performance.md.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rangeText } from './statistics.mjs';

function tableText({ head, rows }) {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(3, ...all.map((row) => row[column].length)));
  const line = (row) =>
    `| ${row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join(' | ')} |`;
  const rule = widths.map((width, i) => (i === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`));
  return [line(head), line(rule), ...rows.map(line)].join('\n');
}

function sectionText(table) {
  return [`### ${table.title}`, tableText(table), ...(table.note ? [table.note] : [])].join('\n\n');
}

/** What the project wants to reach and what was measured: `{ what, wanted, range }`. */
function aimsTable(part, aims) {
  return {
    title: `Aims: ${part}`,
    head: ['aim', 'wanted', 'measured'],
    rows: aims.map(({ what, wanted, got }) => [what, wanted, got]),
  };
}

/** `1 thread`, `2 threads`. */
export function threadsText(count) {
  return `${count} thread${count > 1 ? 's' : ''}`;
}

/** One aim of ratios or shares. */
export function aim(what, wanted, range, text = rangeText) {
  return { what, wanted, got: text(range) };
}

/** A part's results as Markdown: its tables, then its aims, then where and when. */
export function partText(part, { tables, aims, notes = [] }, { date, lines }) {
  const sections = [...tables, ...(aims.length > 0 ? [aimsTable(part, aims)] : [])].map(sectionText);
  const where = [`Measured on ${date}: ${lines.join('; ')}.`, ...notes].join(' ');
  return `${[...sections, where].join('\n\n')}\n`;
}

/** Writes `<part>.md` and `<part>.json` into the folder. */
export function writePart(folder, part, result, environment) {
  writeFileSync(join(folder, `${part}.md`), partText(part, result, environment));
  writeFileSync(
    join(folder, `${part}.json`),
    `${JSON.stringify({ part, environment, ...result }, null, 1)}\n`,
  );
}
