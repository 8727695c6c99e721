/** Matrix product with bias: dense layers forward, backward and their weight gradients. */
import type { MatmulOp } from '../../plan/index.js';
import type { Run } from './run.js';

/**
 * lhs [M, K], rhs [K, N], bias [N], out [M, N]; a transposed operand is stored [K, M] or [N, K].
 * out[m, n] = convert(sum over k ascending of lhs[m, k] * rhs[k, n], then bias[n] * 2^biasShift).
 * With a partial batch M (forward, input gradient) or K (weight gradient) is the number of examples.
 */
export function matmul(op: MatmulOp, run: Run): void {
  const m = op.batchAxis === 'm' ? run.count : op.m;
  const k = op.batchAxis === 'k' ? run.count : op.k;
  const { n } = op;
  const lhs = run.elements(op.lhs); // [m, k]
  const rhs = run.elements(op.rhs); // [k, n]
  const bias = op.bias === null ? null : run.elements(op.bias); // [n]
  const out = run.elements(op.out); // [m, n]
  // A transposed operand keeps its stored sizes, of which a partial batch uses the first rows.
  const lhsRow = op.transposeLhs ? 1 : op.k;
  const lhsStep = op.transposeLhs ? op.m : 1;
  const rhsColumn = op.transposeRhs ? op.k : 1;
  const rhsStep = op.transposeRhs ? 1 : n;
  const cell = run.productCell(op.convert, op.accumulator);
  for (let row = 0; row < m; row += 1) {
    for (let column = 0; column < n; column += 1) {
      cell.clear();
      cell.addProducts(lhs, row * lhsRow, lhsStep, rhs, column * rhsColumn, rhsStep, k);
      if (bias !== null) cell.add(bias[column]!, op.biasShift);
      const index = row * n + column;
      out[index] = cell.finish(index);
    }
  }
}
