/**
 * Products and sums of products: matrix products, convolutions and their gradients, and the gradient of a bias. Derived in
 * docs/arithmetic.md; the sums that must fit in 64 bits are in docs/plan.md.
 */
import { InputError, type Accumulator } from '../../numerics/index.js';
import { fractionBits } from '../bits.js';
import { proveAccumulator } from '../checks.js';
import type { PlanDraft } from '../draft.js';
import { ShapeError, shapeText } from '../errors.js';
import { convolutionShapes, elements, matrixShape } from '../shapes.js';
import type { SiteSettings } from '../sites.js';
import { ACCUMULATOR, FLAG, ID, nullable, oneOf, SHIFT, SITE, whole, WINDOW } from '../structure.js';
import type { Convert, OpBase, Tensor, TensorId, Window } from '../types.js';
import { settingsOf, type OpFacts } from './facts.js';
/** out[m, n] = convert(sum_k lhs[m, k] * rhs[k, n] + bias[n]); a transposed operand is stored the other way round. */
export interface MatmulOp extends OpBase {
  readonly kind: 'matmul';
  readonly lhs: TensorId;
  readonly rhs: TensorId;
  readonly bias: TensorId | null;
  readonly out: TensorId;
  readonly transposeLhs: boolean;
  readonly transposeRhs: boolean;
  /** Sizes with a full batch. */
  readonly m: number;
  readonly n: number;
  readonly k: number;
  /** Which size is the number of examples, and so smaller in a step with a partial batch. */
  readonly batchAxis: 'm' | 'k' | null;
  /** Shift that aligns the bias to the product's fraction bits. */
  readonly biasShift: number;
  readonly accumulator: Accumulator;
  readonly convert: Convert | null;
}

/** out[b,y,x,o] = convert(sum_{i,j,c} input[b, y*sy+i-pt, x*sx+j-pl, c] * weight[i,j,c,o] + bias[o]). */
export interface Conv2dOp extends OpBase {
  readonly kind: 'conv2d';
  readonly input: TensorId;
  readonly weight: TensorId;
  readonly bias: TensorId | null;
  readonly out: TensorId;
  readonly window: Window;
  readonly outChannels: number;
  readonly biasShift: number;
  readonly accumulator: Accumulator;
  readonly convert: Convert | null;
}

/** dInput[b,y,x,c] = convert(sum over (i,j,o) ascending of dOutput[b, (y+pt-i)/sy, (x+pl-j)/sx, o] * weight[i,j,c,o]). */
export interface Conv2dInputGradientOp extends OpBase {
  readonly kind: 'conv2dInputGradient';
  readonly dOutput: TensorId;
  readonly weight: TensorId;
  readonly out: TensorId;
  readonly window: Window;
  readonly outChannels: number;
  readonly accumulator: Accumulator;
  readonly convert: Convert | null;
}

/** dWeight[i,j,c,o] = convert(sum over (b,y,x) ascending of input[b, y*sy+i-pt, x*sx+j-pl, c] * dOutput[b,y,x,o]). */
export interface Conv2dWeightGradientOp extends OpBase {
  readonly kind: 'conv2dWeightGradient';
  readonly input: TensorId;
  readonly dOutput: TensorId;
  readonly out: TensorId;
  readonly window: Window;
  readonly outChannels: number;
  readonly accumulator: Accumulator;
  readonly convert: Convert | null;
}

/** out[n] = convert(sum over all rows of dOutput[row, n]); always exact (never narrowed). */
export interface BiasGradientOp extends OpBase {
  readonly kind: 'biasGradient';
  readonly dOutput: TensorId;
  readonly out: TensorId;
  /** Rows per example: 1 for dense, outHeight * outWidth for a convolution. */
  readonly rowsPerExample: number;
  readonly n: number;
  readonly convert: Convert | null;
}

/** Arguments of `emitMatmul`. */
export type MatmulArgs = {
  lhs: TensorId;
  rhs: TensorId;
  bias?: TensorId | null;
  out: TensorId;
  transposeLhs?: boolean;
  transposeRhs?: boolean;
  accumulator?: Accumulator;
} & SiteSettings;

/** Derives an op `matmul`. */
export function emitMatmul(draft: PlanDraft, args: MatmulArgs): MatmulOp {
  const lhs = draft.operand(args.lhs);
  const rhs = draft.operand(args.rhs);
  const out = draft.operand(args.out);
  const transposeLhs = args.transposeLhs ?? false;
  const transposeRhs = args.transposeRhs ?? false;
  const [lhsRows, lhsColumns] = matrixShape(lhs.shape);
  const [rhsRows, rhsColumns] = matrixShape(rhs.shape);
  const [m, k] = transposeLhs ? [lhsColumns, lhsRows] : [lhsRows, lhsColumns];
  const [k2, n] = transposeRhs ? [rhsColumns, rhsRows] : [rhsRows, rhsColumns];
  if (k !== k2) {
    throw new ShapeError(
      `${draft.who}: inner sizes must match, got ${shapeText(lhs.shape)} and ${shapeText(rhs.shape)} (${k} vs ${k2})`,
    );
  }
  draft.expectElements(out, m * n);
  const bias = args.bias ?? null;
  if (bias !== null) draft.expectElements(draft.operand(bias), n);
  const accumulator = args.accumulator ?? 'exact';
  const biasShift = products(draft, lhs, rhs, k, bias, accumulator);
  const batched = transposeLhs ? lhs.batched && rhs.batched : lhs.batched;
  return {
    ...draft.base(),
    kind: 'matmul',
    lhs: args.lhs,
    rhs: args.rhs,
    bias,
    out: args.out,
    transposeLhs,
    transposeRhs,
    m,
    n,
    k,
    batchAxis: batched ? (transposeLhs ? 'k' : 'm') : null,
    biasShift,
    accumulator,
    convert: draft.convert(out, productBits(draft, lhs, rhs, out), args),
  };
}

/** Arguments of `emitConv2d`. */
export type Conv2dArgs = {
  input: TensorId;
  weight: TensorId;
  bias?: TensorId | null;
  out: TensorId;
  window: Window;
  accumulator?: Accumulator;
} & SiteSettings;

/** Derives an op `conv2d`. */
export function emitConv2d(draft: PlanDraft, args: Conv2dArgs): Conv2dOp {
  const input = draft.operand(args.input);
  const weight = draft.operand(args.weight);
  const out = draft.operand(args.out);
  const { outChannels, k } = convolutionShapes(draft.who, args.window, input, weight, out);
  const bias = args.bias ?? null;
  if (bias !== null) draft.expectElements(draft.operand(bias), outChannels);
  const accumulator = args.accumulator ?? 'exact';
  const biasShift = products(draft, input, weight, k, bias, accumulator);
  return {
    ...draft.base(),
    kind: 'conv2d',
    input: args.input,
    weight: args.weight,
    bias,
    out: args.out,
    window: args.window,
    outChannels,
    biasShift,
    accumulator,
    convert: draft.convert(out, productBits(draft, input, weight, out), args),
  };
}

/** Arguments of `emitConv2dInputGradient`. */
export type Conv2dInputGradientArgs = {
  dOutput: TensorId;
  weight: TensorId;
  out: TensorId;
  window: Window;
  accumulator?: Accumulator;
} & SiteSettings;

/** Derives an op `conv2dInputGradient`. */
export function emitConv2dInputGradient(
  draft: PlanDraft,
  args: Conv2dInputGradientArgs,
): Conv2dInputGradientOp {
  const dOutput = draft.operand(args.dOutput);
  const weight = draft.operand(args.weight);
  const out = draft.operand(args.out);
  const { outChannels } = convolutionShapes(draft.who, args.window, out, weight, dOutput);
  const accumulator = args.accumulator ?? 'exact';
  const { window } = args;
  products(draft, dOutput, weight, window.kernelHeight * window.kernelWidth * outChannels, null, accumulator);
  const convert = draft.convert(out, productBits(draft, dOutput, weight, out), args);
  return {
    ...draft.base(),
    kind: 'conv2dInputGradient',
    dOutput: args.dOutput,
    weight: args.weight,
    out: args.out,
    window,
    outChannels,
    accumulator,
    convert,
  };
}

/** Arguments of `emitConv2dWeightGradient`. */
export type Conv2dWeightGradientArgs = {
  input: TensorId;
  dOutput: TensorId;
  out: TensorId;
  window: Window;
  accumulator?: Accumulator;
} & SiteSettings;

/** Derives an op `conv2dWeightGradient`. */
export function emitConv2dWeightGradient(
  draft: PlanDraft,
  args: Conv2dWeightGradientArgs,
): Conv2dWeightGradientOp {
  const input = draft.operand(args.input);
  const dOutput = draft.operand(args.dOutput);
  const out = draft.operand(args.out);
  const { outChannels } = convolutionShapes(draft.who, args.window, input, out, dOutput);
  const accumulator = args.accumulator ?? 'exact';
  const { window } = args;
  products(draft, input, dOutput, draft.batch * window.outHeight * window.outWidth, null, accumulator);
  const convert = draft.convert(out, productBits(draft, input, dOutput, out), args);
  return {
    ...draft.base(),
    kind: 'conv2dWeightGradient',
    input: args.input,
    dOutput: args.dOutput,
    out: args.out,
    window,
    outChannels,
    accumulator,
    convert,
  };
}

/** Arguments of `emitBiasGradient`. */
export type BiasGradientArgs = { dOutput: TensorId; out: TensorId } & SiteSettings;

/** Derives an op `biasGradient`. */
export function emitBiasGradient(draft: PlanDraft, args: BiasGradientArgs): BiasGradientOp {
  const dOutput = draft.operand(args.dOutput);
  const out = draft.operand(args.out);
  const n = dOutput.shape[dOutput.shape.length - 1]!;
  draft.expectElements(out, n);
  const convert = draft.convert(out, fractionBits(dOutput) + draft.gradientShift, args);
  return {
    ...draft.base(),
    kind: 'biasGradient',
    dOutput: args.dOutput,
    out: args.out,
    rowsPerExample: elements(dOutput.shape.slice(1, -1)),
    n,
    convert,
  };
}

/** Fraction bits of a product sum; a gradient is a mean, so its sum has gradientShift more. */
function productBits(draft: PlanDraft, lhs: Tensor, rhs: Tensor, out: Tensor): number {
  return fractionBits(lhs) + fractionBits(rhs) + (out.role === 'gradient' ? draft.gradientShift : 0);
}

/** Proves the accumulation and returns the shift that aligns the bias. */
function products(
  draft: PlanDraft,
  lhs: Tensor,
  rhs: Tensor,
  k: number,
  biasId: TensorId | null,
  accumulator: Accumulator,
): number {
  const { who } = draft;
  if (lhs.format === null || rhs.format === null || lhs.format === 'float32' || rhs.format === 'float32')
    return 0;
  const bias = biasId === null ? null : draft.operand(biasId).format;
  if (bias === null || bias === 'float32') {
    proveAccumulator(who, lhs.format, rhs.format, k, null, accumulator);
    return 0;
  }
  const shift = lhs.format.fl + rhs.format.fl - bias.fl;
  if (shift < 0) {
    throw new InputError(
      `${who}: the bias may have at most the product's ${lhs.format.fl + rhs.format.fl} fraction bits, got ${bias.fl}; choose a bias format with fewer`,
    );
  }
  proveAccumulator(who, lhs.format, rhs.format, k, { format: bias, shift }, accumulator);
  return shift;
}

const COUNT = whole(1);

/** Facts of `matmul`. */
export const MATMUL: OpFacts<MatmulOp> = {
  fields: {
    lhs: ID,
    rhs: ID,
    bias: nullable(ID),
    out: ID,
    transposeLhs: FLAG,
    transposeRhs: FLAG,
    m: COUNT,
    n: COUNT,
    k: COUNT,
    batchAxis: oneOf('m', 'k', null),
    biasShift: SHIFT,
    accumulator: ACCUMULATOR,
    convert: nullable(SITE),
  },
  reads: (op) => [op.lhs, op.rhs, op.bias],
  writes: (op) => [op.out],
  converts: (op) => [op.convert],
  multiplyAdds: ({ batchAxis, m, n, k }, examples) =>
    (batchAxis === 'm' ? examples : m) * n * (batchAxis === 'k' ? examples : k),
  rebuild: (draft, op) => emitMatmul(draft, { ...op, ...settingsOf(op.convert) }),
};

/** Positions of a window in all images, times its products. */
function convolutionMultiplyAdds(op: { window: Window; outChannels: number }, examples: number): number {
  const { window, outChannels } = op;
  const positions = examples * window.outHeight * window.outWidth;
  return positions * window.kernelHeight * window.kernelWidth * window.channels * outChannels;
}

const CONVOLUTION = {
  out: ID,
  window: WINDOW,
  outChannels: COUNT,
  accumulator: ACCUMULATOR,
  convert: nullable(SITE),
};

/** Facts of `conv2d`. */
export const CONV2D: OpFacts<Conv2dOp> = {
  fields: { ...CONVOLUTION, input: ID, weight: ID, bias: nullable(ID), biasShift: SHIFT },
  reads: (op) => [op.input, op.weight, op.bias],
  writes: (op) => [op.out],
  converts: (op) => [op.convert],
  multiplyAdds: convolutionMultiplyAdds,
  rebuild: (draft, op) => emitConv2d(draft, { ...op, ...settingsOf(op.convert) }),
};

/** Facts of `conv2dInputGradient`. */
export const CONV2D_INPUT_GRADIENT: OpFacts<Conv2dInputGradientOp> = {
  fields: { ...CONVOLUTION, dOutput: ID, weight: ID },
  reads: (op) => [op.dOutput, op.weight],
  writes: (op) => [op.out],
  converts: (op) => [op.convert],
  multiplyAdds: convolutionMultiplyAdds,
  rebuild: (draft, op) => emitConv2dInputGradient(draft, { ...op, ...settingsOf(op.convert) }),
};

/** Facts of `conv2dWeightGradient`. */
export const CONV2D_WEIGHT_GRADIENT: OpFacts<Conv2dWeightGradientOp> = {
  fields: { ...CONVOLUTION, input: ID, dOutput: ID },
  reads: (op) => [op.input, op.dOutput],
  writes: (op) => [op.out],
  converts: (op) => [op.convert],
  multiplyAdds: convolutionMultiplyAdds,
  rebuild: (draft, op) => emitConv2dWeightGradient(draft, { ...op, ...settingsOf(op.convert) }),
};

/** Facts of `biasGradient`. */
export const BIAS_GRADIENT: OpFacts<BiasGradientOp> = {
  fields: { dOutput: ID, out: ID, rowsPerExample: COUNT, n: COUNT, convert: nullable(SITE) },
  reads: (op) => [op.dOutput],
  writes: (op) => [op.out],
  converts: (op) => [op.convert],
  rebuild: (draft, op) => emitBiasGradient(draft, { ...op, ...settingsOf(op.convert) }),
};
