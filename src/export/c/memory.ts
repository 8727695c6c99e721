/**
 * Where the tensors of one example lie: activations share static memory as the plan's memory planner places them, one array for
 * 16-bit and one for 32-bit elements, so that no object is read as another type.
 */
import {
  elements,
  opReads,
  opWrites,
  planMemory,
  type Op,
  type Plan,
  type TensorId,
} from '../../plan/index.js';

const SIZE = { int16: 2, int32: 4 } as const;
type Width = keyof typeof SIZE;

/** Static memory of the inference. */
export interface Memory {
  /** Elements of both arrays. */
  readonly lengths: Readonly<Record<Width, number>>;
  readonly sizeBytes: number;
  /** Expression for the first element of a tensor in memory. */
  place(id: TensorId): string;
}

/** Places the input and everything that the ops write but the logits, which belong to the caller. */
export function placeTensors(plan: Plan, ops: readonly Op[]): Memory {
  const used = new Set(ops.flatMap((op) => [...opReads(op), ...opWrites(op)]));
  const isPlaced = (id: TensorId): boolean => used.has(id) && plan.tensors[id]!.batched && id !== plan.logits;
  const placeAll = (storage: Width) => {
    const tensors = plan.tensors.map((tensor) => {
      const own = isPlaced(tensor.id) && tensor.storage === storage;
      const sizeBytes = own ? SIZE[storage] * elements(tensor.shape.slice(1)) : 0;
      return { ...tensor, persistent: !own, sizeBytes };
    });
    const placed = planMemory(tensors, [ops]);
    const end = (id: TensorId): number => placed.tensors[id]!.offset + tensors[id]!.sizeBytes;
    // The planner rounds sizes up; nothing lies behind the last element.
    const sizeBytes = Math.max(
      0,
      ...tensors.filter(({ persistent }) => !persistent).map(({ id }) => end(id)),
    );
    return { tensors: placed.tensors, sizeBytes };
  };
  const all = { int16: placeAll('int16'), int32: placeAll('int32') };
  return {
    lengths: { int16: all.int16.sizeBytes / SIZE.int16, int32: all.int32.sizeBytes / SIZE.int32 },
    sizeBytes: all.int16.sizeBytes + all.int32.sizeBytes,
    place: (id) => {
      const storage = plan.tensors[id]!.storage === 'int16' ? 'int16' : 'int32';
      return `memory${8 * SIZE[storage]} + ${all[storage].tensors[id]!.offset / SIZE[storage]}`;
    },
  };
}
