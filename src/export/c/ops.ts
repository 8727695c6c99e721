/** The ops of an evaluation as C: loops with the plan's sizes, shifts and rounding written into them. */
import { UnsupportedError } from '../../backend/index.js';
import type { Op, TensorId } from '../../plan/index.js';
import type { Constants } from './constants.js';
import { add, batchNorm, relu } from './elements.js';
import type { OpCode } from './op-code.js';
import { averagePool, maxPool } from './pools.js';
import { conv2d, matmul } from './products.js';

type Emit<O> = (op: O, constants: Constants, positive: ReadonlySet<TensorId>) => OpCode | null;

function refuse(op: Op): never {
  throw new UnsupportedError(
    `${op.layer}: the op ${op.kind} cannot be exported to C; it is one of training alone`,
  );
}

/** The C of each kind of op; null when all of it is known beforehand, or nothing reads its result. */
const EMITTERS: { readonly [K in Op['kind']]: Emit<Extract<Op, { kind: K }>> } = {
  matmul,
  conv2d,
  relu,
  add,
  maxPool,
  averagePool,
  batchNorm,
  runningMoments: (op, constants) => {
    constants.setRegisters(op);
    return null;
  },
  softmaxCrossEntropy: () => null,
  conv2dInputGradient: refuse,
  conv2dWeightGradient: refuse,
  biasGradient: refuse,
  reluGradient: refuse,
  maxPoolGradient: refuse,
  averagePoolGradient: refuse,
  batchMoments: refuse,
  batchNormGradient: refuse,
  batchNormInputGradient: refuse,
  dropout: refuse,
  sgd: refuse,
};

/**
 * The C of an op, `positive` being tensors that are never negative; null if everything is known beforehand, or its result is not used.
 * @throws UnsupportedError naming the layer, for an op that no evaluation of a network has.
 */
export function opCode(op: Op, constants: Constants, positive: ReadonlySet<TensorId>): OpCode | null {
  const emit = EMITTERS[op.kind] as Emit<Op>;
  return emit(op, constants, positive);
}
