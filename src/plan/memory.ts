/**
 * Memory planning: every tensor gets a byte offset in one arena. Persistent tensors lie side by side; the others
 * share what follows, placed largest first at the lowest offset where no tensor that lives at the same time lies.
 * The two programs never run at once, so both start from the same offset. Derived in docs/plan.md, "Memory".
 */
import type { Op, Plan, Tensor, TensorId } from './ops.js';
import { opReads, opWrites } from './operands.js';

const ALIGNMENT = 64;

/** Also right beyond 2^31, where a plan is too large for any backend but its figure must still be told. */
function align(bytes: number): number {
  return bytes + ((ALIGNMENT - (bytes % ALIGNMENT)) % ALIGNMENT);
}

/** A buffer: one tensor, or several that are the same memory one after the other. */
interface Buffer {
  readonly members: TensorId[];
  readonly size: number;
  first: number;
  last: number;
  offset: number;
}

/** First and last op (by index) that touches each tensor of a program. */
function lifetimes(ops: readonly Op[]): Map<TensorId, { first: number; last: number }> {
  const lives = new Map<TensorId, { first: number; last: number }>();
  ops.forEach((op, index) => {
    for (const id of [...opReads(op), ...opWrites(op)]) {
      const life = lives.get(id);
      if (life) life.last = index;
      else lives.set(id, { first: index, last: index });
    }
  });
  return lives;
}

/** The operand that the op may overwrite in place, or null. Element i of the result depends on element i alone. */
function inPlaceOperand(op: Op): TensorId | null {
  if (op.kind === 'relu') return op.input;
  if (op.kind === 'reluGradient') return op.dOutput;
  return null;
}

/** Groups a program's shared tensors into buffers, joining results that replace their operand in place. */
function buffersOf(ops: readonly Op[], tensors: readonly Tensor[]): Buffer[] {
  const lives = lifetimes(ops);
  const buffers = new Map<TensorId, Buffer>();
  for (const [id, life] of lives) {
    const tensor = tensors[id]!;
    if (!tensor.persistent)
      buffers.set(id, { members: [id], size: align(tensor.sizeBytes), ...life, offset: 0 });
  }
  ops.forEach((op, index) => {
    const operand = inPlaceOperand(op);
    if (operand === null) return;
    const source = buffers.get(operand);
    const target = buffers.get(opWrites(op)[0]!);
    if (!source || !target || source === target || source.last !== index || source.size !== target.size)
      return;
    source.members.push(...target.members);
    source.last = target.last;
    for (const member of target.members) buffers.set(member, source);
  });
  return [...new Set(buffers.values())];
}

/** Places buffers from `base` on, largest first; returns the end of the region. */
function place(buffers: readonly Buffer[], base: number): number {
  const placed: Buffer[] = [];
  let end = base;
  const order = [...buffers].sort((a, b) => b.size - a.size || a.first - b.first);
  for (const buffer of order) {
    const neighbours = placed
      .filter((other) => other.first <= buffer.last && buffer.first <= other.last)
      .sort((a, b) => a.offset - b.offset);
    let offset = base;
    for (const other of neighbours) {
      if (offset + buffer.size <= other.offset) break;
      offset = Math.max(offset, other.offset + other.size);
    }
    buffer.offset = offset;
    placed.push(buffer);
    end = Math.max(end, offset + buffer.size);
  }
  return end;
}

/** Assigns every tensor its offset and returns the arena's size. */
export function planMemory(
  tensors: readonly Tensor[],
  programs: readonly (readonly Op[])[],
): { tensors: Tensor[]; arenaBytes: number } {
  const offsets = new Map<TensorId, number>();
  let base = 0;
  for (const tensor of tensors) {
    if (!tensor.persistent) continue;
    offsets.set(tensor.id, base);
    base += align(tensor.sizeBytes);
  }
  let end = base;
  for (const ops of programs) {
    const buffers = buffersOf(ops, tensors);
    end = Math.max(end, place(buffers, base));
    for (const buffer of buffers) for (const member of buffer.members) offsets.set(member, buffer.offset);
  }
  return {
    tensors: tensors.map((tensor) => ({ ...tensor, offset: offsets.get(tensor.id) ?? 0 })),
    arenaBytes: end,
  };
}

/**
 * The same plan with room of its own for every tensor that a training step writes: after a step each can be read. Ops,
 * formats and rounding sites are the same, so every number is; only the arena is larger.
 */
export function keepTrainingTensors(plan: Plan): Plan {
  const written = new Set(plan.train.flatMap((op) => opWrites(op)));
  const tensors = plan.tensors.map((tensor) =>
    written.has(tensor.id) ? { ...tensor, persistent: true } : tensor,
  );
  return { ...plan, ...planMemory(tensors, [plan.train, plan.evaluate]) };
}
