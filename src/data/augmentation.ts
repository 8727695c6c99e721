/**
 * Augmentation: training images mirrored and shifted at random. What is done to an image is a function of seed, epoch and
 * the image's place in the data set alone, so batches, shuffling and resuming change nothing. docs/data.md, "Augmentation".
 */
import { parseSeed, RandomSite, siteHash, type Key, type Seed, InputError } from '../numerics/index.js';
import type { DataSet, FeatureShape } from './dataset.js';
import { shapeText } from './examples.js';

/** What is done to training images; at least one of the two. */
export interface Augmentation {
  /** Mirrors left and right with probability 1/2. */
  readonly flip?: boolean;
  /** Takes a window of the image's size, at random, out of the image with a border of this many zero pixels. */
  readonly crop?: number;
}

/** Augments the images of one data set. */
export class Augmenter {
  readonly #key: Key;
  readonly #flip: boolean;
  readonly #crop: number;

  /** @throws RangeError if the examples are not images, nothing is to be done, or a border is as wide as the image. */
  constructor({ flip = false, crop = 0 }: Augmentation, shape: FeatureShape, seed: Seed) {
    checkAugmentation({ flip, crop }, shape);
    this.#key = parseSeed(seed);
    this.#flip = flip;
    this.#crop = crop;
  }

  /** A copy of `batch`, whose example i is number `examples[i]` of the data set, as the epoch shows it. */
  apply(batch: DataSet, examples: ArrayLike<number>, epoch: number): DataSet {
    const [height, width = 0, channels = 0] = batch.shape;
    const size = height * width * channels;
    const { length } = batch.features;
    const features = batch.features instanceof Uint8Array ? new Uint8Array(length) : new Float32Array(length);
    const flips = new RandomSite(this.#key, siteHash('data/flip'), epoch, 32);
    const crops = new RandomSite(this.#key, siteHash('data/crop'), epoch, 32);
    const crop = this.#crop;
    for (let i = 0; i < batch.count; i++) {
      const example = examples[i]!;
      const mirrored = this.#flip && flips.word(example) >>> 31 === 1;
      const word = crop > 0 ? crops.word(example) : 0;
      const down = below(word >>> 16, 2 * crop + 1) - crop;
      const right = below(word & 0xffff, 2 * crop + 1) - crop;
      const source = batch.features.subarray(i * size, (i + 1) * size);
      place(source, features.subarray(i * size), [height, width, channels], down, right, mirrored);
    }
    return { ...batch, features };
  }
}

/** Pixel (y, x) of the target becomes (y + down, x + right) of the source, mirrored: (y + down, width - 1 - x + right). */
function place(
  source: Uint8Array | Float32Array,
  target: Uint8Array | Float32Array,
  [height, width, channels]: readonly [number, number, number],
  down: number,
  right: number,
  mirrored: boolean,
): void {
  for (let y = Math.max(0, -down); y < Math.min(height, height - down); y++) {
    for (let x = 0; x < width; x++) {
      const fromX = (mirrored ? width - 1 - x : x) + right;
      if (fromX < 0 || fromX >= width) continue;
      const from = ((y + down) * width + fromX) * channels;
      const to = (y * width + x) * channels;
      for (let c = 0; c < channels; c++) target[to + c] = source[from + c]!;
    }
  }
}

/** A whole number from 0 to n - 1 from 16 random bits, by multiply and shift. */
function below(bits: number, n: number): number {
  return (bits * n) >>> 16;
}

function checkAugmentation({ flip, crop }: Required<Augmentation>, shape: FeatureShape): void {
  const [height, width] = shape;
  if (width === undefined) {
    throw new InputError(
      `augment: examples must be images [height, width, channels], got ${shapeText(shape)}; leave augmentation out`,
    );
  }
  const most = Math.min(height, width) - 1;
  if (crop !== 0 && !(Number.isInteger(crop) && crop >= 1 && crop <= most)) {
    throw new InputError(
      `augment: crop must be a border of 1 to ${most} pixels for images of ${shapeText(shape)}, got ${crop}`,
    );
  }
  if (!flip && crop === 0) {
    throw new InputError('augment: must be flip, crop, or both, got neither; leave augmentation out');
  }
}
