/**
 * Augmentation: every pixel against a plain second implementation, and independence of batches, shuffles and
 * interruptions.
 */
import { describe, expect, test } from 'vitest';
import { ArrayDataSetIterator, type Augmentation, type DataSet } from '../../src/data/index.js';
import { parseSeed, RandomSite, siteHash } from '../../src/numerics/index.js';
import { pairs, range, thrown } from './support.js';

const SEED = 9;

/** Images of 3 x 4 pixels in two channels, none of them zero; the first element is the example's number + 1. */
function images(count: number): DataSet {
  return {
    features: Uint8Array.from(range(count * 24), (i) => (i % 24 === 0 ? i / 24 + 1 : 1 + ((i * 37) % 255))),
    labels: Int32Array.from(range(count), (i) => i % 2),
    count,
    shape: [3, 4, 2],
    classes: 2,
  };
}

/** What an epoch shows of an example: pad, cut a window out, mirror it. */
function retold(
  data: DataSet,
  { flip = false, crop = 0 }: Augmentation,
  epoch: number,
  example: number,
): number[] {
  const word = (site: string): number =>
    new RandomSite(parseSeed(SEED), siteHash(site), epoch, 32).word(example);
  const at = (y: number, x: number, c: number): number =>
    y < 0 || y >= 3 || x < 0 || x >= 4 ? 0 : data.features[example * 24 + (y * 4 + x) * 2 + c]!;
  const places = 2 * crop + 1;
  const top = Math.floor(((word('data/crop') >>> 16) * places) / 65536) - crop;
  const left = Math.floor(((word('data/crop') & 0xffff) * places) / 65536) - crop;
  const window = range(3).map((y) => range(4).map((x) => range(2).map((c) => at(y + top, x + left, c))));
  const mirrored = flip && word('data/flip') >= 2 ** 31;
  return window.flatMap((row) => (mirrored ? row.reverse() : row).flat());
}

const KINDS: readonly Augmentation[] = [{ flip: true }, { crop: 1 }, { crop: 2 }, { flip: true, crop: 2 }];

describe('augmented images', () => {
  test.each(KINDS)('%o: every pixel, in every order and batch', (augment) => {
    const data = images(50);
    for (const options of [{ batch: 50 }, { batch: 7 }, { batch: 8, shuffle: 3 }]) {
      const iterator = new ArrayDataSetIterator(data, { ...options, augment: { ...augment, seed: SEED } });
      const plain = new ArrayDataSetIterator(data, options);
      for (let epoch = 0; epoch < 3; epoch++) {
        while (iterator.hasNext()) {
          const batch = iterator.next();
          const examples = [...plain.next().features]
            .filter((_, i) => i % 24 === 0)
            .map((value) => value - 1);
          expect([...batch.labels]).toEqual(examples.map((example) => example % 2));
          expect([...batch.features]).toEqual(
            examples.flatMap((example) => retold(data, augment, epoch, example)),
          );
        }
        iterator.reset();
        plain.reset();
      }
    }
  });

  test('reach every place and both sides, each about as often as it should', () => {
    const data: DataSet = {
      ...images(1),
      features: new Uint8Array(6000 * 24),
      labels: new Int32Array(6000),
      count: 6000,
    };
    // One bright pixel in the middle tells where the image went.
    for (let i = 0; i < 6000; i++) data.features[i * 24 + (1 * 4 + 1) * 2] = 255;
    const iterator = new ArrayDataSetIterator(data, {
      batch: 6000,
      augment: { seed: SEED, flip: true, crop: 1 },
    });
    const { features } = iterator.next();
    const counts = new Map<number, number>();
    for (let i = 0; i < 6000; i++) {
      const place = features.subarray(i * 24, (i + 1) * 24).indexOf(255) >> 1;
      counts.set(place, (counts.get(place) ?? 0) + 1);
    }
    // Three rows alike; columns 0 to 2 as it is, 1 to 3 mirrored: 0 and 3 have a sixth each, 1 and 2 a third.
    // Their deviations are 18 and 24.
    expect([...counts.keys()].sort((a, b) => a - b)).toEqual(range(12));
    for (const [place, count] of counts) {
      const isEdge = place % 4 === 0 || place % 4 === 3;
      expect(Math.abs(count - (isEdge ? 6000 / 18 : 6000 / 9)), `place ${place}`).toBeLessThan(
        isEdge ? 54 : 72,
      );
    }
  });

  test('work on real values, and leave the data set as it was', () => {
    const data = { ...images(5), features: Float32Array.from(images(5).features, (value) => value / 2) };
    const before = data.features.slice();
    const options = { batch: 5, augment: { seed: SEED, flip: true, crop: 2 } };
    const { features } = new ArrayDataSetIterator(data, options).next();
    expect(features).toBeInstanceOf(Float32Array);
    expect([...features].map((value) => 2 * value)).toEqual(
      range(5).flatMap((example) => retold(images(5), options.augment, 0, example)),
    );
    expect(data.features).toEqual(before);
  });

  test('continue from a position in the middle of an epoch', () => {
    const options = { batch: 4, shuffle: 2, augment: { seed: SEED, flip: true, crop: 1 } };
    const straight = new ArrayDataSetIterator(images(18), options);
    straight.reset();
    straight.next();
    const { position } = straight;
    const resumed = new ArrayDataSetIterator(images(18), options);
    resumed.seek(position);
    while (straight.hasNext()) expect(resumed.next()).toEqual(straight.next());
  });
});

describe('augmentation refuses', () => {
  const thrownBy = (data: DataSet, augment: Augmentation): string =>
    thrown(() => new ArrayDataSetIterator(data, { batch: 2, augment: { ...augment, seed: SEED } }));

  test('data that is not an image', () => {
    expect(thrownBy(pairs(4), { flip: true })).toBe(
      'RangeError: augment: examples must be images [height, width, channels], got 2; leave augmentation out',
    );
  });

  test.each([3, -1, 1.5])('a border of %d pixels', (crop) => {
    expect(thrownBy(images(4), { crop })).toBe(
      `RangeError: augment: crop must be a border of 1 to 2 pixels for images of 3 x 4 x 2, got ${crop}`,
    );
  });

  test('to do nothing', () => {
    expect(thrownBy(images(4), { flip: false })).toBe(
      'RangeError: augment: must be flip, crop, or both, got neither; leave augmentation out',
    );
  });
});
