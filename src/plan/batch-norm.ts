/**
 * The builder's methods for batch normalisation: five ops, what their integers need in bits, and the proof that they have it.
 * The formulas and bounds are derived in docs/numerics.md, section "Batch normalisation".
 */
import { formatText, wordLength, type Format, InputError } from '../numerics/index.js';
import { proveExact } from './checks.js';
import { PlanDraft } from './draft.js';
import type { Tensor, TensorId } from './ops.js';
import { elements } from './shapes.js';
import type { SiteSettings } from './sites.js';
import { fractionBits, magnitudeBits } from './update-alignment.js';

/** Fraction bits of a normalised element, and of gamma over the deviation. */
const NORMAL_BITS = 16;
const FACTOR_BITS = 20;
/** Fraction bits of the share of a batch, and of epsilon as it is given. */
const RATE_BITS = 16;
const EPSILON_BITS = 40;
/** Bits of an element less its mean, at most; and more fraction bits of a mean than this help nobody. */
const MOST_WIDTH = 23;
const MOST_EXTRA = 6;
const MOST_ERROR_EXTRA = 8;
/** The shift of a channel lies between these. */
const LEAST_SHIFT = 14;
const MOST_SHIFT = 44;
/** No register is shifted by more. */
const MAX_SHIFT = 62;

/** ceil(log2 n). */
function bitsFor(n: number): number {
  return n <= 1 ? 0 : 32 - Math.clz32(n - 1);
}

/** Formats of the running mean and variance of elements of a format, 32 bits each. */
export function runningFormats(format: Format): { readonly mean: Format; readonly variance: Format } {
  const { il } = format;
  return { mean: { il, fl: 32 - il }, variance: { il: 2 * il - 1, fl: 33 - 2 * il } };
}

interface Moments {
  readonly mean: TensorId;
  readonly variance: TensorId;
  readonly registers: TensorId;
  /** With 40 fraction bits. */
  readonly epsilon: number;
}

/** A plan being written, with the ops of batch normalisation. */
export class BatchNormDraft extends PlanDraft {
  /** Statistics of a batch; the running ones move towards them by `rate` (16 fraction bits). */
  batchMoments(args: Moments & { input: TensorId; rate: number } & SiteSettings): void {
    const { input, mean, variance, registers, rate } = args;
    const { rows, ...shared } = this.#shared(input, registers);
    const [from, to] = [this.get(mean), this.get(variance)];
    this.expectElements(from, shared.channels);
    this.expectElements(to, shared.channels);
    const { width, meanBits, varianceBits } = this.#moments(this.get(input), shared.extraBits);
    this.push({
      ...this.base(),
      kind: 'batchMoments',
      ...shared,
      input,
      mean,
      variance,
      registers,
      rowsPerExample: rows,
      epsilon: this.#epsilon(this.get(input), shared.extraBits, args.epsilon),
      rate,
      width,
      meanConvert: this.convert(from, meanBits + RATE_BITS, args),
      varianceConvert: this.convert(to, varianceBits + RATE_BITS, args),
    });
  }

  /** The running statistics instead, as they stand; `input` is what they are statistics of. */
  runningMoments(args: Moments & { input: TensorId }): void {
    const { input, mean, variance, registers } = args;
    const { rows: _, ...shared } = this.#shared(input, registers);
    const { width } = this.#moments(this.get(input), shared.extraBits);
    const epsilon = this.#epsilon(this.get(input), shared.extraBits, args.epsilon);
    this.push({ ...this.base(), kind: 'runningMoments', ...shared, mean, variance, epsilon, width });
  }

  /** out = gamma * normalised(input) + beta, by channel. */
  batchNorm(
    args: {
      input: TensorId;
      registers: TensorId;
      gamma: TensorId;
      beta: TensorId;
      out: TensorId;
    } & SiteSettings,
  ): void {
    const { input, registers, out } = args;
    const { rows: _, ...shared } = this.#shared(input, registers);
    const [gamma, beta, result] = [this.get(args.gamma), this.get(args.beta), this.get(out)];
    this.expectElements(gamma, shared.channels);
    this.expectElements(beta, shared.channels);
    this.expectElements(result, elements(this.get(input).shape));
    const product = fractionBits(gamma) + NORMAL_BITS;
    const from = Math.max(product, fractionBits(beta));
    const shifts = { gamma: from - product, beta: from - fractionBits(beta) };
    if (this.arithmetic === 'fixed') {
      const terms = [
        { count: 1, bits: magnitudeBits(gamma) + 31, shift: shifts.gamma },
        { count: 1, bits: magnitudeBits(beta), shift: shifts.beta },
      ];
      proveExact(this.who, 'the scaled result', terms, 'choose closer formats for weight and bias');
    }
    this.push({
      ...this.base(),
      kind: 'batchNorm',
      ...shared,
      input,
      gamma: args.gamma,
      beta: args.beta,
      out,
      shifts: this.arithmetic === 'fixed' ? shifts : { gamma: 0, beta: 0 },
      convert: this.convert(result, from, args),
    });
  }

  /** Gradients of gamma and beta, stored as 2^-gradientShift * sum, and the numbers that the input's error is made of. */
  batchNormGradient(
    args: {
      input: TensorId;
      registers: TensorId;
      gamma: TensorId;
      dOutput: TensorId;
      dGamma: TensorId;
      dBeta: TensorId;
      factors: TensorId;
    } & SiteSettings,
  ): void {
    const { input, registers, dOutput, dGamma, dBeta, factors } = args;
    const { rows, ...shared } = this.#shared(input, registers);
    const [gamma, error] = [this.get(args.gamma), this.get(dOutput)];
    for (const id of [args.gamma, dGamma, dBeta]) this.expectElements(this.get(id), shared.channels);
    this.expectElements(this.get(factors), 3 * shared.channels);
    this.expectElements(error, elements(this.get(input).shape));
    const factorShift =
      fractionBits(gamma) - fractionBits(this.get(input)) - shared.extraBits - (FACTOR_BITS - NORMAL_BITS);
    if (this.arithmetic === 'fixed') {
      const most = fractionBits(gamma) + MAX_SHIFT - MOST_SHIFT - factorShift;
      if (fractionBits(gamma) > most) {
        throw new InputError(
          `${this.who}: the weight may have at most ${String(most)} fraction bits here, got ${String(fractionBits(gamma))}; choose a weight format with fewer`,
        );
      }
      const shift = Math.max(0, -LEAST_SHIFT - factorShift);
      const terms = [{ count: 1, bits: magnitudeBits(gamma) + 30, shift }];
      const wayOut = 'choose closer fraction bits for weight and activation';
      proveExact(this.who, 'gamma over the deviation', terms, wayOut);
    }
    const errorBits = this.#errorBits(this.get(input), error);
    const from = fractionBits(error) + this.gradientShift;
    const gammaConvert = this.convert(this.get(dGamma), from + NORMAL_BITS, args);
    const betaConvert = this.convert(this.get(dBeta), from, args);
    this.push({
      ...this.base(),
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
    });
  }

  /** The input's error; `factors` are those of batchNormGradient. */
  batchNormInputGradient(
    args: {
      input: TensorId;
      registers: TensorId;
      dOutput: TensorId;
      factors: TensorId;
      out: TensorId;
    } & SiteSettings,
  ): void {
    const { input, registers, dOutput, factors, out } = args;
    const { rows: _, ...shared } = this.#shared(input, registers);
    const [error, result] = [this.get(dOutput), this.get(out)];
    this.expectElements(this.get(factors), 3 * shared.channels);
    this.expectElements(error, elements(this.get(input).shape));
    this.expectElements(result, elements(this.get(input).shape));
    const errorBits = this.#errorBits(this.get(input), error);
    const convert = this.convert(result, fractionBits(error) + errorBits + FACTOR_BITS, args);
    this.push({
      ...this.base(),
      kind: 'batchNormInputGradient',
      ...shared,
      input,
      dOutput,
      factors,
      out,
      errorBits,
      convert,
    });
  }

  /** What all five have in common, and the rows of an example. */
  #shared(inputId: TensorId, registers: TensorId) {
    const input = this.get(inputId);
    const { shape } = input;
    const channels = shape[shape.length - 1]!;
    this.expectElements(this.get(registers), (this.arithmetic === 'fixed' ? 3 : 2) * channels);
    return { registers, channels, rows: elements(shape.slice(1, -1)), extraBits: this.#extraBits(input) };
  }

  /** ceil(log2) of the elements of a channel in a full batch. */
  #countBits({ shape }: Tensor): number {
    return bitsFor(elements(shape.slice(0, -1)));
  }

  /** As many more fraction bits for a mean as squares of differences, summed over the batch, have room for in 64 bits. */
  #extraBits(input: Tensor): number {
    if (this.arithmetic === 'float32') return 0;
    const format = this.#format(input);
    const room = (62 - this.#countBits(input)) >> 1;
    const extra = Math.min(MOST_EXTRA, MOST_WIDTH - wordLength(format), room - wordLength(format));
    if (extra < 0 || format.il < 1 || format.il > 16) {
      throw new InputError(
        `${this.who}: batch normalisation is of at most ${String(Math.min(MOST_WIDTH, room))} bits here, 1 to 16 of them integer bits, got ${formatText(format)}; choose another activation format`,
      );
    }
    return extra;
  }

  /** Bits of a difference, and fraction bits of the sums that become running mean and variance. */
  #moments(input: Tensor, extraBits: number): { width: number; meanBits: number; varianceBits: number } {
    if (this.arithmetic === 'float32') return { width: 0, meanBits: 0, varianceBits: 0 };
    const { il, fl } = this.#format(input);
    const width = il + fl + extraBits;
    return { width, meanBits: 32 - il, varianceBits: Math.max(33, 2 * width) - 2 * il };
  }

  #epsilon(input: Tensor, extraBits: number, epsilon: number): number {
    if (this.arithmetic === 'float32') return epsilon;
    // Elements have at least an integer bit and so at most 22 fraction bits here.
    const shift = 2 * (fractionBits(input) + extraBits) - EPSILON_BITS;
    const raw = shift >= 0 ? epsilon * 2 ** shift : epsilon >> Math.min(-shift, 31);
    return Math.max(1, raw);
  }

  /** More fraction bits for the means of an error: an error times gamma over the deviation has 62 bits at most. */
  #errorBits(input: Tensor, error: Tensor): number {
    if (this.arithmetic === 'float32') return 0;
    const format = this.#format(error);
    const rootBits = (this.#countBits(input) + 1) >> 1;
    const extra = Math.min(MOST_ERROR_EXTRA, 31 - wordLength(format) - rootBits);
    if (extra < 0) {
      throw new InputError(
        `${this.who}: errors of a batch normalisation have at most ${String(31 - rootBits)} bits here, got ${formatText(format)}; choose a shorter error format or a smaller batch`,
      );
    }
    return extra;
  }

  #format(tensor: Tensor): Format {
    const { format } = tensor;
    if (format === null || format === 'float32')
      throw new Error(`internal: ${this.who}: ${tensor.name} needs a format`);
    return format;
  }
}
