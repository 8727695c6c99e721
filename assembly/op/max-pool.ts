/* Max-pooling over NHWC windows, forward and backward. Cells of a window outside of the image take no part. */
import { convertNarrow } from '../convert/narrow';
import { finishSums } from '../convert/finish';
import {
  AT_SUMS,
  BLOCK_ROWS,
  CONVERT,
  COUNT,
  DIRECT,
  EXTRA,
  LHS,
  LHS_TYPE,
  OUT,
  SITE_COUNTERS,
  TYPE_F32,
  TYPE_I16,
} from '../layout';
import { countRun } from '../convert/statistics';
import { scratch, shareEnd, shareStart, statistics } from '../thread';
import { widen } from '../convert/widen';
import { firstWindow, openWindow } from '../window';

/** A position in every lane, as wide as T. */
function positions<T>(position: i32): v128 {
  return sizeof<T>() == 2 ? i16x8.splat(<i16>position) : i32x4.splat(position);
}

/**
 * The larger of two cells in every lane; `larger` marks the lanes of `value`. A NaN is never larger. @inline
 */
function largerOf<T>(value: v128, best: v128, larger: v128): v128 {
  return isFloat<T>() ? v128.bitselect(value, best, larger) : v128.max<T>(value, best);
}

/** The position of `larger` cells, which is beyond all before. @inline */
function positionOf<T>(at: v128, larger: v128, position: i32): v128 {
  const mine = v128.and(larger, positions<T>(position));
  return sizeof<T>() == 2 ? i16x8.max_s(at, mine) : i32x4.max_s(at, mine);
}

/** Stores a byte for each lane of `at`, unless `to` is 0. @inline */
function storePositions<T>(to: usize, at: v128): void {
  if (!to) return;
  if (sizeof<T>() == 2) {
    v128.store_lane<i64>(to, i8x16.narrow_i16x8_u(at, at), 0);
  } else {
    const halves = i16x8.narrow_i32x4_s(at, at);
    v128.store_lane<i32>(to, i8x16.narrow_i16x8_u(halves, halves), 0);
  }
}

/**
 * The largest cell, and its position, of a vector of channels: cells firstY .. lastY - 1, firstX .. lastX - 1 of the
 * window whose first cell is at `window` (it need not be inside of the image).
 */
function largestOfVector<T>(
  window: usize,
  firstY: i32,
  lastY: i32,
  firstX: i32,
  lastX: i32,
  kernelWidth: i32,
  cellBytes: i32,
  rowBytes: i32,
  out: usize,
  position: usize,
): void {
  let best = v128.load(window + firstY * rowBytes + firstX * cellBytes);
  let at = positions<T>(firstY * kernelWidth + firstX);
  for (let i = firstY; i < lastY; i++) {
    let cell = window + i * rowBytes + firstX * cellBytes;
    for (let j = firstX; j < lastX; j++) {
      const value = v128.load(cell);
      const larger = v128.gt<T>(value, best);
      best = largerOf<T>(value, best, larger);
      at = positionOf<T>(at, larger, i * kernelWidth + j);
      cell += cellBytes;
    }
  }
  v128.store(out, best);
  storePositions<T>(position, at);
}

/** The same of a whole window of 2 x 2 cells, which most are. @inline */
function largestOfFour<T>(window: usize, cellBytes: i32, rowBytes: i32, out: usize, position: usize): void {
  let best = v128.load(window);
  let value = v128.load(window + cellBytes);
  let larger = v128.gt<T>(value, best);
  best = largerOf<T>(value, best, larger);
  let at = v128.and(larger, positions<T>(1));
  value = v128.load(window + rowBytes);
  larger = v128.gt<T>(value, best);
  best = largerOf<T>(value, best, larger);
  at = positionOf<T>(at, larger, 2);
  value = v128.load(window + rowBytes + cellBytes);
  larger = v128.gt<T>(value, best);
  v128.store(out, largerOf<T>(value, best, larger));
  storePositions<T>(position, positionOf<T>(at, larger, 3));
}

/** out = the largest cell of the window, position = i * KW + j of the first largest. Shares are whole output rows. */
function maxPoolOf<T>(record: usize): void {
  const window = openWindow(record);
  const width = window.width;
  const channels = window.channels;
  const kernelHeight = window.kernelHeight;
  const kernelWidth = window.kernelWidth;
  const strideX = window.strideX;
  const padLeft = window.padLeft;
  const outWidth = window.outWidth;
  const out = load<u32>(record, OUT);
  const positionsOut = load<u32>(record, EXTRA);
  const cellBytes = channels * sizeof<T>();
  const rowBytes = width * cellBytes;
  const LANES: i32 = 16 / sizeof<T>();
  const rows = load<i32>(COUNT) * window.outHeight;
  const end = shareEnd(rows, 1);
  for (let row = shareStart(rows, 1); row < end; row++) {
    const image =
      load<u32>(record, LHS) +
      <usize>((row / window.outHeight) * window.height * width * channels) * sizeof<T>();
    const top = (row % window.outHeight) * window.strideY - window.padTop;
    const firstY = max(0, -top);
    const lastY = min(kernelHeight, window.height - top);
    let corner = image + <usize>((top * width - padLeft) * channels) * sizeof<T>();
    let cell = <usize>(row * outWidth * channels);
    const fourRows = kernelHeight == 2 && kernelWidth == 2 && firstY == 0 && lastY == 2;
    for (let x = 0; x < outWidth; x++) {
      const left = x * strideX - padLeft;
      const firstX = max(0, -left);
      const lastX = min(kernelWidth, width - left);
      const four = fourRows && firstX == 0 && lastX == 2;
      let c = 0;
      for (; c + LANES <= channels; c += LANES) {
        const from = corner + <usize>c * sizeof<T>();
        const to = out + (cell + c) * sizeof<T>();
        const position = positionsOut ? positionsOut + cell + c : 0;
        if (four) {
          largestOfFour<T>(from, cellBytes, rowBytes, to, position);
        } else {
          largestOfVector<T>(
            from,
            firstY,
            lastY,
            firstX,
            lastX,
            kernelWidth,
            cellBytes,
            rowBytes,
            to,
            position,
          );
        }
      }
      for (; c < channels; c++) {
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
        store<T>(out + (cell + c) * sizeof<T>(), best);
        if (positionsOut) store<u8>(positionsOut + cell + c, <u8>position);
      }
      corner += strideX * cellBytes;
      cell += channels;
    }
  }
}

/**
 * out[cell] = sum of the errors of the windows whose first largest element is the cell, a block of image rows at once:
 * each window of a row of windows gives its error to one cell. T is the error's type, S the sum's: at most 256 int16 are
 * summed in i32, int32 in i64.
 */
function maxPoolGradientOf<T, S>(record: usize): void {
  const window = openWindow(record);
  const width = window.width;
  const channels = window.channels;
  const kernelWidth = window.kernelWidth;
  const strideX = window.strideX;
  const outWidth = window.outWidth;
  const padLeft = window.padLeft;
  const rowElements = width * channels;
  const blockRows = load<i32>(record, BLOCK_ROWS);
  const sums = scratch + load<u32>(record, AT_SUMS);
  const rows = load<i32>(COUNT) * window.height;
  const end = shareEnd(rows, 1);
  for (let start = shareStart(rows, 1); start < end; start += blockRows) {
    const length = min(blockRows, end - start);
    memory.fill(sums, 0, <usize>(length * rowElements) * sizeof<S>());
    for (let row = start; row < start + length; row++) {
      const target = sums + <usize>((row - start) * rowElements) * sizeof<S>();
      const image = row / window.height;
      const y = (row % window.height) + window.padTop;
      const lastY = min(y / window.strideY, window.outHeight - 1);
      for (let wy = firstWindow(y, window.kernelHeight, window.strideY); wy <= lastY; wy++) {
        const inside = (y - wy * window.strideY) * kernelWidth;
        let corner = <usize>((image * window.outHeight + wy) * outWidth * channels);
        for (let wx = 0; wx < outWidth; wx++) {
          const x = wx * strideX - padLeft;
          spread<T, S>(
            load<u32>(record, LHS) + corner * sizeof<T>(),
            load<u32>(record, EXTRA) + corner,
            inside,
            max(0, -x),
            min(kernelWidth, width - x),
            channels,
            target + x * channels * sizeof<S>(),
          );
          corner += channels;
        }
      }
    }
    const index = start * rowElements;
    if (sizeof<T>() == 2) {
      convertNarrow(load<u32>(record, CONVERT), sums, load<u32>(record, OUT), index, length * rowElements);
    } else {
      finishSums<S>(record, sums, index, length * rowElements);
    }
  }
}

/**
 * The same for windows without overlap whose errors have the format of the result: each error of int16 is
 * copied to its cell. Nothing is rounded; the site counts elements and the largest magnitude.
 */
function maxPoolGradientDirect(record: usize): void {
  const window = openWindow(record);
  const width = window.width;
  const channels = window.channels;
  const kernelWidth = window.kernelWidth;
  const strideX = window.strideX;
  const outWidth = window.outWidth;
  const padLeft = window.padLeft;
  const errorsIn = load<u32>(record, LHS);
  const positionsIn = load<u32>(record, EXTRA);
  const out = load<u32>(record, OUT);
  const cellBytes = (<usize>channels) << 1;
  const rowBytes = <usize>width * cellBytes;
  // Whole vectors write the zeros between the errors as well, and need no others where the windows leave no gap.
  const isCovered = (channels & 7) == 0 && strideX == kernelWidth && outWidth * strideX - padLeft >= width;
  const rows = load<i32>(COUNT) * window.height;
  const start = shareStart(rows, 1);
  const end = shareEnd(rows, 1);
  let largest = i16x8.splat(0);
  let smallest = i16x8.splat(0);
  for (let row = start; row < end; row++) {
    const y = (row % window.height) + window.padTop;
    const wy = y / window.strideY;
    const inside = (y - wy * window.strideY) * kernelWidth;
    const hasWindows = wy < window.outHeight && y - wy * window.strideY < window.kernelHeight;
    const target = out + <usize>row * rowBytes;
    if (!(hasWindows && isCovered)) memory.fill(target, 0, rowBytes);
    if (!hasWindows) continue;
    let corner = <usize>(((row / window.height) * window.outHeight + wy) * outWidth * channels);
    for (let wx = 0; wx < outWidth; wx++) {
      const x = wx * strideX - padLeft;
      const firstX = max(0, -x);
      const lastX = min(kernelWidth, width - x);
      const cells = target + x * cellBytes;
      let c = 0;
      for (; c + 8 <= channels; c += 8) {
        const error = v128.load(errorsIn + ((corner + c) << 1));
        const position = v128.load_ext<u8>(positionsIn + corner + c);
        let cell = cells + firstX * cellBytes + ((<usize>c) << 1);
        for (let j = firstX; j < lastX; j++) {
          const mine = v128.and(error, i16x8.eq(position, i16x8.splat(<i16>(inside + j))));
          v128.store(cell, mine);
          largest = i16x8.max_s(largest, mine);
          smallest = i16x8.min_s(smallest, mine);
          cell += cellBytes;
        }
      }
      for (; c < channels; c++) {
        const j = <i32>load<u8>(positionsIn + corner + c) - inside;
        if (j < firstX || j >= lastX) continue;
        const error = load<i16>(errorsIn + ((corner + c) << 1));
        store<i16>(cells + j * cellBytes + ((<usize>c) << 1), error);
        largest = i16x8.max_s(largest, i16x8.splat(error));
        smallest = i16x8.min_s(smallest, i16x8.splat(error));
      }
      corner += channels;
    }
  }
  const most = i32x4.max_s(i32x4.extend_low_i16x8_s(largest), i32x4.extend_high_i16x8_s(largest));
  const least = i32x4.min_s(i32x4.extend_low_i16x8_s(smallest), i32x4.extend_high_i16x8_s(smallest));
  const site = load<u32>(record, CONVERT);
  countRun(statistics + load<u32>(site, SITE_COUNTERS), (end - start) * width * channels, 0, most, least);
}

/**
 * Adds a window's errors to the cells firstX .. lastX - 1 of one of its rows, each channel's to the cell whose position,
 * `inside` + j, is the channel's. `cells` is the address of cell 0's sums.
 */
function spread<T, S>(
  errors: usize,
  positions: usize,
  inside: i32,
  firstX: i32,
  lastX: i32,
  channels: i32,
  cells: usize,
): void {
  let c = 0;
  if (sizeof<T>() == 2) {
    for (; c + 8 <= channels; c += 8) {
      const error = v128.load(errors + ((<usize>c) << 1));
      const position = v128.load_ext<u8>(positions + c);
      let here = i16x8.splat(<i16>(inside + firstX));
      for (let j = firstX; j < lastX; j++) {
        const at = cells + ((j * channels + c) << 2);
        const mine = v128.and(error, i16x8.eq(position, here));
        here = i16x8.add(here, i16x8.splat(1));
        v128.store(at, i32x4.add(v128.load(at), i32x4.extend_low_i16x8_s(mine)));
        v128.store(at, i32x4.add(v128.load(at, 16), i32x4.extend_high_i16x8_s(mine)), 16);
      }
    }
  } else {
    for (; c + 4 <= channels; c += 4) {
      const error = v128.load(errors + ((<usize>c) << 2));
      const bytes = v128.load_zero<i32>(positions + c);
      const position = i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(bytes));
      for (let j = firstX; j < lastX; j++) {
        const at = cells + (j * channels + c) * sizeof<S>();
        const mine = v128.and(error, i32x4.eq(position, i32x4.splat(inside + j)));
        if (isFloat<S>()) {
          v128.store(at, f32x4.add(v128.load(at), mine));
        } else {
          widen(at, mine);
        }
      }
    }
  }
  for (; c < channels; c++) {
    const j = <i32>load<u8>(positions + c) - inside;
    if (j < firstX || j >= lastX) continue;
    const at = cells + (j * channels + c) * sizeof<S>();
    store<S>(at, load<S>(at) + <S>load<T>(errors + <usize>c * sizeof<T>()));
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
  if (load<i32>(record, DIRECT)) maxPoolGradientDirect(record);
  else if (type == TYPE_I16) maxPoolGradientOf<i16, i32>(record);
  else if (type == TYPE_F32) maxPoolGradientOf<f32, f32>(record);
  else maxPoolGradientOf<i32, i64>(record);
}
