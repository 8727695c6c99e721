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
