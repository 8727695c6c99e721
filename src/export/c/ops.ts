/** The ops of an evaluation as C: loops with the plan's sizes, shifts and rounding written into them. */
import { UnsupportedError } from '../../backend/index.js';
import type { Op, TensorId } from '../../plan/index.js';
import type { Constants } from './constants.js';
import { add, batchNorm, relu } from './elements.js';
import type { OpCode } from './op-code.js';
import { averagePool, maxPool } from './pools.js';
import { conv2d, matmul } from './products.js';

/**
 * The C of an op, `positive` being tensors that are never negative; null if everything is known beforehand, or its result is not used.
 * @throws UnsupportedError naming the layer, for an op that no evaluation of a network has.
 */
export function opCode(op: Op, constants: Constants, positive: ReadonlySet<TensorId>): OpCode | null {
  switch (op.kind) {
    case 'matmul':
      return matmul(op, constants, positive);
    case 'conv2d':
      return conv2d(op, constants, positive);
    case 'relu':
      return relu(op, constants);
    case 'add':
      return add(op, constants);
    case 'maxPool':
      return maxPool(op, constants);
    case 'averagePool':
      return averagePool(op, constants);
    case 'batchNorm':
      return batchNorm(op, constants);
    case 'runningMoments':
      constants.setRegisters(op);
      return null;
    case 'softmaxCrossEntropy':
      return null;
    default:
      throw new UnsupportedError(
        `${op.layer}: the op ${op.kind} cannot be exported to C; it is one of training alone`,
      );
  }
}
