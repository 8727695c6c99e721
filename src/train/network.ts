/**
 * A network that trains: a definition, its state on a backend, and the counters of steps and epochs.
 * Semantics of epochs, steps, evaluation and resuming: docs/training.md.
 */
import {
  selectBackend,
  type Backend,
  type BackendName,
  type EvaluateResult,
  type Session,
  type SiteStatistics,
  type TensorData,
} from '../backend/index.js';
import {
  ArrayDataSetIterator,
  checkDataSet,
  conformData,
  conformIterator,
  sliceExamples,
  type DataSchema,
  type DataSet,
  type DataSetIterator,
  type IteratorPosition,
} from '../data/index.js';
import { defineNetwork, NetworkDefinition, type NetworkConfiguration } from '../nn/index.js';
import {
  checkOptions,
  either,
  FUNCTION,
  NULL,
  NUMBER,
  record,
  TEXT,
  wholeNumber,
  withMethods,
  type OptionRules,
} from '../numerics/arguments.js';
import {
  classOf,
  formatText,
  PROBABILITY_BITS,
  type NumberFormat,
  InputError,
  InputTypeError,
} from '../numerics/index.js';
import { elements } from '../plan/index.js';
import { BatchEncoder, checkData, checkSource, isIterator } from './batch.js';
import { littleEndianBytes, sha256 } from './bytes.js';
import { checkSameNetwork, decodeCheckpoint, encodeCheckpoint, type CheckpointTensor } from './checkpoint.js';
import { parseDataSchema } from './data-schema.js';
import { Evaluation } from './evaluation.js';
import { printWarning } from './console.js';
import { Fit, FIT_OPTIONS, type FitOptions } from './fit.js';
import { InputCounter } from './input-counter.js';
import type { FitResult, PrecisionChange, TrainingModel } from './listener.js';
import { oneStep, SingleBatch } from './single-batch.js';
import { convertState, PrecisionTracker, type PrecisionState } from './precision.js';
import type { TrainingProfile } from './profile.js';
import { NetworkState } from './state.js';
import { batchWarning, type TrainingWarning } from './warnings.js';

/** The backend of a network, and its options. */
export interface NetworkOptions {
  /** A backend, or its name; default `wasm`. Every backend gives the same integers. */
  readonly backend?: BackendName | Backend;
  /** Default: the backend's choice. The number of threads changes no result. */
  readonly threads?: number;
  /**
   * A clock in milliseconds that never goes back. If present, training steps run op by op and are measured
   * (see `profile`). It changes no result.
   */
  readonly clock?: () => number;
  /**
   * What its data are. Default: as the first data that it is trained with, or as in the checkpoint; null: not known, all
   * data are taken as they are.
   */
  readonly dataSchema?: DataSchema | null;
}

/** The backend of a loaded network, and the network expected in the file. */
export interface LoadOptions extends NetworkOptions {
  /** A checkpoint of any other network is refused, with the first difference in the message. */
  readonly expected?: NetworkDefinition | NetworkConfiguration;
}

/** A parameter in its stored form. */
export interface ParameterData {
  readonly name: string;
  readonly shape: readonly number[];
  readonly format: NumberFormat;
  /** Raw integers (float32: values), row-major. */
  readonly data: TensorData;
}

const NETWORK_OPTIONS: OptionRules<NetworkOptions> = {
  backend: either(TEXT, withMethods('a backend', 'open')),
  threads: wholeNumber(1),
  clock: FUNCTION,
  dataSchema: either(record('the schema of data'), NULL),
};
const LOAD_OPTIONS: OptionRules<LoadOptions> = {
  ...NETWORK_OPTIONS,
  expected: record('a network or its configuration'),
};

/** Most examples per step of `output` or `score` before there is a session. */
const DEFAULT_BATCH = 100;
const PROBABILITY_UNIT = 2 ** -PROBABILITY_BITS;

/** The initial state of a loaded network. */
interface Saved {
  readonly batch: number | null;
  readonly contents: ReadonlyMap<string, TensorData>;
  readonly precision: PrecisionState | null;
}

/**
 * A network to train and use. `Network.create` or `Network.load` makes one; `close` frees its memory and
 * threads.
 */
export class Network implements TrainingModel {
  readonly definition: NetworkDefinition;
  readonly #state: NetworkState;
  readonly #precision: PrecisionTracker;
  #step = 0;
  #epoch = 0;
  #iteratorPosition: IteratorPosition | null = null;
  #dataSchema: DataSchema | null | undefined;
  #training = false;
  /** Counters of the inputs by site; a session has those of all other sites. */
  readonly #inputs = new Map<string, InputCounter>();
  /** Kinds of warnings that were given. */
  readonly #warned = new Set<string>();
  /** The last `fit` was a step with fewer examples than a batch. */
  #wasShort = false;

  private constructor(definition: NetworkDefinition, options: NetworkOptions, saved: Saved | null) {
    const { backend = 'wasm', threads, clock, dataSchema } = options;
    this.definition = definition;
    this.#dataSchema = dataSchema && parseDataSchema(dataSchema, 'network: dataSchema');
    this.#precision = new PrecisionTracker(
      definition.configuration.precisionSchedule ?? [],
      saved?.precision ?? null,
    );
    const chosen = typeof backend === 'string' ? selectBackend(backend) : backend;
    const settings = { ...(threads === undefined ? {} : { threads }), ...(clock && { clock }) };
    this.#state = new NetworkState(definition.stages[this.#precision.stage]!, chosen, settings, saved);
  }

  /**
   * A network with its initial weights, at step 0.
   * @throws (rejects with) the errors of `defineNetwork` and of the plan.
   */
  static async create(
    network: NetworkDefinition | NetworkConfiguration,
    options: NetworkOptions = {},
  ): Promise<Network> {
    checkOptions('network', options, NETWORK_OPTIONS);
    return new Network(definitionOf(network), options, null);
  }

  /**
   * A network as it was saved. To continue training, call `iterator.seek(network.iteratorPosition)` if that
   * is not null, then `fit`.
   * @throws (rejects with) RangeError if the file is damaged, of another version, or of another network than
   * expected.
   */
  static async load(bytes: Uint8Array, options: LoadOptions = {}): Promise<Network> {
    checkOptions('network', options, LOAD_OPTIONS);
    const { configuration, step, epoch, iteratorPosition, batch, precision, dataSchema, tensors } =
      await decodeCheckpoint(bytes);
    if (options.expected) checkSameNetwork(configuration, definitionOf(options.expected).configuration);
    const contents = new Map([...tensors].map(([name, { data }]) => [name, data]));
    const { expected: _expected, ...own } = options;
    const network = new Network(defineNetwork(configuration), own, { batch, contents, precision });
    network.#step = step;
    network.#epoch = epoch;
    network.#iteratorPosition = iteratorPosition;
    network.#dataSchema ??= options.dataSchema === null ? null : dataSchema;
    return network;
  }

  get step(): number {
    return this.#step;
  }

  get epoch(): number {
    return this.#epoch;
  }

  get stage(): number {
    return this.#precision.stage;
  }

  get iteratorPosition(): IteratorPosition | null {
    return this.#iteratorPosition;
  }

  /**
   * What the data are that the network learnt from: kind, shape, names of columns and classes, normaliser. All other data
   * are matched with it by name, and normalised alike. null if it is not known: data are then taken as they are.
   */
  get dataSchema(): DataSchema | null {
    return this.#dataSchema ?? null;
  }

  /**
   * Trains for a number of epochs. An epoch is one pass of the iterator, the first from its current position;
   * it is reset after each. A data set is one step: its examples are the batch, no epoch is counted, and of
   * the hooks of a listener `iterationDone` alone is called.
   * @throws (rejects with) RangeError if the data does not fit the network, TypeError while another `fit`
   * runs, for what is neither an iterator nor a data set, and for `epochs` or `maxSteps` with a data set.
   */
  async fit(data: DataSetIterator | DataSet, options: FitOptions = {}): Promise<FitResult> {
    if (this.#training)
      throw new InputTypeError('fit: the network is being trained already; await the other fit first');
    checkOptions('fit', options, FIT_OPTIONS);
    checkSource('fit', data);
    const warn = this.#warner(options);
    if (isIterator(data)) {
      this.#wasShort = false;
      const source = this.#source('fit', data);
      return this.#fit(source, new Fit(this, source, options, warn), (position) => {
        this.#iteratorPosition = position;
      });
    }
    const single = oneStep(options);
    // An evaluation before the first step has a batch of its own.
    const known = this.#step > 0 ? (this.#state.batch ?? 0) : 0;
    const batch = options.batch ?? Math.max(known, data.count);
    const source = this.#conformed('fit', data);
    checkData('fit', source, this.definition);
    const iterator = new SingleBatch(source, batch, this.#iteratorPosition);
    const isShort = options.batch === undefined && data.count < batch;
    // One short batch is the last of an epoch; two are a habit.
    if (isShort && this.#wasShort) warn(batchWarning(data.count, batch));
    this.#wasShort = isShort;
    return this.#fit(iterator, new Fit(this, iterator, single, warn), () => undefined);
  }

  async #fit(
    { batch, schema }: DataSetIterator,
    fit: Fit,
    keep: (position: IteratorPosition | null) => void,
  ): Promise<FitResult> {
    this.#training = true;
    try {
      // Reports a mistake in a later stage, or an op that the backend refuses, before training begins.
      this.definition.checkPlans(batch);
      await this.#state.open(batch);
      return await fit.run({
        epochStarting: async () => {
          const change = await this.#changePrecision(batch);
          const session = await this.#state.open(batch);
          return { session, encoder: this.#encoder(session, 'trainInput'), change };
        },
        stepDone: (position, { count, correct }) => {
          this.#step++;
          if (this.#dataSchema === undefined) this.#dataSchema = schema;
          keep(position);
          this.#precision.stepDone(count, correct);
        },
        epochDone: (position) => {
          this.#epoch++;
          keep(position);
          this.#precision.epochDone();
        },
      });
    } finally {
      this.#training = false;
    }
  }

  /** Reports a warning, each kind once in the life of the network. */
  #warner({ onWarning }: FitOptions): (warning: TrainingWarning | null) => void {
    const report = onWarning ?? (({ message }: TrainingWarning): void => printWarning(message));
    return (warning) => {
      if (warning === null || this.#warned.has(warning.kind)) return;
      this.#warned.add(warning.kind);
      report(warning);
    };
  }

  /**
   * Evaluates on one whole pass of the iterator, or on the rest of a source that can be read only once, in
   * steps of the network's own batch size. Restores the iterator's position and does not change the training.
   * A data set is evaluated whole.
   * @throws (rejects with) RangeError if the data does not fit the network, or if there are no examples;
   * TypeError for what is neither an iterator nor a data set.
   */
  async evaluate(
    data: DataSetIterator | DataSet,
    options: { readonly topN?: number } = {},
  ): Promise<Evaluation> {
    checkOptions('evaluate', options, { topN: NUMBER });
    checkSource('evaluate', data);
    const iterator = isIterator(data)
      ? data
      : new ArrayDataSetIterator(data, { batch: Math.min(data.count, DEFAULT_BATCH) });
    const source = this.#source('evaluate', iterator);
    const { classes, labelNames } = source;
    const evaluation = new Evaluation({
      classes,
      ...(labelNames ? { labelNames } : {}),
      ...(options.topN === undefined ? {} : { topN: options.topN }),
    });
    const session = await this.#state.open(this.#state.batch ?? iterator.batch);
    const { position } = iterator;
    if (iterator.resetSupported) iterator.seek({ epoch: position.epoch, cursor: 0 });
    try {
      for await (const { labels, result } of this.#run(session, batches(source, session.plan.batch))) {
        evaluation.add(labels, result.logits, result.lossSum);
      }
    } finally {
      if (iterator.resetSupported) iterator.seek(position);
    }
    if (evaluation.examples === 0)
      throw new InputError('evaluate: the iterator must have examples, got none');
    return evaluation;
  }

  /**
   * Class probabilities, one array per example. Features alone are pixels, or real values in the units of the source: if the
   * training data were normalised, they are normalised alike. A data set carries its own normaliser.
   */
  async output(input: DataSet | DataSet['features']): Promise<Float32Array[]> {
    const rows: Float32Array[] = [];
    const { classes } = this.definition;
    const unit = this.definition.arithmetic === 'float32' ? 1 : PROBABILITY_UNIT;
    for await (const { result } of this.#runAll('output', this.#dataSet('output', input))) {
      for (let at = 0; at < result.probabilities.length; at += classes) {
        rows.push(Float32Array.from(result.probabilities.subarray(at, at + classes), (raw) => raw * unit));
      }
    }
    return rows;
  }

  /**
   * The most likely class of every example: the first largest logit; -1 if its logits are no numbers. The input is that of
   * `output`.
   */
  async predict(input: DataSet | DataSet['features']): Promise<Int32Array> {
    const data = this.#dataSet('predict', input);
    const predicted = new Int32Array(data.count);
    const { classes } = this.definition;
    let example = 0;
    for await (const { result } of this.#runAll('predict', data)) {
      for (let at = 0; at < result.logits.length; at += classes) {
        predicted[example++] = classOf(result.logits, at, classes);
      }
    }
    return predicted;
  }

  /** Mean cross-entropy loss over a data set, in nats. */
  async score(data: DataSet): Promise<number> {
    let sum = 0;
    const examples = this.#dataSet('score', data);
    for await (const { result } of this.#runAll('score', examples)) sum += result.lossSum;
    return sum / data.count;
  }

  /**
   * Counters of every rounding site since the last call, or since the batch size or precision changed. The first are
   * those of `input` (and `inference/input`), if real values were converted into the input's format.
   */
  async statistics(): Promise<SiteStatistics[]> {
    const sites = await this.#state.statistics();
    return [...[...this.#inputs.values()].map((counter) => counter.read()), ...sites];
  }

  /**
   * The last training steps, op by op, since the batch size changed; null without a clock or before the first
   * step. `profileTable` and `profileTrace` present them.
   */
  async profile(): Promise<TrainingProfile | null> {
    return this.#state.profile();
  }

  /**
   * A copy of a parameter (`conv1/weight`) or of its update (`conv1/weight.update`).
   * @throws (rejects with) RangeError for an unknown name, listing the known ones.
   */
  async parameter(name: string): Promise<ParameterData> {
    const { tensors } = this.#state;
    const tensor = tensors.find((known) => known.name === name);
    if (!tensor?.format) {
      throw new InputError(
        `network: there is no parameter "${name}"; choose one of ${tensors.map((known) => known.name).join(', ')}`,
      );
    }
    return { name, shape: tensor.shape, format: tensor.format, data: await this.#state.read(name) };
  }

  /** SHA-256 over the raw parameters in layer order, then running statistics (not the updates), as little-endian bytes: 64 hexadecimal digits. */
  async digest(): Promise<string> {
    const { tensors } = this.#state;
    const parts: Uint8Array[] = [];
    for (const { name } of tensors.filter(({ role }) => role !== 'update')) {
      parts.push(littleEndianBytes(await this.#state.read(name)));
    }
    return sha256(...parts);
  }

  /**
   * The bytes of a checkpoint: everything that training needs to continue bit for bit.
   * @param run text that the file is to record of the caller's run (`readCheckpointHeader` gives it back)
   */
  async save(run?: string): Promise<Uint8Array> {
    const tensors = new Map<string, CheckpointTensor>();
    for (const { name } of this.#state.tensors) {
      const { shape, format, data } = await this.parameter(name);
      if (data instanceof Uint8Array) throw new Error(`internal: save: tensor "${name}" is no parameter`);
      tensors.set(name, { shape, format, data });
    }
    const { configuration } = this.definition;
    const { step, epoch, iteratorPosition } = this;
    return encodeCheckpoint({
      configuration,
      step,
      epoch,
      iteratorPosition,
      batch: this.#state.batch,
      precision: this.#precision.state,
      ...(this.#dataSchema && { dataSchema: this.#dataSchema }),
      tensors,
      ...(run !== undefined && { run }),
    });
  }

  /** Frees memory and threads; further calls throw. */
  async close(): Promise<void> {
    await this.#state.close();
  }

  /** Begins the next stage of the precision schedule if it is due. */
  async #changePrecision(batch: number): Promise<PrecisionChange | null> {
    const due = this.#precision.due(this.#epoch);
    if (due === null) return null;
    const { contents, sites } = await convertState(
      this.definition,
      this.stage,
      due.stage,
      this.#step,
      (name) => this.#state.read(name),
    );
    await this.#state.change(this.definition.stages[due.stage]!, batch, contents);
    this.#precision.begin(due.stage);
    return { ...due, step: this.#step, epoch: this.#epoch, sites };
  }

  #encoder(session: Session, input: 'trainInput' | 'evaluateInput'): BatchEncoder {
    const { plan } = session;
    const { name, format, shape } = plan.tensors[plan[input]!]!;
    const counter = this.#counter(input === 'trainInput' ? name : `inference/${name}`, format!);
    return new BatchEncoder(format!, elements(shape.slice(1)), plan.batch, counter);
  }

  #counter(site: string, format: NumberFormat): InputCounter | null {
    if (format === 'float32') return null;
    const known = this.#inputs.get(site);
    if (known && formatText(known.format) === formatText(format)) return known;
    const counter = new InputCounter(site, format);
    this.#inputs.set(site, counter);
    return counter;
  }

  /** The iterator as the network's schema has its data. */
  #source(who: string, iterator: DataSetIterator): DataSetIterator {
    const schema = this.dataSchema;
    const source = schema ? conformIterator(iterator, schema, who) : iterator;
    checkData(who, source, this.definition);
    return source;
  }

  #dataSet(who: string, input: DataSet | DataSet['features']): DataSet {
    if (!(input instanceof Uint8Array || input instanceof Float32Array)) {
      checkDataSet(input, 'network: data');
      return this.#conformed(who, input);
    }
    const { inputShape, classes } = this.definition;
    const size = elements(inputShape);
    const count = input.length / size;
    if (count < 1 || !Number.isInteger(count)) {
      throw new InputError(
        `network: features must be a whole number of examples of ${size} values, got ${input.length} values`,
      );
    }
    const data = { features: input, labels: new Int32Array(count), count, shape: [size] as const, classes };
    // Of pixels, real values are those that they stand for.
    return this.#conformed(who, data, input instanceof Uint8Array ? {} : { kind: 'values' });
  }

  #conformed(who: string, data: DataSet, changes: Partial<DataSchema> = {}): DataSet {
    const schema = this.dataSchema;
    return schema ? conformData(data, { ...schema, ...changes }, who) : data;
  }

  async *#runAll(who: string, data: DataSet): AsyncGenerator<Piece> {
    checkDataSet(data, `${who}: data`);
    checkData(who, data, this.definition);
    const session = await this.#state.open(this.#state.batch ?? Math.min(data.count, DEFAULT_BATCH));
    yield* this.#run(session, pieces(data, session.plan.batch));
  }

  /** Runs evaluation steps, numbered from 0. */
  async *#run(session: Session, data: Iterable<DataSet>): AsyncGenerator<Piece> {
    const encoder = this.#encoder(session, 'evaluateInput');
    let step = 0;
    for (const { features, labels } of data) {
      const [result] = await session.evaluate([{ ...encoder.batch(features, labels), step: step++ }]);
      yield { labels, result: result! };
    }
  }
}

interface Piece {
  readonly labels: Int32Array;
  readonly result: EvaluateResult;
}

function definitionOf(network: NetworkDefinition | NetworkConfiguration): NetworkDefinition {
  return network instanceof NetworkDefinition ? network : defineNetwork(network);
}

function* batches(iterator: DataSetIterator, count: number): Generator<DataSet> {
  while (iterator.hasNext()) yield iterator.next(count);
}

function* pieces(data: DataSet, batch: number): Generator<DataSet> {
  for (let start = 0; start < data.count; start += batch) {
    yield sliceExamples(data, start, Math.min(start + batch, data.count));
  }
}
