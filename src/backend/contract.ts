/**
 * The contract between plans and whatever runs them. A backend opens a session; the session owns every tensor,
 * and only parameters, metrics and statistics cross the boundary. Asynchronous, so that a GPU fits behind it.
 * Every backend must give the same integers: test/contract holds them to it.
 */
import type { Seed } from '../numerics/index.js';
import type { Plan } from '../plan/index.js';

export type TensorData = Uint8Array | Int16Array | Int32Array | Float32Array;

export interface Backend {
  readonly name: string;
  /** Throws UnsupportedError, naming the op, for a plan that this backend cannot run exactly. */
  open(plan: Plan, options: SessionOptions): Promise<Session>;
}

export interface SessionOptions {
  /** 64-bit key of the random generator. */
  readonly seed: Seed;
  /** Number of threads; backends that have one thread ignore nothing: they throw above 1. Default: the backend's choice. */
  readonly threads?: number;
}

/** One batch in the raw integers (or float32) of the plan's input tensor. */
export interface Batch {
  /** Number of examples, 1 to plan.batch. */
  readonly count: number;
  /** count * (elements of one example), row-major NHWC, in the input tensor's storage. */
  readonly inputs: TensorData;
  /** count class indices. */
  readonly labels: Int32Array;
}

/** Optimiser coefficients: integers with 30 fraction bits, each in [0, 2^31); the values themselves in float32. */
export interface Coefficients {
  readonly momentum: number;
  /** lr * 2^plan.gradientShift / count. */
  readonly rate: number;
  /** lr * weightDecay. */
  readonly decay: number;
}

export interface TrainStep extends Batch {
  /** 0-based training step: the generator's step word. */
  readonly step: number;
  /** One entry per group of the plan. */
  readonly coefficients: readonly Coefficients[];
}

export interface EvaluateStep extends Batch {
  /** 0-based number of the batch within the evaluation: the generator's step word at inference sites. */
  readonly step: number;
}

export interface StepMetrics {
  readonly count: number;
  /** Sum of the examples' cross-entropy losses in nats: an integer times 2^-24, hence exact (float32: a float). */
  readonly lossSum: number;
  /** Rows whose first largest logit is the label. */
  readonly correct: number;
}

export interface EvaluateResult extends StepMetrics {
  /** Raw logits [count, classes]. */
  readonly logits: TensorData;
  /** Probabilities [count, classes], 30 fraction bits (float32: values). */
  readonly probabilities: TensorData;
}

/** What one rounding site counted since the statistics were last read. All integers. */
export interface SiteStatistics {
  readonly site: string;
  readonly elements: number;
  readonly saturatedHigh: number;
  readonly saturatedLow: number;
  /** Non-zero in, zero out. */
  readonly flushed: number;
  /** Largest |raw| written. */
  readonly maxMagnitude: number;
  /** Parameters only: exact update not zero, parameter unchanged. 0 elsewhere. */
  readonly swallowed: number;
}

export interface Session {
  readonly plan: Plan;
  readonly threads: number;
  /** Replaces a tensor's contents; `data` must have its storage and length. */
  write(tensor: string, data: TensorData): Promise<void>;
  /** A copy of a tensor in logical order. Only persistent tensors are sure to hold their value after a step. */
  read(tensor: string): Promise<TensorData>;
  /** Runs training steps in order. */
  train(steps: readonly TrainStep[]): Promise<StepMetrics[]>;
  /** Runs evaluation steps in order. */
  evaluate(steps: readonly EvaluateStep[]): Promise<EvaluateResult[]>;
  /** Counters of every site of the plan, in its order, since the last call; empty in float32. */
  statistics(): Promise<SiteStatistics[]>;
  /** Frees memory and threads; further calls throw. */
  close(): Promise<void>;
}

/** A mode that a backend cannot run exactly. Nothing falls back silently. */
export class UnsupportedError extends Error {
  override readonly name = 'UnsupportedError';
}
