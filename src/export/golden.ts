/**
 * Golden vectors: examples as raw inputs and the raw logits that the library computes for them, for others to compare theirs
 * with. They are the first examples of an evaluation, in its steps: example n has the random words that `fewbit eval` gives it.
 */
import {
  checkOptions,
  either,
  NUMBER,
  record,
  TEXT,
  wholeNumber,
  withMethods,
  type OptionRules,
  checkArgument,
  listOf,
} from '../numerics/arguments.js';
import { InputError } from '../numerics/index.js';
import { selectBackend, type Backend, type BackendName } from '../backend/index.js';
import { checkDataSet, conformData, sliceExamples, type DataSet } from '../data/index.js';
import type { Format } from '../numerics/index.js';
import { elements, type Plan, type TensorId } from '../plan/index.js';
import { BatchEncoder, checkData } from '../train/index.js';
import { checkSubject, integerFormat, rawArray, type ExportSubject, type Integers } from './subject.js';

/** Raw integers of some examples, in order. */
export interface GoldenRows {
  readonly format: Format;
  /** Shape of one example. */
  readonly shape: readonly number[];
  readonly data: Integers;
}

/** Examples 0, 1 .. of an evaluation, their logits and labels. */
export interface GoldenVectors {
  readonly count: number;
  readonly input: GoldenRows;
  readonly logits: GoldenRows;
  readonly labels: Int32Array;
  /** The same examples as pixels; null if the data are real values. */
  readonly pixels: Uint8Array | null;
}

/** Which examples, and what computes them. */
export interface GoldenOptions {
  readonly data: DataSet;
  /** How many, from the first on; default ten, or all if there are fewer. */
  readonly count?: number;
  /** Every backend gives the same; default `wasm`. */
  readonly backend?: BackendName | Backend;
  readonly threads?: number;
}

/** Golden vectors, unless another number is given. */
const DEFAULT_COUNT = 10;

const GOLDEN_OPTIONS: OptionRules<GoldenOptions> = {
  data: record('a DataSet'),
  count: NUMBER,
  backend: either(TEXT, withMethods('a backend', 'open')),
  threads: wholeNumber(1),
};

/**
 * Evaluates the first examples of a data set.
 * @throws (rejects with) RangeError if there are not as many examples, or they do not suit the network.
 */
export async function goldenVectors(subject: ExportSubject, options: GoldenOptions): Promise<GoldenVectors> {
  checkOptions('export', options, GOLDEN_OPTIONS, ['data']);
  checkSubject(subject);
  checkDataSet(options.data, 'export: data');
  const { definition, plan, dataSchema, tensors } = subject;
  const { backend = 'wasm', threads } = options;
  const data = dataSchema ? conformData(options.data, dataSchema, 'export') : options.data;
  const { count = Math.min(DEFAULT_COUNT, data.count) } = options;
  checkData('export', data, definition);
  if (!Number.isInteger(count) || count < 1 || count > data.count) {
    throw new InputError(
      `export: vectors must be 1 to ${data.count}, the examples that there are, got ${count}`,
    );
  }
  const chosen = typeof backend === 'string' ? selectBackend(backend) : backend;
  const session = await chosen.open(plan, {
    seed: definition.configuration.seed,
    ...(threads === undefined ? {} : { threads }),
  });
  try {
    for (const { name, data: raws } of tensors) await session.write(name, raws);
    const input = rowsOf(plan, plan.evaluateInput, count);
    const logits = rowsOf(plan, plan.logits, count);
    const [inputSize, classes] = [elements(input.shape), elements(logits.shape)];
    const encoder = new BatchEncoder(input.format, inputSize, plan.batch);
    for (let start = 0; start < count; start += plan.batch) {
      const { features, labels } = sliceExamples(data, start, Math.min(start + plan.batch, count));
      const batch = encoder.encode(features, labels);
      const [result] = await session.evaluate([{ ...batch, step: start / plan.batch }]);
      input.data.set(batch.inputs, start * inputSize);
      logits.data.set(result!.logits, start * classes);
    }
    const features = data.features.slice(0, count * inputSize);
    const pixels = features instanceof Uint8Array ? features : null;
    return { count, input, logits, labels: data.labels.slice(0, count), pixels };
  } finally {
    await session.close();
  }
}

const ROWS = record('rows', { format: record('a format'), shape: listOf(NUMBER) });
const GOLDEN = record('golden vectors of goldenVectors', { count: NUMBER, input: ROWS, logits: ROWS });

/** Checks what every export takes. @throws TypeError for anything else. */
export function checkExport(subject: ExportSubject, golden: GoldenVectors): void {
  checkSubject(subject);
  checkArgument('export: golden', golden, GOLDEN);
}

function rowsOf({ tensors }: Plan, id: TensorId | null, count: number): GoldenRows {
  const tensor = tensors[id!]!;
  const shape = tensor.shape.slice(1);
  const format = integerFormat(tensor);
  return { format, shape, data: rawArray(format, count * elements(shape)) };
}
