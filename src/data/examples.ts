/**
 * Small operations on whole data sets: check, slice, select, split. They never change their input;
 * a slice shares its memory, a selection copies.
 */
import {
  checkArgument,
  instanceRule,
  listOf,
  NUMBER,
  NUMBERS,
  optional,
  record,
  TEXT,
  wholeNumber,
} from '../numerics/arguments.js';
import { parseSeed, shuffledOrder, type Seed, InputError } from '../numerics/index.js';
import type { DataSet, FeatureShape } from './dataset.js';

export const SHAPE = listOf(NUMBER, 'a shape, [height, width, channels] or [size]');

/** What the parts of a data set are; whether they fit together is `checkDataSet`. */
export const DATA_SET = record('a DataSet { features, labels, count, shape, classes }', {
  features: instanceRule('features', Uint8Array, Float32Array),
  labels: instanceRule('labels', Int32Array),
  count: NUMBER,
  shape: SHAPE,
  classes: NUMBER,
  labelNames: optional(listOf(TEXT)),
});

/** Elements of one example. */
export function exampleSize(shape: FeatureShape): number {
  checkArgument('shape', shape, SHAPE);
  return shape.reduce((product: number, size) => product * size, 1);
}

/** The shape as text, `28 x 28 x 1`. */
export function shapeText(shape: readonly number[]): string {
  return shape.join(' x ');
}

/**
 * Checks that the parts of a data set fit together.
 * @throws RangeError that names the part: shape, sizes, or the first label outside 0..classes-1.
 */
export function checkDataSet(data: DataSet, who = 'data set'): void {
  checkArgument(who, data, DATA_SET);
  const { features, labels, count, shape, classes, labelNames, columns, normalizer } = data;
  if (!Number.isInteger(count) || count < 1) {
    throw new InputError(`${who}: needs at least one example, got count ${count}`);
  }
  if (shape.some((size) => !Number.isInteger(size) || size < 1)) {
    throw new InputError(
      `${who}: every size of the shape must be a whole number from 1, got ${shapeText(shape)}`,
    );
  }
  const expected = count * exampleSize(shape);
  if (features.length !== expected) {
    throw new InputError(
      `${who}: ${count} examples of ${shapeText(shape)} need ${expected} features, got ${features.length}`,
    );
  }
  if (labels.length !== count) {
    throw new InputError(`${who}: every example needs one label, got ${labels.length} for ${count}`);
  }
  if (labelNames !== undefined && labelNames.length !== classes) {
    throw new InputError(`${who}: every class needs one name, got ${labelNames.length} for ${classes}`);
  }
  const size = exampleSize(shape);
  if (columns !== undefined && columns.features.length !== size) {
    throw new InputError(
      `${who}: every feature column needs one name, got ${columns.features.length} for ${size}`,
    );
  }
  if (normalizer !== undefined && normalizer.offset.length !== size) {
    throw new InputError(
      `${who}: the normalizer must have statistics of ${size} features, got ${normalizer.offset.length}`,
    );
  }
  const wrong = labels.findIndex((label) => label < 0 || label >= classes);
  if (wrong >= 0) {
    throw new InputError(
      `${who}: label of example ${wrong} must be 0 to ${classes - 1}, got ${labels[wrong]}`,
    );
  }
}

/** Examples start to end - 1, in memory shared with `data`. */
export function sliceExamples(data: DataSet, start: number, end: number): DataSet {
  checkArgument('slice: data', data, DATA_SET);
  checkArgument('slice: start', start, wholeNumber());
  checkArgument('slice: end', end, wholeNumber());
  const size = exampleSize(data.shape);
  return {
    ...data,
    features: data.features.subarray(start * size, end * size),
    labels: data.labels.subarray(start, end),
    count: end - start,
  };
}

/**
 * The examples at `indices`, in that order, copied; an index may occur more than once.
 * @throws RangeError for an index outside 0..count-1.
 */
export function selectExamples(data: DataSet, indices: ArrayLike<number>): DataSet {
  checkArgument('select: data', data, DATA_SET);
  checkArgument('select: indices', indices, NUMBERS);
  const size = exampleSize(data.shape);
  const count = indices.length;
  const features =
    data.features instanceof Uint8Array ? new Uint8Array(count * size) : new Float32Array(count * size);
  const labels = new Int32Array(count);
  for (let to = 0; to < count; to++) {
    const from = indices[to]!;
    if (!(Number.isInteger(from) && from >= 0 && from < data.count)) {
      throw new InputError(`select: index must be 0 to ${data.count - 1}, got ${from}`);
    }
    labels[to] = data.labels[from]!;
    // Examples lie apart: to touch each of them first lets the processor fetch many at a time, in half the time.
    features[to * size] = data.features[from * size]!;
    features[(to + 1) * size - 1] = data.features[(from + 1) * size - 1]!;
  }
  for (let to = 0; to < count; to++) {
    const from = indices[to]!;
    features.set(data.features.subarray(from * size, (from + 1) * size), to * size);
  }
  return { ...data, features, labels, count };
}

/**
 * Splits at random but repeatably: the first part gets `fraction` of the examples (rounded to the nearest
 * whole number), the second the rest. Equal seeds give equal parts on every machine.
 * @throws RangeError if a part would be empty.
 */
export function splitDataSet(data: DataSet, fraction: number, seed: Seed): [first: DataSet, second: DataSet] {
  checkArgument('split: data', data, DATA_SET);
  checkArgument('split: fraction', fraction, NUMBER);
  const cut = Math.floor(data.count * fraction + 0.5);
  if (!(cut >= 1 && cut < data.count)) {
    throw new InputError(
      `split: both parts need an example, got fraction ${fraction} of ${data.count} examples; choose a fraction between 0 and 1`,
    );
  }
  const order = shuffledOrder(parseSeed(seed), 'data/split', 0, data.count);
  return [selectExamples(data, order.subarray(0, cut)), selectExamples(data, order.subarray(cut))];
}
