/**
 * Convolutions with fewer multiplications (assembly/minimal.ts): shapes that take this way, the edges of what it asks of
 * operands, and images that take it between images that do not. docs/kernels.md.
 */
import fc from 'fast-check';
import { describe, test, vi } from 'vitest';
import { windowOf } from '../../src/plan/index.js';
import { ROUNDINGS } from '../contract/tables.js';
import { expectSame, KINDS, noise, type Convolution, type Kind, type Pattern } from './convolutions.js';

// Here everything pays that can be done: what pays is a matter of speed.
vi.mock('../../src/backend/wasm/worth.js', () => ({ pays: () => true }));

/** The products that read the weights, and the one that makes them. */
const BY_WEIGHT: readonly Kind[] = ['conv2d', 'conv2dInputGradient'];
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
    await expectSame(kernels, { counts: [2] });
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
    await expectSame(all);
    await expectSame(
      all.map((p) => ({ ...p, padding: [1, 2] })),
      { threads: [1] },
    );
  });

  test('two columns: tiles of several rows, the last one filled up', async () => {
    // 3, 4, 6, 7, 8 and 9 pairs of rows; forwards, then backwards.
    const heights = [5, 7, 11, 13, 15, 17];
    await expectSame(heights.map((height) => ({ image: [height + 5, 7, 16], kernel: [6, 6], out: 16 })));
    const narrow = { kernel: [6, 6], out: 24, padding: [2, 2] } as const;
    await expectSame(heights.map((height) => ({ image: [height, 2, 16], ...narrow })));
  });

  test('hardly any rows or columns, worth it or not', async () => {
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
    await expectSame(all, { batch: 2, threads: [1] });
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
    await expectSame(all, { threads: [1, 2] });
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
    await expectSame(all, { threads: [1] });
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
    await expectSame(all);
  });

  test('one after the other, again and again', async () => {
    // Neighbours with as many rows of outputs: their tables of rows must not be taken for each other's.
    const alike = [12, 20, 24, 16].flatMap((width, i): Convolution[] => [
      { image: [12, width, 24], kernel: [3, 3], out: 24, padding: [1, 1] },
      { image: [12, 12, 20 + i], kernel: [5, 5], out: 20, padding: [2, 2] },
    ]);
    await expectSame([...alike, ...kernels.slice(0, 4)], { batch: 2, counts: [1, 2], threads: [1, 2] });
  });
});

describe('blocks of rows', () => {
  // Outputs of 128 columns: 8 rows and 5. 640: one pair at a time, and half a one. 8: 42 rows and 6, or 7; backwards 5, or 6.
  const tall: readonly Convolution[] = [
    { image: [14, 15, 16], kernel: [2, 2], out: 128 },
    { image: [13, 14, 192], kernel: [2, 2], out: 16, padding: [1, 1] },
    { image: [10, 10, 8], kernel: [4, 4], out: 640 },
    { image: [47, 47, 4], kernel: [4, 4], out: 8, padding: [2, 2] },
    { image: [48, 46, 4], kernel: [4, 4], out: 8, padding: [2, 2] },
  ];
  test('several blocks, the last one of odd rows or not', async () => {
    await expectSame(tall, { batch: 2, threads: [1, 2] });
  });

  test('images that take other ways in between', async () => {
    const some = noise(300);
    const pixels: Pattern = (image) => (image % 2 === 1 ? 100 * some() : some());
    const images = (image: number): boolean => image % 2 === 0;
    const mixed = { pixels, errors: pixels, images, unasked: OF_WEIGHT };
    const weights = noise(100);
    await expectSame(
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
    await expectSame(all, { batch: 2, threads: [1, 2] });
  });

  test('words of less than 16 bits', async () => {
    const all = (['<2,6>', '<4,8>', '<1,3>'] as const).flatMap((format): Convolution[] => {
      const values = noise(format === '<4,8>' ? 2000 : format === '<2,6>' ? 127 : 7);
      const operands = { pixels: values, weights: values, errors: values, bias: values };
      const formats = [format, format, '<6,6>'] as const;
      return [{ image, kernel: [4, 4], out: 16, formats, ...operands, rounding: 'stochastic' }];
    });
    await expectSame(all);
  });

  test('accumulators that wrap; one that saturates keeps its order', async () => {
    const widths = [20, 24, 31, 32, 48, 63].map((width) => ({ width, overflow: 'wrap' }) as const);
    const all = widths.flatMap((accumulator): Convolution[] => [
      { image, kernel: [4, 4], out: 16, accumulator, bias },
      { image, kernel: [4, 4], out: 9, accumulator, formats: ['<2,14>', '<2,14>', '<6,10>'] },
    ]);
    const accumulator = { width: 32, overflow: 'saturate' } as const;
    await expectSame([...all, { image, kernel: [4, 4], out: 16, accumulator, minimal: [] }], {
      threads: [1, 2],
    });
  });

  test('words of more than 16 bits have other ways', async () => {
    const long: readonly Convolution[] = [
      { image, kernel: [4, 4], out: 16, formats: ['<6,14>', '<2,14>', '<4,28>'], minimal: [] },
      { image, kernel: [4, 4], out: 16, formats: ['<2,14>', '<6,14>', '<4,28>'], minimal: OF_WEIGHT },
    ];
    await expectSame(long);
  });
});

describe('what operands must be', () => {
  const shape = { image: [11, 12, 16], kernel: [4, 4], out: 16 } as const;
  const small = noise(40);

  const weightsOf = (most: number): Convolution[] => {
    const minimal = Math.abs(most) <= 8191 ? {} : { minimal: OF_WEIGHT };
    const common = { ...shape, name: `weight ${String(most)}`, pixels: small, errors: small, ...minimal };
    const others = Math.sign(most) * Math.min(Math.abs(most), 8191);
    const alone =
      (at: number): Pattern =>
      (i, j, c, o) =>
        ((i * 4 + j) * 16 + c) * 16 + o === at ? most : others;
    const patterns: readonly Pattern[] = [
      () => most,
      alone(0),
      alone(4 * 4 * 16 * 16 - 1),
      (i, j) => ((i + j) & 1 ? -others : most),
      (_i, _j, c, o) => ((c + o) & 1 ? -others : most),
    ];
    return patterns.map((weights) => ({ ...common, weights }));
  };
  test('sums of taps: the largest weight, everywhere and alone', async () => {
    const all = [8191, -8191, 8192, -8192, 32767, -32768].flatMap(weightsOf);
    await expectSame(all, { batch: 1, threads: [1] });
  });

  // Cells that differ as much as they may: phases reach twice that, of either sign, wherever pairs begin.
  const boards: readonly ((y: number, x: number) => number)[] = [
    (y, x) => y + x,
    (y, x) => y + x + 1,
    (_, x) => x,
    (_, x) => x + 1,
    (y) => y,
    (y) => y + 1,
    (y, x) => (y >> 1) + (x >> 1),
    (y, x) => ((y + 1) >> 1) + ((x + 1) >> 1),
  ];
  const board =
    (least: number, most: number): Pattern =>
    (image, y, x) =>
      boards[image]!(y, x) & 1 ? most : least;

  test('differences of cells', async () => {
    const fitting = [
      [0, 16383],
      [-16383, 0],
      [-8192, 8191],
      [-8191, 8192],
      [-1, 16382],
    ] as const;
    const tooFar = [
      [0, 16384],
      [-16384, 0],
      [-8192, 8192],
      [-1, 16383],
      [-16384, 16383],
      [-32768, 32767],
    ] as const;
    const of = ([least, most]: readonly [number, number], minimal: object): Convolution[] => {
      const cells = board(least, most);
      const name = `cells of ${String(least)} and ${String(most)}`;
      const common = { ...shape, name, weights: noise(40), pixels: cells, errors: cells, ...minimal };
      return [common, { ...common, padding: [1, 2] }];
    };
    const all = [
      ...fitting.flatMap((range) => of(range, { minimal: BY_WEIGHT })),
      ...tooFar.flatMap((range) => of(range, { minimal: [] })),
    ];
    await expectSame(all, { batch: boards.length, threads: [1] });
  });

  test('an image of one value differs from the zeros around it', async () => {
    const all = [16383, -16383, 16384, -16384].flatMap((value): Convolution[] => {
      const minimal = { minimal: Math.abs(value) <= 16383 ? BY_WEIGHT : [] };
      const cells: Pattern = () => value;
      const common = { ...shape, name: `cells of ${String(value)}`, weights: noise(40), ...minimal };
      return [
        [0, 0],
        [1, 2],
      ].map(([top = 0, left = 0]) => {
        return { ...common, pixels: cells, errors: cells, padding: [top, left] };
      });
    });
    await expectSame(all, { batch: 1, threads: [1] });
  });

  test('one element too large, in the first place or the last one', async () => {
    // Elements that fill vectors, and elements that do not.
    const sizes: readonly Pick<Convolution, 'image' | 'kernel' | 'out'>[] = [
      { image: [11, 12, 16], kernel: [4, 4], out: 16 },
      { image: [11, 11, 5], kernel: [4, 4], out: 7 },
      { image: [9, 8, 5], kernel: [3, 3], out: 7 },
      { image: [8, 8, 4], kernel: [4, 4], out: 5 },
    ];
    const batch = 3;
    const all = sizes.flatMap((p) => {
      const [[height, width, channels], [kernelHeight, kernelWidth], out] = [p.image, p.kernel, p.out];
      const small = { ...p, pixels: noise(40), weights: noise(40), errors: noise(40) };
      return [0, 1].flatMap((end): Convolution[] => {
        const alone = (value: number, ...sizes: number[]): Pattern => {
          const others = noise(40);
          return (...place) => (place.every((at, i) => at === end * (sizes[i]! - 1)) ? value : others());
        };
        const images = (image: number): boolean => image !== end * (batch - 1);
        const errors = [batch, height - kernelHeight + 1, width - kernelWidth + 1, out];
        const large = (name: string, most: number): Convolution => {
          return { ...small, name: `${name}, last: ${String(end)}`, errors: alone(most, ...errors) };
        };
        return [
          {
            ...small,
            name: 'cell',
            pixels: alone(16384, batch, ...p.image),
            images,
            unasked: KINDS.slice(1),
          },
          { ...small, name: 'weight', weights: alone(8192, ...p.kernel, channels, out), minimal: OF_WEIGHT },
          { ...large('error spread out', 16384), images, unasked: ['conv2d', ...OF_WEIGHT] },
          { ...large('error summed', 8192), minimal: BY_WEIGHT },
        ];
      });
    });
    await expectSame(all, { batch, threads: [1] });
  });

  test('phases and sums of taps at their largest', async () => {
    // In one channel, so that the sums fit.
    const alone =
      (channel: number, pattern: Pattern): Pattern =>
      (...index) =>
        index[3] === channel ? pattern(...index) : 0;
    const signs: readonly Pattern[] = [
      () => 8191,
      () => -8191,
      (i, j) => ((i + j) & 1 ? 8191 : -8191),
      (i) => (i & 2 ? 8191 : -8191),
      (_, j) => (j & 2 ? 8191 : -8191),
    ];
    const ranges = [
      [0, 16383],
      [-16383, 0],
      [-8192, 8191],
    ] as const;
    const all = signs.flatMap((sign) =>
      ranges.map(([least, most]): Convolution => {
        const cells = alone(5, board(least, most));
        // Weights: channel 5 forwards, output 5 backwards, and the others 0.
        const weights: Pattern = (i, j, c, o) =>
          c === 5 || o === 5 ? sign(i, j, c, o) >> (c === o ? 0 : 4) : 0;
        return { ...shape, kernel: [2, 2], weights, pixels: cells, errors: cells, minimal: BY_WEIGHT };
      }),
    );
    await expectSame(all, { batch: boards.length, threads: [1] });
  });

  // In four columns of cells: norms of rows are 16 a, of columns 16 b, and a sum is 256 a b.
  const largestWeight = (a: number, rest: number): number => {
    let b = 8191;
    while ((16 * a + 2) * (16 * b + 2) + rest >= 2 ** 31) b--;
    return b;
  };
  const strip =
    (value: number): Pattern =>
    (_image, _y, x) =>
      x >= 3 && x < 7 ? value : 0;
  const atTheProof = ([a, bias, drop]: readonly [number, number | null, number]): Convolution[] => {
    const b = largestWeight(a, Math.abs(bias ?? 0) * 2 ** 14 + (drop > 0 ? 2 ** drop : 0));
    return [b, b + 1].flatMap((weight) =>
      [a, -a].map((cell): Convolution => {
        // Backwards there is no bias.
        const minimal: readonly Kind[] =
          weight === b ? BY_WEIGHT : bias === null ? [] : ['conv2dInputGradient'];
        return {
          ...{ ...shape, minimal, unasked: OF_WEIGHT, ...(bias === null ? {} : { bias: () => bias }) },
          name: `cells of ${String(cell)}, weights of ${String(weight)}, bias ${String(bias)}, ${String(drop)} bits dropped`,
          formats: ['<2,14>', '<2,14>', `<4,${String(28 - drop)}>`],
          ...{ pixels: strip(cell), errors: strip(cell), weights: () => weight },
        };
      }),
    );
  };
  test('sums that fit in 32 bits, just', async () => {
    const cases = [
      [1025, null, 0],
      [4096, null, 0],
      [8191, null, 0],
      [16383, null, 0],
      [16383, 16383, 0],
      [4096, -16384, 0],
      [4096, null, 20],
      [16383, 1000, 24],
    ] as const;
    await expectSame(cases.flatMap(atTheProof), { batch: 1, threads: [1] });
  });

  test('an image that fits between others that do not', async () => {
    const some = noise(3000);
    const ends = noise(1);
    // Differences too large, sums too large, all too large.
    const cells: Pattern = (image, y, x, c) => {
      switch (image % 5) {
        case 0:
          return y === 3 && x === 4 && c < 2 ? (c === 0 ? -20000 : 20000) : some() % 30;
        case 2:
          return some() < 0 ? -8000 : 8000;
        case 4:
          return ends() < 0 ? -32768 : 32767;
        default:
          return some();
      }
    };
    const images = (image: number): boolean => image % 5 === 1 || image % 5 === 3;
    const weights: Pattern = (_i, _j, c, o) => (((5 * c + 3 * o) % 7) - 3) * 400;
    const common = { ...shape, pixels: cells, errors: cells, weights, images, unasked: OF_WEIGHT };
    const all: Convolution[] = [
      common,
      { ...common, padding: [1, 1] },
      { ...common, kernel: [5, 5], padding: [2, 2] },
    ];
    await expectSame(all, { batch: 7, counts: [5, 1, 2] });
  });

  test('all of 16 bits', async () => {
    const ends = noise(1, 'ends');
    const full: Pattern = () => (ends() < 0 ? -32768 : 32767);
    const least: Pattern = () => -32768;
    const operands = [
      { pixels: full, errors: full, weights: full },
      { pixels: least, errors: least, weights: least },
      { pixels: full, errors: full, weights: noise(8191, 'weights') },
    ];
    await expectSame(
      operands.map((patterns) => ({ ...shape, ...patterns, minimal: [] })),
      { threads: [1, 2] },
    );
  });
});

describe('what operands of a weight gradient must be', () => {
  const shape = { image: [8, 8, 8], kernel: [5, 5], out: 16 } as const;

  test('differences of cells, sums of errors', async () => {
    const weights = noise(40);
    const small = noise(40);
    const checks =
      (least: number, most: number): Pattern =>
      (i, j, k) =>
        (i + j + k) & 1 ? most : least;
    const pixels = [
      [0, 16383, true],
      [-8192, 8191, true],
      [-16383, 0, true],
      [0, 16384, false],
      [-8192, 8192, false],
      [-32768, 32767, false],
    ] as const;
    const errors = [
      [8191, 8191, true],
      [-8191, 8191, true],
      [-8191, -8191, true],
      [0, 8192, false],
      [-8192, 0, false],
    ] as const;
    const all = [
      ...pixels.map(([least, most, fits]): Convolution => {
        const minimal = fits ? KINDS : (['conv2dInputGradient'] as const);
        return {
          ...shape,
          name: `cells to ${String(most)}`,
          pixels: checks(least, most),
          errors: small,
          weights,
          minimal,
        };
      }),
      ...errors.map(([least, most, fits]): Convolution => {
        const minimal = fits ? OF_WEIGHT : [];
        const patterns = { pixels: small, errors: checks(least, most), weights };
        return { ...shape, name: `errors to ${String(most)}`, ...patterns, minimal, unasked: BY_WEIGHT };
      }),
    ];
    await expectSame(all, { batch: 5 });
  });

  test('sums that fit in 32 bits, just', async () => {
    // Four images of 4 x 4 cells: norms are 8 a and 8 b, and the sum of the tap in the middle is 64 a b.
    const largestError = (a: number): number => {
      let b = 8191;
      while ((8 * a + 2) * (8 * b + 2) >= 2 ** 31) b--;
      return b;
    };
    const middle =
      (value: number): Pattern =>
      (_image, y, x) =>
        y >= 2 && y < 6 && x >= 2 && x < 6 ? value : 0;
    const all = [4099, 8191, 16383].flatMap((a) => {
      const b = largestError(a);
      return [b, b + 1].flatMap((error) =>
        [a, -a].map((cell): Convolution => {
          const patterns = { pixels: middle(cell), errors: () => error, weights: () => 1 };
          const name = `cells of ${String(cell)}, errors of ${String(error)}`;
          return { ...shape, name, ...patterns, minimal: error === b ? OF_WEIGHT : [], unasked: BY_WEIGHT };
        }),
      );
    });
    await expectSame(all, { batch: 4, threads: [1] });
  });

  test('images in twos that fit between others that do not', async () => {
    // So many channels that two images are packed at once.
    const cells = noise(300);
    const pixels: Pattern = (image) => (image === 2 || image === 3 ? 60 * cells() : cells());
    const images = (image: number): boolean => image !== 2 && image !== 3;
    const wide: Convolution = {
      image: [13, 14, 192],
      kernel: [3, 3],
      out: 9,
      pixels,
      images,
      unasked: BY_WEIGHT,
    };
    await expectSame([wide, { ...wide, padding: [1, 1] }], { batch: 7, counts: [5], threads: [1] });
    await expectSame([{ ...wide, unasked: KINDS }], { batch: 7, counts: [6], threads: [2, 3] });
  });
});

test('any shape, any magnitudes', async () => {
  const size = fc.integer({ min: 1, max: 13 });
  const tap = fc.integer({ min: 2, max: 7 });
  const pair = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<[T, T]> => fc.tuple(value, value);
  // Noise of so many bits, by name: made anew in each run, since it goes on where it ended.
  const values = fc.tuple(fc.integer({ min: 0, max: 15 }), fc.string({ maxLength: 3 }));
  const pattern = ([bits, name]: [number, string]): Pattern => noise(2 ** bits - 1, name);
  const convolution = fc
    .record({
      image: fc.tuple(size, size, fc.integer({ min: 1, max: 24 })),
      kernel: pair(tap),
      out: fc.integer({ min: 1, max: 24 }),
      stride: fc.oneof(
        { weight: 3, arbitrary: fc.constant<[number, number]>([1, 1]) },
        pair(fc.constantFrom(1, 2)),
      ),
      padding: pair(fc.integer({ min: 0, max: 4 })),
      rounding: fc.constantFrom(...ROUNDINGS),
      overflow: fc.constantFrom('saturate', 'wrap'),
      out32: fc.boolean(),
      values: fc.tuple(values, values, values, values),
    })
    .filter(({ image, kernel, stride, padding }) => {
      const { outHeight, outWidth } = windowOf({ image, kernel, stride, padding });
      return outHeight > 0 && outWidth > 0;
    });
  await fc.assert(
    fc.asyncProperty(
      fc.array(convolution, { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 1, max: 2 }),
      async (convolutions, batch, threads) => {
        const all = convolutions.map(({ out32, values: [a, b, c, d], ...rest }): Convolution => {
          const operands = { pixels: pattern(a), weights: pattern(b), errors: pattern(c), bias: pattern(d) };
          const formats = ['<2,14>', '<2,14>', out32 ? '<4,28>' : '<6,10>'] as const;
          return { ...rest, ...operands, formats, unasked: KINDS };
        });
        await expectSame(all, { batch, threads: [threads] });
      },
    ),
    { numRuns: 40 },
  );
});
