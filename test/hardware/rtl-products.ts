/**
 * The generated hardware under Verilator against the simulator, word for word and cycle for cycle: products of odd shapes
 * in succession, with streams that pause. rtl.slow.test.ts runs the designs.
 */
import { beforeEach, expect, it } from 'vitest';
import {
  arrayOfDesign,
  computeProduct,
  productStream,
  RTL_LATENCY,
  rtlCycles,
  schedule,
  writeResults,
  type Product,
  type RtlDesign,
} from '../../src/hardware/index.js';
import { buildHarness } from '../../src/cli/commands/hardware/harness.js';
import { missingTool } from '../../src/cli/commands/hardware/tools.js';
import { parseRounding } from '../../src/numerics/index.js';
import { temporaryFolder } from '../cli/support.js';
import { jobOf, matmulOf, type ProductOptions } from './support.js';

const base = { wordLength: 16, accumulatorBits: 48, depth: 8, lfsrBits: 16, overflow: 'saturate' } as const;
const stochastic = parseRounding('stochastic');

/** A design, and products that it computes. */
export interface RtlCase {
  readonly name: string;
  readonly design: RtlDesign;
  /** What all its products have in common. */
  readonly options: Partial<ProductOptions>;
}

const narrow = { lhs: '<3,5>', rhs: '<2,6>', bias: '<3,5>', out: '<4,4>' };
/** Rounding modes and word lengths, taller and wider arrays. */
export const CASES: readonly RtlCase[] = [
  {
    name: 'nearest-even, 8 bits, in words of 12 bits',
    design: { ...base, rows: 4, cols: 3, wordLength: 12, rounding: parseRounding('nearest-even') },
    options: { ...narrow, rounding: 'nearest-even', style: 'full' },
  },
  {
    name: 'stochastic, 16 bits, 20-bit shift registers, 5 stages',
    design: { ...base, rows: 3, cols: 5, rounding: stochastic, lfsrBits: 20, roundStages: 5 },
    options: { rounding: 'stochastic', style: 'full' },
  },
  {
    name: 'stochastic, 8 bits, sums that wrap at 20 bits, more rows than columns',
    design: {
      ...base,
      rows: 5,
      cols: 1,
      wordLength: 8,
      accumulatorBits: 20,
      rounding: stochastic,
      lfsrBits: 8,
    },
    options: {
      ...narrow,
      rounding: 'stochastic',
      accumulator: { width: 20, overflow: 'wrap' },
      style: 'full',
    },
  },
  {
    name: 'nearest, 16 bits, 4 stages',
    design: { ...base, rows: 2, cols: 4, rounding: parseRounding('nearest'), roundStages: 4 },
    options: { rounding: 'nearest', out: '<3,9>' },
  },
];

/** M, K, N: blocks of one slice, K below and above the drain's spacing, panels that stay, and K beyond the buffers. */
const SHAPES = [
  [1, 1, 1],
  [7, 1, 11],
  [11, 2, 12],
  [13, 4, 7],
  [6, 9, 5],
  [17, 8, 23],
  [4, 40, 9],
] as const;

/** Declares the tests of a design; they are skipped without Verilator. */
export function testDesign({ design, options }: RtlCase): void {
  const missing = missingTool('verilator');
  const folder = temporaryFolder();
  beforeEach(({ skip }) => {
    skip(missing !== null, missing ?? '');
  });

  const { roundStages: stages = 3 } = design;
  const config = arrayOfDesign(design);
  const cases = () =>
    SHAPES.map(([m, k, n], i) => {
      const job = jobOf(
        config,
        matmulOf({ ...options, m, k, n, ...(i === 4 ? { bias: null } : {}) }),
        'lfsr',
        i,
      );
      const stream = productStream(design, job);
      computeProduct(job);
      return { ...job, stream };
    });

  it('gives the words of the simulator in the cycles of the schedule', { timeout: 120_000 }, () => {
    const harness = buildHarness(design, folder);
    const jobs = cases();
    const results = harness.run(jobs.map(({ stream }) => stream));
    jobs.forEach(({ product, out }, i) => {
      const { results: words, cycles } = results[i]!;
      const got = out.slice().fill(0);
      writeResults(design, product, words, got);
      expect(got, sizeOf(product)).toEqual(out);
      const { slices, stalls } = schedule(config, product);
      if (design.cols === 1 && product.k === 1) {
        // A block a cycle: more than the queue of biases passes on.
        expect(cycles, sizeOf(product)).toBeGreaterThanOrEqual(rtlCycles(design, product));
        return;
      }
      expect(cycles, sizeOf(product)).toBe(rtlCycles(design, product));
      // The schedule's two result buffers hold up arrays that are taller than twice their width; the hardware has none.
      if (stalls.write === 0)
        expect(cycles).toBe(slices + stalls.drain + stalls.flush + RTL_LATENCY + stages - 3);
      else expect(design.rows).toBeGreaterThan(2 * design.cols);
    });
  });

  it('gives the same when its streams pause', () => {
    const harness = buildHarness(design, folder);
    const jobs = cases();
    const streams = jobs.map(({ stream }) => stream);
    const free = harness.run(streams);
    for (const pauses of [
      { seed: 1, lhs: 100, rhs: 30, bias: 200, results: 0 },
      { seed: 2, lhs: 0, rhs: 0, bias: 0, results: 220 },
      { seed: 3, lhs: 128, rhs: 128, bias: 128, results: 128 },
    ]) {
      harness.run(streams, pauses).forEach(({ results, cycles }, i) => {
        expect(results, `seed ${pauses.seed}, ${sizeOf(jobs[i]!.product)}`).toEqual(free[i]!.results);
        expect(cycles).toBeGreaterThanOrEqual(free[i]!.cycles);
      });
      expect(harness.run(streams, pauses).reduce((sum, { cycles }) => sum + cycles, 0)).toBeGreaterThan(
        free.reduce((sum, { cycles }) => sum + cycles, 0),
      );
    }
  });
}

function sizeOf({ m, k, n }: Product): string {
  return `${m} x ${k} x ${n}`;
}
