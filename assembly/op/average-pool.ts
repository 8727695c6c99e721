/* Average pooling over NHWC windows, forward and backward: a clipped window is averaged over the cells that it has. */
import { finishSums } from '../convert/finish';
import { COUNT, DIVIDES, LHS, LHS_TYPE, RUN, SCRATCH_SUMS, TABLE, TYPE_F32, TYPE_I16 } from '../layout';
import { scratch, shareEnd, shareStart } from '../thread';
import { quotient } from '../convert/quotient';
import { firstWindow, openWindow } from '../window';

/** Cells of a window along one axis that lie inside the image. */
function cellsInside(window: i32, stride: i32, pad: i32, kernel: i32, size: i32): i32 {
  const first = window * stride - pad;
  return min(first + kernel, size) - max(first, 0);
}

/** The window's weight: 1 / cells with 30 fraction bits (float32: the value itself). */
function reciprocal<S>(record: usize, cells: i32): S {
  const table = load<u32>(record, TABLE);
  return isFloat<S>()
    ? <S>load<f32>(table + ((<usize>cells) << 2))
    : <S>load<i32>(table + ((<usize>cells) << 2));
}

function averagePoolOf<T, S>(record: usize): void {
  const window = openWindow(record);
  const height = window.height;
  const width = window.width;
  const channels = window.channels;
  const sums = scratch + SCRATCH_SUMS;
  const divides = load<i32>(record, DIVIDES) != 0;
  const total = load<i32>(COUNT) * window.outHeight * window.outWidth * channels;
  const end = shareEnd(total, 32);
  for (let start = shareStart(total, 32); start < end; start += RUN) {
    const length = min(end - start, RUN);
    for (let i = 0; i < length; i++) {
      const c = (start + i) % channels;
      const position = (start + i) / channels;
      const left = (position % window.outWidth) * window.strideX - window.padLeft;
      const top = ((position / window.outWidth) % window.outHeight) * window.strideY - window.padTop;
      const image = position / (window.outWidth * window.outHeight);
      const firstY = max(top, 0);
      const lastY = min(top + window.kernelHeight, height);
      const firstX = max(left, 0);
      const lastX = min(left + window.kernelWidth, width);
      let sum: S = 0;
      for (let y = firstY; y < lastY; y++) {
        for (let x = firstX; x < lastX; x++) {
          const at = <usize>(((image * height + y) * width + x) * channels + c);
          sum += <S>load<T>(load<u32>(record, LHS) + at * sizeof<T>());
        }
      }
      const cells = (lastY - firstY) * (lastX - firstX);
      if (!isFloat<S>() && divides) sum = <S>quotient(<i64>sum, cells, 30);
      else sum *= reciprocal<S>(record, cells);
      store<S>(sums + <usize>i * sizeof<S>(), sum);
    }
    finishSums<S>(record, sums, start, length);
  }
}

function averagePoolGradientOf<T, S>(record: usize): void {
  const window = openWindow(record);
  const height = window.height;
  const width = window.width;
  const channels = window.channels;
  const outHeight = window.outHeight;
  const outWidth = window.outWidth;
  const sums = scratch + SCRATCH_SUMS;
  const divides = load<i32>(record, DIVIDES) != 0;
  const total = load<i32>(COUNT) * height * width * channels;
  const end = shareEnd(total, 32);
  for (let start = shareStart(total, 32); start < end; start += RUN) {
    const length = min(end - start, RUN);
    for (let i = 0; i < length; i++) {
      const c = (start + i) % channels;
      const position = (start + i) / channels;
      const x = (position % width) + window.padLeft;
      const y = ((position / width) % height) + window.padTop;
      const image = position / (width * height);
      const lastY = min(y / window.strideY, outHeight - 1);
      const lastX = min(x / window.strideX, outWidth - 1);
      let sum: S = 0;
      let equal: S = 0; // errors of successive windows with equally many cells
      let divisor = 1;
      for (let wy = firstWindow(y, window.kernelHeight, window.strideY); wy <= lastY; wy++) {
        const cellsY = cellsInside(wy, window.strideY, window.padTop, window.kernelHeight, height);
        for (let wx = firstWindow(x, window.kernelWidth, window.strideX); wx <= lastX; wx++) {
          const cells = cellsY * cellsInside(wx, window.strideX, window.padLeft, window.kernelWidth, width);
          const at = <usize>(((image * outHeight + wy) * outWidth + wx) * channels + c);
          const error = <S>load<T>(load<u32>(record, LHS) + at * sizeof<T>());
          if (isFloat<S>() || !divides) sum += error * reciprocal<S>(record, cells);
          else if (cells == divisor) equal += error;
          else {
            sum += <S>quotient(<i64>equal, divisor, 30);
            equal = error;
            divisor = cells;
          }
        }
      }
      if (!isFloat<S>() && divides) sum += <S>quotient(<i64>equal, divisor, 30);
      store<S>(sums + <usize>i * sizeof<S>(), sum);
    }
    finishSums<S>(record, sums, start, length);
  }
}

export function averagePool(record: usize): void {
  const type = load<i32>(record, LHS_TYPE);
  if (type == TYPE_I16) averagePoolOf<i16, i64>(record);
  else if (type == TYPE_F32) averagePoolOf<f32, f32>(record);
  else averagePoolOf<i32, i64>(record);
}

export function averagePoolGradient(record: usize): void {
  const type = load<i32>(record, LHS_TYPE);
  if (type == TYPE_I16) averagePoolGradientOf<i16, i64>(record);
  else if (type == TYPE_F32) averagePoolGradientOf<f32, f32>(record);
  else averagePoolGradientOf<i32, i64>(record);
}
