/*
 * Convolution, and its gradient by the input, by tiles and without im2col: a row of A is an output position, its
 * kernelHeight segments lie in the image as they are. The gradient by the input is the convolution of dOutput (spread
 * out by the stride, padded) with the kernel turned around and its channels exchanged: one kernel for both.
 */
import {
  ACCUMULATOR,
  AT_LHS,
  AT_NARROW,
  AT_RHS,
  AT_ROWS,
  AT_SCATTER_SUMS,
  AT_SPANS,
  AT_SQUARES,
  BLOCK_ROWS,
  CHANNELS,
  COUNT,
  DIGIT_BITS,
  HEIGHT,
  KERNEL_HEIGHT,
  KERNEL_WIDTH,
  LHS,
  LHS_PLANES,
  LHS_TYPE,
  MINIMAL,
  OUT_CHANNELS,
  OUT_HEIGHT,
  OUT_WIDTH,
  PAD_LEFT,
  PAD_TOP,
  PLANE_BYTES,
  RHS,
  RHS_TYPE,
  STRIDE_X,
  STRIDE_Y,
  SUMMED_SPARSE,
  TYPE_I16,
  WIDTH,
  WRAP,
} from '../layout';
import { minimalBlock, packPhases, splitFrame } from './conv-minimal';
import {
  endImageRow,
  firstImageRow,
  frameImage,
  mostRowSquares,
  openFrame,
  openImage,
  rowsRoot,
} from './image';
import { openPhases, phaseFrameHeight, phaseFrameWidth } from './minimal';
import { columnsRoot, largestOf } from './norms';
import { openBias, openColumns, openLhs, openRows, openSpans, rhsPlanes } from './operands';
import { copyDigits, packPanels, planesFor } from './pack';
import { countPath } from './paths';
import { finishBlock, productBlock, provesFast } from './products';
import { isMostlyZero, packTaps, scatterImage } from './scatter';
import { boundRowPieces } from './stretches';
import { scratch, shareEnd, shareStart } from '../thread';

/**
 * Packs the weight [KH, KW, C, O], all planes, and opens the columns: columns o, or, turned around, columns c, with segments
 * and taps that run backwards from the last one.
 */
function packWeight(record: usize, turned: bool): void {
  const taps = load<i32>(record, KERNEL_WIDTH);
  const segments = load<i32>(record, KERNEL_HEIGHT);
  const channels = load<i32>(record, CHANNELS);
  const outChannels = load<i32>(record, OUT_CHANNELS);
  const panels = scratch + load<u32>(record, AT_RHS);
  const tapBytes = channels * outChannels * 2;
  const columns = turned ? channels : outChannels;
  const padded = (columns + 7) & ~7;
  const elements = segments * taps * channels * outChannels;
  let from = load<u32>(record, RHS);
  let planes = 1;
  const narrow = load<i32>(record, RHS_TYPE) == TYPE_I16;
  if (!narrow) planes = planesFor(largestOf(from, 1, elements, 0));
  let to = panels;
  for (let plane = 0; plane < planes; plane++) {
    if (!narrow) {
      const copy = scratch + load<u32>(record, AT_NARROW);
      copyDigits<i32>(load<u32>(record, RHS), elements, plane, planes, copy);
      from = copy;
    }
    if (turned) {
      const last = from + (segments * taps - 1) * tapBytes;
      const across = outChannels * 2;
      to = packPanels(
        last,
        segments,
        -taps * tapBytes,
        taps,
        -tapBytes,
        outChannels,
        2,
        channels,
        across,
        to,
      );
    } else {
      const inner = taps * channels;
      to = packPanels(from, segments, taps * tapBytes, 1, 0, inner, outChannels * 2, outChannels, 2, to);
    }
  }
  const pairs = segments * ((taps * (turned ? outChannels : channels) + 1) >> 1);
  openColumns(planes, padded, planes == 1 ? columnsRoot(panels, pairs, columns) : 0);
}

/** Opens the `planes` planes of a framed image: the squares of its rows bound those of every row of A. */
function openImagePlanes(
  lhs: usize,
  planes: i32,
  planeBytes: usize,
  frameHeight: i32,
  rowElements: i32,
  kernelHeight: i32,
  strideY: i32,
  table: usize,
): void {
  let root: u64 = 0;
  openLhs(planes, 0, true);
  for (let plane = 0; plane < planes; plane++) {
    root = rowsRoot(lhs, frameHeight, rowElements, kernelHeight, strideY, table);
    const largest: i32 = planes > 1 ? 1 << (DIGIT_BITS - 1) : 1 << 15;
    boundRowPieces(plane, mostRowSquares(table, frameHeight), largest);
    lhs += planeBytes;
  }
  openLhs(planes, planes == 1 ? root : 0, true);
}

/** Fills in the offsets of the rows of a block of outputs, and the segments that each tile needs. */
function tabulate(
  table: usize,
  spans: usize,
  position: i32,
  rows: i32,
  outWidth: i32,
  kernelHeight: i32,
  strideY: i32,
  rowBytes: i32,
  cellBytes: i32,
): void {
  for (let i = 0; i < ((rows + 3) & ~3); i++) {
    const at = position + min(i, rows - 1);
    store<u32>(table + ((<usize>i) << 2), (at / outWidth) * strideY * rowBytes + (at % outWidth) * cellBytes);
  }
  // Segments of a tile that meet a row of the image: rows y * stride + i from the tile's first y to its last.
  for (let i = 0; i < rows; i += 4) {
    const firstY = (position + i) / outWidth;
    const lastY = (position + min(i + 3, rows - 1)) / outWidth;
    const start = min(max(0, firstImageRow() - lastY * strideY), kernelHeight - 1);
    const stop = min(kernelHeight, endImageRow() - firstY * strideY);
    store<i32>(spans + ((<usize>i) << 1), start);
    store<i32>(spans + ((<usize>i) << 1), max(stop - start, 1), 4);
  }
}

/**
 * The convolution of images of imageElements, framed (see openFrame) unless `inPlace`, with the weight,
 * `turned` around or not, as `columns` columns: outHeight x outWidth positions an image.
 */
function convolve(
  record: usize,
  inPlace: bool,
  turned: bool,
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
  const narrow = load<i32>(record, LHS_TYPE) == TYPE_I16;
  const planeBytes = <usize>load<u32>(record, PLANE_BYTES);
  const kernelHeight = load<i32>(record, KERNEL_HEIGHT);
  const segmentPairs = (load<i32>(record, KERNEL_WIDTH) * channels + 1) >> 1;
  const rowElements = frameWidth * channels;
  const padded = (columns + 7) & ~7;
  const positions = outHeight * outWidth;
  const blockRows = load<i32>(record, BLOCK_ROWS);
  const table = scratch + load<u32>(record, AT_ROWS);
  const spans = scratch + load<u32>(record, AT_SPANS);
  const squaresTable = scratch + load<u32>(record, AT_SQUARES);
  const frame = scratch + load<u32>(record, AT_LHS);
  const frameBytes = (<usize>(frameHeight * rowElements)) << 1;

  // Four positions of one row of the output are the same distance apart.
  const between = outWidth & 3 ? 0 : strideX * channels * 2;
  openRows(record, 4, between, segmentPairs, kernelHeight, (<usize>rowElements) << 1, 1, 0);
  packWeight(record, turned);
  openBias(record, 0, columns, padded);
  const phasesPacked = load<i32>(record, MINIMAL) != 0 && packPhases(record, turned);
  if (!inPlace) memory.fill(frame, 0, planeBytes * load<i32>(record, LHS_PLANES));
  const scatters =
    load<u32>(record, AT_SCATTER_SUMS) != 0 && rhsPlanes == 1 && load<i32>(record, ACCUMULATOR) != WRAP;

  let tabled = -1;
  let tapsPacked = false;
  for (let image = first; image < end; image++) {
    const source = load<u32>(record, LHS) + ((<usize>(image * imageElements)) << (narrow ? 1 : 2));
    const lhs = inPlace ? source : frame;
    const planes = narrow ? 1 : planesFor(largestOf(source, 1, imageElements, 0));
    if (!inPlace) {
      for (let plane = 0; plane < planes; plane++) {
        const to = frame + <usize>plane * planeBytes;
        if (narrow) frameImage<i16>(source, plane, planes, to);
        else frameImage<i32>(source, plane, planes, to);
      }
    }
    openImagePlanes(lhs, planes, planeBytes, frameHeight, rowElements, kernelHeight, strideY, squaresTable);
    if (scatters && provesFast(record) && isMostlyZero(record, source, imageElements)) {
      if (!tapsPacked) packTaps(record, turned);
      tapsPacked = true;
      const index = image * positions * columns;
      scatterImage(record, source, channels, columns, outHeight, outWidth, index);
      countPath(SUMMED_SPARSE, positions, columns, 2 * segmentPairs * kernelHeight);
      continue;
    }
    const minimal = phasesPacked && provesFast(record) && splitFrame(record, frame, frameBytes);
    if (!minimal) openSpans(inPlace ? 0 : spans);
    for (let position = 0; position < positions; position += blockRows) {
      const rows = min(blockRows, positions - position);
      const index = (image * positions + position) * columns;
      if (minimal) {
        minimalBlock(record, channels, outWidth, position / outWidth, rows / outWidth);
        finishBlock(record, true, 0, rows, columns, columns, index);
        continue;
      }
      // The table serves all images when one block is a whole image.
      if (tabled != position) {
        const rowBytes = rowElements << 1;
        const cellBytes = (strideX * channels) << 1;
        tabulate(table, spans, position, rows, outWidth, kernelHeight, strideY, rowBytes, cellBytes);
        tabled = position;
      }
      productBlock(record, lhs, frameBytes, rows, columns, columns, index);
    }
  }
}

export function convTiled(record: usize): void {
  const height = load<i32>(record, HEIGHT);
  const width = load<i32>(record, WIDTH);
  const channels = load<i32>(record, CHANNELS);
  const strideY = load<i32>(record, STRIDE_Y);
  const strideX = load<i32>(record, STRIDE_X);
  const padTop = load<i32>(record, PAD_TOP);
  const padLeft = load<i32>(record, PAD_LEFT);
  const outHeight = load<i32>(record, OUT_HEIGHT);
  const outWidth = load<i32>(record, OUT_WIDTH);
  let frameHeight = (outHeight - 1) * strideY + load<i32>(record, KERNEL_HEIGHT);
  let frameWidth = (outWidth - 1) * strideX + load<i32>(record, KERNEL_WIDTH);
  const inside = padTop == 0 && padLeft == 0 && frameHeight <= height && frameWidth <= width;
  const minimal = load<i32>(record, MINIMAL) != 0;
  const inPlace = load<i32>(record, LHS_TYPE) == TYPE_I16 && inside && !minimal;
  if (inPlace) {
    frameHeight = height;
    frameWidth = width;
  } else if (minimal) {
    openPhases(
      outHeight,
      outWidth,
      load<i32>(record, KERNEL_HEIGHT),
      load<i32>(record, KERNEL_WIDTH),
      channels,
    );
    frameHeight = phaseFrameHeight();
    frameWidth = phaseFrameWidth();
  }
  openImage(height, width, channels);
  openFrame(frameHeight, frameWidth, padTop, padLeft, 1, 1);
  convolve(
    record,
    inPlace,
    false,
    height * width * channels,
    frameHeight,
    frameWidth,
    channels,
    load<i32>(record, OUT_CHANNELS),
    outHeight,
    outWidth,
    strideY,
    strideX,
  );
}

/** Cell (y, x) of dOutput meets tap (i, j) at y * stride + i - pad: turned around, at row y * stride - pad + KH - 1 - i'. */
export function convInputGradientTiled(record: usize): void {
  const height = load<i32>(record, HEIGHT);
  const width = load<i32>(record, WIDTH);
  const kernelHeight = load<i32>(record, KERNEL_HEIGHT);
  const kernelWidth = load<i32>(record, KERNEL_WIDTH);
  const outHeight = load<i32>(record, OUT_HEIGHT);
  const outWidth = load<i32>(record, OUT_WIDTH);
  const outChannels = load<i32>(record, OUT_CHANNELS);
  let frameHeight = height + kernelHeight - 1;
  let frameWidth = width + kernelWidth - 1;
  if (load<i32>(record, MINIMAL)) {
    openPhases(height, width, kernelHeight, kernelWidth, outChannels);
    frameHeight = phaseFrameHeight();
    frameWidth = phaseFrameWidth();
  }
  openImage(outHeight, outWidth, outChannels);
  openFrame(
    frameHeight,
    frameWidth,
    kernelHeight - 1 - load<i32>(record, PAD_TOP),
    kernelWidth - 1 - load<i32>(record, PAD_LEFT),
    load<i32>(record, STRIDE_Y),
    load<i32>(record, STRIDE_X),
  );
  convolve(
    record,
    false,
    true,
    outHeight * outWidth * outChannels,
    frameHeight,
    frameWidth,
    outChannels,
    load<i32>(record, CHANNELS),
    height,
    width,
    1,
    1,
  );
}
