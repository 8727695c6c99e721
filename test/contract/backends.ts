/**
 * Every backend that the contract suite runs, each at the thread counts it must give the same integers with.
 * No backend opts out of any case; one that has to (a GPU without ordered sums) gets a written reason here.
 */
import { selectBackend } from '../../src/backend/index.js';
import type { Backend } from '../../src/backend/contract.js';

export interface Candidate {
  readonly name: string;
  readonly backend: Backend;
  readonly threads: number;
}

const THREADS: Readonly<Record<string, readonly number[]>> = { reference: [1], wasm: [1, 2, 3, 7] };

/** Backends by number of threads. */
export const CANDIDATES: readonly Candidate[] = Object.entries(THREADS).flatMap(([name, counts]) =>
  counts.map((threads) => ({
    name: threads === 1 ? name : `${name}, ${String(threads)} threads`,
    backend: selectBackend(name),
    threads,
  })),
);

/** The rung below every other backend. */
export const REFERENCE: Candidate = { name: 'reference', backend: selectBackend('reference'), threads: 1 };

/** One candidate a backend, for what does not depend on the number of threads. */
export const BACKENDS: readonly Candidate[] = CANDIDATES.filter(({ threads }) => threads === 1);
