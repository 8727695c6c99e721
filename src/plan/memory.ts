/**
 * Memory planning: every tensor gets a byte offset in one arena. Persistent tensors lie side by side; the
 * others share what follows, placed largest first at the lowest offset that is free of tensors living at the
 * same time. The two programs never run at once, so both start from the same offset. Derived in docs/plan.md,
 * "Memory".
 */
import { FreeSpace } from './free-space.js';
import { lifetimes, type Life } from './lifetimes.js';
import { factsOf, opWrites, type Op } from './ops/index.js';
import type { Plan } from './plan.js';
import type { Tensor, TensorId } from './types.js';

/** Bytes to whose multiple every offset is aligned. */
export const ALIGNMENT = 64;

/** Also right beyond 2^31: no backend can run such a plan, but its size is still reported. */
function align(bytes: number): number {
  return bytes + ((ALIGNMENT - (bytes % ALIGNMENT)) % ALIGNMENT);
}

/** A buffer: one tensor, or several that take turns in the same memory. */
interface Buffer extends Life {
  readonly members: TensorId[];
  readonly size: number;
  offset: number;
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
    const operand = factsOf(op).inPlace?.(op);
    if (operand === undefined) return;
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

/** Places the buffers of a program of `length` ops from `base` on, largest first; returns the end of the region. */
function place(buffers: readonly Buffer[], length: number, base: number): number {
  const space = new FreeSpace(length, base);
  let end = base;
  const order = [...buffers].sort((a, b) => b.size - a.size || a.first - b.first);
  for (const buffer of order) {
    buffer.offset = space.take(buffer, buffer.size);
    end = Math.max(end, buffer.offset + buffer.size);
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
    end = Math.max(end, place(buffers, ops.length, base));
    for (const buffer of buffers) for (const member of buffer.members) offsets.set(member, buffer.offset);
  }
  return {
    tensors: tensors.map((tensor) => ({ ...tensor, offset: offsets.get(tensor.id) ?? 0 })),
    arenaBytes: end,
  };
}

/**
 * The same plan in which no tensor that a training step writes shares memory, so that each can be read after a step. Ops,
 * formats and rounding sites are the same, so every number is; only the arena is larger.
 */
export function keepTrainingTensors(plan: Plan): Plan {
  const written = new Set(plan.train.flatMap((op) => opWrites(op)));
  const tensors = plan.tensors.map((tensor) =>
    written.has(tensor.id) ? { ...tensor, persistent: true } : tensor,
  );
  return { ...plan, ...planMemory(tensors, [plan.train, plan.evaluate]) };
}
