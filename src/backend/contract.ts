/**
 * The contract between plans and whatever runs them. A backend opens a session; the session owns every
 * tensor, and only parameters, metrics and statistics cross the boundary. It is asynchronous, so that a GPU
 * can implement it. Every backend must give the same integers, and refuse the same arguments in the same
 * words (checks.ts): test/contract holds them to it.
 */
import { FewbitError, type Seed } from '../numerics/index.js';
import type { Plan } from '../plan/index.js';

/** Contents of a tensor in its storage. */
export type TensorData = Uint8Array | Int16Array | Int32Array | Float32Array;

/** A backend, which turns plans into sessions. */
export interface Backend {
  readonly name: string;
  /** Throws UnsupportedError, naming the op, for a plan that this backend cannot run exactly. */
  open(plan: Plan, options: SessionOptions): Promise<Session>;
  /**
   * The memory of a session of the plan, whether it fits or not; absent if a backend cannot know it
   * beforehand.
   */
  memory?(plan: Plan, options: Pick<SessionOptions, 'threads'>): MemoryUse;
}

/** Memory of one session. All of it is allocated when the session opens, none during steps. */
export interface MemoryUse {
  readonly threads: number;
  readonly totalBytes: number;
  /** The limit of a session. */
  readonly limitBytes: number;
  /** The parts of the total: `arena` for the plan's tensors, and everything else that the backend needs. */
  readonly parts: Readonly<Record<string, number>>;
}

/** Options of a session besides its plan. */
export interface SessionOptions {
  /** 64-bit key of the random generator. */
  readonly seed: Seed;
  /**
   * Number of threads. A single-threaded backend throws if it is greater than 1. Default: the backend's
   * choice.
   */
  readonly threads?: number;
  /**
   * A clock in milliseconds that never goes back. If present, training steps run op by op and are measured;
   * `Session.profile` has the times. It changes no result.
   */
  readonly clock?: () => number;
}

/** One batch in the raw integers (or float32) of the plan's input tensor, or in pixels. */
export interface Batch {
  /** Number of examples, 1 to plan.batch. */
  readonly count: number;
  /** count * (elements of one example), row-major NHWC: in the input tensor's storage, or pixels of one byte each. */
  readonly inputs: TensorData;
  /** If inputs are pixels: the value of each of the 256, in the input tensor's storage. */
  readonly pixelTable?: TensorData | undefined;
  /** count class indices. */
  readonly labels: Int32Array;
}

/** Optimiser coefficients: integers with 30 fraction bits (the plan proves its sums for these ranges); the values themselves in float32. */
export interface Coefficients {
  /** 0 to 2^30. */
  readonly momentum: number;
  /** lr * 2^plan.gradientShift / plan.batch, 0 to 2^31 - 1. */
  readonly rate: number;
  /** lr * weightDecay, 0 to 2^30. */
  readonly decay: number;
}

/** One training step: a batch, its number and the optimiser's coefficients. */
export interface TrainStep extends Batch {
  /** 0-based training step: the generator's step word. */
  readonly step: number;
  /** One entry per group of the plan. */
  readonly coefficients: readonly Coefficients[];
}

/** One batch of an evaluation. */
export interface EvaluateStep extends Batch {
  /** 0-based number of the batch within the evaluation: the generator's step word at inference sites. */
  readonly step: number;
}

/** The metrics of a step. */
export interface StepMetrics {
  readonly count: number;
  /** Sum of the examples' cross-entropy losses in nats: an integer times 2^-24, hence exact (float32: a float). */
  readonly lossSum: number;
  /** Number of rows whose first largest logit is the label. */
  readonly correct: number;
}

/** The metrics and results of an evaluation step. */
export interface EvaluateResult extends StepMetrics {
  /** Raw logits [count, classes]. */
  readonly logits: TensorData;
  /** Probabilities [count, classes], 30 fraction bits (float32: values). */
  readonly probabilities: TensorData;
}

/** The counters of one rounding site since the last reading. All are integers. */
export interface SiteStatistics {
  readonly site: string;
  readonly elements: number;
  readonly saturatedHigh: number;
  readonly saturatedLow: number;
  /** Non-zero values that became zero. */
  readonly flushed: number;
  /** Largest |raw| written. */
  readonly maxMagnitude: number;
  /** For parameters, non-zero exact updates that left the parameter unchanged. 0 elsewhere. */
  readonly swallowed: number;
  /** For parameters, elements whose gradient, as it was stored, was not zero. 0 elsewhere. */
  readonly gradients: number;
  /** For parameters, those of `swallowed` whose gradient was not zero: momentum and decay move without one. 0 elsewhere. */
  readonly swallowedGradients: number;
}

/** Values of a pixel, which is one byte. */
export const PIXEL_VALUES = 256;

/** Number of training steps whose measurements a session keeps. */
export const PROFILED_STEPS = 200;

/** The measurement of one op of a training step. */
export interface OpProfile {
  /** Its start on the session's clock. */
  readonly startMs: number;
  readonly timeMs: number;
  /**
   * For products, the paths that summed them, as names with weights (multiply-adds of each path, in any
   * unit).
   */
  readonly paths: Readonly<Record<string, number>>;
}

/** The measurement of one training step. */
export interface StepProfile {
  /** The number of the step, and its examples. */
  readonly step: number;
  readonly count: number;
  readonly startMs: number;
  /** The time from the copy of the batch to the metrics, without the measurement of the limit. */
  readonly timeMs: number;
  /** One entry for each op of the plan's training program, in its order. */
  readonly ops: readonly OpProfile[];
  /**
   * Multiply-adds of a loop of nothing else, run on all threads right after the step, as the limit for
   * products. Null if the backend has no such loop.
   */
  readonly limit: { readonly macs: number; readonly startMs: number; readonly timeMs: number } | null;
}

/** A plan in execution. It owns every tensor and runs whole steps, one call at a time. */
export interface Session {
  readonly plan: Plan;
  readonly threads: number;
  /**
   * Number of training steps to run before yielding to the event loop, about ten milliseconds of work.
   * Default: 1.
   */
  readonly stepsPerTurn?: number;
  /** Replaces a tensor's contents; `data` must have its storage and length. */
  write(tensor: string, data: TensorData): Promise<void>;
  /** A copy of a tensor in logical order. Only persistent tensors keep their values after a step. */
  read(tensor: string): Promise<TensorData>;
  /** Runs training steps in order. */
  train(steps: readonly TrainStep[]): Promise<StepMetrics[]>;
  /** Runs evaluation steps in order. */
  evaluate(steps: readonly EvaluateStep[]): Promise<EvaluateResult[]>;
  /** Counters of every site of the plan, in its order, since the last call; empty in float32. */
  statistics(): Promise<SiteStatistics[]>;
  /**
   * The last training steps op by op, oldest first, at most PROFILED_STEPS; none without a clock. Absent if a
   * backend measures nothing.
   */
  profile?(): Promise<readonly StepProfile[]>;
  /** Frees memory and threads; further calls throw. */
  close(): Promise<void>;
}

/** A mode that a backend cannot run exactly. Nothing falls back silently. */
export class UnsupportedError extends FewbitError {
  override readonly name = 'UnsupportedError';
}
