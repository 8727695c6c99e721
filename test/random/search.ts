/** One network of a random search: trains and evaluates it on the reference and on wasm, and names the first difference. */
import type { Session, SiteStatistics, StepMetrics, TensorData } from '../../src/backend/contract.js';
import { referenceBackend } from '../../src/backend/reference/index.js';
import { wasmBackend } from '../../src/backend/wasm/index.js';
import type { Plan } from '../../src/plan/index.js';
import { randomNetwork, randomTraining } from '../support/random-network.js';

const STEPS = 2;
const THREADS = [1, 2, 3];
const SEED = 7;

/** All that a session shows after a step. */
interface Shown {
  readonly metrics: StepMetrics;
  readonly tensors: ReadonlyMap<string, TensorData>;
  readonly statistics: readonly SiteStatistics[];
}

async function run(
  session: Session,
  { contents, steps }: ReturnType<typeof randomTraining>,
): Promise<Shown[]> {
  const shown: Shown[] = [];
  const look = async (metrics: StepMetrics): Promise<void> => {
    const tensors = new Map<string, TensorData>();
    for (const { name } of session.plan.tensors) tensors.set(name, await session.read(name));
    shown.push({ metrics, tensors, statistics: await session.statistics() });
  };
  try {
    for (const [name, data] of contents) await session.write(name, data);
    for (const step of steps) await look((await session.train([step]))[0]!);
    const [batch] = steps;
    const { count, lossSum, correct } = (await session.evaluate([{ ...batch!, step: 0 }]))[0]!;
    await look({ count, lossSum, correct });
  } finally {
    await session.close();
  }
  return shown;
}

/** The first difference between two sequences, in words; null if they are equal. */
function difference(wanted: readonly Shown[], got: readonly Shown[]): string | null {
  for (const [step, { metrics, tensors, statistics }] of wanted.entries()) {
    for (const [name, data] of tensors) {
      const other = got[step]!.tensors.get(name)!;
      const at = data.findIndex((value, i) => !Object.is(value, other[i]));
      if (at >= 0) return `step ${step}: ${name}[${at}] is ${data[at]} and ${other[at]}`;
    }
    const rest = [metrics, statistics].map((value) => JSON.stringify(value));
    const others = [got[step]!.metrics, got[step]!.statistics].map((value) => JSON.stringify(value));
    if (rest.join() !== others.join()) return `step ${step}: metrics or counters differ`;
  }
  return null;
}

/**
 * Tries the network of a seed. `refused`: the library refuses what was drawn; null: all equal; a text: the difference, or how
 * a backend failed.
 */
export async function trySeed(seed: number): Promise<string | null> {
  const network = randomNetwork(seed);
  if (network === null) return 'refused';
  return tryPlan(network.plan, seed);
}

async function tryPlan(plan: Plan, seed: number): Promise<string | null> {
  const training = randomTraining(plan, seed, STEPS);
  const wanted = await run(await referenceBackend.open(plan, { seed: SEED }), training);
  for (const threads of THREADS) {
    try {
      const found = difference(
        wanted,
        await run(await wasmBackend.open(plan, { seed: SEED, threads }), training),
      );
      if (found !== null) return `${threads} threads: ${found}`;
    } catch (error) {
      return `${threads} threads: ${String(error)}`;
    }
  }
  return null;
}
