/**
 * The summary of a run in one line: its state, its progress and its error. store/summary.ts reads it from a
 * run folder; this file has the type, its row of a table, and its CSV. docs/experiments.md, section "Looking
 * at runs".
 */
import type { Pruned } from './halving.js';
import { runFields } from './run-fields.js';
import type { RunConfiguration } from '../run/configuration.js';

/**
 * `running`: a process has its lock; `stopped`: none has, and it is not done; `pruned`: stopped on purpose by its sweep;
 * `failed`: its sweep gave it up; `planned`: its sweep has not begun it; `damaged`: its files cannot be read.
 */
export type RunState = 'done' | 'running' | 'stopped' | 'pruned' | 'failed' | 'planned' | 'damaged';

/** One run in one line. */
export interface RunSummary {
  /** Path of the run folder. */
  readonly path: string;
  readonly state: RunState;
  /** null if it cannot be read. */
  readonly configuration: RunConfiguration | null;
  /** Epochs completed. */
  readonly epochs: number;
  /** Steps done, as far as the metrics show. */
  readonly steps: number;
  /** The figure of the last completed epoch; null before the first. */
  readonly testErrorPercent: number | null;
  readonly trainErrorPercent: number | null;
  readonly loss: number | null;
  /** The last epoch's test loss is not a number, so its error is meaningless. */
  readonly isDiverged: boolean;
  readonly stepsPerSecond: number | null;
  /** SHA-256 of the parameters; null while the run is not done. */
  readonly digest: string | null;
  /** Why it was pruned. */
  readonly pruned: Pruned | null;
  /** Why it failed, or which file is damaged. */
  readonly problem: string | null;
}

/** A summary as a flat object: the run, its state, the texts of some fields, its figures. */
export function summaryRow(
  summary: RunSummary,
  fields: readonly string[],
): Record<string, string | number | null> {
  const { path, state, configuration, epochs, steps, digest, problem } = summary;
  const { testErrorPercent, trainErrorPercent, loss, stepsPerSecond } = summary;
  const texts = configuration === null ? {} : runFields(configuration);
  return {
    run: path,
    state,
    ...Object.fromEntries(fields.map((field) => [field, texts[field] ?? null])),
    // Not "epochs" and "steps", because fields of the configuration have these names.
    epochsDone: epochs,
    stepsDone: steps,
    testErrorPercent,
    trainErrorPercent,
    loss,
    stepsPerSecond,
    digest,
    problem,
  };
}

/**
 * Rows as CSV (RFC 4180) with a line of names; null becomes an empty cell. Spreadsheets compute a text that begins as a formula
 * does, so an apostrophe goes before it; numbers stay as they are.
 */
export function csvText(rows: readonly Readonly<Record<string, string | number | null>>[]): string {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const line = (cells: readonly (string | number | null)[]): string => cells.map(csvCell).join(',') + '\r\n';
  return line(names) + rows.map((row) => line(names.map((name) => row[name] ?? null))).join('');
}

function csvCell(cell: string | number | null): string {
  const plain = cell === null ? '' : String(cell);
  const isFormula = typeof cell === 'string' && /^[=+\-@\t\r\n＝＋－＠]/.test(plain) && !isNumber(plain);
  const text = isFormula ? `'${plain}` : plain;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** True for a number written as text, such as the value of a field. */
function isNumber(text: string): boolean {
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text);
}
