/** The results of the generated hardware as the simulator writes and reads them; rtl.slow.test.ts runs the hardware. */
import { expect, it } from 'vitest';
import { arrayOfDesign, computeProduct, expectedResults, writeResults } from '../../src/hardware/index.js';
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
