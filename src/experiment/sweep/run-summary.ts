/**
 * What is to be said of a run in one line: its state, how far it has come and how well it does. Read from a run folder by
 * run-folder-summary.ts; here are the type and its ways out, a row of a table and CSV. docs/experiments.md, section "Looking at runs".
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
  /** null where it cannot be read. */
  readonly configuration: RunConfiguration | null;
  /** Epochs ended. */
  readonly epochs: number;
  /** Steps done, as far as the metrics tell. */
  readonly steps: number;
  /** Of the last epoch that has ended; null before the first. */
  readonly testErrorPercent: number | null;
  readonly trainErrorPercent: number | null;
  readonly loss: number | null;
  /** The last epoch's test loss is no number: its error says nothing. */
  readonly isDiverged: boolean;
  readonly stepsPerSecond: number | null;
  /** SHA-256 of the parameters; null while the run is not done. */
  readonly digest: string | null;
  /** Why it was pruned. */
  readonly pruned: Pruned | null;
  /** Why it failed, or what is damaged. */
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
    // Not "epochs" and "steps": fields of the configuration have these names.
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

/** Rows as CSV (RFC 4180) with a line of names; what is null is empty. */
export function csvText(rows: readonly Readonly<Record<string, string | number | null>>[]): string {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const line = (cells: readonly (string | number | null)[]): string => cells.map(csvCell).join(',') + '\r\n';
  return line(names) + rows.map((row) => line(names.map((name) => row[name] ?? null))).join('');
}

function csvCell(cell: string | number | null): string {
  const text = cell === null ? '' : String(cell);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
