/*
 * The gradient of a convolution by its weight, by tiles: a row of A is a weight (tap i, j and channel c), a column of B
 * an output channel, and the sum runs over images and positions, two neighbours along x a pair.
 *
 * For that the image is laid out as pairs of columns: tap j of positions 2q and 2q + 1 needs columns 2q s + j
 * and 2q s + j + s (s the stride along x), so there are 2 s copies, one for each start r = j mod 2s, holding
 * the pairs (2 s q + r, 2 s q + r + s); tap j is then copy r read j div 2s pairs further on. Several images
 * are packed at once. If the number of channels is a multiple of four, four of them lie together: the four
 * rows of a tile are then one stream of memory. Each thread adds up the products of its images in i64; the
 * second record adds up the threads and converts.
 */
import { convertSums } from '../convert/convert';
import {
  ACCUMULATOR,
  ACCUMULATOR_WIDTH,
  AT_IMAGE,
  AT_LHS,
  AT_RHS,
  AT_ROWS,
  AT_SCATTER_SUMS,
  AT_SPANS,
  AT_SUMS,
  CHUNK,
  CONVERT,
  COUNT,
  FRAME_BYTES,
  LHS_TYPE,
  MINIMAL,
  OUT,
  PLANE_BYTES,
  RHS,
  RHS_TYPE,
  RUN,
  SCRATCH,
  SCRATCH_BYTES,
  SCRATCH_SUMS,
  SUMMED_SPARSE,
  TYPE_I16,
  WRAP,
} from '../layout';
import { openWindow, Window } from '../window';
import { scratch, shareEnd, shareStart, threads } from '../thread';
import { minimalGradient } from './conv-gradient-minimal';
import { Frame, frameImage, openFrame } from './frame';
import { columnSquares, columnsRoot, largestOf, rootAbove, squares } from './norms';
import { copyDigits, interleave, planesFor } from './pack';
import { countPath } from './paths';
import { openProduct } from './product';
import { isMostlyZero } from './scatter';
import { openScatter, scatterErrors } from './scatter-gradient';
import { addBlock, boundRows, provesWhole } from './stretches';

/**
 * Interleaves two cells of `count` int16 channels into pairs, eight channels at `to`, four more each `apart` bytes on. Whole
 * vectors are read; where channels are not in fours, whole vectors are written too: what lies past the last channel is
 * overwritten by the next cell, or is slack.
 */
function pairCells(first: usize, second: usize, count: i32, to: usize, apart: usize): void {
  for (let c = 0; c < count; c += 8) {
    const a = v128.load(first);
    const b = v128.load(second);
    v128.store(to, v128.shuffle<i16>(a, b, 0, 8, 1, 9, 2, 10, 3, 11));
    to += apart;
    if (apart == 16 || c + 4 < count) v128.store(to, v128.shuffle<i16>(a, b, 4, 12, 5, 13, 6, 14, 7, 15));
    to += apart;
    first += 16;
    second += 16;
  }
}

/**
 * One copy of a framed image as pairs: `rows` rows of `across` pairs of cells from column `start`, `gap` apart. Pairs of
 * `lanes` channels lie together, the next `lanes` of them `blockBytes` on.
 */
function pairColumns(
  frame: usize,
  rows: i32,
  rowBytes: usize,
  across: i32,
  start: i32,
  gap: i32,
  channels: i32,
  lanes: i32,
  blockBytes: usize,
  to: usize,
): void {
  const cellBytes = (<usize>channels) << 1;
  const apart: usize = lanes == channels && lanes != 4 ? 16 : blockBytes;
  for (let row = 0; row < rows; row++) {
    let first = frame + <usize>row * rowBytes + <usize>start * cellBytes;
    if (channels == 1 && gap == 1) {
      // The pairs of neighbours are the row itself.
      memory.copy(to, first, (<usize>across) << 2);
      to += (<usize>across) << 2;
      continue;
    }
    for (let q = 0; q < across; q++) {
      pairCells(first, first + <usize>gap * cellBytes, channels, to, apart);
      first += 2 * <usize>gap * cellBytes;
      to += (<usize>lanes) << 2;
    }
  }
}

/** dOutput of one image as panels: pairs of positions along x, the last one alone with 0. */
function packErrors(from: usize, rows: i32, width: i32, channels: i32, to: usize, panelBytes: usize): void {
  const cellBytes = (<usize>channels) << 1;
  for (let column = 0; column < channels; column += 8) {
    let cell = from + ((<usize>column) << 1);
    let at = to;
    for (let row = 0; row < rows; row++) {
      for (let x = 1; x < width; x += 2) {
        interleave(at, v128.load(cell), v128.load(cell + cellBytes));
        cell += cellBytes << 1;
        at += 32;
      }
      if (width & 1) {
        interleave(at, v128.load(cell), i16x8.splat(0));
        cell += cellBytes;
        at += 32;
      }
    }
    to += panelBytes;
  }
}

/**
 * The largest norm of a column of pairs in `bytes` bytes, channels in fours; otherwise of all channels
 * together.
 */
function pairsRoot(from: usize, bytes: usize, fours: bool): u64 {
  return rootAbove(fours ? columnSquares(from, <i32>(bytes >> 4), 16) : squares(from, <i32>(bytes >> 1)));
}

/** Fills in the segments that each tile needs: rows of dOutput of which a tap of the tile meets a row of the image. */
function tabulateSpans(window: Window, frame: Frame, spans: usize): void {
  const rowWeights = window.kernelWidth * window.channels;
  const weights = window.kernelHeight * rowWeights;
  const outHeight = window.outHeight;
  const strideY = window.strideY;
  // Rows y * strideY + i of the frame, for the rows i of its taps.
  for (let i = 0; i < weights; i += 4) {
    const firstTap = i / rowWeights;
    const lastTap = min(i + 3, weights - 1) / rowWeights;
    const start = min(max(0, (frame.firstImageRow() - lastTap + strideY - 1) / strideY), outHeight - 1);
    const stop = min(outHeight, (frame.endImageRow() - firstTap + strideY - 1) / strideY);
    store<i32>(spans + ((<usize>i) << 1), start);
    store<i32>(spans + ((<usize>i) << 1), max(stop - start, 1), 4);
  }
}

export function convWeightGradientTiled(record: usize): void {
  const frame = openFrame(record, false);
  const window = openWindow(record);
  const inPlace = frame.inPlace;
  const channels = window.channels;
  const kernelHeight = window.kernelHeight;
  const kernelWidth = window.kernelWidth;
  const strideX = window.strideX;
  const outHeight = window.outHeight;
  const outWidth = window.outWidth;
  const outChannels = window.outChannels;
  const chunk = load<i32>(record, CHUNK);
  const minimal = load<i32>(record, MINIMAL) != 0;
  const lhsNarrow = load<i32>(record, LHS_TYPE) == TYPE_I16;
  const rhsNarrow = load<i32>(record, RHS_TYPE) == TYPE_I16;
  const planeBytes = <usize>load<u32>(record, PLANE_BYTES);

  // Shapes: frame [rows][width][C]; pairs [copy][C / lanes][image][rows][across][lanes]; errors [panel][image][OH][half].
  const rows = (outHeight - 1) * window.strideY + kernelHeight;
  const copies = 2 * strideX;
  const lanes = channels & 3 ? channels : 4;
  const half = (outWidth + 1) >> 1;
  const across = half + (kernelWidth - 1) / copies;
  const columns = (outChannels + 7) & ~7;
  const framed = scratch + load<u32>(record, AT_IMAGE);
  const cells = scratch + load<u32>(record, AT_LHS);
  const panels = scratch + load<u32>(record, AT_RHS);
  const sums = scratch + load<u32>(record, AT_SUMS);
  const table = scratch + load<u32>(record, AT_ROWS);
  const spans = scratch + load<u32>(record, AT_SPANS);
  const weights = kernelHeight * kernelWidth * channels;
  const cellsIn = window.height * window.width * channels;
  const errors = outHeight * outWidth * outChannels;
  const errorBytes = (<usize>errors) << (rhsNarrow ? 1 : 2);
  const rowBytes = (<usize>(across * lanes)) << 2;
  const imageBytes = <usize>rows * rowBytes;
  // Room for one plane of an int32 dOutput, behind the frame, if there is one, and what is read past its end.
  const readPast = (<usize>((copies + 2) * channels)) << 1;
  const errorPlane = inPlace ? framed : framed + ((frame.bytes + readPast) & ~15) + 64;

  memory.fill(sums, 0, (<usize>(((weights + 3) & ~3) * columns)) << 3);
  const first = shareStart(load<i32>(COUNT), 1);
  const end = shareEnd(load<i32>(COUNT), 1);
  if (first >= end) return;
  // With phases there are two frames.
  if (!inPlace) memory.fill(framed, 0, frame.bytes + (minimal ? <usize>load<u32>(record, FRAME_BYTES) : 0));
  const scatters = load<u32>(record, AT_SCATTER_SUMS) != 0;
  const scatter = openScatter(record);

  let tabled = 0;
  for (let image = first; image < end; image += chunk) {
    const count = min(chunk, end - image);
    const rhs = load<u32>(record, RHS) + <usize>image * errorBytes;
    if (scatters && isMostlyZero(record, rhs, count * errors)) {
      for (let i = 0; i < count; i++) {
        const source = frame.images + <usize>(image + i) * frame.imageBytes;
        if (!inPlace) frameImage<i16>(frame, source, 0, 1, framed);
        scatterErrors(scatter, frame, inPlace ? source : framed, rhs + <usize>i * errorBytes);
      }
      countPath(SUMMED_SPARSE, weights, columns, 2 * half * outHeight * count);
      continue;
    }
    if (minimal && minimalGradient(record, frame, image, count)) continue;
    // pairCells writes whole vectors: the last image of a copy may reach past its end.
    const blockBytes = <usize>count * imageBytes;
    const copyBytes = blockBytes * (channels / lanes) + 64;
    const panelBytes = (<usize>(count * outHeight * half)) << 5;
    const lhs = frame.images + <usize>image * frame.imageBytes;
    const lhsPlanes = lhsNarrow ? 1 : planesFor(largestOf(lhs, 1, count * cellsIn, 0));
    const rhsPlanes = rhsNarrow ? 1 : planesFor(largestOf(rhs, 1, count * errors, 0));
    for (let i = 0; i < count; i++) {
      const source = lhs + <usize>i * frame.imageBytes;
      for (let plane = 0; plane < lhsPlanes; plane++) {
        if (!inPlace) {
          if (lhsNarrow) frameImage<i16>(frame, source, plane, lhsPlanes, framed);
          else frameImage<i32>(frame, source, plane, lhsPlanes, framed);
        }
        const to = cells + <usize>plane * planeBytes + <usize>i * imageBytes;
        for (let copy = 0; copy < copies; copy++) {
          pairColumns(
            inPlace ? source : framed,
            rows,
            frame.rowBytes,
            across,
            copy,
            strideX,
            channels,
            lanes,
            blockBytes,
            to + <usize>copy * copyBytes,
          );
        }
      }
      const dOutput = rhs + <usize>i * errorBytes;
      for (let plane = 0; plane < rhsPlanes; plane++) {
        let from = dOutput;
        if (!rhsNarrow) {
          from = errorPlane;
          copyDigits<i32>(dOutput, errors, plane, rhsPlanes, from);
          // packErrors reads whole vectors. What it finds behind the last digit must not pass for a digit.
          v128.store(from + ((<usize>errors) << 1), i16x8.splat(0));
        }
        const to = panels + <usize>plane * panelBytes * ((<usize>columns) >> 3);
        const at = to + ((<usize>(i * outHeight * half)) << 5);
        packErrors(from, outHeight, outWidth, outChannels, at, panelBytes);
      }
    }

    // Rows that fill up the last tile are the last weight once more.
    if (count != tabled) {
      tabled = count;
      for (let i = 0; i < ((weights + 3) & ~3); i++) {
        const weight = min(i, weights - 1);
        const c = weight % channels;
        const tap = weight / channels;
        const x = tap % kernelWidth;
        const offset =
          <usize>(x % copies) * copyBytes +
          <usize>(c / lanes) * blockBytes +
          <usize>(tap / kernelWidth) * rowBytes +
          ((<usize>((x / copies) * lanes + (c % lanes))) << 2);
        store<u32>(table + ((<usize>i) << 2), <u32>offset);
      }
      tabulateSpans(window, frame, spans);
    }
    // Channels lie in fours: so do the rows of a tile.
    const rowStride = channels & 3 ? 0 : 4;
    const segmentStride = <usize>window.strideY * rowBytes;
    const product = openProduct(
      record,
      (<usize>lanes) << 2,
      rowStride,
      half,
      outHeight,
      segmentStride,
      count,
      imageBytes,
    );
    if (!inPlace) product.spans = spans;
    let lhsRoot: u64 = 0;
    if (lhsPlanes == 1) {
      for (let copy = 0; copy < copies; copy++) {
        for (let block = 0; block < channels / lanes; block++) {
          const at = cells + <usize>copy * copyBytes + <usize>block * blockBytes;
          lhsRoot = max(lhsRoot, pairsRoot(at, blockBytes, lanes == 4));
        }
      }
    }
    product.setLhs(lhsPlanes, lhsRoot, false);
    product.setRhs(
      rhsPlanes,
      columns,
      rhsPlanes == 1 ? columnsRoot(panels, <i32>(panelBytes >> 5), columns) : 0,
    );
    const bytes = <usize>copies * copyBytes;
    if (!provesWhole(product)) boundRows(product, cells, bytes, planeBytes);
    addBlock(product, cells, bytes, weights, 0, false);
  }
  scatter.finish();
}

/** Adds up the threads' sums and converts them: LHS and the rest are the first record's. */
export function convWeightGradientEnd(record: usize): void {
  const window = openWindow(record);
  const outChannels = window.outChannels;
  const columns = (outChannels + 7) & ~7;
  const total = window.kernelHeight * window.kernelWidth * window.channels * outChannels;
  const partial = load<u32>(SCRATCH) + load<u32>(record, AT_SUMS);
  const apart = <usize>load<u32>(SCRATCH_BYTES);
  const wraps = load<i32>(record, ACCUMULATOR) == WRAP;
  const unused = 64 - load<i32>(record, ACCUMULATOR_WIDTH);
  const sums = scratch + SCRATCH_SUMS;
  const end = shareEnd(total, 32);
  for (let start = shareStart(total, 32); start < end; start += RUN) {
    const length = min(end - start, RUN);
    for (let i = 0; i < length; i++) {
      const at = start + i;
      let from = partial + ((<usize>((at / outChannels) * columns + (at % outChannels))) << 3);
      let sum: i64 = 0;
      for (let thread = 0; thread < threads; thread++) {
        sum += load<i64>(from);
        from += apart;
      }
      store<i64>(sums + ((<usize>i) << 3), wraps ? (sum << unused) >> unused : sum);
    }
    convertSums(load<u32>(record, CONVERT), sums, load<u32>(record, OUT), start, length);
  }
}
