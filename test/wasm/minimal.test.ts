import { describe, test } from 'vitest';
import { ROUNDINGS } from '../contract/tables.js';
import { expectMinimal, noise, type Convolution, type Kind, type Pattern } from './support/convolutions.js';

const OF_WEIGHT: readonly Kind[] = ['conv2dWeightGradient'];

describe('shapes', () => {
  const kernels: readonly Convolution[] = [
    { image: [16, 16, 24], kernel: [2, 2], out: 16 },
    { image: [16, 13, 20], kernel: [2, 2], out: 24, padding: [1, 1] },
    { image: [12, 12, 24], kernel: [3, 3], out: 20, padding: [1, 1] },
    { image: [16, 16, 20], kernel: [3, 3], out: 24 },
    { image: [16, 15, 24], kernel: [2, 3], out: 16, padding: [0, 1] },
    { image: [15, 16, 24], kernel: [3, 2], out: 16, padding: [2, 1] },
    { image: [16, 16, 3], kernel: [5, 5], out: 8, padding: [2, 2] },
    { image: [15, 16, 4], kernel: [5, 5], out: 9, padding: [3, 1] },
    { image: [16, 16, 4], kernel: [4, 5], out: 20, padding: [2, 2] },
    { image: [15, 15, 3], kernel: [5, 4], out: 16, padding: [2, 0] },
    { image: [16, 16, 2], kernel: [7, 7], out: 9, padding: [3, 3] },
    { image: [16, 17, 2], kernel: [7, 7], out: 8, padding: [2, 3] },
    { image: [12, 11, 8], kernel: [5, 2], out: 16, padding: [2, 1] },
    { image: [11, 12, 9], kernel: [2, 7], out: 16, padding: [1, 3] },
    // A cell of one channel: odd pairs begin in one cell and end in the next.
    { image: [23, 23, 1], kernel: [8, 8], out: 8 },
  ];
  test('kernels, channels and outputs', async () => {
    await expectMinimal(kernels, { counts: [2] });
  });

  test('odd and even sizes, framed by zeros or not', async () => {
    const sizes = [8, 9, 10, 11].flatMap((height) =>
      [10, 11, 12, 13].map((width) => [height, width] as const),
    );
    const all = sizes.map(([height, width], i): Convolution => ({
      image: [height, width, 16],
      kernel: [4, 4],
      out: 16 + (i & 1),
    }));
    await expectMinimal(all);
    await expectMinimal(
      all.map((p) => ({ ...p, padding: [1, 2] })),
      { threads: [1] },
    );
  });

  test('two columns: tiles of several rows, the last one filled up', async () => {
    // 3, 4, 6, 7, 8 and 9 pairs of rows; forwards, then backwards.
    const heights = [5, 7, 11, 13, 15, 17];
    await expectMinimal(heights.map((height) => ({ image: [height + 5, 7, 16], kernel: [6, 6], out: 16 })));
    const narrow = { kernel: [6, 6], out: 24, padding: [2, 2] } as const;
    await expectMinimal(heights.map((height) => ({ image: [height, 2, 16], ...narrow })));
  });

  test('few rows or columns, with and without minimal filtering', async () => {
    const sizes = [1, 2, 3].flatMap((short) => [1, 2, 3, 9].map((long) => [short, long] as const));
    const images = sizes.flatMap(([a, b]) => [[a, b] as const, [b, a] as const]);
    const all = images.flatMap(([height, width]) =>
      (
        [
          [6, 6],
          [2, 6],
          [5, 4],
        ] as const
      ).map((kernel): Convolution => {
        return { image: [height, width, 17], kernel, out: 17, padding: [3, 3] };
      }),
    );
    await expectMinimal(all, { batch: 2, threads: [1] });
  });

  test('errors spread out by strides', async () => {
    const strides = [
      [2, 2],
      [3, 2],
      [1, 2],
      [2, 1],
      [4, 5],
    ] as const;
    const all = strides.flatMap((stride): Convolution[] => [
      { image: [16, 15, 9], kernel: [4, 4], out: 16, stride },
      { image: [15, 17, 9], kernel: [4, 5], out: 16, stride, padding: [1, 2] },
      // Errors of windows in the padding lie outside of the frame.
      { image: [13, 14, 9], kernel: [4, 4], out: 16, stride, padding: [4, 6] },
    ]);
    await expectMinimal(all, { threads: [1, 2] });
  });

  test('windows that lie in the padding altogether', async () => {
    const all = (
      [
        [2, 2],
        [3, 3],
        [5, 7],
        [0, 8],
      ] as const
    ).map((padding): Convolution => {
      return { image: [9, 8, 24], kernel: [2, 2], out: 24, padding };
    });
    await expectMinimal(all, { threads: [1] });
  });

  test('padding of one side alone, and windows that leave a part of the image out', async () => {
    const sides = [
      { padTop: 2, padLeft: 0 },
      { padTop: 0, padLeft: 3 },
      { outHeight: 13, outWidth: 10 },
      { outHeight: 9, outWidth: 14 },
      { padTop: 1, padLeft: 3, outHeight: 6, outWidth: 7 },
    ];
    const all = sides.map((window): Convolution => ({
      image: [12, 13, 16],
      kernel: [4, 4],
      out: 16,
      window,
    }));
    await expectMinimal(all);
  });

  test('in sequence, repeatedly', async () => {
    // Neighbours with as many rows of outputs: their tables of rows must not be taken for each other's.
    const alike = [12, 20, 24, 16].flatMap((width, i): Convolution[] => [
      { image: [12, width, 24], kernel: [3, 3], out: 24, padding: [1, 1] },
      { image: [12, 12, 20 + i], kernel: [5, 5], out: 20, padding: [2, 2] },
    ]);
    // Frames that an image fills except for a row, in which the data of another product must be cleared.
    const filled = [5, 7, 9, 11].map((height): Convolution => ({
      image: [height, 9, 8],
      kernel: [3, 4],
      out: 24,
    }));
    await expectMinimal([...alike, ...filled, ...kernels.slice(0, 4)], {
      batch: 2,
      counts: [1, 2],
      threads: [1, 2],
    });
  });
});

describe('blocks of rows', () => {
  // Rows of blocks: 8 and 5; backwards 8 and 5; 2, 2, 2 and 1; 6, 6 and 1; 42 and 6, backwards 42 and 5; 42 and 7.
  const tall: readonly Convolution[] = [
    { image: [14, 15, 16], kernel: [2, 2], out: 128 },
    { image: [13, 14, 192], kernel: [2, 2], out: 16, padding: [1, 1] },
    { image: [10, 10, 8], kernel: [4, 4], out: 640 },
    { image: [12, 9, 8], kernel: [4, 4], out: 256, padding: [2, 2] },
    { image: [47, 47, 4], kernel: [4, 4], out: 8, padding: [2, 2] },
    { image: [48, 46, 4], kernel: [4, 4], out: 8, padding: [2, 2] },
  ];
  test('several blocks, the last one of odd rows or not', async () => {
    await expectMinimal(tall, { batch: 2, threads: [1, 2] });
  });

  test.each<[string, Convolution]>([
    ['forwards', { image: [24, 24, 17], kernel: [2, 2], out: 8 }],
    ['backwards', { image: [24, 24, 9], kernel: [2, 2], out: 8 }],
    ['of the weight', { image: [9, 8, 16], kernel: [7, 6], out: 24, padding: [3, 3] }],
  ])('scratch is as large as the largest product needs: %s', async (_, p) => {
    // Threads' regions lie side by side: who writes past his own spoils another one's.
    await expectMinimal([{ ...p, rounding: 'stochastic', formats: ['<2,14>', '<2,14>', '<6,10>'] }]);
  });

  test('images that take other paths in between', async () => {
    const some = noise(300);
    const pixels: Pattern = (image) => (image % 2 === 1 ? 100 * some() : some());
    const images = (image: number): boolean => image % 2 === 0;
    const mixed = { pixels, errors: pixels, images, unasked: OF_WEIGHT };
    const weights = noise(100);
    await expectMinimal(
      [
        { image: [14, 15, 16], kernel: [2, 2], out: 128, weights, ...mixed },
        { image: [13, 14, 192], kernel: [2, 2], out: 16, padding: [1, 1], weights, ...mixed },
      ],
      { threads: [1, 2] },
    );
  });
});

describe('sums to results', () => {
  const image = [12, 13, 16] as const;
  const bias = noise(2000);

  test('roundings, formats, bias', async () => {
    const outs = ['<6,10>', '<2,14>', '<10,22>'];
    const all = ROUNDINGS.flatMap((rounding, i) =>
      outs.map((out, j): Convolution => {
        return {
          ...{ image, kernel: [4, 4], out: 8 + i, rounding, formats: ['<2,14>', '<2,14>', out] },
          overflow: (i + j) % 3 === 0 ? 'wrap' : 'saturate',
          ...(j % 2 === 0 ? { bias } : {}),
        };
      }),
    );
    await expectMinimal(all, { batch: 2, threads: [1, 2] });
  });

  test('words of less than 16 bits', async () => {
    const all = (['<2,6>', '<4,8>', '<1,3>'] as const).flatMap((format): Convolution[] => {
      const values = noise(format === '<4,8>' ? 2000 : format === '<2,6>' ? 127 : 7);
      const operands = { pixels: values, weights: values, errors: values, bias: values };
      const formats = [format, format, '<6,6>'] as const;
      return [{ image, kernel: [4, 4], out: 16, formats, ...operands, rounding: 'stochastic' }];
    });
    await expectMinimal(all);
  });

  test('accumulators that wrap; one that saturates keeps its order', async () => {
    const widths = [20, 24, 31, 32, 48, 63].map((width) => ({ width, overflow: 'wrap' }) as const);
    const all = widths.flatMap((accumulator): Convolution[] => [
      { image, kernel: [4, 4], out: 16, accumulator, bias },
      { image, kernel: [4, 4], out: 9, accumulator, formats: ['<2,14>', '<2,14>', '<6,10>'] },
    ]);
    const accumulator = { width: 32, overflow: 'saturate' } as const;
    await expectMinimal([...all, { image, kernel: [4, 4], out: 16, accumulator, minimal: [] }], {
      threads: [1, 2],
    });
  });

  test('words of more than 16 bits take other paths', async () => {
    const long: readonly Convolution[] = [
      { image, kernel: [4, 4], out: 16, formats: ['<6,14>', '<2,14>', '<4,28>'], minimal: [] },
      { image, kernel: [4, 4], out: 16, formats: ['<2,14>', '<6,14>', '<4,28>'], minimal: OF_WEIGHT },
    ];
    await expectMinimal(long);
  });
});
