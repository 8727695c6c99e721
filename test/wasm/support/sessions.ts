/** Steps of any plan on wasm against the reference backend: every element of every tensor and every counter after each. */
import { expect } from 'vitest';
import type { Coefficients, Session, SiteStatistics, TensorData } from '../../../src/backend/contract.js';
import { referenceBackend } from '../../../src/backend/reference/index.js';
import { wasmBackend } from '../../../src/backend/wasm/index.js';
import type { Plan } from '../../../src/plan/index.js';
import { difference, SEED } from '../../contract/suite.js';

/** Contents of tensors by name. */
export type Contents = ReadonlyMap<string, TensorData>;

export interface Step {
  /** Default: the whole batch. */
  readonly count?: number;
  /** What is written before it. */
  readonly data?: Contents;
}

/** Multiply-adds of a product by the way they were summed. */
export type Paths = Readonly<Record<string, number>>;

interface Result {
  readonly tensors: Contents;
  readonly statistics: readonly SiteStatistics[];
}

async function results(
  session: Session,
  steps: readonly Step[],
  coefficients: readonly Coefficients[],
): Promise<Result[]> {
  const { plan } = session;
  const after: Result[] = [];
  for (const [i, { count = plan.batch, data = new Map<string, TensorData>() }] of steps.entries()) {
    for (const [name, values] of data) await session.write(name, values);
    const batch = { count, inputs: new Int16Array(0), labels: new Int32Array(0), coefficients };
    await session.train([{ ...batch, step: i * 4294967299 }]);
    const tensors = new Map<string, TensorData>();
    for (const { name } of plan.tensors) tensors.set(name, await session.read(name));
    after.push({ tensors, statistics: await session.statistics() });
  }
  return after;
}

/** Expects the same of both backends on each number of threads; returns by that number, step and op how it was summed. */
export async function expectAlike(
  plan: Plan,
  steps: readonly Step[],
  options: { readonly threads?: readonly number[]; readonly coefficients?: readonly Coefficients[] } = {},
): Promise<Paths[][][]> {
  const { threads: threadCounts = [1, 2, 3], coefficients = [] } = options;
  const reference = await referenceBackend.open(plan, { seed: SEED, threads: 1 });
  const wanted = await results(reference, steps, coefficients);
  await reference.close();
  const paths: Paths[][][] = [];
  for (const threads of threadCounts) {
    const session = await wasmBackend.open(plan, { seed: SEED, threads, clock: () => 0 });
    try {
      const got = await results(session, steps, coefficients);
      got.forEach(({ tensors, statistics }, step) => {
        const when = `after step ${String(step)}, ${String(threads)} threads`;
        for (const [name, values] of tensors) {
          expect(difference(values, wanted[step]!.tensors.get(name)!), `${name} ${when}`).toBe('');
        }
        expect(statistics, when).toEqual(wanted[step]!.statistics);
      });
      const profile = await session.profile!();
      paths.push(profile.map(({ ops }) => ops.map((op) => op.paths)));
    } finally {
      await session.close();
    }
  }
  return paths;
}
