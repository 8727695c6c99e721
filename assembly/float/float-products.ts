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
  COUNT,
  K,
  LHS,
  M,
  N,
  OUT,
  RHS,
  TRANSPOSE_LHS,
  TRANSPOSE_RHS,
} from '../layout';
import { openWindow } from '../window';
import { tabulateRows } from '../product/conv';
import { Frame, frameImage, openFrame } from '../product/frame';
import { floatTile, openWalk } from '../product/tile';
import { scratch, shareEnd, shareStart } from '../thread';
import { packFloatRows, packFloats } from './float-pack';

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
  pairStep: usize,
  length: i32,
  segments: i32,
  segmentGap: usize,
): void {
  const table = scratch + load<u32>(record, AT_ROWS);
  const sums = scratch + load<u32>(record, AT_SUMS);
  const bias = scratch + load<u32>(record, AT_BIAS);
  const panelBytes = (<usize>(length * segments)) << 5;
  const stride = (<usize>padded) << 2;
  const walk = openWalk(pairStep, 0, length, stride);
  walk.segments = segments;
  walk.segmentGap = segmentGap;
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

/** Packs the weight [KH, KW, C, O] in panels of columns o, or, turned around, of columns c with the last tap first. */
function packWeight(record: usize, turned: bool): void {
  const window = openWindow(record);
  const taps = window.kernelHeight * window.kernelWidth;
  const channels = window.channels;
  const outChannels = window.outChannels;
  const weight = load<u32>(record, RHS);
  const columns = turned ? channels : outChannels;
  const inner = turned ? outChannels : channels;
  for (let column = 0; column < columns; column += 8) {
    const width = min(8, columns - column);
    const panel = scratch + load<u32>(record, AT_RHS) + ((<usize>(column * taps * inner)) << 2);
    if (!turned) {
      packFloats(weight + ((<usize>column) << 2), taps * inner, columns << 2, width, 4, panel);
      continue;
    }
    for (let tap = 0; tap < taps; tap++) {
      const from = weight + ((<usize>(((taps - 1 - tap) * columns + column) * inner)) << 2);
      packFloats(from, inner, 4, width, inner << 2, panel + ((<usize>(tap * inner)) << 5));
    }
  }
}

/** Where the image lies as the convolution reads it: in the frame at `framed`, unless it is its own. */
function framedImage(frame: Frame, image: i32, framed: usize): usize {
  const source = frame.images + <usize>image * frame.imageBytes;
  if (frame.inPlace) return source;
  // A frame copies int16: a float32 is two of them.
  frameImage<i16>(frame, source, 0, 1, framed);
  return framed;
}

/** The convolution of a record, or, `turned`, its gradient by the input: as convolve() of conv.ts. */
export function convolveFloat(record: usize, turned: bool): void {
  const frame = openFrame(record, turned);
  const window = openWindow(record);
  const columns = frame.columns;
  const length = window.kernelWidth * frame.channels;
  const padded = (columns + 7) & ~7;
  const positions = frame.outHeight * frame.outWidth;
  const blockRows = load<i32>(record, BLOCK_ROWS);
  const table = scratch + load<u32>(record, AT_ROWS);
  const framed = scratch + load<u32>(record, AT_LHS);
  const segmentGap = frame.rowBytes - ((<usize>length) << 2);
  packWeight(record, turned);
  openBias(record, 0, columns, padded);
  if (!frame.inPlace) memory.fill(framed, 0, frame.bytes);
  let tabled = -1;
  const end = shareEnd(load<i32>(COUNT), 1);
  for (let image = shareStart(load<i32>(COUNT), 1); image < end; image++) {
    const lhs = framedImage(frame, image, framed);
    for (let position = 0; position < positions; position += blockRows) {
      const rows = min(blockRows, positions - position);
      if (tabled != position) tabulateRows(frame, table, position, rows);
      tabled = position;
      sumBlock(record, lhs, rows, padded, 4, length, window.kernelHeight, segmentGap);
      closeBlock(record, rows, columns, padded, columns, (image * positions + position) * columns);
    }
  }
}

/** A row of A is a weight (tap i, j, channel c), read along x in the framed image; sums continue from image to image. */
export function convWeightGradientFloat(record: usize): void {
  const frame = openFrame(record, false);
  const window = openWindow(record);
  const channels = window.channels;
  const kernelWidth = window.kernelWidth;
  const columns = window.outChannels;
  const weights = window.kernelHeight * kernelWidth * channels;
  const first = shareStart(weights, 4);
  const rows = shareEnd(weights, 4) - first;
  if (rows <= 0) return;
  const padded = (columns + 7) & ~7;
  const framed = scratch + load<u32>(record, AT_LHS);
  const panels = scratch + load<u32>(record, AT_RHS);
  const sums = scratch + load<u32>(record, AT_SUMS);
  const table = scratch + load<u32>(record, AT_ROWS);
  const positions = window.outHeight * window.outWidth;
  const step = (<usize>(window.strideX * channels)) << 2;
  const stride = (<usize>padded) << 2;
  for (let i = 0; i < ((rows + 3) & ~3); i++) {
    const weight = first + min(i, rows - 1);
    const tap = weight / channels;
    const cell = (tap / kernelWidth) * frame.width + (tap % kernelWidth);
    store<u32>(table + ((<usize>i) << 2), (cell * channels + (weight % channels)) << 2);
  }
  memory.fill(sums, 0, <usize>((rows + 3) & ~3) * stride);
  if (!frame.inPlace) memory.fill(framed, 0, frame.bytes);
  const walk = openWalk(step, 0, window.outWidth, stride);
  walk.segments = window.outHeight;
  walk.segmentGap = <usize>window.strideY * frame.rowBytes - <usize>window.outWidth * step;
  walk.initStride = stride;
  const count = load<i32>(COUNT);
  for (let image = 0; image < count; image++) {
    const lhs = framedImage(frame, image, framed);
    for (let column = 0; column < columns; column += 8) {
      const errors = load<u32>(record, RHS) + ((<usize>(image * positions * columns + column)) << 2);
      packFloats(errors, positions, columns << 2, min(8, columns - column), 4, panels);
      const at = sums + ((<usize>column) << 2);
      floatTile(walk, lhs, table, (rows + 3) >> 2, panels, at, at);
    }
  }
  closeBlock(record, rows, columns, padded, columns, first * columns);
}
