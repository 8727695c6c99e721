/** Gradient of a convolution by its weight, summed over the batch. */
import type { Conv2dWeightGradientOp } from '../../plan/index.js';
import type { Run } from './run.js';
import { horizontalAxis, positionsOf, verticalAxis } from './window.js';

/**
 * input [B, H, W, C], dOutput [B, OH, OW, OC], out [KH, KW, C, OC].
 * out[i, j, c, o] = convert(sum over (b, y, x) ascending of input[b, y*sy+i-pt, x*sx+j-pl, c] * dOutput[b, y, x, o]).
 */
export function conv2dWeightGradient(op: Conv2dWeightGradientOp, run: Run): void {
  const { height, width, channels, kernelHeight, kernelWidth, outHeight, outWidth } = op.window;
  const { strideY, strideX, padTop, padLeft } = op.window;
  const oc = op.outChannels;
  const batch = run.rows(op.dOutput);
  const input = run.elements(op.input); // [batch, height, width, channels]
  const dOutput = run.elements(op.dOutput); // [batch, outHeight, outWidth, oc]
  const out = run.elements(op.out); // [kernelHeight, kernelWidth, channels, oc]
  const positionsY = positionsOf(verticalAxis(op.window));
  const positionsX = positionsOf(horizontalAxis(op.window));
  const cell = run.productCell(op.convert, op.accumulator);
  let index = 0;
  for (let i = 0; i < kernelHeight; i += 1) {
    for (let j = 0; j < kernelWidth; j += 1) {
      const { from, to } = positionsX[j]!;
      const left = from * strideX + j - padLeft;
      for (let c = 0; c < channels; c += 1) {
        for (let o = 0; o < oc; o += 1) {
          cell.clear();
          for (let b = 0; b < batch; b += 1) {
            for (let y = positionsY[i]!.from; y < positionsY[i]!.to; y += 1) {
              const row = b * height + y * strideY + i - padTop;
              const pixel = (row * width + left) * channels + c;
              const position = ((b * outHeight + y) * outWidth + from) * oc + o;
              cell.addProducts(input, pixel, strideX * channels, dOutput, position, oc, to - from);
            }
          }
          out[index] = cell.finish(index);
          index += 1;
        }
      }
    }
  }
}
