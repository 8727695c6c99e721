/**
 * What a training listener receives, and what it may do with the network being trained: the hooks of
 * Deeplearning4j. A hook may be asynchronous; training waits until it is done. Described in docs/training.md.
 */
import { listOf, withOneOf } from '../numerics/arguments.js';
import type { SiteStatistics } from '../backend/index.js';
import type { DataSet, DataSetIterator, IteratorPosition } from '../data/index.js';
import type { NetworkDefinition } from '../nn/index.js';
import type { Evaluation } from './evaluation.js';
import type { PrecisionReason } from './precision.js';

/** The network as a listener sees it: everything except training. */
export interface TrainingModel {
  readonly definition: NetworkDefinition;
  /** Training steps done so far, which is also the generator's step word for the next step. */
  readonly step: number;
  /** Epochs (whole passes over the training data) done so far. */
  readonly epoch: number;
  /** Stage of the precision schedule; the network begins with 0. */
  readonly stage: number;
  /** Position of the training iterator after the last step; null before the first. */
  readonly iteratorPosition: IteratorPosition | null;
  /** Changes neither the state of training nor the iterator's position. */
  evaluate(data: DataSetIterator | DataSet, options?: { readonly topN?: number }): Promise<Evaluation>;
  /** Counters of every rounding site since the last reading. */
  statistics(): Promise<SiteStatistics[]>;
  /** SHA-256 of all raw parameters, in hexadecimal digits. */
  digest(): Promise<string>;
  /** A checkpoint of the current state. */
  save(): Promise<Uint8Array>;
}

/** The work that `fit` is about to do. */
export interface FitStart {
  /** Epochs of this call; the rest of an epoch that was begun counts as one. */
  readonly epochs: number;
  /** Examples per step. */
  readonly batch: number;
  /** Steps of a whole epoch; null if the iterator does not know its length. */
  readonly stepsPerEpoch: number | null;
  /** Steps of this call if nothing stops it early; null if the iterator does not know its length. */
  readonly plannedSteps: number | null;
}

/** The training step that has just finished. */
export interface Iteration {
  /** 0-based number of the step. */
  readonly step: number;
  /** 0-based number of the epoch it belongs to. */
  readonly epoch: number;
  /** Examples in the batch. */
  readonly count: number;
  /** Mean cross-entropy loss of the batch in nats, before the update. */
  readonly score: number;
  /** Examples of the batch that were classified correctly, before the update. */
  readonly correct: number;
}

/** The epoch that has just finished; of a resumed epoch, the part since it was resumed. */
export interface EpochSummary {
  /** 0-based number of the epoch. */
  readonly epoch: number;
  readonly steps: number;
  readonly examples: number;
  /** Mean loss over the examples in nats, each measured when it was trained on; NaN without examples. */
  readonly score: number;
  readonly correct: number;
}

/** A stage of the precision schedule that has just begun: parameters and updates are in its formats. */
export interface PrecisionChange {
  /** Number of the stage, from 1: the entry of the schedule now in force. */
  readonly stage: number;
  /** Whether its epoch began it, or a stalled training error. */
  readonly reason: PrecisionReason;
  /** Training steps done before it; the generator's step word of the conversion. */
  readonly step: number;
  /** 0-based number of the epoch that begins with it. */
  readonly epoch: number;
  /** Counters of the conversion, for every parameter, then every update. */
  readonly sites: readonly SiteStatistics[];
}

const HOOKS = ['onFitStart', 'onPrecisionChange', 'onEpochStart', 'iterationDone', 'onEpochEnd', 'onFitEnd'];

/** Rule of listeners: one without any method that `fit` calls is a mistake in their names. */
export const LISTENERS = listOf(withOneOf('a listener', ...HOOKS));

/** How `fit` ended. */
export interface FitResult {
  /** True if the signal stopped it; the state can be saved and resumed. */
  readonly aborted: boolean;
  /** Steps done by this call. */
  readonly steps: number;
  /** Epochs completed by this call. */
  readonly epochs: number;
}

/**
 * Hooks that `fit` calls, in this order. All are optional. Listeners are called in the order in which they
 * were given. `fit` of a data set, which is one step, calls `iterationDone` alone.
 */
export interface TrainingListener {
  onFitStart?(model: TrainingModel, start: FitStart): void | Promise<void>;
  /**
   * Called before `onEpochStart` of the epoch with which a stage of the precision schedule begins; counters
   * restart at 0.
   */
  onPrecisionChange?(model: TrainingModel, change: PrecisionChange): void | Promise<void>;
  /** Also called when an epoch that was begun is resumed. */
  onEpochStart?(model: TrainingModel, epoch: number): void | Promise<void>;
  /** Called after every step; the model's state is exactly the state after it. */
  iterationDone?(model: TrainingModel, iteration: Iteration): void | Promise<void>;
  /** `model.epoch` already counts the epoch and the iterator is reset: a checkpoint taken here starts the next one. */
  onEpochEnd?(model: TrainingModel, summary: EpochSummary): void | Promise<void>;
  onFitEnd?(model: TrainingModel, result: FitResult): void | Promise<void>;
}
