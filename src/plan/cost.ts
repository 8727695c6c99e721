/**
 * What an op costs with a full batch: multiply-accumulates, and its operands and results, read and written once each: as bytes
 * of this machine's memory, and as bits of their formats.
 */
import { wordLength } from '../numerics/index.js';
import { factsOf, opReads, opWrites, type Op } from './ops/index.js';
import { checkPlan, type Plan } from './plan.js';
import { elements } from './shapes.js';
import type { Tensor, TensorId } from './types.js';

/**
 * Multiply-accumulates of the op's products with the given number of examples (0 for ops without products).
 * Padding counts as zero cells.
 */
export function opMacs(op: Op, plan: Plan, examples = plan.batch): number {
  const size = (id: TensorId): number => elements(plan.tensors[id]!.shape);
  return factsOf(op).multiplyAdds?.(op, examples, size) ?? 0;
}

/** Bytes of the operands and results of the op. */
export function opBytes(op: Op, plan: Plan): number {
  const size = (id: TensorId): number => plan.tensors[id]!.sizeBytes;
  return [...opReads(op), ...opWrites(op)].reduce((sum, id) => sum + size(id), 0);
}

/** Bits of a tensor: of its format; of labels, positions and registers as they are stored. */
function tensorBits({ shape, format, sizeBytes }: Tensor): number {
  if (format === null) return 8 * sizeBytes;
  return elements(shape) * (format === 'float32' ? 32 : wordLength(format));
}

/** Bits of the operands and results of the op: what a machine that stores each number in its format's word length would move. */
function opBits(op: Op, plan: Plan): number {
  return [...opReads(op), ...opWrites(op)].reduce((sum, id) => sum + tensorBits(plan.tensors[id]!), 0);
}

/** Sums over the ops and tensors of a plan. */
export interface PlanTotals {
  readonly trainOps: number;
  readonly evaluateOps: number;
  readonly trainMacs: number;
  readonly evaluateMacs: number;
  readonly trainBytes: number;
  readonly evaluateBytes: number;
  readonly trainBits: number;
  readonly evaluateBits: number;
  readonly parameters: number;
  /** Bytes of tensors that keep their value between steps, and of the whole arena. */
  readonly persistentBytes: number;
  readonly arenaBytes: number;
  /** What the arena would need if no two tensors shared memory. */
  readonly unsharedBytes: number;
}

/** Totals of a plan. */
export function planTotals(plan: Plan): PlanTotals {
  checkPlan(plan);
  const sum = (ops: readonly Op[], cost: (op: Op, plan: Plan) => number): number =>
    ops.reduce((total, op) => total + cost(op, plan), 0);
  const bytes = (persistentOnly: boolean): number =>
    plan.tensors.reduce((total, t) => total + (persistentOnly && !t.persistent ? 0 : t.sizeBytes), 0);
  return {
    trainOps: plan.train.length,
    evaluateOps: plan.evaluate.length,
    trainMacs: sum(plan.train, opMacs),
    evaluateMacs: sum(plan.evaluate, opMacs),
    trainBytes: sum(plan.train, opBytes),
    evaluateBytes: sum(plan.evaluate, opBytes),
    trainBits: sum(plan.train, opBits),
    evaluateBits: sum(plan.evaluate, opBits),
    parameters: plan.parameters.reduce((total, id) => total + elements(plan.tensors[id]!.shape), 0),
    persistentBytes: bytes(true),
    arenaBytes: plan.arenaBytes,
    unsharedBytes: bytes(false),
  };
}
