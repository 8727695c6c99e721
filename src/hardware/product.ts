/**
 * Every product of a plan in the form of the array: out[M, N] = convert(sum over k of lhs[M, K] * rhs[K, N] +
 * bias[N]), with the sizes, word sizes and operands of matrix products and convolutions alike. All other ops
 * (pooling, softmax, optimiser ...) stay with the host.
 */
import { wordLength, type Accumulator, type Format } from '../numerics/index.js';
import { UnsupportedError } from '../backend/contract.js';
import type {
  Conv2dInputGradientOp,
  Conv2dOp,
  Conv2dWeightGradientOp,
  Convert,
  MatmulOp,
  Op,
  Plan,
  TensorId,
  Window,
} from '../plan/index.js';
import { wordBytes } from './array.js';

/** The ops that are products. */
export type ProductOp = MatmulOp | Conv2dOp | Conv2dInputGradientOp | Conv2dWeightGradientOp;

/** Sizes of a product and bytes of its words, which are all that the schedule needs. */
export interface ProductSize {
  readonly m: number;
  readonly k: number;
  readonly n: number;
  readonly lhsBytes: 2 | 4;
  readonly rhsBytes: 2 | 4;
  readonly outBytes: 2 | 4;
}

/** A product of a plan with a number of examples. */
export interface Product extends ProductSize {
  /** The rounding site, which is the name of the tensor written: `conv1/output`, `conv1/weight.gradient` ... */
  readonly site: string;
  readonly op: ProductOp;
  readonly lhs: TensorId;
  readonly rhs: TensorId;
  readonly bias: TensorId | null;
  readonly out: TensorId;
  readonly lhsFormat: Format;
  readonly rhsFormat: Format;
  readonly biasFormat: Format | null;
  /** Shift that aligns the bias to the product's fraction bits; 0 without one. */
  readonly biasShift: number;
  readonly accumulator: Accumulator;
  readonly convert: Convert;
}

/** Sizes and operands of an op, by its kind. */
interface Shape {
  readonly m: number;
  readonly k: number;
  readonly n: number;
  readonly lhs: TensorId;
  readonly rhs: TensorId;
  readonly bias: TensorId | null;
  readonly biasShift: number;
}

/** The shape of each kind of product with a number of examples. */
const SHAPES: {
  readonly [K in ProductOp['kind']]: (op: Extract<ProductOp, { kind: K }>, examples: number) => Shape;
} = {
  matmul: ({ lhs, rhs, bias, biasShift, batchAxis, n, ...op }, examples) => {
    const m = batchAxis === 'm' ? examples : op.m;
    const k = batchAxis === 'k' ? examples : op.k;
    return { m, k, n, lhs, rhs, bias, biasShift };
  },
  conv2d: ({ window, outChannels, input, weight, bias, biasShift }, examples) => ({
    m: positionsOf(window, examples),
    k: tapsOf(window) * window.channels,
    n: outChannels,
    ...{ lhs: input, rhs: weight, bias, biasShift },
  }),
  conv2dInputGradient: ({ window, outChannels, dOutput, weight }, examples) => ({
    m: examples * window.height * window.width,
    k: tapsOf(window) * outChannels,
    n: window.channels,
    ...{ lhs: dOutput, rhs: weight, bias: null, biasShift: 0 },
  }),
  conv2dWeightGradient: ({ window, outChannels, input, dOutput }, examples) => ({
    m: tapsOf(window) * window.channels,
    k: positionsOf(window, examples),
    n: outChannels,
    ...{ lhs: input, rhs: dOutput, bias: null, biasShift: 0 },
  }),
};

function tapsOf({ kernelHeight, kernelWidth }: Window): number {
  return kernelHeight * kernelWidth;
}

function positionsOf({ outHeight, outWidth }: Window, examples: number): number {
  return examples * outHeight * outWidth;
}

function shapeOf(op: ProductOp, examples: number): Shape {
  const shape = SHAPES[op.kind] as (op: ProductOp, examples: number) => Shape;
  return shape(op, examples);
}

/** True for the ops that are products. */
export function isProduct(op: Op): op is ProductOp {
  return 'accumulator' in op;
}

function formatOf(plan: Plan, id: TensorId): Format {
  const { name, format } = plan.tensors[id]!;
  if (format !== null && format !== 'float32') return format;
  throw new Error(`internal: ${name}: an operand of a fixed-point product must have a fixed-point format`);
}

/**
 * An op as a product with the given number of examples.
 * @throws UnsupportedError for the float32 baseline.
 */
export function productOf(plan: Plan, op: ProductOp, examples = plan.batch): Product {
  const shape = shapeOf(op, examples);
  const { out, accumulator, convert } = op;
  if (convert === null) {
    throw new UnsupportedError(
      `${plan.tensors[out]!.name}: the array multiplies fixed-point words, got float32; choose formats such as <2,14>`,
    );
  }
  const lhsFormat = formatOf(plan, shape.lhs);
  const rhsFormat = formatOf(plan, shape.rhs);
  const biasFormat = shape.bias === null ? null : formatOf(plan, shape.bias);
  return {
    ...shape,
    lhsBytes: wordBytes(wordLength(lhsFormat)),
    rhsBytes: wordBytes(wordLength(rhsFormat)),
    outBytes: wordBytes(wordLength(convert.format)),
    site: convert.site,
    op,
    out,
    lhsFormat,
    rhsFormat,
    biasFormat,
    accumulator,
    convert,
  };
}

/**
 * The products of a program in its order, with the given number of examples.
 * @throws UnsupportedError for the float32 baseline.
 */
export function productsOf(plan: Plan, program: 'train' | 'evaluate', examples = plan.batch): Product[] {
  return plan[program].filter(isProduct).map((op) => productOf(plan, op, examples));
}
