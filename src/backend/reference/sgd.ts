/** Stochastic gradient descent with momentum and weight decay: two rounding sites per parameter. */
import type { SgdOp } from '../../plan/index.js';
import type { Run } from './run.js';

/**
 * parameter w, gradient g, update u [elements]: u' = convert(momentum * u - rate * g - decay * w), w' =
 * convert(w + u'), each right side one exact integer. An update is swallowed if its exact right side is
 * non-zero but w' = w.
 */
export function sgd(op: SgdOp, run: Run): void {
  const { shifts, sumShifts } = op;
  const length = run.length(op.parameter);
  const parameter = run.elements(op.parameter);
  const gradient = run.elements(op.gradient);
  const update = run.elements(op.update);
  const { momentum, rate, decay } = run.coefficients[op.group]!;
  const updateCell = run.cell(op.updateConvert);
  const parameterCell = run.cell(op.parameterConvert);
  for (let index = 0; index < length; index += 1) {
    const w = parameter[index]!;
    updateCell.clear();
    updateCell.addProduct(momentum, update[index]!, shifts.update);
    updateCell.addProduct(-rate, gradient[index]!, shifts.gradient);
    if (op.decays) updateCell.addProduct(-decay, w, shifts.parameter);
    const moves = !updateCell.isZero();
    const u = updateCell.finish(index);
    update[index] = u;
    parameterCell.clear();
    parameterCell.add(w, sumShifts.parameter);
    parameterCell.add(u, sumShifts.update);
    const next = parameterCell.finish(index);
    parameter[index] = next;
    run.countStep(op.parameterConvert, gradient[index] !== 0, moves && next === w);
  }
}
