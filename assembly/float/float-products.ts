/*
 * The products of the float32 baseline by tiles: the cuts of matmul.ts, conv.ts and conv-gradient.ts without proofs,
 * digits and converts. A sum is never shared by threads and runs in one order whatever their number: the weight
 * gradient of a convolution shares out weights, and every thread goes through all images.
 */
import {
  AT_BIAS,
  AT_LHS,
  AT_RHS,
  AT_ROWS,
  AT_SUMS,
  BATCH_AXIS,
  BIAS,
  BLOCK_COLUMNS,
  BLOCK_ROWS,
  BY_ROWS,
  CHANNELS,
  COUNT,
  HEIGHT,
  K,
  KERNEL_HEIGHT,
  KERNEL_WIDTH,
  LHS,
  M,
  N,
  OUT,
  OUT_CHANNELS,
  OUT_HEIGHT,
  OUT_WIDTH,
  PAD_LEFT,
  PAD_TOP,
  RHS,
  STRIDE_X,
  STRIDE_Y,
  TRANSPOSE_LHS,
  TRANSPOSE_RHS,
  WIDTH,
} from '../layout';
import { packFloatRows, packFloats } from './float-pack';
import { frameImage, openFrame, openImage } from '../product/image';
import { scratch, shareEnd, shareStart } from '../thread';
import { floatTile, openWalk } from '../product/tile';

/** The bias of `width` columns from `first` on, 0 up to `padded` and where the op has none. */
function openBias(record: usize, first: i32, width: i32, padded: i32): void {
  const to = scratch + load<u32>(record, AT_BIAS);
  const bias = load<u32>(record, BIAS);
  memory.fill(to, 0, (<usize>padded) << 2);
  if (bias) memory.copy(to, bias + ((<usize>first) << 2), (<usize>width) << 2);
}

/** Copies a block of sums, rows of `padded`, to `rows` rows of `width` of the op's `n` columns from element `index` on. */
function closeBlock(record: usize, rows: i32, width: i32, padded: i32, n: i32, index: i32): void {
  let from = scratch + load<u32>(record, AT_SUMS);
  let to = load<u32>(record, OUT) + ((<usize>index) << 2);
  if (width == padded && width == n) {
    memory.copy(to, from, (<usize>(rows * n)) << 2);
    return;
  }
  for (let row = 0; row < rows; row++) {
    memory.copy(to, from, (<usize>width) << 2);
    from += (<usize>padded) << 2;
    to += (<usize>n) << 2;
  }
}

/** Sums of a block of `rows` rows and `padded` columns: all panels by all tiles, from the bias on. */
function sumBlock(
  record: usize,
  lhs: usize,
  rows: i32,
  padded: i32,
  step: usize,
  length: i32,
  segments: i32,
  skip: usize,
): void {
  const table = scratch + load<u32>(record, AT_ROWS);
  const sums = scratch + load<u32>(record, AT_SUMS);
  const bias = scratch + load<u32>(record, AT_BIAS);
  const panelBytes = (<usize>(length * segments)) << 5;
  const stride = (<usize>padded) << 2;
  const walk = openWalk(step, 0, length, stride);
  walk.segments = segments;
  walk.segmentGap = skip;
  let panel = scratch + load<u32>(record, AT_RHS);
  for (let at: usize = 0; at < stride; at += 32) {
    floatTile(walk, lhs, table, (rows + 3) >> 2, panel, bias + at, sums + at);
    panel += panelBytes;
  }
}

export function matmulFloat(record: usize): void {
  const axis = load<i32>(record, BATCH_AXIS);
  const count = load<i32>(COUNT);
  const m = axis == 1 ? count : load<i32>(record, M);
  const n = load<i32>(record, N);
  const k = axis == 2 ? count : load<i32>(record, K);
  const byRows = load<i32>(record, BY_ROWS);
  const firstRow = byRows ? shareStart(m, 4) : 0;
  const endRow = byRows ? shareEnd(m, 4) : m;
  const firstColumn = byRows ? 0 : shareStart(n, 8);
  const endColumn = byRows ? n : shareEnd(n, 8);
  if (firstRow >= endRow) return;

  const transposeLhs = load<i32>(record, TRANSPOSE_LHS);
  const transposeRhs = load<i32>(record, TRANSPOSE_RHS);
  const stride = load<i32>(record, K) << 2;
  const along = transposeRhs ? 4 : n << 2;
  const across = transposeRhs ? stride : 4;
  const blockRows = load<i32>(record, BLOCK_ROWS);
  const blockColumns = load<i32>(record, BLOCK_COLUMNS);
  const packed = scratch + load<u32>(record, AT_LHS);
  const panels = scratch + load<u32>(record, AT_RHS);
  const table = scratch + load<u32>(record, AT_ROWS);
  for (let column = firstColumn; column < endColumn; column += blockColumns) {
    const width = min(blockColumns, endColumn - column);
    const padded = (width + 7) & ~7;
    for (let i = 0; i < width; i += 8) {
      const from = load<u32>(record, RHS) + (column + i) * across;
      packFloats(from, k, along, min(8, width - i), across, panels + ((<usize>(i * k)) << 2));
    }
    openBias(record, column, width, padded);
    for (let row = firstRow; row < endRow; row += blockRows) {
      const rows = min(blockRows, endRow - row);
      let lhs = load<u32>(record, LHS) + <usize>row * stride;
      if (transposeLhs) {
        lhs = packed;
        const from = load<u32>(record, LHS) + ((<usize>row) << 2);
        packFloatRows(from, k, (<usize>load<i32>(record, M)) << 2, rows, packed);
      }
      for (let i = 0; i < ((rows + 3) & ~3); i++) {
        const r = min(i, rows - 1);
        const offset = transposeLhs ? (r >> 2) * (k << 4) + ((r & 3) << 2) : r * stride;
        store<u32>(table + ((<usize>i) << 2), offset);
      }
      sumBlock(record, lhs, rows, padded, transposeLhs ? 16 : 4, k, 1, 0);
      closeBlock(record, rows, width, padded, n, row * n + column);
    }
  }
}

/** The convolution of framed images with packed panels, as convolve() of conv.ts. */
function convolve(
  record: usize,
  inPlace: bool,
  imageElements: i32,
  frameHeight: i32,
  frameWidth: i32,
  channels: i32,
  columns: i32,
  outHeight: i32,
  outWidth: i32,
  strideY: i32,
  strideX: i32,
): void {
  const first = shareStart(load<i32>(COUNT), 1);
  const end = shareEnd(load<i32>(COUNT), 1);
  const length = load<i32>(record, KERNEL_WIDTH) * channels;
  const rowBytes = (frameWidth * channels) << 2;
  const padded = (columns + 7) & ~7;
  const positions = outHeight * outWidth;
  const blockRows = load<i32>(record, BLOCK_ROWS);
  const table = scratch + load<u32>(record, AT_ROWS);
  const frame = scratch + load<u32>(record, AT_LHS);
  openBias(record, 0, columns, padded);
  if (!inPlace) memory.fill(frame, 0, frameHeight * rowBytes);
  for (let image = first; image < end; image++) {
    let lhs = load<u32>(record, LHS) + ((<usize>(image * imageElements)) << 2);
    if (!inPlace) {
      frameImage<i16>(lhs, 0, 1, frame);
      lhs = frame;
    }
    for (let position = 0; position < positions; position += blockRows) {
      const rows = min(blockRows, positions - position);
      if (image == first || blockRows < positions) {
        for (let i = 0; i < ((rows + 3) & ~3); i++) {
          const at = position + min(i, rows - 1);
          const cell = (at / outWidth) * strideY * frameWidth + (at % outWidth) * strideX;
          store<u32>(table + ((<usize>i) << 2), (cell * channels) << 2);
        }
      }
      const skip = rowBytes - (length << 2);
      sumBlock(record, lhs, rows, padded, 4, length, load<i32>(record, KERNEL_HEIGHT), skip);
      closeBlock(record, rows, columns, padded, columns, (image * positions + position) * columns);
    }
  }
}

export function convFloat(record: usize): void {
  const height = load<i32>(record, HEIGHT);
  const width = load<i32>(record, WIDTH);
  const channels = load<i32>(record, CHANNELS);
  const strideY = load<i32>(record, STRIDE_Y);
  const strideX = load<i32>(record, STRIDE_X);
  const padTop = load<i32>(record, PAD_TOP);
  const padLeft = load<i32>(record, PAD_LEFT);
  const outHeight = load<i32>(record, OUT_HEIGHT);
  const outWidth = load<i32>(record, OUT_WIDTH);
  const columns = load<i32>(record, OUT_CHANNELS);
  const kernelHeight = load<i32>(record, KERNEL_HEIGHT);
  const length = load<i32>(record, KERNEL_WIDTH) * channels;
  let frameHeight = (outHeight - 1) * strideY + kernelHeight;
  let frameWidth = (outWidth - 1) * strideX + load<i32>(record, KERNEL_WIDTH);
  const inPlace = padTop == 0 && padLeft == 0 && frameHeight <= height && frameWidth <= width;
  if (inPlace) {
    frameHeight = height;
    frameWidth = width;
  }
  const steps = kernelHeight * length;
  for (let column = 0; column < columns; column += 8) {
    packFloats(
      load<u32>(record, RHS) + ((<usize>column) << 2),
      steps,
      columns << 2,
      min(8, columns - column),
      4,
      scratch + load<u32>(record, AT_RHS) + ((<usize>(column * steps)) << 2),
    );
  }
  // Frames copy int16 cells: a float32 is two of them.
  openImage(height, width, 2 * channels);
  openFrame(frameHeight, frameWidth, padTop, padLeft, 1, 1);
  convolve(
    record,
    inPlace,
    height * width * channels,
    frameHeight,
    frameWidth,
    channels,
    columns,
    outHeight,
    outWidth,
    strideY,
    strideX,
  );
}

export function convInputGradientFloat(record: usize): void {
  const height = load<i32>(record, HEIGHT);
  const width = load<i32>(record, WIDTH);
  const kernelHeight = load<i32>(record, KERNEL_HEIGHT);
  const kernelWidth = load<i32>(record, KERNEL_WIDTH);
  const outHeight = load<i32>(record, OUT_HEIGHT);
  const outWidth = load<i32>(record, OUT_WIDTH);
  const inner = load<i32>(record, OUT_CHANNELS);
  const columns = load<i32>(record, CHANNELS);
  const taps = kernelHeight * kernelWidth;
  for (let column = 0; column < columns; column += 8) {
    const panel = scratch + load<u32>(record, AT_RHS) + ((<usize>(column * taps * inner)) << 2);
    for (let tap = 0; tap < taps; tap++) {
      // Turned around: the last tap comes first.
      packFloats(
        load<u32>(record, RHS) + ((<usize>(((taps - 1 - tap) * columns + column) * inner)) << 2),
        inner,
        4,
        min(8, columns - column),
        inner << 2,
        panel + ((<usize>(tap * inner)) << 5),
      );
    }
  }
  openImage(outHeight, outWidth, 2 * inner);
  openFrame(
    height + kernelHeight - 1,
    width + kernelWidth - 1,
    kernelHeight - 1 - load<i32>(record, PAD_TOP),
    kernelWidth - 1 - load<i32>(record, PAD_LEFT),
    load<i32>(record, STRIDE_Y),
    load<i32>(record, STRIDE_X),
  );
  convolve(
    record,
    false,
    outHeight * outWidth * inner,
    height + kernelHeight - 1,
    width + kernelWidth - 1,
    inner,
    columns,
    height,
    width,
    1,
    1,
  );
}

/** A row of A is a weight (tap i, j, channel c), read along x in the framed image; sums go on from image to image. */
export function convWeightGradientFloat(record: usize): void {
  const height = load<i32>(record, HEIGHT);
  const width = load<i32>(record, WIDTH);
  const channels = load<i32>(record, CHANNELS);
  const kernelWidth = load<i32>(record, KERNEL_WIDTH);
  const strideY = load<i32>(record, STRIDE_Y);
  const strideX = load<i32>(record, STRIDE_X);
  const padTop = load<i32>(record, PAD_TOP);
  const padLeft = load<i32>(record, PAD_LEFT);
  const outHeight = load<i32>(record, OUT_HEIGHT);
  const outWidth = load<i32>(record, OUT_WIDTH);
  const columns = load<i32>(record, OUT_CHANNELS);
  const weights = load<i32>(record, KERNEL_HEIGHT) * kernelWidth * channels;
  const first = shareStart(weights, 4);
  const rows = shareEnd(weights, 4) - first;
  if (rows <= 0) return;
  let frameHeight = (outHeight - 1) * strideY + load<i32>(record, KERNEL_HEIGHT);
  let frameWidth = (outWidth - 1) * strideX + kernelWidth;
  const inPlace = padTop == 0 && padLeft == 0 && frameHeight <= height && frameWidth <= width;
  if (inPlace) {
    frameHeight = height;
    frameWidth = width;
  }
  const padded = (columns + 7) & ~7;
  const frame = scratch + load<u32>(record, AT_LHS);
  const panels = scratch + load<u32>(record, AT_RHS);
  const sums = scratch + load<u32>(record, AT_SUMS);
  const table = scratch + load<u32>(record, AT_ROWS);
  const positions = outHeight * outWidth;
  const step = (strideX * channels) << 2;
  const skip = ((strideY * frameWidth * channels) << 2) - outWidth * step;
  const stride = (<usize>padded) << 2;
  for (let i = 0; i < ((rows + 3) & ~3); i++) {
    const weight = first + min(i, rows - 1);
    const tap = weight / channels;
    const cell = (tap / kernelWidth) * frameWidth + (tap % kernelWidth);
    store<u32>(table + ((<usize>i) << 2), (cell * channels + (weight % channels)) << 2);
  }
  memory.fill(sums, 0, <usize>((rows + 3) & ~3) * stride);
  openImage(height, width, 2 * channels);
  openFrame(frameHeight, frameWidth, padTop, padLeft, 1, 1);
  if (!inPlace) memory.fill(frame, 0, (<usize>(frameHeight * frameWidth * channels)) << 2);
  const walk = openWalk(step, 0, outWidth, stride);
  walk.segments = outHeight;
  walk.segmentGap = skip;
  walk.initStride = stride;
  const count = load<i32>(COUNT);
  for (let image = 0; image < count; image++) {
    let lhs = load<u32>(record, LHS) + ((<usize>(image * height * width * channels)) << 2);
    if (!inPlace) {
      frameImage<i16>(lhs, 0, 1, frame);
      lhs = frame;
    }
    for (let column = 0; column < columns; column += 8) {
      const errors = load<u32>(record, RHS) + ((<usize>(image * positions * columns + column)) << 2);
      packFloats(errors, positions, columns << 2, min(8, columns - column), 4, panels);
      const at = sums + ((<usize>column) << 2);
      floatTile(walk, lhs, table, (rows + 3) >> 2, panels, at, at);
    }
  }
  closeBlock(record, rows, columns, padded, columns, first * columns);
}
