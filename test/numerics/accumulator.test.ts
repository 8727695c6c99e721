/** Accumulator registers against BigInt, their spellings, and the proof that a sum fits. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  accumulatorBits,
  AccumulatorRegister,
  accumulatorText,
  parseAccumulator,
  sumBound,
  sumFits,
  type Accumulator,
  type AccumulatorLike,
} from '../../src/numerics/index.js';
import { accumulateOracle } from '../support/oracle.js';

function accumulate(
  accumulator: Accumulator,
  products: readonly (readonly [number, number])[],
  bias: { raw: number; shift: number },
): bigint {
  const register = new AccumulatorRegister(accumulator);
  register.addProduct(99, 99);
  register.clear();
  for (const [a, b] of products) register.addProduct(a, b);
  register.addShifted(bias.raw, bias.shift);
  return register.sum.toBigInt();
}

describe('AccumulatorRegister', () => {
  const int16 = fc.integer({ min: -32768, max: 32767 });

  it('keeps sums of 16-bit products exactly, wrapped or saturated at every width', () => {
    const widths = fc.integer({ min: 2, max: 63 });
    const overflows = fc.constantFrom<'wrap' | 'saturate'>('wrap', 'saturate');
    const accumulators = fc.oneof(
      fc.constant<Accumulator>('exact'),
      fc.record<Accumulator & object>({ width: widths, overflow: overflows }),
    );
    const bias = fc.record({ raw: int16, shift: fc.integer({ min: 0, max: 40 }) });
    fc.assert(
      fc.property(
        accumulators,
        fc.array(fc.tuple(int16, int16), { maxLength: 40 }),
        bias,
        (accumulator, products, b) => {
          expect(accumulate(accumulator, products, b)).toBe(accumulateOracle(products, b, accumulator));
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('saturates after every product, so that the order matters', () => {
    const accumulator = parseAccumulator('saturate:8');
    const none = { raw: 0, shift: 0 };
    expect(
      accumulate(
        accumulator,
        [
          [100, 1],
          [100, 1],
          [-100, 1],
        ],
        none,
      ),
    ).toBe(27n);
    expect(
      accumulate(
        accumulator,
        [
          [100, 1],
          [-100, 1],
          [100, 1],
        ],
        none,
      ),
    ).toBe(100n);
    expect(
      accumulate(
        accumulator,
        [
          [-100, 1],
          [-100, 1],
        ],
        { raw: 3, shift: 1 },
      ),
    ).toBe(-122n);
  });

  it('holds the largest possible products', () => {
    const most = -(2 ** 31);
    const products = [
      [most, most],
      [most, 2 ** 31 - 1],
    ] as const;
    const none = { raw: 0, shift: 0 };
    for (const text of ['exact', 'wrap:63', 'saturate:63', 'saturate:62', 'wrap:33', 'saturate:32']) {
      const accumulator = parseAccumulator(text);
      expect(accumulate(accumulator, products, none)).toBe(accumulateOracle(products, null, accumulator));
      const saturating = [
        [most, most],
        [most, most],
        [most, most],
      ] as const;
      if (text !== 'exact') {
        expect(accumulate(accumulator, saturating, none)).toBe(
          accumulateOracle(saturating, null, accumulator),
        );
      }
    }
  });
});

describe('parseAccumulator', () => {
  it.each<[AccumulatorLike, Accumulator, string]>([
    ['exact', 'exact', 'exact'],
    [' wrap:48 ', { width: 48, overflow: 'wrap' }, 'wrap:48'],
    ['saturate:32', { width: 32, overflow: 'saturate' }, 'saturate:32'],
    [{ width: 2, overflow: 'wrap' }, { width: 2, overflow: 'wrap' }, 'wrap:2'],
    [{ width: 63, overflow: 'saturate' }, { width: 63, overflow: 'saturate' }, 'saturate:63'],
  ])('reads %j', (input, accumulator, text) => {
    expect(parseAccumulator(input)).toEqual(accumulator);
    expect(accumulatorText(accumulator)).toBe(text);
  });

  it.each<[unknown, typeof TypeError | typeof RangeError, string]>([
    ['48', TypeError, 'accumulator: expected "exact", "wrap:48" or "saturate:32", got "48"'],
    ['clamp:48', TypeError, 'accumulator: expected "exact", "wrap:48" or "saturate:32", got "clamp:48"'],
    [
      'wrap:1',
      RangeError,
      'accumulator: width must be an integer from 2 to 63 bits, got 1; use "exact" for the full 64 bits',
    ],
    [
      'wrap:64',
      RangeError,
      'accumulator: width must be an integer from 2 to 63 bits, got 64; use "exact" for the full 64 bits',
    ],
    [
      { width: 12.5, overflow: 'wrap' },
      RangeError,
      'accumulator: width must be an integer from 2 to 63 bits, got 12.5; use "exact" for the full 64 bits',
    ],
    [{ width: 12 }, TypeError, 'accumulator: overflow must be "wrap" or "saturate", got "undefined"'],
  ])('refuses %j', (input, kind, message) => {
    expect(() => parseAccumulator(input as AccumulatorLike)).toThrow(kind);
    expect(() => parseAccumulator(input as AccumulatorLike)).toThrow(message);
  });
});

describe('the proof that a sum fits', () => {
  it('bounds a sum by its worst elements, and the bound is reached', () => {
    // 3 products of int4 x int4 and a bias of int4 shifted by 5.
    const terms = [
      { count: 3, bits: 6, shift: 0 },
      { count: 1, bits: 3, shift: 5 },
    ];
    expect(sumBound(terms)).toBe(3n * 64n + 256n);
    const worst = accumulateOracle(
      [
        [-8, -8],
        [-8, -8],
        [-8, -8],
      ],
      null,
      'exact',
    );
    expect(worst + 8n * 32n).toBe(sumBound(terms));
    expect(accumulatorBits(terms)).toBe(10);
  });

  it('turns over exactly at 2^63', () => {
    const products = (count: number) => [{ count, bits: 30, shift: 0 }];
    expect(sumFits(products(2 ** 33))).toBe(false);
    expect(sumFits(products(2 ** 33 - 1))).toBe(true);
    expect(accumulatorBits(products(2 ** 33 - 1))).toBe(64);
    expect(sumFits([...products(2 ** 33 - 1), { count: 1, bits: 15, shift: 15 }])).toBe(false);
    expect(sumFits([...products(2 ** 33 - 1), { count: 1, bits: 15, shift: 14 }])).toBe(true);
    expect(sumFits([{ count: 1, bits: 62, shift: 0 }])).toBe(true);
    expect(sumFits([{ count: 2, bits: 62, shift: 0 }])).toBe(false);
  });
});
