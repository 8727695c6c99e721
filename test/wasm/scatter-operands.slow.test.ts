/**
 * Operands of scattered convolutions and weight gradients at their bounds, what becomes of the sums, and the memory that a session
 * takes for them; shapes, and images that take other ways in between, are in scatter.test.ts.
 */
import { describe, expect, test } from 'vitest';
import { wasmBackend } from '../../src/backend/wasm/index.js';
import { SessionMemory, sessionMemoryUse } from '../../src/backend/wasm/memory.js';
import { defineNetwork, zoo } from '../../src/nn/index.js';
import { ROUNDINGS } from '../contract/tables.js';
import { KINDS, noise, type Convolution, type Pattern } from './support/convolutions.js';
import {
  BACKWARD,
  BY_WEIGHT,
  expectSameScattered,
  expectScattered,
  OF_WEIGHT,
  thin,
} from './support/scattered.js';

describe('operands', () => {
  const ends = noise(1, 'ends');
  const full: Pattern = () => (ends() < 0 ? -32768 : 32767);
  const least: Pattern = () => -32768;

  test('convolutions: accepts sums just within 32 bits', async () => {
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
    await expectSameScattered(all, { batch: 1, threads: [1] });
    for (const weight of [8191, 8192, 16384]) {
      // 32767^2 + ... of eight: 2^30 8 at most.
      const operands = { pixels: least, errors: least, weights: () => weight };
      await expectSameScattered([{ ...place, ...operands, sparse: OF_WEIGHT }], { batch: 1, threads: [1] });
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
    await expectSameScattered(all, { threads: [1, 2] });
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
    await expectSameScattered([{ ...common, accumulator, sparse: [], pixels: () => 0, errors: () => 0 }]);
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

  test('words of more than 16 bits take other paths', async () => {
    const common = { image: [6, 6, 8], kernel: [3, 3], out: 8, pixels: () => 0, errors: () => 0 } as const;
    const long = (
      [
        ['<6,14>', '<2,14>', []],
        ['<2,14>', '<6,14>', OF_WEIGHT],
      ] as const
    ).map(([lhs, rhs, sparse]): Convolution => ({ ...common, formats: [lhs, rhs, '<4,28>'], sparse }));
    await expectSameScattered(long);
  });
});

test('memory is known before a session is opened, to the byte', () => {
  const plan = defineNetwork(zoo.lenet({ seed: 1 })).plan(10);
  for (const threads of [1, 3]) {
    const use = sessionMemoryUse(plan, threads);
    expect(use.totalBytes).toBe(new SessionMemory(plan, threads).memory.buffer.byteLength);
    expect(Object.values(use.parts).reduce((sum, bytes) => sum + bytes, 0)).toBe(use.totalBytes);
    expect(wasmBackend.memory?.(plan, { threads })).toEqual(use);
  }
});
