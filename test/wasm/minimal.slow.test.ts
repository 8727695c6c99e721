/** Convolutions with fewer multiplications, drawn at random: shapes, magnitudes, results (minimal.test.ts). */
import fc from 'fast-check';
import { test } from 'vitest';
import { windowOf } from '../../src/plan/index.js';
import { ROUNDINGS } from '../contract/tables.js';
import { expectMinimal, KINDS, noise, type Convolution, type Pattern } from './support/convolutions.js';

test('any shape, any magnitudes', async () => {
  const size = fc.integer({ min: 1, max: 13 });
  const tap = fc.integer({ min: 2, max: 7 });
  const pair = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<[T, T]> => fc.tuple(value, value);
  // Noise of the given number of bits, by name; it is created for each run, because a generator continues
  // from its state.
  const values = fc.tuple(fc.integer({ min: 0, max: 15 }), fc.string({ maxLength: 3 }));
  const pattern = ([bits, name]: [number, string]): Pattern => noise(2 ** bits - 1, name);
  const convolution = fc
    .record({
      image: fc.tuple(size, size, fc.integer({ min: 1, max: 24 })),
      kernel: pair(tap),
      out: fc.integer({ min: 1, max: 24 }),
      stride: fc.oneof(
        { weight: 3, arbitrary: fc.constant<[number, number]>([1, 1]) },
        pair(fc.constantFrom(1, 2)),
      ),
      padding: pair(fc.integer({ min: 0, max: 4 })),
      rounding: fc.constantFrom(...ROUNDINGS),
      overflow: fc.constantFrom('saturate', 'wrap'),
      out32: fc.boolean(),
      values: fc.tuple(values, values, values, values),
    })
    .filter(({ image, kernel, stride, padding }) => {
      const { outHeight, outWidth } = windowOf({ image, kernel, stride, padding });
      return outHeight > 0 && outWidth > 0;
    });
  await fc.assert(
    fc.asyncProperty(
      fc.array(convolution, { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 1, max: 2 }),
      async (convolutions, batch, threads) => {
        const all = convolutions.map(({ out32, values: [a, b, c, d], ...rest }): Convolution => {
          const operands = { pixels: pattern(a), weights: pattern(b), errors: pattern(c), bias: pattern(d) };
          const formats = ['<2,14>', '<2,14>', out32 ? '<4,28>' : '<6,10>'] as const;
          return { ...rest, ...operands, formats, unasked: KINDS };
        });
        await expectMinimal(all, { batch, threads: [threads] });
      },
    ),
    { numRuns: 40 },
  );
});
