/** Which convolutions are worth the minimal path, by their sizes alone; its results are tested in minimal.test.ts. */
import { describe, expect, test } from 'vitest';
import { gradientPhasesOf, phasesOf } from '../../src/backend/wasm/phases.js';
import { windowOf } from '../../src/plan/index.js';
import { expectSame } from './support/convolutions.js';

type Size = readonly [image: [number, number, number], kernel: number, out: number, padding: number];

const SHORT = { planes: 1, bytes: 2 };

/**
 * Whether a convolution and its gradients by the input and by the weight are worth it, with the given number
 * of images per thread.
 */
function worth([image, kernel, out, padding]: Size, images = 100): boolean[] {
  const square = [kernel, kernel] as const;
  const window = windowOf({ image, kernel: square, stride: [1, 1], padding: [padding, padding] });
  const forward = { ...window, columns: out, stride: 1 };
  const [height, width, channels] = image;
  const backward = { ...forward, channels: out, columns: channels, outHeight: height, outWidth: width };
  const operands = [SHORT, SHORT];
  return [
    phasesOf(forward, operands),
    phasesOf(backward, operands),
    gradientPhasesOf(forward, images, operands),
  ].map((phases) => phases !== null);
}

describe('the convolutions that pay', () => {
  test.each<[string, Size]>([
    ['5 x 5, many channels', [[16, 16, 32], 5, 32, 2]],
    ['5 x 5, more', [[8, 8, 64], 5, 64, 2]],
    ['3 x 3, many channels', [[16, 16, 64], 3, 64, 1]],
  ])('%s', (_, size) => {
    expect(worth(size)).toEqual([true, true, true]);
  });

  test.each<[string, Size]>([
    ['1 x 1: nothing to save', [[16, 16, 64], 1, 64, 0]],
    ['the first convolution of digits', [[28, 28, 1], 5, 8, 0]],
    ['few channels', [[28, 28, 3], 3, 8, 1]],
    ['one output', [[5, 5, 64], 5, 64, 0]],
    ['images whose phases take much memory', [[512, 512, 64], 5, 64, 2]],
  ])('not %s', (_, size) => {
    expect(worth(size)).toEqual([false, false, false]);
  });

  test('not a weight gradient of one image, which would be half a pair', () => {
    const taken = [1, 2, 4, 51].map((images) => worth([[16, 16, 32], 5, 32, 2], images)[2]);
    expect(taken).toEqual([false, true, true, true]);
  });

  test('a layer of a network takes it', async () => {
    const layer = { image: [16, 16, 32], kernel: [5, 5], out: 32, padding: [2, 2] } as const;
    await expectSame([layer], { batch: 4, threads: [2] });
  });
});
