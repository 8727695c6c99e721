/**
 * Every backend that the contract suite runs, each at the thread counts it must give the same integers with.
 * Everything that a backend cannot compute exactly is listed here with its reason; the suite checks that the
 * backend refuses those cases.
 */
import { selectBackend } from '../../src/backend/index.js';
import type { Backend } from '../../src/backend/contract.js';

/** What a case may ask for that not every backend has. */
export type Feature = 'float32' | 'saturating accumulators';

export interface Candidate {
  readonly name: string;
  readonly backend: Backend;
  readonly threads: number;
  /** What it refuses. */
  readonly lacks: readonly Feature[];
}

/** An array that divides hardly any size, with accumulators as wide as any plan's. */
const SYSTOLIC = 'systolic:4x3,acc64';
const THREADS: Readonly<Record<string, readonly number[]>> = {
  reference: [1],
  [SYSTOLIC]: [1],
  wasm: [1, 2, 3, 7],
};
const LACKS: Readonly<Record<string, readonly Feature[]>> = {
  // PEs multiply integers, and their accumulators wrap: a saturating one would add a comparison to every PE.
  [SYSTOLIC]: ['float32', 'saturating accumulators'],
};

/** Backends by number of threads. */
export const CANDIDATES: readonly Candidate[] = Object.entries(THREADS).flatMap(([name, counts]) =>
  counts.map((threads) => ({
    name: threads === 1 ? name : `${name}, ${String(threads)} threads`,
    backend: selectBackend(name),
    threads,
    lacks: LACKS[name] ?? [],
  })),
);

/** The rung below every other backend. */
export const REFERENCE: Candidate = {
  name: 'reference',
  backend: selectBackend('reference'),
  threads: 1,
  lacks: [],
};

/** One candidate a backend, for what does not depend on the number of threads. */
export const BACKENDS: readonly Candidate[] = CANDIDATES.filter(({ threads }) => threads === 1);

/** Those that have the float32 baseline. */
export const FLOAT_BACKENDS: readonly Candidate[] = BACKENDS.filter(
  ({ lacks }) => !lacks.includes('float32'),
);
