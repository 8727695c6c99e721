/** The loss: softmax and cross-entropy, with the error at the logits. Derived in docs/arithmetic.md. */
import { MAX_CLASSES } from '../../numerics/index.js';
import { COEFFICIENT_BITS } from '../bits.js';
import type { PlanDraft } from '../draft.js';
import { ShapeError, shapeText } from '../errors.js';
import { matrixShape } from '../shapes.js';
import type { SiteSettings } from '../sites.js';
import { ID, nullable, SITE, whole } from '../structure.js';
import type { Convert, OpBase, TensorId } from '../types.js';
import { settingsOf, type OpFacts } from './facts.js';

/**
 * Softmax over the last dimension and cross-entropy against the labels, in integers (docs/numerics.md).
 * Adds the loss (24 fraction bits) and the number of rows whose first largest logit is the label to the step's metrics.
 */
export interface SoftmaxCrossEntropyOp extends OpBase {
  readonly kind: 'softmaxCrossEntropy';
  readonly logits: TensorId;
  readonly labels: TensorId;
  /** Probabilities, int32 with 30 fraction bits (or float32). */
  readonly probabilities: TensorId;
  /** convert(p - onehot), null in an evaluation. */
  readonly error: TensorId | null;
  readonly classes: number;
  readonly convert: Convert | null;
}

/** Arguments of `emitSoftmaxCrossEntropy`. */
export type SoftmaxCrossEntropyArgs = {
  logits: TensorId;
  labels: TensorId;
  probabilities: TensorId;
  error: TensorId | null;
} & SiteSettings;

/** Derives an op `softmaxCrossEntropy`. */
export function emitSoftmaxCrossEntropy(
  draft: PlanDraft,
  args: SoftmaxCrossEntropyArgs,
): SoftmaxCrossEntropyOp {
  const { logits, labels, probabilities, error } = args;
  const [rows, classes] = matrixShape(draft.operand(logits).shape);
  if (classes < 2 || classes > MAX_CLASSES) {
    throw new ShapeError(
      `${draft.who}: needs 2 to ${MAX_CLASSES} classes, got logits ${shapeText([rows, classes])}`,
    );
  }
  draft.expectElements(draft.holding('label', labels), rows);
  draft.expectElements(draft.operand(probabilities), rows * classes);
  draft.expectFixed(draft.operand(probabilities), { il: 2, fl: COEFFICIENT_BITS });
  if (error !== null) draft.expectElements(draft.operand(error), rows * classes);
  const convert = error === null ? null : draft.convert(draft.operand(error), COEFFICIENT_BITS, args);
  return {
    ...draft.base(),
    kind: 'softmaxCrossEntropy',
    logits,
    labels,
    probabilities,
    error,
    classes,
    convert,
  };
}

/** Facts of `softmaxCrossEntropy`. */
export const SOFTMAX_CROSS_ENTROPY: OpFacts<SoftmaxCrossEntropyOp> = {
  fields: {
    logits: ID,
    labels: ID,
    probabilities: ID,
    error: nullable(ID),
    classes: whole(2, MAX_CLASSES),
    convert: nullable(SITE),
  },
  reads: (op) => [op.logits, op.labels],
  writes: (op) => [op.error, op.probabilities],
  converts: (op) => [op.convert],
  rebuild: (draft, op) => emitSoftmaxCrossEntropy(draft, { ...op, ...settingsOf(op.convert) }),
};
