/** A profile for people: the table of ops; and the trace file. */
import { existsSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { pathText, profileTrace, type ProfileTable, type TrainingProfile } from '../../train/index.js';
import { UsageError } from '../console/errors.js';
import { tableText } from '../console/table.js';
import { grouped, type Terminal } from '../console/terminal.js';

/** The table of a profile with a line above and one below. */
export function profileText(terminal: Terminal, table: ProfileTable): string {
  const { network, backend, threads, batch, steps, stepMs, outsideMs, gmacs, limitGmacs, rows } = table;
  const share = (part: number): string => `${(100 * part).toFixed(1)} %`;
  const cells = rows.map((row) => [
    row.layer,
    row.op,
    row.writes.startsWith(`${row.layer}/`) ? row.writes.slice(row.layer.length + 1) : row.writes,
    row.timeMs.toFixed(3),
    share(row.share),
    row.gmacs === null ? '' : row.gmacs.toFixed(1),
    row.ofLimit === null ? '' : `${(100 * row.ofLimit).toFixed(0)} %`,
    pathText(row.paths),
  ]);
  cells.push(['', 'outside of the ops', '', outsideMs.toFixed(3), share(outsideMs / stepMs), '', '', '']);
  const { bold } = terminal.colour;
  const limit =
    limitGmacs === null
      ? ''
      : `, ${((100 * gmacs) / limitGmacs).toFixed(0)} % of the limit (${limitGmacs.toFixed(1)} GMAC/s: multiply-adds alone, between the steps)`;
  return [
    `${bold(`Training step of ${network}`)}, batch ${batch}, backend ${backend}, ${threads} thread${threads === 1 ? '' : 's'}: median of ${grouped(steps)} step${steps === 1 ? '' : 's'}`,
    '',
    tableText(
      terminal,
      ['layer', 'op', 'writes', 'ms', 'share', 'GMAC/s', 'of limit', 'path'],
      cells,
      'lllrrrrl',
    ),
    '',
    `step ${stepMs.toFixed(3)} ms, ${(1000 / stepMs).toFixed(1)} steps/s, ${gmacs.toFixed(1)} GMAC/s${limit}`,
  ].join('\n');
}

/** Checks, before the work is done, that the file can be written after it. @throws UsageError */
export function checkTraceFile(option: string, path: string): void {
  if (existsSync(path)) {
    throw new UsageError(`${option}: must be a new file, got ${path}, which exists; choose another name`);
  }
  if (!existsSync(dirname(path))) {
    throw new UsageError(`${option}: must lie in a folder that exists, got ${path}; make ${dirname(path)}`);
  }
}

/** Writes the trace; never over another file. */
export function writeTrace(path: string, profiles: readonly TrainingProfile[]): void {
  writeFileSync(path, JSON.stringify(profileTrace(profiles)) + '\n', { flag: 'wx' });
}

/** What to do with a trace file. */
export function traceNote(path: string): string {
  return `trace ${path}: open it at ui.perfetto.dev or in chrome://tracing`;
}
