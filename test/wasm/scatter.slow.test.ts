/** Convolutions of images and errors that are mostly 0, drawn at random, and beside images of other kinds (scatter.test.ts). */
import fc from 'fast-check';
import { describe, test } from 'vitest';
import { windowOf } from '../../src/plan/index.js';
import { ROUNDINGS } from '../contract/tables.js';
import { KINDS, noise, windowFor, type Convolution, type Pattern } from './support/convolutions.js';
import {
  BY_WEIGHT,
  expectSameScattered,
  expectScattered,
  OF_WEIGHT,
  suited,
  thin,
} from './support/scattered.js';

describe('shapes', () => {
  test('any shape, any density, any magnitudes', async () => {
    const size = fc.integer({ min: 1, max: 8 });
    const tap = fc.integer({ min: 1, max: 5 });
    const pair = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<[T, T]> => fc.tuple(value, value);
    const pad = fc.integer({ min: 0, max: 5 });
    const values = fc.tuple(fc.integer({ min: 0, max: 15 }), fc.constantFrom(1, 2, 3, 10, 50), fc.string());
    const pattern = ([bits, oneIn, name]: [number, number, string]): Pattern =>
      thin(noise(2 ** bits - 1, name), oneIn, name);
    const eights = fc.constantFrom(8, 16, 24);
    const convolution = fc
      .record({
        image: fc.tuple(size, size, fc.oneof(eights, fc.integer({ min: 1, max: 20 }))),
        kernel: pair(tap),
        out: fc.oneof(eights, fc.integer({ min: 1, max: 20 })),
        padding: pair(pad),
        stride: fc.oneof(
          { weight: 3, arbitrary: fc.constant<[number, number]>([1, 1]) },
          pair(fc.constantFrom(1, 2, 3)),
        ),
        cut: pair(fc.integer({ min: 0, max: 3 })),
        rounding: fc.constantFrom(...ROUNDINGS),
        overflow: fc.constantFrom('saturate', 'wrap'),
        formats: fc.constantFrom('<4,28>', '<6,10>', '<2,6>'),
        values: fc.tuple(values, values, values, fc.option(values)),
      })
      .map(({ cut, formats, values: [a, b, c, d], ...rest }): Convolution => {
        const { outHeight, outWidth } = windowOf(rest);
        const patterns = { pixels: pattern(a), weights: pattern(b), errors: pattern(c) };
        return {
          ...{ ...rest, ...patterns, formats: ['<2,14>', '<2,14>', formats] },
          window: { outHeight: outHeight - cut[0], outWidth: outWidth - cut[1] },
          ...(d ? { bias: pattern(d) } : {}),
          unasked: BY_WEIGHT,
        };
      })
      .filter((p) => windowFor(p).outHeight > 0 && windowFor(p).outWidth > 0);
    await fc.assert(
      fc.asyncProperty(
        fc.array(convolution, { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 3 }),
        async (all, batch, threads) => {
          await expectScattered(all, { batch, threads: [threads] });
        },
      ),
      { numRuns: 30 },
    );
  });
});

describe('images that take other paths in between', () => {
  const some = noise(900, 'some');
  /**
   * The images alternate between mostly 0, dense, and dense with differences too large for the minimal path.
   */
  const turns = (order: readonly ('zero' | 'thin' | 'dense' | 'wide' | 'far')[]): Pattern => {
    const few = thin(some, 6, 'few');
    return (image, y, x, c) => {
      switch (order[image % order.length]!) {
        case 'zero':
          return 0;
        case 'thin':
          return few(image, y, x, c);
        case 'dense':
          return some() || 5;
        case 'wide':
          return y === 1 && x === 1 && c < 2 ? (c === 0 ? -20000 : 20000) : some() || 3;
        case 'far':
          // Too large for the proof, few as they are.
          return few(image, y, x, c) && (c % 2 === 0 ? 32767 : -32768);
      }
    };
  };
  const shapes = [
    { image: [10, 10, 16], kernel: [3, 3], out: 16, padding: [1, 1] },
    { image: [9, 10, 16], kernel: [4, 4], out: 16 },
    { image: [9, 7, 24], kernel: [5, 2], out: 8, padding: [3, 1] },
    { image: [12, 11, 8], kernel: [3, 3], out: 8 },
    { image: [7, 8, 12], kernel: [1, 1], out: 16 },
    {
      image: [7, 8, 12],
      kernel: [1, 3],
      out: 16,
      window: { padTop: 0, padLeft: 0, outHeight: 6, outWidth: 5 },
    },
  ] as const;
  const orders = [
    ['thin', 'dense', 'wide'],
    ['dense', 'thin', 'wide'],
    ['wide', 'thin', 'dense', 'zero'],
    ['far', 'thin', 'far', 'dense', 'zero', 'wide', 'thin'],
  ] as const;

  test.each([false, true])('tiles, and fewer multiplications if it pays: %s', async (pays) => {
    const kernels = { minimal: pays ? 'always' : 'never', scatter: 0.25 } as const;
    for (const [i, order] of orders.entries()) {
      const isFar = order.some((turn) => turn === 'far');
      if (isFar && pays) continue;
      const weights = noise(isFar ? 3000 : 150);
      const pattern = turns(order);
      const isThin = (image: number): boolean => ['zero', 'thin'].includes(order[image % order.length]!);
      const all = shapes.slice(0, isFar ? 4 : 6).map((p): Convolution => {
        const patterns = { pixels: pattern, errors: pattern, weights };
        // Weight gradients look at a chunk of errors at once.
        return {
          ...p,
          ...patterns,
          sparseImages: isThin,
          unasked: OF_WEIGHT,
          ...(i & 1 ? { bias: some } : {}),
        };
      });
      const isRight = all.map((p) => {
        const products = suited(p).filter((kind) => BY_WEIGHT.includes(kind));
        if (!pays) return { ...p, sparse: products };
        const minimal = p.kernel[0] > 1 ? products : [];
        return {
          ...p,
          sparse: products,
          minimal,
          images: (n: number) => order[n % order.length] === 'dense',
        };
      });
      await expectSameScattered(isRight, { batch: 7, counts: [4, 1, 6], kernels });
    }
  });

  test('chunks of errors', async () => {
    // Chunks of four images in one thread, of the batch of nine: all of a chunk or none.
    const image = [12, 12, 8] as const;
    const thinChunks =
      (...chunks: readonly number[]): Pattern =>
      (n, y, x, o) =>
        chunks.includes(n >> 2) ? (y === x && o === (n + y) % 16 ? 30 + o : 0) : some() || 1;
    const chunkOf = (...chunks: readonly number[]): Convolution => ({
      ...{ image, kernel: [3, 3], out: 16, padding: [1, 1], weights: noise(60), pixels: noise(500) },
      ...{ errors: thinChunks(...chunks), sparse: OF_WEIGHT, unasked: BY_WEIGHT },
      sparseImages: (n) => chunks.includes(n >> 2),
      name: chunks.join(),
    });
    const firstAlone: Convolution = {
      ...{ ...chunkOf(), name: 'the first image alone' },
      errors: (n, y, x) => (n === 0 ? (y === x ? 30 : 0) : some() || 1),
    };
    const all = [
      chunkOf(0),
      chunkOf(1),
      chunkOf(2),
      chunkOf(0, 1),
      chunkOf(1, 2),
      chunkOf(0, 2),
      chunkOf(),
      firstAlone,
    ];
    await expectSameScattered(all, { batch: 9, counts: [5], threads: [1], kernels: { scatter: 0.25 } });
    const unasked = KINDS;
    const others = all.map((p): Convolution => ({ ...p, unasked }));
    const inPlace = others.map((p): Convolution => ({ ...p, padding: [0, 0], out: 10, image: [12, 13, 7] }));
    await expectSameScattered([...others, ...inPlace], {
      batch: 9,
      counts: [5],
      threads: [2, 3],
      kernels: { scatter: 0.25, minimal: 'always' },
    });
  });
});
