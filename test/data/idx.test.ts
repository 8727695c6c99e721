import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { idxDataSet, parseIdx } from '../../src/data/index.js';
import { encodeIdx, range, thrown } from './support.js';

const images = parseIdx(encodeIdx([3, 2, 2], range(12)), 'images');
const labels = parseIdx(encodeIdx([3], [2, 0, 1]), 'labels');

describe('parseIdx', () => {
  test('reads back what was written, in place', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 }), (dimensions) => {
        const data = range(dimensions.reduce((a, b) => a * b));
        // An offset in the buffer, as a Buffer from a pool has.
        const file = encodeIdx(dimensions, data);
        const padded = new Uint8Array(file.length + 5);
        padded.set(file, 5);
        const idx = parseIdx(padded.subarray(5), 'x');
        expect(idx.dimensions).toEqual(dimensions);
        expect([...idx.data]).toEqual(data);
        expect(idx.data.buffer).toBe(padded.buffer);
      }),
    );
  });

  test('every truncation of a file is refused', () => {
    const file = encodeIdx([2, 3], range(6));
    for (let length = 0; length < file.length; length++) {
      expect(() => parseIdx(file.subarray(0, length), 'x')).toThrow();
    }
  });

  const magicRule = 'IDX magic must be 0x00000801 to 0x00000804 (unsigned bytes, 1 to 4 dimensions), got';
  test.each([
    ['corrupt magic', Uint8Array.of(1, 2, 8, 1, 0, 0, 0, 1, 7), `f: ${magicRule} 0x01020801`],
    ['signed bytes', Uint8Array.of(0, 0, 9, 1, 0, 0, 0, 1, 7), `f: ${magicRule} 0x00000901`],
    ['no dimension', Uint8Array.of(0, 0, 8, 0, 7), `f: ${magicRule} 0x00000800`],
    ['five dimensions', encodeIdx([1, 1, 1, 1, 1], [7]), `f: ${magicRule} 0x00000805`],
    [
      'still packed',
      new Uint8Array(gzipSync(encodeIdx([1], [7]))),
      `f: ${magicRule} 0x1f8b0800; it is a gzip file: unpack it with gunzip first`,
    ],
    ['three bytes', Uint8Array.of(0, 0, 8), 'f: an IDX file starts with four magic bytes, got 3 in all'],
    [
      'half a header',
      encodeIdx([3, 2, 2], []).subarray(0, 10),
      'f: the IDX header of 3 dimensions needs 16 bytes, got 10; the file is truncated',
    ],
    [
      'a missing byte',
      encodeIdx([3, 2, 2], range(11)),
      'f: the IDX header promises 3 x 2 x 2 = 12 bytes, got 11; the file is truncated',
    ],
    [
      'two bytes more',
      encodeIdx([3, 2, 2], range(14)),
      'f: the IDX header promises 3 x 2 x 2 = 12 bytes, got 14; 2 trailing bytes',
    ],
    ['nothing in it', encodeIdx([0, 2, 2], []), 'f: every IDX dimension must be at least 1, got 0 x 2 x 2'],
    [
      'absurd dimensions',
      encodeIdx([2 ** 32 - 1, 2 ** 32 - 1], [1]),
      'f: the IDX header promises 4294967295 x 4294967295 = 18446744065119617000 bytes, got 1; the file is truncated',
    ],
  ])('%s', (_, bytes, message) => {
    expect(thrown(() => parseIdx(bytes, 'f'))).toBe(`DataError: ${message}`);
  });
});

describe('idxDataSet', () => {
  test('grey images', () => {
    const data = idxDataSet(images, labels);
    expect(data).toEqual({
      features: Uint8Array.from(range(12)),
      labels: Int32Array.of(2, 0, 1),
      count: 3,
      shape: [2, 2, 1],
      classes: 3,
    });
    expect(data.features.buffer).toBe(images.data.buffer);
  });

  test('colour images, flat vectors, names, more classes than labels seen', () => {
    const colour = parseIdx(encodeIdx([3, 1, 2, 3], range(18)), 'images');
    expect(idxDataSet(colour, labels).shape).toEqual([1, 2, 3]);
    const flat = parseIdx(encodeIdx([3, 4], range(12)), 'images');
    expect(idxDataSet(flat, labels).shape).toEqual([4]);
    const named = idxDataSet(images, labels, { classes: 4, labelNames: ['a', 'b', 'c', 'd'] });
    expect(named.classes).toBe(4);
    expect(named.labelNames).toEqual(['a', 'b', 'c', 'd']);
  });

  test.each([
    [
      'count mismatch',
      images,
      parseIdx(encodeIdx([2], [1, 0]), 'labels'),
      'labels: every image needs one label, got 2 labels for the 3 images of images',
    ],
    [
      'label out of range',
      images,
      parseIdx(encodeIdx([3], [0, 3, 9]), 'labels'),
      'labels: labels must be 0 to 2, got 3 at example 1',
    ],
    ['labels for images', labels, labels, 'labels: images need 2 to 4 dimensions, got 3'],
    ['images for labels', images, images, 'images: labels need 1 dimension, got 3 x 2 x 2'],
  ])('%s', (_, first, second, message) => {
    expect(thrown(() => idxDataSet(first, second, { classes: 3 }))).toBe(`DataError: ${message}`);
  });
});
