/**
 * Dense products of several blocks, whose rows may stay packed for all blocks of columns, and those whose sums do not fit,
 * where rows are mostly 0, or are in some blocks.
 */
import { describe, test } from 'vitest';
import { pick, ROUNDINGS } from '../contract/tables.js';
import { noise } from './support/convolutions.js';
import { expectSame, pairsOf, tilesOf, TRANSPOSES, type Pattern, type Product } from './support/dense.js';

describe('several blocks', () => {
  // Rows of a block are sparse, or are not, or large.
  const mixed = (blockRows: number, small = 300, large = small): Pattern => {
    const [thin, thick] = [tilesOf(40, small), pairsOf(() => true, large)];
    return (row, step) => (Math.floor(row / blockRows) % 2 === 0 ? thin(row, step) : thick(row, step));
  };
  const twice = (sums: number, length: number): number => 2 * Math.ceil(length / 2) * sums;

  test('sparse, then dense, then sparse again', async () => {
    // Blocks of 16 rows and 992 columns.
    const [m, k, n] = [44, 130, 1000];
    const sparse = { sparse: twice((16 + 12) * n, k), fast: twice(16 * n, k) };
    await expectSame([
      { size: [m, k, n], lhs: mixed(16), paths: sparse },
      { size: [m, k, n], lhs: mixed(16), transpose: 'both', paths: sparse },
      // The first block is the one that is not.
      { size: [28, k, n], lhs: (row, step) => mixed(16)(row + 16, step), transpose: 'lhs' },
    ]);
  });

  test('blocks of columns for each thread', async () => {
    // Blocks of 8 rows and 2048 columns, of which three threads have two each; rows are shared if A is
    // transposed.
    await expectSame([
      { size: [20, 64, 6200], lhs: mixed(8), paths: { sparse: 64 * 12 * 6200, fast: 64 * 8 * 6200 } },
      { size: [52, 64, 2056], lhs: mixed(4), transpose: 'lhs' },
    ]);
  });

  test('each by another path', async () => {
    const formats = ['<2,14>', '<2,14>', '<2,14>'] as const;
    const wide = ['<6,14>', '<2,14>', '<6,10>'] as const;
    const large = noise(32767, 'large');
    // Columns 0 .. 7 of every sixteen are small: their panels need no digits.
    const rhs: Pattern = (_, column) => (column % 16 < 8 ? large() >> 8 : large());
    await expectSame([
      { size: [36, 130, 1000], formats, lhs: mixed(16, 30000, 9000), rhs: noise(3000, 'rhs') },
      { size: [36, 130, 1000], formats, lhs: mixed(16, 32767, 300), rhs },
      { size: [36, 130, 1000], formats, lhs: mixed(16, 300, 32767), rhs, transpose: 'lhs' },
      // int32: some blocks have one plane, others two. These rows are packed again for each block of columns.
      { size: [36, 130, 1000], formats: wide, lhs: mixed(16, 300, 2 ** 19 - 1) },
      { size: [36, 130, 1000], formats: wide, lhs: mixed(16, 2 ** 19 - 1, 300), transpose: 'lhs' },
      // Blocks of 36 rows and 448 columns of up to three planes.
      {
        size: [80, 96, 460],
        formats: ['<2,14>', '<8,14>', '<10,6>'],
        lhs: mixed(36),
        rhs: noise(2 ** 21, 'rhs'),
      },
    ]);
  });

  test('part of a batch', async () => {
    // Blocks of 16 rows and 992 columns; sums over all examples or some.
    const lhs = mixed(16);
    const rows: Product = { size: [44, 130, 1000], batched: true, lhs };
    await expectSame([rows], { batch: 44, counts: [17, 44, 3, 33] });
    const sums: Product = { size: [40, 130, 1000], batched: true, transpose: 'lhs', lhs };
    await expectSame([sums], { batch: 130, counts: [77, 130, 2, 33] });
  });

  test('rows too long to stay packed', async () => {
    // 132 rows of 16000 elements pass 4 MiB; blocks of 128 rows and 32 columns.
    const [m, k, n] = [132, 16000, 40];
    const lhs: Pattern = (row, step) => (step % 400 === row ? 5 : row > 127 && step < 15000 ? 1 : 0);
    const rhs: Pattern = (step, column) => ((step * 7 + column * 11) % 61) - 30;
    const paths = { sparse: 128 * k * n, fast: 4 * k * n };
    await expectSame([{ size: [m, k, n], lhs, rhs, paths }], { threads: [1] });
  });
});

describe('sums that do not fit', () => {
  const OUTS = ['<4,28>', '<2,14>', '<4,12>', '<16,0>', '<2,6>'] as const;

  test('sums at the bound of the fast path', async () => {
    // 64 kept products of one magnitude each: |a| |b| 64 is 2^31 at 8192 times 4096.
    const kept =
      (value: number): Pattern =>
      (_, j) =>
        j % 6 < 2 && j < 192 ? value : 0;
    const products = [-3, -2, -1, 0, 1, 2].flatMap((off) =>
      OUTS.map((out, i): Product => {
        const [lhs, rhs] = [kept(-8192 - off), (j: number): number => kept(4096)(0, j)];
        // The proof also needs room for rounding, which is little here except for the last two.
        const paths = i > 2 || off === -1 || off === 0 ? {} : { paths: off < 0 ? 'sparse' : 'flush' };
        return {
          ...{ name: `${String(off)} ${out}`, size: [6, 201, 10], formats: ['<2,14>', '<2,14>', out] },
          ...{ lhs, rhs, ...paths },
        };
      }),
    );
    await expectSame(products);
  });

  test('stretches', async () => {
    const products = [33, 64, 65, 200, 601].flatMap((k, i) =>
      [4000, 9000, 20000].flatMap((most, j) =>
        [10, 40, 80].map((share, l): Product => {
          const rhs = noise(most, `${String(k)} ${String(share)}`);
          return {
            ...{
              size: [pick([5, 8, 13], i + j), k, pick([16, 9, 24], l)],
              transpose: pick(TRANSPOSES, i + j + l),
            },
            ...{ formats: ['<2,14>', '<2,14>', pick(OUTS, i + j + 2 * l)] as const },
            ...{ lhs: tilesOf(share, most), rhs, rounding: pick(ROUNDINGS, i + 3 * j + l) },
          };
        }),
      ),
    );
    // Here it is known that one stretch does not do.
    const large = { size: [9, 601, 16], lhs: tilesOf(40, 8000), rhs: noise(8000, 'rhs') } as const;
    await expectSame([...products, { ...large, paths: 'flush' }]);
  });

  test('needs digits in some panels, or in all', async () => {
    const low: Pattern = (_, column) => (column < 8 ? -32768 : 5);
    const thin = tilesOf(60, 1);
    const lhs: Pattern = (row, step) => thin(row, step) * 32767 - Math.abs(thin(row, step));
    const products = [2, 31, 64, 200].flatMap((k, i) =>
      OUTS.flatMap((out): Product[] => {
        const common = { size: [9, k, 24], formats: ['<2,14>', '<2,14>', out] as const } as const;
        const rounding = pick(ROUNDINGS, i);
        return [
          { ...common, rounding, lhs: pairsOf((_, pair) => pair % 3 === 0, 1), rhs: () => -32768 },
          {
            ...common,
            rounding,
            lhs: (row, step) => (step % 6 < 2 && row % 8 < 4 ? -32768 : 0),
            rhs: low,
          },
          { ...common, rounding, lhs, rhs: low },
          { ...common, rounding, lhs, rhs: (step, column) => low(step, 23 - column) },
        ];
      }),
    );
    const ones: Pattern = (_, step) => (step % 80 < 40 ? -32768 : 0);
    const [full, flush] = [12 * 8 * 160, 12 * 16 * 160];
    const sums = {
      size: [12, 160, 24],
      lhs: ones,
      rhs: (_: number, j: number) => (j < 8 ? -32768 : 2000),
    } as const;
    await expectSame([...products, { ...sums, paths: { full, flush } }]);
  });

  test('int32', async () => {
    const mixes = [
      ['<6,14>', '<2,14>', '<6,10>'],
      ['<2,14>', '<6,14>', '<6,14>'],
      ['<6,14>', '<8,12>', '<12,4>'],
    ] as const;
    const products = mixes.flatMap((formats, i) =>
      [200, 32767, 32768, 2 ** 19 - 1].flatMap((lhs, j) =>
        [200, 32767, 2 ** 19 - 1].map((rhs, l): Product => {
          const [m, k, n] = [pick([7, 12], l), pick([40, 67, 129], i + j), pick([8, 17], j)];
          const most = (format: string): number => (format === '<2,14>' ? 32767 : 2 ** 19 - 1);
          return {
            ...{ formats, size: [m, k, n], transpose: pick(TRANSPOSES, i + j + l) },
            ...{ lhs: tilesOf(50, Math.min(lhs, most(formats[0]))), rounding: pick(ROUNDINGS, i + j + l) },
            rhs: noise(Math.min(rhs, most(formats[1])), `rhs ${String(j)}`),
          };
        }),
      ),
    );
    const small = { size: [8, 67, 9], formats: mixes[0], lhs: tilesOf(50), paths: 'sparse' } as const;
    await expectSame([...products, small]);
  });

  test('accumulators that wrap', async () => {
    const products = [20, 31, 32, 33, 48, 63].flatMap((width) =>
      [300, 6000, 32767].map((most, i): Product => {
        const [lhs, rhs] = [tilesOf(50, most), noise(most, `wrap ${String(width)}`)];
        const accumulator = { width, overflow: 'wrap' } as const;
        return { size: [7, 90, 17], lhs, rhs, accumulator, bias: noise(3000, `bias ${String(i)}`) };
      }),
    );
    await expectSame(products);
  });
});
