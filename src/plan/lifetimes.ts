/** When the tensors of a program live: from the first op that touches each to the last. Ops are counted from 0. */
import { opReads, opWrites, type Op } from './ops/index.js';
import type { TensorId } from './types.js';

/** Indices of the first and the last op that touch a tensor. */
export interface Life {
  first: number;
  last: number;
}

/** First and last op (by index) that touches each tensor of a program. */
export function lifetimes(ops: readonly Op[]): Map<TensorId, Life> {
  const lives = new Map<TensorId, Life>();
  ops.forEach((op, index) => {
    for (const id of [...opReads(op), ...opWrites(op)]) {
      const life = lives.get(id);
      if (life) life.last = index;
      else lives.set(id, { first: index, last: index });
    }
  });
  return lives;
}
