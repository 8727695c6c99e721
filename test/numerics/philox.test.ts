/** Philox4x32-10 against the known-answer vectors published with Random123 (kat_vectors). */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { philox4x32 } from '../../src/numerics/index.js';
import { philoxOracle } from '../support/oracle.js';

interface Vector {
  readonly counter: readonly [number, number, number, number];
  readonly key: readonly [number, number];
  readonly words: readonly number[];
}

const VECTORS: readonly [Vector, Vector, Vector] = [
  {
    counter: [0, 0, 0, 0],
    key: [0, 0],
    words: [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
  },
  {
    counter: [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
    key: [0xffffffff, 0xffffffff],
    words: [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
  },
  {
    // The digits of pi.
    counter: [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
    key: [0xa4093822, 0x299f31d0],
    words: [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
  },
];

describe('philox4x32', () => {
  for (const { counter, key, words } of VECTORS) {
    it(`gives the published words of counter ${counter.join(' ')}`, () => {
      const out = new Uint32Array(4);
      philox4x32(...counter, ...key, out);
      expect([...out]).toEqual(words);
      expect(philoxOracle(counter.map(BigInt), key.map(BigInt)).map(Number)).toEqual(words);
    });
  }

  it('agrees with the oracle on arbitrary counters and keys', () => {
    const word = fc.integer({ min: 0, max: 2 ** 32 - 1 });
    fc.assert(
      fc.property(fc.tuple(word, word, word, word), fc.tuple(word, word), (counter, key) => {
        const out = new Uint32Array(4);
        philox4x32(...counter, ...key, out);
        expect([...out]).toEqual(philoxOracle(counter.map(BigInt), key.map(BigInt)).map(Number));
      }),
    );
  });

  it('writes at the offset and nowhere else', () => {
    const out = new Uint32Array(6).fill(7);
    philox4x32(...VECTORS[0].counter, ...VECTORS[0].key, out, 1);
    expect([...out]).toEqual([7, ...VECTORS[0].words, 7]);
  });
});
