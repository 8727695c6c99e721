/** Runs, or their epochs, as a table in a file for other programs. */
import { existsSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { csvText, epochLines, type Cell, summaryRow, type RunSummary } from '../../../experiment/index.js';
import { readMetrics, writeWhole } from '../../../experiment/store/index.js';
import { UsageError } from '../../console/errors.js';

export const EXPORT_FORMATS = ['csv', 'json', 'parquet'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

type Row = Readonly<Record<string, Cell>>;

/** Runs as rows. */
export function runRows(summaries: readonly RunSummary[], fields: readonly string[]): Row[] {
  return summaries.map((summary) => summaryRow(summary, fields));
}

/** Epochs as rows: the run, its fields, and the figures of the epoch. */
export function epochRows(summaries: readonly RunSummary[], fields: readonly string[]): Row[] {
  return summaries.flatMap((summary) => {
    const row = summaryRow(summary, fields);
    const head = Object.fromEntries(['run', ...fields].map((name) => [name, row[name] ?? null]));
    const lines = summary.configuration === null ? [] : epochLines(readMetrics(summary.path));
    return lines.map(
      ({ epoch, step, loss, trainErrorPercent, testErrorPercent, testLoss, stepsPerSecond }) => ({
        ...head,
        ...{ epoch, step, loss, trainErrorPercent, testErrorPercent, testLoss, diverged: testLoss === null },
        stepsPerSecond,
      }),
    );
  });
}

/** The table as text. */
export function exportText(rows: readonly Row[], format: 'csv' | 'json'): string {
  return format === 'csv' ? csvText(rows) : JSON.stringify(rows, null, 2) + '\n';
}

const TYPES = new Map<string, 'DOUBLE' | 'BOOLEAN'>([
  ['number', 'DOUBLE'],
  ['boolean', 'BOOLEAN'],
]);

/** The table as a Parquet file: numbers are DOUBLE, truth values BOOLEAN, all else STRING, and what is null is null. */
async function parquetBytes(rows: readonly Row[]): Promise<Uint8Array> {
  // Loaded when it is needed: no other command is.
  const { parquetWriteBuffer } = await import('hyparquet-writer');
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const columnData = names.map((name) => {
    const data = rows.map((row) => row[name] ?? null);
    const type = TYPES.get(typeof data.find((cell) => cell !== null)) ?? ('STRING' as const);
    return { name, data, type, nullable: true };
  });
  return new Uint8Array(parquetWriteBuffer({ columnData }));
}

/** Writes a table to a file whole. @throws UsageError where the file is there already, unless it is to be replaced */
export async function writeExport(
  file: string,
  rows: readonly Row[],
  { format, force }: { readonly format: ExportFormat; readonly force: boolean },
): Promise<void> {
  if (existsSync(file) && !force) {
    throw new UsageError(
      `export: ${file} is there already; choose another file, or write over it with --force`,
    );
  }
  const contents = format === 'parquet' ? await parquetBytes(rows) : exportText(rows, format);
  writeWhole(dirname(file), basename(file), contents);
}
