/** Which convolutions may be scattered, and how few elements that takes, by sizes alone; what comes out is in scatter.test.ts. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as layout from '../../src/backend/wasm/layout.generated.js';
import { CONVOLUTION, fitsScattering, GRADIENT, mostScattered } from '../../src/backend/wasm/scattering.js';
import { tileProduct, type ProductOp } from '../../src/backend/wasm/tiling.js';
import { defineNetwork, zoo } from '../../src/nn/index.js';
import type { Plan } from '../../src/plan/index.js';
import {
  expectSame,
  KINDS,
  noise,
  type Convolution,
  type Kind,
  type Pattern,
} from './support/convolutions.js';

describe('the largest number of non-zero elements', () => {
  test.each([
    // 65536 x 0.1 x 200 / (60 + 0.25 x 200), and of fewer multiplications 0.055 of each.
    [CONVOLUTION, 200, 200, false, 11915],
    [CONVOLUTION, 200, 200, true, 6553],
    // 65536 x 0.1 x 72 / (40 + 0.28 x 72).
    [GRADIENT, 72, 72, false, 7843],
    // Five by five of one channel fill five vectors: 65536 x 0.1 x 25 / (40 + 0.28 x 40).
    [GRADIENT, 25, 40, false, 3200],
  ] as const)('%o, %i products, %i of vectors, minimal %s', (cost, products, scattered, isMinimal, most) => {
    expect(mostScattered(cost, products, scattered, isMinimal)).toBe(most);
  });

  test('more of larger products, fewer the more vectors are filled up; never all', () => {
    const size = fc.integer({ min: 1, max: 1 << 20 });
    const cost = fc.constantFrom(CONVOLUTION, GRADIENT);
    fc.assert(
      fc.property(cost, size, size, size, fc.boolean(), (of, a, b, more, isMinimal) => {
        const products = Math.min(a, b);
        const filled = Math.max(a, b);
        const most = mostScattered(of, products, filled, isMinimal);
        expect(Number.isInteger(most) && most >= 0 && most < 32768).toBe(true);
        expect(mostScattered(of, products + more, filled + more, isMinimal)).toBeGreaterThanOrEqual(most);
        expect(mostScattered(of, products, filled + more, isMinimal)).toBeLessThanOrEqual(most);
        expect(mostScattered(of, products, filled, true)).toBeLessThanOrEqual(most);
      }),
    );
  });

  test('sums and operands up to 16 MiB together', () => {
    expect(fitsScattering()).toBe(true);
    expect(fitsScattering(1 << 24)).toBe(true);
    expect(fitsScattering(1 << 23, 1 << 23)).toBe(true);
    expect(fitsScattering(1 << 23, 1 << 23, 1)).toBe(false);
    expect(fitsScattering((1 << 24) + 1)).toBe(false);
  });
});

/**
 * By convolution of the training step: layer and kind, and the part of 2^16 that may be non-zero; null if it
 * is not scattered.
 */
function mostOf(plan: Plan): (readonly [string, number | null])[] {
  return plan.train
    .filter((op): op is ProductOp => op.kind.startsWith('conv2d'))
    .map((op) => {
      const fields = new Map(tileProduct(plan, op, 2).fields);
      const isTaken = (fields.get(layout.AT_SCATTER_SUMS) ?? 0) > 0;
      return [`${op.layer} ${op.kind}`, isTaken ? fields.get(layout.SCATTER_MOST)! : null];
    });
}

describe('networks', () => {
  test('LeNet', () => {
    expect(mostOf(defineNetwork(zoo.lenet({ seed: 1 })).plan(64))).toEqual([
      // One channel: nothing to leave out by eights.
      ['conv1 conv2d', null],
      // 25 x 16 products, with fewer multiplications: 65536 x 0.055 x 400 / (60 + 0.25 x 400).
      ['conv2 conv2d', 9011],
      // 25 x 8, in tiles.
      ['conv2 conv2dInputGradient', 11915],
      // 65536 x 0.055 x 200 / (40 + 0.28 x 200).
      ['conv2 conv2dWeightGradient', 7509],
      ['conv1 conv2dWeightGradient', 3200],
    ]);
  });

  test('the network of CIFAR-10', () => {
    expect(mostOf(defineNetwork(zoo.cifar({ seed: 1 })).plan(64))).toEqual([
      ['conv1 conv2d', null],
      // 25 x 64 products, with fewer multiplications: 65536 x 0.055 x 1600 / (60 + 0.25 x 1600).
      ['conv2 conv2d', 12537],
      ['conv3 conv2d', 12537],
      ['conv3 conv2dInputGradient', 12537],
      // 65536 x 0.055 x 1600 / (40 + 0.28 x 1600).
      ['conv3 conv2dWeightGradient', 11817],
      ['conv2 conv2dInputGradient', 12537],
      ['conv2 conv2dWeightGradient', 11817],
      // Three channels, in tiles; rows of 15 weights are 16: 65536 x 0.1 x 75 / (40 + 0.28 x 80).
      ['conv1 conv2dWeightGradient', 7876],
    ]);
  });

  test('float32 has none', () => {
    const plan = defineNetwork(zoo.lenet({ seed: 1, formats: 'float32' })).plan(8);
    expect(mostOf(plan).map(([, most]) => most)).toEqual([null, null, null, null, null]);
  });
});

describe('layers of networks', () => {
  test('images and errors with few non-zero elements', async () => {
    const cells = noise(500);
    const oneIn =
      (part: number): Pattern =>
      (image, y, x, c) =>
        (5 * y + x + c + image) % part === 0 ? cells() || 1 : 0;
    // LeNet's second one. Of 65536 at most 9011, 11915 and 7509 may be other than 0.
    const layer = { image: [12, 12, 8], kernel: [5, 5], out: 16, weights: noise(300) } as const;
    const parts: readonly [part: number, sparse: readonly Kind[]][] = [
      [1, []],
      [5, []],
      [6, ['conv2dInputGradient']],
      [8, ['conv2d', 'conv2dInputGradient']],
      [9, KINDS],
    ];
    const all = parts.map(([part, sparse]): Convolution => {
      return { ...layer, pixels: oneIn(part), errors: oneIn(part), sparse, name: String(part) };
    });
    await expectSame(all, { batch: 4, threads: [1, 2] });
  });
});
