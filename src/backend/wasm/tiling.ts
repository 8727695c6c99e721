/**
 * How a product op is cut into blocks, and where its operands lie in a thread's scratch region: sizes that
 * fit the caches, planned when the session opens. assembly/product/products.ts runs it; docs/kernels.md
 * derives these sizes.
 */
import { wordLength, type NumberFormat } from '../../numerics/index.js';
import type {
  Conv2dInputGradientOp,
  Conv2dOp,
  Conv2dWeightGradientOp,
  MatmulOp,
  Op,
  Plan,
  TensorId,
  Window,
} from '../../plan/index.js';
import { AUTO, type KernelChoice } from './choice.js';
import * as layout from './layout.generated.js';
import { gradientPhasesOf, phasesOf, type ConvolutionShape } from './phases.js';
import { chosenMost, CONVOLUTION, fitsScattering, GRADIENT } from './scattering.js';

/** Bytes of packed columns that stay in the second-level cache while all rows pass by. */
const COLUMNS_BUDGET = 1 << 18;
/** Bytes of a block's sums. */
const SUMS_BUDGET = 1 << 17;
const MOST_ROWS = 128;
/** Bytes of packed rows, at most, that are kept for all blocks of columns. */
const ROWS_BUDGET = 1 << 22;
/** A sum is at most an i64. */
const SUM_BYTES = 8;
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

/** How an operand is packed: in at most `planes` planes of elements of `bytes` bytes. */
interface Packing {
  readonly planes: number;
  readonly bytes: number;
  /** A longer word than int16: its elements are narrowed before they are packed. */
  readonly narrowed: boolean;
}

/** An int16 is one plane as it is, a longer word up to three planes of digits (planesFor in assembly/product/pack.ts). */
function packingOf(format: NumberFormat | null): Packing {
  if (format === null || format === 'float32') return { planes: 1, bytes: 4, narrowed: false };
  const bits = wordLength(format);
  if (bits <= 16) return { planes: 1, bytes: 2, narrowed: false };
  return { planes: bits <= 20 ? 2 : 3, bytes: 2, narrowed: true };
}

/** Steps of k as they are packed: int16 in pairs. */
function packedSteps(steps: number, packing: Packing): number {
  return packing.bytes === 2 ? roundUp(steps, 2) : steps;
}

/** Lays regions out in sequence after the fixed part of a thread's scratch. */
class ScratchRegions {
  readonly fields: [field: number, value: number][] = [];
  #end: number = layout.SCRATCH_OPERANDS;

  take(field: number, bytes: number): void {
    this.put(field, this.#end);
    this.#end = roundUp(this.#end + bytes, 64);
  }

  put(field: number, value: number): void {
    this.fields.push([field, value]);
  }

  /** How both operands of a product are packed, and with that its path. */
  packings(lhs: Packing, rhs: Packing): void {
    this.put(layout.PATH, lhs.bytes === 4 ? layout.PATH_FLOAT : layout.PATH_TILED);
    this.put(layout.LHS_PLANES, lhs.planes);
    this.put(layout.RHS_PLANES, rhs.planes);
  }

  /**
   * The planes of A, `elements` each: as many as it has, and behind the first one two of 8-bit digits for the full-range
   * path of int16 values.
   */
  lhs(elements: number, packing: Packing): void {
    const planeBytes = roundUp(elements * packing.bytes + SLACK, 64);
    this.put(layout.PLANE_BYTES, planeBytes);
    this.take(layout.AT_LHS, (packing.bytes === 4 ? 1 : 3) * planeBytes);
  }

  /**
   * A of a matmul: `rows` packed rows of `steps` steps, of which a block has `blockRows`; then what lhs() has behind a block,
   * and the pairs that are kept of rows that are mostly 0.
   */
  rows(rows: number, blockRows: number, steps: number, packing: Packing): void {
    const planeBytes = roundUp(blockRows * steps * packing.bytes + SLACK, 64);
    // Rows that stay packed push what lies behind a block further back.
    const more = roundUp((rows - blockRows) * steps * packing.bytes, 64);
    this.put(layout.PLANE_BYTES, planeBytes);
    this.put(layout.AT_LHS, this.#end + more);
    this.take(layout.AT_PACKED, more + (packing.bytes === 4 ? 1 : 3) * planeBytes);
    if (packing.bytes === 4) return;
    const tiles = rows / 4;
    const pairs = steps / 2;
    this.take(layout.AT_BLOCKS, Math.ceil(rows / blockRows) * 16);
    this.take(layout.AT_KEPT, tiles * pairs * layout.KEPT_BYTES + SLACK);
    this.take(layout.AT_KEPT_STARTS, tiles * (Math.ceil(pairs / layout.PIECE) + 1) * 4);
  }

  /**
   * Squares of `segments` segments of `pairs` pairs of A and of B's `columns`, and room to narrow `elements` of a plane.
   */
  proofs(
    segments: number,
    pairs: number,
    columns: number,
    lhs: Packing,
    rhs: Packing,
    elements: number,
  ): void {
    const pieces = segments * Math.ceil(pairs / layout.PIECE);
    this.take(layout.AT_PIECES, pieces * (lhs.planes + 1 + rhs.planes * (columns / 8)) * 8);
    if (lhs.narrowed || rhs.narrowed) this.take(layout.AT_NARROW, elements * 2 + SLACK);
  }

  done(): Tiling {
    return { fields: this.fields, bytes: this.#end };
  }
}

export type ProductOp = Extract<Op, { accumulator: unknown }>;

type Tile<O> = (plan: Plan, op: O, threads: number, choice: KernelChoice) => Tiling;

/** How each kind of product is tiled. */
const TILINGS: { readonly [K in ProductOp['kind']]: Tile<Extract<ProductOp, { kind: K }>> } = {
  matmul: tileMatmul,
  conv2d: (plan, op, _threads, choice) => tileConv2d(plan, op, choice),
  conv2dInputGradient: (plan, op, _threads, choice) => tileConv2dInputGradient(plan, op, choice),
  conv2dWeightGradient: tileConv2dWeightGradient,
};

/** Tiling of a product for `threads` threads. */
export function tileProduct(plan: Plan, op: ProductOp, threads: number, choice: KernelChoice = AUTO): Tiling {
  const tile = TILINGS[op.kind] as Tile<ProductOp>;
  return tile(plan, op, threads, choice);
}

function tileMatmul(plan: Plan, op: MatmulOp, threads: number): Tiling {
  const { m, n, k } = op;
  const lhs = packingOf(plan.tensors[op.lhs]!.format);
  const rhs = packingOf(plan.tensors[op.rhs]!.format);
  const columnBytes = packedSteps(k, rhs) * rhs.bytes * rhs.planes;
  const blockColumns = Math.min(
    roundUp(n, 8),
    Math.max(32, Math.floor(COLUMNS_BUDGET / columnBytes / 32) * 32),
  );
  const blockRows = Math.min(
    roundUp(m, 4),
    MOST_ROWS,
    Math.max(4, Math.floor(SUMS_BUDGET / (blockColumns * SUM_BYTES) / 4) * 4),
  );
  const byRows = op.transposeLhs || n < FEW_COLUMNS * threads || k < SHORT_SUM;
  const regions = new ScratchRegions();
  regions.packings(lhs, rhs);
  regions.put(layout.BY_ROWS, Number(byRows));
  regions.put(layout.BLOCK_ROWS, blockRows);
  regions.put(layout.BLOCK_COLUMNS, blockColumns);
  regions.take(layout.AT_ROWS, blockRows * 4);
  regions.take(layout.AT_BIAS, blockColumns * 12);
  const steps = packedSteps(k, lhs);
  const keptRows = roundUp(byRows ? Math.ceil(m / 4 / threads) * 4 : m, blockRows);
  const keeps =
    isNarrow(lhs) && blockColumns < n && blockRows < m && keptRows * steps * lhs.bytes <= ROWS_BUDGET;
  regions.put(layout.KEEPS_ROWS, Number(keeps));
  regions.rows(keeps ? keptRows : blockRows, blockRows, steps, lhs);
  regions.take(layout.AT_RHS, blockColumns * columnBytes + SLACK);
  regions.proofs(1, Math.ceil(k / 2), blockColumns, lhs, rhs, k * Math.max(blockRows, blockColumns));
  regions.take(layout.AT_SUMS, blockRows * blockColumns * SUM_BYTES);
  return regions.done();
}

/** True if all operands are int16. */
function isNarrow(...packings: readonly Packing[]): boolean {
  return packings.every(({ bytes, narrowed }) => bytes === 2 && !narrowed);
}

/** Room for a convolution of images that are mostly 0: cells of whole vectors, neighbours next to each other. */
function takeScattering(
  regions: ScratchRegions,
  shape: Convolution,
  packings: readonly Packing[],
  isMinimal: boolean,
  { scatter }: KernelChoice,
): void {
  if (scatter === 'never') return;
  const { channels, columns, outHeight, outWidth, kernelHeight, kernelWidth } = shape;
  const products = kernelHeight * kernelWidth * columns;
  const sumBytes = outHeight * (outWidth + 2 * (kernelWidth - 1)) * columns * 4;
  const tapBytes = channels * products * 2;
  const isWhole = channels >= 8 && columns % 8 === 0;
  if (shape.stride !== 1 || !isWhole || !isNarrow(...packings) || !fitsScattering(sumBytes, tapBytes)) return;
  regions.put(layout.SCATTER_MOST, chosenMost(scatter, CONVOLUTION, products, products, isMinimal));
  regions.take(layout.AT_SCATTER_SUMS, sumBytes + SLACK);
  regions.take(layout.AT_SCATTER_TAPS, tapBytes + SLACK);
}

/** What the tiled convolution sees: framed images, positions, columns. */
interface Convolution extends ConvolutionShape {
  readonly lhs: TensorId;
  readonly rhs: TensorId;
  readonly frameHeight: number;
  readonly frameWidth: number;
}

function tileConvolution(plan: Plan, shape: Convolution, choice: KernelChoice): Tiling {
  const lhs = packingOf(plan.tensors[shape.lhs]!.format);
  const rhs = packingOf(plan.tensors[shape.rhs]!.format);
  const { channels, outHeight, outWidth, kernelHeight, kernelWidth } = shape;
  const columns = roundUp(shape.columns, 8);
  const positions = outHeight * outWidth;
  const steps = kernelHeight * packedSteps(kernelWidth * channels, rhs);
  const phases = phasesOf(shape, [lhs, rhs], choice.minimal);
  const rowUnit = phases ? 2 * outWidth : 4;
  const fitting = Math.floor(SUMS_BUDGET / (columns * SUM_BYTES) / rowUnit) * rowUnit;
  const blockRows = Math.min(roundUp(positions, 4), Math.max(rowUnit, fitting));
  const frameHeight = Math.max(shape.frameHeight, phases?.frameHeight ?? 0);
  const frameWidth = Math.max(shape.frameWidth, phases?.frameWidth ?? 0);
  const regions = new ScratchRegions();
  regions.packings(lhs, rhs);
  regions.put(layout.BLOCK_ROWS, blockRows);
  regions.take(layout.AT_ROWS, roundUp(blockRows, 4) * 4);
  regions.take(layout.AT_SPANS, roundUp(blockRows, 4) * 2);
  regions.take(layout.AT_SQUARES, frameHeight * 8);
  regions.take(layout.AT_BIAS, columns * 12);
  regions.lhs(frameHeight * frameWidth * channels, lhs);
  regions.take(layout.AT_RHS, columns * steps * rhs.bytes * rhs.planes + SLACK);
  const pairs = Math.ceil((kernelWidth * channels) / 2);
  regions.proofs(kernelHeight, pairs, columns, lhs, rhs, kernelHeight * pairs * 2 * columns);
  regions.take(layout.AT_SUMS, roundUp(blockRows, 4) * columns * SUM_BYTES);
  takeScattering(regions, shape, [lhs, rhs], phases !== null, choice);
  if (phases) {
    const { phaseBytes, rowBytes, tapPairs, halfWidth } = phases;
    const tiles = Math.ceil((Math.ceil(blockRows / outWidth / 2) * halfWidth) / 4);
    regions.put(layout.MINIMAL, 1);
    regions.put(layout.PHASE_BYTES, phaseBytes);
    // Positions that fill up the last tile reach past the last phase.
    regions.take(layout.AT_PHASES, 9 * phaseBytes + Math.ceil(4 / halfWidth) * rowBytes + SLACK);
    regions.take(layout.AT_TAPS, phases.taps * channels * shape.columns * 2 + SLACK);
    regions.take(layout.AT_PHASE_PANELS, tapPairs * columns * 4 + SLACK);
    regions.take(layout.AT_PHASE_ROWS, tiles * (4 * 4 + 3 * 8));
    regions.take(layout.AT_PARTS, 64 + 9 * tiles * 128);
  }
  return regions.done();
}

function tileConv2d(plan: Plan, op: Conv2dOp, choice: KernelChoice): Tiling {
  const { window } = op;
  return tileConvolution(
    plan,
    {
      lhs: op.input,
      rhs: op.weight,
      // The frame, or the image if it is read in place.
      frameHeight: Math.max(window.height, (window.outHeight - 1) * window.strideY + window.kernelHeight),
      frameWidth: Math.max(window.width, (window.outWidth - 1) * window.strideX + window.kernelWidth),
      channels: window.channels,
      columns: op.outChannels,
      outHeight: window.outHeight,
      outWidth: window.outWidth,
      kernelHeight: window.kernelHeight,
      kernelWidth: window.kernelWidth,
      stride: Math.max(window.strideY, window.strideX),
    },
    choice,
  );
}

function tileConv2dInputGradient(plan: Plan, op: Conv2dInputGradientOp, choice: KernelChoice): Tiling {
  const { window } = op;
  return tileConvolution(
    plan,
    {
      lhs: op.dOutput,
      rhs: op.weight,
      frameHeight: window.height + window.kernelHeight - 1,
      frameWidth: window.width + window.kernelWidth - 1,
      channels: op.outChannels,
      columns: window.channels,
      outHeight: window.height,
      outWidth: window.width,
      kernelHeight: window.kernelHeight,
      kernelWidth: window.kernelWidth,
      stride: 1,
    },
    choice,
  );
}

/** Shapes are those of assembly/product/conv-gradient.ts, or in float32 of assembly/float/float-products.ts. */
function tileConv2dWeightGradient(
  plan: Plan,
  op: Conv2dWeightGradientOp,
  threads: number,
  { minimal, scatter }: KernelChoice,
): Tiling {
  const { window, outChannels } = op;
  const { channels, kernelHeight, kernelWidth, strideX, outHeight, outWidth } = window;
  const lhs = packingOf(plan.tensors[op.input]!.format);
  const rhs = packingOf(plan.tensors[op.dOutput]!.format);
  const stride = Math.max(window.strideY, strideX);
  const shape = { ...window, columns: outChannels, stride };
  const phases = gradientPhasesOf(shape, Math.ceil(plan.batch / threads), [lhs, rhs], minimal);
  const rows = (outHeight - 1) * window.strideY + kernelHeight;
  const frameHeight = phases?.frameHeight ?? rows;
  const frameWidth = phases?.frameWidth ?? (outWidth - 1) * strideX + kernelWidth;
  const columns = roundUp(outChannels, 8);
  const weights = roundUp(kernelHeight * kernelWidth * channels, 4);
  const regions = new ScratchRegions();
  regions.packings(lhs, rhs);
  regions.take(layout.AT_ROWS, weights * 4);
  regions.take(layout.AT_SPANS, weights * 2);
  regions.take(layout.AT_SUMS, weights * columns * SUM_BYTES);
  if (lhs.bytes === 4) {
    regions.lhs(rows * frameWidth * channels, lhs);
    regions.take(layout.AT_RHS, outHeight * outWidth * 8 * rhs.bytes);
    return regions.done();
  }
  const copies = 2 * strideX;
  const half = (outWidth + 1) >> 1;
  const across = half + Math.floor((kernelWidth - 1) / copies);
  const imagePairs = rows * across * channels;
  const chunk =
    phases?.chunk ??
    Math.max(
      1,
      Math.min(
        plan.batch,
        Math.ceil(LONG_SUM / (outHeight * half)),
        Math.floor(IMAGES_BUDGET / (copies * imagePairs * 4 * lhs.planes)),
      ),
    );
  regions.put(layout.CHUNK, chunk);
  const frameBytes = (frameHeight * frameWidth + copies + 2) * channels * 2 + SLACK;
  const errorBytes = outHeight * outWidth * outChannels * 2 + SLACK;
  // One frame and a plane of errors, or two frames.
  regions.take(layout.AT_IMAGE, frameBytes + SLACK + Math.max(errorBytes, phases ? frameBytes : 0));
  regions.lhs(copies * (chunk * imagePairs * 2 + SLACK), lhs);
  regions.take(layout.AT_RHS, chunk * outHeight * half * columns * 4 * rhs.planes + SLACK);
  regions.proofs(chunk * outHeight, half, columns, lhs, rhs, 0);
  const taps = kernelHeight * roundUp(kernelWidth * channels, 8);
  const scatterSums = outChannels * taps * 4;
  const scatterLists = outChannels * (16 + outHeight * outWidth * 4);
  // Lists name cells by 16 bits.
  const cellsOf = Math.max(frameHeight * frameWidth, window.height * window.width);
  const isListed = stride === 1 && cellsOf <= 0x10000 && isNarrow(lhs, rhs);
  if (scatter !== 'never' && isListed && fitsScattering(scatterSums, scatterLists)) {
    const products = kernelHeight * kernelWidth * channels;
    regions.put(layout.SCATTER_MOST, chosenMost(scatter, GRADIENT, products, taps, phases !== null));
    regions.take(layout.AT_SCATTER_SUMS, scatterSums + SLACK);
    regions.take(layout.AT_SCATTER_LISTS, scatterLists + SLACK);
  }
  if (phases) {
    const { allTaps, cells } = phases;
    const positions = Math.ceil(outHeight / 2) * half;
    regions.put(layout.MINIMAL, 1);
    regions.put(layout.FRAME_BYTES, roundUp(frameBytes, 16));
    regions.take(layout.AT_TAPS, 2 * (positions * outChannels * 2 + SLACK));
    regions.take(layout.AT_PHASE_CELLS, (chunk / 2) * 9 * phases.rows * cells * channels * 4 + SLACK);
    regions.take(layout.AT_PHASE_PANELS, (chunk / 2) * 9 * positions * columns * 4 + SLACK);
    regions.take(layout.AT_PHASE_ROWS, Math.ceil(kernelWidth / 2) * channels * 4);
    regions.take(layout.AT_PARTS, Math.max(288, 64 + allTaps * channels * 32));
  }
  return regions.done();
}

/** A bias gradient's partial sums. */
export function tileBiasGradient(op: { n: number }): Tiling {
  const regions = new ScratchRegions();
  regions.take(layout.AT_SUMS, op.n * SUM_BYTES);
  return regions.done();
}

/** The partial sums of a batch normalisation: two of each channel. */
export function tileBatchNorm(op: { channels: number }): Tiling {
  return tileBiasGradient({ n: 2 * op.channels });
}

/** A max-pool gradient's sums, some image rows at once. */
export function tileMaxPoolGradient(op: { window: Window }): Tiling {
  const rowBytes = op.window.width * op.window.channels * SUM_BYTES;
  const blockRows = Math.max(1, Math.floor(SUMS_BUDGET / rowBytes));
  const regions = new ScratchRegions();
  regions.put(layout.BLOCK_ROWS, blockRows);
  regions.take(layout.AT_SUMS, blockRows * rowBytes);
  return regions.done();
}
