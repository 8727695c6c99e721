import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cifarDataSet, cifarRecords, type CifarFile } from '../../src/data/index.js';
import { range, thrown } from './support.js';

const NAMES = ['a', 'b', 'c'];
const RECORD = 3073;

/** Records whose bytes encode their position: label, then byte p of record r. */
function file(name: string, labels: readonly number[]): CifarFile {
  const bytes = new Uint8Array(labels.length * RECORD);
  labels.forEach((label, record) => {
    bytes[record * RECORD] = label;
    for (let p = 0; p < 3072; p++) bytes[record * RECORD + 1 + p] = (7 * record + p * p) & 255;
  });
  return { name, bytes };
}

describe('cifarDataSet', () => {
  test('turns planes into pixels, and joins files in order', () => {
    const files = [file('one', [2, 0]), file('two', [1])];
    const data = cifarDataSet(files, NAMES);
    expect(data).toMatchObject({ count: 3, shape: [32, 32, 3], classes: 3, labelNames: NAMES });
    expect([...data.labels]).toEqual([2, 0, 1]);
    const records = [files[0]!.bytes.subarray(0, RECORD), files[0]!.bytes.subarray(RECORD), files[1]!.bytes];
    const expected = records.flatMap((record) =>
      range(3072).map((i) => record[1 + (i % 3) * 1024 + Math.floor(i / 3)]!),
    );
    expect([...data.features]).toEqual(expected);
  });

  test.each([
    [[{ name: 'x.bin', bytes: new Uint8Array(RECORD + 1) }], 'got 3074 bytes'],
    [[{ name: 'x.bin', bytes: new Uint8Array(0) }], 'got 0 bytes; it is empty: fetch the file again'],
  ])('%# refuses data that is not whole records', (files, got) => {
    expect(thrown(() => cifarDataSet(files, NAMES))).toBe(
      `DataError: x.bin: must be whole records of 3073 bytes (a label and 32 x 32 x 3 pixels), ${got}`,
    );
  });

  test('refuses a label without a name', () => {
    expect(thrown(() => cifarDataSet([file('one', [0]), file('x.bin', [2, 3])], NAMES))).toBe(
      'DataError: x.bin: labels must be 0 to 2, got 3 in record 1',
    );
  });
});

describe('cifarRecords', () => {
  test('is the inverse', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(fc.integer({ min: 0, max: 2 }), fc.uint8Array({ minLength: 3072, maxLength: 3072 })),
          {
            minLength: 1,
            maxLength: 3,
          },
        ),
        (images) => {
          const labels = images.map(([label]) => label);
          const pixels = Uint8Array.from(images.flatMap(([, image]) => [...image]));
          const data = cifarDataSet([{ name: 'x', bytes: cifarRecords(pixels, labels) }], NAMES);
          expect([...data.labels]).toEqual(labels);
          expect(data.features).toEqual(pixels);
        },
      ),
      { numRuns: 20 },
    );
  });

  test('refuses images and labels that do not fit together', () => {
    expect(thrown(() => cifarRecords(new Uint8Array(3072), [1, 2]))).toBe(
      'RangeError: cifar: 2 images of 32 x 32 x 3 need 6144 bytes, got 3072',
    );
    expect(thrown(() => cifarRecords(new Uint8Array(6144), [1, 256]))).toBe(
      'RangeError: cifar: labels must be 0 to 255, got 256 for image 1',
    );
  });
});
