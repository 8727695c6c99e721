/** Records of batch normalisation. */
import type {
  BatchMomentsOp,
  BatchNormGradientOp,
  BatchNormInputGradientOp,
  BatchNormOp,
  RunningMomentsOp,
} from '../../../plan/index.js';
import * as layout from '../layout.generated.js';
import { tileBatchNorm } from '../tiling.js';
import type { RecordBuilder } from './record.js';

export function batchMoments(op: BatchMomentsOp, record: RecordBuilder): void {
  record.put(layout.KIND, layout.KIND_BATCH_MOMENTS);
  record.operand(layout.LHS, op.input);
  normalisation(op, record);
  moments(op, record);
  record.put(layout.SIZE, op.rowsPerExample);
  record.put(layout.NORM_RATE, op.rate);
  record.convert(layout.CONVERT, op.meanConvert);
  record.convert(layout.CONVERT_PARAMETER, op.varianceConvert);
  if (op.meanConvert === null) return;
  record.scratch(tileBatchNorm(op));
  record.addUpBy(layout.KIND_BATCH_MOMENTS_END);
}

export function runningMoments(op: RunningMomentsOp, record: RecordBuilder): void {
  record.put(layout.KIND, layout.KIND_RUNNING_MOMENTS);
  record.put(layout.LHS_TYPE, record.typeOf(op.mean));
  normalisation(op, record);
  moments(op, record);
}

export function batchNorm(op: BatchNormOp, record: RecordBuilder): void {
  record.put(layout.KIND, layout.KIND_BATCH_NORM);
  record.operand(layout.LHS, op.input);
  record.operand(layout.OUT, op.out);
  record.operand(layout.NORM_GAMMA, op.gamma);
  record.operand(layout.NORM_BETA, op.beta);
  normalisation(op, record);
  record.put(layout.SIZE, record.perExample(op.out) / op.channels);
  record.put(layout.NORM_SHIFT_GAMMA, op.shifts.gamma);
  record.put(layout.NORM_SHIFT_BETA, op.shifts.beta);
  record.convert(layout.CONVERT, op.convert);
}

export function batchNormGradient(op: BatchNormGradientOp, record: RecordBuilder): void {
  record.put(layout.KIND, layout.KIND_BATCH_NORM_GRADIENT);
  record.operand(layout.LHS, op.input);
  record.operand(layout.RHS, op.dOutput);
  record.operand(layout.OUT, op.dGamma);
  record.operand(layout.NORM_GAMMA, op.gamma);
  record.operand(layout.NORM_BETA, op.dBeta);
  normalisation(op, record);
  record.put(layout.NORM_FACTORS, record.address(op.factors));
  record.put(layout.SIZE, op.rowsPerExample);
  record.put(layout.NORM_ERROR_BITS, op.errorBits);
  record.put(layout.NORM_FACTOR_SHIFT, op.factorShift);
  record.convert(layout.CONVERT, op.gammaConvert);
  record.convert(layout.CONVERT_PARAMETER, op.betaConvert);
  if (op.gammaConvert === null) return;
  record.scratch(tileBatchNorm(op));
  record.addUpBy(layout.KIND_BATCH_NORM_GRADIENT_END);
}

export function batchNormInputGradient(op: BatchNormInputGradientOp, record: RecordBuilder): void {
  record.put(layout.KIND, layout.KIND_BATCH_NORM_INPUT_GRADIENT);
  record.operand(layout.LHS, op.input);
  record.operand(layout.RHS, op.dOutput);
  record.operand(layout.OUT, op.out);
  normalisation(op, record);
  record.put(layout.NORM_FACTORS, record.address(op.factors));
  record.put(layout.SIZE, record.perExample(op.out) / op.channels);
  record.put(layout.NORM_ERROR_BITS, op.errorBits);
  record.convert(layout.CONVERT, op.convert);
}

/** Fields that all five ops have. */
function normalisation(
  op: { registers: number; channels: number; extraBits: number },
  record: RecordBuilder,
): void {
  record.put(layout.NORM_REGISTERS, record.address(op.registers));
  record.put(layout.N, op.channels);
  record.put(layout.NORM_EXTRA_BITS, op.extraBits);
}

/** Running statistics and epsilon, of 64 bits. */
function moments(op: BatchMomentsOp | RunningMomentsOp, record: RecordBuilder): void {
  record.put(layout.NORM_MEAN, record.address(op.mean));
  record.put(layout.NORM_VARIANCE, record.address(op.variance));
  record.put(layout.NORM_WIDTH, op.width);
  const words =
    record.plan.arithmetic === 'fixed'
      ? new Int32Array(BigInt64Array.of(BigInt(op.epsilon)).buffer)
      : new Int32Array(Float64Array.of(op.epsilon * 2 ** -40).buffer);
  record.put(layout.NORM_EPSILON, words[0]!);
  record.put(layout.NORM_EPSILON_HIGH, words[1]!);
}
