import { describe, expect, test } from 'vitest';
import { parseFormat, parseRounding } from '../../src/numerics/index.js';
import { PlanBuilder, windowOf } from '../../src/plan/index.js';

/** Number of windows along one axis, counted start by start from the definition. */
function countWindows(size: number, kernel: number, stride: number, padding: number, clip: boolean): number {
  let count = 0;
  for (let start = -padding; ; start += stride) {
    const inside = start + kernel <= size + padding;
    const reachedEdge = start - stride + kernel >= size + padding && start !== -padding;
    if (inside || (clip && !reachedEdge && start < size)) count++;
    else return count;
  }
}

describe('windowOf', () => {
  test('counts windows as the definition does, exhaustively for small sizes', () => {
    let cases = 0;
    for (let size = 1; size <= 9; size++)
      for (let kernel = 1; kernel <= 5; kernel++)
        for (let stride = 1; stride <= 4; stride++)
          for (const padding of [0, 1, 2])
            for (const clip of [false, true]) {
              if (clip && padding > 0) continue;
              const window = windowOf({
                image: [size, 9, 1],
                kernel: [kernel, 3],
                stride: [stride, 1],
                padding: [padding, 0],
                clip,
              });
              const expected = countWindows(size, kernel, stride, padding, clip);
              expect(window.outHeight, JSON.stringify({ size, kernel, stride, padding, clip })).toBe(
                expected,
              );
              cases++;
            }
    expect(cases).toBe(9 * 5 * 4 * 4);
  });

  test('the pools of the paper: 32 -> 16 with a clipped last window, 24 -> 12', () => {
    const overlapping = windowOf({ image: [32, 32, 64], kernel: [3, 3], stride: [2, 2], clip: true });
    expect([overlapping.outHeight, overlapping.outWidth]).toEqual([16, 16]);
    expect(windowOf({ image: [32, 32, 64], kernel: [3, 3], stride: [2, 2] }).outHeight).toBe(15);
    expect(windowOf({ image: [24, 24, 8], kernel: [2, 2], stride: [2, 2], clip: true }).outHeight).toBe(12);
  });
});

test('reciprocals of average pooling are 2^30 / n to nearest', () => {
  const builder = new PlanBuilder({ name: 't', arithmetic: 'fixed', batch: 1 });
  const window = windowOf({ image: [16, 16, 1], kernel: [16, 16], stride: [16, 16] });
  const format = parseFormat('6.10');
  const input = builder.tensor({
    name: 'x',
    shape: [1, 16, 16, 1],
    batched: true,
    role: 'activation',
    format,
    persistent: true,
  });
  const out = builder.tensor({ name: 'y', shape: [1, 1, 1, 1], batched: true, role: 'activation', format });
  builder.averagePool({ input, out, window, rounding: parseRounding('floor'), overflow: 'saturate' });
  const [op] = builder.finish().train;
  if (op?.kind !== 'averagePool') throw new Error('no op');
  expect(op.reciprocals).toHaveLength(257);
  for (let n = 1; n <= 256; n++) expect(op.reciprocals[n]).toBe(Math.round(2 ** 30 / n));
});
