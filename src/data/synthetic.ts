/**
 * A small built-in data set for tests and first tries offline: 28 x 28 grey images of one bright bar, in ten classes
 * by direction and place, over a few random patches and noise. Made of integers and the counter generator alone, so
 * it is the same on every machine, byte for byte. docs/data.md describes its behaviour.
 */
import { checkOptions, NUMBER, SEED } from '../numerics/arguments.js';
import { parseSeed, RandomSite, siteHash, type Key, type Seed, InputError } from '../numerics/index.js';
import type { DataSet } from './dataset.js';

/** Seed and sizes of the synthetic set. */
export interface SyntheticOptions {
  readonly seed: Seed;
  /** Training examples, default 2000. */
  readonly train?: number;
  /** Test examples, default 500. */
  readonly test?: number;
}

const SIZE = 28;
const PIXELS = SIZE * SIZE;
/** Five places for a horizontal bar, from the top, then five for a vertical one, from the left. */
const PLACES = 5;
/** Patches of other brightness behind each bar. */
const PATCHES = 3;
const LABEL_NAMES = ['row', 'column'].flatMap((direction) =>
  Array.from({ length: PLACES }, (_, place) => `${direction} ${place + 1}`),
);

/**
 * Draws the training and the test part from separate sites, so neither depends on the other's size.
 * Example i has label i mod 10 and depends on seed, part and i alone.
 * @throws RangeError for a count below 1.
 */
export function synthetic(options: SyntheticOptions): { readonly train: DataSet; readonly test: DataSet } {
  checkOptions('synthetic', options, { seed: SEED, train: NUMBER, test: NUMBER });
  const key = parseSeed(options.seed);
  return {
    train: drawPart(key, 'train', options.train ?? 2000),
    test: drawPart(key, 'test', options.test ?? 500),
  };
}

function drawPart(key: Key, part: string, count: number): DataSet {
  if (!(Number.isInteger(count) && count >= 1)) {
    throw new InputError(`synthetic: ${part} must be a whole number of examples from 1, got ${count}`);
  }
  const hash = siteHash(`data/synthetic/${part}`);
  const features = new Uint8Array(count * PIXELS);
  const labels = new Int32Array(count);
  for (let example = 0; example < count; example++) {
    const label = example % LABEL_NAMES.length;
    labels[example] = label;
    const image = features.subarray(example * PIXELS, (example + 1) * PIXELS);
    drawBar(image, label, new RandomSite(key, hash, example, 32));
  }
  return {
    features,
    labels,
    count,
    shape: [SIZE, SIZE, 1],
    classes: LABEL_NAMES.length,
    labelNames: LABEL_NAMES,
  };
}

/** Words 0 to 4 form the bar, the next 15 the patches; from word 32 on they are noise, one byte per pixel. */
function drawBar(image: Uint8Array, label: number, random: RandomSite): void {
  // Without patches the classes are too alike within themselves: fixed point learns them at a rush and diverges.
  for (let word = 5; word < 5 + 5 * PATCHES; word += 5) {
    const top = below(random.word(word), 24);
    const left = below(random.word(word + 1), 24);
    const height = 2 + below(random.word(word + 2), 6);
    const width = 2 + below(random.word(word + 3), 6);
    fill(image, top, left, height, width, 64 + below(random.word(word + 4), 192));
  }
  const vertical = label >= PLACES;
  const place = vertical ? label - PLACES : label;
  // Across the bar a place has 5 pixels and the bar 3 or 4: the next place's bars may overlap this one's.
  const across = 1 + 5 * place + below(random.word(0), 4);
  const thickness = 3 + below(random.word(1), 2);
  const along = 2 + below(random.word(2), 5);
  const length = 19 + below(random.word(3), 3);
  const ink = 192 + below(random.word(4), 64);
  if (vertical) fill(image, along, across, length, thickness, ink);
  else fill(image, across, along, thickness, length, ink);
  for (let at = 0; at < PIXELS; at++) {
    const noise = (random.word(32 + (at >> 2)) >>> ((at & 3) << 3)) & 63;
    image[at] = Math.min(Math.max(image[at]! + noise - 31, 0), 255);
  }
}

/** Fills a rectangle, as far as it lies in the image. */
function fill(
  image: Uint8Array,
  top: number,
  left: number,
  height: number,
  width: number,
  value: number,
): void {
  const right = Math.min(left + width, SIZE);
  for (let y = top; y < Math.min(top + height, SIZE); y++)
    image.fill(value, y * SIZE + left, y * SIZE + right);
}

/** A whole number from 0 to n - 1 from a 32-bit word, by multiply and shift. */
function below(word: number, n: number): number {
  return ((word >>> 16) * n) >>> 16;
}
