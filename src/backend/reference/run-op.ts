/** Runs one op by its kind: the table of the reference's kernels. */
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

export function runOp(op: Op, run: Run): void {
  switch (op.kind) {
    case 'matmul':
      matmul(op, run);
      break;
    case 'conv2d':
      conv2d(op, run);
      break;
    case 'conv2dInputGradient':
      conv2dInputGradient(op, run);
      break;
    case 'conv2dWeightGradient':
      conv2dWeightGradient(op, run);
      break;
    case 'biasGradient':
      biasGradient(op, run);
      break;
    case 'relu':
      relu(op, run);
      break;
    case 'reluGradient':
      reluGradient(op, run);
      break;
    case 'add':
      add(op, run);
      break;
    case 'maxPool':
      maxPool(op, run);
      break;
    case 'maxPoolGradient':
      maxPoolGradient(op, run);
      break;
    case 'averagePool':
      averagePool(op, run);
      break;
    case 'averagePoolGradient':
      averagePoolGradient(op, run);
      break;
    case 'batchMoments':
      batchMoments(op, run);
      break;
    case 'runningMoments':
      runningMoments(op, run);
      break;
    case 'batchNorm':
      batchNorm(op, run);
      break;
    case 'batchNormGradient':
      batchNormGradient(op, run);
      break;
    case 'batchNormInputGradient':
      batchNormInputGradient(op, run);
      break;
    case 'dropout':
      dropout(op, run);
      break;
    case 'softmaxCrossEntropy':
      softmaxCrossEntropy(op, run);
      break;
    case 'sgd':
      sgd(op, run);
      break;
  }
}
