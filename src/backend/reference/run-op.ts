/** The table of the reference's kernels: runs one op by its kind. */
import type { Op } from '../../plan/index.js';
import { add } from './add.js';
import { averagePool, averagePoolGradient } from './average-pool.js';
import {
  batchMoments,
  batchNorm,
  batchNormGradient,
  batchNormInputGradient,
  runningMoments,
} from './batch-norm.js';
import { biasGradient } from './bias-gradient.js';
import { conv2dInputGradient } from './conv2d-input-gradient.js';
import { conv2dWeightGradient } from './conv2d-weight-gradient.js';
import { conv2d } from './conv2d.js';
import { dropout } from './dropout.js';
import { matmul } from './matmul.js';
import { maxPool, maxPoolGradient } from './max-pool.js';
import { relu, reluGradient } from './relu.js';
import type { Run } from './run.js';
import { sgd } from './sgd.js';
import { softmaxCrossEntropy } from './softmax-cross-entropy.js';

/** The kernel of every kind of op. */
const KERNELS: { readonly [K in Op['kind']]: (op: Extract<Op, { kind: K }>, run: Run) => void } = {
  matmul,
  conv2d,
  conv2dInputGradient,
  conv2dWeightGradient,
  biasGradient,
  relu,
  reluGradient,
  add,
  maxPool,
  maxPoolGradient,
  averagePool,
  averagePoolGradient,
  batchMoments,
  runningMoments,
  batchNorm,
  batchNormGradient,
  batchNormInputGradient,
  dropout,
  softmaxCrossEntropy,
  sgd,
};

export function runOp(op: Op, run: Run): void {
  const kernel = KERNELS[op.kind] as (op: Op, run: Run) => void;
  kernel(op, run);
}
