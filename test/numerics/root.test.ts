/** Rounded division and inverse square root against BigInt's own division, and against the bound that the docs give. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { inverseRoot, roundedQuotient } from '../../src/numerics/index.js';

function floorDivide(n: bigint, d: bigint): bigint {
  const q = n / d;
  return n % d < 0n ? q - 1n : q;
}

test('quotients of small numbers, all of them, and of large ones', () => {
  for (let n = -40n; n <= 40n; n++) {
    for (let d = 1n; d <= 9n; d++) expect(roundedQuotient(n, d)).toBe(floorDivide(2n * n + d, 2n * d));
  }
  const wide = fc.bigInt({ min: -(2n ** 62n), max: 2n ** 62n });
  fc.assert(
    fc.property(wide, fc.bigInt({ min: 1n, max: 2n ** 31n }), (n, d) => {
      expect(roundedQuotient(n, d)).toBe(floorDivide(2n * n + d, 2n * d));
    }),
  );
});

/** Relative error of the root below 2^-28: |value * mantissa^2 / 4^(60 - halfShift) - 1| < 2^-27. */
function expectInverse(value: bigint): void {
  const { mantissa, halfShift } = inverseRoot(value);
  expect(mantissa).toBeGreaterThanOrEqual(2 ** 29);
  expect(mantissa).toBeLessThanOrEqual(2 ** 30);
  const one = 4n ** BigInt(60 - halfShift);
  const off = value * BigInt(mantissa) ** 2n - one;
  expect((off < 0n ? -off : off) << 27n).toBeLessThan(one);
}

test('inverse roots of small numbers, powers of two and their neighbours, large numbers', () => {
  for (let value = 1n; value < 3000n; value++) expectInverse(value);
  for (let bit = 12n; bit < 62n; bit++) for (const d of [-1n, 0n, 1n]) expectInverse((1n << bit) + d);
  fc.assert(fc.property(fc.bigInt({ min: 1n, max: 2n ** 62n - 1n }), expectInverse));
  expect(inverseRoot(1n)).toEqual({ mantissa: 2 ** 30, halfShift: 30 });
  expect(inverseRoot(4n)).toEqual({ mantissa: 2 ** 30, halfShift: 29 });
});
