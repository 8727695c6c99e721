import { describe, test } from 'vitest';
import { windowOf } from '../../src/plan/index.js';
import { KINDS, noise, windowFor, type Convolution, type Pattern } from './support/convolutions.js';
import {
  BACKWARD,
  BY_WEIGHT,
  expectSameScattered,
  expectScattered,
  FORWARD,
  OF_WEIGHT,
  thin,
} from './support/scattered.js';

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
  test('kernels, channels and outputs, any number of non-zero elements', async () => {
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

  test('even and odd numbers of elements of a cell and of a channel', async () => {
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

  test('only zeros, with a bias', async () => {
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
    await expectSameScattered(
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

  test('strides: errors spread out, other products take other paths', async () => {
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
});

describe('images that take other paths in between', () => {
  test('scatters elements just within the limit', async () => {
    // 8 x 8 x 8 = 512 elements, a quarter of them 128; and 7 x 7 x 9 = 441, of which 110.25 are a quarter.
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
    await expectSameScattered(
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
      { batch: 5, kernels: { scatter: 0.25 } },
    );
  });
});
