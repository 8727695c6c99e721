/**
 * The conditions of convolutions with fewer multiplications on operands (docs/kernels.md), just met and just
 * not met, and images that take this path between images that do not.
 */
import { describe, test } from 'vitest';
import {
  expectMinimal,
  KINDS,
  noise,
  type Convolution,
  type Kind,
  type Pattern,
} from './support/convolutions.js';

/** The products that read the weights, and the one that makes them. */
const BY_WEIGHT: readonly Kind[] = ['conv2d', 'conv2dInputGradient'];
const OF_WEIGHT: readonly Kind[] = ['conv2dWeightGradient'];

describe('limits of operands', () => {
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
    await expectMinimal(all, { batch: 1, threads: [1] });
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
    await expectMinimal(all, { batch: boards.length, threads: [1] });
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
    await expectMinimal(all, { batch: 1, threads: [1] });
  });

  test('rejects one element that is too large, at the first or the last place', async () => {
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
    await expectMinimal(all, { batch, threads: [1] });
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
    await expectMinimal(all, { batch: boards.length, threads: [1] });
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
  test('accepts sums just within 32 bits', async () => {
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
    await expectMinimal(cases.flatMap(atTheProof), { batch: 1, threads: [1] });
  });

  test('takes an image within the limits between others beyond them', async () => {
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
    await expectMinimal(all, { batch: 7, counts: [5, 1, 2] });
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
    await expectMinimal(
      operands.map((patterns) => ({ ...shape, ...patterns, minimal: [] })),
      { threads: [1, 2] },
    );
  });
});

describe('limits of operands of a weight gradient', () => {
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
    await expectMinimal(all, { batch: 5 });
  });

  test('accepts sums just within 32 bits', async () => {
    // Four images of 4 x 4 cells, of one channel and one output: norms are 8 a and 8 b, the sum of the tap in the middle 64 a b.
    const largestError = (a: number): number => {
      let b = 8191;
      while ((8 * a + 2) * (8 * b + 2) >= 2 ** 31) b--;
      return b;
    };
    const middle =
      (value: number, channel: number): Pattern =>
      (_image, y, x, c) =>
        y >= 2 && y < 6 && x >= 2 && x < 6 && c === channel ? value : 0;
    const atTheProof = (a: number, channels: number, out: number, channel: number): Convolution[] => {
      const b = largestError(a);
      return [b, b + 1].flatMap((error) =>
        [a, -a].map((cell) => ({
          ...{ ...shape, image: [8, 8, channels], out },
          name: `cells of ${String(cell)}, errors of ${String(error)}, channel ${String(channel)}`,
          pixels: middle(cell, channel),
          errors: (_image, _y, _x, o) => (o === out - 1 - channel ? error : 0),
          weights: () => 1,
          ...{ minimal: error === b ? OF_WEIGHT : [], unasked: BY_WEIGHT },
        })),
      );
    };
    const all = [
      ...[4099, 8191, 16383].flatMap((a) => atTheProof(a, 8, 16, 0)),
      ...[1, 2, 3, 4, 5, 6, 7].flatMap((channel) => atTheProof(8191, 8, 8, channel)),
      // Channels that do not fill vectors are taken together.
      ...[0, 3].flatMap((channel) => atTheProof(8191, 4, 9, channel)),
      ...[0, 11].flatMap((channel) => atTheProof(8191, 12, 20, channel)),
    ];
    await expectMinimal(all, { batch: 4, threads: [1] });
  });

  test('takes pairs of images within the limits between others beyond them', async () => {
    // Enough channels for two images to be packed at once.
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
    await expectMinimal([wide, { ...wide, padding: [1, 1] }], { batch: 7, counts: [5], threads: [1] });
    await expectMinimal([{ ...wide, unasked: KINDS }], { batch: 7, counts: [6], threads: [2, 3] });
  });
});
