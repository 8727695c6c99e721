/** Shift registers and what rounding units make of them: periods by algebra, small numbers by hand. */
import { describe, expect, test } from 'vitest';
import {
  arrayConfig,
  Lfsr,
  LFSR_BITS,
  lfsrRows,
  randomWords,
  RoundingUnit,
  type LfsrBits,
} from '../../src/hardware/index.js';
import { Converter, parseRounding, parseSeed, RandomSite, siteHash, Wide } from '../../src/numerics/index.js';
import type { Convert } from '../../src/plan/index.js';

/** A linear map of n bits: the images of the single bits. */
type Matrix = readonly number[];

const apply = (matrix: Matrix, state: number): number =>
  matrix.reduce((sum, image, i) => ((state >>> i) & 1 ? sum ^ image : sum), 0) >>> 0;

const product = (a: Matrix, b: Matrix): Matrix => b.map((image) => apply(a, image));

function power(matrix: Matrix, exponent: number): Matrix {
  let result: Matrix = matrix.map((_, i) => (1 << i) >>> 0);
  for (let square = matrix, rest = exponent; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result = product(square, result);
    square = product(square, square);
  }
  return result;
}

function primeFactors(n: number): number[] {
  for (let p = 2; p * p <= n; p++) if (n % p === 0) return [p, ...primeFactors(n / p)];
  return [n];
}

function shifted(bits: LfsrBits, state: number): number {
  const register = new Lfsr(bits, state);
  register.shift();
  return register.state;
}

/** The linear map of a draw. */
function drawOf(bits: LfsrBits): Matrix {
  return Array.from({ length: bits }, (_, i) => new Lfsr(bits, (1 << i) >>> 0).draw());
}

/** Bit b of the result as the mask of the bits whose parity it is. */
function transposed(matrix: Matrix, bits: number): number[] {
  return Array.from({ length: bits }, (_, b) =>
    matrix.reduce((mask, image, i) => ((image >>> b) & 1 ? mask | (1 << i) : mask) >>> 0, 0),
  );
}

/** Rank over two elements. */
function rank(rows: readonly number[]): number {
  const basis: number[] = [];
  for (const row of rows) {
    const rest = basis.reduce((r, b) => Math.min(r, (r ^ b) >>> 0), row);
    if (rest > 0) basis.push(rest);
    basis.sort((a, b) => b - a);
  }
  return basis.length;
}

describe('a shift register', () => {
  test.each(LFSR_BITS)('of %i bits runs through every state but 0', (bits) => {
    const shift: Matrix = Array.from({ length: bits }, (_, i) => shifted(bits, (1 << i) >>> 0));
    const identity = power(shift, 0);
    const period = 2 ** bits - 1;
    expect(power(shift, period)).toEqual(identity);
    // Its order divides the period, and no proper divisor is a multiple of it.
    for (const p of primeFactors(period)) expect(power(shift, period / p)).not.toEqual(identity);
    // And it is linear: states are sums of single bits.
    for (const state of [3, 0xa5, 2 ** bits - 1]) expect(shifted(bits, state)).toBe(apply(shift, state));
  });

  test.each(LFSR_BITS)('of %i bits draws as many words as it has states', (bits) => {
    const draw = drawOf(bits);
    const period = 2 ** bits - 1;
    const identity = power(draw, 0);
    expect(power(draw, period)).toEqual(identity);
    for (const p of primeFactors(period)) expect(power(draw, period / p)).not.toEqual(identity);
  });

  test.each([8, 12, 16, 20] as const)(
    'of %i bits draws each word once in a period: r is 2^n / (2^n - 1) of fair',
    (bits) => {
      const register = new Lfsr(bits, 1);
      const seen = new Uint8Array(2 ** bits);
      for (let i = 1; i < 2 ** bits; i++) seen[register.draw()]! += 1;
      expect(seen[0]).toBe(0);
      expect(seen.subarray(1).every((count) => count === 1)).toBe(true);
    },
  );

  // The top k bits of two words up to 28 draws apart take every pair of values (0 pairs once less): no bit of one is a sum of
  // the others. 28 draws are a row of the paper's array.
  test.each([
    [8, 2],
    [12, 4],
    [16, 5],
    [20, 8],
    [24, 9],
    [32, 12],
  ] as const)('of %i bits has independent top %i bits in words 1 to 28 draws apart', (bits, k) => {
    const draw = drawOf(bits);
    for (let lag = 1; lag <= 28; lag++) {
      const rows = transposed(power(draw, lag), bits).slice(-k);
      const own = transposed(power(draw, 0), bits).slice(-k);
      expect(rank([...own, ...rows]), `lag ${lag}`).toBe(2 * k);
    }
  });

  test('of 20 bits would fail with taps 20 and 17 and 20 shifts', () => {
    const old: Matrix = Array.from({ length: 20 }, (_, i) => {
      let state = 1 << i;
      for (let n = 0; n < 20; n++) state = ((state << 1) | (((state >>> 19) ^ (state >>> 16)) & 1)) & 0xfffff;
      return state;
    });
    const top = (matrix: Matrix): number[] => transposed(matrix, 20).slice(-8);
    expect(rank([...top(power(old, 0)), ...top(old)])).toBeLessThan(16);
    expect(power(old, (2 ** 20 - 1) / 5)).toEqual(power(old, 0));
  });

  test('of 8 bits from 1, by hand', () => {
    const register = new Lfsr(8, 1);
    const states = Array.from({ length: 8 }, () => {
      register.shift();
      return register.state;
    });
    expect(states).toEqual([2, 4, 8, 0b10001, 0b100011, 0b1000111, 0b10001110, 0b11100]);
    // Thirteen shifts a draw: ... 56, 113, 226, 196, 137.
    expect(new Lfsr(8, 1).draw()).toBe(137);
  });

  test('has no zero state', () => {
    expect(() => new Lfsr(8, 256)).toThrow('lfsr: the seed must not be 0 in its low 8 bits, got 256');
  });
});

/** A site that drops `drop` bits. */
function site(drop: number, rounding = 'stochastic', randomWidth: 16 | 32 = drop <= 16 ? 16 : 32): Convert {
  return {
    site: 'layer/output',
    hash: siteHash('layer/output'),
    from: drop,
    format: { il: 16, fl: 0 },
    drop,
    rounding: parseRounding(rounding),
    overflow: 'saturate',
    randomWidth,
    statistics: 0,
  };
}

const key = parseSeed(99);

describe('the rows of an array', () => {
  test('are seeded by the generator, by site and step', () => {
    const words = new RandomSite(key, siteHash('layer/output/lfsr'), 4, 32);
    const wanted = [0, 1, 2, 3, 4].map((row) => words.word(row) >>> 20 || 1);
    expect(lfsrRows(5, 12, key, 'layer/output', 4).map(({ state }) => state)).toEqual(wanted);
    expect(lfsrRows(5, 12, key, 'layer/output', 5).map(({ state }) => state)).not.toEqual(wanted);
  });

  test('have different seeds while there are enough', () => {
    for (let step = 0; step < 40; step++) {
      const states = lfsrRows(200, 8, key, 'layer/output', step).map(({ state }) => state);
      expect(new Set(states).size).toBe(200);
    }
    expect(lfsrRows(300, 8, key, 'layer/output', 0)).toHaveLength(300);
  });

  test('draw once a result, padded ones too, each row from its own register', () => {
    const config = arrayConfig({ rows: 3, cols: 2, lfsrBits: 20 });
    const words = randomWords('lfsr', config, { site: 'layer/output', convert: site(20) }, key, 4);
    const registers = lfsrRows(3, 20, key, 'layer/output', 4);
    const drawn = registers.map((register) => [register.draw(), register.draw()]);
    expect(words.next(1, 5)).toBe(drawn[1]![0]! * 2 ** 12);
    expect(words.next(0, -1)).toBe(drawn[0]![0]! * 2 ** 12);
    expect(words.next(0, 3)).toBe(drawn[0]![1]! * 2 ** 12);
    expect(words.next(2, -1)).toBe(drawn[2]![0]! * 2 ** 12);
    expect(words.next(1, 6)).toBe(drawn[1]![1]! * 2 ** 12);
  });

  test('draw nothing where the site rounds without', () => {
    const config = arrayConfig({ rows: 1, cols: 1 });
    const words = randomWords('lfsr', config, { site: 's', convert: site(4, 'nearest-even') }, key, 0);
    expect([words.next(0, 0), words.next(0, 1)]).toEqual([0, 0]);
  });
});

describe('a rounding unit adds the top k bits of the state', () => {
  /** (sum + r) >> drop with r from a register of `bits` bits in the given state, by definition. */
  function expected(sum: bigint, drop: number, bits: number, state: number): bigint {
    const r = drop <= bits ? BigInt(state) >> BigInt(bits - drop) : BigInt(state) << BigInt(drop - bits);
    return (sum + r) >> BigInt(drop);
  }

  function rounded(sum: bigint, drop: number, bits: LfsrBits, step: number): number {
    const config = arrayConfig({ rows: 1, cols: 1, lfsrBits: bits });
    const convert = site(drop);
    const unit = new RoundingUnit(new Converter(convert), { accumulator: 'exact', biasShift: 0 });
    const words = randomWords('lfsr', config, { site: convert.site, convert }, key, step);
    return unit.round(Wide.fromBigInt(sum), 0, words.next(0, 0));
  }

  test.each(LFSR_BITS)('of %i bits, for every number of bits dropped', (bits) => {
    for (let drop = 1; drop <= 40; drop++) {
      const [register] = lfsrRows(1, bits, key, 'layer/output', drop);
      const state = register!.draw();
      const shift = BigInt(drop);
      const added =
        drop <= bits ? BigInt(state) >> BigInt(bits - drop) : BigInt(state) << BigInt(drop - bits);
      // The two sums around the carry, above and below zero.
      for (const base of [0n, 5n << shift, -3n << shift]) {
        const threshold = base + (1n << shift) - added;
        for (const sum of [threshold - 1n, threshold]) {
          expect(rounded(sum, drop, bits, drop)).toBe(Number(expected(sum, drop, bits, state)));
        }
      }
    }
  });

  test('by hand: state 28 of 8 bits, 4 and 12 bits dropped', () => {
    // 00011100: r = 0001 of 4 bits, 000111000000 = 448 of 12 bits.
    const round = (sum: number, drop: number): number => {
      const unit = new RoundingUnit(new Converter(site(drop)), { accumulator: 'exact', biasShift: 0 });
      const wide = new Wide();
      wide.setNumber(sum);
      return unit.round(wide, 0, 28 * 2 ** 8);
    };
    expect([14, 15, 16].map((sum) => round(sum, 4))).toEqual([0, 1, 1]);
    expect([4096 - 449, 4096 - 448].map((sum) => round(sum, 12))).toEqual([0, 1]);
  });

  test('after the bias, and within a narrowed accumulator', () => {
    const unit = new RoundingUnit(new Converter(site(4, 'floor')), { accumulator: 'exact', biasShift: 3 });
    const sum = Wide.fromBigInt(100n);
    expect(unit.round(sum, -5, 0)).toBe((100 - 5 * 8) >> 4);
    expect(sum.toBigInt()).toBe(100n);
    const narrow = new RoundingUnit(new Converter(site(4, 'floor')), {
      accumulator: { width: 8, overflow: 'wrap' },
      biasShift: 3,
    });
    expect(narrow.round(sum, 5, 0)).toBe((100 + 5 * 8 - 256) >> 4);
  });
});
