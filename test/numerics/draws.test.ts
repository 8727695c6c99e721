/** Shuffled orders and initial weights: their values, word by word, and their fairness. */
import { describe, expect, it } from 'vitest';
import {
  normalWeights,
  parseSeed,
  shuffledOrder,
  siteHash,
  uniformWeights,
} from '../../src/numerics/index.js';
import { randomWordOracle } from '../support/oracle.js';

const seed = 11;
const key = parseSeed(seed);

describe('shuffledOrder', () => {
  it('is Fisher-Yates from the end with word i at position i', () => {
    for (const [epoch, count] of [
      [0, 1],
      [0, 2],
      [3, 40],
      [2 ** 40, 17],
    ] as const) {
      const order = Array.from({ length: count }, (_, i) => i);
      for (let i = count - 1; i > 0; i -= 1) {
        const word = BigInt(randomWordOracle(seed, siteHash('data/shuffle'), epoch, i, 32));
        const j = Number((word * BigInt(i + 1)) >> 32n);
        [order[i], order[j]] = [order[j]!, order[i]!];
      }
      expect([...shuffledOrder(key, 'data/shuffle', epoch, count)]).toEqual(order);
    }
  });

  it('is a permutation, different in each epoch', () => {
    const first = shuffledOrder(key, 'data/shuffle', 0, 1000);
    expect([...first].sort((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, i) => i));
    expect(shuffledOrder(key, 'data/shuffle', 1, 1000)).not.toEqual(first);
    expect(shuffledOrder(key, 'data/shuffle', 0, 1000)).toEqual(first);
    expect(shuffledOrder(key, 'data/shuffle', 0, 0)).toEqual(new Uint32Array(0));
  });

  it('takes all 24 orders of four about equally often', () => {
    const counts = new Map<string, number>();
    for (let epoch = 0; epoch < 4800; epoch += 1) {
      const order = shuffledOrder(key, 'data/shuffle', epoch, 4).join('');
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(24);
    // Chi square with 23 degrees of freedom: 49.7 is its 0.1 % point. The key is fixed, so this never flickers.
    const chiSquare = [...counts.values()].reduce((sum, n) => sum + (n - 200) ** 2 / 200, 0);
    expect(chiSquare).toBeLessThan(49.7);
  });
});

describe('normalWeights', () => {
  it('is the sum of twelve 16-bit words, centred', () => {
    const hash = siteHash('dense1/weight.init');
    const weights = normalWeights(key, 'dense1/weight.init', 50);
    for (let i = 0; i < 50; i += 1) {
      let sum = 0;
      for (let j = 0; j < 12; j += 1) sum += randomWordOracle(seed, hash, 0, 12 * i + j, 16);
      expect(weights[i]).toBe((2 * sum - 12 * 65535) / 131072);
    }
  });

  it('has the moments of a standard normal', () => {
    const weights = normalWeights(key, 'dense1/weight.init', 40000);
    const moment = (power: number): number =>
      weights.reduce((sum, z) => sum + z ** power, 0) / weights.length;
    expect(Math.abs(moment(1))).toBeLessThan(0.02);
    expect(Math.abs(moment(2) - 1)).toBeLessThan(0.03);
    // Irwin-Hall of twelve: kurtosis 2.9 instead of 3.
    expect(Math.abs(moment(4) - 2.9)).toBeLessThan(0.15);
    expect(Math.max(...weights)).toBeLessThan(6);
  });
});

describe('uniformWeights', () => {
  it('is one 16-bit word an element, centred in (-1, 1)', () => {
    const hash = siteHash('dense1/weight.init');
    const weights = uniformWeights(key, 'dense1/weight.init', 200);
    weights.forEach((weight, i) => {
      expect(weight).toBe((2 * randomWordOracle(seed, hash, 0, i, 16) - 65535) / 65536);
      expect(Math.abs(weight)).toBeLessThan(1);
    });
  });
});
