/**
 * How a product op is cut into blocks, and where its operands lie in a thread's scratch region: sizes that fit the
 * caches, planned when the session opens. assembly/products.ts runs it; docs/kernels.md says why these sizes.
 */
import { wordLength, type NumberFormat } from '../../numerics/index.js';
import type { Plan, TensorId, Window } from '../../plan/index.js';
import * as layout from './layout.generated.js';

/** Bytes of packed columns that stay in the second-level cache while all rows pass by. */
const COLUMNS_BUDGET = 1 << 18;
/** Bytes of a block's sums. */
const SUMS_BUDGET = 1 << 17;
const MOST_ROWS = 128;
/** Bytes of packed images of a weight gradient: with the errors they stay in the second-level cache. */
const IMAGES_BUDGET = 1 << 18;
/** Pairs of positions that a weight gradient's tile should sum before it is flushed. */
const LONG_SUM = 256;
/** Fewer columns than this per thread, or a shorter sum, and threads share rows instead: each packs all columns. */
const FEW_COLUMNS = 16;
const SHORT_SUM = 64;
/** Vectors read past the end of an operand, at most. */
const SLACK = 64;

/** Values of record fields, and the bytes that the op needs in a scratch region. */
export interface Tiling {
  readonly fields: readonly (readonly [field: number, value: number])[];
  readonly bytes: number;
}

function roundUp(value: number, unit: number): number {
  return Math.ceil(value / unit) * unit;
}

/**
 * Digit planes of an operand and the bits of a digit: an int16 is one plane as it is, a longer word two or three planes
 * of balanced digits of at most 12 bits, so that sums of products of digits stay in 32 bits for a while.
 */
export function planesOf(format: NumberFormat | null): { planes: number; bits: number } {
  const bits = format === null || format === 'float32' ? 16 : wordLength(format);
  if (bits <= 16) return { planes: 1, bits: 16 };
  const planes = bits <= 24 ? 2 : 3;
  return { planes, bits: Math.ceil(bits / planes) };
}

/** Lays regions one after the other behind the fixed part of a thread's scratch. */
class ScratchRegions {
  readonly fields: [field: number, value: number][] = [];
  #end: number = layout.SCRATCH_OPERANDS;

  /** Takes a region; `back` bytes before it belong to it in name only. */
  take(field: number, bytes: number, back = 0): void {
    this.fields.push([field, this.#end - back]);
    this.#end = roundUp(this.#end + bytes, 64);
  }

  put(field: number, value: number): void {
    this.fields.push([field, value]);
  }

  done(): Tiling {
    this.put(layout.PATH, layout.PATH_TILED);
    return { fields: this.fields, bytes: this.#end };
  }
}

/** Room for the planes of A: as many as it has, and two of 8-bit digits for the full-range path of an int16. */
function takeLhs(regions: ScratchRegions, planeBytes: number, planes: number, inPlace: boolean): void {
  regions.put(layout.PLANE_BYTES, planeBytes);
  if (planes > 1) regions.take(layout.AT_LHS, planes * planeBytes);
  else if (inPlace) regions.take(layout.AT_LHS, 2 * planeBytes, planeBytes);
  else regions.take(layout.AT_LHS, 3 * planeBytes);
}

function putPlanes(
  regions: ScratchRegions,
  lhs: { planes: number; bits: number },
  rhs: { planes: number; bits: number },
): void {
  regions.put(layout.LHS_PLANES, lhs.planes);
  regions.put(layout.LHS_BITS, lhs.bits);
  regions.put(layout.RHS_PLANES, rhs.planes);
  regions.put(layout.RHS_BITS, rhs.bits);
}

/** Tiling of a dense product for `threads` threads. */
export function tileMatmul(
  plan: Plan,
  op: { lhs: TensorId; rhs: TensorId; m: number; n: number; k: number; transposeLhs: boolean },
  threads: number,
): Tiling {
  const { m, n, k } = op;
  const lhs = planesOf(plan.tensors[op.lhs]!.format);
  const rhs = planesOf(plan.tensors[op.rhs]!.format);
  const pairs = (k + 1) >> 1;
  const columnBytes = pairs * 4 * rhs.planes;
  const blockColumns = Math.min(
    roundUp(n, 8),
    Math.max(32, Math.floor(COLUMNS_BUDGET / columnBytes / 32) * 32),
  );
  const blockRows = Math.min(
    roundUp(m, 4),
    MOST_ROWS,
    Math.max(4, Math.floor(SUMS_BUDGET / (blockColumns * 8) / 4) * 4),
  );
  const byRows = op.transposeLhs || n < FEW_COLUMNS * threads || k < SHORT_SUM;
  const rowBytes = op.transposeLhs ? pairs * 4 : k * 2;
  const regions = new ScratchRegions();
  regions.put(layout.BY_ROWS, Number(byRows));
  regions.put(layout.BLOCK_ROWS, blockRows);
  regions.put(layout.BLOCK_COLUMNS, blockColumns);
  putPlanes(regions, lhs, rhs);
  regions.take(layout.AT_ROWS, blockRows * 4);
  regions.take(layout.AT_BIAS, blockColumns * 12);
  takeLhs(regions, roundUp(blockRows * rowBytes + SLACK, 64), lhs.planes, !op.transposeLhs);
  regions.take(layout.AT_RHS, blockColumns * columnBytes + SLACK);
  regions.take(layout.AT_SUMS, blockRows * blockColumns * 8);
  return regions.done();
}

/** What the tiled convolution sees: framed images, positions, columns. */
interface Convolution {
  readonly lhs: TensorId;
  readonly rhs: TensorId;
  readonly frameHeight: number;
  readonly frameWidth: number;
  readonly channels: number;
  readonly columns: number;
  readonly positions: number;
  readonly kernelHeight: number;
  readonly kernelWidth: number;
}

function tileConvolution(plan: Plan, shape: Convolution): Tiling {
  const lhs = planesOf(plan.tensors[shape.lhs]!.format);
  const rhs = planesOf(plan.tensors[shape.rhs]!.format);
  const columns = roundUp(shape.columns, 8);
  const pairs = shape.kernelHeight * ((shape.kernelWidth * shape.channels + 1) >> 1);
  const blockRows = Math.min(
    roundUp(shape.positions, 4),
    Math.max(4, Math.floor(SUMS_BUDGET / (columns * 8) / 4) * 4),
  );
  const regions = new ScratchRegions();
  regions.put(layout.BLOCK_ROWS, blockRows);
  putPlanes(regions, lhs, rhs);
  regions.take(layout.AT_ROWS, blockRows * 4);
  regions.take(layout.AT_SQUARES, shape.frameHeight * 8);
  regions.take(layout.AT_BIAS, columns * 12);
  const planeBytes = roundUp(shape.frameHeight * shape.frameWidth * shape.channels * 2 + SLACK, 64);
  takeLhs(regions, planeBytes, lhs.planes, false);
  regions.take(layout.AT_RHS, columns * pairs * 4 * rhs.planes + SLACK);
  regions.take(layout.AT_SUMS, blockRows * columns * 8);
  return regions.done();
}

export function tileConv2d(
  plan: Plan,
  op: { input: TensorId; weight: TensorId; window: Window; outChannels: number },
): Tiling {
  const { window } = op;
  return tileConvolution(plan, {
    lhs: op.input,
    rhs: op.weight,
    // The frame, or the image where it is read in place.
    frameHeight: Math.max(window.height, (window.outHeight - 1) * window.strideY + window.kernelHeight),
    frameWidth: Math.max(window.width, (window.outWidth - 1) * window.strideX + window.kernelWidth),
    channels: window.channels,
    columns: op.outChannels,
    positions: window.outHeight * window.outWidth,
    kernelHeight: window.kernelHeight,
    kernelWidth: window.kernelWidth,
  });
}

export function tileConv2dInputGradient(
  plan: Plan,
  op: { dOutput: TensorId; weight: TensorId; window: Window; outChannels: number },
): Tiling {
  const { window } = op;
  return tileConvolution(plan, {
    lhs: op.dOutput,
    rhs: op.weight,
    frameHeight: window.height + window.kernelHeight - 1,
    frameWidth: window.width + window.kernelWidth - 1,
    channels: op.outChannels,
    columns: window.channels,
    positions: window.height * window.width,
    kernelHeight: window.kernelHeight,
    kernelWidth: window.kernelWidth,
  });
}

/** Tiling of a convolution's gradient by its weight: see assembly/conv-gradient.ts for the shapes. */
export function tileConv2dWeightGradient(
  plan: Plan,
  op: { input: TensorId; dOutput: TensorId; window: Window; outChannels: number },
): Tiling {
  const { window, outChannels } = op;
  const { channels, kernelHeight, kernelWidth, strideX, outHeight, outWidth } = window;
  const lhs = planesOf(plan.tensors[op.input]!.format);
  const rhs = planesOf(plan.tensors[op.dOutput]!.format);
  const rows = (outHeight - 1) * window.strideY + kernelHeight;
  const frameWidth = (outWidth - 1) * strideX + kernelWidth;
  const copies = 2 * strideX;
  const half = (outWidth + 1) >> 1;
  const across = half + Math.floor((kernelWidth - 1) / copies);
  const imageBytes = rows * across * channels * 4;
  const columns = roundUp(outChannels, 8);
  const weights = roundUp(kernelHeight * kernelWidth * channels, 4);
  const chunk = Math.max(
    1,
    Math.min(
      plan.batch,
      Math.ceil(LONG_SUM / (outHeight * half)),
      Math.floor(IMAGES_BUDGET / (copies * imageBytes * lhs.planes)),
    ),
  );
  const regions = new ScratchRegions();
  regions.put(layout.CHUNK, chunk);
  putPlanes(regions, lhs, rhs);
  const frameBytes = (rows * frameWidth + copies + 2) * channels * 2 + SLACK;
  const errorBytes = outHeight * outWidth * outChannels * 2 + SLACK;
  regions.take(layout.AT_IMAGE, frameBytes + SLACK + errorBytes);
  regions.take(layout.AT_ROWS, weights * 4);
  takeLhs(regions, roundUp(copies * (chunk * imageBytes + SLACK) + SLACK, 64), lhs.planes, false);
  regions.take(layout.AT_RHS, chunk * outHeight * half * columns * 4 * rhs.planes + SLACK);
  regions.take(layout.AT_SUMS, weights * columns * 8);
  return regions.done();
}

/** A bias gradient's partial sums. */
export function tileBiasGradient(op: { n: number }): Tiling {
  const regions = new ScratchRegions();
  regions.take(layout.AT_SUMS, op.n * 8);
  return regions.done();
}

/** A max-pool gradient's sums, some image rows at once. */
export function tileMaxPoolGradient(op: { window: Window }): Tiling {
  const rowBytes = op.window.width * op.window.channels * 4;
  const blockRows = Math.max(1, Math.floor(SUMS_BUDGET / rowBytes));
  const regions = new ScratchRegions();
  regions.put(layout.BLOCK_ROWS, blockRows);
  regions.take(layout.AT_SUMS, blockRows * rowBytes);
  return regions.done();
}
