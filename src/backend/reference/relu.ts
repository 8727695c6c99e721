/**
 * ReLU and its gradient: both are exact, so neither has a rounding site. Either may replace its operand in
 * place.
 */
import type { ReluGradientOp, ReluOp } from '../../plan/index.js';
import type { Run } from './run.js';

/** input, out [elements]: out = max(input, 0). */
export function relu(op: ReluOp, run: Run): void {
  const input = run.elements(op.input);
  const out = run.elements(op.out);
  const length = run.length(op.out);
  for (let i = 0; i < length; i += 1) out[i] = input[i]! > 0 ? input[i]! : 0;
}

/** output, dOutput, out [elements]: out = output > 0 ? dOutput : 0. */
export function reluGradient(op: ReluGradientOp, run: Run): void {
  const output = run.elements(op.output);
  const dOutput = run.elements(op.dOutput);
  const out = run.elements(op.out);
  const length = run.length(op.out);
  for (let i = 0; i < length; i += 1) out[i] = output[i]! > 0 ? dOutput[i]! : 0;
}
