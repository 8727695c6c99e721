/** A whole plan as data: two programs of ops over tensors that have their place. docs/plan.md describes it. */
import { checkArgument, listOf, NUMBER, record } from '../numerics/arguments.js';
import type { Op } from './ops/index.js';
import type { Convert, Tensor, TensorId } from './types.js';

/** One training step and one evaluation step, with every tensor, format, rounding site and buffer fixed. */
export interface Plan {
  readonly name: string;
  readonly arithmetic: 'fixed' | 'float32';
  /** Largest number of examples in a step. */
  readonly batch: number;
  /** Parameter gradients are stored as 2^-gradientShift * sum over the batch: ceil(log2 batch), 0 in float32. */
  readonly gradientShift: number;
  readonly tensors: readonly Tensor[];
  /** Every rounding site, in the order of their counters. */
  readonly sites: readonly Convert[];
  readonly train: readonly Op[];
  readonly evaluate: readonly Op[];
  /** Tensors that a session fills or hands out; null if a hand-made plan has none. */
  readonly trainInput: TensorId | null;
  readonly evaluateInput: TensorId | null;
  readonly labels: TensorId | null;
  readonly logits: TensorId | null;
  readonly probabilities: TensorId | null;
  /** Weights and biases in layer order, and their update (momentum) tensors in the same order. */
  readonly parameters: readonly TensorId[];
  readonly updates: readonly TensorId[];
  /** What else a step changes and a checkpoint must hold: running means and variances. */
  readonly states: readonly TensorId[];
  /** Number of coefficient groups the sgd ops refer to. */
  readonly groups: number;
  readonly arenaBytes: number;
}

/** The tensors that a finished plan names. */
export type PlanEnds = Partial<
  Pick<
    Plan,
    | 'trainInput'
    | 'evaluateInput'
    | 'labels'
    | 'logits'
    | 'probabilities'
    | 'parameters'
    | 'updates'
    | 'states'
    | 'groups'
  >
>;

const PLAN = record('a plan, as NetworkDefinition.plan makes it', {
  tensors: listOf(record('a tensor')),
  train: listOf(record('an op')),
  evaluate: listOf(record('an op')),
  parameters: listOf(NUMBER),
});

/** Checks that an argument is a plan; `verifyPlan` checks all of one. @throws TypeError for anything else. */
export function checkPlan(plan: Plan): void {
  checkArgument('plan', plan, PLAN);
}
