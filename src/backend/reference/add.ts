/** Element by element addition: the exact sum of two tensors that may have different formats, rounded once. */
import type { AddOp } from '../../plan/index.js';
import type { Run } from './run.js';

/** lhs, rhs, out [elements]: out = convert(lhs * 2^shifts.lhs + rhs * 2^shifts.rhs). */
export function add(op: AddOp, run: Run): void {
  const lhs = run.elements(op.lhs);
  const rhs = run.elements(op.rhs);
  const out = run.elements(op.out);
  const length = run.length(op.out);
  const cell = run.cell(op.convert);
  for (let index = 0; index < length; index += 1) {
    cell.clear();
    cell.add(lhs[index]!, op.shifts.lhs);
    cell.add(rhs[index]!, op.shifts.rhs);
    out[index] = cell.finish(index);
  }
}
