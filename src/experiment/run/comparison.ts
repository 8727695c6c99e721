/**
 * A comparison of several runs before, during and after its training; types only. `store/comparison.ts`
 * trains it in run folders.
 */
import type { RunConfiguration } from './configuration.js';
import type { RunResult } from './execute.js';
import type { MetricsLine } from './metrics.js';

/** One run of a comparison before it begins. */
export interface ComparisonEntry {
  readonly name: string;
  /** Folder of the run. */
  readonly path: string;
  readonly configuration: RunConfiguration;
}

/** One completed run of a comparison. */
export interface ComparisonRow extends ComparisonEntry {
  readonly result: RunResult;
  readonly metrics: readonly MetricsLine[];
}

/**
 * How a comparison ended: with all its rows, or stopped within an entry, from which the same call continues.
 */
export type ComparisonOutcome =
  | { readonly status: 'done'; readonly rows: readonly ComparisonRow[] }
  | { readonly status: 'interrupted'; readonly entry: ComparisonEntry; readonly step: number };
