/** Records of pooling and its gradients. */
import { wordLength, type Format, type NumberFormat } from '../../../numerics/index.js';
import type {
  AveragePoolGradientOp,
  AveragePoolOp,
  MaxPoolGradientOp,
  MaxPoolOp,
} from '../../../plan/index.js';
import * as layout from '../layout.generated.js';
import { tileMaxPoolGradient } from '../tiling.js';
import type { RecordBuilder } from './record.js';

export function maxPool(op: MaxPoolOp, record: RecordBuilder): void {
  record.put(layout.KIND, layout.KIND_MAX_POOL);
  record.operand(layout.LHS, op.input);
  record.operand(layout.OUT, op.out);
  if (op.position !== null) record.operand(layout.EXTRA, op.position);
  record.window(op.window);
}

export function maxPoolGradient(op: MaxPoolGradientOp, record: RecordBuilder): void {
  record.put(layout.KIND, layout.KIND_MAX_POOL_GRADIENT);
  record.operand(layout.LHS, op.dOutput);
  record.operand(layout.EXTRA, op.position);
  record.operand(layout.OUT, op.out);
  record.window(op.window);
  record.convert(layout.CONVERT, op.convert);
  record.put(layout.DIRECT, Number(isDirect(op, record)));
  record.scratch(tileMaxPoolGradient(op));
}

export function averagePool(op: AveragePoolOp, record: RecordBuilder): void {
  record.put(layout.KIND, layout.KIND_AVERAGE_POOL);
  record.operand(layout.LHS, op.input);
  record.operand(layout.OUT, op.out);
  record.window(op.window);
  reciprocals(op.reciprocals, record);
  record.put(layout.DIVIDES, Number(op.divides));
  record.convert(layout.CONVERT, op.convert);
}

export function averagePoolGradient(op: AveragePoolGradientOp, record: RecordBuilder): void {
  record.put(layout.KIND, layout.KIND_AVERAGE_POOL_GRADIENT);
  record.operand(layout.LHS, op.dOutput);
  record.operand(layout.OUT, op.out);
  record.window(op.window);
  reciprocals(op.reciprocals, record);
  record.put(layout.DIVIDES, Number(op.divides));
  record.convert(layout.CONVERT, op.convert);
}

/** True when every raw integer of `from` is one of `to`. */
function inside(from: NumberFormat | null, to: Format): boolean {
  return from !== null && from !== 'float32' && wordLength(from) <= wordLength(to);
}

/** True when each cell gets at most one error, of int16, and in the format that it has. */
function isDirect({ dOutput, out, window, convert }: MaxPoolGradientOp, record: RecordBuilder): boolean {
  const overlap = window.strideY < window.kernelHeight || window.strideX < window.kernelWidth;
  if (overlap || convert?.drop !== 0) return false;
  const [from, to] = [record.tensor(dOutput), record.tensor(out)];
  // Without dropped bits the formats differ in their integer bits at most.
  return from.storage === 'int16' && to.storage === 'int16' && inside(from.format, convert.format);
}

/** Reciprocals of cell counts: integers, or the values themselves in float32. */
function reciprocals(table: readonly number[], record: RecordBuilder): void {
  const words =
    record.plan.arithmetic === 'fixed'
      ? Int32Array.from(table)
      : new Int32Array(Float32Array.from(table, (_, cells) => (cells === 0 ? 0 : 1 / cells)).buffer);
  record.table(layout.TABLE, words);
}
