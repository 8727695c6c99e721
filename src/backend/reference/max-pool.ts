/** Max-pooling and its gradient; windows may overlap, and may extend beyond the image's edge. */
import type { MaxPoolGradientOp, MaxPoolOp } from '../../plan/index.js';
import type { Run } from './run.js';
import { coversOf, horizontalAxis, insideOf, verticalAxis } from './window.js';

/**
 * input [B, H, W, C], out and position [B, OH, OW, C]: the largest element of each window, exact, and its
 * position: i * kernelWidth + j of the first largest in row-major order. Cells outside the image do not take
 * part.
 */
export function maxPool(op: MaxPoolOp, run: Run): void {
  const { height, width, channels, kernelWidth, strideY, strideX, padTop, padLeft, outHeight, outWidth } =
    op.window;
  const input = run.elements(op.input); // [b, height, width, channels]
  const out = run.elements(op.out); // [b, outHeight, outWidth, channels]
  const positions = op.position === null ? null : run.positions(op.position); // as out
  const insideY = insideOf(verticalAxis(op.window));
  const insideX = insideOf(horizontalAxis(op.window));
  let index = 0;
  for (let b = 0; b < run.rows(op.out); b += 1) {
    for (let y = 0; y < outHeight; y += 1) {
      for (let x = 0; x < outWidth; x += 1) {
        const rows = insideY[y]!;
        const columns = insideX[x]!;
        for (let c = 0; c < channels; c += 1) {
          let largest = -Infinity;
          let position = 0;
          for (let i = rows.from; i < rows.to; i += 1) {
            const row = (b * height + y * strideY + i - padTop) * width;
            for (let j = columns.from; j < columns.to; j += 1) {
              const value = input[(row + x * strideX + j - padLeft) * channels + c]!;
              if (value > largest) {
                largest = value;
                position = i * kernelWidth + j;
              }
            }
          }
          out[index] = largest;
          if (positions !== null) positions[index] = position;
          index += 1;
        }
      }
    }
  }
}

/**
 * dOutput and position [B, OH, OW, C], out [B, H, W, C]:
 * out[cell] = convert(exact sum of dOutput over the windows whose first largest element was this cell).
 */
export function maxPoolGradient(op: MaxPoolGradientOp, run: Run): void {
  const { height, width, channels, kernelWidth, outHeight, outWidth } = op.window;
  const dOutput = run.elements(op.dOutput); // [b, outHeight, outWidth, channels]
  const positions = run.positions(op.position); // as dOutput
  const out = run.elements(op.out); // [b, height, width, channels]
  const coversY = coversOf(verticalAxis(op.window));
  const coversX = coversOf(horizontalAxis(op.window));
  const cell = run.cell(op.convert);
  let index = 0;
  for (let b = 0; b < run.rows(op.out); b += 1) {
    for (let y = 0; y < height; y += 1) {
      for (let x = 0; x < width; x += 1) {
        for (let c = 0; c < channels; c += 1) {
          cell.clear();
          for (const { position: oy, tap: i } of coversY[y]!) {
            for (const { position: ox, tap: j } of coversX[x]!) {
              const window = ((b * outHeight + oy) * outWidth + ox) * channels + c;
              if (positions[window] === i * kernelWidth + j) cell.add(dOutput[window]!, 0);
            }
          }
          out[index] = cell.finish(index);
          index += 1;
        }
      }
    }
  }
}
