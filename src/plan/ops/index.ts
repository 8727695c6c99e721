/** All ops of a plan: their union, and the table of facts, of which a kind without a row is a type error. */
import type { Convert, TensorId } from '../types.js';
import * as batchNorm from './batch-norm.js';
import * as elementwise from './elementwise.js';
import type { OpFacts } from './facts.js';
import { SOFTMAX_CROSS_ENTROPY, type SoftmaxCrossEntropyOp } from './loss.js';
import * as pool from './pool.js';
import * as product from './product.js';
import { SGD, type SgdOp } from './update.js';

/** One primitive operation; `kind` is its discriminator. */
export type Op =
  | product.MatmulOp
  | product.Conv2dOp
  | product.Conv2dInputGradientOp
  | product.Conv2dWeightGradientOp
  | product.BiasGradientOp
  | elementwise.ReluOp
  | elementwise.ReluGradientOp
  | elementwise.AddOp
  | pool.MaxPoolOp
  | pool.MaxPoolGradientOp
  | pool.AveragePoolOp
  | pool.AveragePoolGradientOp
  | batchNorm.BatchMomentsOp
  | batchNorm.RunningMomentsOp
  | batchNorm.BatchNormOp
  | batchNorm.BatchNormGradientOp
  | batchNorm.BatchNormInputGradientOp
  | elementwise.DropoutOp
  | SoftmaxCrossEntropyOp
  | SgdOp;

/** The op of a kind. */
export type OpOf<K extends Op['kind']> = Extract<Op, { kind: K }>;

/** The facts of every kind of op. */
export const OPS: { readonly [K in Op['kind']]: OpFacts<OpOf<K>> } = {
  matmul: product.MATMUL,
  conv2d: product.CONV2D,
  conv2dInputGradient: product.CONV2D_INPUT_GRADIENT,
  conv2dWeightGradient: product.CONV2D_WEIGHT_GRADIENT,
  biasGradient: product.BIAS_GRADIENT,
  relu: elementwise.RELU,
  reluGradient: elementwise.RELU_GRADIENT,
  add: elementwise.ADD,
  maxPool: pool.MAX_POOL,
  maxPoolGradient: pool.MAX_POOL_GRADIENT,
  averagePool: pool.AVERAGE_POOL,
  averagePoolGradient: pool.AVERAGE_POOL_GRADIENT,
  batchMoments: batchNorm.BATCH_MOMENTS,
  runningMoments: batchNorm.RUNNING_MOMENTS,
  batchNorm: batchNorm.BATCH_NORM,
  batchNormGradient: batchNorm.BATCH_NORM_GRADIENT,
  batchNormInputGradient: batchNorm.BATCH_NORM_INPUT_GRADIENT,
  dropout: elementwise.DROPOUT,
  softmaxCrossEntropy: SOFTMAX_CROSS_ENTROPY,
  sgd: SGD,
};

/** The facts of an op, which take that op: the table's type keeps row and kind together. */
export function factsOf(op: Op): OpFacts<Op> {
  return OPS[op.kind];
}

function present<T>(items: readonly (T | null)[]): T[] {
  return items.filter((item) => item !== null);
}

/** Tensors that the op reads. */
export function opReads(op: Op): TensorId[] {
  return present(factsOf(op).reads(op));
}

/** Tensors that the op writes, its main result first. */
export function opWrites(op: Op): TensorId[] {
  return present(factsOf(op).writes(op));
}

/** The rounding sites of an op, in the order in which it rounds. */
export function opConverts(op: Op): Convert[] {
  return present(factsOf(op).converts(op));
}
