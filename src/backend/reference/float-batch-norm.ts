/**
 * Batch normalisation of the float32 baseline: sums in doubles, row by row; stored values are rounded to
 * float32.
 */
import type {
  BatchMomentsOp,
  BatchNormGradientOp,
  BatchNormInputGradientOp,
  BatchNormOp,
  RunningMomentsOp,
} from '../../plan/index.js';
import type { Run } from './run.js';

const EPSILON_UNIT = 2 ** -40;
const RATE_UNIT = 2 ** -16;

/** registers [2, C]: mean and inverse deviation. Both running statistics move towards those of the batch. */
export function floatBatchMoments(op: BatchMomentsOp, run: Run): void {
  const { channels } = op;
  const rows = run.rows(op.input) * op.rowsPerExample;
  const input = run.elements(op.input); // [rows, channels]
  const mean = run.elements(op.mean);
  const variance = run.elements(op.variance);
  const registers = run.elements(op.registers);
  const rate = op.rate * RATE_UNIT;
  for (let c = 0; c < channels; c += 1) {
    let sum = 0;
    for (let row = 0; row < rows; row += 1) sum += input[row * channels + c]!;
    const batchMean = sum / rows;
    let squares = 0;
    for (let row = 0; row < rows; row += 1) {
      const difference = input[row * channels + c]! - batchMean;
      squares += difference * difference;
    }
    const batchVariance = squares / rows;
    registers[c] = batchMean;
    registers[channels + c] = 1 / Math.sqrt(batchVariance + op.epsilon * EPSILON_UNIT);
    mean[c] = mean[c]! + rate * (batchMean - mean[c]!);
    variance[c] = variance[c]! + rate * (batchVariance - variance[c]!);
  }
}

export function floatRunningMoments(op: RunningMomentsOp, run: Run): void {
  const { channels } = op;
  const mean = run.elements(op.mean);
  const variance = run.elements(op.variance);
  const registers = run.elements(op.registers);
  for (let c = 0; c < channels; c += 1) {
    registers[c] = mean[c]!;
    registers[channels + c] = 1 / Math.sqrt(variance[c]! + op.epsilon * EPSILON_UNIT);
  }
}

export function floatBatchNorm(op: BatchNormOp, run: Run): void {
  const { channels } = op;
  const input = run.elements(op.input);
  const out = run.elements(op.out);
  const gamma = run.elements(op.gamma);
  const beta = run.elements(op.beta);
  const registers = run.elements(op.registers);
  const length = run.length(op.out);
  for (let index = 0; index < length; index += 1) {
    const c = index % channels;
    const normalised = (input[index]! - registers[c]!) * registers[channels + c]!;
    out[index] = gamma[c]! * normalised + beta[c]!;
  }
}

/** factors [3, C]: mean of dOutput, mean of dOutput * normalised, gamma over the deviation. */
export function floatBatchNormGradient(op: BatchNormGradientOp, run: Run): void {
  const { channels } = op;
  const rows = run.rows(op.dOutput) * op.rowsPerExample;
  const input = run.elements(op.input);
  const dOutput = run.elements(op.dOutput);
  const gamma = run.elements(op.gamma);
  const dGamma = run.elements(op.dGamma);
  const dBeta = run.elements(op.dBeta);
  const factors = run.elements(op.factors);
  const registers = run.elements(op.registers);
  for (let c = 0; c < channels; c += 1) {
    let errors = 0;
    let products = 0;
    for (let row = 0; row < rows; row += 1) {
      const index = row * channels + c;
      errors += dOutput[index]!;
      products += dOutput[index]! * ((input[index]! - registers[c]!) * registers[channels + c]!);
    }
    dGamma[c] = products;
    dBeta[c] = errors;
    factors[c] = errors / rows;
    factors[channels + c] = products / rows;
    factors[2 * channels + c] = gamma[c]! * registers[channels + c]!;
  }
}

export function floatBatchNormInputGradient(op: BatchNormInputGradientOp, run: Run): void {
  const { channels } = op;
  const input = run.elements(op.input);
  const dOutput = run.elements(op.dOutput);
  const out = run.elements(op.out);
  const factors = run.elements(op.factors);
  const registers = run.elements(op.registers);
  const length = run.length(op.out);
  for (let index = 0; index < length; index += 1) {
    const c = index % channels;
    const normalised = (input[index]! - registers[c]!) * registers[channels + c]!;
    const error = dOutput[index]! - factors[c]! - normalised * factors[channels + c]!;
    out[index] = error * factors[2 * channels + c]!;
  }
}
