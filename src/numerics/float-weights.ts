/**
 * Draws of initial weights from the counter generator: standard normal and uniform doubles, exact on every machine
 * (sums of integers scaled by a power of two). Scaling them and rounding to a format is the caller's.
 */
import { RandomSite, siteHash, type Key } from './random.js';

/**
 * `count` standard normal numbers by Irwin-Hall: element i is (2 * sum - 12 * 65535) * 2^-17 of the twelve 16-bit words
 * 12 i .. 12 i + 11 of the site at step 0. Mean exactly 0, variance 1 - 2^-32, |z| < 6.
 */
export function normalWeights(key: Key, siteName: string, count: number): Float64Array {
  const site = new RandomSite(key, siteHash(siteName), 0, 16);
  return Float64Array.from({ length: count }, (_, i) => {
    let sum = 0;
    for (let j = 0; j < 12; j += 1) sum += site.word(12 * i + j);
    return (2 * sum - 12 * 65535) * 2 ** -17;
  });
}

/** `count` numbers uniform in (-1, 1): element i is (2 * word + 1 - 65536) * 2^-16 of 16-bit word i at step 0. */
export function uniformWeights(key: Key, siteName: string, count: number): Float64Array {
  const site = new RandomSite(key, siteHash(siteName), 0, 16);
  return Float64Array.from({ length: count }, (_, i) => (2 * site.word(i) + 1 - 65536) * 2 ** -16);
}
