/**
 * What the profiler of a session sees: which way products were summed, operands deciding, and all records of an op as one.
 * That it changes nothing and how its clock is read is in test/contract; what the figures say in test/train.
 */
import { describe, expect, test } from 'vitest';
import type { OpProfile } from '../../src/backend/contract.js';
import { wasmBackend } from '../../src/backend/wasm/index.js';
import { ArrayDataSetIterator } from '../../src/data/index.js';
import { parseFormat, parseRounding, type Accumulator } from '../../src/numerics/index.js';
import { PlanBuilder } from '../../src/plan/index.js';
import { Network, type NetworkOptions } from '../../src/train/index.js';
import { tinyConfiguration, tinyData } from '../train/support.js';

const M = 8;
const N = 16;
const K = 512;
const format = parseFormat('<2,14>');

/** Profile of one product of constant operands, [8, 512] by [512, 16]. */
async function profileProduct(
  values: readonly [lhs: number, rhs: number],
  options: { readonly threads?: number; readonly accumulator?: Accumulator } = {},
): Promise<OpProfile> {
  const { threads = 1, accumulator = 'exact' } = options;
  const builder = new PlanBuilder({ name: 'product', arithmetic: 'fixed', batch: 1 });
  const tensor = (name: string, shape: number[]): number =>
    builder.tensor({ name, shape, batched: false, role: 'activation', format, persistent: true });
  const [lhs, rhs, out] = [tensor('lhs', [M, K]), tensor('rhs', [K, N]), tensor('out', [M, N])];
  const settings = { rounding: parseRounding('floor'), overflow: 'saturate', accumulator } as const;
  builder.layer('product').matmul({ lhs, rhs, out, ...settings });
  let now = 0;
  const session = await wasmBackend.open(builder.finish(), { seed: 1, threads, clock: () => ++now });
  await session.write('lhs', new Int16Array(M * K).fill(values[0]));
  await session.write('rhs', new Int16Array(K * N).fill(values[1]));
  const batch = { count: 1, inputs: new Int16Array(0), labels: new Int32Array(0) };
  await session.train([{ ...batch, step: 0, coefficients: [] }]);
  const [step] = await session.profile!();
  await session.close();
  return step!.ops[0]!;
}

describe('the path of a product', () => {
  // Multiply-adds with padding, of which these sizes need none.
  const all = M * N * K;

  test.each([
    ['fast', [100, 100], { fast: all }],
    ['flush', [4000, 4000], { flush: all }],
    ['full', [-32768, -32768], { full: all }],
  ] as const)('%s', async (_, values, paths) => {
    for (const threads of [1, 2, 3]) {
      expect((await profileProduct(values, { threads })).paths).toEqual(paths);
    }
  });

  test('a saturating accumulator keeps the order', async () => {
    const accumulator = { width: 32, overflow: 'saturate' } as const;
    expect((await profileProduct([100, 100], { accumulator })).paths).toEqual({ ordered: 1 });
  });
});

describe('a network', () => {
  async function profiled(options: NetworkOptions, formats: 'float32' | '<6,10>') {
    // A fixed rounding or none: float32 has none.
    const { rounding: _, ...configuration } = tinyConfiguration({ formats });
    const network = await Network.create(configuration, options);
    await network.fit(new ArrayDataSetIterator(tinyData(10), { batch: 4, shuffle: 1 }), { epochs: 2 });
    const digest = await network.digest();
    const profile = await network.profile();
    await network.close();
    return { digest, profile };
  }

  test.each(['<6,10>', 'float32'] as const)('%s: the digest is that without a profile', async (formats) => {
    let now = 0;
    for (const threads of [1, 2, 3]) {
      const plain = await profiled({ threads }, formats);
      const measured = await profiled({ threads, clock: () => ++now }, formats);
      expect(measured.digest).toBe(plain.digest);
      expect(plain.profile).toBeNull();
      expect(measured.profile).toMatchObject({ backend: 'wasm', threads });
      expect(measured.profile!.steps).toHaveLength(6);
    }
  });

  test('sums over the batch, which take two records, are one op', async () => {
    let now = 0;
    const { profile } = await profiled({ threads: 2, clock: () => ++now }, '<6,10>');
    const { plan, steps } = profile!;
    const at = plan.train.findIndex(({ kind }) => kind === 'conv2dWeightGradient');
    expect(at).toBeGreaterThan(0);
    for (const { ops } of steps) {
      expect(ops).toHaveLength(plan.train.length);
      expect(Object.keys(ops[at]!.paths)).toEqual(['fast']);
      expect(ops[at]!.timeMs).toBe(1);
    }
  });

  test('float32 products have one path', async () => {
    const { profile } = await profiled({ threads: 1, clock: () => 0 }, 'float32');
    const { plan, steps } = profile!;
    const products = plan.train.map((op) => ('accumulator' in op ? { float32: 1 } : {}));
    for (const { ops } of steps) expect(ops.map(({ paths }) => paths)).toEqual(products);
  });
});
