/** Estimates of products and training steps: exact small ones, the paper's speed, bounds that no shape may break, sweeps. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  arrayConfig,
  CAUSES,
  estimateProduct,
  estimateStep,
  hostOps,
  parseRoundingHardware,
  singleWorkload,
  sweepPoints,
  trainingWorkloads,
} from '../../src/hardware/index.js';
import { defineNetwork, zoo } from '../../src/nn/index.js';
import { parseRounding } from '../../src/numerics/index.js';

const rounding = parseRounding('stochastic');
const product = (m: number, k: number, n: number, bits = 16) => singleWorkload({ m, k, n }, bits, rounding);
const lenet = defineNetwork(zoo.lenet({ seed: 1 })).plan(100);

describe('a product', () => {
  test('of 3 x 5 x 2 on 2 x 2 PEs at 100 MHz, whose memory never waits', () => {
    const config = arrayConfig({ rows: 2, cols: 2, clockMHz: 100, bandwidth: Infinity });
    const { schedule, shares, seconds, gops, intensity } = estimateProduct(config, product(3, 5, 2));
    // Two blocks of 5 slices; the last result leaves 5 cycles after the last slice.
    expect(schedule.cycles).toBe(10 + 5);
    expect(seconds).toBe(15e-8);
    expect(gops).toBeCloseTo((2 * 30) / 150, 12);
    expect(shares.busy).toBe(30 / 60);
    expect(shares.edge).toBe(10 / 60);
    expect(shares.flush).toBe(5 / 15);
    expect([shares.fill, shares.drain, shares.read, shares.write]).toEqual([0, 0, 0, 0]);
    // 15 + 10 words in, and lhs and rhs once each, 6 words out: reading is the busier channel.
    expect(intensity).toBe(60 / (2 * (15 + 10)));
  });

  test("of 1024^3 comes within 5 % of the paper's 260 G-ops/s on the paper's array", () => {
    const { total, peakGops } = estimateStep(arrayConfig(), [
      estimateProduct(arrayConfig(), product(1024, 1024, 1024)),
    ]);
    expect(peakGops).toBeCloseTo(260.288, 9);
    expect(total.gops / peakGops).toBeGreaterThanOrEqual(0.95);
    expect(total.gops).toBeLessThan(peakGops);
  });

  test('has shares that add up to one, and stays below the roof', () => {
    const size = fc.integer({ min: 1, max: 70 });
    const array = fc.record({
      rows: fc.integer({ min: 1, max: 9 }),
      cols: fc.integer({ min: 1, max: 9 }),
      bandwidth: fc.constantFrom(1, 3, 8, 40, Infinity),
      lhsBufferBytes: fc.constantFrom(200, 1024, 1 << 20),
      rhsBufferBytes: fc.constantFrom(200, 1024, 1 << 20),
    });
    fc.assert(
      fc.property(array, size, size, size, fc.constantFrom(8, 16, 32), (changes, m, k, n, bits) => {
        const config = arrayConfig(changes);
        const one = estimateProduct(config, product(m, k, n, bits));
        const { peakGops, gigabytesPerSecond } = estimateStep(config, [one]);
        const sum = CAUSES.reduce((total, cause) => total + one.shares[cause], 0);
        expect(sum).toBeCloseTo(1, 9);
        expect(Math.min(...Object.values(one.shares))).toBeGreaterThanOrEqual(0);
        const roof = Math.min(peakGops, one.intensity * gigabytesPerSecond);
        expect(one.gops).toBeLessThanOrEqual(roof * (1 + 1e-12));
        expect(one.joules).toBeGreaterThan(0);
      }),
      { numRuns: 300, seed: 5 },
    );
  });

  test('refuses a buffer that holds no slice', () => {
    const config = arrayConfig({ rhsBufferBytes: 64 });
    expect(() => estimateProduct(config, product(8, 8, 8))).toThrow(
      'array: half of rhsBufferBytes must hold a slice of 56 bytes, got 64; make the buffer larger or the array smaller',
    );
  });
});

describe('a training step', () => {
  test('of LeNet has eleven products of three passes; the rest is the host’s', () => {
    const workloads = trainingWorkloads(lenet);
    expect(workloads.map(({ name, pass, m, k, n }) => [name, pass, m, k, n])).toEqual([
      ['conv1/output', 'forward', 57600, 25, 8],
      ['conv2/output', 'forward', 6400, 200, 16],
      ['fc1/output', 'forward', 100, 256, 128],
      ['fc2/output', 'forward', 100, 128, 10],
      ['fc2/dInput', 'dInput', 100, 10, 128],
      ['fc2/weight.gradient', 'dWeight', 128, 100, 10],
      ['fc1/dInput', 'dInput', 100, 128, 256],
      ['fc1/weight.gradient', 'dWeight', 256, 100, 128],
      ['conv2/dInput', 'dInput', 14400, 400, 8],
      ['conv2/weight.gradient', 'dWeight', 200, 6400, 16],
      ['conv1/weight.gradient', 'dWeight', 25, 57600, 8],
    ]);
    expect(hostOps(lenet)).toEqual({
      ...{ relu: 3, maxPool: 2, softmaxCrossEntropy: 1, biasGradient: 4, sgd: 8 },
      ...{ reluGradient: 3, maxPoolGradient: 2 },
    });
  });

  test('is the sum of its products', () => {
    const config = arrayConfig();
    const products = trainingWorkloads(lenet).map((workload) => estimateProduct(config, workload));
    const { total } = estimateStep(config, products);
    const sum = (of: (one: (typeof products)[number]) => number) =>
      products.reduce((s, one) => s + of(one), 0);
    expect(total.schedule.cycles).toBe(sum(({ schedule }) => schedule.cycles));
    expect(total.seconds).toBe(total.schedule.cycles / 166e6);
    expect(total.joules).toBeCloseTo(
      sum(({ joules }) => joules),
      12,
    );
    expect(total.watts).toBe(total.joules / total.seconds);
  });

  test('takes the word lengths of its formats', () => {
    const network = { ...zoo.dnn({ seed: 1 }), formats: { weight: '<4,4>', activation: '<8,12>' } };
    const [first] = trainingWorkloads(defineNetwork(network).plan(10));
    expect(first).toMatchObject({
      lhsBits: 20,
      rhsBits: 8,
      outBits: 20,
      lhsBytes: 4,
      rhsBytes: 2,
      outBytes: 4,
    });
  });

  test('in float32 is refused', () => {
    const network = { ...zoo.dnn({ seed: 1 }), formats: 'float32' as const };
    expect(() => trainingWorkloads(defineNetwork(network).plan(10))).toThrow(
      'the array multiplies fixed-point words, got float32; choose formats such as <2,14>',
    );
  });
});

describe('a sweep', () => {
  test('has every combination, and names only what varies', () => {
    const points = sweepPoints(arrayConfig(), [product(50, 60, 70)], {
      arrays: [
        { rows: 4, cols: 8 },
        { rows: 8, cols: 4 },
      ],
      bits: [8],
      roundings: ['nearest', 'stochastic', 'stochastic:8'].map(parseRoundingHardware),
    });
    expect(points.map(({ labels }) => labels)).toEqual([
      { array: '4x8', rounding: 'nearest-away' },
      { array: '4x8', rounding: 'stochastic:16' },
      { array: '4x8', rounding: 'stochastic:8' },
      { array: '8x4', rounding: 'nearest-away' },
      { array: '8x4', rounding: 'stochastic:16' },
      { array: '8x4', rounding: 'stochastic:8' },
    ]);
    expect(points[2]?.config).toMatchObject({ rows: 4, cols: 8, lfsrBits: 8 });
    expect(points[2]?.workloads).toMatchObject([{ lhsBits: 8, rhsBits: 8, outBits: 8, m: 50 }]);
    const energies = points.map(({ config, workloads }) => {
      return estimateProduct(config, workloads[0]!).energy.rounding;
    });
    expect(energies[0]).toBeLessThan(energies[2]!);
    expect(energies[2]).toBeLessThan(energies[1]!);
  });

  test('without fields is the array itself', () => {
    const config = arrayConfig({ rows: 3 });
    const workloads = [product(5, 6, 7)];
    expect(sweepPoints(config, workloads, {})).toEqual([{ labels: {}, config, workloads }]);
  });

  test.each([
    [
      'stochastic:10',
      RangeError,
      'rounding: a shift register must have 8, 12, 16, 20, 24, 32 bits, got "stochastic:10"; choose one of these lengths',
    ],
    ['stochastic:40', RangeError, 'rounding: stochastic:n needs n from 1 to 32, got "stochastic:40"'],
    ['sideways', TypeError, 'rounding: unknown mode "sideways"'],
  ])('refuses the rounding unit %s', (text, kind, message) => {
    expect(() => parseRoundingHardware(text)).toThrow(kind);
    expect(() => parseRoundingHardware(text)).toThrow(message);
  });
});
