import { describe, expect, test } from 'vitest';
import {
  applyNormalizer,
  NormalizerMinMaxScaler,
  NormalizerStandardize,
  type DataSet,
} from '../../src/data/index.js';
import { thrown } from './support.js';

/** Columns 1 3 5 7, constant 0.1, and 0 8 0 8. */
const data: DataSet = {
  features: Float32Array.of(1, 0.1, 0, 3, 0.1, 8, 5, 0.1, 0, 7, 0.1, 8),
  labels: new Int32Array(4),
  count: 4,
  shape: [3],
  classes: 1,
};

describe('NormalizerStandardize', () => {
  test('mean 0 and deviation 1 for every column; a constant column becomes 0', () => {
    const fitted = new NormalizerStandardize().fit(data);
    const root5 = Math.sqrt(5);
    expect(fitted.state).toEqual({
      kind: 'standardize',
      offset: [4, Math.fround(0.1), 4],
      scale: [1 / root5, 1, 1 / 4],
      shift: 0,
    });
    expect(fitted.transform(data).features).toEqual(
      Float32Array.of(-3 / root5, 0, -1, -1 / root5, 0, 1, 1 / root5, 0, -1, 3 / root5, 0, 1),
    );
  });

  test('what was fitted on the training part is applied to the test part', () => {
    const fitted = new NormalizerStandardize().fit(data);
    const test = { ...data, features: Float32Array.of(4, 1.1, 12), count: 1, labels: new Int32Array(1) };
    expect([...fitted.transform(test).features]).toEqual([
      0,
      Math.fround(Math.fround(1.1) - Math.fround(0.1)),
      2,
    ]);
    // The state is plain data: it survives JSON.
    const copy = JSON.parse(JSON.stringify(fitted.state)) as typeof fitted.state;
    expect(applyNormalizer(copy, test)).toEqual(fitted.transform(test));
  });
});

describe('NormalizerMinMaxScaler', () => {
  test('every column onto [0, 1] or the given range; a constant column becomes the least', () => {
    expect(new NormalizerMinMaxScaler().fit(data).transform(data).features).toEqual(
      Float32Array.of(0, 0, 0, 1 / 3, 0, 1, 2 / 3, 0, 0, 1, 0, 1),
    );
    expect([...new NormalizerMinMaxScaler(-1, 3).fit(data).transform(data).features]).toEqual([
      -1,
      -1,
      -1,
      Math.fround(1 / 3),
      -1,
      3,
      Math.fround(5 / 3),
      -1,
      -1,
      3,
      -1,
      3,
    ]);
  });
});

test('pixels count as p / 255', () => {
  const pixels = { ...data, features: Uint8Array.of(0, 51, 255, 255), shape: [1] as const };
  expect(new NormalizerMinMaxScaler(0, 255).fit(pixels).transform(pixels).features).toEqual(
    Float32Array.of(0, 51, 255, 255),
  );
  expect(new NormalizerMinMaxScaler().fit(pixels).state).toEqual({
    kind: 'minmax',
    offset: [0],
    scale: [1],
    shift: 0,
    pixels: true,
  });
});

test('bad use', () => {
  expect(thrown(() => new NormalizerStandardize().transform(data))).toBe(
    'TypeError: normalizer: fit must come before transform; call fit(train) first',
  );
  const fitted = new NormalizerStandardize().fit(data);
  expect(thrown(() => fitted.transform({ ...data, shape: [4], count: 3 }))).toBe(
    'RangeError: normalizer: examples must have 3 features as fitted, got 4',
  );
  for (const [min, max] of [
    [1, 1],
    [2, 1],
    [NaN, 1],
  ] as const) {
    expect(thrown(() => new NormalizerMinMaxScaler(min, max))).toBe(
      `RangeError: normalizer: min must be below max, got ${String(min)} and ${String(max)}`,
    );
  }
});
