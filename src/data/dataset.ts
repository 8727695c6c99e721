/**
 * Examples with class labels, and the iterators that hand them out in batches, after Deeplearning4j's
 * DataSet and DataSetIterator. Nothing here touches files or the network; data/node does.
 */

/** Features of one example: an image in NHWC order, or a flat vector. */
export type FeatureShape =
  readonly [height: number, width: number, channels: number] | readonly [size: number];

/** A number of labelled examples, row-major, one row per example. */
export interface DataSet {
  /** Pixels 0..255 standing for p/255 (Uint8Array), or real values (Float32Array); count * (elements of an example). */
  readonly features: Uint8Array | Float32Array;
  /** Class indices, 0 to classes - 1. */
  readonly labels: Int32Array;
  readonly count: number;
  readonly shape: FeatureShape;
  readonly classes: number;
  /** Names of the classes, if known. */
  readonly labelNames?: readonly string[];
  /** Names of the columns, of a table that has them. */
  readonly columns?: Columns;
  /**
   * The statistics by which the features are normalised; absent: they are as in the source. A copy with other, raw
   * features must leave it out.
   */
  readonly normalizer?: NormalizerState;
}

/** Names of a table's columns. */
export interface Columns {
  /** One for each element of an example, in their order. */
  readonly features: readonly string[];
  /** The column of the classes. */
  readonly label: string;
}

/** What a fitted normaliser knows: `(x - offset[j]) * scale[j] + shift` for column j. Plain JSON data. */
export interface NormalizerState {
  readonly kind: 'standardize' | 'minmax';
  readonly offset: readonly number[];
  readonly scale: readonly number[];
  readonly shift: number;
  /** Present for statistics of pixels: a pixel p counts as x = p/255. */
  readonly pixels?: true;
}

/** What data are, apart from the examples. Plain JSON data. */
export interface DataSchema {
  /** Features before they are normalised: bytes p that stand for p/255, or real values. */
  readonly kind: 'pixels' | 'values';
  /** Of one example. */
  readonly shape: FeatureShape;
  /** Names of a table's columns; absent: columns are known by their place. */
  readonly columns?: Columns;
  readonly classes: number;
  /** Names of the classes, in the order of the outputs; absent: their numbers. */
  readonly labelNames?: readonly string[];
  /** Statistics by which the features are normalised; absent: they are taken as they are. */
  readonly normalizer?: NormalizerState;
  /** SHA-256 of the training and test data, in hexadecimal, if they were loaded from files. */
  readonly digest?: string;
}

/** The position of an iterator, which is enough to continue bit for bit after a restart. */
export interface IteratorPosition {
  /** How many times it was reset: selects the shuffle. */
  readonly epoch: number;
  /** Examples handed out in this epoch. */
  readonly cursor: number;
}

/** Hands out a data set batch by batch. */
export interface DataSetIterator {
  /** Examples per batch; the last batch of an epoch may be smaller. */
  readonly batch: number;
  readonly shape: FeatureShape;
  readonly classes: number;
  readonly labelNames?: readonly string[];
  /** What the data are, if known: a network that is trained with them keeps it, and reads other data by it. */
  readonly schema?: DataSchema;
  /** Examples per epoch, if known beforehand. */
  readonly totalExamples?: number;
  /** False for a source that can be read once only; `reset` and `seek` then throw. */
  readonly resetSupported: boolean;
  /** True while the epoch has examples left. */
  hasNext(): boolean;
  /** The next batch, of at most `count` (default `batch`) examples. Throws RangeError at the end. */
  next(count?: number): DataSet;
  /** Starts the next epoch from the beginning (a shuffling iterator draws a new order). */
  reset(): void;
  readonly position: IteratorPosition;
  /** Continues from a recorded position. */
  seek(position: IteratorPosition): void;
}
