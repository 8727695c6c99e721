/**
 * The ways of a tiled product (assembly/product/products.ts) at their boundaries: operands for which the proof of the fast way
 * just holds and just fails, for which sums are made in stretches, and for which only 8-bit digits are safe; int32 ones at
 * the edges of their digits. The oracle is BigInt, or the reference backend; test/contract covers shapes, this
 * file magnitudes; products.slow.test.ts has the other rounding modes and magnitudes.
 */
import { describe, test } from 'vitest';
import { parseFormat } from '../../src/numerics/index.js';
import {
  expectExact,
  expectPlanes,
  expectSame,
  expectSplitSums,
  MODES,
  type Pattern,
} from './support/product-checks.js';

describe('int16: the three paths', () => {
  // One row norm times one column norm is |a| |b| k here: 2^31 - 2^4 is where the fast way ends.
  const around = [16, 4096, 32767].flatMap((b) =>
    [-2, -1, 0, 1, 2].map((off) => [Math.floor((2 ** 31 - 16) / (b * 64)) + off, b] as const),
  );
  test.each(around.filter(([a]) => a <= 32768))('|a| %i, |b| %i, 64 terms: the bound', async (a, b) => {
    await expectExact({ formats: ['<6,10>', '<6,10>'], k: 64, patterns: [() => -a, () => b] });
    await expectExact({ formats: ['<6,10>', '<6,10>'], k: 64, patterns: [() => -a, () => -b] });
  });
  test.each([32768, 16384, 8192, 4096, 2048, 1024, 512])('one magnitude, %i: flush and full', async (a) => {
    const sign = (i: number): number => (i % 3 === 0 ? -a : a - 1);
    for (const k of [1, 7, 64, 600]) {
      await expectExact({ formats: ['<2,14>', '<2,14>'], k, patterns: [() => -a, () => -32768] });
      await expectExact({ formats: ['<2,14>', '<2,14>'], k, patterns: [sign, (i) => sign(i + 1)] });
    }
  });
  test('pairs of -32768, whose dot product alone wraps', async () => {
    for (const k of [1, 2, 3, 16, 17]) {
      await expectExact({ formats: ['<1,15>', '<1,15>'], k, patterns: [() => -32768, () => -32768] });
    }
  });
  test('one large element among small ones', async () => {
    const lone = (i: number): number => (i === 13 ? -32768 : 3);
    await expectExact({ formats: ['<2,14>', '<2,14>'], k: 37, patterns: [lone, lone] });
  });
});

describe('sums split at the cut', () => {
  test.each(['stochastic', 'nearest-away'])('%s', expectSplitSums);
  test('exact zeros and elements that are flushed', async () => {
    // Sums of 0, and of less than half an eps on either side of it, from non-zero stretches.
    const a: Pattern = (i) => [30000, -30000, 1, 0][i & 3]!;
    const b: Pattern = (i) => [30000, 30000, (i % 9) - 4, 7][i & 3]!;
    for (const mode of MODES)
      await expectSame({ formats: ['<2,14>', '<2,14>'], k: 64, patterns: [a, b] }, '<6,10>', mode);
  });
});

describe('int32: planes of digits', () => {
  // One plane holds up to 32767, two up to 2^20 - 1.
  test.each([32767, 32768, 2 ** 20])('magnitudes up to %i', expectPlanes);

  const least = (format: string): number => {
    const { il, fl } = parseFormat(format);
    return -(2 ** (il + fl - 1));
  };
  test.each([
    ['<7,10>', '<6,10>'],
    ['<6,10>', '<7,10>'],
    ['<4,16>', '<6,14>'],
    ['<12,12>', '<12,12>'],
    ['<15,10>', '<15,10>'],
    ['<16,12>', '<16,10>'],
    ['<20,12>', '<1,15>'],
  ])('%s x %s', async (lhs, rhs) => {
    const ends = (format: string, i: number): number => [least(format), -1 - least(format), -1, 1, 0][i % 5]!;
    for (const k of [1, 6, 67]) {
      const formats = [lhs, rhs] as const;
      await expectExact({ formats, k, patterns: [() => least(lhs), () => least(rhs)] });
      await expectExact({ formats, k, patterns: [(i) => ends(lhs, i), (i) => ends(rhs, i >> 1)] });
    }
  });
});
