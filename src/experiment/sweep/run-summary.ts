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

/** The errors of the last epoch, in percent; null if they are no numbers, or there are none. They rank runs. */
export function summaryErrors({
  isDiverged,
  testErrorPercent,
  trainErrorPercent,
  loss,
}: Pick<RunSummary, 'isDiverged' | 'testErrorPercent' | 'trainErrorPercent' | 'loss'>): {
  readonly test: number | null;
  readonly train: number | null;
} {
  return {
    test: isDiverged ? null : testErrorPercent,
    train: isDiverged || loss === null ? null : trainErrorPercent,
  };
}

/** A summary as a flat object: the run, its state, the texts of some fields, its figures. */
export function summaryRow(summary: RunSummary, fields: readonly string[]): Record<string, Cell> {
  const { path, state, configuration, epochs, steps, digest, problem } = summary;
  const { testErrorPercent, trainErrorPercent, loss, stepsPerSecond, isDiverged } = summary;
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
    // Why a loss is null, and an error no measure: JSON has no NaN.
    diverged: isDiverged,
    stepsPerSecond,
    digest,
    problem,
  };
}

/** What a cell of a table of runs may be. */
export type Cell = string | number | boolean | null;
type Row = Readonly<Record<string, Cell>>;

/**
 * Rows as CSV (RFC 4180) with a line of names; null becomes an empty cell. Spreadsheets compute a text that begins as a formula
 * does, so an apostrophe goes before it; numbers stay as they are.
 */
export function csvText(rows: readonly Row[]): string {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const line = (cells: readonly Cell[]): string => cells.map(csvCell).join(',') + '\r\n';
  return line(names) + rows.map((row) => line(names.map((name) => row[name] ?? null))).join('');
}

function csvCell(cell: Cell): string {
  const plain = cell === null ? '' : String(cell);
  const isFormula = typeof cell === 'string' && /^[=+\-@\t\r\n＝＋－＠]/.test(plain) && !isNumber(plain);
  const text = isFormula ? `'${plain}` : plain;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** True for a number written as text, such as the value of a field. */
function isNumber(text: string): boolean {
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text);
}
