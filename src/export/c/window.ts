/** The cells of a window that lie inside of the image, one axis at a time, in C. */
import type { Window } from '../../plan/index.js';

/** One axis of the window at the position that `position`, a loop variable, counts. */
export interface AxisCode {
  /** First cell of the window in the image, as an expression; negative above or left of the image. */
  readonly first: string;
  /** Cells `from` to `to` - 1 of the window are inside of the image. */
  readonly from: string;
  readonly to: string;
  /** What must be declared for them; empty if the window never leaves the image. */
  readonly declarations: string;
  readonly isClipped: boolean;
}

/** Both axes of a window; the loop variables are `y` and `x`, the window's cells `i` and `j`. */
export function windowCode(w: Window): { readonly vertical: AxisCode; readonly horizontal: AxisCode } {
  return {
    vertical: axisCode('y', 'i', 'top', w.height, w.outHeight, w.kernelHeight, w.strideY, w.padTop),
    horizontal: axisCode('x', 'j', 'left', w.width, w.outWidth, w.kernelWidth, w.strideX, w.padLeft),
  };
}

function axisCode(
  position: string,
  cell: string,
  edge: string,
  size: number,
  out: number,
  kernel: number,
  stride: number,
  pad: number,
): AxisCode {
  const scaled = stride === 1 ? position : `${position} * ${stride}`;
  const isClipped = pad > 0 || (out - 1) * stride + kernel > size;
  if (!isClipped) return { first: scaled, from: '0', to: String(kernel), declarations: '', isClipped };
  return {
    first: edge,
    from: `${cell}0`,
    to: `${cell}1`,
    declarations: `const int32_t ${edge} = ${scaled}${pad > 0 ? ` - ${pad}` : ''};
const int32_t ${cell}0 = ${edge} < 0 ? -${edge} : 0;
const int32_t ${cell}1 = ${edge} + ${kernel} > ${size} ? ${size} - ${edge} : ${kernel};
`,
    isClipped,
  };
}
