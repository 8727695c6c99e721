/**
 * The contract between plans and whatever runs them. A backend opens a session; the session owns every tensor,
 * and only parameters, metrics and statistics cross the boundary. Asynchronous, so that a GPU fits behind it.
 * Every backend must give the same integers, and refuse the same arguments in the same words (checks.ts):
 * test/contract holds them to it.
 */
import { FewbitError, type Seed } from '../numerics/index.js';
import type { Plan } from '../plan/index.js';

/** Contents of a tensor in its storage. */
export type TensorData = Uint8Array | Int16Array | Int32Array | Float32Array;

/** Turns plans into sessions. */
export interface Backend {
  readonly name: string;
  /** Throws UnsupportedError, naming the op, for a plan that this backend cannot run exactly. */
  open(plan: Plan, options: SessionOptions): Promise<Session>;
  /** What a session of the plan takes, whether it fits or not; absent where a backend cannot tell beforehand. */
  memory?(plan: Plan, options: Pick<SessionOptions, 'threads'>): MemoryUse;
}

/** Memory of one session: all of it is taken when the session opens, nothing during steps. */
export interface MemoryUse {
  readonly threads: number;
  readonly totalBytes: number;
  /** Most that a session may take. */
  readonly limitBytes: number;
  /** What the total is made of: `arena` for the plan's tensors, and whatever else the backend needs. */
  readonly parts: Readonly<Record<string, number>>;
}

/** What a session needs beside its plan. */
export interface SessionOptions {
  /** 64-bit key of the random generator. */
  readonly seed: Seed;
  /** Number of threads; backends that have one thread ignore nothing: they throw above 1. Default: the backend's choice. */
  readonly threads?: number;
  /**
   * Milliseconds on a clock that never goes back. Training steps then run op by op and are measured: `Session.profile`
   * has the times. Changes no result.
   */
  readonly clock?: () => number;
}

/** One batch in the raw integers (or float32) of the plan's input tensor, or in pixels. */
export interface Batch {
  /** Number of examples, 1 to plan.batch. */
  readonly count: number;
  /** count * (elements of one example), row-major NHWC: in the input tensor's storage, or pixels of one byte each. */
  readonly inputs: TensorData;
  /** Inputs are pixels, and this is what each of the 256 becomes, in the input tensor's storage. */
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

/** What a step measured. */
export interface StepMetrics {
  readonly count: number;
  /** Sum of the examples' cross-entropy losses in nats: an integer times 2^-24, hence exact (float32: a float). */
  readonly lossSum: number;
  /** Rows whose first largest logit is the label. */
  readonly correct: number;
}

/** What an evaluation step measured and computed. */
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

/** Values of a pixel, which is one byte. */
export const PIXEL_VALUES = 256;

/** Training steps of which a session keeps the measurements. */
export const PROFILED_STEPS = 200;

/** What one op of a training step took. */
export interface OpProfile {
  /** When it began, on the session's clock. */
  readonly startMs: number;
  readonly timeMs: number;
  /** Products only: how they were summed, as names with weights (multiply-adds that went that way, in any unit). */
  readonly paths: Readonly<Record<string, number>>;
}

/** What one training step took. */
export interface StepProfile {
  /** The step's number and its examples. */
  readonly step: number;
  readonly count: number;
  readonly startMs: number;
  /** From the copy of the batch to the metrics, without the measurement of the limit. */
  readonly timeMs: number;
  /** One for each op of the plan's training program, in its order. */
  readonly ops: readonly OpProfile[];
  /**
   * Multiply-adds of a loop of nothing else, run on all threads right after the step: what products are held against.
   * Null where the backend has no such loop.
   */
  readonly limit: { readonly macs: number; readonly startMs: number; readonly timeMs: number } | null;
}

/** A plan at work: owns every tensor, runs whole steps, one call at a time. */
export interface Session {
  readonly plan: Plan;
  readonly threads: number;
  /** Training steps that take no more than some ten milliseconds: how often the event loop needs a turn. Absent: one. */
  readonly stepsPerTurn?: number;
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
  /**
   * The last training steps op by op, oldest first, PROFILED_STEPS at most; none without a clock. Absent where a backend
   * measures nothing.
   */
  profile?(): Promise<readonly StepProfile[]>;
  /** Frees memory and threads; further calls throw. */
  close(): Promise<void>;
}

/** A mode that a backend cannot run exactly. Nothing falls back silently. */
export class UnsupportedError extends FewbitError {
  override readonly name = 'UnsupportedError';
}
