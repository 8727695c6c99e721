/**
 * A small built-in data set for tests and first tries offline: 28 x 28 grey images of the ten digits as seven
 * bars, with random place, size, slant, brightness and noise. Made of integers and the counter generator alone,
 * so it is the same on every machine, byte for byte. It is not MNIST and far easier.
 */
import { parseSeed, RandomSite, siteHash, type Key, type Seed } from '../numerics/index.js';
import type { DataSet } from './dataset.js';

export interface SyntheticOptions {
  readonly seed: Seed;
  /** Training examples, default 2000. */
  readonly train?: number;
  /** Test examples, default 500. */
  readonly test?: number;
}

const SIZE = 28;
const PIXELS = SIZE * SIZE;
/** Bars lit for each digit, bit by bit: top, upper right, lower right, bottom, lower left, upper left, middle. */
const DIGITS = [0x3f, 0x06, 0x5b, 0x4f, 0x66, 0x6d, 0x7d, 0x07, 0x7f, 0x6f];

/**
 * Draws the training and the test part from sites of their own, so neither depends on the other's size.
 * Example i has label i mod 10 and depends on seed, part and i alone.
 * @throws RangeError for a count below 1.
 */
export function synthetic(options: SyntheticOptions): { readonly train: DataSet; readonly test: DataSet } {
  const key = parseSeed(options.seed);
  return {
    train: drawPart(key, 'train', options.train ?? 2000),
    test: drawPart(key, 'test', options.test ?? 500),
  };
}

function drawPart(key: Key, part: string, count: number): DataSet {
  if (!(Number.isInteger(count) && count >= 1)) {
    throw new RangeError(`synthetic: ${part} must be a whole number of examples from 1, got ${count}`);
  }
  const hash = siteHash(`data/synthetic/${part}`);
  const features = new Uint8Array(count * PIXELS);
  const labels = new Int32Array(count);
  for (let example = 0; example < count; example++) {
    const digit = example % 10;
    labels[example] = digit;
    drawDigit(
      features.subarray(example * PIXELS, (example + 1) * PIXELS),
      digit,
      new RandomSite(key, hash, example, 32),
    );
  }
  return { features, labels, count, shape: [SIZE, SIZE, 1], classes: 10 };
}

/** Words 0..7 place the digit, the rest are noise: one byte a pixel. */
function drawDigit(image: Uint8Array, digit: number, random: RandomSite): void {
  const left = 6 + below(random.word(0), 6);
  const top = 2 + below(random.word(1), 7);
  const right = left + 8 + below(random.word(2), 5);
  const bottom = top + 14 + below(random.word(3), 5);
  const thickness = 2 + below(random.word(4), 2);
  const slant = below(random.word(5), 9) - 4;
  const ink = 160 + below(random.word(6), 96);
  const bars = DIGITS[digit]!;
  const middle = (top + bottom - thickness + 1) >> 1;
  for (let y = 0; y < SIZE; y++) {
    const shift = ((middle - y) * slant) >> 4;
    for (let x = 0; x < SIZE; x++) {
      const at = y * SIZE + x;
      const noise = (random.word(8 + (at >> 2)) >>> ((at & 3) << 3)) & 0xff;
      const lit = (bars & barsAt(x - shift, y, left, top, right, bottom, middle, thickness)) !== 0;
      // Ink flickers by up to 63, the ground by up to 31, and one ground pixel in 64 is a speck.
      if (lit) image[at] = ink - (noise & 63);
      else image[at] = noise >= 252 ? 128 + (noise & 3) * 32 : noise & 31;
    }
  }
}

/** The bars that cover the point, as bits in the order of DIGITS. */
function barsAt(
  x: number,
  y: number,
  left: number,
  top: number,
  right: number,
  bottom: number,
  middle: number,
  thickness: number,
): number {
  if (x < left || x > right || y < top || y > bottom) return 0;
  const upper = y < middle + thickness;
  const lower = y >= middle;
  let bars = 0;
  if (y < top + thickness) bars |= 0x01;
  if (x > right - thickness) bars |= (upper ? 0x02 : 0) | (lower ? 0x04 : 0);
  if (y > bottom - thickness) bars |= 0x08;
  if (x < left + thickness) bars |= (lower ? 0x10 : 0) | (upper ? 0x20 : 0);
  if (upper && lower) bars |= 0x40;
  return bars;
}

/** A whole number from 0 to n - 1 from a 32-bit word, by multiply and shift. */
function below(word: number, n: number): number {
  return ((word >>> 16) * n) >>> 16;
}
