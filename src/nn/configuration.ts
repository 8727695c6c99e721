/**
 * The configuration of a network: global settings, then the layers in order, which may override them. It is
 * plain JSON data. network.ts turns it into a plan, schema.ts checks JSON from outside.
 */
import type { Accumulator, FormatLike, Overflow, RoundingLike } from '../numerics/index.js';
import type { OptimizerConfiguration } from '../optim/index.js';
import type { Role } from '../plan/index.js';

/**
 * One format for every role, or one per role; the text `float32` is the baseline and applies to the whole
 * network.
 */
export type FormatSettings = FormatLike | Partial<Record<Role, FormatLike>>;
/** One rounding mode for every role, or one per role. */
export type RoundingSettings = RoundingLike | Partial<Record<Role, RoundingLike>>;

/** The distribution of initial weights; biases start at zero. */
export type WeightInit =
  | { readonly distribution: 'normal'; readonly deviation: number }
  | { readonly distribution: 'uniform'; readonly limit: number }
  | 'he-normal'
  | 'xavier-uniform';

/**
 * Settings that a layer without products and parameters may override; they apply to its output and its error.
 */
export interface RoundingOverrides {
  readonly formats?: Partial<Record<'activation' | 'error', FormatLike>>;
  readonly rounding?: RoundingSettings;
  readonly overflow?: Overflow;
}

/** Settings that a layer of products may override. */
export interface Overrides {
  readonly formats?: FormatSettings;
  readonly rounding?: RoundingSettings;
  readonly overflow?: Overflow;
  readonly accumulator?: Accumulator;
  readonly weightInit?: WeightInit;
  readonly optimizer?: OptimizerConfiguration;
}

interface Named {
  /** Default: the type and a number, as in `conv1`, `pool1`, `dense2`. */
  readonly name?: string;
}

/** A size along both axes, or [vertical, horizontal]. */
export type Pair = number | readonly [number, number];

/** A fully connected layer, [size] to [units]; an image is read as a vector. */
export interface DenseLayer extends Named, Overrides {
  readonly type: 'dense';
  readonly units: number;
  readonly bias?: boolean;
  /** `relu` adds a ReLU after the layer. */
  readonly activation?: 'identity' | 'relu';
}
/**
 * A convolution over an image [height, width, channels], with zero padding (default none) and a stride
 * (default 1).
 */
export interface Conv2dLayer extends Named, Overrides {
  readonly type: 'conv2d';
  readonly channels: number;
  readonly kernel: Pair;
  readonly stride?: Pair;
  readonly padding?: Pair;
  readonly bias?: boolean;
  readonly activation?: 'identity' | 'relu';
}
/**
 * Pooling without padding. A last window that extends beyond the edge is clipped (`clip`, the default) or
 * left out.
 */
export interface PoolLayer extends Named, RoundingOverrides {
  readonly type: 'maxPool' | 'averagePool';
  readonly kernel: Pair;
  /** Default: the kernel. */
  readonly stride?: Pair;
  readonly clip?: boolean;
}
/**
 * Subtracts from every channel its mean over the batch and the image, divides by its deviation, multiplies by
 * a weight and adds a bias. Weights begin at 1 and do not decay; biases begin at 0. An evaluation uses
 * running statistics.
 */
export interface BatchNormLayer extends Named, Overrides {
  readonly type: 'batchNorm';
  /** Weight of the previous running statistics at each step, 0 to 0.9999; default 0.9. */
  readonly momentum?: number;
  /** Added to the variance, 1e-8 to 0.001; default 0.00001. */
  readonly epsilon?: number;
  readonly activation?: 'identity' | 'relu';
}
/** The mean of each channel over the whole image: [height, width, channels] to [channels]. */
export interface GlobalAveragePoolLayer extends Named, RoundingOverrides {
  readonly type: 'globalAveragePool';
}
/**
 * The sum of two paths from one input: the output of `layers` plus that of `shortcut`, or plus the input if
 * there is no shortcut. Both paths must give the same shape.
 */
export interface ResidualLayer extends Named, RoundingOverrides {
  readonly type: 'residual';
  readonly layers: readonly LayerConfiguration[];
  /** Default: none, which adds the unchanged input. */
  readonly shortcut?: readonly LayerConfiguration[];
  /** `relu` adds a ReLU after the sum. */
  readonly activation?: 'identity' | 'relu';
}
/** max(x, 0), exact. */
export interface ReluLayer extends Named {
  readonly type: 'relu';
}
/** Drops elements in training only; the others are scaled by 1 / (1 - rate). */
export interface DropoutLayer extends Named, RoundingOverrides {
  readonly type: 'dropout';
  /** Probability of dropping an element, 0 <= rate <= 0.98. */
  readonly rate: number;
}
/** Turns an image into a vector; nothing is computed. */
export interface FlattenLayer extends Named {
  readonly type: 'flatten';
}
/** One layer; `type` selects which. */
export type LayerConfiguration =
  | DenseLayer
  | Conv2dLayer
  | PoolLayer
  | GlobalAveragePoolLayer
  | BatchNormLayer
  | ResidualLayer
  | ReluLayer
  | DropoutLayer
  | FlattenLayer;

/** Shape of one example: an image, or a flat vector. All other sizes follow from it. */
export type InputConfiguration =
  { readonly height: number; readonly width: number; readonly channels: number } | { readonly size: number };

/** The condition that the training error has stopped falling. */
export interface StallCondition {
  /** Whole epochs without an improvement. */
  readonly epochs: number;
  /** An improvement is a training error smaller than the best one by more than this, in percent points; default 0. */
  readonly minDelta?: number;
}

/**
 * Formats and rounding that replace those of the network from some moment on, given by either `epoch` or
 * `whenStalled`. Omitted settings stay unchanged; layers that override a setting keep their own.
 */
export interface PrecisionStage {
  /** Begins with this epoch (0-based, from 1), skipping stages before it that have not begun. */
  readonly epoch?: number;
  /** Begins after the epoch that satisfies this condition, counted within the previous stage. */
  readonly whenStalled?: StallCondition;
  readonly formats?: FormatSettings;
  readonly rounding?: RoundingSettings;
}

/** A whole network. The last layer gives one logit per class; softmax cross-entropy follows. */
export interface NetworkConfiguration {
  readonly name?: string;
  /**
   * 64 bits: a safe integer, or decimal text for larger ones. Required, because Fewbit has no other source of
   * randomness.
   */
  readonly seed: number | string;
  readonly formats: FormatSettings;
  /** Default `stochastic`. */
  readonly rounding?: RoundingSettings;
  /** Rounding of activations in an evaluation; default: as in training. */
  readonly inferenceRounding?: RoundingLike;
  /** Default `saturate`. */
  readonly overflow?: Overflow;
  /** Default `exact`. */
  readonly accumulator?: Accumulator;
  /** Changes of precision during training, in order. */
  readonly precisionSchedule?: readonly PrecisionStage[];
  /** Default `{ distribution: 'normal', deviation: 0.01 }`. */
  readonly weightInit?: WeightInit;
  readonly optimizer: OptimizerConfiguration;
  readonly input: InputConfiguration;
  readonly layers: readonly LayerConfiguration[];
}
