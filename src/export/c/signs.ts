/** Which tensors are never negative, whatever the input: half of their products then have the sign of the other half of a sum. */
import type { Op, TensorId } from '../../plan/index.js';

/** What a ReLU writes, and the largest elements of that. */
export function positiveTensors(ops: readonly Op[]): ReadonlySet<TensorId> {
  const positive = new Set<TensorId>();
  for (const op of ops) {
    if (op.kind === 'relu' || (op.kind === 'maxPool' && positive.has(op.input))) positive.add(op.out);
  }
  return positive;
}
