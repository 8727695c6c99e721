/** Records of the loss and of the update of a parameter. */
import type { SgdOp, SoftmaxCrossEntropyOp } from '../../../plan/index.js';
import * as layout from '../layout.generated.js';
import type { RecordBuilder } from './record.js';

export function softmaxCrossEntropy(op: SoftmaxCrossEntropyOp, record: RecordBuilder): void {
  const { format } = record.tensor(op.logits);
  record.put(layout.KIND, layout.KIND_SOFTMAX);
  record.operand(layout.LHS, op.logits);
  record.operand(layout.EXTRA, op.labels);
  if (op.error !== null) record.operand(layout.OUT, op.error);
  record.put(layout.PROBABILITIES, record.address(op.probabilities));
  record.put(layout.SIZE, op.classes);
  record.put(layout.FRACTION_BITS, format === null || format === 'float32' ? 0 : format.fl);
  record.convert(layout.CONVERT, op.convert);
}

export function sgd(op: SgdOp, record: RecordBuilder): void {
  record.put(layout.KIND, layout.KIND_SGD);
  record.operand(layout.OUT, op.parameter);
  record.operand(layout.RHS, op.gradient);
  record.operand(layout.EXTRA, op.update);
  record.put(layout.SIZE, record.perExample(op.parameter));
  record.put(layout.GROUP, op.group);
  record.put(layout.DECAYS, Number(op.decays));
  record.put(layout.SHIFT_UPDATE, op.shifts.update);
  record.put(layout.SHIFT_GRADIENT, op.shifts.gradient);
  record.put(layout.SHIFT_PARAMETER, op.shifts.parameter);
  record.put(layout.SUM_SHIFT_PARAMETER, op.sumShifts.parameter);
  record.put(layout.SUM_SHIFT_UPDATE, op.sumShifts.update);
  record.convert(layout.CONVERT, op.updateConvert);
  record.convert(layout.CONVERT_PARAMETER, op.parameterConvert);
}
