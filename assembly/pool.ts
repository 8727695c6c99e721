/* Pooling over NHWC windows, forward and backward. A last window may reach over the edge: its cells outside take no part. */
import { finishSums } from './finish';
import {
  CHANNELS,
  COUNT,
  EXTRA,
  HEIGHT,
  KERNEL_HEIGHT,
  KERNEL_WIDTH,
  LHS,
  LHS_TYPE,
  OUT,
  OUT_HEIGHT,
  OUT_WIDTH,
  PAD_LEFT,
  PAD_TOP,
  RUN,
  SCRATCH_SUMS,
  STRIDE_X,
  STRIDE_Y,
  TABLE,
  TYPE_F32,
  TYPE_I16,
  WIDTH,
} from './layout';
import { scratch, shareEnd, shareStart } from './thread';

/** out = the largest cell of the window, position = i * KW + j of the first largest. Shares are whole output rows. */
function maxPoolOf<T>(record: usize): void {
  const height = load<i32>(record, HEIGHT);
  const width = load<i32>(record, WIDTH);
  const channels = load<i32>(record, CHANNELS);
  const kernelHeight = load<i32>(record, KERNEL_HEIGHT);
  const kernelWidth = load<i32>(record, KERNEL_WIDTH);
  const outHeight = load<i32>(record, OUT_HEIGHT);
  const outWidth = load<i32>(record, OUT_WIDTH);
  const rows = load<i32>(COUNT) * outHeight;
  const end = shareEnd(rows, 1);
  for (let row = shareStart(rows, 1); row < end; row++) {
    const image =
      load<u32>(record, LHS) + <usize>((row / outHeight) * height * width * channels) * sizeof<T>();
    const top = (row % outHeight) * load<i32>(record, STRIDE_Y) - load<i32>(record, PAD_TOP);
    const firstY = max(0, -top);
    const lastY = min(kernelHeight, height - top);
    for (let x = 0; x < outWidth; x++) {
      const left = x * load<i32>(record, STRIDE_X) - load<i32>(record, PAD_LEFT);
      const firstX = max(0, -left);
      const lastX = min(kernelWidth, width - left);
      const cell = <usize>((row * outWidth + x) * channels);
      for (let c = 0; c < channels; c++) {
        let best: T = 0;
        let position = -1;
        for (let i = firstY; i < lastY; i++) {
          for (let j = firstX; j < lastX; j++) {
            const value = load<T>(
              image + <usize>(((top + i) * width + left + j) * channels + c) * sizeof<T>(),
            );
            if (position < 0 || value > best) {
              best = value;
              position = i * kernelWidth + j;
            }
          }
        }
        store<T>(load<u32>(record, OUT) + (cell + c) * sizeof<T>(), best);
        if (load<u32>(record, EXTRA)) store<u8>(load<u32>(record, EXTRA) + cell + c, <u8>position);
      }
    }
  }
}

/** First window whose span along an axis reaches `cell`; the last one is min(cell / stride, windows - 1). */
function firstWindow(cell: i32, kernel: i32, stride: i32): i32 {
  return cell < kernel ? 0 : (cell - kernel) / stride + 1;
}

/** Each cell gathers from the windows that cover it. T is dOutput's type; S the sum's, i64 or f32. */
function maxPoolGradientOf<T, S>(record: usize): void {
  const height = load<i32>(record, HEIGHT);
  const width = load<i32>(record, WIDTH);
  const channels = load<i32>(record, CHANNELS);
  const kernelHeight = load<i32>(record, KERNEL_HEIGHT);
  const kernelWidth = load<i32>(record, KERNEL_WIDTH);
  const strideY = load<i32>(record, STRIDE_Y);
  const strideX = load<i32>(record, STRIDE_X);
  const outHeight = load<i32>(record, OUT_HEIGHT);
  const outWidth = load<i32>(record, OUT_WIDTH);
  const sums = scratch + SCRATCH_SUMS;
  const total = load<i32>(COUNT) * height * width * channels;
  const end = shareEnd(total, 32);
  for (let start = shareStart(total, 32); start < end; start += RUN) {
    const length = min(end - start, RUN);
    for (let i = 0; i < length; i++) {
      const c = (start + i) % channels;
      const position = (start + i) / channels;
      const x = (position % width) + load<i32>(record, PAD_LEFT);
      const y = ((position / width) % height) + load<i32>(record, PAD_TOP);
      const image = position / (width * height);
      const lastY = min(y / strideY, outHeight - 1);
      const lastX = min(x / strideX, outWidth - 1);
      let sum: S = 0;
      for (let wy = firstWindow(y, kernelHeight, strideY); wy <= lastY; wy++) {
        for (let wx = firstWindow(x, kernelWidth, strideX); wx <= lastX; wx++) {
          const at = <usize>(((image * outHeight + wy) * outWidth + wx) * channels + c);
          const inside = (y - wy * strideY) * kernelWidth + x - wx * strideX;
          if (<i32>load<u8>(load<u32>(record, EXTRA) + at) == inside) {
            sum += <S>load<T>(load<u32>(record, LHS) + at * sizeof<T>());
          }
        }
      }
      store<S>(sums + <usize>i * sizeof<S>(), sum);
    }
    finishSums<S>(record, sums, start, length);
  }
}

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
  const height = load<i32>(record, HEIGHT);
  const width = load<i32>(record, WIDTH);
  const channels = load<i32>(record, CHANNELS);
  const kernelHeight = load<i32>(record, KERNEL_HEIGHT);
  const kernelWidth = load<i32>(record, KERNEL_WIDTH);
  const outHeight = load<i32>(record, OUT_HEIGHT);
  const outWidth = load<i32>(record, OUT_WIDTH);
  const sums = scratch + SCRATCH_SUMS;
  const total = load<i32>(COUNT) * outHeight * outWidth * channels;
  const end = shareEnd(total, 32);
  for (let start = shareStart(total, 32); start < end; start += RUN) {
    const length = min(end - start, RUN);
    for (let i = 0; i < length; i++) {
      const c = (start + i) % channels;
      const position = (start + i) / channels;
      const left = (position % outWidth) * load<i32>(record, STRIDE_X) - load<i32>(record, PAD_LEFT);
      const top =
        ((position / outWidth) % outHeight) * load<i32>(record, STRIDE_Y) - load<i32>(record, PAD_TOP);
      const image = position / (outWidth * outHeight);
      const firstY = max(top, 0);
      const lastY = min(top + kernelHeight, height);
      const firstX = max(left, 0);
      const lastX = min(left + kernelWidth, width);
      let sum: S = 0;
      for (let y = firstY; y < lastY; y++) {
        for (let x = firstX; x < lastX; x++) {
          const at = <usize>(((image * height + y) * width + x) * channels + c);
          sum += <S>load<T>(load<u32>(record, LHS) + at * sizeof<T>());
        }
      }
      store<S>(
        sums + <usize>i * sizeof<S>(),
        <S>(sum * reciprocal<S>(record, (lastY - firstY) * (lastX - firstX))),
      );
    }
    finishSums<S>(record, sums, start, length);
  }
}

function averagePoolGradientOf<T, S>(record: usize): void {
  const height = load<i32>(record, HEIGHT);
  const width = load<i32>(record, WIDTH);
  const channels = load<i32>(record, CHANNELS);
  const kernelHeight = load<i32>(record, KERNEL_HEIGHT);
  const kernelWidth = load<i32>(record, KERNEL_WIDTH);
  const strideY = load<i32>(record, STRIDE_Y);
  const strideX = load<i32>(record, STRIDE_X);
  const outHeight = load<i32>(record, OUT_HEIGHT);
  const outWidth = load<i32>(record, OUT_WIDTH);
  const padTop = load<i32>(record, PAD_TOP);
  const padLeft = load<i32>(record, PAD_LEFT);
  const sums = scratch + SCRATCH_SUMS;
  const total = load<i32>(COUNT) * height * width * channels;
  const end = shareEnd(total, 32);
  for (let start = shareStart(total, 32); start < end; start += RUN) {
    const length = min(end - start, RUN);
    for (let i = 0; i < length; i++) {
      const c = (start + i) % channels;
      const position = (start + i) / channels;
      const x = (position % width) + padLeft;
      const y = ((position / width) % height) + padTop;
      const image = position / (width * height);
      const lastY = min(y / strideY, outHeight - 1);
      const lastX = min(x / strideX, outWidth - 1);
      let sum: S = 0;
      for (let wy = firstWindow(y, kernelHeight, strideY); wy <= lastY; wy++) {
        const cellsY = cellsInside(wy, strideY, padTop, kernelHeight, height);
        for (let wx = firstWindow(x, kernelWidth, strideX); wx <= lastX; wx++) {
          const cells = cellsY * cellsInside(wx, strideX, padLeft, kernelWidth, width);
          const at = <usize>(((image * outHeight + wy) * outWidth + wx) * channels + c);
          sum += <S>load<T>(load<u32>(record, LHS) + at * sizeof<T>()) * reciprocal<S>(record, cells);
        }
      }
      store<S>(sums + <usize>i * sizeof<S>(), sum);
    }
    finishSums<S>(record, sums, start, length);
  }
}

export function maxPool(record: usize): void {
  const type = load<i32>(record, LHS_TYPE);
  if (type == TYPE_I16) maxPoolOf<i16>(record);
  else if (type == TYPE_F32) maxPoolOf<f32>(record);
  else maxPoolOf<i32>(record);
}

export function maxPoolGradient(record: usize): void {
  const type = load<i32>(record, LHS_TYPE);
  if (type == TYPE_I16) maxPoolGradientOf<i16, i64>(record);
  else if (type == TYPE_F32) maxPoolGradientOf<f32, f32>(record);
  else maxPoolGradientOf<i32, i64>(record);
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
