/** Seeds, sites and the mapping of an element's index to its random word. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseSeed, philox4x32, RandomSite, siteHash, type Seed } from '../../src/numerics/index.js';
import { randomWordOracle, siteHashOracle } from '../support/oracle.js';

describe('parseSeed', () => {
  it.each<[Seed, number, number]>([
    [0, 0, 0],
    [1, 1, 0],
    [2 ** 53 - 1, 0xffffffff, 0x1fffff],
    [2n ** 64n - 1n, 0xffffffff, 0xffffffff],
    ['18446744073709551615', 0xffffffff, 0xffffffff],
    [' 4294967296 ', 0, 1],
    [0x123456789abcdef0n, 0x9abcdef0, 0x12345678],
  ])('splits %s into halves', (seed, lo, hi) => {
    expect(parseSeed(seed)).toEqual({ lo, hi });
  });

  it.each<[unknown, typeof TypeError | typeof RangeError, string]>([
    [undefined, TypeError, 'seed: a seed is required, got none; pass an integer, for example seed: 1'],
    [null, TypeError, 'seed: a seed is required, got none; pass an integer, for example seed: 1'],
    [1.5, TypeError, 'seed: expected an integer from 0 to 2^64 - 1, got 1.5'],
    [NaN, TypeError, 'seed: expected an integer from 0 to 2^64 - 1, got NaN'],
    ['0x10', TypeError, 'seed: expected an integer from 0 to 2^64 - 1, got "0x10"'],
    ['', TypeError, 'seed: expected an integer from 0 to 2^64 - 1, got ""'],
    [true, TypeError, 'seed: expected an integer from 0 to 2^64 - 1, got true'],
    [-1, RangeError, 'seed: must be from 0 to 2^64 - 1, got -1'],
    ['-7', RangeError, 'seed: must be from 0 to 2^64 - 1, got -7'],
    [2n ** 64n, RangeError, 'seed: must be from 0 to 2^64 - 1, got 18446744073709551616'],
    [
      2 ** 53,
      RangeError,
      'seed: a number must be at most 2^53 - 1, got 9007199254740992; write it as decimal text or bigint',
    ],
  ])('refuses %s', (seed, kind, message) => {
    expect(() => parseSeed(seed as Seed)).toThrow(kind);
    expect(() => parseSeed(seed as Seed)).toThrow(message);
  });
});

describe('siteHash', () => {
  it('is FNV-1a: the published vectors', () => {
    expect(siteHash('')).toBe(0x811c9dc5);
    expect(siteHash('a')).toBe(0xe40c292c);
    expect(siteHash('foobar')).toBe(0xbf9cf968);
  });

  it('hashes UTF-8', () => {
    for (const name of ['conv1/output', 'dense2/weight.update', 'größe/重み', '😀']) {
      expect(siteHash(name)).toBe(siteHashOracle(name));
    }
  });
});

describe('RandomSite', () => {
  const seed = 0x0123456789abcdefn;
  const key = parseSeed(seed);
  const hash = siteHash('conv1/output');

  it.each<16 | 32>([16, 32])('width %i: maps indices as the oracle does', (width) => {
    for (const step of [0, 1, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1]) {
      const site = new RandomSite(key, hash, step, width);
      for (const start of [0, 1000, 2 ** 31 - 8, 2 ** 32 - 40]) {
        for (let i = start; i < start + 40; i += 1) {
          expect(site.word(i)).toBe(randomWordOracle(seed, hash, step, i, width));
        }
      }
    }
  });

  it('width 32: 16 consecutive elements are word 0 of four blocks, then word 1 of them ...', () => {
    const site = new RandomSite(key, hash, 7, 32);
    const blocks = [0, 1, 2, 3].map((lane) => {
      const out = new Uint32Array(4);
      philox4x32(4 * 5 + lane, hash, 7, 0, key.lo, key.hi, out);
      return out;
    });
    const wanted = [0, 1, 2, 3].flatMap((w) => blocks.map((block) => block[w]));
    expect(Array.from({ length: 16 }, (_, i) => site.word(5 * 16 + i))).toEqual(wanted);
  });

  it('width 16: 32 consecutive elements are the low halves of four words, then their high halves ...', () => {
    const wide = new RandomSite(key, hash, 7, 32);
    const narrow = new RandomSite(key, hash, 7, 16);
    for (let i = 0; i < 16 * 20; i += 1) {
      const place = 32 * (i >> 4) + 8 * ((i >> 2) & 3) + (i & 3);
      expect(narrow.word(place) + 65536 * narrow.word(place + 4)).toBe(wide.word(i));
    }
  });

  it('does not depend on the order of access', () => {
    const inOrder = new RandomSite(key, hash, 3, 16);
    const words = Array.from({ length: 200 }, (_, i) => inOrder.word(i));
    const site = new RandomSite(key, hash, 3, 16);
    fc.assert(
      fc.property(fc.nat(199), (i) => {
        expect(site.word(i)).toBe(words[i]);
      }),
      { numRuns: 500 },
    );
  });

  it('differs by seed, site and step', () => {
    const first = (lo: number, site: string, step: number): string => {
      const random = new RandomSite({ lo, hi: 0 }, siteHash(site), step, 32);
      return Array.from({ length: 4 }, (_, i) => random.word(i)).join();
    };
    const draws = [
      first(1, 'a', 0),
      first(2, 'a', 0),
      first(1, 'b', 0),
      first(1, 'a', 1),
      first(1, 'a', 2 ** 32),
    ];
    expect(new Set(draws).size).toBe(5);
  });

  it.each([-1, 0.5, 2 ** 53, NaN])('refuses step %d', (step) => {
    expect(() => new RandomSite(key, hash, step, 16)).toThrow(RangeError);
    expect(() => new RandomSite(key, hash, step, 16)).toThrow(
      `random site: step must be an integer from 0 to 2^53 - 1, got ${step}`,
    );
  });
});
