/** 64-bit integers in halves against BigInt. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Wide } from '../../src/numerics/index.js';
import { multiplyHigh, multiplyHighUnsigned } from '../../src/numerics/wide.js';

const int32Edges = [
  -(2 ** 31),
  -(2 ** 31) + 1,
  -65537,
  -65536,
  -32769,
  -32768,
  -1,
  0,
  1,
  32767,
  32768,
  65535,
  65536,
].concat([2 ** 31 - 1]);
const wideEdges = [
  0n,
  1n,
  -1n,
  2n ** 31n,
  -(2n ** 31n),
  2n ** 32n - 1n,
  2n ** 32n,
  -(2n ** 32n),
  2n ** 63n - 1n,
].concat([-(2n ** 63n), 2n ** 62n, -(2n ** 62n)]);
const int32 = fc.oneof(fc.constantFrom(...int32Edges), fc.integer());
const wide = fc.oneof(fc.constantFrom(...wideEdges), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }));
const int64 = (value: bigint): bigint => BigInt.asIntN(64, value);

function changed(start: bigint, change: (w: Wide) => void): bigint {
  const w = Wide.fromBigInt(start);
  change(w);
  expect(w.hi).toBe(w.hi | 0);
  expect(w.lo).toBe(w.lo | 0);
  return w.toBigInt();
}

describe('multiplyHigh', () => {
  it('is exact at every pair of edges', () => {
    for (const a of int32Edges) {
      for (const b of int32Edges) {
        expect(multiplyHigh(a, b)).toBe(Number((BigInt(a) * BigInt(b)) >> 32n));
        expect(multiplyHighUnsigned(a, b)).toBe(Number((BigInt(a >>> 0) * BigInt(b >>> 0)) >> 32n));
      }
    }
  });

  it('is exact everywhere', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer(), (a, b) => {
        expect(multiplyHigh(a, b)).toBe(Number((BigInt(a) * BigInt(b)) >> 32n));
        expect(multiplyHighUnsigned(a, b)).toBe(Number((BigInt(a >>> 0) * BigInt(b >>> 0)) >> 32n));
      }),
      { numRuns: 2000 },
    );
  });
});

describe('Wide', () => {
  it('reads and gives back BigInt and safe integers', () => {
    for (const value of wideEdges) expect(changed(value, () => undefined)).toBe(value);
    for (const value of [0, -1, 2 ** 31, -(2 ** 31) - 1, 2 ** 53 - 1, -(2 ** 53) + 1]) {
      expect(changed(5n, (w) => w.setNumber(value))).toBe(BigInt(value));
      expect(Wide.fromBigInt(BigInt(value)).toNumber()).toBe(value);
    }
    fc.assert(
      fc.property(fc.maxSafeInteger(), (value) => {
        expect(changed(5n, (w) => w.setNumber(value))).toBe(BigInt(value));
      }),
    );
    expect(changed(9n, (w) => w.clear())).toBe(0n);
  });

  it('adds modulo 2^64', () => {
    fc.assert(
      fc.property(wide, wide, (a, b) => {
        expect(changed(a, (w) => w.addWide(Wide.fromBigInt(b)))).toBe(int64(a + b));
      }),
      { numRuns: 1000 },
    );
  });

  it('adds products and shifted values exactly', () => {
    fc.assert(
      fc.property(wide, int32, int32, fc.integer({ min: 0, max: 62 }), (start, a, b, shift) => {
        const product = BigInt(a) * BigInt(b);
        expect(changed(start, (w) => w.addProduct(a, b))).toBe(int64(start + product));
        expect(changed(start, (w) => w.addProductShifted(a, b, shift))).toBe(
          int64(start + (product << BigInt(shift))),
        );
        expect(changed(start, (w) => w.addShifted(a, shift))).toBe(
          int64(start + (BigInt(a) << BigInt(shift))),
        );
      }),
      { numRuns: 2000 },
    );
  });

  it('sets a quotient, cut to the integer below', () => {
    const check = (dividend: number, divisor: number, bits: number) => {
      const whole = BigInt(dividend) << BigInt(bits);
      const rest = ((whole % BigInt(divisor)) + BigInt(divisor)) % BigInt(divisor);
      const quotient = (whole - rest) / BigInt(divisor);
      if (quotient !== int64(quotient)) return; // an op's quotients are proved to fit
      expect(changed(5n, (w) => w.setQuotient(dividend, divisor, bits))).toBe(quotient);
    };
    for (const dividend of [0, 1, -1, 2 ** 47, -(2 ** 47), 2 ** 32, -(2 ** 32), 7 * 49, -7 * 49])
      for (const divisor of [1, 2, 3, 49, 65535, 65536]) check(dividend, divisor, 30);
    fc.assert(
      fc.property(
        fc.integer({ min: -(2 ** 47), max: 2 ** 47 }),
        fc.integer({ min: 1, max: 65536 }),
        fc.integer({ min: 0, max: 30 }),
        check,
      ),
      { numRuns: 2000 },
    );
  });

  it('shifts by 0 to 70 both ways', () => {
    fc.assert(
      fc.property(wide, fc.integer({ min: 0, max: 70 }), (a, count) => {
        expect(changed(a, (w) => w.shiftLeft(count))).toBe(int64(a << BigInt(count)));
        expect(changed(a, (w) => w.shiftRight(count))).toBe(a >> BigInt(count));
      }),
      { numRuns: 2000 },
    );
    for (const a of wideEdges) {
      for (let count = 0; count <= 66; count += 1) {
        expect(changed(a, (w) => w.shiftLeft(count))).toBe(int64(a << BigInt(count)));
        expect(changed(a, (w) => w.shiftRight(count))).toBe(a >> BigInt(count));
      }
    }
  });

  it('wraps, saturates and detects what fits at every width from 1 to 64', () => {
    for (let width = 1; width <= 64; width += 1) {
      const limit = 2n ** BigInt(width - 1);
      const around = [limit, limit - 1n, limit + 1n, -limit, -limit - 1n, -limit + 1n].map(int64);
      for (const a of [...wideEdges, ...around]) {
        expect(changed(a, (w) => w.wrapTo(width))).toBe(BigInt.asIntN(width, a));
        const clamped = a >= limit ? limit - 1n : a < -limit ? -limit : a;
        expect(changed(a, (w) => w.saturateTo(width))).toBe(clamped);
        expect(Wide.fromBigInt(a).fitsIn(width)).toBe(clamped === a);
      }
    }
  });

  it('compares', () => {
    for (const a of wideEdges) {
      expect(Wide.fromBigInt(a).isZero()).toBe(a === 0n);
      expect(Wide.fromBigInt(a).isNegative()).toBe(a < 0n);
      for (const b of wideEdges) {
        expect(Wide.fromBigInt(a).compare(Wide.fromBigInt(b))).toBe(a < b ? -1 : a > b ? 1 : 0);
      }
    }
  });

  it('copies independently of the original', () => {
    const a = Wide.fromBigInt(-7n);
    const b = new Wide();
    b.copy(a);
    a.addProduct(3, 4);
    expect([a.toBigInt(), b.toBigInt()]).toEqual([5n, -7n]);
  });
});
