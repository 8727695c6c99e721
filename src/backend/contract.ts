/**
 * The contract between plans and whatever runs them. A backend opens a session; the session owns every tensor,
 * and only parameters, metrics and statistics cross the boundary. Asynchronous, so that a GPU fits behind it.
 * Every backend must give the same integers, and refuse the same arguments in the same words (the checks at the
 * end): test/contract holds them to it.
 */
import {
  formatText,
  maxRaw,
  minRaw,
  type Seed,
  type Storage,
  FewbitError,
  InputError,
  InputTypeError,
} from '../numerics/index.js';
import type { Op, Plan, Tensor, TensorId } from '../plan/index.js';

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

/** `5 MB`, rounded up. */
function megabytes(bytes: number): string {
  return `${String(Math.ceil(bytes / 1e6))} MB`;
}

/**
 * Checks that a session of that size can be had. @throws RangeError with the figures where it cannot.
 */
export function checkMemory(name: string, { threads, totalBytes, limitBytes, parts }: MemoryUse): void {
  if (totalBytes <= limitBytes) return;
  const made = Object.entries(parts).map(([part, bytes]) => `${part} ${megabytes(bytes)}`);
  throw new InputError(
    `${name}: a session must fit in ${megabytes(limitBytes)} of memory, got ${megabytes(totalBytes)} (${made.join(', ')}); use ${waysToSave(threads)}`,
  );
}

/** What makes a session smaller. */
export function waysToSave(threads: number): string {
  return `a smaller batch or network${threads > 1 ? ', or fewer threads' : ''}`;
}

/** Storage kind of a typed array. */
export function storageOfData(data: TensorData): Storage {
  if (data instanceof Uint8Array) return 'uint8';
  if (data instanceof Int16Array) return 'int16';
  return data instanceof Int32Array ? 'int32' : 'float32';
}

/** Elements of one example of a batched tensor. */
function exampleElements(tensor: Tensor): number {
  return tensor.shape.slice(1).reduce((product, size) => product * size, 1);
}

/**
 * The tensor of that name.
 * @throws RangeError where the plan has none.
 */
export function findTensor(plan: Plan, name: string): Tensor {
  const tensor = plan.tensors.find((known) => known.name === name);
  if (!tensor) {
    throw new InputError(
      `session: plan "${plan.name}" has no tensor "${name}"; its parameters are ${plan.parameters.map((id) => plan.tensors[id]?.name).join(', ') || 'none'}`,
    );
  }
  return tensor;
}

/**
 * Checks data that is to replace a tensor's contents: storage, length, and raw integers inside the format.
 * @throws TypeError for another storage, RangeError for another length or a value outside the format.
 */
export function checkContents(tensor: Tensor, data: TensorData): void {
  const storage = storageOfData(data);
  if (storage !== tensor.storage) {
    throw new InputTypeError(`write: tensor "${tensor.name}" is stored as ${tensor.storage}, got ${storage}`);
  }
  const length = tensor.shape.reduce((product, size) => product * size, 1);
  if (data.length !== length) {
    throw new InputError(
      `write: tensor "${tensor.name}" has ${String(length)} elements, got ${String(data.length)}`,
    );
  }
  if (tensor.format === null || tensor.format === 'float32') return;
  const low = minRaw(tensor.format);
  const high = maxRaw(tensor.format);
  const outside = data.findIndex((raw) => raw < low || raw > high);
  if (outside >= 0) {
    throw new InputError(
      `write: tensor "${tensor.name}" holds raw integers of ${formatText(tensor.format)}, ${String(low)} to ${String(high)}, got ${String(data[outside])} at element ${String(outside)}`,
    );
  }
}

/** Number of classes that a program's labels may name; null without a loss. */
function classesOf(ops: readonly Op[]): number | null {
  for (const op of ops) if (op.kind === 'softmaxCrossEntropy') return op.classes;
  return null;
}

function checkStorage(who: string, tensor: Tensor, { inputs, pixelTable }: Batch): void {
  if (pixelTable === undefined) {
    if (storageOfData(inputs) === tensor.storage) return;
    throw new InputTypeError(
      `${who}: inputs must be stored as ${tensor.storage} like tensor "${tensor.name}", got ${storageOfData(inputs)}; quantise them to its format`,
    );
  }
  if (storageOfData(inputs) !== 'uint8') {
    throw new InputTypeError(
      `${who}: inputs with a pixel table must be stored as uint8, got ${storageOfData(inputs)}; leave out the table`,
    );
  }
  const storage = storageOfData(pixelTable);
  if (storage !== tensor.storage || pixelTable.length !== PIXEL_VALUES) {
    throw new InputTypeError(
      `${who}: the pixel table must have ${String(PIXEL_VALUES)} elements stored as ${tensor.storage} like tensor "${tensor.name}", got ${String(pixelTable.length)} stored as ${storage}; quantise every pixel to its format`,
    );
  }
}

function checkBatch(who: string, plan: Plan, ops: readonly Op[], input: TensorId | null, batch: Batch): void {
  const { count, inputs, labels } = batch;
  if (!Number.isInteger(count) || count < 1 || count > plan.batch) {
    throw new InputError(
      `${who}: count must be an integer from 1 to ${String(plan.batch)}, the plan's batch, got ${String(count)}; plan a larger batch`,
    );
  }
  const tensor = input === null ? undefined : plan.tensors[input];
  if (tensor) checkStorage(who, tensor, batch);
  const length = tensor ? count * exampleElements(tensor) : 0;
  if (inputs.length !== length) {
    throw new InputError(
      `${who}: inputs of ${String(count)} examples must have ${String(length)} elements, got ${String(inputs.length)}`,
    );
  }
  const wanted = plan.labels === null ? 0 : count;
  if (labels.length !== wanted) {
    throw new InputError(`${who}: there must be ${String(wanted)} labels, got ${String(labels.length)}`);
  }
  const classes = classesOf(ops);
  if (classes === null) return;
  for (let example = 0; example < labels.length; example++) {
    const label = labels[example]!;
    if (label >= 0 && label < classes) continue;
    throw new InputError(
      `${who}: a label must be a class from 0 to ${String(classes - 1)}, got ${String(label)} for example ${String(example)}`,
    );
  }
}

function checkStepNumber(who: string, step: number): void {
  if (!Number.isSafeInteger(step) || step < 0) {
    throw new InputError(`${who}: step must be a non-negative safe integer, got ${String(step)}`);
  }
}

/** 1 with 30 fraction bits. */
const ONE = 1073741824;

function checkCoefficient(plan: Plan, what: string, value: number, largest: number): void {
  if (plan.arithmetic === 'float32') {
    if (Number.isFinite(value)) return;
    throw new InputError(`train: ${what} must be a finite number, got ${String(value)}`);
  }
  if (Number.isInteger(value) && value >= 0 && value <= largest) return;
  throw new InputError(
    `train: ${what} must be an integer from 0 to ${String(largest)} (30 fraction bits), got ${String(value)}; choose a smaller learning rate`,
  );
}

/**
 * Checks one training step against the plan.
 * @throws TypeError for a wrong storage, RangeError for a wrong length, count, label, step or coefficient.
 */
export function checkTrainStep(plan: Plan, step: TrainStep): void {
  checkBatch('train', plan, plan.train, plan.trainInput, step);
  checkStepNumber('train', step.step);
  if (step.coefficients.length !== plan.groups) {
    throw new InputError(
      `train: the plan has ${String(plan.groups)} coefficient groups, got ${String(step.coefficients.length)}`,
    );
  }
  for (const { momentum, rate, decay } of step.coefficients) {
    checkCoefficient(plan, 'momentum', momentum, ONE);
    checkCoefficient(plan, 'rate', rate, 2147483647);
    checkCoefficient(plan, 'decay', decay, ONE);
  }
}

/**
 * Checks one evaluation step against the plan.
 * @throws TypeError for a wrong storage, RangeError for a wrong length, count, label or step.
 */
export function checkEvaluateStep(plan: Plan, step: EvaluateStep): void {
  checkBatch('evaluate', plan, plan.evaluate, plan.evaluateInput, step);
  checkStepNumber('evaluate', step.step);
}
