/** Sizes of tensors and windows, and the checks that fit them together. */
import { InputError } from '../numerics/index.js';
import { ShapeError, shapeText } from './errors.js';
import type { Tensor, Window } from './types.js';

/** The largest size of an image or a window in one dimension; the sum of three is below 2^32. */
export const MAX_SIZE = 2 ** 30;

/** Number of elements of a shape. */
export function elements(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** A tensor seen as a matrix: the first dimension is the rows, all others the columns. */
export function matrixShape(shape: readonly number[]): readonly [rows: number, columns: number] {
  const [rows = 1, ...rest] = shape;
  return [rows, elements(rest)];
}

function expectImage(
  layer: string,
  what: string,
  tensor: Tensor,
  height: number,
  width: number,
  channels: number,
): void {
  const [, h, w, c] = tensor.shape;
  if (tensor.shape.length !== 4 || h !== height || w !== width || c !== channels) {
    throw new ShapeError(
      `${layer}: ${what} must be [batch, ${String(height)}, ${String(width)}, ${String(channels)}], got ${shapeText(tensor.shape)}`,
    );
  }
}

/** Checks the three operands of a convolution against its window; returns OC and the length K of the forward sum. */
export function convolutionShapes(
  layer: string,
  window: Window,
  input: Tensor,
  weight: Tensor,
  out: Tensor,
): { outChannels: number; k: number } {
  const [kernelHeight, kernelWidth, channels, outChannels = 0] = weight.shape;
  if (weight.shape.length === 4 && channels !== input.shape[3]) {
    throw new ShapeError(
      `${layer}: channels must match, got input ${shapeText(input.shape)} and weight ${shapeText(weight.shape)} (${String(input.shape[3])} vs ${String(channels)})`,
    );
  }
  if (
    weight.shape.length !== 4 ||
    kernelHeight !== window.kernelHeight ||
    kernelWidth !== window.kernelWidth ||
    channels !== window.channels
  ) {
    throw new ShapeError(
      `${layer}: weight must be [${String(window.kernelHeight)}, ${String(window.kernelWidth)}, ${String(window.channels)}, out channels], got ${shapeText(weight.shape)}`,
    );
  }
  expectImage(layer, 'input', input, window.height, window.width, window.channels);
  expectImage(layer, 'output', out, window.outHeight, window.outWidth, outChannels);
  return { outChannels, k: window.kernelHeight * window.kernelWidth * window.channels };
}

/** Checks input and output of a pooling window of at most `cells` cells. */
export function poolShapes(layer: string, window: Window, input: Tensor, out: Tensor, cells: number): void {
  if (window.kernelHeight * window.kernelWidth > cells) {
    throw new InputError(
      `${layer}: a pooling window has at most ${String(cells)} cells, got ${String(window.kernelHeight)} x ${String(window.kernelWidth)}; choose a smaller kernel`,
    );
  }
  expectImage(layer, 'input', input, window.height, window.width, window.channels);
  expectImage(layer, 'output', out, window.outHeight, window.outWidth, window.channels);
  const holds = (pad: number, kernel: number, lastStart: number, size: number): boolean =>
    pad < kernel && lastStart - pad < size;
  const { kernelHeight, kernelWidth, height, width, padTop, padLeft } = window;
  const bottom = (window.outHeight - 1) * window.strideY;
  const right = (window.outWidth - 1) * window.strideX;
  if (!holds(padTop, kernelHeight, bottom, height) || !holds(padLeft, kernelWidth, right, width)) {
    throw new ShapeError(
      `${layer}: every pooling window must hold a cell of the image; choose a smaller padding or stride`,
    );
  }
}

/** Whole quotient of two positive integers (dividend below 2^32) by long division, as hardware without a divider does it. */
function quotient(dividend: number, divisor: number): number {
  let rest = 0;
  let result = 0;
  for (let bit = 31; bit >= 0; bit -= 1) {
    rest = 2 * rest + ((dividend >>> bit) & 1);
    result *= 2;
    if (rest >= divisor) {
      rest -= divisor;
      result += 1;
    }
  }
  return result;
}

/** Nearest integer to 2^30 / n for n = 1 .. cells of the window; entry 0 is 0. */
export function reciprocalTable(window: Window): number[] {
  const cells = window.kernelHeight * window.kernelWidth;
  const table = [0];
  for (let n = 1; n <= cells; n += 1) table.push(quotient(2 ** 31 + n, 2 * n));
  return table;
}

/**
 * Geometry of a window over an image; `clip` lets the last window reach over the edge, as pooling does.
 * @throws ShapeError for a size above 2^30, or one that is no whole number.
 */
export function windowOf(options: {
  image: readonly [height: number, width: number, channels: number];
  kernel: readonly [number, number];
  stride: readonly [number, number];
  padding?: readonly [number, number];
  clip?: boolean;
}): Window {
  const { image, kernel, stride, padding = [0, 0], clip = false } = options;
  for (const sizes of [image, kernel, stride, padding]) {
    if (!sizes.every((size) => Number.isInteger(size) && size >= 0 && size <= MAX_SIZE)) {
      throw new ShapeError(
        `window: sizes must be whole numbers up to ${MAX_SIZE}, got image ${shapeText(image)}, kernel ${shapeText(kernel)}, stride ${shapeText(stride)} and padding ${shapeText(padding)}`,
      );
    }
  }
  const steps = (size: number, axis: 0 | 1): number => {
    const room = size + 2 * padding[axis] - kernel[axis];
    if (room < 0) return clip && size > 0 ? 1 : 0;
    const count = 1 + quotient(room, stride[axis]);
    const end = (count - 1) * stride[axis];
    // A clipped window must still hold at least one cell of the image.
    return clip && end < room && end + stride[axis] < size + padding[axis] ? count + 1 : count;
  };
  return {
    height: image[0],
    width: image[1],
    channels: image[2],
    kernelHeight: kernel[0],
    kernelWidth: kernel[1],
    strideY: stride[0],
    strideX: stride[1],
    padTop: padding[0],
    padLeft: padding[1],
    outHeight: steps(image[0], 0),
    outWidth: steps(image[1], 1),
  };
}
