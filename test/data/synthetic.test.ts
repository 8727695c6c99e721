import { describe, expect, test } from 'vitest';
import { checkDataSet, sliceExamples, synthetic, type DataSet } from '../../src/data/index.js';
import { dataDigest } from '../../src/data/node/index.js';
import { thrown } from './support.js';

describe('synthetic bars', () => {
  test('have the promised form', () => {
    const { train, test: held } = synthetic({ seed: 1 });
    expect([train.count, held.count]).toEqual([2000, 500]);
    for (const part of [train, held]) {
      checkDataSet(part);
      expect(part.shape).toEqual([28, 28, 1]);
      expect(part.classes).toBe(10);
      expect(part.features).toBeInstanceOf(Uint8Array);
      for (let digit = 0; digit < 10; digit++) {
        expect(part.labels.filter((label) => label === digit)).toHaveLength(part.count / 10);
      }
    }
  });

  test('never change: digests of two seeds', () => {
    const digest = (seed: number): string => {
      const { train, test: held } = synthetic({ seed, train: 100, test: 50 });
      return dataDigest([train, held]);
    };
    expect([digest(1), digest(2)]).toEqual([
      '8144cf059afc9ccefba9533a6e4d49fe566d029bb851f59c2dcf3f053085ca84',
      'be05802d0462f61fc4f062872391b430cb4f9b4ac4afbc83132d70f8417d40c9',
    ]);
  });

  test('an example does not depend on how many are drawn', () => {
    const small = synthetic({ seed: 9, train: 20, test: 10 });
    const large = synthetic({ seed: 9, train: 50, test: 30 });
    expect(sliceExamples(large.train, 0, 20)).toEqual(small.train);
    expect(sliceExamples(large.test, 0, 10)).toEqual(small.test);
    expect(small.train.features.subarray(0, 7840)).not.toEqual(small.test.features);
  });

  test('can be distinguished by the nearest mean image is nearly always of the right class', () => {
    const { train, test: held } = synthetic({ seed: 1 });
    expect(nearestMeanErrors(train, held)).toBe(4);
  });

  test.each([0, 1.5, NaN])('%s examples are refused', (train) => {
    expect(thrown(() => synthetic({ seed: 1, train }))).toBe(
      `RangeError: synthetic: train must be a whole number of examples from 1, got ${String(train)}`,
    );
  });
});

/** How many test images lie nearer to the mean training image of another class, in integers throughout. */
function nearestMeanErrors(train: DataSet, held: DataSet): number {
  const sums = Array.from({ length: 10 }, () => new Float64Array(784));
  const perClass = train.count / 10;
  train.features.forEach((pixel, i) => (sums[train.labels[Math.floor(i / 784)]!]![i % 784]! += pixel));
  let errors = 0;
  for (let i = 0; i < held.count; i++) {
    const image = Array.from(held.features.subarray(784 * i, 784 * (i + 1)));
    const distances = sums.map((sum) => image.reduce((d, p, j) => d + (perClass * p - sum[j]!) ** 2, 0));
    if (distances.indexOf(Math.min(...distances)) !== held.labels[i]) errors++;
  }
  return errors;
}
