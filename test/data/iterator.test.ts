import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  ArrayDataSetIterator,
  StreamDataSetIterator,
  sliceExamples,
  type DataSet,
  type DataSetIterator,
} from '../../src/data/index.js';
import { pairs, range, thrown } from './support.js';

/** The numbers of all examples left, and the sizes of the batches they came in. */
function drain(iterator: DataSetIterator): { examples: number[]; sizes: number[] } {
  const examples: number[] = [];
  const sizes: number[] = [];
  while (iterator.hasNext()) {
    const batch = iterator.next();
    sizes.push(batch.count);
    for (let i = 0; i < batch.count; i++) {
      const example = batch.features[2 * i]! / 2;
      expect(batch.labels[i]).toBe(example % 3);
      examples.push(example);
    }
  }
  return { examples, sizes };
}

describe('ArrayDataSetIterator', () => {
  test('keeps the order without a shuffle, and hands out views', () => {
    const data = pairs(7);
    const iterator = new ArrayDataSetIterator(data, { batch: 3 });
    expect(iterator.next(2).features.buffer).toBe(data.features.buffer);
    expect(iterator.position).toEqual({ epoch: 0, cursor: 2 });
    expect(drain(iterator)).toEqual({ examples: [2, 3, 4, 5, 6], sizes: [3, 2] });
    expect(iterator.position).toEqual({ epoch: 0, cursor: 7 });
    iterator.reset();
    expect(iterator.position).toEqual({ epoch: 1, cursor: 0 });
    expect(drain(iterator).examples).toEqual(range(7));
  });

  test('tells what it hands out', () => {
    const iterator = new ArrayDataSetIterator(pairs(7), { batch: 3 });
    const { batch, shape, classes, labelNames, totalExamples, resetSupported } = iterator;
    expect({ batch, shape, classes, labelNames, totalExamples, resetSupported }).toEqual({
      batch: 3,
      shape: [2],
      classes: 3,
      labelNames: ['a', 'b', 'c'],
      totalExamples: 7,
      resetSupported: true,
    });
  });

  test('every epoch of a shuffle is a different permutation, the same for the same seed', () => {
    const orders = [1, 1, 2].map((shuffle) => {
      const iterator = new ArrayDataSetIterator(pairs(40), { batch: 7, shuffle });
      const epochs = [drain(iterator).examples];
      iterator.reset();
      epochs.push(drain(iterator).examples);
      return epochs;
    });
    const [first, again, other] = orders;
    expect(first).toEqual(again);
    expect(first![0]).not.toEqual(first![1]);
    expect(first).not.toEqual(other);
    for (const epoch of first!) expect([...epoch].sort((a, b) => a - b)).toEqual(range(40));
  });

  test('this order never changes', () => {
    const iterator = new ArrayDataSetIterator(pairs(12), { batch: 12, shuffle: 42 });
    expect(drain(iterator).examples).toEqual([2, 11, 3, 9, 1, 8, 6, 10, 4, 7, 5, 0]);
    iterator.reset();
    expect(drain(iterator).examples).toEqual([9, 10, 5, 7, 8, 3, 11, 1, 6, 0, 4, 2]);
  });

  test('from any recorded position it continues exactly', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 30 }),
        fc.integer({ min: 1, max: 9 }),
        fc.nat({ max: 3 }),
        fc.nat({ max: 40 }),
        fc.boolean(),
        (count, batch, epochs, steps, shuffled) => {
          const make = (): ArrayDataSetIterator =>
            new ArrayDataSetIterator(pairs(count), { batch, ...(shuffled && { shuffle: 7n }) });
          const whole = make();
          for (let i = 0; i < epochs; i++) whole.reset();
          for (let i = 0; i < steps && whole.hasNext(); i++) whole.next();
          const resumed = make();
          resumed.seek(whole.position);
          for (let epoch = 0; epoch < 2; epoch++) {
            expect(drain(resumed)).toEqual(drain(whole));
            whole.reset();
            resumed.reset();
            expect(resumed.position).toEqual(whole.position);
          }
        },
      ),
    );
  });

  test('bad use', () => {
    const iterator = new ArrayDataSetIterator(pairs(4), { batch: 3 });
    expect(thrown(() => iterator.next(0))).toBe(
      'RangeError: iterator: batch must be a whole number from 1, got 0',
    );
    expect(iterator.position.cursor).toBe(0);
    drain(iterator);
    expect(thrown(() => iterator.next())).toBe(
      'RangeError: iterator: no example is left after 4; ask hasNext first, call reset to start the next epoch',
    );
    for (const batch of [0, -1, 2.5, NaN]) {
      expect(thrown(() => new ArrayDataSetIterator(pairs(4), { batch }))).toBe(
        `RangeError: iterator: batch must be a whole number from 1, got ${String(batch)}`,
      );
    }
    expect(
      thrown(() => {
        iterator.seek({ epoch: 0, cursor: 5 });
      }),
    ).toBe('RangeError: iterator: cursor must be 0 to 4, got 5; is this position of another data set?');
    expect(
      thrown(() => {
        iterator.seek({ epoch: -1, cursor: 0 });
      }),
    ).toBe('RangeError: iterator: epoch must be a whole number from 0, got -1');
    expect(thrown(() => new ArrayDataSetIterator(pairs(4), { batch: 2, shuffle: 'x' }))).toMatch(
      /^TypeError: seed: expected an integer/,
    );
  });
});

describe('StreamDataSetIterator', () => {
  /** The first examples of `pairs`, in pieces of the given sizes. */
  function* pieces(sizes: readonly number[], data: DataSet): Generator<DataSet> {
    let start = 0;
    for (const size of sizes) {
      yield sliceExamples(data, start, start + size);
      start += size;
    }
  }

  test('cuts pieces of any size into batches', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 1, max: 12 }),
        (sizes, batch) => {
          const count = sizes.reduce((sum, size) => sum + size, 0);
          const stream = new StreamDataSetIterator(pieces(sizes, pairs(count)), { batch });
          const array = new ArrayDataSetIterator(pairs(count), { batch });
          expect(drain(stream)).toEqual(drain(array));
          expect(stream.position).toEqual({ epoch: 0, cursor: count });
        },
      ),
    );
  });

  test('tells what it hands out, and keeps real values real', () => {
    const data = { ...pairs(4), features: Float32Array.from(range(8)) };
    const stream = new StreamDataSetIterator(pieces([1, 3], data), { batch: 2 });
    expect(stream.resetSupported).toBe(false);
    expect(stream.shape).toEqual([2]);
    expect(stream.classes).toBe(3);
    expect(stream.labelNames).toEqual(['a', 'b', 'c']);
    expect(stream.next().features).toEqual(Float32Array.of(0, 1, 2, 3));
  });

  test('cannot go back, and throws', () => {
    const stream = new StreamDataSetIterator(pieces([3], pairs(3)), { batch: 2 });
    const wayOut =
      'needs a source that can be read again, got one that is read once only; use ArrayDataSetIterator, or one epoch';
    expect(thrown(() => stream.reset())).toBe(`TypeError: stream: reset ${wayOut}`);
    expect(thrown(() => stream.seek())).toBe(`TypeError: stream: seek ${wayOut}`);
    drain(stream);
    expect(thrown(() => stream.next())).toBe(
      'RangeError: iterator: no example is left after 3; ask hasNext first, the source can be read once only',
    );
  });

  test('refuses an empty source and pieces that differ', () => {
    expect(thrown(() => new StreamDataSetIterator([], { batch: 1 }))).toBe(
      'RangeError: stream: the source must give at least one piece, got none',
    );
    const odd = { ...pairs(2), shape: [1] as const, features: Uint8Array.of(1, 2) };
    const stream = new StreamDataSetIterator([pairs(2), odd], { batch: 4 });
    expect(thrown(() => stream.next())).toBe(
      'RangeError: stream: pieces must agree in shape, classes and kind of features, got 1 in 3 classes after 2 in 3',
    );
    const broken = { ...pairs(2), labels: Int32Array.of(0, 3) };
    expect(thrown(() => new StreamDataSetIterator([broken], { batch: 4 }))).toBe(
      'RangeError: stream: piece: label of example 1 must be 0 to 2, got 3',
    );
  });
});
