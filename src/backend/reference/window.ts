/** The cells of an image under a sliding window, one axis at a time; every op on windows walks these. */
import type { Window } from '../../plan/index.js';

/**
 * One axis of a window: `size` cells, `out` window positions, each of `kernel` cells beginning at `position *
 * stride - pad`.
 */
export interface Axis {
  readonly size: number;
  readonly out: number;
  readonly kernel: number;
  readonly stride: number;
  readonly pad: number;
}

export function verticalAxis(w: Window): Axis {
  return { size: w.height, out: w.outHeight, kernel: w.kernelHeight, stride: w.strideY, pad: w.padTop };
}

export function horizontalAxis(w: Window): Axis {
  return { size: w.width, out: w.outWidth, kernel: w.kernelWidth, stride: w.strideX, pad: w.padLeft };
}

/** A half-open range of indices. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/** For each window position, the kernel cells that lie inside the image. */
export function insideOf({ size, out, kernel, stride, pad }: Axis): Range[] {
  return Array.from({ length: out }, (_, position) => {
    const first = position * stride - pad;
    const from = Math.min(Math.max(0, -first), kernel);
    return { from, to: Math.max(from, Math.min(kernel, size - first)) };
  });
}

/** For each kernel cell, the window positions that place it inside the image. */
export function positionsOf(axis: Axis): Range[] {
  const { size, out, kernel, stride, pad } = axis;
  return Array.from({ length: kernel }, (_, tap) => {
    let from = 0;
    while (from < out && from * stride + tap - pad < 0) from += 1;
    let to = from;
    while (to < out && to * stride + tap - pad < size) to += 1;
    return { from, to };
  });
}

/** A window position and one of its kernel cells (`tap`). */
export interface Cover {
  readonly position: number;
  readonly tap: number;
}

/** For each cell of the image, the window positions that hold it, by kernel cell ascending. */
export function coversOf(axis: Axis): Cover[][] {
  const covers: Cover[][] = Array.from({ length: axis.size }, () => []);
  positionsOf(axis).forEach(({ from, to }, tap) => {
    for (let position = from; position < to; position += 1) {
      covers[position * axis.stride + tap - axis.pad]!.push({ position, tap });
    }
  });
  return covers;
}
