/**
 * The train room: networks that train, listeners, evaluation, early stopping, checkpoints. Browser-safe: it
 * uses no files, no clock and no console. Callers pass clocks and output functions in. Derived in
 * docs/training.md.
 *
 * @module fewbit/train
 */
export { Network, type LoadOptions, type NetworkOptions, type ParameterData } from './network.js';
export { BatchEncoder, checkData } from './batch.js';
export type { FitOptions } from './fit.js';
export type { TrainingWarning, WarningKind } from './warnings.js';
export type {
  EpochSummary,
  FitResult,
  FitStart,
  Iteration,
  PrecisionChange,
  TrainingListener,
  TrainingModel,
} from './listener.js';
export type { PrecisionReason, PrecisionState } from './precision.js';
export type { PeriodOptions, StepPeriodOptions } from './period.js';
export { ScoreIterationListener, type ScoreIterationOptions } from './listeners/score-iteration.js';
export {
  PerformanceListener,
  performanceLine,
  type Performance,
  type PerformanceOptions,
} from './listeners/performance.js';
export { EvaluativeListener, type EvaluativeOptions } from './listeners/evaluative.js';
export { CheckpointListener, type CheckpointOptions } from './listeners/checkpoint.js';
export { CollectScoresListener, type CollectedScore } from './listeners/collect-scores.js';
export {
  TensorStatisticsListener,
  type StatisticsRecord,
  type TensorStatisticsOptions,
} from './listeners/tensor-statistics.js';
export {
  pathText,
  profileTable,
  type ProfileRow,
  type ProfileTable,
  type TrainingProfile,
} from './profile.js';
export { profileTrace, type Trace, type TraceEvent } from './profile-trace.js';
export { MemoryCheckpointStore, type CheckpointStore } from './checkpoint-store.js';
export {
  accuracyScore,
  EarlyStoppingTrainer,
  errorScore,
  evaluationScore,
  lossScore,
  type EarlyStoppingConfiguration,
  type EarlyStoppingResult,
  type ScoreCalculator,
  type ScoreDirection,
  type ScoreFunction,
  type ScoreName,
  type TerminationReason,
} from './early-stopping.js';
export { Evaluation, type EvaluationOptions } from './evaluation.js';
export type { Averaging, EvaluationJson } from './evaluation-table.js';
export {
  checkpointChecksum,
  checkSameNetwork,
  decodeCheckpoint,
  encodeCheckpoint,
  readCheckpointHeader,
  type Checkpoint,
  type CheckpointHeader,
  type CheckpointTensor,
} from './checkpoint.js';
export { parseDataSchema } from './data-schema.js';
export {
  decodeSafetensors,
  encodeSafetensors,
  type Safetensors,
  type SafetensorsTensor,
} from './safetensors.js';
