/**
 * Runs of sums as they are converted (assembly/convert/narrow.ts): which of a block's runs hold saturated elements, where in them
 * and how many, of narrow sums and of split ones, in words of 16 bits and less. And sums of one, two and many stretches of which
 * the first is stored and not added (assembly/product/stretches.ts). All as the reference backend has it.
 */
import { describe, expect, test } from 'vitest';
import type { Backend, SiteStatistics, TensorData } from '../../src/backend/contract.js';
import { referenceBackend } from '../../src/backend/reference/index.js';
import { wasmBackend } from '../../src/backend/wasm/index.js';
import { parseFormat, parseRounding, type Overflow } from '../../src/numerics/index.js';
import { PlanBuilder } from '../../src/plan/index.js';
import { difference } from '../contract/suite.js';
import { ROUNDINGS } from '../contract/tables.js';
import { noise } from './support/convolutions.js';

interface Product {
  readonly name: string;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly lhs: (row: number, i: number) => number;
  readonly rhs: (i: number, column: number) => number;
  readonly bias?: (column: number) => number;
  readonly formats: readonly [lhs: string, rhs: string, out: string];
  readonly rounding: string;
  readonly overflow?: Overflow;
}

/** All products in one plan: each element and each counter on wasm, with one thread and with two, as on the reference. */
async function expectSame(products: readonly Product[]): Promise<void> {
  const builder = new PlanBuilder({ name: 'runs', arithmetic: 'fixed', batch: 1 });
  const contents = new Map<string, number[]>();
  for (const { name, m, n, k, lhs, rhs, bias, formats, rounding, overflow = 'saturate' } of products) {
    const tensor = (part: string, shape: number[], format: string, values: number[]): number => {
      contents.set(`${name}/${part}`, values);
      const common = { batched: false, role: 'activation', persistent: true } as const;
      return builder.tensor({ name: `${name}/${part}`, shape, format: parseFormat(format), ...common });
    };
    const [a, b, c] = formats;
    builder.layer(name).matmul({
      lhs: tensor(
        'lhs',
        [m, k],
        a,
        Array.from({ length: m * k }, (_, i) => lhs(Math.floor(i / k), i % k)),
      ),
      rhs: tensor(
        'rhs',
        [k, n],
        b,
        Array.from({ length: k * n }, (_, i) => rhs(Math.floor(i / n), i % n)),
      ),
      bias: bias
        ? tensor(
            'bias',
            [n],
            b,
            Array.from({ length: n }, (_, i) => bias(i)),
          )
        : null,
      // What is there before must not be added to.
      out: tensor(
        'out',
        [m, n],
        c,
        Array.from({ length: m * n }, (_, i) => (i % 3) - 1),
      ),
      ...{ rounding: parseRounding(rounding), overflow },
    });
  }
  const plan = builder.finish();
  const results = async (
    backend: Backend,
    threads: number,
  ): Promise<[Map<string, TensorData>, readonly SiteStatistics[]]> => {
    const session = await backend.open(plan, { seed: 7, threads });
    for (const { name, storage } of plan.tensors) {
      const Storage = storage === 'int16' ? Int16Array : Int32Array;
      await session.write(name, Storage.from(contents.get(name)!));
    }
    const batch = { inputs: new Int16Array(0), labels: new Int32Array(0), coefficients: [] };
    await session.train([{ ...batch, count: 1, step: 3 }]);
    const outs = new Map<string, TensorData>();
    for (const { name } of products) outs.set(name, await session.read(`${name}/out`));
    const statistics = await session.statistics();
    await session.close();
    return [outs, statistics];
  };
  const [wanted, counted] = await results(referenceBackend, 1);
  for (const threads of [1, 2]) {
    const [got, statistics] = await results(wasmBackend, threads);
    for (const [name, values] of got) expect(difference(values, wanted.get(name)!), name).toBe('');
    expect(statistics).toEqual(counted);
  }
}

describe('runs with saturated elements', () => {
  const m = 129;
  const n = 32;
  const OUTS = ['<6,10>', '<2,14>', '<4,12>', '<2,6>', '<8,4>', '<1,3>', '<10,2>'];
  const small = noise(500, 'small');

  /** By row a sum of <16,16> for a format of which `one` is an eps, and 2^-1 of a format's range `end`. */
  type Scenario = (row: number, one: number, end: number) => number;
  const edge: Scenario = (row, one, end) => {
    const whole = [end - 1, end, end + 1, -end, -end - 1, -end - 2, 0, 1][row % 8]!;
    const half = one >> 1;
    return whole * one + [0, 1, -1, half, half - 1, half + 1, one - 1, -half][(row >> 3) % 8]!;
  };
  // Runs are of 32 rows here, and blocks of four runs: the second block is one row.
  const scenarios: Record<string, Scenario> = {
    none: () => small(),
    'the first run': (row, one, end) => (row < 32 ? 3 * end * one : small()),
    'later runs': (row, one, end) => (row < 64 ? small() : row & 1 ? -3 * end * one : 2 * end * one),
    'a run in the middle': (row, one, end) => (row >> 5 === 1 ? -2 * end * one : small()),
    'one row of the last run': (row, one, end) => (row === 127 ? (end + 1) * one : small()),
    'zeros, then too small, then zeros': (row, one, end) => (row >> 5 === 2 ? -2 * end * one : 0),
    'all but zeros': (row, one, end) => (row >> 5 === 1 ? 0 : (row & 3 ? 2 : -2) * end * one),
    edges: edge,
    'edges behind nothing of note': (row, one, end) => (row < 40 ? small() : edge(row, one, end)),
  };

  /** Sums by rows, the other way round in odd columns; `long`: with terms that cancel, too many for 32 bits. */
  const productOf = (
    scenario: string,
    out: string,
    rounding: string,
    overflow: Overflow,
    isLong: boolean,
  ): Product => {
    const { il, fl } = parseFormat(out);
    const one = 2 ** (16 - fl);
    const rows = Array.from({ length: m }, (_, row) => scenarios[scenario]!(row, one, 2 ** (il + fl - 1)));
    const k = isLong ? 6 : 2;
    return {
      ...{ name: `${scenario} ${out} ${rounding} ${overflow} ${String(isLong)}`, m, n, k },
      formats: ['<8,8>', '<8,8>', out],
      ...{ rounding, overflow },
      lhs: (row, i) => (i === 0 ? rows[row]! >> 12 : i === 1 ? rows[row]! & 4095 : 32767),
      rhs: (i, column) => {
        const value = i === 0 ? 4096 : i === 1 ? 1 : i & 1 ? 32767 : -32767;
        return column & 1 ? -value : value;
      },
    };
  };

  test.each(ROUNDINGS)('%s', async (rounding) => {
    const products = Object.keys(scenarios).flatMap((scenario, i) =>
      OUTS.flatMap((out, j) =>
        [false, true].map((isLong) => {
          const overflow = (i + j) % 7 === 0 ? 'wrap' : 'saturate';
          return productOf(scenario, out, rounding, overflow, isLong);
        }),
      ),
    );
    await expectSame(products);
  });
});

describe('the first stretch of a sum', () => {
  const formats = ['<2,14>', '<2,14>', '<6,10>'] as const;
  const spread = (most: number, name: string): (() => number) => noise(most, name);

  test('one, two and many, of some panels and of none, with digits, with a bias and without', async () => {
    const shape = { m: 9, n: 24, k: 200, rounding: 'stochastic' } as const;
    // Columns of which the sums need one stretch, some, as many as there are pieces, and digits.
    const sizes: readonly (readonly number[])[] = [
      [40, 40, 32767],
      [32767, 40, 9000],
      [1000, 3000, 9000],
      [9000, 20000, 40],
      [32767, 32767, 32767],
      [3000, 3000, 3000],
    ];
    const products = sizes.flatMap((most, i) =>
      [null, () => 0, spread(3000, 'bias')].flatMap((bias, j): Product[] => {
        const panels = most.map((size) => spread(size, String(i)));
        const rows = spread(30000, 'rows');
        const name = `${most.join()} ${String(j)}`;
        const operands = { lhs: rows, rhs: (_: number, column: number) => panels[column >> 3]!() };
        const common = { ...shape, ...operands, ...(bias ? { bias } : {}) };
        return [
          { ...common, formats, name },
          // Nothing is dropped: sums are i64. And many bits are.
          { ...common, formats: ['<2,14>', '<2,14>', '<4,28>'], name: `${name} wide` },
          { ...common, formats: ['<2,14>', '<2,14>', '<16,0>'], name: `${name} short` },
        ];
      }),
    );
    await expectSame(products);
  });

  test('in sequence: data of the last product does not enter a sum', async () => {
    const large = spread(32767, 'large');
    const common = { lhs: large, rhs: large, rounding: 'floor' } as const;
    const sizes = [
      [12, 16, 300],
      [5, 9, 100],
      [4, 8, 40],
      [13, 33, 90],
      [1, 1, 64],
      [8, 8, 700],
    ] as const;
    const products = [0, 1].flatMap((round) =>
      sizes.map(([m, n, k]): Product => {
        const name = `${[m, n, k].join()} ${String(round)}`;
        return { ...common, name, m, n, k, formats: ['<2,14>', '<2,14>', round ? '<6,10>' : '<8,24>'] };
      }),
    );
    await expectSame(products);
  });

  test('planes of digits', async () => {
    const words = ['<6,14>', '<2,14>', '<10,14>'];
    const products = words.flatMap((lhs) =>
      words.flatMap((rhs) =>
        ['<6,14>', '<2,14>', '<4,28>'].map((out): Product => {
          const most = (format: string): number => 2 ** (parseFormat(format).il + 13) - 1;
          const operands = { lhs: spread(most(lhs), 'lhs'), rhs: spread(most(rhs), 'rhs') };
          const common = { m: 7, n: 17, k: 150, rounding: 'nearest-even' } as const;
          return { ...common, ...operands, formats: [lhs, rhs, out], name: `${lhs} ${rhs} ${out}` };
        }),
      ),
    );
    await expectSame(products);
  });

  test('stretches whose sums are 2^31, or just less', async () => {
    // 64 products of 2^25 are two pieces; 32 of 2^26 one.
    const pairs = [
      [8192, 4096],
      [8192, 4095],
      [-8192, 4096],
      [8192, 8192],
      [8192, 8191],
      [4096, 4096],
      [16384, 4096],
      [16384, 4095],
      [-32768, 2048],
      [-32768, -2048],
      [-32768, -2047],
      [23170, 2896],
      [23170, 2897],
    ] as const;
    const products = pairs.flatMap(([a, b]) =>
      [64, 65, 128, 130].map((k): Product => {
        const common = { m: 4, n: 8, k, rounding: 'floor', name: `${String(a)} ${String(b)} ${String(k)}` };
        return { ...common, lhs: () => a, rhs: () => b, formats: ['<2,14>', '<2,14>', '<10,22>'] };
      }),
    );
    await expectSame(products);
  });
});
