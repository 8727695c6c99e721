/** What is exported: the network of a checkpoint in its present formats, the plan that evaluates it, and its tensors. */
import { UnsupportedError } from '../backend/index.js';
import type { DataSchema } from '../data/index.js';
import { networkFromJSON, type NetworkDefinition } from '../nn/index.js';
import { checkOptions, TEXT, wholeNumber, checkArgument, listOf, record } from '../numerics/arguments.js';
import { storageOf, type Format } from '../numerics/index.js';
import type { Plan, Tensor } from '../plan/index.js';
import { decodeCheckpoint, type CheckpointTensor } from '../train/index.js';

/** Raw integers. */
export type Integers = Int16Array | Int32Array;

/** A parameter, or a running statistic: raw integers, row-major. */
export interface ExportTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly format: Format;
  readonly data: Integers;
}

/** A network to be exported. */
export interface ExportSubject {
  readonly definition: NetworkDefinition;
  /** Its evaluation steps are what `fewbit eval` runs: `plan.batch` examples each. */
  readonly plan: Plan;
  /** Training steps done. */
  readonly step: number;
  /** What its data are: names of columns and classes, normaliser; absent for a checkpoint that does not have it. */
  readonly dataSchema?: DataSchema;
  /** Parameters in layer order, then running statistics; no updates. */
  readonly tensors: readonly ExportTensor[];
}

const SUBJECT = record('a network of openSubject', {
  definition: record('a network'),
  plan: record('a plan'),
  step: wholeNumber(),
  tensors: listOf(record('a tensor')),
});

/** @throws TypeError for what openSubject has not made. */
export function checkSubject(subject: ExportSubject): void {
  checkArgument('export: subject', subject, SUBJECT);
}

/** What a checkpoint leaves open. */
export interface SubjectOptions {
  /** Examples of an evaluation step where the checkpoint has none yet. */
  readonly batch: number;
  /** Rounding of activations instead of the network's own in an evaluation. */
  readonly rounding?: string;
}

/**
 * Opens the bytes of a checkpoint for export.
 * @throws (rejects with) RangeError for a damaged checkpoint, UnsupportedError for a network in float32.
 */
export async function openSubject(bytes: Uint8Array, options: SubjectOptions): Promise<ExportSubject> {
  checkOptions('export', options, { batch: wholeNumber(1), rounding: TEXT }, ['batch']);
  const { configuration, precision, batch, step, dataSchema, tensors } = await decodeCheckpoint(bytes);
  const { rounding } = options;
  const changed = rounding === undefined ? configuration : { ...configuration, inferenceRounding: rounding };
  const definition = networkFromJSON(changed).stages[precision?.stage ?? 0]!;
  if (definition.arithmetic === 'float32') {
    throw new UnsupportedError(
      `export: a network must be in fixed point to be exported as integers, got "${definition.name}" in float32; its checkpoint is a safetensors file of floats already`,
    );
  }
  const plan = definition.plan(batch ?? options.batch);
  return { definition, plan, step, ...(dataSchema && { dataSchema }), tensors: weights(plan, tensors) };
}

/** The format of a tensor of integers. @throws UnsupportedError for any other */
export function integerFormat({ name, format }: Pick<Tensor, 'name' | 'format'>): Format {
  if (format !== null && format !== 'float32') return format;
  throw new UnsupportedError(
    `export: tensor "${name}" must hold integers of a format; train the network in fixed point`,
  );
}

/** Parameters and running statistics of a plan, in its order. */
function weights(plan: Plan, tensors: ReadonlyMap<string, CheckpointTensor>): ExportTensor[] {
  return [...plan.parameters, ...plan.states].map((id) => {
    const tensor = plan.tensors[id]!;
    const { shape, data } = tensors.get(tensor.name)!;
    return { name: tensor.name, shape, format: integerFormat(tensor), data: integers(data) };
  });
}

function integers(data: CheckpointTensor['data']): Integers {
  if (!(data instanceof Float32Array)) return data;
  throw new UnsupportedError(
    'export: tensors must hold integers, got floats; train the network in fixed point',
  );
}

/** Room for raw integers of a format, in its storage. */
export function rawArray(format: Format, length: number): Integers {
  return storageOf(format) === 'int16' ? new Int16Array(length) : new Int32Array(length);
}
