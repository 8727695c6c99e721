/** Rules for where tensors lie: aligned, inside the arena, and apart from every tensor that lives at the same time. */
import { ShapeError } from './errors.js';
import { ALIGNMENT, lifetimes, type Life } from './memory.js';
import { factsOf, opWrites, type Op } from './ops/index.js';
import type { Plan } from './plan.js';
import type { Tensor } from './types.js';

/** Offsets are aligned, tensors lie in the arena, and no two that live at the same time overlap. */
export function checkMemory({ tensors, train, evaluate, arenaBytes }: Plan): void {
  for (const { name, offset, sizeBytes } of tensors) {
    if (offset % ALIGNMENT !== 0) {
      throw new ShapeError(`${name}: its offset must be a multiple of ${ALIGNMENT}, got ${offset}`);
    }
    if (offset + sizeBytes > arenaBytes) {
      throw new ShapeError(
        `${name}: must end within the arena of ${arenaBytes} bytes, got ${offset + sizeBytes}`,
      );
    }
  }
  for (const ops of [train, evaluate]) checkOverlaps(tensors, ops);
}

function checkOverlaps(tensors: readonly Tensor[], ops: readonly Op[]): void {
  const lives = lifetimes(ops);
  const always: Life = { first: 0, last: Infinity };
  const living = tensors.flatMap((tensor) => {
    const life = tensor.persistent ? always : lives.get(tensor.id);
    return life ? [{ tensor, life }] : [];
  });
  living.sort((a, b) => a.tensor.offset - b.tensor.offset);
  living.forEach((a, i) => {
    for (const b of living.slice(i + 1)) {
      if (b.tensor.offset >= a.tensor.offset + a.tensor.sizeBytes) break;
      const apart = a.life.last < b.life.first || b.life.last < a.life.first;
      if (apart || replaces(ops, a.tensor, b.tensor, a.life) || replaces(ops, b.tensor, a.tensor, b.life))
        continue;
      throw new ShapeError(
        `${b.tensor.name}: shares memory with ${a.tensor.name}, which lives at the same time`,
      );
    }
  });
}

/** True when the last op that reads `operand` writes `result` over it, element by element. */
function replaces(ops: readonly Op[], operand: Tensor, result: Tensor, life: Life): boolean {
  const op = ops[life.last];
  if (op === undefined || operand.persistent || result.persistent || operand.offset !== result.offset)
    return false;
  return factsOf(op).inPlace?.(op) === operand.id && opWrites(op)[0] === result.id;
}
