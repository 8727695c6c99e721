/** Shuffled orders from the counter generator: the order of an epoch's examples. docs/randomness.md, section "Shuffles". */
import { RandomSite, siteHash, type Key } from './random.js';
import { multiplyHighUnsigned } from './wide.js';

/**
 * A permutation of 0 .. count - 1 by Fisher-Yates, from the last position down: position i changes places with
 * j = (word * (i + 1)) >> 32, word the 32-bit word i of the site at step `epoch`. Each j in 0 .. i has a probability
 * within 2^-32 of 1 / (i + 1).
 */
export function shuffledOrder(key: Key, siteName: string, epoch: number, count: number): Uint32Array {
  const site = new RandomSite(key, siteHash(siteName), epoch, 32);
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i -= 1) {
    const j = multiplyHighUnsigned(site.word(i), i + 1);
    const last = order[i]!;
    order[i] = order[j]!;
    order[j] = last;
  }
  return order;
}
