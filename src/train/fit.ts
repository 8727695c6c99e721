/**
 * The training loop of one `fit`: epochs, steps, listeners, and stopping at a step. Training can continue
 * later as if it had not stopped. One step is one call of the session, so a listener sees exactly the state
 * after that step. Semantics: docs/training.md, "Steps and epochs".
 */
import { FUNCTION, NUMBER, SIGNAL, type OptionRules } from '../numerics/arguments.js';
import { InputError, InputTypeError } from '../numerics/index.js';
import type { Session, StepMetrics } from '../backend/index.js';
import type { DataSetIterator, IteratorPosition } from '../data/index.js';
import { coefficientsOf, type StepRates } from '../optim/index.js';
import type { BatchEncoder } from './batch.js';
import {
  LISTENERS,
  type EpochSummary,
  type FitResult,
  type FitStart,
  type PrecisionChange,
  type TrainingListener,
  type TrainingModel,
} from './listener.js';
import { EventLoopTurns } from './turns.js';
import {
  batchWarning,
  coefficientWarnings,
  inputsWarning,
  lossWarning,
  type TrainingWarning,
} from './warnings.js';

/** How long `fit` trains, its listeners, and the signal that stops it. */
export interface FitOptions {
  /** Passes over the data, counted from now; the rest of an epoch that was begun counts as one. Default 1. */
  readonly epochs?: number;
  /** Stops after this number of steps, counted from now. */
  readonly maxSteps?: number;
  readonly listeners?: readonly TrainingListener[];
  /** Stops after the step during which it is aborted; the state can be saved and resumed. */
  readonly signal?: AbortSignal;
  /** Examples of a full batch if `fit` gets a data set; by default, of the largest one so far. Iterators have their own. */
  readonly batch?: number;
  /** Receives warnings, each kind once in the life of a network; by default, the console prints them. */
  readonly onWarning?: (warning: TrainingWarning) => void;
}

/** Rules of the options of `fit`. */
export const FIT_OPTIONS: OptionRules<FitOptions> = {
  epochs: NUMBER,
  maxSteps: NUMBER,
  listeners: LISTENERS,
  signal: SIGNAL,
  batch: NUMBER,
  onWarning: FUNCTION,
};

/** The position of a step. */
export interface Workplace {
  readonly session: Session;
  readonly encoder: BatchEncoder;
}

/** The interface through which the loop drives the network. */
export interface FitHost {
  /** Called before the steps of an epoch; changes the precision if that is due. */
  epochStarting(): Promise<Workplace & { readonly change: PrecisionChange | null }>;
  stepDone(position: IteratorPosition, metrics: StepMetrics): void;
  /** The position of the next epoch's start; null if the source cannot be read again. */
  epochDone(position: IteratorPosition | null): void;
}

/** The sums of the running epoch. */
interface Tally {
  steps: number;
  examples: number;
  lossSum: number;
  correct: number;
}

export class Fit {
  readonly #model: TrainingModel;
  readonly #iterator: DataSetIterator;
  readonly #listeners: readonly TrainingListener[];
  readonly #signal: AbortSignal | undefined;
  readonly #epochs: number;
  readonly #maxSteps: number;
  readonly #warn: (warning: TrainingWarning | null) => void;
  #steps = 0;
  #epochsDone = 0;

  /**
   * @param warn drops what was reported before
   * @throws RangeError for epochs or maxSteps that are not whole numbers from 0, TypeError for a batch.
   */
  constructor(
    model: TrainingModel,
    iterator: DataSetIterator,
    options: FitOptions,
    warn: (warning: TrainingWarning | null) => void,
  ) {
    if (options.batch !== undefined) {
      throw new InputTypeError('fit: an iterator has its own batch; leave batch out, or pass a data set');
    }
    this.#warn = warn;
    this.#model = model;
    this.#iterator = iterator;
    this.#listeners = options.listeners ?? [];
    this.#signal = options.signal;
    this.#epochs = checkCount('epochs', options.epochs ?? 1);
    this.#maxSteps = options.maxSteps === undefined ? Infinity : checkCount('maxSteps', options.maxSteps);
  }

  async run(host: FitHost): Promise<FitResult> {
    const turns = new EventLoopTurns();
    try {
      return await this.#run(host, turns);
    } finally {
      turns.close();
    }
  }

  async #run(host: FitHost, turns: EventLoopTurns): Promise<FitResult> {
    const model = this.#model;
    const iterator = this.#iterator;
    let resumes = this.#isInsideEpoch();
    const start = this.#start();
    const { batch, totalExamples } = iterator;
    if (totalExamples !== undefined && this.#epochs > 0) this.#warn(batchWarning(totalExamples, batch));
    for (const listener of this.#listeners) await listener.onFitStart?.(model, start);
    let aborted = false;
    while (this.#epochsDone < this.#epochs && this.#steps < this.#maxSteps) {
      aborted = this.#signal?.aborted === true;
      if (aborted) break;
      if (!resumes && !iterator.hasNext()) this.#reset();
      resumes = false;
      const { epoch } = model;
      const { change, ...workplace } = await host.epochStarting();
      if (change) {
        for (const listener of this.#listeners) await listener.onPrecisionChange?.(model, change);
      }
      for (const listener of this.#listeners) await listener.onEpochStart?.(model, epoch);
      const { session } = workplace;
      const { stepsPerTurn = 1 } = session;
      const coefficients = this.#coefficients(session);
      for (const warning of coefficientWarnings(model.definition.optimizers, coefficients, session, epoch))
        this.#warn(warning);
      const tally: Tally = { steps: 0, examples: 0, lossSum: 0, correct: 0 };
      while (iterator.hasNext() && this.#steps < this.#maxSteps && !this.#isAborted()) {
        await this.#step(host, workplace, coefficients, tally);
        if (this.#steps % stepsPerTurn === 0) await turns.next();
      }
      const inputs = workplace.encoder.counter?.endPass();
      if (inputs) this.#warn(inputsWarning(inputs));
      aborted = this.#isAborted();
      if (aborted || iterator.hasNext()) break;
      if (totalExamples === undefined && tally.steps === 1) this.#warn(batchWarning(tally.examples, batch));
      await this.#endEpoch(host, summaryOf(epoch, tally));
    }
    const result: FitResult = { aborted, steps: this.#steps, epochs: this.#epochsDone };
    for (const listener of this.#listeners) await listener.onFitEnd?.(model, result);
    return result;
  }

  async #step(
    host: FitHost,
    { session, encoder }: Workplace,
    coefficients: readonly StepRates[],
    tally: Tally,
  ): Promise<void> {
    const { step, epoch } = this.#model;
    const { features, labels } = this.#iterator.next();
    const { count, inputs, pixelTable } = encoder.batch(features, labels);
    const [metrics] = await session.train([{ count, inputs, pixelTable, labels, step, coefficients }]);
    const { lossSum, correct } = metrics!;
    this.#steps++;
    host.stepDone(this.#iterator.position, metrics!);
    this.#warn(lossWarning(`the loss of step ${step}`, lossSum));
    tally.steps++;
    tally.examples += count;
    tally.lossSum += lossSum;
    tally.correct += correct;
    const iteration = { step, epoch, count, score: lossSum / count, correct };
    for (const listener of this.#listeners) await listener.iterationDone?.(this.#model, iteration);
  }

  async #endEpoch(host: FitHost, summary: EpochSummary): Promise<void> {
    const { resetSupported } = this.#iterator;
    if (resetSupported) this.#iterator.reset();
    this.#epochsDone++;
    host.epochDone(resetSupported ? this.#iterator.position : null);
    for (const listener of this.#listeners) await listener.onEpochEnd?.(this.#model, summary);
  }

  /** Constant within an epoch. */
  #coefficients(session: Session): StepRates[] {
    const { epoch, definition } = this.#model;
    const { arithmetic, gradientShift, batch } = session.plan;
    return definition.optimizers.map((optimizer) =>
      coefficientsOf(optimizer, { arithmetic, gradientShift, batch, epoch }),
    );
  }

  #isAborted(): boolean {
    return this.#signal?.aborted === true;
  }

  /** True if the iterator is at the point of an epoch at which training stopped, perhaps at its very end. */
  #isInsideEpoch(): boolean {
    const saved = this.#model.iteratorPosition;
    const { epoch, cursor } = this.#iterator.position;
    return saved !== null && saved.cursor > 0 && saved.epoch === epoch && saved.cursor === cursor;
  }

  #reset(): void {
    this.#iterator.reset();
    if (!this.#iterator.hasNext()) throw new InputError('fit: the iterator must have examples, got none');
  }

  #start(): FitStart {
    const { batch, totalExamples, position } = this.#iterator;
    const steps = (examples: number): number => Math.ceil(examples / batch);
    if (totalExamples === undefined)
      return { epochs: this.#epochs, batch, stepsPerEpoch: null, plannedSteps: null };
    const stepsPerEpoch = steps(totalExamples);
    const rest =
      this.#iterator.hasNext() || this.#isInsideEpoch()
        ? steps(totalExamples - position.cursor)
        : stepsPerEpoch;
    const all = this.#epochs === 0 ? 0 : rest + (this.#epochs - 1) * stepsPerEpoch;
    return { epochs: this.#epochs, batch, stepsPerEpoch, plannedSteps: Math.min(all, this.#maxSteps) };
  }
}

function summaryOf(epoch: number, { steps, examples, lossSum, correct }: Tally): EpochSummary {
  return { epoch, steps, examples, score: lossSum / examples, correct };
}

function checkCount(name: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new InputError(`fit: ${name} must be a whole number from 0, got ${value}`);
}
