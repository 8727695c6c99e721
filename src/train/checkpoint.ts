/**
 * A checkpoint: everything that training needs to continue bit for bit, as one safetensors file. It holds raw
 * integers of parameters and updates, formats and counters in the metadata, and a SHA-256 over the whole
 * file. This file handles bytes only; files and atomic writes are elsewhere. Layout and guarantees:
 * docs/training.md, "Checkpoints".
 */
import {
  BYTES,
  checkArgument,
  either,
  instanceRule,
  NULL,
  record,
  shown,
  wholeNumber,
  optional,
  TEXT,
} from '../numerics/arguments.js';
import type { DataSchema, IteratorPosition } from '../data/index.js';
import {
  formatText,
  maxRaw,
  minRaw,
  parseFormat,
  sameFormat,
  storageOf,
  type NumberFormat,
  InputError,
  InputTypeError,
  parseJson,
  shownText,
} from '../numerics/index.js';
import { networkFromJSON, type NetworkConfiguration, type NetworkDefinition } from '../nn/index.js';
import type { Tensor } from '../plan/index.js';
import type { PrecisionState } from './precision.js';
import { sha256 } from './bytes.js';
import { dataSchemaFor } from './data-schema.js';
import {
  decodeSafetensors,
  encodeSafetensors,
  safetensorsMetadata,
  type SafetensorsTensor,
} from './safetensors.js';

/** A tensor of a checkpoint: raw integers and their format. */
export interface CheckpointTensor extends SafetensorsTensor {
  readonly format: NumberFormat;
}

/** The contents of a checkpoint. */
export interface Checkpoint {
  readonly configuration: NetworkConfiguration;
  /** Training steps completed. */
  readonly step: number;
  /** Epochs completed. */
  readonly epoch: number;
  /** Position of the training iterator; null if there is nothing to continue from. */
  readonly iteratorPosition: IteratorPosition | null;
  /** Examples per step of the plan in use; null before the first step or evaluation. */
  readonly batch: number | null;
  /** Position in the precision schedule; null for a network without one. */
  readonly precision: PrecisionState | null;
  /** What the training data are; absent if it is not known, or the checkpoint is of an earlier version. */
  readonly dataSchema?: DataSchema;
  /** Parameters and updates by name, in the order of the plan: all parameters, then all updates. */
  readonly tensors: ReadonlyMap<string, CheckpointTensor>;
  /** What the saver records of its run, as text that only the saver reads. */
  readonly run?: string;
}

/** The part of a checkpoint that is known without its tensors. */
export interface CheckpointHeader extends Pick<Checkpoint, 'step' | 'epoch' | 'batch'> {
  /** What the saver recorded of its run; null if that is nothing. */
  readonly run: string | null;
}

const COUNT_OR_NULL = either(wholeNumber(), NULL);
const POSITION = record('{ epoch, cursor }', { epoch: wholeNumber(), cursor: wholeNumber() });
const CHECKPOINT = record('the contents of a checkpoint', {
  configuration: record('a network configuration'),
  step: wholeNumber(),
  epoch: wholeNumber(),
  iteratorPosition: either(POSITION, NULL),
  batch: COUNT_OR_NULL,
  precision: either(record('a precision', { stage: wholeNumber() }), NULL),
  tensors: instanceRule('a Map of tensors', Map),
  run: optional(TEXT),
});
const KIND = 'fewbit-checkpoint';
const VERSION = '1';
/** A file begins with its length and this; the digits of the checksum follow. */
const FRONT = new TextEncoder().encode('{"__metadata__":{"sha256":"');
const CHECKSUM_AT = 8 + FRONT.length;
const CHECKSUM_LENGTH = 64;
const NO_CHECKSUM = '0'.repeat(CHECKSUM_LENGTH);

/** The tensors of a network that a checkpoint holds: its parameters, then their updates, then running statistics. */
export function stateTensors(definition: NetworkDefinition): Tensor[] {
  const plan = definition.plan(1);
  return [...plan.parameters, ...plan.updates, ...plan.states].map((id) => plan.tensors[id]!);
}

/** One file. Equal checkpoints give equal bytes. */
export async function encodeCheckpoint(checkpoint: Checkpoint): Promise<Uint8Array> {
  checkArgument('checkpoint', checkpoint, CHECKPOINT);
  const { configuration, step, epoch, iteratorPosition, batch, precision, dataSchema, tensors, run } =
    checkpoint;
  plain(configuration);
  for (const [name, tensor] of tensors) {
    checkArgument(`checkpoint: tensor "${name}"`, tensor, record('a tensor'));
  }
  const bytes = encodeSafetensors({
    metadata: {
      sha256: NO_CHECKSUM,
      kind: KIND,
      version: VERSION,
      network: JSON.stringify(configuration),
      seed: String(configuration.seed),
      step: String(step),
      epoch: String(epoch),
      iterator: JSON.stringify(iteratorPosition),
      batch: JSON.stringify(batch),
      ...(precision && { precision: JSON.stringify(precision) }),
      ...(dataSchema && { data: JSON.stringify(dataSchema) }),
      ...(run !== undefined && { run }),
      formats: JSON.stringify(
        Object.fromEntries([...tensors].map(([name, { format }]) => [name, formatText(format)])),
      ),
    },
    tensors,
  });
  bytes.set(new TextEncoder().encode(await sha256(bytes)), CHECKSUM_AT);
  return bytes;
}

/**
 * Reads a checkpoint strictly.
 * @throws RangeError if the file is truncated, corrupted, of another kind or version, or does not fit the
 * network it names.
 */
export async function decodeCheckpoint(bytes: Uint8Array): Promise<Checkpoint> {
  const { metadata, tensors } = decodeSafetensors(bytes);
  const field = fieldsOf(metadata);
  checkKind(metadata);
  await verifyChecksum(bytes);
  const definition = networkFromJSON(parsed('network', field('network')));
  const { configuration, stages } = definition;
  if (field('seed') !== String(configuration.seed)) {
    throw new InputError(
      `checkpoint: seed must be the network's, ${configuration.seed}, got ${field('seed')}; the file was edited`,
    );
  }
  const precision =
    stages.length > 1 ? precisionOf(parsed('precision', field('precision')), stages.length) : null;
  const { data } = metadata;
  const stage = stages[precision?.stage ?? 0]!;
  return {
    configuration,
    step: counter('step', Number(field('step'))),
    epoch: counter('epoch', Number(field('epoch'))),
    iteratorPosition: position(parsed('iterator', field('iterator'))),
    batch: batchOf(parsed('batch', field('batch'))),
    precision,
    ...(data !== undefined && {
      dataSchema: dataSchemaFor(parsed('data', data), 'checkpoint: "data" in the metadata', definition),
    }),
    tensors: checkTensors(stateTensors(stage), tensors, parsed('formats', field('formats'))),
    ...(metadata['run'] !== undefined && { run: metadata['run'] }),
  };
}

/**
 * Reads what a checkpoint's header holds; the checksum, the tensors and the network are not checked.
 * @param bytes the file, or its beginning up to the end of the header
 * @throws RangeError if the header is damaged, or is of another kind or version.
 */
export function readCheckpointHeader(bytes: Uint8Array): CheckpointHeader {
  const metadata = safetensorsMetadata(bytes);
  checkKind(metadata);
  const field = fieldsOf(metadata);
  return {
    step: counter('step', Number(field('step'))),
    epoch: counter('epoch', Number(field('epoch'))),
    batch: batchOf(parsed('batch', field('batch'))),
    run: metadata['run'] ?? null,
  };
}

function fieldsOf(metadata: Readonly<Record<string, string>>): (name: string) => string {
  return (name) => {
    const text = metadata[name];
    if (text === undefined) throw new InputError(`checkpoint: the metadata must have "${name}", got none`);
    return text;
  };
}

function checkKind(metadata: Readonly<Record<string, string>>): void {
  if (metadata['kind'] !== KIND) {
    throw new InputError('checkpoint: the file is safetensors but not a checkpoint of Fewbit');
  }
  const version = fieldsOf(metadata)('version');
  if (version !== VERSION) {
    throw new InputError(
      `checkpoint: version must be ${VERSION}, got ${version}; read it with the release that wrote it`,
    );
  }
}

/**
 * The checksum that a checkpoint records, and the bytes whose SHA-256 it must be.
 * @throws RangeError if the checksum is not in its place.
 */
export function checkpointChecksum(bytes: Uint8Array): {
  readonly recorded: string;
  readonly parts: readonly Uint8Array[];
} {
  checkArgument('checkpoint: file', bytes, BYTES);
  const end = CHECKSUM_AT + CHECKSUM_LENGTH;
  const recorded = new TextDecoder().decode(bytes.subarray(CHECKSUM_AT, end));
  if (!FRONT.every((byte, i) => bytes[8 + i] === byte) || !/^[0-9a-f]{64}$/.test(recorded)) {
    throw new InputError(
      'checkpoint: the checksum must come first in the file; the file was written by another tool',
    );
  }
  const blank = new TextEncoder().encode(NO_CHECKSUM);
  return { recorded, parts: [bytes.subarray(0, CHECKSUM_AT), blank, bytes.subarray(end)] };
}

async function verifyChecksum(bytes: Uint8Array): Promise<void> {
  const { recorded, parts } = checkpointChecksum(bytes);
  const actual = await sha256(...parts);
  if (actual !== recorded) {
    throw new InputError(
      `checkpoint: SHA-256 of the file must be ${recorded}, got ${actual}; the file is corrupted, use an older checkpoint`,
    );
  }
}

function parsed(name: string, text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    throw new InputError(`checkpoint: "${name}" in the metadata is not JSON, got ${shownText(text)}`);
  }
}

function isCounter(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function counter(name: string, value: unknown): number {
  if (isCounter(value)) return value;
  throw new InputError(`checkpoint: ${name} must be a whole number, got ${shownText(value)}`);
}

function batchOf(value: unknown): number | null {
  return value === null ? null : counter('batch', value);
}

function position(value: unknown): IteratorPosition | null {
  if (value === null) return null;
  if (typeof value === 'object' && 'epoch' in value && 'cursor' in value) {
    return {
      epoch: counter('iterator.epoch', value.epoch),
      cursor: counter('iterator.cursor', value.cursor),
    };
  }
  throw new InputError(`checkpoint: iterator must be { epoch, cursor } or null, got ${shownText(value)}`);
}

function precisionOf(value: unknown, stages: number): PrecisionState {
  const { stage, examples, correct, bestErrorPercent, stalledEpochs } = isObject(value) ? value : {};
  const counted = [stage, examples, correct, stalledEpochs].every(isCounter);
  const isBest = bestErrorPercent === null || (typeof bestErrorPercent === 'number' && bestErrorPercent >= 0);
  if (counted && isBest && Number(stage) < stages && Number(correct) <= Number(examples)) {
    return value as PrecisionState;
  }
  throw new InputError(
    `checkpoint: precision must be a stage from 0 to ${stages - 1} with its counters, got ${shownText(value)}`,
  );
}

/** The file must hold every tensor of the network in its shape and format, and no other tensor. */
function checkTensors(
  expected: readonly Tensor[],
  found: ReadonlyMap<string, SafetensorsTensor>,
  formats: unknown,
): Map<string, CheckpointTensor> {
  const texts = new Map(Object.entries(typeof formats === 'object' ? (formats ?? {}) : {}));
  const names = new Set(expected.map(({ name }) => name));
  const extra = [...found.keys()].find((name) => !names.has(name));
  if (extra !== undefined) throw new InputError(`checkpoint: the network has no tensor "${extra}"`);
  return new Map(
    expected.map(({ name, shape, format }) => {
      const tensor = found.get(name);
      const text: unknown = texts.get(name);
      if (!tensor || typeof text !== 'string' || format === null) {
        throw new InputError(`checkpoint: tensor "${name}" of the network is missing`);
      }
      checkTensor(name, shape, format, tensor, text);
      return [name, { ...tensor, format }];
    }),
  );
}

function checkTensor(
  name: string,
  shape: readonly number[],
  format: NumberFormat,
  { shape: foundShape, data }: SafetensorsTensor,
  text: string,
): void {
  if (foundShape.join() !== shape.join()) {
    throw new InputError(
      `checkpoint: tensor "${name}" must be [${shape.join(', ')}], got [${foundShape.join(', ')}]`,
    );
  }
  const found = text === 'float32' ? text : parseFormat(text);
  const Storage = { int16: Int16Array, int32: Int32Array, float32: Float32Array }[storageOf(format)];
  if (!sameFormat(found, format) || !(data instanceof Storage)) {
    throw new InputError(
      `checkpoint: tensor "${name}" must be ${formatText(format)} stored as ${storageOf(format)}, got ${text}`,
    );
  }
  if (format === 'float32') return;
  const outside = data.find((raw) => raw < minRaw(format) || raw > maxRaw(format));
  if (outside !== undefined) {
    throw new InputError(
      `checkpoint: tensor "${name}" holds ${outside}, outside of ${formatText(format)}, ${minRaw(format)} to ${maxRaw(format)}`,
    );
  }
}

/**
 * Checks that a checkpoint is of the expected network.
 * @throws RangeError `checkpoint of another network`, naming the first difference.
 */
export function checkSameNetwork(found: NetworkConfiguration, expected: NetworkConfiguration): void {
  const difference = firstDifference(plain(found), plain(expected), '');
  if (difference === null) return;
  throw new InputError(
    `checkpoint of another network: ${difference.path} is ${text(difference.found)} in the checkpoint and ${text(difference.expected)} here; load it with its own configuration, or start afresh`,
  );
}

/** JSON data without its undefined properties. */
function plain(configuration: NetworkConfiguration): unknown {
  try {
    return JSON.parse(JSON.stringify(configuration));
  } catch {
    throw new InputTypeError(
      `checkpoint: a network configuration must be JSON data, got ${shown(configuration)}`,
    );
  }
}

const text = (value: unknown): string => (value === undefined ? 'absent' : JSON.stringify(value));

interface Difference {
  readonly path: string;
  readonly found: unknown;
  readonly expected: unknown;
}

function firstDifference(found: unknown, expected: unknown, path: string): Difference | null {
  if (Object.is(found, expected)) return null;
  const objects = isObject(found) && isObject(expected) && Array.isArray(found) === Array.isArray(expected);
  if (!objects) return { path: path === '' ? 'the configuration' : path, found, expected };
  const list = Array.isArray(expected);
  for (const key of new Set([...Object.keys(expected), ...Object.keys(found)])) {
    const inner = list ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`;
    const difference = firstDifference(found[key], expected[key], inner);
    if (difference) return difference;
  }
  return null;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
