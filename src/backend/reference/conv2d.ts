/** Convolution, forward. */
import type { Conv2dOp } from '../../plan/index.js';
import type { Run } from './run.js';
import { horizontalAxis, insideOf, verticalAxis } from './window.js';

/**
 * input [B, H, W, C], weight [KH, KW, C, OC], bias [OC], out [B, OH, OW, OC].
 * out[b, y, x, o] = convert(sum over (i, j, c) ascending of input[b, y*sy+i-pt, x*sx+j-pl, c] * weight[i, j, c, o], then bias[o] * 2^biasShift);
 * cells outside the image are zero.
 */
export function conv2d(op: Conv2dOp, run: Run): void {
  const {
    height,
    width,
    channels: c,
    kernelWidth,
    strideY,
    strideX,
    padTop,
    padLeft,
    outHeight,
    outWidth,
  } = op.window;
  const oc = op.outChannels;
  const input = run.elements(op.input); // [b, height, width, c]
  const weight = run.elements(op.weight); // [kernelHeight, kernelWidth, c, oc]
  const bias = op.bias === null ? null : run.elements(op.bias); // [oc]
  const out = run.elements(op.out); // [b, outHeight, outWidth, oc]
  const insideY = insideOf(verticalAxis(op.window));
  const insideX = insideOf(horizontalAxis(op.window));
  const cell = run.productCell(op.convert, op.accumulator);
  let index = 0;
  for (let b = 0; b < run.rows(op.out); b += 1) {
    for (let y = 0; y < outHeight; y += 1) {
      const top = y * strideY - padTop;
      for (let x = 0; x < outWidth; x += 1) {
        const left = x * strideX - padLeft;
        const { from, to } = insideX[x]!;
        for (let o = 0; o < oc; o += 1) {
          cell.clear();
          for (let i = insideY[y]!.from; i < insideY[y]!.to; i += 1) {
            // The row segment (j, c) is contiguous in the image and has stride OC in the weight.
            const segment = ((b * height + top + i) * width + left + from) * c;
            const kernel = (i * kernelWidth + from) * c * oc + o;
            cell.addProducts(input, segment, 1, weight, kernel, oc, (to - from) * c);
          }
          if (bias !== null) cell.add(bias[o]!, op.biasShift);
          out[index] = cell.finish(index);
          index += 1;
        }
      }
    }
  }
}
