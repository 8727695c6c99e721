/** The ways of a tiled product in the other rounding modes and at the other magnitudes (products.test.ts). */
import { describe, test } from 'vitest';
import {
  expectPlanes,
  expectSame,
  expectSplitSums,
  MODES,
  spread,
  type Pattern,
} from './support/product-checks.js';

describe('sums split at the cut', () => {
  test.each(MODES.filter((mode) => !['stochastic', 'nearest-away'].includes(mode)))('%s', expectSplitSums);
  test('ties, and sums of many stretches with few bits kept', async () => {
    // Products are multiples of half an eps of <2,14>.
    const coarse =
      (most: number, step: number, unit: number): Pattern =>
      (i) =>
        Math.floor(spread(most, step)(i) / unit) * unit;
    const patterns = [coarse(32768, 7919, 128), coarse(9000, 104729, 64)] as const;
    const formats = ['<2,14>', '<2,14>'] as const;
    for (const mode of MODES) {
      await expectSame({ formats, k: 150, patterns }, '<6,14>', mode);
      for (const out of ['<16,0>', '<12,1>', '<12,2>', '<12,4>']) {
        await expectSame({ formats, k: 700, patterns: [() => 32767, () => 32767] }, out, mode);
        // A stretch is one piece here, and leaves almost 2^28 below the cut of <16,0>.
        await expectSame({ formats, k: 700, patterns: [() => 8191, () => 8191] }, out, mode);
      }
    }
  });
});

describe('int32: planes of digits', () => {
  // One plane holds up to 32767, two up to 2^20 - 1.
  test.each([32766, 32769, 2 ** 20 - 1, 2 ** 20 + 1])('magnitudes up to %i', expectPlanes);
});
