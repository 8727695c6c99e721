/** Dropout, and its gradient: the same op on the error, drawing the same mask again. */
import type { DropoutOp } from '../../plan/index.js';
import type { Run } from './run.js';

const SCALE_BITS = 24;

/**
 * input, out [elements]: out = convert(kept ? input * scale : 0), or the exact quotient if `op.divides`; kept if the element's 16-bit random word at
 * the mask's site is >= threshold. A dropped element is an exact zero, which counts as an element, never as
 * flushed.
 */
export function dropout(op: DropoutOp, run: Run): void {
  const input = run.elements(op.input);
  const out = run.elements(op.out);
  const length = run.length(op.out);
  const mask = run.mask(op.maskHash);
  const cell = run.cell(op.convert);
  const scale = cell.constant(op.scale, SCALE_BITS);
  for (let index = 0; index < length; index += 1) {
    cell.clear();
    if (mask.word(index) >= op.threshold) {
      if (op.divides) cell.addQuotient(input[index]! * 65536, 65536 - op.threshold, SCALE_BITS);
      else cell.addProduct(input[index]!, scale, 0);
    }
    out[index] = cell.finish(index);
  }
}
