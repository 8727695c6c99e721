/**
 * Random words by counter, never by state: word = f(seed, site, step, index), the same on every machine.
 * The mapping of an index to block, word and half below never changes. docs/randomness.md has the picture.
 */
import { shown } from './arguments.js';
import { InputError, InputTypeError } from './errors.js';
import { philox4x32 } from './philox.js';

/** A seed as users write it: 64 bits, as a safe integer, a bigint or decimal text. */
export type Seed = number | bigint | string;

/** The generator's key: a seed's two 32-bit halves, unsigned. */
export interface Key {
  readonly lo: number;
  readonly hi: number;
}

/**
 * Reads a seed, an integer from 0 to 2^64 - 1.
 * @throws TypeError for a missing seed or one that is not an integer, RangeError for one outside 64 bits.
 */
export function parseSeed(seed: Seed): Key {
  // Callers without types leave it out; there is no default seed.
  if ((seed as Seed | null | undefined) === undefined || (seed as Seed | null) === null) {
    throw new InputTypeError('seed: a seed is required, got none; pass an integer, for example seed: 1');
  }
  let value: bigint;
  if (typeof seed === 'bigint') {
    value = seed;
  } else if (typeof seed === 'number' && Number.isInteger(seed)) {
    if (!Number.isSafeInteger(seed)) {
      throw new InputError(
        `seed: a number must be at most 2^53 - 1, got ${seed}; write it as decimal text or bigint`,
      );
    }
    value = BigInt(seed);
  } else if (typeof seed === 'string' && /^-?\d+$/.test(seed.trim())) {
    value = BigInt(seed.trim());
  } else {
    throw new InputTypeError(`seed: expected an integer from 0 to 2^64 - 1, got ${shown(seed)}`);
  }
  if (value < 0n || value >= 1n << 64n) {
    throw new InputError(`seed: must be from 0 to 2^64 - 1, got ${value}`);
  }
  return { lo: Number(value & 0xffffffffn), hi: Number(value >> 32n) };
}

/** 32-bit FNV-1a hash of the site name's UTF-8 bytes, unsigned: the generator's site word. */
export function siteHash(name: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(name)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

/**
 * The random words of one site at one step, by element index. Sequential access is cheap: four blocks, that is
 * 16 words or 32 half words, are kept. Counter = (block, site, step low, step high), key = seed.
 */
export class RandomSite {
  readonly width: 16 | 32;
  readonly #words = new Uint32Array(16);
  readonly #block = new Uint32Array(4);
  #group = -1;
  readonly #keyLo: number;
  readonly #keyHi: number;
  readonly #hash: number;
  readonly #stepLo: number;
  readonly #stepHi: number;

  /**
   * @param hash siteHash of the site's name
   * @param step 0-based step, at most 2^53 - 1
   * @param width bits per element
   */
  constructor(key: Key, hash: number, step: number, width: 16 | 32) {
    if (!Number.isSafeInteger(step) || step < 0) {
      throw new InputError(`random site: step must be an integer from 0 to 2^53 - 1, got ${step}`);
    }
    this.width = width;
    this.#keyLo = key.lo;
    this.#keyHi = key.hi;
    this.#hash = hash;
    this.#stepLo = step >>> 0;
    this.#stepHi = Number(BigInt(step) >> 32n);
  }

  /** The unsigned random word, `width` bits, of element `index` (0 .. 2^32 - 1). */
  word(index: number): number {
    if (this.width === 32) {
      this.#load(index >>> 4);
      return this.#words[index & 15]!;
    }
    this.#load(index >>> 5);
    const word = this.#words[((index >>> 1) & 12) | (index & 3)]!;
    return (index & 4) === 0 ? word & 0xffff : word >>> 16;
  }

  /** Fills `words[4 w + lane]` with word w of block 4 group + lane. */
  #load(group: number): void {
    if (group === this.#group) return;
    this.#group = group;
    const words = this.#words;
    const block = this.#block;
    for (let lane = 0; lane < 4; lane += 1) {
      philox4x32(4 * group + lane, this.#hash, this.#stepLo, this.#stepHi, this.#keyLo, this.#keyHi, block);
      for (let w = 0; w < 4; w += 1) words[4 * w + lane] = block[w]!;
    }
  }
}
