/** The results of the generated hardware as the simulator writes and reads them; rtl.slow.test.ts runs the hardware. */
import { expect, it } from 'vitest';
import {
  arrayOfDesign,
  computeProduct,
  expectedResults,
  writeResults,
  type RtlDesign,
} from '../../src/hardware/index.js';
import { syntheticProducts } from '../../src/hardware/rtl/synthetic.js';
import { maxRaw, parseRounding } from '../../src/numerics/index.js';
import { CASES } from './rtl-products.js';
import { jobOf, matmulOf } from './support.js';

it('marks which results count', () => {
  const { design, options } = CASES.find(({ name }) => name === 'nearest, 16 bits, 4 stages')!;
  const job = jobOf(arrayOfDesign(design), matmulOf({ ...options, m: 3, k: 2, n: 5 }), 'lfsr');
  computeProduct(job);
  const { words, counts } = expectedResults(design, job.product, job.out);
  expect(counts.reduce((sum, one) => sum + one, 0)).toBe(15);
  const back = job.out.slice().fill(0);
  writeResults(design, job.product, words, back);
  expect(back).toEqual(job.out);
});

it.each([
  [2, 8, 1],
  [8, 20, 1],
  [16, 48, 4],
  [16, 24, 512],
  [32, 48, 512],
  [32, 64, 2],
])('has synthetic products for words of %i bits and sums of %i', (wordLength, accumulatorBits, depth) => {
  const design: RtlDesign = {
    ...{ rows: 3, cols: 2, wordLength, accumulatorBits, depth, lfsrBits: 16, overflow: 'saturate' },
    rounding: parseRounding('stochastic'),
  };
  const products = syntheticProducts(design);
  const [streamed, resident, left] = products.map(({ stream }) => stream.settings);
  expect(streamed).toMatchObject({ resident: 0, blockRows: 2, blockCols: 3 });
  expect(resident).toMatchObject({ resident: 1, blockRows: 5, blockCols: 2 });
  // Several macro rows.
  expect(resident!.panels).toBeLessThan(5);
  expect(left!.shift).toBeLessThan(0);
  for (const { product, out } of products.slice(0, 3)) {
    const words = Array.from(out);
    const limit = maxRaw(product.convert.format);
    // Both limits, and words between them.
    expect(words).toContain(limit);
    expect(words).toContain(-limit - 1);
    if (limit > 1) expect(words.some((word) => word > -limit - 1 && word < limit && word !== 0)).toBe(true);
  }
});
