/** Gradient of a bias: the sum of an error over examples and pixels. */
import type { BiasGradientOp } from '../../plan/index.js';
import type { Run } from './run.js';

/** dOutput [rows, N] with rows = examples * rowsPerExample, out [N]: out[n] = convert(sum over rows of dOutput[row, n]). */
export function biasGradient(op: BiasGradientOp, run: Run): void {
  const { n } = op;
  const rows = run.rows(op.dOutput) * op.rowsPerExample;
  const dOutput = run.elements(op.dOutput); // [rows, n]
  const out = run.elements(op.out); // [n]
  const cell = run.cell(op.convert);
  for (let column = 0; column < n; column += 1) {
    cell.clear();
    for (let row = 0; row < rows; row += 1) cell.add(dOutput[row * n + column]!, 0);
    out[column] = cell.finish(column);
  }
}
