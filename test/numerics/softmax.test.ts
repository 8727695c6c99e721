/** Integer softmax and cross-entropy against the BigInt oracle, and against doubles for the promised accuracy. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  firstLargest,
  MAX_LOSS,
  parseSeed,
  RandomSite,
  siteHash,
  softmaxCrossEntropyRow,
} from '../../src/numerics/index.js';
import {
  exp2Fraction,
  EXP2_COEFFICIENTS,
  LN_2,
  log2Integer,
  LOG2_E,
  MAX_CLASSES,
} from '../../src/numerics/softmax.js';
import { log2Oracle, softmaxOracle } from '../support/oracle.js';

function row(
  logits: readonly number[],
  fl: number,
  target: number,
): { probabilities: Int32Array; loss: number } {
  const probabilities = new Int32Array(logits.length);
  const loss = softmaxCrossEntropyRow(logits, 0, logits.length, fl, target, probabilities, 0);
  return { probabilities, loss };
}

function expectOracle(logits: readonly number[], fl: number, target: number): void {
  const { probabilities, loss } = row(logits, fl, target);
  const wanted = softmaxOracle(logits, fl, target);
  expect([...probabilities]).toEqual(wanted.probabilities.map(Number));
  expect(loss).toBe(Number(wanted.loss));
}

/** Softmax and losses in doubles, good to about 2^-50. */
function doubles(logits: readonly number[], fl: number): { probabilities: number[]; losses: number[] } {
  const largest = Math.max(...logits);
  const distances = logits.map((z) => (largest - z) * 2 ** -fl);
  const powers = distances.map((d) => Math.exp(-d));
  const sum = powers.reduce((a, b) => a + b);
  return { probabilities: powers.map((e) => e / sum), losses: distances.map((d) => d + Math.log(sum)) };
}

/** Largest deviations of a row, in units of 2^-24, losses that saturate left out. */
function deviation(logits: readonly number[], fl: number): { probability: number; loss: number } {
  const exact = doubles(logits, fl);
  const target = logits.length >> 1;
  const { probabilities, loss } = row(logits, fl, target);
  const probability = exact.probabilities.map((p, i) => Math.abs(probabilities[i]! * 2 ** -30 - p) * 2 ** 24);
  const wanted = exact.losses[target]!;
  return {
    probability: Math.max(...probability),
    loss: wanted > 65535 ? 0 : Math.abs(loss * 2 ** -24 - wanted) * 2 ** 24,
  };
}

/** Logits of a format with WL bits, of a given spread, from the counter generator. */
function draw(name: string, classes: number, spreadBits: number): number[] {
  const site = new RandomSite(parseSeed(5), siteHash(name), 0, 32);
  return Array.from({ length: classes }, (_, i) => (site.word(i) | 0) >> (32 - spreadBits));
}

describe('constants', () => {
  it('are the nearest integers to the exact values', () => {
    expect(LOG2_E).toBe(Math.round(Math.LOG2E * 2 ** 30));
    expect(LN_2).toBe(Math.round(Math.LN2 * 2 ** 30));
    let power = 1;
    EXP2_COEFFICIENTS.forEach((coefficient, j) => {
      expect(coefficient).toBe(Math.round(power * 2 ** 30));
      power *= Math.LN2 / (j + 1);
    });
    expect(EXP2_COEFFICIENTS).toHaveLength(11);
  });
});

describe('exp2Fraction', () => {
  it('is within 10.5 units of 2^-30 of 2^-f, never above 1', () => {
    for (let i = 0; i <= 20000; i += 1) {
      const f = Math.min(Math.floor((i * 2 ** 30) / 20000), 2 ** 30 - 1);
      const got = exp2Fraction(f);
      expect(Math.abs(got - 2 ** (30 - f * 2 ** -30))).toBeLessThan(10.5);
      expect(got).toBeLessThanOrEqual(2 ** 30);
    }
    expect(exp2Fraction(0)).toBe(2 ** 30);
  });
});

describe('log2Integer', () => {
  it('is the oracle’s, and within 2^-25 below the logarithm', () => {
    const check = (value: number): void => {
      const got = log2Integer(value);
      expect(got).toBe(Number(log2Oracle(BigInt(value))));
      const below = Math.log2(value) - got * 2 ** -26;
      expect(below).toBeGreaterThan(-(2 ** -40));
      expect(below).toBeLessThan(2 ** -25);
    };
    for (let bit = 0; bit < 53; bit += 1) for (const near of [-1, 0, 1]) check(Math.max(2 ** bit + near, 1));
    fc.assert(fc.property(fc.integer({ min: 1, max: 2 ** 53 - 1 }), check), { numRuns: 2000 });
  });
});

describe('firstLargest', () => {
  it('takes the first of equals, within its row', () => {
    expect(firstLargest([9, 1, 3, 3, 2], 1, 4)).toBe(1);
    expect(firstLargest([-5], 0, 1)).toBe(0);
  });
});

describe('softmaxCrossEntropyRow', () => {
  it('is the oracle’s for every fraction length and spread', () => {
    for (let fl = -40; fl <= 70; fl += 1) {
      for (const spread of [1, 4, 9, 16, 24, 32]) {
        const logits = draw(`oracle ${fl} ${spread}`, 7, spread);
        for (let target = 0; target < 7; target += 3) expectOracle(logits, fl, target);
      }
    }
  });

  it('is the oracle’s at the extremes of 32 bits and where exponentials vanish', () => {
    for (let fl = -40; fl <= 70; fl += 1) {
      for (const z of [-(2 ** 31), -1, 0])
        for (const target of [0, 1]) expectOracle([2 ** 31 - 1, z], fl, target);
    }
    // 2^-30, 2^-31, 2^-40 and 2^-41 are 20.8, 21.5, 27.7 and 28.4 nats below the largest; 999 of them add up.
    for (const nats of [20.6, 20.9, 21.4, 21.6, 27.6, 27.8, 28.3, 28.5]) {
      const logits = Array.from({ length: 1000 }, (_, i) => (i === 500 ? Math.round(nats * 1024) : 0));
      expectOracle(logits, 10, 500);
    }
  });

  it('is the oracle’s for arbitrary rows', () => {
    const raw = fc.oneof(
      fc.integer(),
      fc.integer({ min: -70000, max: 70000 }),
      fc.constantFrom(-(2 ** 31), 2 ** 31 - 1),
    );
    fc.assert(
      fc.property(
        fc.array(raw, { minLength: 1, maxLength: 12 }),
        fc.integer({ min: -12, max: 40 }),
        fc.nat(),
        (z, fl, t) => {
          expectOracle(z, fl, t % z.length);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('holds |p - exact| <= 2^-24 and the loss to 2^-23, for 2 to 1000 classes and every fraction length', () => {
    for (const classes of [2, 3, 10, 100, 1000]) {
      for (let fl = -4; fl <= 36; fl += classes > 100 ? 8 : 1) {
        for (const spread of [2, 8, 12, 16, 20, 26, 32]) {
          const worst = deviation(draw(`accuracy ${classes} ${fl} ${spread}`, classes, spread), fl);
          expect(worst.probability).toBeLessThanOrEqual(1);
          expect(worst.loss).toBeLessThanOrEqual(2);
        }
      }
    }
  });

  it('keeps many small exponentials: one large logit against 999 equal ones, at every distance', () => {
    // Rounded to 30 fraction bits one by one, 999 of them would be off by up to 2^-21.
    for (let distance = 0; distance <= 36; distance += 1) {
      for (const step of [0, 0.25, 0.5, 0.8]) {
        const logits = Array.from({ length: 1000 }, (_, i) =>
          i === 500 ? Math.round((distance + step) * 1024) : 0,
        );
        const worst = deviation(logits, 10);
        expect(worst.probability).toBeLessThanOrEqual(1);
        expect(worst.loss).toBeLessThanOrEqual(2);
      }
    }
  });

  it('holds the bound at the largest number of classes', () => {
    for (const distance of [0, 14.3, 20.7, 27.9, 28.5]) {
      const logits = Array.from({ length: MAX_CLASSES }, (_, i) =>
        i === 3 ? Math.round(distance * 256) : 0,
      );
      const { probabilities } = row(logits, 8, 3);
      const small = Math.exp(-Math.round(distance * 256) / 256);
      expect(Math.abs(probabilities[3]! * 2 ** -30 - 1 / (1 + (MAX_CLASSES - 1) * small))).toBeLessThan(
        2 ** -24,
      );
    }
  });

  it('gives a probability of one to a dominant logit, and equal ones to equal logits', () => {
    expect([...row([5], 3, 0).probabilities]).toEqual([2 ** 30]);
    expect(row([5], 3, 0).loss).toBe(0);
    expect([...row([100, -32768, -32768], 0, 0).probabilities]).toEqual([2 ** 30, 0, 0]);
    expect([...row([7, 7, 7, 7], 3, 2).probabilities]).toEqual([2 ** 28, 2 ** 28, 2 ** 28, 2 ** 28]);
    // ln 4 with 24 fraction bits.
    expect(row([7, 7, 7, 7], 3, 2).loss).toBe(Math.round(Math.log(4) * 2 ** 24));
  });

  it('saturates the loss at 2^40 - 1', () => {
    expect(MAX_LOSS).toBe(2 ** 40 - 1);
    expect(row([65536, 0], 0, 1).loss).toBe(MAX_LOSS);
    expect(row([65535, 0], 0, 1).loss).toBe(65535 * 2 ** 24);
    expect(row([2 ** 31 - 1, -(2 ** 31)], -30, 1).loss).toBe(MAX_LOSS);
    expect(row([1, 0], -17, 1).loss).toBe(MAX_LOSS);
    expect(row([1, 0], -60, 1).loss).toBe(MAX_LOSS);
  });

  it('reads and writes its own row only', () => {
    const logits = Int16Array.of(999, 3, 5, 999);
    const probabilities = new Int32Array(5).fill(-1);
    softmaxCrossEntropyRow(logits, 1, 2, 4, 0, probabilities, 2);
    const wanted = softmaxOracle([3, 5], 4, 0).probabilities.map(Number);
    expect([...probabilities]).toEqual([-1, -1, ...wanted, -1]);
  });

  it('refuses more classes than the bound holds for', () => {
    const logits = new Int16Array(MAX_CLASSES + 1);
    expect(() => row([...logits], 8, 0)).toThrow(RangeError);
    expect(() => row([...logits], 8, 0)).toThrow('softmax: at most 65536 classes, got 65537');
  });
});
