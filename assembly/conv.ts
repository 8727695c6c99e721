/*
 * Convolution, and its gradient by the input, by tiles and without im2col: a row of A is an output position, its
 * kernelHeight segments lie in the image as they are. The gradient by the input is the convolution of dOutput (spread
 * out by the stride, padded) with the kernel turned around and its channels exchanged: one kernel for both.
 */
import {
  AT_LHS,
  AT_RHS,
  AT_ROWS,
  AT_SPANS,
  AT_SQUARES,
  BLOCK_ROWS,
  CHANNELS,
  COUNT,
  HEIGHT,
  KERNEL_HEIGHT,
  KERNEL_WIDTH,
  LHS,
  LHS_BITS,
  LHS_PLANES,
  LHS_TYPE,
  OUT_CHANNELS,
  OUT_HEIGHT,
  OUT_WIDTH,
  PAD_LEFT,
  PAD_TOP,
  PLANE_BYTES,
  RHS,
  RHS_BITS,
  RHS_PLANES,
  RHS_TYPE,
  STRIDE_X,
  STRIDE_Y,
  TYPE_I16,
  WIDTH,
} from './layout';
import { endImageRow, firstImageRow, frameImage, openFrame, openImage, rowsRoot } from './image';
import { columnSquares, rootAbove } from './norms';
import { packPanels } from './pack';
import { openBias, openColumns, openRows, openSpans, productBlock } from './products';
import { scratch, shareEnd, shareStart } from './thread';

/** Largest norm of the packed columns (of one plane). */
function columnsRoot(record: usize, pairs: i32, columns: i32): u64 {
  let most: u64 = 0;
  let panel = scratch + load<u32>(record, AT_RHS);
  for (let column = 0; column < columns; column += 8) {
    most = max(most, max(columnSquares(panel, pairs, 32), columnSquares(panel + 16, pairs, 32)));
    panel += (<usize>pairs) << 5;
  }
  return rootAbove(most);
}

/** Packs the weight [KH, KW, C, O] with columns o. */
function packWeight<T>(record: usize): void {
  const size: i32 = sizeof<T>();
  const columns = load<i32>(record, OUT_CHANNELS);
  const inner = load<i32>(record, KERNEL_WIDTH) * load<i32>(record, CHANNELS);
  packPanels<T>(
    load<u32>(record, RHS),
    load<i32>(record, KERNEL_HEIGHT),
    inner * columns * size,
    1,
    0,
    inner,
    columns * size,
    columns,
    size,
    load<i32>(record, RHS_PLANES),
    load<i32>(record, RHS_BITS),
    scratch + load<u32>(record, AT_RHS),
  );
}

/** Packs the weight turned around, with columns c: segments and taps run backwards from the last one. */
function packTurned<T>(record: usize): void {
  const size: i32 = sizeof<T>();
  const inner = load<i32>(record, OUT_CHANNELS);
  const columns = load<i32>(record, CHANNELS);
  const taps = load<i32>(record, KERNEL_WIDTH);
  const segments = load<i32>(record, KERNEL_HEIGHT);
  const tapBytes = inner * columns * size;
  packPanels<T>(
    load<u32>(record, RHS) + (segments * taps - 1) * tapBytes,
    segments,
    -taps * tapBytes,
    taps,
    -tapBytes,
    inner,
    size,
    columns,
    inner * size,
    load<i32>(record, RHS_PLANES),
    load<i32>(record, RHS_BITS),
    scratch + load<u32>(record, AT_RHS),
  );
}

/**
 * The convolution of images of imageHeight x imageWidth x channels, framed (see openFrame) unless `inPlace`, with packed
 * panels of `columns` columns: outHeight x outWidth positions an image.
 */
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
  const narrow = load<i32>(record, LHS_TYPE) == TYPE_I16;
  const planes = load<i32>(record, LHS_PLANES);
  const bits = load<i32>(record, LHS_BITS);
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
  const frameElements = frameHeight * rowElements;

  openRows(4, segmentPairs, kernelHeight, (<usize>rowElements) << 1, 1, 0);
  if (!inPlace) openSpans(spans);
  openColumns(
    padded,
    load<i32>(record, RHS_PLANES) == 1 ? columnsRoot(record, segmentPairs * kernelHeight, columns) : 0,
  );
  openBias(record, 0, columns, padded);
  if (!inPlace) memory.fill(frame, 0, planeBytes * planes);

  for (let image = first; image < end; image++) {
    const source = load<u32>(record, LHS) + ((<usize>(image * imageElements)) << (narrow ? 1 : 2));
    let lhs = source;
    if (!inPlace) {
      lhs = frame;
      for (let plane = 0; plane < planes; plane++) {
        const to = frame + <usize>plane * planeBytes;
        if (narrow) frameImage<i16>(source, plane, planes, bits, to);
        else frameImage<i32>(source, plane, planes, bits, to);
      }
    }
    const root =
      planes == 1 ? rowsRoot(lhs, frameHeight, rowElements, kernelHeight, strideY, squaresTable) : 0;
    for (let position = 0; position < positions; position += blockRows) {
      const rows = min(blockRows, positions - position);
      // The table serves all images when one block is a whole image.
      if (image == first || blockRows < positions) {
        for (let i = 0; i < ((rows + 3) & ~3); i++) {
          const at = position + min(i, rows - 1);
          const cell = (at / outWidth) * strideY * frameWidth + (at % outWidth) * strideX;
          store<u32>(table + ((<usize>i) << 2), (cell * channels) << 1);
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
      const index = (image * positions + position) * columns;
      productBlock(record, lhs, (<usize>frameElements) << 1, root, rows, columns, columns, index);
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
  const inPlace = load<i32>(record, LHS_TYPE) == TYPE_I16 && inside;
  if (inPlace) {
    frameHeight = height;
    frameWidth = width;
  }
  if (load<i32>(record, RHS_TYPE) == TYPE_I16) packWeight<i16>(record);
  else packWeight<i32>(record);
  openImage(height, width, channels);
  openFrame(frameHeight, frameWidth, padTop, padLeft, 1, 1);
  convolve(
    record,
    inPlace,
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
  const frameHeight = height + kernelHeight - 1;
  const frameWidth = width + kernelWidth - 1;
  if (load<i32>(record, RHS_TYPE) == TYPE_I16) packTurned<i16>(record);
  else packTurned<i32>(record);
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
