/**
 * When a convolution is worth the nine phases of assembly/minimal.ts, and their sizes. A pair step is what the tile's
 * loop does in a turn: a pair of k for four rows and eight columns.
 */
/** A convolution as the tiles see it, of one image. */
interface Shape {
  readonly channels: number;
  readonly columns: number;
  readonly outHeight: number;
  readonly outWidth: number;
  readonly kernelHeight: number;
  readonly kernelWidth: number;
  readonly stride: number;
}

export interface Phases {
  readonly halfWidth: number;
  readonly frameHeight: number;
  readonly frameWidth: number;
  /** Bytes of one phase of an image. */
  readonly phaseBytes: number;
  readonly rowBytes: number;
  /** Taps of the largest phase of the kernel. */
  readonly taps: number;
  /** Pair steps of all nine phases of the kernel. */
  readonly tapPairs: number;
}

/** What is written past the end of a phase, at most. */
const VECTOR = 16;
/** Of a turn of the tile's loop: splitting eight channels of a cell into phases, combining two pairs' phases. */
const SPLIT_STEPS = 1;
const COMBINE_STEPS = 2;
/** A tile's sums are set and stored as well. */
const TILE_STEPS = 2;
/** Fewer multiplications than this part do not pay for their trouble. */
const WORTH = 0.85;

/** The taps of phases 0, 1 and 2. */
function phaseTaps(kernel: number): readonly number[] {
  return [Math.ceil(kernel / 2), Math.ceil(kernel / 2), Math.floor(kernel / 2)];
}

/** Sizes of the phases; null where they are not worth it, or operands are not int16. */
export function phasesOf(
  shape: Shape,
  lhs: { readonly planes: number; readonly bytes: number },
  rhs: { readonly planes: number; readonly bytes: number },
): Phases | null {
  const { channels, outHeight, outWidth, kernelHeight, kernelWidth } = shape;
  const narrow = [lhs, rhs].every(({ planes, bytes }) => planes === 1 && bytes === 2);
  if (!narrow || shape.stride > 1 || kernelHeight < 2 || kernelWidth < 2) return null;
  const halfHeight = Math.ceil(outHeight / 2);
  const halfWidth = Math.ceil(outWidth / 2);
  const rows = halfHeight + Math.ceil(kernelHeight / 2) - 1;
  const cells = halfWidth + Math.ceil(kernelWidth / 2) - 1;
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  const taps = phaseTaps(kernelHeight);
  const segments = phaseTaps(kernelWidth).map((width) => Math.ceil((width * channels) / 2));
  const tapPairs = sum(taps) * sum(segments);
  const panels = Math.ceil(shape.columns / 8);
  const tiles = Math.ceil((halfHeight * halfWidth) / 4);
  const direct =
    panels *
    Math.ceil((outHeight * outWidth) / 4) *
    (kernelHeight * Math.ceil((kernelWidth * channels) / 2) + TILE_STEPS);
  const phased =
    panels * tiles * (tapPairs + 9 * TILE_STEPS + 4 * COMBINE_STEPS) +
    rows * cells * Math.ceil(channels / 8) * SPLIT_STEPS;
  if (phased > WORTH * direct) return null;
  return {
    halfWidth,
    frameHeight: 2 * rows + 1,
    frameWidth: 2 * cells + 1,
    phaseBytes: Math.ceil((rows * cells * channels * 2 + VECTOR) / 64) * 64,
    rowBytes: cells * channels * 2,
    taps: Math.max(...taps) * Math.ceil(kernelWidth / 2),
    tapPairs,
  };
}
