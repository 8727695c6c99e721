/**
 * Batch normalisation of rows of C channels: registers of fixed width, each rounded once with halves up, and
 * exact sums. docs/numerics.md derives them and their bounds; float-batch-norm.ts is the baseline.
 */
import { inverseRoot, roundedQuotient, Wide } from '../../numerics/index.js';
import type {
  BatchMomentsOp,
  BatchNormGradientOp,
  BatchNormInputGradientOp,
  BatchNormOp,
  RunningMomentsOp,
} from '../../plan/index.js';
import type { Elements } from './cell.js';
import {
  floatBatchMoments,
  floatBatchNorm,
  floatBatchNormGradient,
  floatBatchNormInputGradient,
  floatRunningMoments,
} from './float-batch-norm.js';
import type { Run } from './run.js';

/** Fraction bits of a normalised element, of gamma over the deviation, and of the share of a batch. */
const NORMAL_BITS = 16;
const RATE_BITS = 16;
/** A channel's shift is this number minus half the shift of its variance. */
const WHOLE_SHIFT = 44;

/** value / 2^bits to nearest, halves up. */
function shifted(value: bigint, bits: bigint): bigint {
  return bits <= 0n ? value << -bits : (value + (1n << (bits - 1n))) >> bits;
}

/** Writes mean, mantissa and shift of a channel. */
function setRegisters(
  registers: Elements,
  channels: number,
  c: number,
  mean: bigint,
  variance: bigint,
): void {
  const { mantissa, halfShift } = inverseRoot(variance);
  registers[c] = Number(mean);
  registers[channels + c] = mantissa;
  registers[2 * channels + c] = WHOLE_SHIFT - halfShift;
}

/** The normalised elements of an op's input, 16 fraction bits, saturated to 32 bits. */
class Normalised {
  private readonly sum = new Wide();

  constructor(
    private readonly input: Elements,
    private readonly registers: Elements,
    private readonly channels: number,
    private readonly extraBits: number,
  ) {}

  at(index: number): number {
    const { sum, registers, channels } = this;
    const c = index % channels;
    const shift = registers[2 * channels + c]!;
    sum.clear();
    sum.addProduct(this.input[index]! * 2 ** this.extraBits - registers[c]!, registers[channels + c]!);
    sum.addShifted(1, shift - 1);
    sum.shiftRight(shift);
    sum.saturateTo(32);
    return sum.lo;
  }
}

/** Mean mu = S1 2^F / n and variance V = sum (x 2^F - mu)^2 / n of each channel; then both running statistics. */
export function batchMoments(op: BatchMomentsOp, run: Run): void {
  const { meanConvert, varianceConvert } = op;
  if (meanConvert === null) {
    floatBatchMoments(op, run);
    return;
  }
  const { channels, extraBits, width, rate } = op;
  const rows = run.rows(op.input) * op.rowsPerExample;
  const input = run.elements(op.input); // [rows, channels]
  const mean = run.elements(op.mean);
  const variance = run.elements(op.variance);
  const registers = run.elements(op.registers); // [3, channels]
  const meanCell = run.cell(meanConvert);
  const varianceCell = run.cell(varianceConvert);
  const squares = new Wide();
  for (let c = 0; c < channels; c += 1) {
    let sum = 0;
    for (let row = 0; row < rows; row += 1) sum += input[row * channels + c]!;
    const batchMean = roundedQuotient(BigInt(sum) << BigInt(extraBits), BigInt(rows));
    squares.clear();
    for (let row = 0; row < rows; row += 1) {
      const difference = input[row * channels + c]! * 2 ** extraBits - Number(batchMean);
      squares.addProduct(difference, difference);
    }
    const batchVariance = roundedQuotient(squares.toBigInt(), BigInt(rows));
    setRegisters(registers, channels, c, batchMean, batchVariance + BigInt(op.epsilon));

    meanCell.clear();
    meanCell.addProduct(mean[c]!, 2 ** RATE_BITS - rate, 0);
    meanCell.addProduct(Number(batchMean), rate, 32 - width);
    mean[c] = meanCell.finish(c);
    // Two halves, because a variance may have more than 32 bits.
    const high = Number(batchVariance >> 24n);
    const low = Number(batchVariance & 0xffffffn);
    const [up, upBatch] = [Math.max(0, 2 * width - 33), Math.max(0, 33 - 2 * width)];
    varianceCell.clear();
    varianceCell.addProduct(variance[c]!, 2 ** RATE_BITS - rate, up);
    varianceCell.addProduct(high, rate, upBatch + 24);
    varianceCell.addProduct(low, rate, upBatch);
    variance[c] = varianceCell.finish(c);
  }
}

/** The running mean and variance with the fraction bits of the registers. */
export function runningMoments(op: RunningMomentsOp, run: Run): void {
  if (run.isFloat) {
    floatRunningMoments(op, run);
    return;
  }
  const { channels, width } = op;
  const mean = run.elements(op.mean);
  const variance = run.elements(op.variance);
  const registers = run.elements(op.registers);
  for (let c = 0; c < channels; c += 1) {
    const spread = BigInt(Math.max(0, variance[c]!));
    setRegisters(
      registers,
      channels,
      c,
      shifted(BigInt(mean[c]!), BigInt(32 - width)),
      shifted(spread, BigInt(33 - 2 * width)) + BigInt(op.epsilon),
    );
  }
}

/** input, out [rows, C]: out = convert(gamma[c] * normalised(input) + beta[c]). */
export function batchNorm(op: BatchNormOp, run: Run): void {
  const { convert, channels, extraBits, shifts } = op;
  if (convert === null) {
    floatBatchNorm(op, run);
    return;
  }
  const out = run.elements(op.out);
  const gamma = run.elements(op.gamma);
  const beta = run.elements(op.beta);
  const normalised = new Normalised(run.elements(op.input), run.elements(op.registers), channels, extraBits);
  const cell = run.cell(convert);
  const length = run.length(op.out);
  for (let index = 0; index < length; index += 1) {
    const c = index % channels;
    cell.clear();
    cell.addProduct(gamma[c]!, normalised.at(index), shifts.gamma);
    cell.add(beta[c]!, shifts.beta);
    out[index] = cell.finish(index);
  }
}

/** Sums A of dOutput and B of dOutput * normalised; their means a = A / n and b = B / n; k = gamma over the deviation. */
export function batchNormGradient(op: BatchNormGradientOp, run: Run): void {
  const { gammaConvert, betaConvert, channels, extraBits, errorBits } = op;
  if (gammaConvert === null) {
    floatBatchNormGradient(op, run);
    return;
  }
  const rows = run.rows(op.dOutput) * op.rowsPerExample;
  const dOutput = run.elements(op.dOutput);
  const gamma = run.elements(op.gamma);
  const dGamma = run.elements(op.dGamma);
  const dBeta = run.elements(op.dBeta);
  const factors = run.elements(op.factors); // [3, channels]
  const registers = run.elements(op.registers);
  const normalised = new Normalised(run.elements(op.input), registers, channels, extraBits);
  const gammaCell = run.cell(gammaConvert);
  const betaCell = run.cell(betaConvert);
  const products = new Wide();
  const factor = new Wide();
  for (let c = 0; c < channels; c += 1) {
    let sum = 0;
    products.clear();
    gammaCell.clear();
    betaCell.clear();
    for (let row = 0; row < rows; row += 1) {
      const index = row * channels + c;
      const error = dOutput[index]!;
      const value = normalised.at(index);
      sum += error;
      products.addProduct(error, value);
      betaCell.add(error, 0);
      gammaCell.addProduct(error, value, 0);
    }
    dGamma[c] = gammaCell.finish(c);
    dBeta[c] = betaCell.finish(c);

    const count = BigInt(rows);
    factors[c] = Number(roundedQuotient(BigInt(sum) << BigInt(errorBits), count));
    const apart = count << BigInt(NORMAL_BITS - errorBits);
    factors[channels + c] = Number(roundedQuotient(products.toBigInt(), apart));
    const mantissa = BigInt(registers[channels + c]!);
    const shift = registers[2 * channels + c]! + op.factorShift;
    factor.setBigInt(shifted(BigInt(gamma[c]!) * mantissa, BigInt(shift)));
    factor.saturateTo(32);
    factors[2 * channels + c] = factor.lo;
  }
}

/** out = convert(u * k), u = dOutput 2^G - a - (b * normalised) / 2^16. */
export function batchNormInputGradient(op: BatchNormInputGradientOp, run: Run): void {
  const { convert, channels, extraBits, errorBits } = op;
  if (convert === null) {
    floatBatchNormInputGradient(op, run);
    return;
  }
  const out = run.elements(op.out);
  const dOutput = run.elements(op.dOutput);
  const factors = run.elements(op.factors);
  const normalised = new Normalised(run.elements(op.input), run.elements(op.registers), channels, extraBits);
  const cell = run.cell(convert);
  const slope = new Wide();
  const length = run.length(op.out);
  for (let index = 0; index < length; index += 1) {
    const c = index % channels;
    slope.clear();
    slope.addProduct(factors[channels + c]!, normalised.at(index));
    slope.addShifted(1, NORMAL_BITS - 1);
    slope.shiftRight(NORMAL_BITS);
    cell.clear();
    cell.addProduct(dOutput[index]! * 2 ** errorBits - factors[c]! - slope.lo, factors[2 * channels + c]!, 0);
    out[index] = cell.finish(index);
  }
}
