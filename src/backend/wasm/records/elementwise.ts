/** Records of ops of one element each. */
import type { AddOp, DropoutOp, ReluGradientOp, ReluOp } from '../../../plan/index.js';
import * as layout from '../layout.generated.js';
import type { RecordBuilder } from './record.js';

export function relu(op: ReluOp, record: RecordBuilder): void {
  record.put(layout.KIND, layout.KIND_RELU);
  record.operand(layout.LHS, op.input);
  record.operand(layout.OUT, op.out);
  record.put(layout.SIZE, record.perExample(op.out));
}

export function reluGradient(op: ReluGradientOp, record: RecordBuilder): void {
  record.put(layout.KIND, layout.KIND_RELU_GRADIENT);
  record.operand(layout.LHS, op.output);
  record.operand(layout.RHS, op.dOutput);
  record.operand(layout.OUT, op.out);
  record.put(layout.SIZE, record.perExample(op.out));
}

export function add(op: AddOp, record: RecordBuilder): void {
  record.put(layout.KIND, layout.KIND_ADD);
  record.operand(layout.LHS, op.lhs);
  record.operand(layout.RHS, op.rhs);
  record.operand(layout.OUT, op.out);
  record.put(layout.SIZE, record.perExample(op.out));
  record.put(layout.SHIFT_LHS, op.shifts.lhs);
  record.put(layout.SHIFT_RHS, op.shifts.rhs);
  record.convert(layout.CONVERT, op.convert);
}

export function dropout(op: DropoutOp, record: RecordBuilder): void {
  record.put(layout.KIND, layout.KIND_DROPOUT);
  record.operand(layout.LHS, op.input);
  record.operand(layout.OUT, op.out);
  record.put(layout.SIZE, record.perExample(op.out));
  record.put(layout.EXTRA, op.maskHash);
  record.put(layout.THRESHOLD, op.threshold);
  record.put(layout.SCALE, op.scale);
  record.put(layout.DIVIDES, Number(op.divides));
  record.convert(layout.CONVERT, op.convert);
}
