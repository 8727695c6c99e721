/**
 * The contract suite: groups of one-op cases, run by the oracle once and by every backend, compared exactly: every
 * element of every tensor (so also that rows beyond a partial batch are left alone), metrics and counters.
 * The cases of a group share a plan and a session, because opening a session costs more than most cases.
 */
import { beforeAll, describe, expect, test } from 'vitest';
import {
  parseFormat,
  parseRounding,
  type Accumulator,
  type NumberFormat,
  type Overflow,
} from '../../src/numerics/index.js';
import {
  PlanBuilder,
  type Plan,
  type SiteSettings,
  type Tensor,
  type TensorId,
} from '../../src/plan/index.js';
import {
  UnsupportedError,
  type Coefficients,
  type SiteStatistics,
  type StepMetrics,
  type TensorData,
} from '../../src/backend/contract.js';
import { CANDIDATES, REFERENCE, type Candidate, type Feature } from './backends.js';
import { contents, typedArray, type Style } from './data.js';
import { Oracle } from './oracle.js';

/** Adds one op and its tensors to the group's plan. */
export interface Case {
  readonly name: string;
  /** Default `full`. */
  readonly style?: Style;
  /** What a backend must have to run it. */
  readonly needs?: Feature;
  readonly add: (workbench: Workbench) => void;
}

export interface Group {
  readonly name: string;
  readonly batch: number;
  /** Default: a full batch at step 0, then the partial ones of `counts` at far steps. */
  readonly counts?: readonly number[];
  readonly arithmetic?: 'fixed' | 'float32';
  readonly coefficients?: readonly Coefficients[];
  /** What the results are compared with: the oracle (default), or, where that would take too long, the reference. */
  readonly against?: 'reference';
  readonly cases: readonly Case[];
}

/** Rounding and overflow by name, as `add` functions write them. */
export function settings(rounding: string, overflow: Overflow = 'saturate'): SiteSettings {
  return { rounding: parseRounding(rounding), overflow };
}

/** What a product with that accumulator asks of a backend. */
export function needsOf(accumulator: Accumulator): Pick<Case, 'needs'> {
  const saturates = accumulator !== 'exact' && accumulator.overflow === 'saturate';
  return saturates ? { needs: 'saturating accumulators' } : {};
}

/** Makes the tensors of one case. */
export class Workbench {
  /** Contents by tensor. */
  readonly data = new Map<TensorId, TensorData>();

  constructor(
    readonly builder: PlanBuilder,
    private readonly name: string,
    private readonly style: Style,
  ) {}

  /** Rows of a batched tensor. */
  get batch(): number {
    return this.builder.batch;
  }

  /** A tensor `name` of the case, batched where its role is not that of a parameter; filled by the case's style. */
  tensor(
    name: string,
    shape: readonly number[],
    format: string | null,
    options: { role?: Tensor['role']; batched?: boolean; limit?: number } = {},
  ): TensorId {
    const { role = 'activation', batched = false, limit = 1 } = options;
    const id = this.builder.tensor({
      name: `${this.name}/${name}`,
      shape,
      batched,
      role,
      format: this.format(format),
      persistent: true,
    });
    // Results too, because elements that an op must not write have to stay.
    this.data.set(id, contents(this.builder.get(id), this.style, limit));
    return id;
  }

  private format(text: string | null): NumberFormat | null {
    if (text === null) return null;
    return this.builder.arithmetic === 'float32' ? 'float32' : parseFormat(text);
  }
}

interface Built {
  readonly plan: Plan;
  readonly data: ReadonlyMap<TensorId, TensorData>;
  readonly steps: readonly { readonly count: number; readonly step: number }[];
}

/** What is compared after a step. */
interface Snapshot {
  readonly metrics: StepMetrics;
  /** By name. */
  readonly tensors: ReadonlyMap<string, TensorData>;
  readonly statistics: readonly SiteStatistics[];
}

/** Key of every session of the suite. */
export const SEED = 0xfedcba9876543210n;

function build(group: Group): Built {
  const builder = new PlanBuilder({
    name: group.name,
    arithmetic: group.arithmetic ?? 'fixed',
    batch: group.batch,
  });
  const data = new Map<TensorId, TensorData>();
  for (const { name, style = 'full', add } of group.cases) {
    const workbench = new Workbench(builder, name, style);
    builder.program('train').layer(name);
    add(workbench);
    for (const [id, values] of workbench.data) data.set(id, values);
  }
  const plan = builder.finish({ groups: group.coefficients?.length ?? 0 });
  const counts = [group.batch, ...(group.counts ?? [])];
  // Steps beyond 32 bits: both step words of the generator take part.
  const steps = counts.map((count, i) => ({ count, step: i * 4294967299 }));
  return { plan, data, steps };
}

function oracleSnapshots({ plan, data, steps }: Built, coefficients: readonly Coefficients[]): Snapshot[] {
  const oracle = new Oracle(plan, SEED);
  for (const [id, values] of data) oracle.write(id, values);
  return steps.map(({ count, step }) => {
    oracle.run(plan.train, { count, step, coefficients });
    return {
      metrics: { count, lossSum: Number(oracle.loss) * 2 ** -24, correct: oracle.correct },
      tensors: new Map(
        plan.tensors.map(({ id, name, storage }) => [name, typedArray(storage, oracle.tensors[id]!)]),
      ),
      statistics: oracle.takeStatistics(),
    };
  });
}

async function sessionSnapshots(
  { backend, threads }: Candidate,
  { plan, data, steps }: Built,
  coefficients: readonly Coefficients[],
): Promise<Snapshot[]> {
  const session = await backend.open(plan, { seed: SEED, threads });
  try {
    for (const [id, values] of data) await session.write(plan.tensors[id]!.name, values);
    const snapshots: Snapshot[] = [];
    for (const { count, step } of steps) {
      const batch = { count, inputs: new Int16Array(0), labels: new Int32Array(0) };
      const [metrics] = await session.train([{ ...batch, step, coefficients }]);
      const tensors = new Map<string, TensorData>();
      for (const { name } of plan.tensors) tensors.set(name, await session.read(name));
      snapshots.push({ metrics: metrics!, tensors, statistics: await session.statistics() });
    }
    return snapshots;
  } finally {
    await session.close();
  }
}

/**
 * The first element that differs, in words; empty if all are equal. (Deep equality of typed arrays takes too
 * long.)
 */
export function difference(got: TensorData, wanted: TensorData): string {
  const at = wanted.findIndex((value, i) => !Object.is(got[i], value));
  return at < 0 && got.length === wanted.length
    ? ''
    : `element ${String(at)} of ${String(wanted.length)}: got ${String(got[at])}, wanted ${String(wanted[at])}`;
}

/** Compares what belongs to one case, element by element, naming the first that differs. */
function expectCase(plan: Plan, name: string, got: Snapshot, wanted: Snapshot, when: string): void {
  const own = (text: string): boolean => text.startsWith(`${name}/`);
  for (const { name: tensor } of plan.tensors.filter((candidate) => own(candidate.name))) {
    expect(difference(got.tensors.get(tensor)!, wanted.tensors.get(tensor)!), `${tensor} ${when}`).toBe('');
  }
  const statistics = ({ statistics: all }: Snapshot): SiteStatistics[] => all.filter(({ site }) => own(site));
  expect(statistics(got), `counters ${when}`).toEqual(statistics(wanted));
}

/** The cases of a group that a candidate can run; null if it refuses the arithmetic itself. */
function withoutLacking(group: Group, { lacks }: Candidate): Group | null {
  if (group.arithmetic === 'float32' && lacks.includes('float32')) return null;
  return {
    ...group,
    cases: group.cases.filter(({ needs }) => needs === undefined || !lacks.includes(needs)),
  };
}

/** Runs every group on every backend. */
export function contractSuite(groups: readonly Group[]): void {
  for (const group of groups) {
    describe(group.name, () => {
      const { coefficients = [], against } = group;
      const built = build(group);
      let wanted: Snapshot[];
      beforeAll(async () => {
        wanted = await (against
          ? sessionSnapshots(REFERENCE, built, coefficients)
          : oracleSnapshots(built, coefficients));
      });
      for (const candidate of CANDIDATES.filter(({ name }) => name !== against))
        describe(candidate.name, () => {
          const able = withoutLacking(group, candidate);
          if (able?.cases.length !== group.cases.length) {
            test('refuses what it lacks', async () => {
              const opening = candidate.backend.open(built.plan, { seed: SEED, threads: candidate.threads });
              await expect(opening).rejects.toThrow(UnsupportedError);
            });
          }
          if (able === null || able.cases.length === 0) return;
          let got: Snapshot[];
          beforeAll(async () => {
            got = await sessionSnapshots(candidate, build(able), coefficients);
          });
          for (const { name } of able.cases)
            test(name, () => {
              built.steps.forEach(({ count }, i) => {
                expectCase(
                  built.plan,
                  name,
                  got[i]!,
                  wanted[i]!,
                  `after step ${String(i)}, ${String(count)} examples`,
                );
              });
            });
          test('metrics', () => {
            expect(got.map(({ metrics }) => metrics)).toEqual(wanted.map(({ metrics }) => metrics));
          });
        });
    });
  }
}
