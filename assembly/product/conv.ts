/*
 * Convolution, and its gradient by the input, by tiles and without im2col: a row of A is an output position, its
 * kernelHeight segments lie in the frame as they are. Both are one kernel: frame.ts explains how the gradient is turned
 * into a convolution. float-products.ts does the same in float32.
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
  COUNT,
  DIGIT_BITS,
  LHS_PLANES,
  LHS_TYPE,
  MINIMAL,
  PLANE_BYTES,
  RHS,
  RHS_TYPE,
  SUMMED_SPARSE,
  TYPE_I16,
  WRAP,
} from '../layout';
import { openWindow } from '../window';
import { scratch, shareEnd, shareStart } from '../thread';
import { minimalBlock, packPhases, splitFrame } from './conv-minimal';
import { Frame, frameImage, openFrame } from './frame';
import { columnsRoot, largestOf, mostRowSquares, rowsRoot } from './norms';
import { copyDigits, packPanels, planesFor } from './pack';
import { countPath } from './paths';
import { openProduct, Product } from './product';
import { finishBlock, productBlock, provesFast } from './products';
import { isMostlyZero, packTaps, scatterImage } from './scatter';
import { boundRowPieces } from './stretches';

/**
 * Packs the weight [KH, KW, C, O], all planes, as B's block of the product: columns o, or, turned around, columns c, with
 * segments and taps that run backwards from the last one.
 */
function packWeight(product: Product, turned: bool): void {
  const record = product.record;
  const window = openWindow(record);
  const taps = window.kernelWidth;
  const segments = window.kernelHeight;
  const channels = window.channels;
  const outChannels = window.outChannels;
  const panels = scratch + load<u32>(record, AT_RHS);
  const tapBytes = channels * outChannels * 2;
  const outBytes = outChannels * 2;
  const columns = turned ? channels : outChannels;
  const elements = segments * taps * channels * outChannels;
  const narrow = load<i32>(record, RHS_TYPE) == TYPE_I16;
  let from = load<u32>(record, RHS);
  const planes = narrow ? 1 : planesFor(largestOf(from, 1, elements, 0));
  let to = panels;
  for (let plane = 0; plane < planes; plane++) {
    if (!narrow) {
      const copy = scratch + load<u32>(record, AT_NARROW);
      copyDigits<i32>(load<u32>(record, RHS), elements, plane, planes, copy);
      from = copy;
    }
    const row = taps * tapBytes;
    if (turned) {
      const last = from + (segments * taps - 1) * tapBytes;
      to = packPanels(last, segments, -row, taps, -tapBytes, outChannels, 2, channels, outBytes, to);
    } else {
      to = packPanels(from, segments, row, 1, 0, taps * channels, outBytes, outChannels, 2, to);
    }
  }
  const root = planes == 1 ? columnsRoot(panels, segments * product.pairs, columns) : 0;
  product.setRhs(planes, (columns + 7) & ~7, root);
}

/** Makes the `planes` planes of a framed image A's block: the squares of its rows bound those of every row of A. */
function setFrame(product: Product, frame: Frame, lhs: usize, planes: i32, planeBytes: usize): void {
  const table = scratch + load<u32>(product.record, AT_SQUARES);
  const rowElements = frame.width * frame.channels;
  const largest: i32 = planes > 1 ? 1 << (DIGIT_BITS - 1) : 1 << 15;
  let root: u64 = 0;
  for (let plane = 0; plane < planes; plane++) {
    root = rowsRoot(lhs, frame.height, rowElements, product.segments, frame.strideY, table);
    boundRowPieces(product, plane, mostRowSquares(table, frame.height), largest);
    lhs += planeBytes;
  }
  product.setLhs(planes, planes == 1 ? root : 0, true);
}

/** Fills in the offsets of the rows of A of a block of outputs; the last tile is filled up with its last row. */
export function tabulateRows(frame: Frame, table: usize, position: i32, rows: i32): void {
  const outWidth = frame.outWidth;
  const rowBytes = frame.strideY * <i32>frame.rowBytes;
  const cellBytes = (frame.strideX * frame.cellElements) << 1;
  for (let i = 0; i < ((rows + 3) & ~3); i++) {
    const at = position + min(i, rows - 1);
    store<u32>(table + ((<usize>i) << 2), (at / outWidth) * rowBytes + (at % outWidth) * cellBytes);
  }
}

/** Fills in the segments that each tile needs: those that meet a row of the image, from its first y to its last. */
function tabulateSpans(frame: Frame, spans: usize, position: i32, rows: i32, kernelHeight: i32): void {
  const first = frame.firstImageRow();
  const end = frame.endImageRow();
  const outWidth = frame.outWidth;
  const strideY = frame.strideY;
  for (let i = 0; i < rows; i += 4) {
    const firstY = (position + i) / outWidth;
    const lastY = (position + min(i + 3, rows - 1)) / outWidth;
    const start = min(max(0, first - lastY * strideY), kernelHeight - 1);
    const stop = min(kernelHeight, end - firstY * strideY);
    store<i32>(spans + ((<usize>i) << 1), start);
    store<i32>(spans + ((<usize>i) << 1), max(stop - start, 1), 4);
  }
}

/** The convolution of a record, or, `turned`, its gradient by the input. */
export function convolve(record: usize, turned: bool): void {
  const frame = openFrame(record, turned);
  const window = openWindow(record);
  const inPlace = frame.inPlace;
  const columns = frame.columns;
  const outWidth = frame.outWidth;
  const positions = frame.outHeight * outWidth;
  const elements = frame.imageHeight * frame.imageWidth * frame.channels;
  const kernelHeight = window.kernelHeight;
  const segmentPairs = (window.kernelWidth * frame.channels + 1) >> 1;
  const narrow = load<i32>(record, LHS_TYPE) == TYPE_I16;
  const planeBytes = <usize>load<u32>(record, PLANE_BYTES);
  const blockRows = load<i32>(record, BLOCK_ROWS);
  const table = scratch + load<u32>(record, AT_ROWS);
  const spans = scratch + load<u32>(record, AT_SPANS);
  const framed = scratch + load<u32>(record, AT_LHS);

  // Four positions of one row of the output are the same distance apart.
  const rowStride = outWidth & 3 ? 0 : frame.strideX * frame.channels * 2;
  const product = openProduct(record, 4, rowStride, segmentPairs, kernelHeight, frame.rowBytes, 1, 0);
  packWeight(product, turned);
  product.setBias(0, columns);
  if (!inPlace) product.spans = spans;
  const phasesPacked = load<i32>(record, MINIMAL) != 0 && packPhases(record, turned);
  if (!inPlace) memory.fill(framed, 0, planeBytes * load<i32>(record, LHS_PLANES));
  const isExact = product.rhsPlanes == 1 && load<i32>(record, ACCUMULATOR) != WRAP;
  const scatters = load<u32>(record, AT_SCATTER_SUMS) != 0 && isExact;

  let tabled = -1;
  let tapsPacked = false;
  const end = shareEnd(load<i32>(COUNT), 1);
  for (let image = shareStart(load<i32>(COUNT), 1); image < end; image++) {
    const source = frame.images + <usize>image * frame.imageBytes;
    const planes = narrow ? 1 : planesFor(largestOf(source, 1, elements, 0));
    if (!inPlace) {
      for (let plane = 0; plane < planes; plane++) {
        const to = framed + <usize>plane * planeBytes;
        if (narrow) frameImage<i16>(frame, source, plane, planes, to);
        else frameImage<i32>(frame, source, plane, planes, to);
      }
    }
    const lhs = inPlace ? source : framed;
    setFrame(product, frame, lhs, planes, planeBytes);
    if (scatters && provesFast(product) && isMostlyZero(record, source, elements)) {
      if (!tapsPacked) packTaps(record, turned);
      tapsPacked = true;
      scatterImage(record, frame, source, image * positions * columns);
      countPath(SUMMED_SPARSE, positions, columns, 2 * product.allPairs());
      continue;
    }
    const minimal = phasesPacked && provesFast(product) && splitFrame(record, framed, frame.bytes);
    for (let position = 0; position < positions; position += blockRows) {
      const rows = min(blockRows, positions - position);
      const index = (image * positions + position) * columns;
      if (minimal) {
        minimalBlock(product, frame, position / outWidth, rows / outWidth);
        finishBlock(product, true, 0, rows, columns, columns, index);
        continue;
      }
      // The tables serve all images when one block is a whole image.
      if (tabled != position) {
        tabulateRows(frame, table, position, rows);
        tabulateSpans(frame, spans, position, rows, kernelHeight);
        tabled = position;
      }
      productBlock(product, lhs, frame.bytes, rows, columns, columns, index);
    }
  }
}
