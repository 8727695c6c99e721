/** Which tensors an op reads and writes. The only place that knows every op's fields by direction. */
import type { Convert, Op, TensorId } from './ops.js';

function present(...ids: readonly (TensorId | null)[]): TensorId[] {
  return ids.filter((id) => id !== null);
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
    default:
      return [op.out];
  }
}

/** The rounding sites of an op, in the order in which it rounds. */
export function opConverts(op: Op): Convert[] {
  if (op.kind === 'sgd') return [op.updateConvert, op.parameterConvert].filter((site) => site !== null);
  return 'convert' in op && op.convert ? [op.convert] : [];
}
