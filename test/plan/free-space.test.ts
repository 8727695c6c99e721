import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FreeSpace } from '../../src/plan/free-space.js';

interface Placed {
  readonly first: number;
  readonly last: number;
  readonly offset: number;
  readonly size: number;
}

/** The lowest offset that is free: behind one neighbour after the other, by ascending offset. */
function lowestFree(
  placed: readonly Placed[],
  base: number,
  first: number,
  last: number,
  size: number,
): number {
  const neighbours = placed
    .filter((other) => other.first <= last && first <= other.last)
    .sort((a, b) => a.offset - b.offset);
  let offset = base;
  for (const other of neighbours) {
    if (offset + size <= other.offset) break;
    offset = Math.max(offset, other.offset + other.size);
  }
  return offset;
}

test('every buffer gets the lowest offset at which no buffer of its time lies', () => {
  const length = 24;
  const buffer = fc.record({
    first: fc.nat(length - 1),
    ops: fc.nat(length - 1),
    size: fc.integer({ min: 1, max: 5 }),
  });
  fc.assert(
    fc.property(fc.array(buffer, { maxLength: 60 }), fc.constantFrom(0, 7), (buffers, base) => {
      const space = new FreeSpace(length, base);
      const placed: Placed[] = [];
      for (const { first, ops, size } of buffers) {
        const last = Math.min(length - 1, first + ops);
        const offset = space.take({ first, last }, size);
        expect(offset).toBe(lowestFree(placed, base, first, last, size));
        placed.push({ first, last, offset, size });
      }
    }),
    { seed: 1, numRuns: 500 },
  );
});
