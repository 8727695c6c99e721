import { describe, expect, test } from 'vitest';
import { parseFormat, parseRounding, type Accumulator } from '../../src/numerics/index.js';
import { PlanBuilder, ShapeError, windowOf, type Role, type TensorId } from '../../src/plan/index.js';

const site = { rounding: parseRounding('stochastic'), overflow: 'saturate' } as const;

function fixedBuilder(batch = 4): PlanBuilder {
  return new PlanBuilder({ name: 'test', arithmetic: 'fixed', batch }).layer('fc1');
}

function add(
  builder: PlanBuilder,
  name: string,
  shape: number[],
  format: string,
  role: Role = 'activation',
): TensorId {
  const batched = role === 'activation' || role === 'error';
  return builder.tensor({ name, shape, batched, role, format: parseFormat(format), persistent: true });
}

/** A dense forward product with the given formats. */
function product(options: {
  lhs?: string;
  rhs?: string;
  bias?: string;
  out?: string;
  k?: number;
  accumulator?: Accumulator;
}) {
  const { lhs = '6.10', rhs = '2.14', bias, out = '6.10', k = 5, accumulator = 'exact' } = options;
  const builder = fixedBuilder();
  const x = add(builder, 'x', [4, k], lhs);
  const w = add(builder, 'w', [k, 3], rhs, 'weight');
  const b = bias === undefined ? null : add(builder, 'b', [3], bias, 'bias');
  const y = add(builder, 'y', [4, 3], out);
  builder.matmul({ lhs: x, rhs: w, bias: b, out: y, accumulator, ...site });
  return builder.finish();
}

describe('rounding sites', () => {
  test('a product has the fraction bits of both operands and a gradient those of the mean', () => {
    const plan = product({ bias: '4.12' });
    expect(plan.sites).toHaveLength(1);
    expect(plan.sites[0]).toMatchObject({ site: 'y', from: 24, drop: 14, randomWidth: 16, statistics: 0 });
    expect(plan.train[0]).toMatchObject({ kind: 'matmul', m: 4, n: 3, k: 5, batchAxis: 'm', biasShift: 12 });

    const builder = fixedBuilder(5);
    const x = add(builder, 'x', [5, 7], '6.10');
    const e = add(builder, 'e', [5, 3], '2.14', 'error');
    const g = add(builder, 'g', [7, 3], '2.14', 'gradient');
    builder.matmul({ lhs: x, transposeLhs: true, rhs: e, out: g, ...site });
    const gradientPlan = builder.finish();
    expect(gradientPlan.gradientShift).toBe(3);
    expect(gradientPlan.sites[0]).toMatchObject({ from: 27, drop: 13 });
    expect(gradientPlan.train[0]).toMatchObject({ m: 7, n: 3, k: 5, batchAxis: 'k' });
  });

  test('a site that drops more than 16 bits draws 32 random bits', () => {
    expect(product({ out: '6.10', rhs: '0.16' }).sites[0]).toMatchObject({ drop: 16, randomWidth: 16 });
    expect(product({ out: '6.10', rhs: '-1.17' }).sites[0]).toMatchObject({ drop: 17, randomWidth: 32 });
  });

  test('two sites whose names share a hash are refused', () => {
    // A known collision of 32-bit FNV-1a.
    const builder = fixedBuilder();
    const w = add(builder, 'w', [5, 5], '2.14', 'weight');
    const x = add(builder, 'x', [4, 5], '6.10');
    const y = add(builder, 'costarring', [4, 5], '6.10');
    const z = add(builder, 'liquid', [4, 5], '6.10');
    builder.matmul({ lhs: x, rhs: w, out: y, ...site });
    expect(() => {
      builder.matmul({ lhs: y, rhs: w, out: z, ...site });
    }).toThrow('liquid: its random site has the same hash as costarring; rename one of the layers');
  });
});

describe('proofs', () => {
  test('an exact sum of 32-bit products does not fit in 64 bits', () => {
    expect(() => product({ lhs: '16.16', rhs: '16.16' })).toThrow(
      'fc1: a sum of 5 products <16,16> x <16,16> must fit in 64 bits to be exact, got up to 66 bits; ' +
        'choose shorter formats or a wrapping accumulator such as { width: 48, overflow: "wrap" }',
    );
  });

  test('the bound is sharp: 2^62 * 1 fits, 2^62 * 2 does not; a wrapping register needs no proof', () => {
    expect(() => product({ lhs: '16.16', rhs: '16.16', k: 1 })).not.toThrow();
    expect(() => product({ lhs: '16.16', rhs: '16.16', k: 2 })).toThrow(RangeError);
    expect(() =>
      product({ lhs: '16.16', rhs: '16.16', k: 2, accumulator: { width: 48, overflow: 'wrap' } }),
    ).not.toThrow();
    expect(() =>
      product({ lhs: '16.16', rhs: '16.16', k: 2, accumulator: { width: 63, overflow: 'saturate' } }),
    ).not.toThrow();
  });

  test('a bias with more fraction bits than the product is refused', () => {
    expect(() => product({ lhs: '14.2', rhs: '8.8', bias: '2.14' })).toThrow(
      "fc1: the bias may have at most the product's 10 fraction bits, got 14; choose a bias format with fewer",
    );
  });

  test('a site cannot drop more than 62 bits', () => {
    expect(() => product({ lhs: '-28.36', rhs: '-28.36', out: '6.2' })).toThrow(
      'y: a site shifts by at most 62 bits, got 72 fraction bits into 2; choose formats with closer fraction bits',
    );
  });

  test('an update whose terms cannot be aligned in 64 bits is refused', () => {
    const builder = fixedBuilder();
    const w = add(builder, 'fc1/weight', [2, 2], '16.0', 'weight');
    const g = add(builder, 'g', [2, 2], '-16.32', 'gradient');
    const u = add(builder, 'u', [2, 2], '16.0', 'update');
    expect(() => {
      builder.sgd({
        parameter: w,
        gradient: g,
        update: u,
        group: 0,
        decays: true,
        updateSettings: site,
        parameterSettings: site,
      });
    }).toThrow(
      /^fc1\/weight: the update must fit in 64 bits to be exact, got up to 80 bits; choose formats with closer/,
    );
  });

  test('an update of 32-bit words fits without decay, and not with it', () => {
    const builder = fixedBuilder();
    const [w, g, u] = (['weight', 'gradient', 'update'] as const).map((role) =>
      add(builder, role, [2, 2], '16.16', role),
    );
    expect(() => {
      builder.sgd({
        parameter: w!,
        gradient: g!,
        update: u!,
        group: 0,
        decays: true,
        updateSettings: site,
        parameterSettings: site,
      });
    }).toThrow(/the update must fit in 64 bits to be exact, got up to 65 bits/);
    builder.sgd({
      parameter: w!,
      gradient: g!,
      update: u!,
      group: 0,
      decays: false,
      updateSettings: site,
      parameterSettings: site,
    });
    expect(builder.finish({ groups: 1 }).train).toHaveLength(1);
  });
});

describe('shapes', () => {
  test('inner sizes', () => {
    const builder = fixedBuilder();
    const x = add(builder, 'x', [4, 7], '6.10');
    const w = add(builder, 'w', [5, 3], '2.14', 'weight');
    const y = add(builder, 'y', [4, 3], '6.10');
    const call = () => {
      builder.matmul({ lhs: x, rhs: w, out: y, ...site });
    };
    expect(call).toThrow(ShapeError);
    expect(call).toThrow('fc1: inner sizes must match, got [4, 7] and [5, 3] (7 vs 5)');
  });

  test('channels', () => {
    const builder = fixedBuilder().layer('conv2');
    const window = windowOf({ image: [12, 12, 8], kernel: [5, 5], stride: [1, 1] });
    const input = add(builder, 'x', [4, 12, 12, 8], '6.10');
    const weight = add(builder, 'w', [5, 5, 6, 16], '2.14', 'weight');
    const out = add(builder, 'y', [4, 8, 8, 16], '6.10');
    expect(() => {
      builder.conv2d({ input, weight, out, window, ...site });
    }).toThrow('conv2: channels must match, got input [4, 12, 12, 8] and weight [5, 5, 6, 16] (8 vs 6)');
  });

  test('pooling windows, batches, names, formats', () => {
    const builder = fixedBuilder().layer('pool1');
    const window = windowOf({ image: [32, 32, 1], kernel: [17, 17], stride: [1, 1] });
    const input = add(builder, 'x', [4, 32, 32, 1], '6.10');
    const out = add(builder, 'y', [4, 16, 16, 1], '6.10');
    expect(() => {
      builder.maxPool({ input, out, position: null, window });
    }).toThrow('pool1: a pooling window has at most 256 cells, got 17 x 17; choose a smaller kernel');
    expect(() => add(builder, 'x', [4, 1], '6.10')).toThrow(
      'x: two tensors have this name; give each layer a different name',
    );
    expect(() => add(builder, 'none', [4, 0], '6.10')).toThrow(
      'none: every size must be a whole number from 1, got [4, 0]',
    );
    expect(() => add(builder, 'z', [3, 1], '6.10')).toThrow(
      'z: a batched tensor starts with the batch size 4, got [3, 1]',
    );
    expect(() =>
      builder.tensor({ name: 'f', shape: [4, 1], batched: true, role: 'activation', format: 'float32' }),
    ).toThrow('f: a fixed plan needs a fixed-point format here');
    const other = add(builder, 'other', [4, 32, 32, 1], '8.8');
    expect(() => {
      builder.relu({ input, out: other });
    }).toThrow('pool1: other must have the format of x; the layer does not round');
    for (const batch of [0, -1, 1.5, NaN, 1 << 21]) {
      expect(() => fixedBuilder(batch)).toThrow(
        `batch: must be a whole number from 1 to 1048576, got ${String(batch)}`,
      );
    }
  });
});
