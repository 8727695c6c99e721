/** Training on the array: what it refuses, what it reports, and that PE by PE and quick sums train the same bits. */
import { describe, expect, test } from 'vitest';
import {
  parseBackendName,
  selectBackend,
  systolicBackend,
  UnsupportedError,
  type Backend,
  type ProductRunner,
  type SystolicSession,
} from '../../src/backend/index.js';
import {
  arrayConfig,
  computeProduct,
  proveSums,
  schedule,
  simulateProduct,
  type RandomSource,
  type Schedule,
} from '../../src/hardware/index.js';
import { defineNetwork, type NetworkConfiguration } from '../../src/nn/index.js';
import { Network } from '../../src/train/index.js';
import { tinyConfiguration, tinyIterator } from '../train/support.js';
import { matmulOf } from './support.js';

/** Trains the tiny network for one epoch of three batches, the last one partial. */
async function trained(backend: Backend | `systolic:${string}`, changes: Partial<NetworkConfiguration> = {}) {
  const network = await Network.create(tinyConfiguration(changes), { backend });
  try {
    await network.fit(tinyIterator(20, 8), { epochs: 1 });
    const evaluation = await network.evaluate(tinyIterator(12, 8));
    return { digest: await network.digest(), loss: evaluation.loss(), accuracy: evaluation.accuracy() };
  } finally {
    await network.close();
  }
}

const array = { rows: 4, cols: 3, lfsrBits: 12 } as const;
const random = (source: RandomSource): Backend => systolicBackend({ array, random: source });

describe('the numbers', () => {
  test('with Philox are those of every backend, whatever the array', async () => {
    const wanted = await trained(selectBackend('reference'));
    for (const name of ['systolic:4x3', 'systolic:1x1', 'systolic:9x2,acc40', 'systolic:3x5,pe'] as const) {
      expect(await trained(name), name).toEqual(wanted);
    }
  });

  test.each(['philox', 'lfsr'] as const)('with %s are the same PE by PE', async (source) => {
    const schedules: Schedule[] = [];
    const runner: ProductRunner = (job) => {
      const simulated = simulateProduct(job);
      expect(simulated).toEqual(schedule(job.config, job.product));
      schedules.push(simulated);
    };
    const slow = await trained(systolicBackend({ array, random: source, runner }));
    expect(slow).toEqual(await trained(random(source)));
    // Three training steps of five products (the first layer passes no error on) and two evaluation steps of two.
    expect(schedules).toHaveLength(3 * 5 + 2 * 2);
  });

  test('with shift registers depend on seed, array and register, and on nothing else', async () => {
    const digest = async (name: `systolic:${string}`, seed = 7) => (await trained(name, { seed })).digest;
    const wanted = await digest('systolic:4x3,lfsr12');
    expect(await digest('systolic:4x3,lfsr12')).toBe(wanted);
    expect(await digest('systolic:lfsr12,4x3')).toBe(wanted);
    const others = await Promise.all([
      digest('systolic:4x3'),
      digest('systolic:4x3,lfsr16'),
      digest('systolic:5x3,lfsr12'),
      digest('systolic:4x2,lfsr12'),
      digest('systolic:4x3,lfsr12', 8),
    ]);
    expect(new Set([wanted, ...others]).size).toBe(6);
  });

  test('with shift registers do not depend on them if nothing is rounded stochastically', async () => {
    const rounding = 'nearest-away';
    const wanted = await trained(selectBackend('reference'), { rounding });
    expect(await trained('systolic:4x3,lfsr12', { rounding })).toEqual(wanted);
  });

  test('a network learns with the bits of shift registers', async () => {
    const configuration = tinyConfiguration({
      optimizer: { kind: 'sgd', learningRate: 0.1, momentum: 0.9 },
      layers: tinyConfiguration().layers.filter(({ type }) => type !== 'dropout'),
    });
    const network = await Network.create(configuration, { backend: 'systolic:8x8,lfsr' });
    const before = await network.evaluate(tinyIterator(60, 20));
    await network.fit(tinyIterator(120, 12, 3), { epochs: 6 });
    const after = await network.evaluate(tinyIterator(60, 20));
    await network.close();
    expect(before.accuracy()).toBeLessThan(0.6);
    expect(after.accuracy()).toBe(1);
    expect(after.loss()).toBeLessThan(before.loss() / 4);
  });

  test('a saved run continues with the same bits', async () => {
    const options = { backend: 'systolic:4x3,lfsr' } as const;
    const iterator = tinyIterator(40, 8, 3);
    const network = await Network.create(tinyConfiguration(), options);
    await network.fit(iterator, { epochs: 9, maxSteps: 3 });
    const saved = await network.save();
    await network.fit(iterator, { epochs: 9, maxSteps: 4 });
    const resumed = await Network.load(saved, options);
    const again = tinyIterator(40, 8, 3);
    again.seek(resumed.iteratorPosition!);
    await resumed.fit(again, { epochs: 9, maxSteps: 4 });
    expect(resumed.step).toBe(network.step);
    expect(await resumed.digest()).toBe(await network.digest());
    await Promise.all([network.close(), resumed.close()]);
  });
});

test('a session reports the products of its last step', async () => {
  const definition = defineNetwork(tinyConfiguration());
  const plan = definition.plan(8);
  const session: SystolicSession = await systolicBackend({ array }).open(plan, { seed: 1 });
  expect(session.products()).toEqual([]);
  const batch = { inputs: new Int16Array(5 * 16), labels: new Int32Array(5), count: 5 };
  const coefficients = Array.from({ length: plan.groups }, () => ({ momentum: 0, rate: 0, decay: 0 }));
  await session.train([{ ...batch, step: 0, coefficients }]);
  const config = arrayConfig(array);
  const reports = session.products();
  expect(reports.map(({ product: { site, m, k, n } }) => [site, m, k, n])).toEqual([
    ['conv/output', 5 * 16, 9, 2],
    ['fc/output', 5, 8, 3],
    ['fc/dInput', 5, 3, 8],
    ['fc/weight.gradient', 8, 5, 3],
    ['conv/weight.gradient', 9, 5 * 16, 2],
  ]);
  for (const { product, schedule: got } of reports) expect(got).toEqual(schedule(config, product));
  await session.evaluate([{ ...batch, step: 0 }]);
  expect(session.products().map(({ product }) => product.site)).toEqual([
    'inference/conv/output',
    'inference/fc/output',
  ]);
});

describe('what is refused', () => {
  const open = (backend: Backend, changes: Partial<NetworkConfiguration>) =>
    backend.open(defineNetwork(tinyConfiguration(changes)).plan(8), { seed: 1 });

  test('float32, saturating accumulators, sums that may not fit, threads', async () => {
    const backend = systolicBackend({ array: { accumulatorBits: 32 } });
    await expect(open(backend, { formats: 'float32', rounding: undefined! })).rejects.toThrow(
      new UnsupportedError(
        'systolic: the array multiplies fixed-point words, got the float32 plan "tiny"; choose formats such as <2,14>, or backend "wasm" or "reference"',
      ),
    );
    await expect(open(backend, { accumulator: { width: 32, overflow: 'saturate' } })).rejects.toThrow(
      new UnsupportedError(
        'conv/output: the array\'s accumulators wrap, got accumulator saturate:32; use an exact or a wrapping one, or backend "wasm" or "reference"',
      ),
    );
    await expect(open(backend, {})).rejects.toThrow(
      new UnsupportedError(
        'conv/output: a sum of 9 products <6,10> x <4,12> may need 35 bits, got an array with accumulators of 32; make them wider (accumulatorBits, systolic:acc35), or give the network accumulator wrap:32',
      ),
    );
    await expect(
      systolicBackend().open(defineNetwork(tinyConfiguration()).plan(8), { seed: 1, threads: 2 }),
    ).rejects.toThrow('systolic: runs on one thread, got threads 2; use backend "wasm"');
    await expect(open(systolicBackend({ array: { lhsBufferBytes: 100, rows: 28 } }), {})).rejects.toThrow(
      'array: half of lhsBufferBytes must hold a slice of 56 bytes, got 100',
    );
  });

  test('the way out: a wrapping accumulator gives the bits of the reference', async () => {
    const accumulator = { width: 32, overflow: 'wrap' } as const;
    const wanted = await trained(selectBackend('reference'), { accumulator });
    expect(await trained('systolic:4x3,acc32', { accumulator })).toEqual(wanted);
  });

  test('exact sums up to the last product that fits', () => {
    // Products of 16 bits reach 2^30, so 48 bits hold 2^17 - 1 of them.
    const product = (k: number) => ({ ...matmulOf({ m: 1, k: 1, n: 1 }).product, k });
    const prove = (k: number, accumulatorBits: number): void => proveSums({ accumulatorBits }, product(k));
    expect(() => prove(2 ** 17 - 1, 48)).not.toThrow();
    expect(() => prove(2 ** 17, 48)).toThrow(/may need 49 bits, got an array with accumulators of 48/);
    expect(() => prove(2 ** 17, 49)).not.toThrow();
    expect(() => prove(1, 32)).not.toThrow();
    expect(() => prove(1, 31)).toThrow(/may need 32 bits/);
    const wide = matmulOf({ m: 1, k: 3, n: 1, accumulator: { width: 40, overflow: 'wrap' } }).product;
    expect(() => proveSums({ accumulatorBits: 40 }, { ...wide, k: 2 ** 20 })).not.toThrow();
    expect(() => proveSums({ accumulatorBits: 39 }, { ...wide, k: 2 ** 20 })).toThrow(/systolic:acc40/);
    expect(() => proveSums({ accumulatorBits: 39 }, wide)).not.toThrow();
  });

  test.each([
    [
      'systolic:8',
      'backend systolic: expected an array such as 8x8, philox, lfsr or lfsr20, acc40 or pe, got "8"',
    ],
    [
      'systolic:',
      'backend systolic: expected an array such as 8x8, philox, lfsr or lfsr20, acc40 or pe, got ""',
    ],
    ['systolic:0x4', 'array: rows must be an integer from 1 to 1024, got 0'],
    ['systolic:4x2000', 'array: cols must be an integer from 1 to 1024, got 2000'],
    ['systolic:lfsr13', 'array: lfsrBits must be 8, 12, 16, 20, 24, 32, got 13'],
    ['systolic:acc65', 'array: accumulatorBits must be an integer from 8 to 64, got 65'],
    ['systolicx', 'backend: there is no backend "systolicx"; choose systolic, reference or wasm'],
  ])('the name %s', (name, message) => {
    expect(() => parseBackendName(name)).toThrow(message);
  });

  test('invalid arrays', () => {
    expect(() => arrayConfig({ clockMHz: 0 })).toThrow('array: clockMHz must be a positive number, got 0');
    expect(() => arrayConfig({ bandwidth: 1.5 })).toThrow('array: bandwidth must be an integer from 1');
    expect(arrayConfig({ bandwidth: Infinity }).bandwidth).toBe(Infinity);
    expect(() => systolicBackend({ random: 'dice' as RandomSource })).toThrow(
      'systolic: random must be philox or lfsr, got dice',
    );
  });
});

test('the quick way is what a named backend takes', async () => {
  let products = 0;
  const runner: ProductRunner = (job) => {
    products += 1;
    computeProduct(job);
  };
  expect(await trained(systolicBackend({ array, runner }))).toEqual(await trained('systolic:4x3'));
  expect(products).toBe(19);
});
