/**
 * IDX, the file format of MNIST: a header of big-endian integers, then the bytes. Only unsigned bytes are read.
 * Strict: what the header promises must be exactly what the file holds. No files here, only bytes.
 */
import {
  BYTES,
  checkArgument,
  checkOptions,
  listOf,
  NUMBER,
  record,
  TEXT,
  wholeNumber,
} from '../numerics/arguments.js';
import type { DataSet, FeatureShape } from './dataset.js';
import { DataError } from './errors.js';
import { shapeText } from './examples.js';
import { kindHint } from './file-kind.js';

/** The content of one IDX file; `data` shares memory with the bytes it was read from. */
export interface IdxArray {
  /** What errors call it, usually the file name. */
  readonly name: string;
  readonly dimensions: readonly number[];
  readonly data: Uint8Array;
}

const IDX_ARRAY = record('an array of parseIdx, { name, dimensions, data }', {
  name: TEXT,
  dimensions: listOf(NUMBER),
  data: BYTES,
});
const UNSIGNED_BYTE = 0x08;

/** The head of an IDX file: what it promises. */
export interface IdxHeader {
  readonly dimensions: readonly number[];
  /** Bytes of the head, and of the elements that follow. */
  readonly headBytes: number;
  readonly dataBytes: number;
}

/**
 * Reads the head of an IDX file of unsigned bytes in one to four dimensions.
 * @param bytes the file, or its beginning with at least 20 bytes
 * @throws DataError for anything else.
 */
export function parseIdxHeader(bytes: Uint8Array, name: string): IdxHeader {
  checkArgument('idx: bytes', bytes, BYTES);
  checkArgument('idx: name', name, TEXT);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 4) {
    throw new DataError(
      `${name}: an IDX file starts with four magic bytes, got ${bytes.length} in all${kindHint(bytes)}`,
    );
  }
  const magic = view.getUint32(0);
  const [zero, type, rank] = [magic >>> 16, (magic >>> 8) & 0xff, magic & 0xff];
  if (zero !== 0 || type !== UNSIGNED_BYTE || rank < 1 || rank > 4) {
    throw new DataError(
      `${name}: IDX magic must be 0x00000801 to 0x00000804 (unsigned bytes, 1 to 4 dimensions), got 0x${magic.toString(16).padStart(8, '0')}${kindHint(bytes)}`,
    );
  }
  const headBytes = 4 + 4 * rank;
  if (bytes.length < headBytes) {
    throw new DataError(
      `${name}: the IDX header of ${rank} dimensions needs ${headBytes} bytes, got ${bytes.length}; the file is truncated`,
    );
  }
  const dimensions = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
  const dataBytes = dimensions.reduce((product, size) => product * size, 1);
  if (dataBytes === 0) {
    throw new DataError(`${name}: every IDX dimension must be at least 1, got ${shapeText(dimensions)}`);
  }
  return { dimensions, headBytes, dataBytes };
}

/** Reads an IDX file of unsigned bytes in one to four dimensions. @throws DataError for anything else. */
export function parseIdx(bytes: Uint8Array, name: string): IdxArray {
  const { dimensions, headBytes, dataBytes } = parseIdxHeader(bytes, name);
  const got = bytes.length - headBytes;
  if (got !== dataBytes) {
    const what = got < dataBytes ? 'the file is truncated' : `${got - dataBytes} trailing bytes`;
    throw new DataError(
      `${name}: the IDX header promises ${shapeText(dimensions)} = ${dataBytes} bytes, got ${got}; ${what}`,
    );
  }
  return { name, dimensions, data: new Uint8Array(bytes.buffer, bytes.byteOffset + headBytes, dataBytes) };
}

/** How a pair of IDX files becomes a data set. */
export interface IdxDataSetOptions {
  /** Default: the largest label + 1. */
  readonly classes?: number;
  readonly labelNames?: readonly string[];
}

/**
 * Joins images ([n, height, width], [n, height, width, channels], or flat [n, size]) and labels [n].
 * The features share memory with the images.
 * @throws DataError if the counts differ, the dimensions do not fit or a label is out of range.
 */
export function idxDataSet(images: IdxArray, labels: IdxArray, options: IdxDataSetOptions = {}): DataSet {
  checkArgument('idx: images', images, IDX_ARRAY);
  checkArgument('idx: labels', labels, IDX_ARRAY);
  checkOptions('idx', options, { classes: wholeNumber(1), labelNames: listOf(TEXT) });
  const [count, height, width, channels] = images.dimensions;
  if (count === undefined || height === undefined) {
    throw new DataError(`${images.name}: images need 2 to 4 dimensions, got ${shapeText(images.dimensions)}`);
  }
  if (labels.dimensions.length !== 1) {
    throw new DataError(`${labels.name}: labels need 1 dimension, got ${shapeText(labels.dimensions)}`);
  }
  if (labels.data.length !== count) {
    throw new DataError(
      `${labels.name}: every image needs one label, got ${labels.data.length} labels for the ${count} images of ${images.name}`,
    );
  }
  const largest = labels.data.reduce((max, label) => Math.max(max, label), 0);
  const classes = options.classes ?? largest + 1;
  if (largest >= classes) {
    const where = labels.data.findIndex((label) => label >= classes);
    throw new DataError(
      `${labels.name}: labels must be 0 to ${classes - 1}, got ${labels.data[where]} at example ${where}`,
    );
  }
  const shape: FeatureShape = width === undefined ? [height] : [height, width, channels ?? 1];
  return {
    features: images.data,
    labels: new Int32Array(labels.data),
    count,
    shape,
    classes,
    ...(options.labelNames && { labelNames: options.labelNames }),
  };
}
