/** Dense products whose rows are mostly 0, drawn at random (sparse.test.ts). */
import fc from 'fast-check';
import { test } from 'vitest';
import { type Overflow } from '../../src/numerics/index.js';
import { generator } from '../contract/data.js';
import { ROUNDINGS } from '../contract/tables.js';
import { noise } from './support/convolutions.js';
import { expectSame, TRANSPOSES, type Pattern, type Product } from './support/dense.js';

test('any shape, any zeros, any magnitudes', async () => {
  const bits = fc.integer({ min: 1, max: 15 });
  const product = fc.record({
    size: fc.tuple(
      fc.integer({ min: 1, max: 40 }),
      fc.oneof(fc.integer({ min: 1, max: 70 }), fc.integer({ min: 1, max: 600 })),
      fc.integer({ min: 1, max: 70 }),
    ),
    transpose: fc.constantFrom(...TRANSPOSES),
    rounding: fc.constantFrom(...ROUNDINGS),
    overflow: fc.constantFrom<Overflow>('saturate', 'wrap'),
    out: fc.constantFrom('<4,28>', '<2,14>', '<6,10>', '<2,6>'),
    most: fc.tuple(bits, bits),
    bias: fc.boolean(),
    name: fc.string({ maxLength: 3 }),
    // Non-zero pairs of a tile, tiles, pieces of a sum and single elements, in percent.
    shares: fc.tuple(...Array.from({ length: 4 }, () => fc.constantFrom(5, 30, 60, 90, 100))),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(product, { minLength: 1, maxLength: 3 }),
      fc.integer({ min: 1, max: 3 }),
      async (products, threads) => {
        const all = products.map(({ out, most: [a, b], bias, name, shares, ...rest }): Product => {
          const value = noise(2 ** a - 1, name);
          const places = [
            (i: number, j: number) => [i >> 2, j >> 1],
            (i: number) => [i >> 2],
            (_: number, j: number) => [j >> 5],
            (i: number, j: number) => [i, j],
          ];
          const keeps: Pattern = (i, j) =>
            Number(
              places.every(
                (at, x) => generator(`${name} ${String(x)} ${at(i, j).join()}`)() % 100 < shares[x]!,
              ),
            );
          const rhs = noise(2 ** b - 1, `${name} rhs`);
          return {
            ...rest,
            formats: ['<2,14>', '<2,14>', out],
            lhs: (i, j) => keeps(i, j) * value(),
            rhs,
            ...(bias && { bias: noise(99, name) }),
          };
        });
        await expectSame(all, { threads: [threads] });
      },
    ),
    { numRuns: 40 },
  );
});
