/** Softmax and cross-entropy of one row in doubles: the float32 baseline's counterpart of numerics/softmax.ts. */
import { firstLargest } from '../../numerics/index.js';
import type { Elements } from './cell.js';

/** Writes the row's probabilities and returns its loss in nats. */
export function floatSoftmaxCrossEntropyRow(
  logits: Elements,
  offset: number,
  classes: number,
  target: number,
  probabilities: Elements,
): number {
  const max = logits[offset + firstLargest(logits, offset, classes)]!;
  let sum = 0;
  for (let i = offset; i < offset + classes; i += 1) sum += Math.exp(logits[i]! - max);
  for (let i = offset; i < offset + classes; i += 1) probabilities[i] = Math.exp(logits[i]! - max) / sum;
  return max - logits[offset + target]! + Math.log(sum);
}
