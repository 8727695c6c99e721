/**
 * One run from its configuration to its result. It trains, evaluates after every epoch, and keeps the run
 * folder in such a state that a process killed at any moment loses only time. Clock, data and signals come
 * from the caller; progress is reported as events. The order of writing makes resuming exact:
 * docs/experiments.md, section "Run folder".
 */
import { isFewbitError } from '../../numerics/index.js';
import { ArrayDataSetIterator, type DataSchema } from '../../data/index.js';
import { defineNetwork } from '../../nn/index.js';
import {
  Network,
  readCheckpointHeader,
  type NetworkOptions,
  type TrainingListener,
  type TrainingModel,
  type TrainingProfile,
  type TrainingWarning,
} from '../../train/index.js';
import { RunFolderError } from './errors.js';
import { noteText, readNote, type CheckpointNote, type RunSeal } from './checkpoint-note.js';
import { Interval } from './interval.js';
import { checkRunData, checkRunSchema, runSchema, usedData, type RunData } from './run-data.js';
import {
  epochLines,
  finiteOrNull,
  intervalLines,
  openIntervals,
  precisionLine,
  swallowedRates,
  trainingTotals,
  type MetricsLine,
  type SwallowedRate,
} from './metrics.js';
import { lostGradients, type LostGradients } from './lost.js';
import { isFinished, plannedSteps, type RunConfiguration } from './configuration.js';

/** What a run needs from its caller. */
export interface RunContext {
  readonly data: RunData;
  /** Milliseconds on a clock that never goes back. */
  readonly now: () => number;
  readonly onEvent?: (event: RunEvent) => void;
  /**
   * If present, steps are measured op by op, and it is called with the last of them when the run ends or
   * stops, unless no step was done.
   */
  readonly onProfile?: (profile: TrainingProfile) => void;
  /** Ends the run, with a checkpoint, after the step during which it is aborted. */
  readonly signal?: AbortSignal;
}

/** The store of a run's metrics, checkpoints and result: `RunFolder` on disk, or memory. */
export interface RunStore {
  /** Names the store in messages. */
  readonly path: string;
  /** Names the checkpoint in messages. */
  readonly checkpointPath: string;
  /**
   * Records what the data are.
   * @throws RunFolderError if others are recorded
   */
  recordData(schema: DataSchema): void;
  /**
   * Drops metrics after `step` and `stage`, or after the lines of a seal, and returns the remaining lines.
   * @param seal of the checkpoint with which the run continues; null if it has none
   * @throws if the contents of the store do not belong to the seal
   */
  rewindMetrics(step: number, stage: number, seal: RunSeal | null): MetricsLine[];
  /** Adds a line of metrics. */
  appendMetrics(line: MetricsLine): void;
  /**
   * Replaces the checkpoint completely or not at all. The metrics before it must not be lost from then on.
   */
  writeCheckpoint(bytes: Uint8Array): void;
  /**
   * The present state of the other files, which the next checkpoint records. A store without it, or that returns
   * null, does not notice if its files are exchanged.
   */
  seal?(): RunSeal | null;
  /** Writes the result, which completes the run. */
  writeResult(result: RunResult): void;
}

/** An event in a run. */
export type RunEvent =
  | { readonly event: 'start'; readonly step: number; readonly steps: number }
  | { readonly event: 'step'; readonly step: number; readonly epoch: number; readonly loss: number }
  | MetricsLine
  | { readonly event: 'checkpoint'; readonly step: number }
  /** Each kind once in a run, and again when it is resumed. */
  | ({ readonly event: 'warning'; readonly step: number } & TrainingWarning);

/** How a run ended; contents of result.json. */
export interface RunResult {
  /** SHA-256 of all raw parameters in order. */
  readonly digest: string;
  readonly testErrorPercent: number;
  readonly testLoss: number | null;
  /**
   * Error and mean loss over the training examples of the last epoch, each measured when it was trained on.
   */
  readonly trainErrorPercent: number;
  readonly loss: number | null;
  readonly steps: number;
  /** Completed epochs. */
  readonly epochs: number;
  /** Time of training alone, without evaluations and checkpoints. */
  readonly stepsPerSecond: number;
  /** Over the whole run, by parameter; empty for float32. */
  readonly swallowed: readonly SwallowedRate[];
  /**
   * Gradients that had no effect, flushed or swallowed, over the whole run, by parameter; empty for float32, and for
   * a run of a version that did not count them.
   */
  readonly lost: readonly LostGradients[];
}

/** A result as a flat object for JSON, which has no NaN: `diverged` is the reason of a loss that is null. */
export function resultRow(result: RunResult): RunResult & { readonly diverged: boolean } {
  return { ...result, diverged: result.testLoss === null };
}

/** How `executeRun` ended: done, or stopped by the signal with a checkpoint of that step. */
export type RunOutcome =
  | { readonly status: 'done'; readonly result: RunResult }
  | { readonly status: 'interrupted'; readonly step: number };

/**
 * Executes the rest of a run in its folder: all of it, or the part after the checkpoint.
 * @throws RunFolderError for data other than recorded, or for an unusable checkpoint; errors of network and
 * backend.
 */
export async function executeRun(
  store: RunStore,
  configuration: RunConfiguration,
  checkpoint: Uint8Array | null,
  context: RunContext,
): Promise<RunOutcome> {
  checkRunData(store.path, configuration, context.data);
  const data = { ...context.data, ...usedData(configuration, context.data) };
  const clock = context.onProfile && context.now;
  const schema = runSchema(context.data);
  const network = await openNetwork(store, configuration, checkpoint, { clock, schema });
  try {
    checkRunSchema(store.checkpointPath, network.dataSchema, schema);
    store.recordData(schema);
    const note = checkpoint && readNote(readCheckpointHeader(checkpoint).run);
    const run = new Run(store, configuration, { ...context, data }, { network, note });
    const outcome = await run.execute();
    const profile = await network.profile();
    if (profile && profile.steps.length > 0) context.onProfile?.(profile);
    return outcome;
  } finally {
    await network.close();
  }
}

async function openNetwork(
  store: RunStore,
  { network, backend, threads }: RunConfiguration,
  checkpoint: Uint8Array | null,
  { clock, schema }: { readonly clock: (() => number) | undefined; readonly schema: DataSchema },
): Promise<Network> {
  const options = { backend, ...(threads === undefined ? {} : { threads }), ...(clock && { clock }) };
  if (checkpoint === null) return Network.create(network, { ...options, dataSchema: schema });
  const file = store.checkpointPath;
  const loaded = await loadCheckpoint(file, checkpoint, network, options);
  if (loaded.dataSchema) return loaded;
  // Of an earlier version: the digest in the configuration has shown that the data are the run's.
  await loaded.close();
  return await loadCheckpoint(file, checkpoint, network, { ...options, dataSchema: schema });
}

/**
 * Opens a checkpoint of the given network.
 * @throws RunFolderError naming the file.
 */
export async function loadCheckpoint(
  path: string,
  bytes: Uint8Array,
  expected: RunConfiguration['network'],
  options: NetworkOptions,
): Promise<Network> {
  try {
    return await Network.load(bytes, { ...options, expected });
  } catch (error) {
    if (!isFewbitError(error)) throw error;
    throw new RunFolderError(`${path}: ${error.message}`, { cause: error });
  }
}

/** The names of a network's parameters in order. */
export function parameterNames(network: RunConfiguration['network']): string[] {
  const plan = defineNetwork(network).plan(1);
  return plan.parameters.flatMap((id) => plan.tensors[id]?.name ?? []);
}

/** The result of a run with these metrics, which end with an epoch; `parameters` are the names of its parameters in order. */
export function resultOf(
  lines: readonly MetricsLine[],
  end: {
    readonly digest: string;
    readonly step: number;
    readonly epoch: number;
    readonly parameters: readonly string[];
  },
): RunResult {
  const last = epochLines(lines).at(-1);
  const intervals = intervalLines(lines);
  return {
    digest: end.digest,
    testErrorPercent: last?.testErrorPercent ?? 100,
    testLoss: last?.testLoss ?? null,
    trainErrorPercent: last?.trainErrorPercent ?? 100,
    loss: last?.loss ?? null,
    steps: end.step,
    epochs: end.epoch,
    stepsPerSecond: trainingTotals(intervals).stepsPerSecond,
    swallowed: swallowedRates(intervals, end.parameters),
    lost: lostGradients(intervals, end.parameters),
  };
}

class Run {
  readonly #store: RunStore;
  readonly #configuration: RunConfiguration;
  readonly #context: RunContext;
  readonly #network: Network;
  readonly #train: ArrayDataSetIterator;
  readonly #test: ArrayDataSetIterator;
  readonly #lines: MetricsLine[];
  #interval: Interval;
  #started = false;
  /** Step of the last checkpoint. */
  #saved: number | null = null;
  /** Whether the divergence of the network was reported. */
  #hasDiverged = false;

  constructor(
    store: RunStore,
    configuration: RunConfiguration,
    context: RunContext,
    { network, note }: { readonly network: Network; readonly note: CheckpointNote | null },
  ) {
    const { batch, augment } = configuration;
    const { seed } = configuration.network;
    this.#store = store;
    this.#configuration = configuration;
    this.#context = context;
    this.#network = network;
    this.#train = new ArrayDataSetIterator(context.data.train, {
      batch,
      shuffle: seed,
      ...(augment && { augment: { ...augment, seed } }),
    });
    this.#test = new ArrayDataSetIterator(context.data.test, { batch });
    if (network.iteratorPosition) this.#train.seek(network.iteratorPosition);
    this.#lines = store.rewindMetrics(network.step, network.stage, note?.seal ?? null);
    this.#interval = new Interval(network.step, context.now(), note?.interval);
  }

  async execute(): Promise<RunOutcome> {
    const network = this.#network;
    for (;;) {
      await this.#endEpoch();
      if (isFinished(this.#configuration, network)) return { status: 'done', result: await this.#finish() };
      if (this.#context.signal?.aborted === true) {
        if (this.#saved !== network.step) await this.#checkpoint();
        return { status: 'interrupted', step: network.step };
      }
      const { steps: limit } = this.#configuration;
      const { aborted } = await network.fit(this.#train, {
        epochs: 1,
        ...(limit === undefined ? {} : { maxSteps: limit - network.step }),
        listeners: [this.#listener()],
        onWarning: (warning) => this.#warn(warning),
        ...(this.#context.signal === undefined ? {} : { signal: this.#context.signal }),
      });
      // An interval that is cut by a signal continues with the run, so the lines do not depend on signals.
      if (!aborted || isFinished(this.#configuration, network)) await this.#endInterval(network);
    }
  }

  /** Writes metrics and checkpoints while the network trains. */
  #listener(): TrainingListener {
    const { metricsEvery, checkpointEvery } = this.#configuration;
    return {
      onFitStart: async (model) => {
        // Counts of an evaluation do not belong to training; a resumed run does not even have them.
        await model.statistics();
        await this.#start(model);
        this.#interval.resumeAt(this.#context.now());
      },
      onPrecisionChange: ({ definition }, change) => {
        this.#write(precisionLine(change, definition.stages[change.stage]!.settings));
        this.#interval.resumeAt(this.#context.now());
      },
      iterationDone: async (model, iteration) => {
        this.#interval.add(iteration);
        this.#context.onEvent?.({
          event: 'step',
          step: model.step,
          epoch: iteration.epoch + 1,
          loss: iteration.score,
        });
        const saves = model.step % checkpointEvery === 0;
        if (saves || model.step % metricsEvery === 0) await this.#endInterval(model, saves);
        if (saves) await this.#checkpoint();
      },
    };
  }

  /**
   * Reports once that training begins, after network, data and backend have proved to fit together. From here on the
   * run has a checkpoint, so one that is missing later was lost.
   */
  async #start({ step }: TrainingModel): Promise<void> {
    if (this.#started) return;
    this.#started = true;
    const steps = plannedSteps(this.#configuration, this.#context.data.train.count);
    this.#context.onEvent?.({ event: 'start', step, steps });
    if (step === 0) await this.#checkpoint();
  }

  /**
   * Writes the interval's line, if a step was done in it, and begins the next one.
   * @param saves whether a checkpoint follows, whose weights the line records
   */
  async #endInterval(model: TrainingModel, saves = false): Promise<void> {
    const { now } = this.#context;
    const line = this.#interval.line(model.step, now(), await model.statistics());
    if (line) this.#write(saves ? { ...line, weights: await this.#network.digest() } : line);
    this.#interval = new Interval(model.step, now());
  }

  /** Evaluates and writes the epoch's line if an epoch, or the run within one, has ended without it. */
  async #endEpoch(): Promise<void> {
    const network = this.#network;
    const written = epochLines(this.#lines);
    const last = written.at(-1);
    const whole = network.epoch > written.filter(({ partial }) => !partial).length;
    const partial = !whole && isFinished(this.#configuration, network) && last?.step !== network.step;
    if (!whole && !partial) return;
    const evaluation = await network.evaluate(this.#test);
    const totals = trainingTotals(openIntervals(this.#lines));
    const { divergence } = evaluation;
    if (divergence !== null) this.#warn({ kind: 'diverged', message: `test data: ${divergence}` });
    this.#write({
      event: 'epoch',
      epoch: partial ? network.epoch + 1 : network.epoch,
      step: network.step,
      partial,
      loss: finiteOrNull(totals.loss),
      trainErrorPercent: totals.errorPercent,
      testErrorPercent: evaluation.errorPercent(),
      testLoss: finiteOrNull(evaluation.loss()),
      stepsPerSecond: totals.stepsPerSecond,
      weights: await network.digest(),
    });
    await this.#checkpoint();
  }

  async #checkpoint(): Promise<void> {
    const network = this.#network;
    const { step } = network;
    const { now } = this.#context;
    const interval = this.#interval.state(now(), await network.statistics());
    const seal = this.#store.seal?.() ?? null;
    this.#store.writeCheckpoint(await network.save(noteText({ seal, interval })));
    this.#saved = step;
    this.#interval.resumeAt(now());
    this.#context.onEvent?.({ event: 'checkpoint', step });
  }

  async #finish(): Promise<RunResult> {
    const network = this.#network;
    if (this.#saved !== network.step) await this.#checkpoint();
    if (epochLines(this.#lines).length === 0)
      throw new RunFolderError(`run folder ${this.#store.path}: holds no epoch to report`);
    const result = resultOf(this.#lines, {
      digest: await network.digest(),
      step: network.step,
      epoch: network.epoch,
      parameters: parameterNames(this.#configuration.network),
    });
    this.#store.writeResult(result);
    return result;
  }

  #warn(warning: TrainingWarning): void {
    // Training and test data may both tell it.
    if (warning.kind === 'diverged' && this.#hasDiverged) return;
    this.#hasDiverged ||= warning.kind === 'diverged';
    this.#context.onEvent?.({ event: 'warning', step: this.#network.step, ...warning });
  }

  #write(line: MetricsLine): void {
    this.#store.appendMetrics(line);
    this.#lines.push(line);
    this.#context.onEvent?.(line);
  }
}
