/**
 * A data set as the source of one step: an epoch that never ends, of which one step is done. That is what
 * `fit(dataSet)` trains on, so that a loop of one's own over an iterator,
 * `while (iterator.hasNext()) await network.fit(iterator.next())`, does the steps of `fit(iterator)`.
 */
import {
  schemaOf,
  type DataSchema,
  type DataSet,
  type DataSetIterator,
  type FeatureShape,
  type IteratorPosition,
} from '../data/index.js';
import { InputError, InputTypeError } from '../numerics/index.js';
import type { FitOptions } from './fit.js';
import type { TrainingListener } from './listener.js';

/** Hands out its data set; the epoch never ends. */
export class SingleBatch implements DataSetIterator {
  readonly shape: FeatureShape;
  readonly classes: number;
  readonly schema: DataSchema;
  readonly batch: number;
  readonly resetSupported = false;
  readonly position: IteratorPosition;
  readonly #data: DataSet;

  /** @throws RangeError for a batch that is smaller than the data set, or not a whole number. */
  constructor(data: DataSet, batch: number, position: IteratorPosition | null) {
    if (!Number.isSafeInteger(batch) || batch < data.count) {
      throw new InputError(
        `fit: batch must be a whole number from ${data.count} (the examples of the data set), got ${batch}`,
      );
    }
    this.shape = data.shape;
    this.classes = data.classes;
    this.schema = schemaOf(data);
    this.batch = batch;
    this.position = position ?? { epoch: 0, cursor: 0 };
    this.#data = data;
  }

  hasNext(): boolean {
    return true;
  }

  next(): DataSet {
    return this.#data;
  }

  reset(): never {
    throw new Error('internal: single batch: it has no epochs');
  }

  seek(): never {
    throw new Error('internal: single batch: it has no positions');
  }
}

/**
 * The options of `fit(dataSet)` as those of a single step. Listeners hear of the step alone, as in Deeplearning4j: neither
 * an epoch nor a training begins or ends.
 * @throws TypeError for options that need an iterator.
 */
export function oneStep({ epochs, maxSteps, listeners = [], signal }: FitOptions): FitOptions {
  for (const [name, value] of Object.entries({ epochs, maxSteps })) {
    if (value !== undefined) {
      throw new InputTypeError(
        `fit: a data set is one step, so ${name} has no meaning; leave it out, or pass an iterator`,
      );
    }
  }
  return { maxSteps: 1, listeners: listeners.map(stepsOnly), ...(signal && { signal }) };
}

function stepsOnly(listener: TrainingListener): TrainingListener {
  return {
    onPrecisionChange: (model, change) => listener.onPrecisionChange?.(model, change),
    iterationDone: (model, iteration) => listener.iterationDone?.(model, iteration),
  };
}
