/**
 * The primitive operations of a plan, as data: what a backend must be able to run and nothing else.
 * Shapes are NHWC; a weight is [K, N] (dense) or [KH, KW, C, OC] (convolution), so both are one GEMM operand.
 * In the float32 baseline every `convert` is null. The meaning of each op is its file in backend/reference.
 */
import type { Accumulator, Format, NumberFormat, Overflow, Rounding, Storage } from '../numerics/index.js';

/** What a tensor is for. Formats and rounding modes are chosen per role. */
export type Role = 'weight' | 'bias' | 'activation' | 'error' | 'gradient' | 'update';

/** Index of a tensor in `plan.tensors`. */
export type TensorId = number;

/** A tensor of a plan: what it is and where it lies. */
export interface Tensor {
  readonly id: TensorId;
  /** `conv1/weight`, `conv1/output`, `conv1/dInput`, `conv1/weight.gradient` ...; evaluation: `inference/conv1/output`. */
  readonly name: string;
  /** Shape with the batch dimension first where `batched`. */
  readonly shape: readonly number[];
  /** The first dimension is the batch: a step with fewer examples uses only its first `count` rows. */
  readonly batched: boolean;
  /**
   * Role, or what else it holds: class labels, pooling window positions, probabilities (30 fraction bits), the running mean
   * or variance of a normalisation, or registers: integers of 32 bits whose meaning is the op's.
   */
  readonly role: Role | 'label' | 'position' | 'probability' | 'running' | 'register';
  /** null for labels, positions, and registers of a fixed-point plan. */
  readonly format: NumberFormat | null;
  readonly storage: Storage;
  /** Keeps its value between steps (parameters, optimiser state, input, labels, results); never shares memory. */
  readonly persistent: boolean;
  /** Byte offset in the arena, a multiple of 64, and size in bytes. */
  readonly offset: number;
  readonly sizeBytes: number;
}

/** One rounding site: an exact integer with `from` fraction bits becomes `format`. */
export interface Convert {
  /** Name of the site; equals the name of the tensor written. */
  readonly site: string;
  /** FNV-1a hash of the name, unsigned 32 bits: the generator's site word. */
  readonly hash: number;
  /** Fraction bits of the exact integer. */
  readonly from: number;
  readonly format: Format;
  /** Bits dropped, `from - format.fl`; zero or negative shifts left and is exact. At most 62. */
  readonly drop: number;
  readonly rounding: Rounding;
  readonly overflow: Overflow;
  /** Random bits drawn per element: 16 where at most 16 bits are dropped, else 32. */
  readonly randomWidth: 16 | 32;
  /** Index in `plan.sites`, and of its counters in a session's statistics. */
  readonly statistics: number;
}

/** Geometry of a convolution or pooling window sliding over an NHWC image. */
export interface Window {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly kernelHeight: number;
  readonly kernelWidth: number;
  readonly strideY: number;
  readonly strideX: number;
  /** Zero padding above and to the left; below and to the right it follows from the output size. */
  readonly padTop: number;
  readonly padLeft: number;
  readonly outHeight: number;
  readonly outWidth: number;
}

interface OpBase {
  /** Layer that emitted the op; errors and tables name it. */
  readonly layer: string;
  readonly phase: 'forward' | 'backward' | 'update';
}

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

/** out = max(input, 0), exact. `out` may share memory with `input`. */
export interface ReluOp extends OpBase {
  readonly kind: 'relu';
  readonly input: TensorId;
  readonly out: TensorId;
}

/** out = output > 0 ? dOutput : 0, exact. `out` may share memory with `dOutput`. */
export interface ReluGradientOp extends OpBase {
  readonly kind: 'reluGradient';
  readonly output: TensorId;
  readonly dOutput: TensorId;
  readonly out: TensorId;
}

/** out = convert(lhs * 2^shifts.lhs + rhs * 2^shifts.rhs), element by element: one exact sum (shifts are 0 in float32). */
export interface AddOp extends OpBase {
  readonly kind: 'add';
  readonly lhs: TensorId;
  readonly rhs: TensorId;
  readonly out: TensorId;
  /** Left shifts that align the operands to `convert.from` fraction bits. */
  readonly shifts: { readonly lhs: number; readonly rhs: number };
  readonly convert: Convert | null;
}

/** Largest element of each window (cells outside the image do not take part); `position` = i*kernelWidth+j of the first largest. */
export interface MaxPoolOp extends OpBase {
  readonly kind: 'maxPool';
  readonly input: TensorId;
  readonly out: TensorId;
  /** uint8, null in a program without backward pass. */
  readonly position: TensorId | null;
  readonly window: Window;
}

/** out[cell] = convert(exact sum of dOutput over the windows whose first largest element is this cell). */
export interface MaxPoolGradientOp extends OpBase {
  readonly kind: 'maxPoolGradient';
  readonly dOutput: TensorId;
  readonly position: TensorId;
  readonly out: TensorId;
  readonly window: Window;
  readonly convert: Convert | null;
}

/**
 * out = convert(sum over the window's cells inside the image * reciprocal[cells]), `reciprocals[n]` = 2^30 / n to nearest:
 * a clipped window is averaged over the cells it has.
 */
export interface AveragePoolOp extends OpBase {
  readonly kind: 'averagePool';
  readonly input: TensorId;
  readonly out: TensorId;
  readonly window: Window;
  readonly reciprocals: readonly number[];
  readonly convert: Convert | null;
}

/** out[cell] = convert(sum over the windows covering the cell of dOutput * reciprocal[cells of that window]). */
export interface AveragePoolGradientOp extends OpBase {
  readonly kind: 'averagePoolGradient';
  readonly dOutput: TensorId;
  readonly out: TensorId;
  readonly window: Window;
  readonly reciprocals: readonly number[];
  readonly convert: Convert | null;
}

/**
 * What the ops of one batch normalisation have in common. `registers` are numbers of each channel: [3, C] of 32 bits, the
 * channel's mean, the mantissa of the inverse of its deviation and a shift (docs/numerics.md); [2, C] in float32, mean and
 * inverse deviation.
 */
interface BatchNormBase extends OpBase {
  readonly registers: TensorId;
  readonly channels: number;
  /** Fraction bits that a mean has more than the elements that it is of. */
  readonly extraBits: number;
}

/** Mean and deviation of every channel of input [.., C] over all rows, into `registers` and the running mean and variance. */
export interface BatchMomentsOp extends BatchNormBase {
  readonly kind: 'batchMoments';
  readonly input: TensorId;
  readonly mean: TensorId;
  readonly variance: TensorId;
  /** Rows per example: height * width of an image. */
  readonly rowsPerExample: number;
  /** Added to the variance; with the fraction bits of the variance, in float32 with 40. */
  readonly epsilon: number;
  /** Share of the batch in the running mean and variance, 16 fraction bits. */
  readonly rate: number;
  /** Fraction bits and sign of elements and `extraBits`: at most 23. */
  readonly width: number;
  readonly meanConvert: Convert | null;
  readonly varianceConvert: Convert | null;
}

/** The registers of the running mean and variance, for an evaluation. */
export interface RunningMomentsOp extends BatchNormBase {
  readonly kind: 'runningMoments';
  readonly mean: TensorId;
  readonly variance: TensorId;
  readonly epsilon: number;
  readonly width: number;
}

/** out = convert(gamma[c] * normalised(input) + beta[c]), input, out [.., C]. */
export interface BatchNormOp extends BatchNormBase {
  readonly kind: 'batchNorm';
  readonly input: TensorId;
  readonly gamma: TensorId;
  readonly beta: TensorId;
  readonly out: TensorId;
  /** Left shifts that align gamma * normalised and beta to `convert.from`. */
  readonly shifts: { readonly gamma: number; readonly beta: number };
  readonly convert: Convert | null;
}

/**
 * dBeta[c] = convert(sum of dOutput), dGamma[c] = convert(sum of dOutput * normalised(input)), and the three numbers of each
 * channel, `factors` [3, C], that its input's error is made of: both sums as means, and gamma over the deviation.
 */
export interface BatchNormGradientOp extends BatchNormBase {
  readonly kind: 'batchNormGradient';
  readonly input: TensorId;
  readonly dOutput: TensorId;
  readonly gamma: TensorId;
  readonly dGamma: TensorId;
  readonly dBeta: TensorId;
  readonly factors: TensorId;
  readonly rowsPerExample: number;
  /** Fraction bits that the means have more than the error. */
  readonly errorBits: number;
  /** Added to a channel's shift: bits dropped of gamma times the mantissa to leave 20 fraction bits; left where negative. */
  readonly factorShift: number;
  readonly gammaConvert: Convert | null;
  readonly betaConvert: Convert | null;
}

/** out = convert((dOutput - mean of dOutput - normalised(input) * mean of dOutput * normalised) * gamma over deviation). */
export interface BatchNormInputGradientOp extends BatchNormBase {
  readonly kind: 'batchNormInputGradient';
  readonly input: TensorId;
  readonly dOutput: TensorId;
  readonly factors: TensorId;
  readonly out: TensorId;
  readonly errorBits: number;
  readonly convert: Convert | null;
}

/**
 * out = kept(index) ? convert(input * scale) : 0, where kept means the element's 16-bit random word at `maskHash`
 * is >= threshold. The backward pass is the same op on the error: the mask is drawn again, not stored.
 */
export interface DropoutOp extends OpBase {
  readonly kind: 'dropout';
  readonly input: TensorId;
  readonly out: TensorId;
  readonly maskHash: number;
  /** Words below it are dropped: nearest integer to rate * 65536. */
  readonly threshold: number;
  /** 65536 / (65536 - threshold) with 24 fraction bits. */
  readonly scale: number;
  readonly convert: Convert | null;
}

/**
 * Softmax over the last dimension and cross-entropy against the labels, in integers (docs/numerics.md).
 * Adds the loss (24 fraction bits) and the number of rows whose first largest logit is the label to the step's metrics.
 */
export interface SoftmaxCrossEntropyOp extends OpBase {
  readonly kind: 'softmaxCrossEntropy';
  readonly logits: TensorId;
  readonly labels: TensorId;
  /** Probabilities, int32 with 30 fraction bits (or float32). */
  readonly probabilities: TensorId;
  /** convert(p - onehot), null in an evaluation. */
  readonly error: TensorId | null;
  readonly classes: number;
  readonly convert: Convert | null;
}

/**
 * u' = convert(momentum*u - rate*g - decay*w), w' = convert(w + u'), each right side one exact integer.
 * The three coefficients have 30 fraction bits and come with the step (`group` selects them).
 */
export interface SgdOp extends OpBase {
  readonly kind: 'sgd';
  readonly parameter: TensorId;
  readonly gradient: TensorId;
  readonly update: TensorId;
  /** Index into the step's coefficients. */
  readonly group: number;
  /** Weight decay applies (weights, not biases). */
  readonly decays: boolean;
  /** Left shifts that align u, g, w products to `updateConvert.from` (0 in float32). */
  readonly shifts: { readonly update: number; readonly gradient: number; readonly parameter: number };
  /** Left shifts that align w and u' to `parameterConvert.from` (0 in float32). */
  readonly sumShifts: { readonly parameter: number; readonly update: number };
  readonly updateConvert: Convert | null;
  readonly parameterConvert: Convert | null;
}

/** One primitive operation; `kind` tells which. */
export type Op =
  | MatmulOp
  | Conv2dOp
  | Conv2dInputGradientOp
  | Conv2dWeightGradientOp
  | BiasGradientOp
  | ReluOp
  | ReluGradientOp
  | AddOp
  | MaxPoolOp
  | MaxPoolGradientOp
  | AveragePoolOp
  | AveragePoolGradientOp
  | BatchMomentsOp
  | RunningMomentsOp
  | BatchNormOp
  | BatchNormGradientOp
  | BatchNormInputGradientOp
  | DropoutOp
  | SoftmaxCrossEntropyOp
  | SgdOp;

/** One training step and one evaluation step, with every tensor, format, rounding site and buffer fixed. */
export interface Plan {
  readonly name: string;
  readonly arithmetic: 'fixed' | 'float32';
  /** Largest number of examples in a step. */
  readonly batch: number;
  /** Parameter gradients are stored as 2^-gradientShift * sum over the batch: ceil(log2 batch), 0 in float32. */
  readonly gradientShift: number;
  readonly tensors: readonly Tensor[];
  /** Every rounding site, in the order of their counters. */
  readonly sites: readonly Convert[];
  readonly train: readonly Op[];
  readonly evaluate: readonly Op[];
  /** Tensors that a session fills or hands out; null where a hand-made plan has none. */
  readonly trainInput: TensorId | null;
  readonly evaluateInput: TensorId | null;
  readonly labels: TensorId | null;
  readonly logits: TensorId | null;
  readonly probabilities: TensorId | null;
  /** Weights and biases in layer order, and their update (momentum) tensors in the same order. */
  readonly parameters: readonly TensorId[];
  readonly updates: readonly TensorId[];
  /** What else a step changes and a checkpoint must hold: running means and variances. */
  readonly states: readonly TensorId[];
  /** Number of coefficient groups the sgd ops refer to. */
  readonly groups: number;
  readonly arenaBytes: number;
}
