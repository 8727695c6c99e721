/**
 * Training that ends automatically and keeps the best network, after Deeplearning4j's EarlyStoppingTrainer.
 * Conditions are checked after every step (time, invalid and too large scores) and every epoch (best score,
 * patience, epochs).
 */
import type { DataSetIterator } from '../data/index.js';
import type { EpochSummary, Iteration, TrainingListener, TrainingModel } from './listener.js';
import type { Network } from './network.js';
import { checkPeriod } from './period.js';

/** Measures how good the network is after an epoch; smaller is better. */
export type ScoreCalculator = (model: TrainingModel) => Promise<number>;

/** Mean loss on a data set. */
export function lossScore(iterator: DataSetIterator): ScoreCalculator {
  return async (model) => (await model.evaluate(iterator)).loss();
}

/** Share of wrong predictions on a data set, in per cent. */
export function errorScore(iterator: DataSetIterator): ScoreCalculator {
  return async (model) => (await model.evaluate(iterator)).errorPercent();
}

/** The quantities watched, and the conditions that end training. */
export interface EarlyStoppingConfiguration {
  /** Calculates the score after every n-th epoch. */
  readonly score: ScoreCalculator;
  /** The n of `score`; default 1. */
  readonly everyEpochs?: number;
  readonly maxEpochs: number;
  /** Ends after this number of epochs without an improvement. */
  readonly patience?: number;
  /** An improvement is a score smaller than the best one by more than this; default 0. */
  readonly minImprovement?: number;
  /** Ends after the step during which this time runs out; `now` gives milliseconds on any clock. */
  readonly maxTime?: { readonly milliseconds: number; readonly now: () => number };
  /** Ends after a step whose score (mean loss of the batch) is above this. */
  readonly maxScore?: number;
  /** Ends after the step during which it is aborted. */
  readonly signal?: AbortSignal;
}

/** The condition that ended training. `invalidScore`: a score was NaN or infinite. */
export type TerminationReason =
  'maxEpochs' | 'patience' | 'maxTime' | 'invalidScore' | 'maxScore' | 'aborted';

/** Why training ended, and the best network it found. */
export interface EarlyStoppingResult {
  readonly reason: TerminationReason;
  /** The condition in words, with its numbers. */
  readonly details: string;
  /** Epochs completed. */
  readonly epochs: number;
  /** Score after each epoch (0-based number) at which it was calculated. */
  readonly scores: readonly { readonly epoch: number; readonly score: number }[];
  /** 0-based number of the best epoch; null if no score was calculated. */
  readonly bestEpoch: number | null;
  readonly bestScore: number | null;
  /** The network after the best epoch, for `Network.load`. */
  readonly bestModel: Uint8Array | null;
}

interface Best {
  readonly epoch: number;
  readonly score: number;
  readonly model: Uint8Array;
}

/** Trains once. The network itself continues to the last epoch; `bestModel` holds the best one. */
export class EarlyStoppingTrainer {
  readonly #configuration: EarlyStoppingConfiguration;
  readonly #network: Network;
  readonly #iterator: DataSetIterator;
  readonly #listeners: readonly TrainingListener[];

  /** @throws RangeError for numbers of epochs that are not whole or below 1. */
  constructor(
    configuration: EarlyStoppingConfiguration,
    network: Network,
    iterator: DataSetIterator,
    listeners: readonly TrainingListener[] = [],
  ) {
    const { maxEpochs, patience = 1, everyEpochs = 1 } = configuration;
    checkPeriod('early stopping: maxEpochs', maxEpochs);
    checkPeriod('early stopping: patience', patience);
    checkPeriod('early stopping: everyEpochs', everyEpochs);
    this.#configuration = configuration;
    this.#network = network;
    this.#iterator = iterator;
    this.#listeners = listeners;
  }

  /** Trains until a condition holds. Rejects with the errors of `Network.fit`. */
  async fit(): Promise<EarlyStoppingResult> {
    const conditions = new Conditions(this.#configuration);
    const { epochs } = await this.#network.fit(this.#iterator, {
      epochs: this.#configuration.maxEpochs,
      listeners: [...this.#listeners, conditions],
      signal: conditions.signal,
    });
    return conditions.result(epochs);
  }
}

/** A listener, the last one, that watches the conditions and stops the fit. */
class Conditions implements TrainingListener {
  readonly #configuration: EarlyStoppingConfiguration;
  readonly #stop = new AbortController();
  readonly #scores: { epoch: number; score: number }[] = [];
  readonly #startMs: number;
  #best: Best | null = null;
  #ended: Pick<EarlyStoppingResult, 'reason' | 'details'> | null = null;

  constructor(configuration: EarlyStoppingConfiguration) {
    this.#configuration = configuration;
    this.#startMs = configuration.maxTime?.now() ?? 0;
  }

  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  onFitStart(): void {
    this.#checkSignal();
  }

  iterationDone(_model: TrainingModel, { step, score }: Iteration): void {
    const { maxTime, maxScore = Infinity } = this.#configuration;
    const at = `at iteration ${step}`;
    if (!Number.isFinite(score)) this.#end('invalidScore', `the score is ${score} ${at}`);
    else if (score > maxScore) this.#end('maxScore', `the score ${score} is above ${maxScore} ${at}`);
    else if (maxTime && maxTime.now() - this.#startMs >= maxTime.milliseconds) {
      this.#end('maxTime', `${maxTime.milliseconds} ms are over ${at}`);
    } else this.#checkSignal();
  }

  async onEpochEnd(model: TrainingModel, { epoch }: EpochSummary): Promise<void> {
    const {
      score: calculate,
      everyEpochs = 1,
      patience = Infinity,
      minImprovement = 0,
    } = this.#configuration;
    if ((epoch + 1) % everyEpochs === 0) {
      const score = await calculate(model);
      this.#scores.push({ epoch, score });
      if (!Number.isFinite(score)) {
        this.#end('invalidScore', `the score is ${score} after epoch ${epoch}`);
      } else if (this.#best === null || this.#best.score - score > minImprovement) {
        this.#best = { epoch, score, model: await model.save() };
      } else if (epoch - this.#best.epoch >= patience) {
        this.#end(
          'patience',
          `no improvement for ${epoch - this.#best.epoch} epochs; the best score is ${this.#best.score} after epoch ${this.#best.epoch}`,
        );
      }
    }
    this.#checkSignal();
  }

  result(epochs: number): EarlyStoppingResult {
    const ended = this.#ended ?? { reason: 'maxEpochs', details: `${epochs} epochs are done` };
    return {
      ...ended,
      epochs,
      scores: this.#scores,
      bestEpoch: this.#best?.epoch ?? null,
      bestScore: this.#best?.score ?? null,
      bestModel: this.#best?.model ?? null,
    };
  }

  #checkSignal(): void {
    if (this.#configuration.signal?.aborted) this.#end('aborted', 'the signal was aborted');
  }

  /** The first condition that holds is the reason. */
  #end(reason: TerminationReason, details: string): void {
    this.#ended ??= { reason, details };
    this.#stop.abort();
  }
}
