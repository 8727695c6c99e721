/**
 * Convolutions and weight gradients of images and errors that are mostly 0 (assembly/scatter.ts, scatter-gradient.ts) against
 * the reference backend. How few elements must be other than 0 is in scattering.test.ts: here, unless said, however many.
 */
import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { wasmBackend } from '../../src/backend/wasm/index.js';
import { SessionMemory, sessionMemoryUse } from '../../src/backend/wasm/memory.js';
import { defineNetwork, zoo } from '../../src/nn/index.js';
import { windowOf } from '../../src/plan/index.js';
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
    // A gradient by the input has no strides: errors are spread out.
    if (kind !== 'conv2dInputGradient' && (strideY > 1 || strideX > 1)) return false;
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

  test('large images: cells beyond 2^15, and more elements than lanes of 16 bits count', async () => {
    const few: Pattern = (_image, y, x, c) => ((251 * y + x + c) % 4001 === 0 ? x - 100 : 0);
    const common = { kernel: [1, 1], weights: noise(100), pixels: noise(30), errors: few } as const;
    await expectSame(
      [
        { ...common, image: [256, 256, 1], out: 1, sparse: OF_WEIGHT, unasked: BY_WEIGHT },
        // Lists name cells by 16 bits.
        { ...common, image: [1, 65537, 1], out: 1, sparse: [], unasked: BY_WEIGHT },
        // 264992 elements.
        { ...common, image: [182, 182, 8], out: 8, pixels: few, errors: () => 0, sparse: KINDS },
      ],
      { batch: 1, threads: [1] },
    );
  });

  test('strides: errors spread out, all else has other ways', async () => {
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
      // Errors of windows in the padding lie outside of the frame.
      { image: [5, 6, 8], kernel: [2, 3], out: 9, stride, padding: [4, 5] },
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

describe('images that take other ways in between', () => {
  const some = noise(900, 'some');
  /** Image by image, in turns: mostly 0, dense, dense with differences too large for the minimal way. */
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

  test.each([false, true])('tiles, and fewer multiplications where it pays: %s', async (pays) => {
    mocked.pays = pays;
    mocked.most = WHOLE >> 2;
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
      await expectSame(isRight, { batch: 7, counts: [4, 1, 6] });
    }
  });

  test('elements that are few enough, just', async () => {
    // 8 x 8 x 8 = 512 elements, a quarter of them 128; and 7 x 7 x 9 = 441, of which 110.25 are a quarter.
    mocked.most = WHOLE >> 2;
    const first =
      (perImage: readonly number[], width: number, channels: number, height: number): Pattern =>
      (image, y, x, c) =>
        height * width * channels - 1 - ((y * width + x) * channels + c) < perImage[image]! ? c - 20 : 0;
    const counts = [128, 129, 127, 130, 0];
    const eight = first(counts, 8, 8, 8);
    const common = { kernel: [1, 1], weights: noise(100) } as const;
    const atMost = (most: number, all: readonly number[]) => (image: number) => all[image]! <= most;
    // What does not fill a vector is taken to be other than 0: the last of 441.
    const odd = [109, 110, 108, 111, 440];
    await expectSame(
      [
        {
          ...{ ...common, image: [8, 8, 8], out: 8, pixels: eight, errors: eight },
          ...{ sparse: BY_WEIGHT, sparseImages: atMost(128, counts), unasked: OF_WEIGHT },
        },
        {
          ...{ ...common, image: [7, 7, 9], out: 8, pixels: first(odd, 7, 9, 7) },
          ...{ sparse: FORWARD, sparseImages: atMost(110, odd), unasked: [...BACKWARD, ...OF_WEIGHT] },
        },
      ],
      { batch: 5 },
    );
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
    mocked.most = WHOLE >> 2;
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
    await expectSame(all, { batch: 9, counts: [5], threads: [1] });
    mocked.pays = true;
    const unasked = KINDS;
    const others = all.map((p): Convolution => ({ ...p, unasked }));
    const inPlace = others.map((p): Convolution => ({ ...p, padding: [0, 0], out: 10, image: [12, 13, 7] }));
    await expectSame([...others, ...inPlace], { batch: 9, counts: [5], threads: [2, 3] });
  });
});

describe('operands', () => {
  const ends = noise(1, 'ends');
  const full: Pattern = () => (ends() < 0 ? -32768 : 32767);
  const least: Pattern = () => -32768;

  test('convolutions: sums that fit in 32 bits, just', async () => {
    // One element a, one weight b: their norms are |a| and |b|, the proof asks for (|a| + 2) (|b| + 2) < 2^31.
    const cases = [
      [32767, 65533 >> 1],
      [-32768, 32767],
    ] as const;
    const place: Convolution = { image: [3, 3, 8], kernel: [1, 1], out: 8 };
    const alone = (value: number): Pattern => {
      return (_image, y, x, c) => (y === 1 && x === 1 && c === 3 ? value : 0);
    };
    const single = cases.map(([a, b]): Convolution => {
      const weights: Pattern = (_i, _j, c, o) => (c === 3 && o === 3 ? b : 0);
      return { ...place, pixels: alone(a), errors: alone(a), weights };
    });
    await expectScattered(single, { batch: 2, threads: [1] });
    // n elements a of a cell by as many weights b: norms are a sqrt(n), b sqrt(n). Two pass with a b < 2^30, roots rounded up.
    const fits = (a: number, b: number, n: number): boolean => {
      const root = (value: number): number => Math.floor(Math.sqrt(value * value * n)) + 2;
      return root(a) * root(b) < 2 ** 31;
    };
    const all = ([2, 3, 8] as const).flatMap((n) =>
      [16384, 25000, 32767].flatMap((a) => {
        let b = 32767;
        while (!fits(a, b, n)) b--;
        return [b, b + 1].flatMap((weight) =>
          [1, -1].map((sign): Convolution => {
            const cells: Pattern = (_image, y, x, c) => (y === 2 && x === 0 && c < n ? sign * a : 0);
            const weights: Pattern = () => Math.min(weight, 32767);
            // All eight weights of a column count, whatever they meet.
            const products = fits(a * Math.sqrt(n), weight * Math.sqrt(8), 1) ? BY_WEIGHT : [];
            const name = `${String(n)} of ${String(sign * a)} by ${String(weight)}`;
            const patterns = { pixels: cells, errors: cells, weights };
            return { ...place, name, ...patterns, sparse: products, unasked: OF_WEIGHT };
          }),
        );
      }),
    );
    await expectSame(all, { batch: 1, threads: [1] });
    for (const weight of [8191, 8192, 16384]) {
      // 32767^2 + ... of eight: 2^30 8 at most.
      const operands = { pixels: least, errors: least, weights: () => weight };
      await expectSame([{ ...place, ...operands, sparse: OF_WEIGHT }], { batch: 1, threads: [1] });
    }
  });

  test('biases, small ones and too large ones', async () => {
    const common = { image: [5, 5, 8], kernel: [3, 3], out: 8, padding: [1, 1] } as const;
    const alone = (bias: number): Pattern => {
      return (o) => (o === 5 ? bias : 0);
    };
    // Biases go with the weight's format, their point to that of the sums: 2^14, or 2^18 times as large.
    const biases: readonly [lhs: string, bias: Pattern, fits: boolean][] = [
      ['<2,14>', noise(32767, 'bias'), true],
      ['<2,14>', () => -32768, true],
      ['<-2,18>', noise(8000, 'bias'), true],
      ['<-2,18>', () => -8191, true],
      ['<-2,18>', alone(8191), true],
      ['<-2,18>', () => 8192, false],
      ['<-2,18>', alone(-8192), false],
      ['<-2,18>', alone(-32768), false],
    ];
    const all = biases.map(([lhs, bias, fits], i): Convolution => {
      const patterns = { pixels: thin(noise(40), 4), errors: thin(noise(40), 4), weights: noise(20), bias };
      const sparse = fits ? KINDS : [...BACKWARD, ...OF_WEIGHT];
      const formats = [lhs, '<12,4>', '<6,10>'] as const;
      return { ...common, ...patterns, formats, sparse, name: `bias ${String(i)}` };
    });
    await expectSame(all, { threads: [1, 2] });
  });

  test('weight gradients: any sums, in as many parts as they need', async () => {
    // 36 positions, 5 images: one element to all, and pairs of -32768.
    const common = { image: [6, 6, 3], kernel: [3, 3], out: 10, padding: [1, 1] } as const;
    const one = (value: number): Pattern => {
      return (image, y, x, o) => ((image + y + x + o) % 4 === 0 ? value : 0);
    };
    const lone: Pattern = (image, y, x, c) => (image === 2 && y === 3 && x === 2 && c === 1 ? -32768 : 1);
    const operands: readonly [pixels: Pattern, errors: Pattern][] = [
      [full, full],
      [least, least],
      [() => 32767, least],
      [least, () => 32767],
      [least, one(-32768)],
      [lone, one(-32768)],
      [lone, one(32767)],
      [noise(20000), noise(3)],
      [noise(3), noise(20000)],
      // Every few products are 2^31 at most, exactly, and one less.
      [() => 16384, () => 16384],
      [() => -16384, () => 16384],
      [() => 16384, () => -32768],
      [() => 32767, () => 16384],
      [() => 32767, () => 16385],
      [() => 1, least],
      [() => 181, () => 181],
      // One error alone is too much for what is there.
      [least, (image, y, x) => (y + x === 0 ? -32768 : image === 1 ? 1 : 0)],
      [() => 0, least],
    ];
    const all = operands.map(([pixels, errors], i): Convolution => {
      return { ...common, pixels, errors, weights: noise(4), name: String(i), unasked: BY_WEIGHT };
    });
    await expectScattered(all, { batch: 5, counts: [3], threads: [1, 2] });
    const wide = { image: [5, 5, 9], kernel: [2, 3], out: 16 } as const;
    await expectScattered(
      all.map((p) => ({ ...p, ...wide, padding: [0, 0] })),
      { batch: 3, threads: [1] },
    );
  });

  test('weight gradients with bounds next to 2^31', async () => {
    // n products of a b by the same tap: (2^31 - 1) / (a b) of them have room.
    const values = [
      [32767, 32767],
      [32768, 32767],
      [32768, 32768],
      [16384, 32768],
      [16384, 16384],
      [23170, 23170],
      [11585, 11585],
      [8192, 16384],
    ] as const;
    const all = values.flatMap(([a, b]) =>
      [a === 32768 ? -1 : 1, -1].flatMap((sa) =>
        [b === 32768 ? -1 : 1, -1].map((sb): Convolution => {
          const name = `${String(sa * a)} by ${String(sb * b)}`;
          const patterns = { pixels: () => sa * a, errors: () => sb * b, weights: () => 0 };
          return { image: [1, 17, 1], kernel: [1, 1], out: 8, name, ...patterns };
        }),
      ),
    );
    await expectScattered(all, { batch: 2, counts: [1], threads: [1] });
    // The largest element of an image is its last one, behind its whole vectors.
    const last: Pattern = (_image, _y, x) => (x === 16 ? -32768 : 1);
    const behind = { image: [1, 17, 1], kernel: [1, 1], out: 8, pixels: last, errors: least } as const;
    await expectScattered([{ ...behind, weights: () => 0 }], { batch: 3, threads: [1] });
    // Only the largest error of a channel passes the bound, at an odd or even place.
    const lone =
      (at: number): Pattern =>
      (_image, _y, x, o) =>
        x === at + (o & 1) ? -32768 : o * 1000;
    const mixed = [0, 1, 2, 3, 8, 15].map((at): Convolution => {
      const patterns = { pixels: least, errors: lone(at), weights: () => 0, name: String(at) };
      return { image: [1, 17, 2], kernel: [1, 2], out: 9, ...patterns };
    });
    await expectScattered(mixed, { batch: 2, threads: [1] });
  });

  test('accumulators that wrap: weight gradients alone', async () => {
    const widths = [20, 31, 32, 33, 48, 63].map((width) => ({ width, overflow: 'wrap' }) as const);
    const common = { image: [6, 6, 8], kernel: [3, 3], out: 8, padding: [1, 1] } as const;
    const all = widths.flatMap((accumulator): Convolution[] => [
      { ...common, accumulator, bias: noise(2000), formats: ['<2,14>', '<2,14>', '<6,10>'] },
      { ...common, accumulator, pixels: full, errors: thin(full, 3) },
    ]);
    await expectScattered(all, { threads: [1, 2] });
    const accumulator = { width: 32, overflow: 'saturate' } as const;
    await expectSame([{ ...common, accumulator, sparse: [], pixels: () => 0, errors: () => 0 }]);
  });
});

describe('sums to results', () => {
  test('roundings, formats, bias', async () => {
    const outs = ['<6,10>', '<2,14>', '<2,6>', '<1,7>', '<10,22>', '<2,28>'];
    const all = ROUNDINGS.flatMap((rounding, i) =>
      outs.map((out, j): Convolution => {
        const overflow = (i + j) % 3 === 0 ? 'wrap' : 'saturate';
        const patterns = { pixels: thin(noise(8191), 4), errors: thin(noise(2000), 5), weights: noise(400) };
        const formats = ['<2,14>', '<2,14>', out] as const;
        const common = { image: [5, 6, 8], kernel: [3, 2], out: 8, padding: [1, 1] } as const;
        return {
          ...common,
          rounding,
          overflow,
          formats,
          ...patterns,
          ...(j % 2 ? { bias: noise(900) } : {}),
        };
      }),
    );
    await expectScattered(all, { batch: 2, threads: [1, 2] });
  });

  test('words of less than 16 bits', async () => {
    const all = (['<2,6>', '<4,8>', '<1,3>'] as const).flatMap((format): Convolution[] => {
      const values = noise(format === '<4,8>' ? 2000 : format === '<2,6>' ? 127 : 7);
      const operands = { pixels: thin(values, 3), weights: values, errors: thin(values, 4), bias: values };
      const formats = [format, format, '<6,6>'] as const;
      const common = { image: [7, 6, 16], kernel: [3, 3], out: 8, padding: [1, 1] } as const;
      return [
        { ...common, formats, ...operands, rounding: 'stochastic', unasked: format === '<4,8>' ? KINDS : [] },
      ];
    });
    await expectScattered(all);
  });

  test('words of more than 16 bits have other ways', async () => {
    const common = { image: [6, 6, 8], kernel: [3, 3], out: 8, pixels: () => 0, errors: () => 0 } as const;
    const long = (
      [
        ['<6,14>', '<2,14>', []],
        ['<2,14>', '<6,14>', OF_WEIGHT],
      ] as const
    ).map(([lhs, rhs, sparse]): Convolution => ({ ...common, formats: [lhs, rhs, '<4,28>'], sparse }));
    await expectSame(long);
  });
});

test('memory is told before a session is opened, to the byte', () => {
  const plan = defineNetwork(zoo.lenet({ seed: 1 })).plan(10);
  for (const threads of [1, 3]) {
    const use = sessionMemoryUse(plan, threads);
    expect(use.totalBytes).toBe(new SessionMemory(plan, threads).memory.buffer.byteLength);
    expect(Object.values(use.parts).reduce((sum, bytes) => sum + bytes, 0)).toBe(use.totalBytes);
    expect(wasmBackend.memory?.(plan, { threads })).toEqual(use);
  }
});
