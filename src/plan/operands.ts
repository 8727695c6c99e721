/** Which tensors an op reads and writes. The only place that knows every op's fields by direction. */
import type { Convert, Op, TensorId } from './ops.js';

function present<T>(...items: readonly (T | null)[]): T[] {
  return items.filter((item) => item !== null);
}

/** Tensors that the op reads. */
export function opReads(op: Op): TensorId[] {
  switch (op.kind) {
    case 'matmul':
      return present(op.lhs, op.rhs, op.bias);
    case 'conv2d':
      return present(op.input, op.weight, op.bias);
    case 'conv2dInputGradient':
      return [op.dOutput, op.weight];
    case 'conv2dWeightGradient':
      return [op.input, op.dOutput];
    case 'biasGradient':
    case 'averagePoolGradient':
      return [op.dOutput];
    case 'relu':
    case 'maxPool':
    case 'averagePool':
    case 'dropout':
      return [op.input];
    case 'reluGradient':
      return [op.output, op.dOutput];
    case 'batchMoments':
      return [op.input, op.mean, op.variance];
    case 'runningMoments':
      return [op.mean, op.variance];
    case 'batchNorm':
      return [op.input, op.registers, op.gamma, op.beta];
    case 'batchNormGradient':
      return [op.input, op.dOutput, op.registers, op.gamma];
    case 'batchNormInputGradient':
      return [op.input, op.dOutput, op.registers, op.factors];
    case 'add':
      return [op.lhs, op.rhs];
    case 'maxPoolGradient':
      return [op.dOutput, op.position];
    case 'softmaxCrossEntropy':
      return [op.logits, op.labels];
    case 'sgd':
      return [op.parameter, op.gradient, op.update];
  }
}

/** Tensors that the op writes, its main result first. */
export function opWrites(op: Op): TensorId[] {
  switch (op.kind) {
    case 'maxPool':
      return present(op.out, op.position);
    case 'softmaxCrossEntropy':
      return present(op.error, op.probabilities);
    case 'sgd':
      return [op.parameter, op.update];
    case 'batchMoments':
      return [op.registers, op.mean, op.variance];
    case 'runningMoments':
      return [op.registers];
    case 'batchNormGradient':
      return [op.dGamma, op.dBeta, op.factors];
    default:
      return [op.out];
  }
}

/** The rounding sites of an op, in the order in which it rounds. */
export function opConverts(op: Op): Convert[] {
  if (op.kind === 'sgd') return present(op.updateConvert, op.parameterConvert);
  if (op.kind === 'batchMoments') return present(op.meanConvert, op.varianceConvert);
  if (op.kind === 'batchNormGradient') return present(op.gammaConvert, op.betaConvert);
  return 'convert' in op && op.convert ? [op.convert] : [];
}
