import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  checkDataSet,
  exampleSize,
  selectExamples,
  sliceExamples,
  splitDataSet,
} from '../../src/data/index.js';
import { pairs, range, thrown } from './support.js';

describe('slices and selections', () => {
  test('a slice shares memory, a selection copies', () => {
    const data = pairs(5);
    const slice = sliceExamples(data, 1, 3);
    const selection = selectExamples(data, [1, 2]);
    expect(selection).toEqual(slice);
    data.features[2] = 99;
    expect(slice.features[0]).toBe(99);
    expect(selection.features[0]).toBe(2);
  });

  test('a selection keeps order, repeats and kind', () => {
    const data = { ...pairs(4), features: Float32Array.from(range(8), (x) => x / 8) };
    const selection = selectExamples(data, [3, 0, 3]);
    expect(selection.features).toEqual(Float32Array.of(6 / 8, 7 / 8, 0, 1 / 8, 6 / 8, 7 / 8));
    expect([...selection.labels]).toEqual([0, 0, 0]);
    expect(selection.count).toBe(3);
    expect(selection.labelNames).toEqual(['a', 'b', 'c']);
  });

  test.each([4, -1, 1.5, NaN])('index %s is refused', (index) => {
    expect(thrown(() => selectExamples(pairs(4), [0, index]))).toBe(
      `RangeError: select: index must be 0 to 3, got ${String(index)}`,
    );
  });

  test('sizes of shapes', () => {
    expect(exampleSize([28, 28, 1])).toBe(784);
    expect(exampleSize([5])).toBe(5);
  });
});

describe('split', () => {
  test('parts are disjoint, complete, sized by the fraction and repeatable', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 60 }),
        fc.double({ min: 0.3, max: 0.7, noNaN: true }),
        fc.nat(),
        (count, fraction, seed) => {
          const [first, second] = splitDataSet(pairs(count), fraction, seed);
          expect(first.count).toBe(Math.floor(count * fraction + 0.5));
          const both = [...first.features, ...second.features].filter((_, i) => i % 2 === 0);
          expect(both.sort((a, b) => a - b)).toEqual(range(count).map((i) => 2 * i));
          expect(splitDataSet(pairs(count), fraction, seed)[1]).toEqual(second);
          for (const part of [first, second]) {
            for (let i = 0; i < part.count; i++) expect(part.labels[i]).toBe((part.features[2 * i]! / 2) % 3);
          }
        },
      ),
    );
  });

  test('another seed gives another split', () => {
    expect(splitDataSet(pairs(50), 0.5, 1)[0]).not.toEqual(splitDataSet(pairs(50), 0.5, 2)[0]);
  });

  test.each([0, 1, 0.01, 1.2, -0.5, NaN])('fraction %s leaves a part empty', (fraction) => {
    expect(thrown(() => splitDataSet(pairs(10), fraction, 1))).toBe(
      `RangeError: split: both parts need an example, got fraction ${String(fraction)} of 10 examples; choose a fraction between 0 and 1`,
    );
  });
});

describe('a data set made by hand is checked', () => {
  test('a good one passes', () => {
    expect(() => {
      checkDataSet(pairs(4));
    }).not.toThrow();
  });

  test.each([
    [{ count: 0 }, 'data set: needs at least one example, got count 0'],
    [{ count: 3 }, 'data set: 3 examples of 2 need 6 features, got 8'],
    [
      { shape: [2, 0, 1] as const },
      'data set: every size of the shape must be a whole number from 1, got 2 x 0 x 1',
    ],
    [{ labels: Int32Array.of(0, 1, 2) }, 'data set: every example needs one label, got 3 for 4'],
    [{ labels: Int32Array.of(0, 1, 3, 0) }, 'data set: label of example 2 must be 0 to 2, got 3'],
    [{ labels: Int32Array.of(0, -1, 0, 0) }, 'data set: label of example 1 must be 0 to 2, got -1'],
    [{ labelNames: ['a'] }, 'data set: every class needs one name, got 1 for 3'],
  ])('%o', (change, message) => {
    expect(
      thrown(() => {
        checkDataSet({ ...pairs(4), ...change });
      }),
    ).toBe(`RangeError: ${message}`);
  });
});
