/** Gradient of a convolution by its input. */
import type { Conv2dInputGradientOp } from '../../plan/index.js';
import type { Run } from './run.js';
import { coversOf, horizontalAxis, verticalAxis } from './window.js';

/**
 * dOutput [B, OH, OW, OC], weight [KH, KW, C, OC], out [B, H, W, C]. out[b, y, x, c] = convert(sum over (i,
 * j, o) ascending of dOutput[b, (y+pt-i)/sy, (x+pl-j)/sx, o] * weight[i, j, c, o]), in which only whole
 * window positions inside the output take part.
 */
export function conv2dInputGradient(op: Conv2dInputGradientOp, run: Run): void {
  const { height, width, channels, kernelWidth, outHeight, outWidth } = op.window;
  const oc = op.outChannels;
  const dOutput = run.elements(op.dOutput); // [b, outHeight, outWidth, oc]
  const weight = run.elements(op.weight); // [kernelHeight, kernelWidth, channels, oc]
  const out = run.elements(op.out); // [b, height, width, channels]
  const coversY = coversOf(verticalAxis(op.window));
  const coversX = coversOf(horizontalAxis(op.window));
  const cell = run.productCell(op.convert, op.accumulator);
  let index = 0;
  for (let b = 0; b < run.rows(op.out); b += 1) {
    for (let y = 0; y < height; y += 1) {
      for (let x = 0; x < width; x += 1) {
        for (let c = 0; c < channels; c += 1) {
          cell.clear();
          for (const { position: oy, tap: i } of coversY[y]!) {
            for (const { position: ox, tap: j } of coversX[x]!) {
              const pixel = ((b * outHeight + oy) * outWidth + ox) * oc;
              const kernel = ((i * kernelWidth + j) * channels + c) * oc;
              cell.addProducts(dOutput, pixel, 1, weight, kernel, 1, oc);
            }
          }
          out[index] = cell.finish(index);
          index += 1;
        }
      }
    }
  }
}
