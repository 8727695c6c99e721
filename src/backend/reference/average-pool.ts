/**
 * Average pooling and its gradient: multiplication by a reciprocal with 30 fraction bits, an exact quotient if the
 * rounding cuts down.
 */
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
        const cells = (rows.to - rows.from) * (columns.to - columns.from);
        const factor = reciprocal[cells]!;
        for (let c = 0; c < channels; c += 1) {
          cell.clear();
          let sum = 0;
          for (let i = rows.from; i < rows.to; i += 1) {
            const row = (b * height + y * strideY + i - padTop) * width;
            for (let j = columns.from; j < columns.to; j += 1) {
              const value = input[(row + x * strideX + j - padLeft) * channels + c]!;
              if (op.divides) sum += value;
              else cell.addProduct(value, factor, 0);
            }
          }
          if (op.divides) cell.addQuotient(sum, cells, RECIPROCAL_BITS);
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
          let sum = 0; // of successive windows with equally many cells
          let divisor = 1;
          for (const { position: oy } of coversY[y]!) {
            const rows = insideY[oy]!;
            for (const { position: ox } of coversX[x]!) {
              const columns = insideX[ox]!;
              const cells = (rows.to - rows.from) * (columns.to - columns.from);
              const error = dOutput[((b * outHeight + oy) * outWidth + ox) * channels + c]!;
              if (!op.divides) cell.addProduct(error, reciprocal[cells]!, 0);
              else if (cells === divisor) sum += error;
              else {
                cell.addQuotient(sum, divisor, RECIPROCAL_BITS);
                [sum, divisor] = [error, cells];
              }
            }
          }
          if (op.divides) cell.addQuotient(sum, divisor, RECIPROCAL_BITS);
          out[index] = cell.finish(index);
          index += 1;
        }
      }
    }
  }
}
