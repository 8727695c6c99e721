/** Rules for where tensors lie: aligned, inside the arena, and apart from every tensor that lives at the same time. */
import { ShapeError } from './errors.js';
import { lifetimes } from './lifetimes.js';
import { ALIGNMENT } from './memory.js';
import { factsOf, opReads, opWrites, type Op } from './ops/index.js';
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

/** The tensors alive at one moment, by ascending offset; no two of them overlap. */
class Living {
  readonly #tensors: Tensor[] = [];

  /** @throws ShapeError if the tensor overlaps one that is alive. */
  add(tensor: Tensor): void {
    const at = this.#indexOf(tensor.offset);
    for (const other of [this.#tensors[at - 1], this.#tensors[at]]) {
      if (other && overlap(other, tensor)) {
        const [a, b] = other.offset <= tensor.offset ? [other, tensor] : [tensor, other];
        throw new ShapeError(`${b.name}: shares memory with ${a.name}, which lives at the same time`);
      }
    }
    this.#tensors.splice(at, 0, tensor);
  }

  remove(tensor: Tensor): void {
    this.#tensors.splice(this.#indexOf(tensor.offset), 1);
  }

  /** Index of the first tensor at `offset` or behind it. */
  #indexOf(offset: number): number {
    let low = 0;
    let high = this.#tensors.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#tensors[middle]!.offset < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function overlap(a: Tensor, b: Tensor): boolean {
  return a.offset < b.offset + b.sizeBytes && b.offset < a.offset + a.sizeBytes;
}

/** Goes through the program op by op: tensors begin to live at the first op that touches them, and end behind the last. */
function checkOverlaps(tensors: readonly Tensor[], ops: readonly Op[]): void {
  const living = new Living();
  for (const tensor of tensors) if (tensor.persistent) living.add(tensor);
  const lives = lifetimes(ops);
  ops.forEach((op, index) => {
    const shared = [...new Set([...opReads(op), ...opWrites(op)])]
      .map((id) => tensors[id]!)
      .filter((tensor) => !tensor.persistent);
    const isBorn = ({ id }: Tensor): boolean => lives.get(id)!.first === index;
    const ends = ({ id }: Tensor): boolean => lives.get(id)!.last === index;
    const replaced = shared.find(
      (tensor) => ends(tensor) && !isBorn(tensor) && isReplaced(op, tensor, tensors),
    );
    const result = replaced && tensors[opWrites(op)[0]!]!;
    for (const tensor of shared) if (isBorn(tensor) && tensor !== result) living.add(tensor);
    if (replaced) living.remove(replaced);
    if (result) living.add(result);
    for (const tensor of shared) if (ends(tensor) && tensor !== replaced) living.remove(tensor);
  });
}

/** True when the op writes its result over this operand, element by element. */
function isReplaced(op: Op, operand: Tensor, tensors: readonly Tensor[]): boolean {
  const result = tensors[opWrites(op)[0] ?? -1];
  if (result === undefined || result.persistent || result.offset !== operand.offset) return false;
  return factsOf(op).inPlace?.(op) === operand.id && result !== operand;
}
