/**
 * Converts data sets to the input of a session: pixels and real values become raw integers of the input
 * format (or float32 in the baseline). Data that does not fit the network is refused. Quantisation:
 * docs/training.md, "Inputs".
 */
import { checkArgument, instanceRule, listOf, NUMBER, record, wholeNumber } from '../numerics/arguments.js';
import { PIXEL_VALUES, type Batch, type TensorData } from '../backend/index.js';
import { checkDataSet, type DataSet, type DataSetIterator } from '../data/index.js';
import {
  floatsToFixed,
  parseRounding,
  pixelTable,
  storageOf,
  InputTypeError,
  type Format,
  type NumberFormat,
  InputError,
} from '../numerics/index.js';
import { NetworkDefinition } from '../nn/index.js';
import { elements } from '../plan/index.js';
import type { InputCounter } from './input-counter.js';

/** Shape and classes, as data sets and iterators have them. */
interface Described {
  readonly shape: readonly number[];
  readonly classes: number;
}

/** True for an iterator, false for a data set. */
export function isIterator(data: DataSetIterator | DataSet): data is DataSetIterator {
  return 'hasNext' in data;
}

/**
 * Checks what a caller passes as data.
 * @throws TypeError for what is neither an iterator nor a data set, RangeError for a data set whose parts do not fit.
 */
export function checkSource(who: string, data: DataSetIterator | DataSet): void {
  const given = Object(data) as Partial<Record<string, unknown>>;
  if (typeof given['hasNext'] === 'function' && typeof given['next'] === 'function') return;
  if (
    !ArrayBuffer.isView(given['features']) ||
    !ArrayBuffer.isView(given['labels']) ||
    !Array.isArray(given['shape'])
  ) {
    throw new InputTypeError(
      `${who}: data must be a DataSetIterator or a DataSet, got ${kindOf(data)}; new ArrayDataSetIterator(dataSet, { batch: 100 }) makes an iterator`,
    );
  }
  checkDataSet(data as DataSet, who);
}

/** What a value is, for a message. */
function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'an array';
  if (ArrayBuffer.isView(value)) return `a ${value.constructor.name}`;
  return value === null || typeof value !== 'object' ? String(value) : 'another object';
}

/**
 * Checks that data fits a network. A flat vector fits an image with the same number of elements, and vice
 * versa.
 * @throws RangeError naming both shapes, or both numbers of classes.
 */
export function checkData(who: string, data: Described, definition: NetworkDefinition): void {
  checkArgument(`${who}: data`, data, DESCRIBED);
  checkArgument(`${who}: network`, definition, instanceRule('a NetworkDefinition', NetworkDefinition));
  const { inputShape, classes } = definition;
  const flat = data.shape.length === 1 || inputShape.length === 1;
  const fits = flat ? elements(data.shape) === elements(inputShape) : data.shape.join() === inputShape.join();
  if (!fits) {
    throw new InputError(
      `${who}: data must have the network's input shape, got examples of [${data.shape.join(', ')}] for an input of [${inputShape.join(', ')}]; write ${inputText(data.shape)} in the network's configuration, or change the data`,
    );
  }
  if (data.classes !== classes) {
    throw new InputError(
      `${who}: data must have as many classes as the network has outputs, got ${data.classes} classes (labels 0 to ${data.classes - 1}) and ${classes} outputs; change the last layer or the data`,
    );
  }
}

const FORMAT = record('a format { il, fl } or "float32"', { il: NUMBER, fl: NUMBER });
const FEATURES = instanceRule('a Uint8Array or a Float32Array', Uint8Array, Float32Array);
const LABELS = instanceRule('an Int32Array', Int32Array);
const DESCRIBED = record('a data set or an iterator', { shape: listOf(NUMBER), classes: NUMBER });

/** A shape as a configuration has it. */
function inputText([height, width, channels]: readonly number[]): string {
  const input = width === undefined ? { size: height } : { height, width, channels };
  return `"input": ${JSON.stringify(input)}`;
}

/** Makes batches for one input format. The arrays that `encode` hands out are overwritten by the next call. */
export class BatchEncoder {
  readonly #format: NumberFormat;
  readonly #size: number;
  readonly #buffer: Int16Array | Int32Array | Float32Array;
  /** The input for each pixel value. */
  readonly #pixels: Int16Array | Int32Array | Float32Array;
  /** Counts the inputs; null in float32, and if nothing asks. */
  readonly counter: InputCounter | null;
  /** Whether pixels are counted: few formats cannot hold them, and a pass over all others would cost time. */
  readonly #countsPixels: boolean;

  /** `size`: elements of one example; `batch`: most examples in one call; `counter`: not of float32. */
  constructor(format: NumberFormat, size: number, batch: number, counter: InputCounter | null = null) {
    if (format !== 'float32') checkArgument('batch encoder: format', format, FORMAT);
    checkArgument('batch encoder: size', size, wholeNumber(1));
    checkArgument('batch encoder: batch', batch, wholeNumber(1));
    this.#format = format;
    this.#size = size;
    this.counter = counter;
    this.#countsPixels = format !== 'float32' && format.il < 1;
    const Storage = { int16: Int16Array, int32: Int32Array, float32: Float32Array }[storageOf(format)];
    this.#buffer = new Storage(size * batch);
    this.#pixels = new Storage(
      format === 'float32'
        ? Float32Array.from({ length: PIXEL_VALUES }, (_, p) => p / 255)
        : pixelTable(format),
    );
  }

  /**
   * One batch in the form that a session takes: pixels unchanged, because the backend looks them up, and real
   * values encoded.
   * @throws RangeError for a value that is not a number, and for more examples than a batch has.
   */
  batch(features: DataSet['features'], labels: Int32Array): Batch {
    this.#checkSize(features, labels);
    if (!(features instanceof Uint8Array)) return this.encode(features, labels);
    if (this.#countsPixels)
      this.counter?.add(
        features,
        Array.from(features, (pixel) => this.#pixels[pixel]!),
      );
    return { count: labels.length, inputs: features, pixelTable: this.#pixels, labels };
  }

  /**
   * One batch in raw integers. `inputs` is count * size elements in the format's storage.
   * @throws RangeError for a value that is not a number, and for more examples than a batch has.
   */
  encode(features: DataSet['features'], labels: Int32Array): Batch {
    this.#checkSize(features, labels);
    const count = labels.length;
    const inputs = this.#buffer.subarray(0, count * this.#size);
    if (features instanceof Uint8Array) {
      const table = this.#pixels;
      const { length } = inputs;
      let i = 0;
      for (; i + 4 <= length; i += 4) {
        inputs[i] = table[features[i]!]!;
        inputs[i + 1] = table[features[i + 1]!]!;
        inputs[i + 2] = table[features[i + 2]!]!;
        inputs[i + 3] = table[features[i + 3]!]!;
      }
      for (; i < length; i++) inputs[i] = table[features[i]!]!;
    } else {
      checkNumbers(features, this.#size);
      inputs.set(this.#format === 'float32' ? features : quantised(features, this.#format));
      this.counter?.add(features, inputs);
    }
    return { count, inputs, labels };
  }

  #checkSize(features: DataSet['features'], labels: Int32Array): void {
    checkArgument('batch encoder: features', features, FEATURES);
    checkArgument('batch encoder: labels', labels, LABELS);
    const { length } = features;
    const most = this.#buffer.length / this.#size;
    const count = labels.length;
    if (count > most) {
      throw new InputError(
        `data: a batch must have at most ${most} examples, got ${count}; hand out smaller ones`,
      );
    }
    if (length !== count * this.#size) {
      throw new InputError(
        `data: ${count} examples must have ${count * this.#size} features, got ${length}; ${this.#size} make an example`,
      );
    }
  }
}

/** Rounds real values to nearest, ties to even, in every network and independently of its rounding mode. */
function quantised(features: Float32Array, format: Format): TensorData {
  return floatsToFixed(features, format, parseRounding('nearest-even'));
}

function checkNumbers(features: Float32Array, size: number): void {
  const bad = features.findIndex((value) => Number.isNaN(value));
  if (bad < 0) return;
  const example = Math.floor(bad / size);
  throw new InputError(
    `data: features must be numbers, got NaN in example ${example} of the batch, feature ${bad % size}; clean the data`,
  );
}
