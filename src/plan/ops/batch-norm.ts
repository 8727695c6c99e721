/**
 * Batch normalisation: five ops, what their integers need in bits, and the proof that they have it.
 * The formulas and bounds are derived in docs/numerics.md, section "Batch normalisation".
 */
import { formatText, InputError, wordLength, type Format } from '../../numerics/index.js';
import { bitsFor, fractionBits, magnitudeBits, MAX_SHIFT } from '../bits.js';
import { proveExact } from '../checks.js';
import type { PlanDraft } from '../draft.js';
import { ShapeError } from '../errors.js';
import { elements } from '../shapes.js';
import type { SiteSettings } from '../sites.js';
import { ID, nullable, object, SHIFT, SITE, whole } from '../structure.js';
import type { Convert, OpBase, Tensor, TensorId } from '../types.js';
import { settingsOf, type OpFacts } from './facts.js';

/** Fraction bits of a normalised element, and of gamma over the deviation. */
const NORMAL_BITS = 16;
const FACTOR_BITS = 20;
/** Fraction bits of the share of a batch, and of epsilon as it is given. */
const RATE_BITS = 16;
const EPSILON_BITS = 40;
/** Below 2^31, so that it is shifted as an int32. */
const MOST_EPSILON = 2 ** 31 - 1;
/** Bits of an element less its mean, at most; and the most fraction bits that a mean has more than an element. */
const MOST_WIDTH = 23;
const MOST_EXTRA = 6;
const MOST_ERROR_EXTRA = 8;
/** The shift of a channel lies between these. */
const LEAST_SHIFT = 14;
const MOST_SHIFT = 44;
/** Formats of the running mean and variance of elements of a format, 32 bits each. */
export function runningFormats(format: Format): { readonly mean: Format; readonly variance: Format } {
  const { il } = format;
  return { mean: { il, fl: 32 - il }, variance: { il: 2 * il - 1, fl: 33 - 2 * il } };
}

/** Tensors of running statistics, and the registers made of them. */
export interface Moments {
  readonly mean: TensorId;
  readonly variance: TensorId;
  readonly registers: TensorId;
  /** With 40 fraction bits. */
  readonly epsilon: number;
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

/** Arguments of `emitBatchMoments`. */
export type BatchMomentsArgs = Moments & { input: TensorId; rate: number } & SiteSettings;

/** Derives an op `batchMoments`. */
export function emitBatchMoments(draft: PlanDraft, args: BatchMomentsArgs): BatchMomentsOp {
  const { extraBits } = sharedOf(draft, args.input, args.registers);
  return deriveBatchMoments(
    draft,
    args,
    epsilonOf(draft, draft.operand(args.input), extraBits, args.epsilon),
  );
}

function deriveBatchMoments(
  draft: PlanDraft,
  args: Omit<BatchMomentsArgs, 'epsilon'>,
  epsilon: number,
): BatchMomentsOp {
  const { input, mean, variance, registers, rate } = args;
  const { rows, ...shared } = sharedOf(draft, input, registers);
  const [from, to] = [draft.operand(mean), draft.operand(variance)];
  const { width, meanBits, varianceBits } = momentsOf(draft, draft.operand(input), shared.extraBits);
  expectRunning(draft, from, to, shared.channels, draft.operand(input).format);
  expectEpsilon(draft, epsilon, 2 * (fractionBits(draft.operand(input)) + shared.extraBits));
  return {
    ...draft.base(),
    kind: 'batchMoments',
    ...shared,
    input,
    mean,
    variance,
    registers,
    rowsPerExample: rows,
    epsilon,
    rate,
    width,
    meanConvert: draft.convert(from, meanBits + RATE_BITS, args),
    varianceConvert: draft.convert(to, varianceBits + RATE_BITS, args),
  };
}

/** Arguments of `emitRunningMoments`. */
export type RunningMomentsArgs = Moments & { input: TensorId };

/** Derives an op `runningMoments`. */
export function emitRunningMoments(draft: PlanDraft, args: RunningMomentsArgs): RunningMomentsOp {
  const { input, mean, variance, registers } = args;
  const { rows: _, ...shared } = sharedOf(draft, input, registers);
  const { width } = momentsOf(draft, draft.operand(input), shared.extraBits);
  expectRunning(
    draft,
    draft.operand(mean),
    draft.operand(variance),
    shared.channels,
    draft.operand(input).format,
  );
  const epsilon = epsilonOf(draft, draft.operand(input), shared.extraBits, args.epsilon);
  return { ...draft.base(), kind: 'runningMoments', ...shared, mean, variance, epsilon, width };
}

/**
 * The op again, of whose input it keeps no trace but its bits: the format of the mean has the integer bits, `width` the rest.
 * That the normalisation which reads the registers has the same `extraBits` is a rule of the plan (verify.ts).
 */
function rebuildRunningMoments(draft: PlanDraft, op: RunningMomentsOp): RunningMomentsOp {
  const [mean, variance] = [draft.operand(op.mean), draft.operand(op.variance)];
  const registers = draft.holding('register', op.registers);
  const isFixed = draft.arithmetic === 'fixed';
  const channels = elements(mean.shape);
  draft.expectElements(registers, (isFixed ? 3 : 2) * channels);
  const bits = op.width - op.extraBits;
  if (isFixed ? bits < 2 : bits !== 0) {
    throw new ShapeError(
      `${draft.who}: the width must be the bits of an element and extraBits, got ${op.width} with ${op.extraBits}`,
    );
  }
  const il = mean.format === null || mean.format === 'float32' ? 0 : mean.format.il;
  expectRunning(draft, mean, variance, channels, isFixed ? { il, fl: bits - il } : 'float32');
  expectEpsilon(draft, op.epsilon, 2 * (op.width - il));
  return { ...op, channels };
}

/** The running mean and variance of elements of a format, one each a channel. */
function expectRunning(
  draft: PlanDraft,
  mean: Tensor,
  variance: Tensor,
  channels: number,
  format: Tensor['format'],
): void {
  draft.expectElements(mean, channels);
  draft.expectElements(variance, channels);
  if (format === null || format === 'float32') return;
  const wanted = runningFormats(format);
  draft.expectFixed(mean, wanted.mean);
  draft.expectFixed(variance, wanted.variance);
}

/** An epsilon with the fraction bits of a variance is below 2^-9, and at least its last bit. */
function expectEpsilon(draft: PlanDraft, epsilon: number, varianceBits: number): void {
  if (draft.arithmetic === 'float32') return;
  const shift = varianceBits - EPSILON_BITS;
  const most = shift >= 0 ? MOST_EPSILON * 2 ** shift : Math.max(1, MOST_EPSILON >> Math.min(-shift, 31));
  if (!Number.isSafeInteger(epsilon) || epsilon < 1 || epsilon > most) {
    throw new ShapeError(
      `${draft.who}: epsilon must be a whole number from 1 to ${most} here, got ${epsilon}`,
    );
  }
}

/** Arguments of `emitBatchNorm`. */
export type BatchNormArgs = {
  input: TensorId;
  registers: TensorId;
  gamma: TensorId;
  beta: TensorId;
  out: TensorId;
} & SiteSettings;

/** Derives an op `batchNorm`. */
export function emitBatchNorm(draft: PlanDraft, args: BatchNormArgs): BatchNormOp {
  const { input, registers, out } = args;
  const { rows: _, ...shared } = sharedOf(draft, input, registers);
  const [gamma, beta, result] = [draft.operand(args.gamma), draft.operand(args.beta), draft.operand(out)];
  draft.expectElements(gamma, shared.channels);
  draft.expectElements(beta, shared.channels);
  draft.expectElements(result, elements(draft.operand(input).shape));
  const product = fractionBits(gamma) + NORMAL_BITS;
  const from = Math.max(product, fractionBits(beta));
  const shifts = { gamma: from - product, beta: from - fractionBits(beta) };
  if (draft.arithmetic === 'fixed') {
    const terms = [
      { count: 1, bits: magnitudeBits(gamma) + 31, shift: shifts.gamma },
      { count: 1, bits: magnitudeBits(beta), shift: shifts.beta },
    ];
    proveExact(draft.who, 'the scaled result', terms, 'choose closer formats for weight and bias');
  }
  return {
    ...draft.base(),
    kind: 'batchNorm',
    ...shared,
    input,
    gamma: args.gamma,
    beta: args.beta,
    out,
    shifts: draft.arithmetic === 'fixed' ? shifts : { gamma: 0, beta: 0 },
    convert: draft.convert(result, from, args),
  };
}

/** Arguments of `emitBatchNormGradient`. */
export type BatchNormGradientArgs = {
  input: TensorId;
  registers: TensorId;
  gamma: TensorId;
  dOutput: TensorId;
  dGamma: TensorId;
  dBeta: TensorId;
  factors: TensorId;
} & SiteSettings;

/** Derives an op `batchNormGradient`. */
export function emitBatchNormGradient(draft: PlanDraft, args: BatchNormGradientArgs): BatchNormGradientOp {
  const { input, registers, dOutput, dGamma, dBeta, factors } = args;
  const { rows, ...shared } = sharedOf(draft, input, registers);
  const [gamma, error] = [draft.operand(args.gamma), draft.operand(dOutput)];
  for (const id of [args.gamma, dGamma, dBeta]) draft.expectElements(draft.operand(id), shared.channels);
  draft.expectElements(draft.holding('register', factors), 3 * shared.channels);
  draft.expectElements(error, elements(draft.operand(input).shape));
  const factorShift =
    fractionBits(gamma) - fractionBits(draft.operand(input)) - shared.extraBits - (FACTOR_BITS - NORMAL_BITS);
  if (draft.arithmetic === 'fixed') {
    const most = fractionBits(gamma) + MAX_SHIFT - MOST_SHIFT - factorShift;
    if (fractionBits(gamma) > most) {
      throw new InputError(
        `${draft.who}: the weight may have at most ${most} fraction bits here, got ${fractionBits(gamma)}; choose a weight format with fewer`,
      );
    }
    const shift = Math.max(0, -LEAST_SHIFT - factorShift);
    const terms = [{ count: 1, bits: magnitudeBits(gamma) + 30, shift }];
    const wayOut = 'choose closer fraction bits for weight and activation';
    proveExact(draft.who, 'gamma over the deviation', terms, wayOut);
  }
  const errorBits = errorBitsOf(draft, draft.operand(input), error);
  const from = fractionBits(error) + draft.gradientShift;
  const gammaConvert = draft.convert(draft.operand(dGamma), from + NORMAL_BITS, args);
  const betaConvert = draft.convert(draft.operand(dBeta), from, args);
  return {
    ...draft.base(),
    kind: 'batchNormGradient',
    ...shared,
    input,
    dOutput,
    gamma: args.gamma,
    dGamma,
    dBeta,
    factors,
    rowsPerExample: rows,
    errorBits,
    factorShift,
    gammaConvert,
    betaConvert,
  };
}

/** Arguments of `emitBatchNormInputGradient`. */
export type BatchNormInputGradientArgs = {
  input: TensorId;
  registers: TensorId;
  dOutput: TensorId;
  factors: TensorId;
  out: TensorId;
} & SiteSettings;

/** Derives an op `batchNormInputGradient`. */
export function emitBatchNormInputGradient(
  draft: PlanDraft,
  args: BatchNormInputGradientArgs,
): BatchNormInputGradientOp {
  const { input, registers, dOutput, factors, out } = args;
  const { rows: _, ...shared } = sharedOf(draft, input, registers);
  const [error, result] = [draft.operand(dOutput), draft.operand(out)];
  draft.expectElements(draft.holding('register', factors), 3 * shared.channels);
  draft.expectElements(error, elements(draft.operand(input).shape));
  draft.expectElements(result, elements(draft.operand(input).shape));
  const errorBits = errorBitsOf(draft, draft.operand(input), error);
  const convert = draft.convert(result, fractionBits(error) + errorBits + FACTOR_BITS, args);
  return {
    ...draft.base(),
    kind: 'batchNormInputGradient',
    ...shared,
    input,
    dOutput,
    factors,
    out,
    errorBits,
    convert,
  };
}

/** What all five have in common, and the rows of an example. */
function sharedOf(draft: PlanDraft, inputId: TensorId, registers: TensorId) {
  const input = draft.operand(inputId);
  const { shape } = input;
  const channels = shape[shape.length - 1]!;
  draft.expectElements(
    draft.holding('register', registers),
    (draft.arithmetic === 'fixed' ? 3 : 2) * channels,
  );
  return { registers, channels, rows: elements(shape.slice(1, -1)), extraBits: extraBitsOf(draft, input) };
}

/** ceil(log2) of the elements of a channel in a full batch. */
function countBitsOf({ shape }: Tensor): number {
  return bitsFor(elements(shape.slice(0, -1)));
}

/** As many more fraction bits for a mean as squares of differences, summed over the batch, have room for in 64 bits. */
function extraBitsOf(draft: PlanDraft, input: Tensor): number {
  if (draft.arithmetic === 'float32') return 0;
  const format = formatOf(draft, input);
  const room = (62 - countBitsOf(input)) >> 1;
  const extra = Math.min(MOST_EXTRA, MOST_WIDTH - wordLength(format), room - wordLength(format));
  if (extra < 0 || format.il < 1 || format.il > 16) {
    throw new InputError(
      `${draft.who}: batch normalisation is of at most ${Math.min(MOST_WIDTH, room)} bits here, 1 to 16 of them integer bits, got ${formatText(format)}; choose another activation format`,
    );
  }
  return extra;
}

/** Bits of a difference, and fraction bits of the sums that become running mean and variance. */
function momentsOf(
  draft: PlanDraft,
  input: Tensor,
  extraBits: number,
): { width: number; meanBits: number; varianceBits: number } {
  if (draft.arithmetic === 'float32') return { width: 0, meanBits: 0, varianceBits: 0 };
  const { il, fl } = formatOf(draft, input);
  const width = il + fl + extraBits;
  return { width, meanBits: 32 - il, varianceBits: Math.max(33, 2 * width) - 2 * il };
}

function epsilonOf(draft: PlanDraft, input: Tensor, extraBits: number, epsilon: number): number {
  if (draft.arithmetic === 'float32') return epsilon;
  // Elements have at least an integer bit and so at most 22 fraction bits here.
  const shift = 2 * (fractionBits(input) + extraBits) - EPSILON_BITS;
  const raw = shift >= 0 ? epsilon * 2 ** shift : epsilon >> Math.min(-shift, 31);
  return Math.max(1, raw);
}

/** More fraction bits for the means of an error: an error times gamma over the deviation has 62 bits at most. */
function errorBitsOf(draft: PlanDraft, input: Tensor, error: Tensor): number {
  if (draft.arithmetic === 'float32') return 0;
  const format = formatOf(draft, error);
  const rootBits = (countBitsOf(input) + 1) >> 1;
  const extra = Math.min(MOST_ERROR_EXTRA, 31 - wordLength(format) - rootBits);
  if (extra < 0) {
    throw new InputError(
      `${draft.who}: errors of a batch normalisation have at most ${31 - rootBits} bits here, got ${formatText(format)}; choose a shorter error format or a smaller batch`,
    );
  }
  return extra;
}

function formatOf(draft: PlanDraft, tensor: Tensor): Format {
  const { format } = tensor;
  if (format === null || format === 'float32')
    throw new Error(`internal: ${draft.who}: ${tensor.name} needs a format`);
  return format;
}

const NORMALISATION = { registers: ID, channels: whole(1), extraBits: whole(0, MOST_EXTRA) };
const MOMENTS = { mean: ID, variance: ID, epsilon: whole(0), width: whole(0, MOST_WIDTH) };

/** Facts of `batchMoments`. */
export const BATCH_MOMENTS: OpFacts<BatchMomentsOp> = {
  fields: {
    ...NORMALISATION,
    ...MOMENTS,
    input: ID,
    rowsPerExample: whole(1),
    rate: whole(0, 1 << RATE_BITS),
    meanConvert: nullable(SITE),
    varianceConvert: nullable(SITE),
  },
  reads: (op) => [op.input, op.mean, op.variance],
  writes: (op) => [op.registers, op.mean, op.variance],
  converts: (op) => [op.meanConvert, op.varianceConvert],
  rebuild: (draft, op) => deriveBatchMoments(draft, { ...op, ...settingsOf(op.meanConvert) }, op.epsilon),
};

/** Facts of `runningMoments`. */
export const RUNNING_MOMENTS: OpFacts<RunningMomentsOp> = {
  fields: { ...NORMALISATION, ...MOMENTS },
  reads: (op) => [op.mean, op.variance],
  writes: (op) => [op.registers],
  converts: () => [],
  rebuild: rebuildRunningMoments,
};

/** Facts of `batchNorm`. */
export const BATCH_NORM: OpFacts<BatchNormOp> = {
  fields: {
    ...NORMALISATION,
    input: ID,
    gamma: ID,
    beta: ID,
    out: ID,
    shifts: object({ gamma: SHIFT, beta: SHIFT }),
    convert: nullable(SITE),
  },
  reads: (op) => [op.input, op.registers, op.gamma, op.beta],
  writes: (op) => [op.out],
  converts: (op) => [op.convert],
  rebuild: (draft, op) => emitBatchNorm(draft, { ...op, ...settingsOf(op.convert) }),
};

/** Facts of `batchNormGradient`. */
export const BATCH_NORM_GRADIENT: OpFacts<BatchNormGradientOp> = {
  fields: {
    ...NORMALISATION,
    input: ID,
    dOutput: ID,
    gamma: ID,
    dGamma: ID,
    dBeta: ID,
    factors: ID,
    rowsPerExample: whole(1),
    errorBits: whole(0, MOST_ERROR_EXTRA),
    factorShift: whole(-128, 128),
    gammaConvert: nullable(SITE),
    betaConvert: nullable(SITE),
  },
  reads: (op) => [op.input, op.dOutput, op.registers, op.gamma],
  writes: (op) => [op.dGamma, op.dBeta, op.factors],
  converts: (op) => [op.gammaConvert, op.betaConvert],
  rebuild: (draft, op) => emitBatchNormGradient(draft, { ...op, ...settingsOf(op.gammaConvert) }),
};

/** Facts of `batchNormInputGradient`. */
export const BATCH_NORM_INPUT_GRADIENT: OpFacts<BatchNormInputGradientOp> = {
  fields: {
    ...NORMALISATION,
    input: ID,
    dOutput: ID,
    factors: ID,
    out: ID,
    errorBits: whole(0, MOST_ERROR_EXTRA),
    convert: nullable(SITE),
  },
  reads: (op) => [op.input, op.dOutput, op.registers, op.factors],
  writes: (op) => [op.out],
  converts: (op) => [op.convert],
  rebuild: (draft, op) => emitBatchNormInputGradient(draft, { ...op, ...settingsOf(op.convert) }),
};
