/**
 * When a convolution is worth the nine phases of assembly/product/minimal.ts, and their sizes. A pair step is what the tile's
 * loop does in a turn: a pair of k for four rows and eight columns.
 */
import type { Choice } from './choice.js';

/** A convolution of one image in the form of the tiles. */
export interface ConvolutionShape {
  readonly channels: number;
  /** Output channels, or the columns of a gradient by the input. */
  readonly columns: number;
  readonly outHeight: number;
  readonly outWidth: number;
  readonly kernelHeight: number;
  readonly kernelWidth: number;
  readonly stride: number;
}

interface Packed {
  readonly planes: number;
  readonly bytes: number;
}

/** Sizes of an image's phases. */
export interface Phases {
  readonly rows: number;
  readonly cells: number;
  readonly halfWidth: number;
  readonly frameHeight: number;
  readonly frameWidth: number;
  /** Bytes of a row of a phase, and of a whole phase. */
  readonly rowBytes: number;
  readonly phaseBytes: number;
  /** Taps of the largest phase of the kernel, and of all nine. */
  readonly taps: number;
  readonly allTaps: number;
  /** Pair steps of all nine. */
  readonly tapPairs: number;
}

/** Bytes of packed phases that stay in the second-level cache, and positions that a tile should sum. */
const PHASES_BUDGET = 1 << 19;
const LONG_SUM = 128;
/**
 * A thread's memory for the phases of one or two images. Larger ones are not made, so that no session is
 * refused because of them.
 */
const MOST_BYTES = 1 << 26;
/** Most bytes written past the end of a phase. */
const VECTOR = 16;
/**
 * Costs in iterations of the tile's loop: splitting eight channels of a cell into phases, combining a tile's
 * sums.
 */
const SPLIT_STEPS = 1;
const COMBINE_STEPS = 8;
/** Setting and storing a tile's sums; a segment's end, which the processor seldom predicts. */
const TILE_STEPS = 2;
const SEGMENT_STEPS = 4;
/** How much longer a tile takes if its rows are not equidistant. */
const APART = 1.15;
/**
 * Costs of a weight gradient: packing eight channels of a cell of two images, adding up four weights of eight
 * columns.
 */
const PACK_STEPS = 5;
const WEIGHT_STEPS = 3;

/** More than this part of the direct turns does not pay for the trouble. */
const WORTH = 0.8;

/** Whether phases are taken, given the turns that they take and those of the direct product. */
function pays(choice: Choice, phased: number, direct: number): boolean {
  return choice === 'auto' ? phased < WORTH * direct : choice === 'always';
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** The taps of phases 0, 1 and 2. */
function phaseTaps(kernel: number): readonly number[] {
  return [Math.ceil(kernel / 2), Math.ceil(kernel / 2), Math.floor(kernel / 2)];
}

function sizesOf(shape: ConvolutionShape): Phases {
  const { channels, outHeight, outWidth, kernelHeight, kernelWidth } = shape;
  const halfWidth = Math.ceil(outWidth / 2);
  const rows = Math.ceil(outHeight / 2) + Math.ceil(kernelHeight / 2) - 1;
  const cells = halfWidth + Math.ceil(kernelWidth / 2) - 1;
  const [heights, widths] = [phaseTaps(kernelHeight), phaseTaps(kernelWidth)];
  const rowBytes = cells * channels * 2;
  return {
    ...{ rows, cells, halfWidth, rowBytes },
    frameHeight: 2 * rows + 1,
    frameWidth: 2 * cells + 1,
    phaseBytes: Math.ceil((rows * rowBytes + VECTOR) / 64) * 64,
    taps: Math.max(...heights) * Math.max(...widths),
    allTaps: sum(heights) * sum(widths),
    tapPairs: sum(heights) * sum(widths.map((width) => Math.ceil((width * channels) / 2))),
  };
}

function suits(
  { stride, kernelHeight, kernelWidth }: ConvolutionShape,
  operands: readonly Packed[],
): boolean {
  const narrow = operands.every(({ planes, bytes }) => planes === 1 && bytes === 2);
  return narrow && stride === 1 && kernelHeight >= 2 && kernelWidth >= 2;
}

/** Sizes of the phases of a convolution; null if they do not pay, or operands are not int16. */
export function phasesOf(
  shape: ConvolutionShape,
  operands: readonly Packed[],
  choice: Choice = 'auto',
): Phases | null {
  if (!suits(shape, operands)) return null;
  const { channels, outHeight, outWidth, kernelHeight, kernelWidth } = shape;
  const phases = sizesOf(shape);
  if (9 * phases.phaseBytes > MOST_BYTES) return null;
  const { halfWidth } = phases;
  const panels = Math.ceil(shape.columns / 8);
  const apart = (width: number): number => (width % 4 === 0 ? 1 : APART);
  const steps = kernelHeight * (Math.ceil((kernelWidth * channels) / 2) + SEGMENT_STEPS) + TILE_STEPS;
  const direct = panels * Math.ceil((outHeight * outWidth) / 4) * steps * apart(outWidth);
  const tiles = Math.ceil((Math.ceil(outHeight / 2) * halfWidth) / 4);
  const segments = 3 * sum(phaseTaps(kernelHeight));
  const phaseSteps = phases.tapPairs + segments * SEGMENT_STEPS + 9 * TILE_STEPS;
  const phased =
    panels * tiles * (phaseSteps * apart(halfWidth) + COMBINE_STEPS) +
    phases.rows * phases.cells * Math.ceil(channels / 8) * SPLIT_STEPS;
  return pays(choice, phased, direct) ? phases : null;
}

/** The same for a weight gradient of at most `images` images a thread; with those to be packed at once, in twos. */
export function gradientPhasesOf(
  shape: ConvolutionShape,
  images: number,
  operands: readonly Packed[],
  choice: Choice = 'auto',
): (Phases & { readonly chunk: number }) | null {
  const { channels, outHeight, outWidth, kernelHeight, kernelWidth } = shape;
  if (!suits(shape, operands) || channels % 4 !== 0 || outHeight < 2 || outWidth < 2) return null;
  const phases = sizesOf(shape);
  const { rows, cells, allTaps } = phases;
  if (2 * 9 * phases.phaseBytes > MOST_BYTES) return null;
  const positions = Math.ceil(outHeight / 2) * phases.halfWidth;
  const fitting = Math.floor(PHASES_BUDGET / (9 * rows * cells * channels * 4));
  const pairs = Math.max(1, Math.min(Math.ceil(images / 2), Math.ceil(LONG_SUM / positions), fitting));
  // Turns for a pair of images and eight columns. The last pair may be half a one.
  const filled = images / (2 * Math.ceil(images / 2));
  const weights = (kernelHeight * kernelWidth * channels) / 4;
  const direct = weights * (2 * outHeight * Math.ceil(outWidth / 2) + TILE_STEPS / pairs);
  const phased =
    ((allTaps * channels) / 4) * (positions + TILE_STEPS / pairs) + (weights * WEIGHT_STEPS) / pairs;
  const packed = (rows * cells * channels * PACK_STEPS) / 8;
  const panels = Math.ceil(shape.columns / 8);
  if (!pays(choice, phased * panels + packed, direct * panels * filled)) return null;
  return { ...phases, chunk: 2 * pairs };
}
