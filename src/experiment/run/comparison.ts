/** What a comparison of several runs is before, while and after it trains: types alone. `store/comparison.ts` trains it in run folders. */
import type { RunConfiguration } from './configuration.js';
import type { RunResult } from './execute.js';
import type { MetricsLine } from './metrics.js';

/** One run of a comparison before it is run. */
export interface ComparisonEntry {
  readonly name: string;
  /** Folder of the run. */
  readonly path: string;
  readonly configuration: RunConfiguration;
}

/** One run of a comparison when it is done. */
export interface ComparisonRow extends ComparisonEntry {
  readonly result: RunResult;
  readonly metrics: readonly MetricsLine[];
}

/** How a comparison ended: with all its rows, or stopped within an entry, to be continued by the same call. */
export type ComparisonOutcome =
  | { readonly status: 'done'; readonly rows: readonly ComparisonRow[] }
  | { readonly status: 'interrupted'; readonly entry: ComparisonEntry; readonly step: number };
