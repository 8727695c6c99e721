/**
 * The refusals of every backend, in the same words: arguments that do not fit the plan, and a session without
 * room. The contract itself is contract.ts.
 */
import {
  checkOptions,
  FUNCTION,
  NUMBER,
  SEED,
  type OptionRules,
  checkArgument,
} from '../numerics/arguments.js';
import { formatText, InputError, InputTypeError, maxRaw, minRaw, type Storage } from '../numerics/index.js';
import type { Op, Plan, Tensor, TensorId } from '../plan/index.js';
import {
  PIXEL_VALUES,
  type Batch,
  type EvaluateStep,
  type MemoryUse,
  type SessionOptions,
  type TensorData,
  type TrainStep,
} from './contract.js';

const SESSION_OPTIONS: OptionRules<SessionOptions> = { seed: SEED, threads: NUMBER, clock: FUNCTION };

/** Checks the options of a session. @throws TypeError for an unknown name or a wrong kind. */
export function checkSessionOptions(options: SessionOptions): void {
  checkOptions('session', options, SESSION_OPTIONS);
}

/** `5 MB`, rounded up. */
function megabytes(bytes: number): string {
  return `${String(Math.ceil(bytes / 1e6))} MB`;
}

/**
 * Checks that there is room for a session of that size.
 * @throws RangeError with the figures if there is not.
 */
export function checkMemory(name: string, { threads, totalBytes, limitBytes, parts }: MemoryUse): void {
  if (totalBytes <= limitBytes) return;
  const made = Object.entries(parts).map(([part, bytes]) => `${part} ${megabytes(bytes)}`);
  throw new InputError(
    `${name}: a session must fit in ${megabytes(limitBytes)} of memory, got ${megabytes(totalBytes)} (${made.join(', ')}); use ${waysToSave(threads)}`,
  );
}

/** Advice to make a session smaller. */
export function waysToSave(threads: number): string {
  checkArgument('threads', threads, NUMBER);
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
 * Finds the tensors of a plan by name.
 * @throws (the function that it returns) RangeError if the plan has no tensor of that name.
 */
export function tensorFinder(plan: Plan): (name: string) => Tensor {
  const byName = new Map(plan.tensors.map((tensor) => [tensor.name, tensor]));
  return (name) => {
    const tensor = byName.get(name);
    if (!tensor) {
      throw new InputError(
        `session: plan "${plan.name}" has no tensor "${name}"; its parameters are ${plan.parameters.map((id) => plan.tensors[id]?.name).join(', ') || 'none'}`,
      );
    }
    return tensor;
  };
}

/**
 * Checks data that replaces a tensor's contents: storage, length, and raw integers within the format.
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
