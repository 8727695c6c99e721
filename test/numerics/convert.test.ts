/**
 * Convert against the BigInt oracle: exhaustive over small integers, by enumeration of random words, at every
 * edge of 64 bits.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  convert,
  Converter,
  convertWide,
  formatText,
  maxRaw,
  minRaw,
  parseRounding,
  ROUNDING_MODES,
  randomWidthOf,
  roundWide,
  Wide,
  type Format,
  type Overflow,
} from '../../src/numerics/index.js';
import { convertOracle, fitOracle, roundOracle } from '../support/oracle.js';

const OVERFLOWS: readonly Overflow[] = ['saturate', 'wrap'];
const DETERMINISTIC = ROUNDING_MODES.filter((mode) => mode !== 'stochastic');
const LIMIT = 2n ** 63n;

function rounded(m: bigint, drop: number, mode: string, random = 0, width: 16 | 32 = 16): bigint {
  const out = new Wide();
  roundWide(Wide.fromBigInt(m), drop, parseRounding(mode), random, width, out);
  return out.toBigInt();
}

/** Numbers worth trying around the places where rounding, saturation and 64 bits turn over. */
function edges(drop: number): bigint[] {
  const cut = 2n ** BigInt(Math.max(drop, 0));
  const around = [
    0n,
    cut / 2n,
    cut,
    (3n * cut) / 2n,
    2n * cut,
    (5n * cut) / 2n,
    127n * cut,
    128n * cut,
    2n ** 31n * cut,
  ].concat([2n ** 15n * cut - cut / 2n, LIMIT - 1n, LIMIT - cut, LIMIT - cut / 2n, LIMIT - (3n * cut) / 2n]);
  return around
    .flatMap((value) => [value - 1n, value, value + 1n])
    .flatMap((value) => [value, -value, -value - 1n])
    .filter((value) => BigInt.asIntN(64, value) === value);
}

describe('convert, exhaustive over small integers', () => {
  const formats: Format[] = [
    { il: 1, fl: 1 },
    { il: 3, fl: 2 },
    { il: -2, fl: 6 },
    { il: 9, fl: 3 },
  ];

  /** Compares every format and overflow for one rounded value; returns the cases that differ. */
  function differences(m: number, drop: number, mode: string, random: number, exact: bigint): string[] {
    const wide = Wide.fromBigInt(BigInt(m));
    const rounding = parseRounding(mode);
    const wrong: string[] = [];
    for (const format of formats) {
      for (const overflow of OVERFLOWS) {
        const got = convertWide(wide, drop, format, rounding, overflow, random, 16);
        const want = Number(fitOracle(exact, format, overflow));
        if (got !== want)
          wrong.push(
            `${m} k ${drop} ${mode} R ${random} ${formatText(format)} ${overflow}: ${got}, not ${want}`,
          );
      }
    }
    return wrong;
  }

  it.each(DETERMINISTIC)('%s: all m in -1024..1024, k 0..6, four formats, both overflows', (mode) => {
    for (let drop = 0; drop <= 6; drop += 1) {
      for (let m = -1024; m <= 1024; m += 1) {
        expect(differences(m, drop, mode, 0, roundOracle(BigInt(m), drop, mode))).toEqual([]);
      }
    }
  });

  it.each(['stochastic', 'stochastic:1', 'stochastic:3'])(
    '%s: the same with all 2^k random words',
    (mode) => {
      for (let drop = 0; drop <= 6; drop += 1) {
        for (let m = -256; m <= 256; m += 1) {
          for (let r = 0; r < 1 << drop; r += 1) {
            // The bits below the k top ones must not matter.
            const word = (r << (16 - drop)) | ((40503 * (m + r + 300)) & ((1 << (16 - drop)) - 1));
            const exact = roundOracle(BigInt(m), drop, mode, { word, width: 16 });
            const wrong = differences(m, drop, mode, word, exact);
            if (wrong.length > 0) expect(wrong).toEqual([]);
          }
        }
      }
    },
  );
});

describe('stochastic rounding, enumerated', () => {
  /** Sum of the rounded results over the 16-bit words 0, stride, 2 stride ... */
  function sumOver(m: bigint, drop: number, stride: number): bigint {
    const rounding = parseRounding('stochastic');
    const wide = Wide.fromBigInt(m);
    const out = new Wide();
    const sum = new Wide();
    for (let word = 0; word < 65536; word += stride) {
      roundWide(wide, drop, rounding, word, 16, out);
      sum.addWide(out);
    }
    return sum.toBigInt();
  }

  it('is unbiased: over all 2^k random words the results sum to the input', () => {
    for (let drop = 1; drop <= 10; drop += 1) {
      const inputs = Array.from({ length: (4 << drop) + 1 }, (_, i) => BigInt(i - (2 << drop)));
      expect(inputs.map((m) => sumOver(m, drop, 1 << (16 - drop)))).toEqual(inputs);
    }
  });

  it('is unbiased over all 65536 words of 16 bits, for every k up to 16', () => {
    for (let drop = 1; drop <= 16; drop += 1) {
      for (const m of [-40001n, -1n, 1n, 3n, 12345n, 65535n, 2n ** 40n + 77n]) {
        expect(sumOver(m, drop, 1)).toBe(m * 2n ** BigInt(16 - drop));
      }
    }
  });

  it('takes only the two neighbours, and the upper one in exact proportion to the remainder', () => {
    const drop = 8;
    for (let m = -600; m <= 600; m += 1) {
      const floor = BigInt(m) >> 8n;
      let ups = 0;
      for (let r = 0; r < 256; r += 1) {
        const result = rounded(BigInt(m), drop, 'stochastic', r * 2 ** 24, 32);
        if (result === floor + 1n) ups += 1;
        else if (result !== floor) expect(result).toBe(floor);
      }
      expect(ups).toBe(m & 255);
    }
  });

  it('stochastic:n is exactly as good as n bits: over its 2^n words it sums to the input cut to n bits', () => {
    for (const bits of [1, 2, 5, 8, 12]) {
      for (const drop of [1, 4, 8, 12, 14, 16, 20, 33, 40]) {
        const width = randomWidthOf(drop);
        for (const m of [-98765432101n, -4097n, -1n, 1n, 255n, 4096n, 7777777n, 98765432123n]) {
          let sum = 0n;
          for (let r = 0; r < 1 << bits; r += 1) {
            // Ones below the n kept bits: they must not count.
            const word = r * 2 ** (width - bits) + 2 ** (width - bits) - 1;
            sum += rounded(m, drop, `stochastic:${bits}`, word, width);
          }
          // Each result stands for 2^k, each word for 2^-n: sum * 2^(k - n) is the input cut to n bits below the format.
          const shift = drop - bits;
          expect(sum).toBe(shift >= 0 ? m >> BigInt(shift) : m << BigInt(-shift));
        }
      }
    }
  });

  it('never moves an exact value, for any mode and random word', () => {
    for (const drop of [1, 2, 7, 15, 16, 17, 31, 32, 33, 47, 62]) {
      const width = randomWidthOf(drop);
      for (const q of [-2n, -1n, 0n, 1n].concat(drop <= 40 ? [-(2n ** 22n), 2n ** 22n - 1n, 777n] : [])) {
        const m = q << BigInt(drop);
        if (BigInt.asIntN(64, m) !== m) continue;
        for (const mode of DETERMINISTIC) expect(rounded(m, drop, mode)).toBe(q);
        for (const word of [0, 1, 2 ** (width - 1), 2 ** width - 1]) {
          for (const mode of ['stochastic', 'stochastic:1', 'stochastic:9']) {
            expect(rounded(m, drop, mode, word, width)).toBe(q);
          }
        }
      }
    }
  });
});

describe('convert at the edges of 64 bits', () => {
  const drops = Array.from({ length: 62 + 70 }, (_, i) => i - 69);
  const words: readonly [word: number, width: 16 | 32][] = [
    [0, 16],
    [0x8000, 16],
    [0xffff, 16],
    [0, 32],
    [1, 32],
    [0x80000000, 32],
    [0xffffffff, 32],
  ];

  it.each([...DETERMINISTIC, 'stochastic', 'stochastic:4'])(
    '%s: every k from -69 to 62 at every edge',
    (mode) => {
      const random = mode.startsWith('stochastic') ? words : words.slice(0, 1);
      const wrong: string[] = [];
      for (const drop of drops) {
        for (const m of edges(drop)) {
          const wide = Wide.fromBigInt(m);
          for (const [word, width] of random) {
            const exact = roundOracle(m, drop, mode, { word, width });
            for (const format of [
              { il: 32, fl: 0 },
              { il: 16, fl: 0 },
              { il: 2, fl: 0 },
            ]) {
              for (const overflow of OVERFLOWS) {
                const got = convertWide(wide, drop, format, parseRounding(mode), overflow, word, width);
                const want = Number(fitOracle(exact, format, overflow));
                if (got !== want)
                  wrong.push(
                    `${m} k ${drop} R ${word} of ${width} bits ${formatText(format)} ${overflow}: ${got}, not ${want}`,
                  );
              }
            }
          }
          expect(wide.toBigInt()).toBe(m);
        }
      }
      expect(wrong).toEqual([]);
    },
  );

  it('agrees with the oracle on arbitrary 64-bit integers', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: -LIMIT, max: LIMIT - 1n }),
        fc.integer({ min: 0, max: 63 }),
        fc.integer({ min: -40, max: 62 }),
        fc.integer({ min: 2, max: 32 }),
        fc.integer({ min: -40, max: 40 }),
        fc.constantFrom(
          ...DETERMINISTIC,
          'nearest',
          'stochastic',
          'stochastic:1',
          'stochastic:13',
          'stochastic:31',
        ),
        fc.constantFrom(...OVERFLOWS),
        fc.integer({ min: 0, max: 2 ** 32 - 1 }),
        fc.constantFrom<16 | 32>(16, 32),
        (big, shrink, drop, wordLength, fl, mode, overflow, bits, randomWidth) => {
          const m = big >> BigInt(shrink);
          const format = { il: wordLength - fl, fl };
          const random = randomWidth === 16 ? bits >>> 16 : bits;
          const got = convert(m, fl + drop, format, { rounding: mode, overflow, random, randomWidth });
          const want = convertOracle(m, fl + drop, format, mode, overflow, {
            word: random,
            width: randomWidth,
          });
          expect(BigInt(got)).toBe(want);
        },
      ),
      { numRuns: 10000 },
    );
  });

  it('rounds in place', () => {
    const wide = Wide.fromBigInt(-(2n ** 50n) - 1n);
    roundWide(wide, 40, parseRounding('nearest-away'), 0, 32, wide);
    expect(wide.toBigInt()).toBe(-1024n);
  });

  it('shifts left exactly as long as the result fits in 64 bits', () => {
    for (let left = 0; left <= 63; left += 1) {
      for (const m of [1n, -1n, 3n, -3n, (LIMIT - 1n) >> BigInt(left), -(LIMIT >> BigInt(left))]) {
        const exact = m << BigInt(left);
        if (BigInt.asIntN(64, exact) === exact) expect(rounded(m, -left, 'floor')).toBe(exact);
      }
    }
  });

  it('keeps the sign and the low word of a left shift that leaves 64 bits', () => {
    const out = new Wide();
    for (const [m, left] of [
      [5n, 62],
      [-5n, 62],
      [-1n, 63],
      [1n, 63],
      [-(2n ** 62n) - 1n, 1],
      [2n ** 62n + 3n, 1],
      [-3n, 200],
    ] as const) {
      roundWide(Wide.fromBigInt(m), -left, parseRounding('floor'), 0, 16, out);
      expect(out.isNegative()).toBe(m < 0n);
      expect(BigInt(out.lo)).toBe(BigInt.asIntN(32, m << BigInt(left)));
      expect(out.fitsIn(32)).toBe(false);
    }
  });
});

describe('rounding modes by example', () => {
  it.each([
    ['nearest-away', [-2, -1, 1, 2, 3]],
    ['nearest', [-2, -1, 1, 2, 3]],
    ['nearest-even', [-2, 0, 0, 2, 2]],
    ['nearest-down', [-2, -1, 0, 1, 2]],
    ['nearest-up', [-1, 0, 1, 2, 3]],
    ['floor', [-2, -1, 0, 1, 2]],
    ['toward-zero', [-1, 0, 0, 1, 2]],
  ])('%s rounds -1.5 -0.5 0.5 1.5 2.5 to %j', (rounding, wanted) => {
    expect([-3, -1, 1, 3, 5].map((m) => convert(m, 1, '<8,0>', { rounding }))).toEqual(wanted);
  });

  it('saturates after rounding, wraps on request', () => {
    const format = '<2,6>';
    expect(convert(127.5 * 2, 7, format, { rounding: 'nearest-away' })).toBe(127);
    expect(convert(127.5 * 2, 7, format, { rounding: 'nearest-away', overflow: 'wrap' })).toBe(-128);
    expect(convert(-129, 6, format, { rounding: 'floor' })).toBe(-128);
    expect(convert(-129, 6, format, { rounding: 'floor', overflow: 'wrap' })).toBe(127);
  });

  it('draws 16 bits if at most 16 are dropped, else 32', () => {
    expect([-3, 0, 1, 16, 17, 33].map(randomWidthOf)).toEqual([16, 16, 16, 16, 32, 32]);
    // 17 dropped bits: the default width takes a word above 16 bits.
    expect(convert(1, 17, '<8,0>', { rounding: 'stochastic', random: 0xffffffff })).toBe(1);
    expect(convert(1, 17, '<8,0>', { rounding: 'stochastic', random: 0xffff7fff })).toBe(0);
  });
});

describe('Converter', () => {
  it('converts as convertWide does and counts what happens', () => {
    for (const overflow of OVERFLOWS) {
      for (const mode of ['nearest-even', 'stochastic']) {
        for (const drop of [-31, -2, 0, 3, 33]) {
          const format = { il: 3, fl: 5 };
          const randomWidth = randomWidthOf(drop);
          const rounding = parseRounding(mode);
          const converter = new Converter({ format, drop, rounding, overflow, randomWidth });
          const counts = { elements: 0, saturatedHigh: 0, saturatedLow: 0, flushed: 0, maxMagnitude: 0 };
          for (const m of edges(drop)) {
            for (const word of [0, 2 ** randomWidth - 1]) {
              const exact = roundOracle(m, drop, mode, { word, width: randomWidth });
              const raw = Number(fitOracle(exact, format, overflow));
              expect(converter.convert(Wide.fromBigInt(m), word)).toBe(raw);
              counts.elements += 1;
              if (exact > maxRaw(format)) counts.saturatedHigh += 1;
              if (exact < minRaw(format)) counts.saturatedLow += 1;
              if (m !== 0n && raw === 0) counts.flushed += 1;
              counts.maxMagnitude = Math.max(counts.maxMagnitude, Math.abs(raw));
            }
          }
          expect(converter).toMatchObject(counts);
          expect(counts.saturatedHigh).toBeGreaterThan(0);
          expect(counts.saturatedLow).toBeGreaterThan(0);
          converter.resetCounters();
          const zero = { elements: 0, saturatedHigh: 0, saturatedLow: 0, flushed: 0, maxMagnitude: 0 };
          expect(converter).toMatchObject(zero);
        }
      }
    }
  });

  it('does not count an element at the limits as saturated, and knows |-2^31|', () => {
    const converter = new Converter({
      format: { il: 32, fl: 0 },
      drop: 0,
      rounding: parseRounding('floor'),
      overflow: 'saturate',
      randomWidth: 16,
    });
    expect(converter.convert(Wide.fromBigInt(2n ** 31n - 1n), 0)).toBe(2 ** 31 - 1);
    expect(converter.convert(Wide.fromBigInt(-(2n ** 31n)), 0)).toBe(-(2 ** 31));
    expect(converter).toMatchObject({
      elements: 2,
      saturatedHigh: 0,
      saturatedLow: 0,
      maxMagnitude: 2 ** 31,
    });
  });
});

describe('convert refuses', () => {
  it.each([
    [
      () => convert(1.5, 4, '2.2', { rounding: 'floor' }),
      TypeError,
      'convert: m must be a safe integer or a bigint, got 1.5; use floatToFixed for a real number',
    ],
    [
      () => convert(2 ** 53, 4, '2.2', { rounding: 'floor' }),
      TypeError,
      'convert: m must be a safe integer or a bigint, got 9007199254740992; use floatToFixed for a real number',
    ],
    [
      () => convert(LIMIT, 4, '2.2', { rounding: 'floor' }),
      RangeError,
      'convert: m must fit in signed 64 bits, got 9223372036854775808; drop fraction bits first',
    ],
    [
      () => convert(-LIMIT - 1n, 4, '2.2', { rounding: 'floor' }),
      RangeError,
      'convert: m must fit in signed 64 bits, got -9223372036854775809; drop fraction bits first',
    ],
    [
      () => convert(1, 0.5, '2.2', { rounding: 'floor' }),
      TypeError,
      'convert: fractionBits must be an integer, got 0.5',
    ],
    [
      () => convert(1, 65, '2.2', { rounding: 'floor' }),
      RangeError,
      'convert: at most 62 bits may be dropped, got 65 - 2 = 63; use a format with more fraction bits',
    ],
    [
      () => convert(1, 4, '2.2', { rounding: 'stochastic' }),
      TypeError,
      'convert: stochastic rounding needs a random word, got none; pass one, for example of RandomSite.word(index)',
    ],
    [
      () => convert(1, 4, '2.2', { rounding: 'stochastic', random: 65536 }),
      RangeError,
      'convert: random must be an unsigned 16-bit integer, got 65536',
    ],
    [
      () => convert(1, 4, '2.2', { rounding: 'stochastic', random: -1, randomWidth: 32 }),
      RangeError,
      'convert: random must be an unsigned 32-bit integer, got -1',
    ],
    [
      () => convert(1, 4, '2.2', { rounding: 'up' }),
      TypeError,
      'rounding: unknown mode "up"; choose one of stochastic, nearest-away, nearest-even, nearest-down, nearest-up, floor, toward-zero, nearest, stochastic:n',
    ],
  ])('case %#', (call, kind, message) => {
    expect(call).toThrow(kind);
    expect(call).toThrow(message);
  });
});
