/** Runs of sums that are all 0, which ask for no random words (assembly/convert/narrow.ts), beside others. */
import { describe, test } from 'vitest';
import type { TensorData } from '../../src/backend/contract.js';
import { parseFormat, parseRounding } from '../../src/numerics/index.js';
import { PlanBuilder } from '../../src/plan/index.js';
import { OVERFLOWS, pick, ROUNDINGS } from '../contract/tables.js';
import { noise } from './support/convolutions.js';
import { expectSame, type Pattern, type Product } from './support/dense.js';
import { expectAlike, type Step } from './support/sessions.js';

describe('sums of 0', () => {
  // A sum is its row's one element times its column's one, so each can be chosen.
  const OUTS = ['<4,28>', '<2,14>', '<4,12>', '<6,10>', '<2,6>', '<16,0>', '<2,30>', '<20,-4>'] as const;

  test('runs of them beside others, all roundings', async () => {
    // 1024 elements are four rows of 256: of these some, the first or the last alone are not 0.
    const rows: readonly Pattern[] = [
      () => 0,
      (row) => (row >> 2) % 2,
      (row) => ((row >> 2) + 1) % 2,
      (row) => Number(row === 3 || row === 8),
      (row) => Number(row > 7),
    ];
    const products = ROUNDINGS.flatMap((rounding, i) =>
      OUTS.flatMap((out, j) =>
        OVERFLOWS.map((overflow, l): Product => {
          const [row, most] = [pick(rows, i + j + l), pick([3, 2000, 9], i + j)];
          const lhs: Pattern = (r, step) => (step === 0 ? row(r, 0) * (r % 3 === 0 ? -77 : 50) : 0);
          const [size, formats] = [[pick([16, 13], l), 3, 256] as const, ['<2,14>', '<2,14>', out] as const];
          return { size, formats, lhs, rhs: noise(most, rounding), rounding, overflow };
        }),
      ),
    );
    await expectSame(products);
  });

  test('one sum that is not, in each place', async () => {
    const builder = new PlanBuilder({ name: 'lone', arithmetic: 'fixed', batch: 1 });
    const data = new Map<string, TensorData>();
    const n = 37;
    for (const [i, out] of ['<4,28>', '<2,14>', '<2,6>'].entries()) {
      const tensor = (name: string, shape: number[], format: string): number =>
        builder.tensor({
          ...{ name: `${String(i)} ${name}`, shape, batched: false, role: 'activation', persistent: true },
          format: parseFormat(format),
        });
      const [lhs, rhs] = [tensor('lhs', [1, 1], '<2,14>'), tensor('rhs', [1, n], '<2,14>')];
      data.set(`${String(i)} lhs`, Int16Array.of(9000));
      const settings = { rounding: parseRounding('stochastic'), overflow: 'saturate' } as const;
      builder.layer(String(i)).matmul({ lhs, rhs, out: tensor('out', [1, n], out), ...settings });
    }
    const steps = Array.from({ length: 2 * n }, (_, at): Step => {
      const values = Int16Array.from({ length: n }, (_, column) =>
        column === at >> 1 ? (at & 1 ? -1 : 1) : 0,
      );
      return {
        data: new Map([
          ...(at === 0 ? data : []),
          ...[0, 1, 2].map((i) => [`${String(i)} rhs`, values] as const),
        ]),
      };
    });
    await expectAlike(builder.finish(), steps);
  });

  test('rows of any length, in one run or each in its own', async () => {
    const lengths = [1, 3, 4, 5, 8, 9, 12, 100, 255, 256, 257, 341, 1020, 1023, 1024, 1025, 1028, 2052];
    const products = lengths.flatMap((n, i) =>
      [1, 4, 5, 9].map((m, j): Product => {
        const lhs: Pattern = (row, step) => (step === 0 && (row * n) % 1300 > 400 ? 3000 : 0);
        const rhs: Pattern = (_, column) => ((column * 37) % 101) - 50;
        const [formats, rounding] = [
          ['<2,14>', '<2,14>', pick(OUTS, i + j)] as const,
          pick(ROUNDINGS, i + j),
        ];
        return { size: [m, 2, n], formats, lhs, rhs, rounding };
      }),
    );
    // Blocks of 44 columns and more: a run is a row of the block.
    const wide = (transpose: 'none' | 'lhs', out: string): Product => ({
      ...{ size: [20, 64, 6200], transpose, formats: ['<2,14>', '<2,14>', out], rounding: 'stochastic' },
      ...{
        lhs: (row, step) => (row % 3 === 0 && step === row ? 9000 : 0),
        rhs: (_, j) => (j % 3000 > 1100 ? 20 : 0),
      },
    });
    await expectSame([...products, wide('none', '<6,10>'), wide('lhs', '<4,12>')]);
  });

  test('beside runs that saturate', async () => {
    // Runs of 1024: large, 0, large, small, 0, large, and a part of one.
    const runs = [32767, 0, -32768, 3, 0, 32767, 32767];
    const products = ROUNDINGS.flatMap((rounding) =>
      (['<2,14>', '<1,15>', '<2,6>'] as const).map((out): Product => {
        const lhs: Pattern = (row) => runs[row >> 2]!;
        const rhs: Pattern = (_, column) => (column % 5 === 0 ? -200 : column % 2 === 0 ? 32767 : -32768);
        return { size: [26, 1, 256], formats: ['<2,14>', '<2,14>', out], lhs, rhs, rounding };
      }),
    );
    await expectSame(products);
  });

  test('with a bias, also one that cancels them', async () => {
    const products = ROUNDINGS.flatMap((rounding) =>
      [0, 1].map((off): Product => {
        // Bias and product are multiples of 2^14 of the sum's last bit.
        const [lhs, rhs] = [
          (row: number): number => (row < 4 ? 16384 : 0),
          (_: number, j: number): number => (j % 9) - 4,
        ];
        const bias: Pattern = (j) => 4 - (j % 9) - (off && j === 200 ? 1 : 0);
        return { size: [12, 1, 256], formats: ['<2,14>', '<2,14>', '<2,14>'], lhs, rhs, bias, rounding };
      }),
    );
    await expectSame(products);
  });

  test('of a wrapping accumulator, whose low bits are 0', async () => {
    const products = [16, 20, 31, 32, 40].map((width): Product => {
      const accumulator = { width, overflow: 'wrap' } as const;
      const lhs: Pattern = (row) => (row < 8 ? 16384 : row === 13 ? 3 : 0);
      const formats = ['<2,14>', '<2,14>', '<2,14>'] as const;
      return { size: [16, 5, 256], formats, lhs, rhs: () => 64, accumulator, rounding: 'stochastic' };
    });
    await expectSame(products);
  });

  test('of stretches, split at the cut or not', async () => {
    // Each element meets its like with the other sign some pieces later; a row in four keeps a rest.
    const rests = [0, 1, -1, 16384, -16384, 3];
    const products = ROUNDINGS.flatMap((rounding, i) =>
      OUTS.flatMap((out, j) =>
        [true, false].map((beside): Product => {
          const rest = pick(rests, i + j);
          const formats = ['<2,14>', '<2,14>', out] as const;
          const rhs: Pattern = (step, column) => (step < 320 ? 8000 + (step % 160) + (column % 7) : 1);
          const large: Pattern = (row, step) =>
            step % 2 === 0 ? 0 : step < 160 ? 9000 + row : step < 320 ? -9000 - row : 0;
          const lhs: Pattern = (row, step) =>
            large(row, step) + (step === 321 && (beside ? row % 8 < 4 : row === 5) ? rest : 0);
          return { size: [16, 322, 256], formats, lhs, rhs, rounding, overflow: pick(OVERFLOWS, i + j) };
        }),
      ),
    ).filter((_, i) => i % 5 === 0);
    await expectSame(products, { threads: [1, 2] });
  });

  test('of stretches, of which one half is 0', async () => {
    // Two stretches of 2^30, of which nothing is below the cut, take each other away; the third is below the cut.
    const rhs: Pattern = (step, column) => (step < 64 ? 2048 : Number(column !== 77));
    const products = ROUNDINGS.flatMap((rounding) =>
      (['<2,14>', '<4,12>', '<6,10>', '<2,6>'] as const).map((out, i): Product => {
        const large = (step: number): number => (step < 32 ? 16384 : -16384);
        const rest = (row: number): number => (row % 8 < 4 ? pick([8191, 3, 16384, -8192], i) : 0);
        const lhs: Pattern = (row, step) => (step < 64 ? large(step) : step === 64 ? rest(row) : 0);
        const formats = ['<2,14>', '<2,14>', out] as const;
        return { size: [16, 96, 256], formats, lhs, rhs, rounding, paths: 'flush' };
      }),
    );
    await expectSame(products, { threads: [1, 2] });
  });
});
