/** Conversions from and to doubles against the BigInt oracle on the double's own bits. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  fixedToFloat,
  fixedToFloats,
  floatToFixed,
  floatsToFixed,
  maxRaw,
  minRaw,
  parseSeed,
  pixelTable,
  RandomSite,
  siteHash,
  toCoefficient,
  type Format,
} from '../../src/numerics/index.js';
import { convertOracle, doubleOracle, fitOracle, floorDivide } from '../support/oracle.js';

const MODES = [
  ...['nearest-away', 'nearest-even', 'nearest-down', 'nearest-up', 'floor', 'toward-zero'],
  ...['stochastic', 'stochastic:1', 'stochastic:9'],
];

function wanted(x: number, format: Format, mode: string, word: number, width: 16 | 32): number {
  const { m, fractionBits } = doubleOracle(x);
  return Number(convertOracle(m, fractionBits, format, mode, 'saturate', { word, width }));
}

describe('floatToFixed', () => {
  it('agrees with the oracle on every small multiple of 1/8 and every mode', () => {
    const format = { il: 4, fl: 1 };
    for (const mode of MODES) {
      for (let eighths = -100; eighths <= 100; eighths += 1) {
        for (const word of [0, 1, 2 ** 30, 2 ** 31, 2 ** 31 + 1, 3 * 2 ** 30, 2 ** 32 - 1]) {
          const x = eighths / 8;
          const got = floatToFixed(x, format, mode, { word, width: 32 });
          expect(got).toBe(wanted(x, format, mode, word, 32));
        }
      }
    }
  });

  it('agrees with the oracle on doubles of any magnitude, subnormal to the largest', () => {
    const exponent = fc.oneof(fc.integer({ min: -1074, max: 970 }), fc.integer({ min: -100, max: 40 }));
    const significand = fc.oneof(fc.maxSafeInteger(), fc.integer({ min: -300, max: 300 }));
    fc.assert(
      fc.property(
        significand,
        exponent,
        fc.integer({ min: 2, max: 32 }),
        fc.oneof(fc.integer({ min: -60, max: 60 }), fc.integer({ min: -1200, max: 1200 })),
        fc.constantFrom(...MODES),
        fc.integer({ min: 0, max: 2 ** 32 - 1 }),
        fc.constantFrom<16 | 32>(16, 32),
        (n, e, wordLength, fl, mode, bits, width) => {
          // Two factors: 2^-1074 times an integer is exact, a larger power alone may overflow.
          const x = n * 2 ** Math.min(e, 0) * 2 ** Math.max(e, 0);
          const word = width === 16 ? bits >>> 16 : bits;
          const format = { il: wordLength - fl, fl };
          expect(floatToFixed(x, format, mode, { word, width })).toBe(wanted(x, format, mode, word, width));
        },
      ),
      { numRuns: 10000 },
    );
  });

  it('decides stochastic rounding exactly where x and the random word meet', () => {
    const format = { il: 8, fl: 0 };
    for (const width of [16, 32] as const) {
      for (const word of [0, 1, 2, 12345, 2 ** width - 2, 2 ** width - 1]) {
        // x = 1 - word / 2^width is the smallest fraction that this word rounds up.
        const meeting = 1 - word * 2 ** -width;
        for (const x of [
          meeting,
          meeting - 2 ** -53,
          meeting + 2 ** -52,
          -meeting,
          meeting - 1,
          meeting - 1 - 2 ** -53,
        ]) {
          const got = floatToFixed(x, format, 'stochastic', { word, width });
          expect(got).toBe(wanted(x, format, 'stochastic', word, width));
        }
      }
    }
  });

  it('is unbiased: over all 16-bit words the results sum to the input', () => {
    for (const sixteenths of [-40, -17, -1, 0, 1, 7, 24]) {
      const x = sixteenths / 16;
      let sum = 0;
      for (let word = 0; word < 65536; word += 1) {
        sum += floatToFixed(x, { il: 8, fl: 2 }, 'stochastic', { word, width: 16 });
      }
      expect(sum).toBe(x * 4 * 65536);
    }
  });

  it('keeps the sign of values that scaling makes too small for a double', () => {
    expect(floatToFixed(-Number.MIN_VALUE, { il: 20, fl: -10 }, 'floor')).toBe(-1);
    expect(floatToFixed(-Number.MIN_VALUE, { il: 1210, fl: -1200 }, 'floor')).toBe(-1);
    expect(floatToFixed(Number.MIN_VALUE, { il: 20, fl: -10 }, 'floor')).toBe(0);
    expect(floatToFixed(Number.MIN_VALUE, { il: -1072, fl: 1076 }, 'floor')).toBe(4);
  });

  it('saturates infinities and never gives -0', () => {
    for (const mode of MODES) {
      expect(floatToFixed(Infinity, '2.14', mode, { word: 0, width: 32 })).toBe(32767);
      expect(floatToFixed(-Infinity, '2.14', mode, { word: 0, width: 32 })).toBe(-32768);
    }
    expect(Object.is(floatToFixed(-0, '2.14', 'floor'), 0)).toBe(true);
    expect(Object.is(floatToFixed(-0.1, '4.0', 'nearest'), 0)).toBe(true);
  });

  it('refuses NaN and stochastic rounding without a word', () => {
    expect(() => floatToFixed(NaN, '2.14', 'floor')).toThrow(RangeError);
    expect(() => floatToFixed(NaN, '2.14', 'floor')).toThrow(
      'floatToFixed: a value must be a number, got NaN; clean the data first',
    );
    expect(() => floatToFixed(0, '2.14', 'stochastic')).toThrow(TypeError);
    expect(() => floatToFixed(0, '2.14', 'stochastic')).toThrow(
      'floatToFixed: stochastic rounding needs a random word, got none; pass one, for example of RandomSite.word(index)',
    );
    expect(() => floatToFixed(0, '2.14', 'stochastic', { word: 65536, width: 16 })).toThrow(
      'floatToFixed: random must be an unsigned 16-bit integer, got 65536',
    );
  });
});

describe('arrays', () => {
  it('use random word i for element i and the storage of the format', () => {
    const values = Float64Array.from({ length: 100 }, (_, i) => (i - 50) / 37);
    for (const width of [16, 32] as const) {
      const site = () => new RandomSite(parseSeed(3), siteHash('x'), 0, width);
      const raws = floatsToFixed(values, '2.6', 'stochastic', site());
      expect(raws).toBeInstanceOf(Int16Array);
      const words = site();
      expect([...raws]).toEqual(
        [...values].map((x, i) => floatToFixed(x, '2.6', 'stochastic', { word: words.word(i), width })),
      );
    }
    expect(floatsToFixed([0.25], '2.20', 'nearest')).toEqual(Int32Array.of(2 ** 18));
    expect(floatsToFixed([], '2.20', 'nearest')).toEqual(new Int32Array(0));
  });

  it('name the element that is NaN, and the missing site', () => {
    expect(() => floatsToFixed([1, 2, NaN], '2.6', 'floor')).toThrow(RangeError);
    expect(() => floatsToFixed([1, 2, NaN], '2.6', 'floor')).toThrow(
      'floatsToFixed: a value must be a number, got NaN at index 2; clean the data first',
    );
    expect(() => floatsToFixed([1], '2.6', 'stochastic')).toThrow(TypeError);
    expect(() => floatsToFixed([1], '2.6', 'stochastic')).toThrow(
      'floatsToFixed: stochastic rounding needs random words, got no site; pass a RandomSite',
    );
  });

  it('survive the round trip from every raw integer of a format', () => {
    for (const format of [
      { il: 2, fl: 6 },
      { il: 12, fl: -4 },
      { il: -20, fl: 28 },
    ]) {
      const raws = Array.from({ length: 256 }, (_, i) => minRaw(format) + i);
      const values = fixedToFloats(raws, format);
      expect([...values]).toEqual(raws.map((raw) => raw * 2 ** -format.fl));
      for (const mode of MODES) {
        const site = new RandomSite(parseSeed(3), siteHash('x'), 0, 32);
        expect([...floatsToFixed(values, format, mode, site)]).toEqual(raws);
      }
    }
  });
});

describe('fixedToFloat', () => {
  it('is exact', () => {
    expect(fixedToFloat(-32768, '2.14')).toBe(-2);
    expect(fixedToFloat(2021, '2.14')).toBe(2021 / 16384);
    expect(fixedToFloat(2 ** 31 - 1, { il: -20, fl: 52 })).toBe((2 ** 31 - 1) * 2 ** -52);
    expect(fixedToFloat(-3, { il: 12, fl: -4 })).toBe(-48);
  });

  it.each([32768, -32769, 0.5, NaN])('refuses %d', (raw) => {
    expect(() => fixedToFloat(raw, '2.14')).toThrow(RangeError);
    expect(() => fixedToFloat(raw, '2.14')).toThrow(
      `fixedToFloat: raw must be an integer of <2,14> (-32768 to 32767), got ${raw}`,
    );
  });
});

describe('toCoefficient', () => {
  it('rounds x * 2^30 to nearest', () => {
    expect(toCoefficient(0)).toBe(0);
    expect(toCoefficient(0.9)).toBe(966367642);
    expect(toCoefficient(1)).toBe(2 ** 30);
    expect(toCoefficient(0.5 * 2 ** -30)).toBe(1);
    expect(toCoefficient(0.49999 * 2 ** -30)).toBe(0);
    expect(toCoefficient(2 - 2 ** -30)).toBe(2 ** 31 - 1);
    expect(toCoefficient(2 - 0.75 * 2 ** -30)).toBe(2 ** 31 - 1);
  });

  it.each([2, 2 - 2 ** -32, -0.1, -(2 ** -40), NaN, Infinity])('refuses %d', (x) => {
    expect(() => toCoefficient(x)).toThrow(RangeError);
    expect(() => toCoefficient(x)).toThrow(
      `coefficient: must be at least 0 and less than 2, got ${x}; choose a smaller rate`,
    );
  });
});

describe('pixelTable', () => {
  it('is floor((2 p 2^FL + 255) / 510), saturated, for every fraction length', () => {
    for (let fl = -12; fl <= 60; fl += 1) {
      for (const wordLength of [2, 8, 16, 32]) {
        const format = { il: wordLength - fl, fl };
        // Both sides times 2^12, so that a negative FL stays whole.
        const table = Array.from({ length: 256 }, (_, p) => {
          const numerator = 2n * BigInt(p) * 2n ** BigInt(fl + 12) + 255n * 4096n;
          return Number(fitOracle(floorDivide(numerator, 510n * 4096n), format, 'saturate'));
        });
        expect([...pixelTable(format)]).toEqual(table);
      }
    }
  });

  it('is the nearest raw integer, by example', () => {
    const table = pixelTable('<6,10>');
    expect([table[0], table[1], table[128], table[254], table[255]]).toEqual([0, 4, 514, 1020, 1024]);
    expect(pixelTable('<1,15>')[255]).toBe(maxRaw({ il: 1, fl: 15 }));
  });
});
