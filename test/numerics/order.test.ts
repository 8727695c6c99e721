/** Figures that are no numbers come last; logits that are none have no class. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { classOf, compareFigures, firstLargest, NO_CLASS, smallestFirst } from '../../src/numerics/index.js';

describe('classOf', () => {
  it('is the first largest of numbers, in its row', () => {
    expect(classOf([9, 1, 3, 3, 2], 1, 4)).toBe(1);
    expect(classOf([-Infinity, -1], 0, 2)).toBe(1);
    fc.assert(
      fc.property(fc.array(fc.integer(), { minLength: 1 }), (row) => {
        expect(classOf(row, 0, row.length)).toBe(firstLargest(row, 0, row.length));
      }),
    );
  });

  it('is none wherever a NaN is, or if the largest is infinite', () => {
    for (let at = 0; at < 4; at++) {
      const row = [1, 2, 3, 4];
      row[at] = NaN;
      expect(classOf(row, 0, 4)).toBe(NO_CLASS);
      row[at] = Infinity;
      expect(classOf(row, 0, 4)).toBe(NO_CLASS);
    }
    expect(classOf([-Infinity, -Infinity], 0, 2)).toBe(NO_CLASS);
  });
});

describe('smallestFirst', () => {
  it('puts what is no number last, in its order', () => {
    const figures = [3, NaN, 1, null, Infinity, undefined, -2, -Infinity].map((figure) => ({ figure }));
    const sorted = smallestFirst(figures, ({ figure }) => figure).map(({ figure }) => figure);
    expect(sorted).toEqual([-2, 1, 3, NaN, null, Infinity, undefined, -Infinity]);
    expect(figures[0]!.figure).toBe(3);
  });

  it('orders totally, so that the result does not depend on how a sort compares', () => {
    const figure = fc.oneof(fc.double(), fc.constantFrom(null, undefined, NaN, Infinity));
    fc.assert(
      fc.property(figure, figure, figure, (a, b, c) => {
        expect(Math.sign(compareFigures(a, b)) + Math.sign(compareFigures(b, a))).toBe(0);
        if (compareFigures(a, b) <= 0 && compareFigures(b, c) <= 0)
          expect(compareFigures(a, c)).toBeLessThanOrEqual(0);
      }),
    );
  });
});
