/**
 * The binary format of CIFAR-10: records of a label byte and the 3072 bytes of a 32 x 32 image, all its red, then all
 * its green, then all its blue. In memory images are [height, width, channels]. No files here, only bytes.
 */
import { BYTES, checkArgument, listOf, NUMBERS, record, TEXT } from '../numerics/arguments.js';
import { InputError } from '../numerics/index.js';
import type { DataSet } from './dataset.js';
import { DataError } from './errors.js';
import { kindHint } from './file-kind.js';

const SIZE = 32;
const CHANNELS = 3;
const PLANE = SIZE * SIZE;
const IMAGE = CHANNELS * PLANE;
const RECORD = 1 + IMAGE;

/** The content of one file; `name` is what errors call it. */
export interface CifarFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/**
 * Joins the records of files in order into one data set, with a class for every name.
 * @throws DataError if a file is not whole records or a label is out of range.
 */
export function cifarDataSet(files: readonly CifarFile[], labelNames: readonly string[]): DataSet {
  checkArgument('cifar: files', files, listOf(record('{ name, bytes }', { name: TEXT, bytes: BYTES })));
  checkArgument('cifar: labelNames', labelNames, listOf(TEXT));
  const count = files.reduce((sum, file) => sum + recordsOf(file), 0);
  const features = new Uint8Array(count * IMAGE);
  const labels = new Int32Array(count);
  const classes = labelNames.length;
  let example = 0;
  for (const { name, bytes } of files) {
    for (let start = 0; start < bytes.length; start += RECORD) {
      const label = bytes[start]!;
      if (label >= classes) {
        throw new DataError(
          `${name}: labels must be 0 to ${classes - 1}, got ${label} in record ${start / RECORD}`,
        );
      }
      labels[example] = label;
      for (let channel = 0; channel < CHANNELS; channel++) {
        let from = start + 1 + channel * PLANE;
        const end = (example + 1) * IMAGE;
        for (let to = example * IMAGE + channel; to < end; to += CHANNELS) features[to] = bytes[from++]!;
      }
      example++;
    }
  }
  return { features, labels, count, shape: [SIZE, SIZE, CHANNELS], classes, labelNames };
}

/**
 * The records of images given as [count, height, width, channels], which cifarDataSet reads back.
 * @throws RangeError if labels and images do not fit together or a label is not a byte.
 */
export function cifarRecords(images: Uint8Array, labels: ArrayLike<number>): Uint8Array<ArrayBuffer> {
  checkArgument('cifar: images', images, BYTES);
  checkArgument('cifar: labels', labels, NUMBERS);
  const count = labels.length;
  if (images.length !== count * IMAGE) {
    throw new InputError(
      `cifar: ${count} images of 32 x 32 x 3 need ${count * IMAGE} bytes, got ${images.length}`,
    );
  }
  const records = new Uint8Array(count * RECORD);
  for (let example = 0; example < count; example++) {
    const label = labels[example]!;
    if (!(Number.isInteger(label) && label >= 0 && label <= 255)) {
      throw new InputError(`cifar: labels must be 0 to 255, got ${label} for image ${example}`);
    }
    let to = example * RECORD;
    records[to++] = label;
    for (let channel = 0; channel < CHANNELS; channel++) {
      const end = (example + 1) * IMAGE;
      for (let from = example * IMAGE + channel; from < end; from += CHANNELS) records[to++] = images[from]!;
    }
  }
  return records;
}

function recordsOf({ name, bytes }: CifarFile): number {
  const records = bytes.length / RECORD;
  if (Number.isInteger(records) && records > 0) return records;
  throw new DataError(
    `${name}: must be whole records of ${RECORD} bytes (a label and 32 x 32 x 3 pixels), got ${bytes.length} bytes${kindHint(bytes)}`,
  );
}
