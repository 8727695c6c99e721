/**
 * Convolutions and weight gradients of images and errors that are mostly 0 (assembly/scatter.ts, scatter-gradient.ts) against
 * the reference backend. How few elements must be other than 0 is in scattering.test.ts: here, unless said, however many.
 */
import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { wasmBackend } from '../../src/backend/wasm/index.js';
import { SessionMemory, sessionMemoryUse } from '../../src/backend/wasm/memory.js';
import { parseFormat, parseRounding } from '../../src/numerics/index.js';
import { PlanBuilder, windowOf } from '../../src/plan/index.js';
import { ROUNDINGS } from '../contract/tables.js';
import {
  expectSame,
  KINDS,
  noise,
  windowFor,
  type Convolution,
  type Kind,
  type Pattern,
  type Run,
} from './convolutions.js';

const WHOLE = 1 << 16;
const mocked = vi.hoisted(() => ({ most: 1 << 16, pays: false }));
vi.mock('../../src/backend/wasm/scattering.js', async (original) => ({
  ...(await original<object>()),
  mostScattered: () => mocked.most,
}));
vi.mock('../../src/backend/wasm/worth.js', () => ({ pays: () => mocked.pays }));
afterEach(() => {
  mocked.most = WHOLE;
  mocked.pays = false;
});

const FORWARD: readonly Kind[] = ['conv2d'];
const BACKWARD: readonly Kind[] = ['conv2dInputGradient'];
const OF_WEIGHT: readonly Kind[] = ['conv2dWeightGradient'];
const BY_WEIGHT: readonly Kind[] = [...FORWARD, ...BACKWARD];

/** The products that sizes and formats let be scattered. */
function suited(p: Convolution): Kind[] {
  const { strideY, strideX, channels } = windowFor(p);
  const wraps = p.accumulator !== undefined && p.accumulator !== 'exact';
  return KINDS.filter((kind) => {
    if (strideY > 1 || strideX > 1) return false;
    if (kind === 'conv2dWeightGradient') return true;
    const [lhs, rhs] = kind === 'conv2d' ? [channels, p.out] : [p.out, channels];
    return !wraps && lhs >= 8 && rhs % 8 === 0;
  });
}

/** All products as the reference has them, and scattered wherever sizes allow it, unless said. */
async function expectScattered(convolutions: readonly Convolution[], run: Run = {}): Promise<void> {
  await expectSame(
    convolutions.map((p) => ({ ...p, sparse: p.sparse ?? suited(p) })),
    run,
  );
}

/** Values of a pattern in one place of so many, the others 0. */
function thin(values: Pattern, oneIn: number, name = 'thin'): Pattern {
  const random = noise(1 << 20, name);
  return (...place) => {
    const value = values(...place);
    return (random() + (1 << 20)) % oneIn === 0 ? value : 0;
  };
}

describe('shapes', () => {
  const kernels: readonly Convolution[] = [
    { image: [8, 8, 8], kernel: [5, 5], out: 8 },
    { image: [7, 9, 9], kernel: [5, 5], out: 16, padding: [2, 2] },
    { image: [7, 6, 12], kernel: [3, 3], out: 8, padding: [1, 1] },
    { image: [6, 7, 16], kernel: [3, 3], out: 10 },
    { image: [5, 6, 16], kernel: [1, 1], out: 8 },
    { image: [5, 4, 24], kernel: [1, 1], out: 16, padding: [1, 2] },
    { image: [6, 9, 8], kernel: [1, 4], out: 16 },
    { image: [6, 9, 16], kernel: [1, 5], out: 9, padding: [0, 2] },
    { image: [9, 6, 8], kernel: [4, 1], out: 16 },
    { image: [9, 6, 10], kernel: [3, 1], out: 8, padding: [1, 0] },
    { image: [7, 8, 8], kernel: [2, 2], out: 8 },
    { image: [7, 8, 17], kernel: [4, 2], out: 8, padding: [2, 1] },
    { image: [8, 6, 64], kernel: [2, 4], out: 8, padding: [1, 2] },
    { image: [6, 7, 1], kernel: [3, 3], out: 8, padding: [1, 1] },
    { image: [6, 7, 3], kernel: [5, 5], out: 16, padding: [2, 2] },
    { image: [6, 7, 3], kernel: [4, 3], out: 10 },
    { image: [5, 6, 8], kernel: [3, 3], out: 64, padding: [1, 1] },
    { image: [1, 1, 8], kernel: [1, 1], out: 8 },
    { image: [3, 3, 8], kernel: [3, 3], out: 8 },
    { image: [1, 9, 8], kernel: [1, 3], out: 8, padding: [0, 1] },
    { image: [9, 1, 8], kernel: [3, 1], out: 8, padding: [1, 0] },
  ];
  test('kernels, channels and outputs, any number of elements that are not 0', async () => {
    await expectScattered(kernels, { counts: [2] });
    const most = noise(8191, 'kernels');
    for (const oneIn of [2, 7, 60]) {
      const some = kernels.map((p): Convolution => {
        const errors = thin(noise(300), oneIn, `errors ${String(oneIn)}`);
        return { ...p, pixels: thin(most, oneIn), errors, weights: noise(40) };
      });
      await expectScattered(some, { batch: 4, threads: [1, 3] });
    }
  });

  test('padding larger than the kernel, of one side alone, and windows that leave a part of the image out', async () => {
    const windows = [
      { padTop: 2, padLeft: 0 },
      { padTop: 0, padLeft: 3 },
      { padTop: 4, padLeft: 5, outHeight: 13, outWidth: 14 },
      { padTop: 5, padLeft: 1, outHeight: 4, outWidth: 9 },
      { outHeight: 3, outWidth: 2 },
      { outHeight: 7, outWidth: 3 },
      { outHeight: 2, outWidth: 7 },
      { outHeight: 9, outWidth: 10 },
      { padTop: 1, padLeft: 2, outHeight: 4, outWidth: 5 },
      { padTop: 9, padLeft: 9, outHeight: 4, outWidth: 3 },
    ];
    const all = windows.flatMap((window): Convolution[] => [
      { image: [8, 9, 8], kernel: [3, 3], out: 8, window },
      { image: [8, 9, 8], kernel: [2, 4], out: 16, window, pixels: thin(noise(8000), 5) },
    ]);
    await expectScattered(all, { batch: 2, threads: [1, 2] });
    const padded = (
      [
        [3, 4],
        [0, 5],
        [6, 6],
      ] as const
    ).map((padding): Convolution => ({ image: [5, 4, 8], kernel: [2, 3], out: 8, padding }));
    await expectScattered(padded, { batch: 2, threads: [2] });
  });

  test('one element alone: every place of an image, the first and the last channel', async () => {
    const [height, width] = [4, 5];
    const alone = (channels: number, columns: number): Pattern => {
      return (image, y, x, c) => (image === y * columns + x && c % (channels - 1) === 0 ? 77 - 40 * c : 0);
    };
    const windows = [
      { kernel: [3, 3], padding: [1, 1] },
      { kernel: [3, 3], padding: [0, 0] },
      { kernel: [2, 4], padding: [1, 2] },
      { kernel: [4, 5], padding: [3, 4] },
    ] as const;
    const all = windows.map(({ kernel, padding }): Convolution => {
      const { outWidth } = windowOf({ image: [height, width, 9], kernel, stride: [1, 1], padding });
      const patterns = { pixels: alone(9, width), errors: alone(8, outWidth) };
      return { image: [height, width, 9], kernel, out: 8, padding, ...patterns, weights: noise(3000) };
    });
    const turned = all.map((p): Convolution => {
      const { outWidth } = windowFor(p);
      return { ...p, image: [height, width, 8], out: 9, pixels: alone(8, width), errors: alone(9, outWidth) };
    });
    await expectScattered([...all, ...turned], { batch: 8 * 9, threads: [1] });
  });

  test('so many elements of a cell and of a channel: even and odd', async () => {
    const all = [8, 13, 16].flatMap((channels) =>
      [0, 1].map((odd): Convolution => {
        // Image i has i elements a cell, from another channel on at each; errors of a channel are i and one more in all.
        const cells: Pattern = (image, y, x, c) =>
          (c + 5 * x + 3 * y) % channels < image ? 900 - 100 * c - 7 * x : 0;
        const errors: Pattern = (image, y, x, o) => (4 * y + x < image + ((o + odd) & 1) ? o - 3 * x - 2 : 0);
        const common = {
          kernel: [3, 2],
          padding: [1, 1],
          pixels: cells,
          errors,
          weights: noise(500),
        } as const;
        return { image: [4, 3, channels], out: 8, ...common };
      }),
    );
    await expectScattered(all, { batch: 17, counts: [9], threads: [1, 2] });
  });

  test('nothing but zeros, and a bias', async () => {
    const nothing: Pattern = () => 0;
    const all = [null, noise(9), noise(8191)].flatMap((bias, i): Convolution[] => [
      {
        image: [6, 7, 8],
        kernel: [3, 3],
        out: 16,
        padding: [1, 1],
        pixels: nothing,
        ...(bias ? { bias } : {}),
      },
      { image: [6, 7, 9], kernel: [2, 3], out: 8, errors: nothing, ...(bias ? { bias } : {}) },
      { image: [5, 5, 8], kernel: [3, 1], out: 8, errors: nothing, pixels: nothing, name: String(i) },
    ]);
    await expectScattered(all, { threads: [1, 2] });
  });

  test('strides have other ways', async () => {
    const strides = [
      [2, 2],
      [1, 2],
      [2, 1],
      [3, 2],
    ] as const;
    const all = strides.flatMap((stride): Convolution[] => [
      { image: [9, 9, 8], kernel: [3, 3], out: 8, stride, padding: [1, 1], errors: thin(noise(500), 9) },
      { image: [9, 10, 16], kernel: [2, 2], out: 8, stride, pixels: () => 0, errors: () => 0 },
      { image: [8, 9, 16], kernel: [1, 1], out: 16, stride, padding: [1, 0] },
    ]);
    await expectScattered(all, { threads: [1, 2] });
  });

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
        cut: pair(fc.integer({ min: 0, max: 3 })),
        rounding: fc.constantFrom(...ROUNDINGS),
        overflow: fc.constantFrom('saturate', 'wrap'),
        formats: fc.constantFrom('<4,28>', '<6,10>', '<2,6>'),
        values: fc.tuple(values, values, values, fc.option(values)),
      })
      .map(({ cut, formats, values: [a, b, c, d], ...rest }): Convolution => {
        const { outHeight, outWidth } = windowOf({ ...rest, stride: [1, 1] });
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
