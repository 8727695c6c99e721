/** Softmax and cross-entropy of every row against its label, in integers; the arithmetic is numerics/softmax.ts. */
import { classOf, PROBABILITY_BITS, softmaxCrossEntropyRow } from '../../numerics/index.js';
import type { SoftmaxCrossEntropyOp } from '../../plan/index.js';
import type { Elements } from './cell.js';
import { floatSoftmaxCrossEntropyRow } from './float-softmax-cross-entropy.js';
import type { Run } from './run.js';

/**
 * logits, probabilities, error [B, classes], labels [B]: probabilities with 30 fraction bits,
 * error = convert(probability - onehot); the row's loss, and whether its class (the first largest logit; none if they are no
 * numbers) is the label, are added to the metrics.
 */
export function softmaxCrossEntropy(op: SoftmaxCrossEntropyOp, run: Run): void {
  const { classes } = op;
  const rows = run.rows(op.logits);
  const logits = run.elements(op.logits); // [rows, classes]
  const labels = run.elements(op.labels); // [rows]
  const probabilities = run.elements(op.probabilities); // [rows, classes]
  const error = op.error === null ? null : run.elements(op.error); // [rows, classes]
  const cell = run.cell(op.convert);
  const one = cell.constant(1073741824, PROBABILITY_BITS);
  const { format } = run.tensor(op.logits);
  const fl = format === null || format === 'float32' ? null : format.fl;
  for (let row = 0; row < rows; row += 1) {
    const offset = row * classes;
    const label = labels[row]!;
    run.loss += lossOfRow(logits, offset, classes, fl, label, probabilities);
    if (classOf(logits, offset, classes) === label) run.correct += 1;
    if (error === null) continue;
    for (let index = offset; index < offset + classes; index += 1) {
      cell.clear();
      cell.add(probabilities[index]!, 0);
      if (index - offset === label) cell.add(-one, 0);
      error[index] = cell.finish(index);
    }
  }
}

/** Writes one row's probabilities and returns its loss; without fraction bits `fl` in the float32 baseline. */
function lossOfRow(
  logits: Elements,
  offset: number,
  classes: number,
  fl: number | null,
  label: number,
  probabilities: Elements,
): number {
  if (fl !== null && probabilities instanceof Int32Array) {
    return softmaxCrossEntropyRow(logits, offset, classes, fl, label, probabilities, offset);
  }
  return floatSoftmaxCrossEntropyRow(logits, offset, classes, label, probabilities);
}
