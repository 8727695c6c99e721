import { describe, expect, test } from 'vitest';
import type { TensorData } from '../../src/backend/contract.js';
import { parseFormat, parseRounding } from '../../src/numerics/index.js';
import { elements, PlanBuilder, windowOf, type TensorId } from '../../src/plan/index.js';
import { typedArray } from '../contract/data.js';
import { pick, ROUNDINGS } from '../contract/tables.js';
import { noise } from './support/convolutions.js';
import {
  build,
  expectSame,
  pairsOf,
  tilesOf,
  TRANSPOSES,
  type Pattern,
  type Product,
} from './support/dense.js';
import { expectAlike } from './support/sessions.js';

describe('the pairs that are kept', () => {
  test('one element alone, in each place', async () => {
    const [m, k, n] = [6, 35, 9];
    for (const transpose of ['none', 'lhs'] as const) {
      const { plan, data } = build([{ size: [m, k, n], transpose, lhs: () => 0 }], 1);
      const [name, zeros] = [...data][0]!;
      const steps = Array.from({ length: m * k }, (_, at) => {
        const lone = zeros.slice();
        lone[at] = 3;
        return { data: new Map([...(at === 0 ? data : []), [name, lone]]) };
      });
      const paths = await expectAlike(plan, steps);
      for (const [first] of paths.flat()) expect(Object.keys(first!)).toEqual(['sparse']);
    }
  });

  test('sums of any length, tiles of any number of rows', async () => {
    const lengths = [1, 2, 3, 4, 5, 16, 29, 30, 31, 32, 33, 34, 35, 62, 63, 64, 65, 66, 97, 130, 511];
    const products = lengths.flatMap((k, i) =>
      [0, 1, 2, 3].map((turn): Product => {
        const m = pick([1, 2, 3, 4, 5, 6, 7, 8, 9, 13], 3 * i + turn);
        const n = pick([9, 1, 24, 7, 8, 17, 40], i + 2 * turn);
        return {
          ...{ size: [m, k, n], transpose: TRANSPOSES[turn]!, lhs: tilesOf(45) },
          ...(turn % 2 === 0 ? {} : { bias: noise(2000, `bias ${String(i)}`) }),
        };
      }),
    );
    await expectSame(products);
  });

  test('rows that are 0 each in other places', async () => {
    const products = [1, 2, 3, 4, 5, 6, 7].flatMap((every) =>
      TRANSPOSES.map((transpose): Product => {
        const lhs = pairsOf((row, pair) => (row + pair) % (4 * every) === 0);
        return { size: [12, 71, 19], transpose, lhs, paths: every === 1 ? 'fast' : 'sparse' };
      }),
    );
    await expectSame(products);
  });

  test('half a pair is a pair', async () => {
    // Only the even, or only the odd elements, of one row of the tile.
    const lone = [0, 1].flatMap((odd) =>
      [0, 1, 2, 3].map((row): Product => {
        const lhs: Pattern = (i, j) => (i % 4 === row && j % 2 === odd && j % 4 < 2 ? -7 : 0);
        return { size: [8, 67, 16], lhs, paths: 'sparse' };
      }),
    );
    await expectSame(lone);
  });

  test('no non-zero pair', async () => {
    const none: Pattern = () => 0;
    const bytes = ['<2,14>', '<2,14>', '<2,6>'] as const;
    const products = ROUNDINGS.flatMap((rounding): Product[] => [
      { rounding, size: [6, 40, 10], lhs: none, paths: 'sparse' },
      { rounding, size: [6, 40, 10], lhs: tilesOf(50), rhs: none, paths: 'sparse' },
      { rounding, size: [5, 33, 9], lhs: none, bias: noise(3, rounding), paths: 'sparse' },
      { rounding, size: [5, 1, 9], lhs: none, formats: bytes, bias: noise(9000, rounding), paths: 'sparse' },
    ]);
    await expectSame(products);
  });
});

/** The first `kept` pairs of a block of `m` rows, tile by tile, or its last ones. */
function someOf(kept: number, m: number, pairs: number, last: boolean): Pattern {
  const all = Math.ceil(m / 4) * pairs;
  return pairsOf((row, pair) => {
    const at = (row >> 2) * pairs + pair;
    return last ? at >= all - kept : at < kept;
  });
}

test('rows are sparse up to 7/8', async () => {
  const sizes = [
    [4, 1],
    [4, 2],
    [4, 14],
    [4, 15],
    [4, 16],
    [4, 32],
    [1, 33],
    [7, 31],
    [8, 80],
    [9, 79],
    [12, 32],
    [21, 96],
    [33, 47],
  ] as const;
  const products = sizes.flatMap(([m, k]) =>
    [false, true].flatMap((last) => {
      const pairs = Math.ceil(k / 2);
      const all = Math.ceil(m / 4) * pairs;
      const most = Math.floor((7 * all) / 8);
      return [most, most + 1].map((kept): Product => {
        const size = [m, k, 16] as const;
        const paths = { [kept === most ? 'sparse' : 'fast']: m * 2 * pairs * 16 };
        return { name: `${String(kept)} of ${String(all)}`, size, lhs: someOf(kept, m, pairs, last), paths };
      });
    }),
  );
  await expectSame(products);
});

test('every rounding to words of 16 and 8 bits', async () => {
  const outs = ['<6,10>', '<2,14>', '<5,11>', '<2,6>', '<4,4>'] as const;
  const products = ROUNDINGS.flatMap((rounding, i) =>
    outs.flatMap((out, j) =>
      (['saturate', 'wrap'] as const).map((overflow, l): Product => {
        const byte = j > 2;
        const operand = byte ? '<2,6>' : '<2,14>';
        return {
          ...{
            size: [pick([5, 8], i), pick([34, 65], j), pick([17, 8], l)],
            transpose: pick(TRANSPOSES, i + j),
          },
          ...{ lhs: tilesOf(50, byte ? 127 : 3000), rhs: noise(byte ? 127 : 3000, rounding) },
          ...{ formats: [operand, operand, out], rounding, overflow, bias: noise(100, out), paths: 'sparse' },
        };
      }),
    ),
  );
  await expectSame(products);
});

test('part of a batch', async () => {
  // Rows 0 .. 7 are sparse, the others are not: with those alone the way is another.
  const lhs = (most: number): Pattern => pairsOf((row, pair) => row > 7 || (row + pair) % 12 === 0, most);
  const products = [300, 20000].flatMap((most, i) =>
    (['none', 'rhs', 'lhs'] as const).map((transpose): Product => {
      const along = transpose === 'lhs';
      const common = { transpose, batched: true, rhs: noise(most, transpose), bias: noise(50, transpose) };
      // Sums over examples: 37 of them, the first ones of which are 0 nearly all.
      return along
        ? { ...common, size: [21, 37, pick([9, 40], i)], lhs: (row, step) => lhs(most)(step, row) }
        : { ...common, size: [37, 70, pick([9, 40], i)], lhs: lhs(most) };
    }),
  );
  await expectSame(products, { batch: 37, counts: [8, 1, 31, 7, 33, 2, 16, 37] });
});

test('a convolution after a sparse product has separate rows', async () => {
  const builder = new PlanBuilder({ name: 'behind', arithmetic: 'fixed', batch: 4 });
  const data = new Map<string, TensorData>();
  const tensor = (name: string, shape: number[], pattern: () => number, batched = false): TensorId => {
    const format = parseFormat('<2,14>');
    const id = builder.tensor({ name, shape, batched, role: 'activation', format, persistent: true });
    data.set(name, typedArray('int16', Array.from({ length: elements(shape) }, pattern)));
    return id;
  };
  const settings = { rounding: parseRounding('floor'), overflow: 'saturate' } as const;
  const window = windowOf({ image: [5, 6, 8], kernel: [3, 3], stride: [1, 1] });
  for (const most of [300, 30000]) {
    const name = (text: string): string => `${text} ${String(most)}`;
    const input = tensor(name('input'), [4, 5, 6, 8], noise(most), true);
    const weight = tensor(name('weight'), [3, 3, 8, 16], noise(most));
    const output = tensor(name('output'), [4, 3, 4, 16], noise(most), true);
    const errors = tensor(name('errors'), [4, 3, 4, 16], noise(most), true);
    const sparse = (turn: string): void => {
      const at = (text: string): string => `${name(turn)} ${text}`;
      const lhs = tensor(at('lhs'), [72, 72], () => 0);
      data.set(
        at('lhs'),
        Int16Array.from({ length: 72 * 72 }, (_, i) => (i % 31 === 0 ? 9 : 0)),
      );
      const [rhs, out] = [tensor(at('rhs'), [72, 16], noise(most)), tensor(at('out'), [72, 16], noise(9))];
      builder.layer(at('matmul')).matmul({ lhs, rhs, out, ...settings });
    };
    sparse('first');
    builder.layer(name('conv')).conv2d({ input, weight, out: output, window, ...settings });
    sparse('second');
    const dInput = tensor(name('dInput'), [4, 5, 6, 8], noise(9), true);
    const dWeight = tensor(name('dWeight'), [3, 3, 8, 16], noise(9));
    builder
      .layer(name('back'))
      .conv2dInputGradient({ dOutput: errors, weight, out: dInput, window, ...settings });
    sparse('third');
    builder
      .layer(name('dW'))
      .conv2dWeightGradient({ input, dOutput: errors, out: dWeight, window, ...settings });
  }
  await expectAlike(builder.finish(), [{ data }, {}, { count: 3 }]);
});
