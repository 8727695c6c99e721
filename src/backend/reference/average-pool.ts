/** Average pooling and its gradient, without a divider: multiplication by a reciprocal with 30 fraction bits. */
import type { AveragePoolGradientOp, AveragePoolOp } from '../../plan/index.js';
import type { Cell } from './cell.js';
import type { Run } from './run.js';
import { coversOf, horizontalAxis, insideOf, verticalAxis } from './window.js';

const RECIPROCAL_BITS = 30;

function reciprocals(op: AveragePoolOp | AveragePoolGradientOp, cell: Cell): number[] {
  return op.reciprocals.map((reciprocal) => cell.constant(reciprocal, RECIPROCAL_BITS));
}

/**
 * input [B, H, W, C], out [B, OH, OW, C]: out = convert(sum over the window's cells inside the image of
 * input * reciprocal[number of those cells]). A clipped window is averaged over the cells it has.
 */
export function averagePool(op: AveragePoolOp, run: Run): void {
  const { height, width, channels, strideY, strideX, padTop, padLeft, outHeight, outWidth } = op.window;
  const input = run.elements(op.input); // [b, height, width, channels]
  const out = run.elements(op.out); // [b, outHeight, outWidth, channels]
  const insideY = insideOf(verticalAxis(op.window));
  const insideX = insideOf(horizontalAxis(op.window));
  const cell = run.cell(op.convert);
  const reciprocal = reciprocals(op, cell);
  let index = 0;
  for (let b = 0; b < run.rows(op.out); b += 1) {
    for (let y = 0; y < outHeight; y += 1) {
      for (let x = 0; x < outWidth; x += 1) {
        const rows = insideY[y]!;
        const columns = insideX[x]!;
        const factor = reciprocal[(rows.to - rows.from) * (columns.to - columns.from)]!;
        for (let c = 0; c < channels; c += 1) {
          cell.clear();
          for (let i = rows.from; i < rows.to; i += 1) {
            const row = (b * height + y * strideY + i - padTop) * width;
            for (let j = columns.from; j < columns.to; j += 1) {
              cell.addProduct(input[(row + x * strideX + j - padLeft) * channels + c]!, factor, 0);
            }
          }
          out[index] = cell.finish(index);
          index += 1;
        }
      }
    }
  }
}

/**
 * dOutput [B, OH, OW, C], out [B, H, W, C]: out[cell] = convert(sum over the windows that hold the cell of
 * dOutput * reciprocal[cells of that window inside the image]).
 */
export function averagePoolGradient(op: AveragePoolGradientOp, run: Run): void {
  const { height, width, channels, outHeight, outWidth } = op.window;
  const dOutput = run.elements(op.dOutput); // [b, outHeight, outWidth, channels]
  const out = run.elements(op.out); // [b, height, width, channels]
  const insideY = insideOf(verticalAxis(op.window));
  const insideX = insideOf(horizontalAxis(op.window));
  const coversY = coversOf(verticalAxis(op.window));
  const coversX = coversOf(horizontalAxis(op.window));
  const cell = run.cell(op.convert);
  const reciprocal = reciprocals(op, cell);
  let index = 0;
  for (let b = 0; b < run.rows(op.out); b += 1) {
    for (let y = 0; y < height; y += 1) {
      for (let x = 0; x < width; x += 1) {
        for (let c = 0; c < channels; c += 1) {
          cell.clear();
          for (const { position: oy } of coversY[y]!) {
            const rows = insideY[oy]!;
            for (const { position: ox } of coversX[x]!) {
              const columns = insideX[ox]!;
              const factor = reciprocal[(rows.to - rows.from) * (columns.to - columns.from)]!;
              cell.addProduct(dOutput[((b * outHeight + oy) * outWidth + ox) * channels + c]!, factor, 0);
            }
          }
          out[index] = cell.finish(index);
          index += 1;
        }
      }
    }
  }
}
