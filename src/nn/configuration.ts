/**
 * The configuration of a network: global settings first, then layers, one after the other, which may override them.
 * Plain JSON data; builder.ts turns it into a plan, schema.ts checks foreign JSON.
 */
import type { Accumulator, FormatLike, Overflow, RoundingLike } from '../numerics/index.js';
import type { OptimizerConfiguration } from '../optim/index.js';
import type { Role } from '../plan/index.js';

/** One format for every role, or one per role; the text `float32` is the baseline and holds for the whole network. */
export type FormatSettings = FormatLike | Partial<Record<Role, FormatLike>>;
/** One rounding mode for every role, or one per role. */
export type RoundingSettings = RoundingLike | Partial<Record<Role, RoundingLike>>;

/** How initial weights are drawn; biases start at zero. */
export type WeightInit =
  | { readonly distribution: 'normal'; readonly deviation: number }
  | { readonly distribution: 'uniform'; readonly limit: number }
  | 'he-normal'
  | 'xavier-uniform';

/** Settings that a layer without products and parameters may override: of what it rounds, its output and its error. */
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
  /** Default: the kind and a number, `conv1`, `pool1`, `dense2` ... */
  readonly name?: string;
}

/** A size along both axes, or [vertical, horizontal]. */
export type Pair = number | readonly [number, number];

/** Fully connected: [size] to [units]; an image is read as a vector. */
export interface DenseLayer extends Named, Overrides {
  readonly type: 'dense';
  readonly units: number;
  readonly bias?: boolean;
  /** `relu` adds a ReLU after the layer. */
  readonly activation?: 'identity' | 'relu';
}
/** Convolution over an image [height, width, channels]; zero padding, default none; stride, default 1. */
export interface Conv2dLayer extends Named, Overrides {
  readonly type: 'conv2d';
  readonly channels: number;
  readonly kernel: Pair;
  readonly stride?: Pair;
  readonly padding?: Pair;
  readonly bias?: boolean;
  readonly activation?: 'identity' | 'relu';
}
/** Without padding; a last window that reaches over the edge is clipped (`clip`, default true) or left out. */
export interface PoolLayer extends Named, RoundingOverrides {
  readonly type: 'maxPool' | 'averagePool';
  readonly kernel: Pair;
  /** Default: the kernel. */
  readonly stride?: Pair;
  readonly clip?: boolean;
}
/**
 * Every channel less its mean and divided by its deviation, over the batch and the image, times a weight and plus a bias: weights
 * begin at 1 and do not decay, biases at 0. An evaluation uses running statistics.
 */
export interface BatchNormLayer extends Named, Overrides {
  readonly type: 'batchNorm';
  /** Share of the past in the running statistics at each step, 0 to 0.9999; default 0.9. */
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
 * Two paths from one input, added: the output of `layers` plus that of `shortcut`, or plus the input itself without one.
 * Both paths must give the same shape.
 */
export interface ResidualLayer extends Named, RoundingOverrides {
  readonly type: 'residual';
  readonly layers: readonly LayerConfiguration[];
  /** Default: none, the input as it is. */
  readonly shortcut?: readonly LayerConfiguration[];
  /** `relu` adds a ReLU after the sum. */
  readonly activation?: 'identity' | 'relu';
}
/** max(x, 0), exact. */
export interface ReluLayer extends Named {
  readonly type: 'relu';
}
/** Drops elements in training only; what is kept is scaled by 1 / (1 - rate). */
export interface DropoutLayer extends Named, RoundingOverrides {
  readonly type: 'dropout';
  /** Probability of dropping an element, 0 <= rate <= 0.98. */
  readonly rate: number;
}
/** An image becomes a vector; nothing is computed. */
export interface FlattenLayer extends Named {
  readonly type: 'flatten';
}
/** One layer; `type` tells which. */
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

/** The training error has stopped falling. */
export interface StallCondition {
  /** Whole epochs without an improvement. */
  readonly epochs: number;
  /** An improvement is a training error smaller than the best one by more than this, in percent points; default 0. */
  readonly minDelta?: number;
}

/**
 * Formats and rounding that take the place of the network's from some moment on: `epoch` or `whenStalled`, either of the two.
 * What is left out stays as it was; layers that override a setting keep their own.
 */
export interface PrecisionStage {
  /** Begins with this epoch (0-based, from 1), skipping stages before it that have not begun. */
  readonly epoch?: number;
  /** Begins with the epoch after which this holds; counted within the stage before. */
  readonly whenStalled?: StallCondition;
  readonly formats?: FormatSettings;
  readonly rounding?: RoundingSettings;
}

/** A whole network. The last layer gives one logit per class; softmax cross-entropy follows. */
export interface NetworkConfiguration {
  readonly name?: string;
  /** 64 bits: a safe integer, or decimal text for larger ones. Required: nothing in Fewbit is random by itself. */
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
