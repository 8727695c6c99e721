/**
 * Iterators that hand out a data set batch by batch: one over memory, which shuffles and can be put back to
 * any position exactly, and one over a source that can be read once only.
 */
import {
  checkArgument,
  checkOptions,
  FLAG,
  NUMBER,
  record,
  SEED,
  type ArgumentRule,
  type OptionRules,
} from '../numerics/arguments.js';
import {
  parseSeed,
  shuffledOrder,
  type Key,
  type Seed,
  InputError,
  InputTypeError,
} from '../numerics/index.js';
import { Augmenter, type Augmentation } from './augmentation.js';
import type { DataSchema, DataSet, DataSetIterator, FeatureShape, IteratorPosition } from './dataset.js';
import { checkDataSet, selectExamples, shapeText, sliceExamples } from './examples.js';
import { conformData, schemaOf } from './schema.js';

/** How an ArrayDataSetIterator hands out its data set. */
export interface ArrayIteratorOptions {
  /** Examples per batch. */
  readonly batch: number;
  /** Seed of the shuffle; without one the order of the data set is kept. Every epoch draws a new order. */
  readonly shuffle?: Seed;
  /** Shows images mirrored and shifted, other ones in every epoch. */
  readonly augment?: Augmentation & { readonly seed: Seed };
}

const ARRAY_OPTIONS: OptionRules<ArrayIteratorOptions> = {
  batch: NUMBER,
  shuffle: SEED,
  augment: record('{ flip, crop, seed }'),
};
const AUGMENT_OPTIONS = { flip: FLAG, crop: NUMBER, seed: SEED };
const POSITION = record('{ epoch, cursor }', { epoch: NUMBER, cursor: NUMBER });
const ITERABLE: ArgumentRule = {
  text: 'an iterable of data sets, such as a generator',
  kind: 'object',
  holds: (value) =>
    typeof (Object(value) as Partial<Iterable<unknown>>)[Symbol.iterator] === 'function' &&
    typeof value !== 'string',
};

/**
 * Hands out a data set that lies in memory. The order of an epoch is a function of seed and epoch alone
 * (site `data/shuffle`), and so is what augmentation does to an example: a position of two integers is enough to resume
 * exactly. Batches neither shuffled nor augmented share memory with the data set; others are copies.
 */
export class ArrayDataSetIterator implements DataSetIterator {
  readonly batch: number;
  readonly shape: FeatureShape;
  readonly classes: number;
  readonly labelNames?: readonly string[];
  readonly schema: DataSchema;
  readonly totalExamples: number;
  readonly resetSupported = true;
  readonly #data: DataSet;
  readonly #key: Key | undefined;
  readonly #augmenter: Augmenter | undefined;
  #order: Uint32Array | undefined;
  #epoch = 0;
  #cursor = 0;

  /** @throws RangeError for a batch below 1, a data set whose parts do not fit together, or augmentation that it cannot have. */
  constructor(data: DataSet, options: ArrayIteratorOptions) {
    checkDataSet(data);
    checkOptions('iterator', options, ARRAY_OPTIONS, ['batch']);
    if (options.augment) checkOptions('iterator: augment', options.augment, AUGMENT_OPTIONS, ['seed']);
    this.batch = checkCount(options.batch);
    this.shape = data.shape;
    this.classes = data.classes;
    if (data.labelNames) this.labelNames = data.labelNames;
    this.schema = schemaOf(data);
    this.totalExamples = data.count;
    this.#data = data;
    this.#key = options.shuffle === undefined ? undefined : parseSeed(options.shuffle);
    const { augment } = options;
    this.#augmenter = augment && new Augmenter(augment, data.shape, augment.seed);
  }

  get position(): IteratorPosition {
    return { epoch: this.#epoch, cursor: this.#cursor };
  }

  hasNext(): boolean {
    return this.#cursor < this.#data.count;
  }

  next(count = this.batch): DataSet {
    if (!this.hasNext()) throw endOfEpoch(this.#cursor, 'call reset to start the next epoch');
    const start = this.#cursor;
    const end = Math.min(start + checkCount(count), this.#data.count);
    this.#cursor = end;
    const examples = this.#examples(start, end);
    const batch = this.#key ? selectExamples(this.#data, examples) : sliceExamples(this.#data, start, end);
    return this.#augmenter ? this.#augmenter.apply(batch, examples, this.#epoch) : batch;
  }

  reset(): void {
    this.seek({ epoch: this.#epoch + 1, cursor: 0 });
  }

  seek(position: IteratorPosition): void {
    checkArgument('iterator: position', position, POSITION);
    const { epoch, cursor } = position;
    if (!(Number.isSafeInteger(epoch) && epoch >= 0)) {
      throw new InputError(`iterator: epoch must be a whole number from 0, got ${epoch}`);
    }
    if (!(Number.isInteger(cursor) && cursor >= 0 && cursor <= this.#data.count)) {
      throw new InputError(
        `iterator: cursor must be 0 to ${this.#data.count}, got ${cursor}; is this position of another data set?`,
      );
    }
    if (epoch !== this.#epoch) this.#order = undefined;
    this.#epoch = epoch;
    this.#cursor = cursor;
  }

  /** Numbers of the examples at the places start to end - 1 of the epoch. */
  #examples(start: number, end: number): Uint32Array {
    if (!this.#key) return Uint32Array.from({ length: end - start }, (_, i) => start + i);
    this.#order ??= shuffledOrder(this.#key, 'data/shuffle', this.#epoch, this.#data.count);
    return this.#order.subarray(start, end);
  }
}

/**
 * Hands out examples from a source that can be read once only, such as a generator. The source may yield
 * pieces of any size; they are joined and cut into batches. `reset` and `seek` throw.
 */
export class StreamDataSetIterator implements DataSetIterator {
  readonly batch: number;
  readonly shape: FeatureShape;
  readonly classes: number;
  readonly labelNames?: readonly string[];
  readonly schema: DataSchema;
  readonly resetSupported = false;
  readonly #source: Iterator<DataSet>;
  readonly #pixels: boolean;
  /** The piece being handed out, from example `#used` on; undefined at the end of the source. */
  #piece: DataSet | undefined;
  #used = 0;
  #cursor = 0;

  /** Reads the first piece at once, to learn shape and classes. @throws RangeError for an empty source. */
  constructor(source: Iterable<DataSet>, options: { readonly batch: number }) {
    checkArgument('stream: source', source, ITERABLE);
    checkOptions('stream', options, { batch: NUMBER }, ['batch']);
    this.batch = checkCount(options.batch);
    this.#source = source[Symbol.iterator]();
    const first = this.#source.next();
    if (first.done === true)
      throw new InputError('stream: the source must give at least one piece, got none');
    checkDataSet(first.value, 'stream: piece');
    this.shape = first.value.shape;
    this.classes = first.value.classes;
    if (first.value.labelNames) this.labelNames = first.value.labelNames;
    this.schema = schemaOf(first.value);
    this.#pixels = first.value.features instanceof Uint8Array;
    this.#piece = first.value;
  }

  get position(): IteratorPosition {
    return { epoch: 0, cursor: this.#cursor };
  }

  hasNext(): boolean {
    return this.#piece !== undefined;
  }

  next(count = this.batch): DataSet {
    const parts: DataSet[] = [];
    let missing = checkCount(count);
    while (this.#piece && missing > 0) {
      const end = Math.min(this.#used + missing, this.#piece.count);
      parts.push(sliceExamples(this.#piece, this.#used, end));
      missing -= end - this.#used;
      this.#used = end;
      if (end === this.#piece.count) this.#pull();
    }
    const [first] = parts;
    if (!first) throw endOfEpoch(this.#cursor, 'the source can be read once only');
    const batch = parts.length === 1 ? first : joinExamples(parts);
    this.#cursor += batch.count;
    return batch;
  }

  reset(): never {
    throw oneWay('reset');
  }

  seek(): never {
    throw oneWay('seek');
  }

  #pull(): void {
    this.#piece = undefined;
    this.#used = 0;
    const next = this.#source.next();
    if (next.done === true) return;
    const { value } = next;
    checkDataSet(value, 'stream: piece');
    const same =
      value.classes === this.classes &&
      shapeText(value.shape) === shapeText(this.shape) &&
      value.features instanceof Uint8Array === this.#pixels;
    if (!same) {
      throw new InputError(
        `stream: pieces must agree in shape, classes and kind of features, got ${shapeText(value.shape)} in ${value.classes} classes after ${shapeText(this.shape)} in ${this.classes}`,
      );
    }
    this.#piece = conformData(value, this.schema, 'stream: piece');
  }
}

function joinExamples(parts: readonly DataSet[]): DataSet {
  const first = parts[0]!;
  const length = parts.reduce((sum, part) => sum + part.features.length, 0);
  const count = parts.reduce((sum, part) => sum + part.count, 0);
  const features = first.features instanceof Uint8Array ? new Uint8Array(length) : new Float32Array(length);
  const labels = new Int32Array(count);
  let at = 0;
  let example = 0;
  for (const part of parts) {
    features.set(part.features, at);
    labels.set(part.labels, example);
    at += part.features.length;
    example += part.count;
  }
  return { ...first, features, labels, count };
}

function checkCount(count: number): number {
  if (Number.isInteger(count) && count >= 1) return count;
  throw new InputError(`iterator: batch must be a whole number from 1, got ${count}`);
}

function endOfEpoch(cursor: number, wayOut: string): RangeError {
  return new InputError(`iterator: no example is left after ${cursor}; ask hasNext first, ${wayOut}`);
}

function oneWay(what: string): TypeError {
  return new InputTypeError(
    `stream: ${what} needs a source that can be read again, got one that is read once only; use ArrayDataSetIterator, or one epoch`,
  );
}
