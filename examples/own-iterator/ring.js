// @ts-check
// An iterator that draws its examples when they are asked for: points of a square, inside of a ring or outside.
/** @import { DataSetIterator, IteratorPosition } from 'fewbit' */
import { parseSeed, RandomSite, siteHash } from 'fewbit/numerics';

const POINTS = 1000;

/** @implements {DataSetIterator} */
export class RingIterator {
  batch = 50;
  /** @type {readonly [size: number]} */
  shape = [2];
  classes = 2;
  labelNames = ['outside', 'inside'];
  totalExamples = POINTS;
  resetSupported = true;
  position = { epoch: 0, cursor: 0 };

  /** @param {number} seed */
  constructor(seed) {
    this.key = parseSeed(seed);
  }

  hasNext() {
    return this.position.cursor < POINTS;
  }

  next(count = this.batch) {
    const { epoch, cursor } = this.position;
    const size = Math.min(count, POINTS - cursor);
    const features = new Float32Array(2 * size);
    const labels = new Int32Array(size);
    // A point is a function of seed, epoch and its number alone, so a position is all that a checkpoint needs.
    const random = new RandomSite(this.key, siteHash('ring'), epoch, 32);
    for (let i = 0; i < size; i++) {
      const x = random.word(2 * (cursor + i)) / 2 ** 31 - 1;
      const y = random.word(2 * (cursor + i) + 1) / 2 ** 31 - 1;
      const square = x * x + y * y;
      features.set([x, y], 2 * i);
      labels[i] = square > 0.2 && square < 0.8 ? 1 : 0;
    }
    this.seek({ epoch, cursor: cursor + size });
    return { features, labels, count: size, shape: this.shape, classes: 2, labelNames: this.labelNames };
  }

  reset() {
    this.seek({ epoch: this.position.epoch + 1, cursor: 0 });
  }

  /** @param {IteratorPosition} position */
  seek(position) {
    this.position = position;
  }
}
