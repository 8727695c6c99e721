/**
 * Normalisers after Deeplearning4j: fitted on the training part, then applied to every part alike.
 * Plain doubles, summed in the order of the examples, so that every engine computes the same statistics;
 * docs/data.md gives the formulas. Quantisation comes later and is not done here.
 */
import { checkArgument, listOf, NUMBER, record } from '../numerics/arguments.js';
import { InputError, InputTypeError } from '../numerics/index.js';
import type { DataSet, NormalizerState } from './dataset.js';
import { DATA_SET, exampleSize } from './examples.js';

/** Brings features to a common scale: fitted on training data, applied to any. */
export interface Normalizer {
  /** Learns the statistics of every column. */
  fit(data: DataSet): this;
  /** The data set with normalised Float32Array features; pixels p count as p/255. */
  transform(data: DataSet): DataSet;
  readonly state: NormalizerState;
}

const STATE = record('the state of a normaliser', {
  offset: listOf(NUMBER),
  scale: listOf(NUMBER),
  shift: NUMBER,
});

/**
 * Applies recorded statistics to further data, which then carry them as their `normalizer`.
 * @throws RangeError if the number of columns differs.
 */
export function applyNormalizer(state: NormalizerState, data: DataSet): DataSet {
  checkArgument('normalizer: state', state, STATE);
  checkArgument('normalizer: data', data, DATA_SET);
  const { offset, scale, shift } = state;
  const size = exampleSize(data.shape);
  if (size !== offset.length) {
    throw new InputError(`normalizer: examples must have ${offset.length} features as fitted, got ${size}`);
  }
  const unit = unitOf(data);
  const features = new Float32Array(data.features.length);
  for (let i = 0, column = 0; i < features.length; i++) {
    features[i] = (data.features[i]! / unit - offset[column]!) * scale[column]! + shift;
    if (++column === size) column = 0;
  }
  return { ...data, features, normalizer: state };
}

abstract class ColumnNormalizer implements Normalizer {
  #state: NormalizerState | undefined;

  get state(): NormalizerState {
    if (!this.#state)
      throw new InputTypeError('normalizer: fit must come before transform; call fit(train) first');
    return this.#state;
  }

  fit(data: DataSet): this {
    checkArgument('normalizer: data', data, DATA_SET);
    const unit = unitOf(data);
    const state = this.measure(data, exampleSize(data.shape), unit);
    this.#state = unit === 1 ? state : { ...state, pixels: true };
    return this;
  }

  transform(data: DataSet): DataSet {
    return applyNormalizer(this.state, data);
  }

  protected abstract measure(data: DataSet, size: number, unit: number): NormalizerState;
}

/** Mean 0 and deviation 1 per column (population deviation); a constant column becomes 0. */
export class NormalizerStandardize extends ColumnNormalizer {
  protected measure(data: DataSet, size: number, unit: number): NormalizerState {
    const { features, count } = data;
    // Distances from the first example: a constant column then gives exactly its value, and deviation 0.
    const pivot = Float64Array.from(features.subarray(0, size), (value) => value / unit);
    const sum = new Float64Array(size);
    for (let i = 0; i < features.length; i++) sum[i % size]! += features[i]! / unit - pivot[i % size]!;
    const mean = pivot.map((value, j) => value + sum[j]! / count);
    const squares = new Float64Array(size);
    for (let i = 0; i < features.length; i++) {
      const distance = features[i]! / unit - mean[i % size]!;
      squares[i % size]! += distance * distance;
    }
    const scale = Array.from(squares, (square) => (square === 0 ? 1 : 1 / Math.sqrt(square / count)));
    return { kind: 'standardize', offset: [...mean], scale, shift: 0 };
  }
}

/** Every column mapped linearly onto [min, max], default [0, 1]; a constant column becomes min. */
export class NormalizerMinMaxScaler extends ColumnNormalizer {
  readonly #min: number;
  readonly #max: number;

  /** @throws RangeError unless min < max. */
  constructor(min = 0, max = 1) {
    super();
    checkArgument('normalizer: min', min, NUMBER);
    checkArgument('normalizer: max', max, NUMBER);
    if (!(min < max)) {
      throw new InputError(`normalizer: min must be below max, got ${min} and ${max}`);
    }
    this.#min = min;
    this.#max = max;
  }

  protected measure(data: DataSet, size: number, unit: number): NormalizerState {
    const { features } = data;
    const low = new Float64Array(size).fill(Infinity);
    const high = new Float64Array(size).fill(-Infinity);
    for (let i = 0; i < features.length; i++) {
      const value = features[i]! / unit;
      const column = i % size;
      if (value < low[column]!) low[column] = value;
      if (value > high[column]!) high[column] = value;
    }
    const scale = Array.from(low, (least, j) => {
      const span = high[j]! - least;
      return span === 0 ? 1 : (this.#max - this.#min) / span;
    });
    return { kind: 'minmax', offset: [...low], scale, shift: this.#min };
  }
}

/** One pixel step counts 1/255; real values count as they are. */
function unitOf(data: DataSet): number {
  return data.features instanceof Uint8Array ? 255 : 1;
}
