/**
 * Training that ends automatically and keeps the best network, after Deeplearning4j's EarlyStoppingTrainer.
 * Conditions are checked after every step (time, invalid and too large scores) and every epoch (best score,
 * patience, epochs).
 */
import { checkSource } from './batch.js';
import type { DataSet, DataSetIterator } from '../data/index.js';
import {
  checkOptions,
  FUNCTION,
  NUMBER,
  realNumber,
  record,
  SIGNAL,
  TEXT,
  type OptionRules,
  checkArgument,
  withMethods,
} from '../numerics/arguments.js';
import { InputError, InputTypeError } from '../numerics/index.js';
import type { Evaluation } from './evaluation.js';
import type { FitOptions } from './fit.js';
import {
  LISTENERS,
  type EpochSummary,
  type Iteration,
  type TrainingListener,
  type TrainingModel,
} from './listener.js';
import type { Network } from './network.js';
import { checkPeriod } from './period.js';

/** Which way a score goes: whether the best network has the smallest score, or the largest. */
export type ScoreDirection = 'minimize' | 'maximize';

/** Measures how good the network is after an epoch. */
export type ScoreFunction = (model: TrainingModel) => number | Promise<number>;

/** A score that knows which way it goes. */
export interface ScoreCalculator {
  (model: TrainingModel): Promise<number>;
  readonly direction: ScoreDirection;
}

const SCORES = {
  loss: ['minimize', (evaluation) => evaluation.loss()],
  error: ['minimize', (evaluation) => evaluation.errorPercent()],
  accuracy: ['maximize', (evaluation) => evaluation.accuracy()],
  precision: ['maximize', (evaluation) => evaluation.precision() ?? NaN],
  recall: ['maximize', (evaluation) => evaluation.recall() ?? NaN],
  f1: ['maximize', (evaluation) => evaluation.f1() ?? NaN],
} as const satisfies Record<ScoreName, readonly [ScoreDirection, (evaluation: Evaluation) => number]>;

/** A figure of an evaluation by name; precision, recall and F1 are macro averages. */
export type ScoreName = 'loss' | 'error' | 'accuracy' | 'precision' | 'recall' | 'f1';

/**
 * The score of that name on a data set. It carries its direction.
 * @throws RangeError for an unknown name.
 */
export function evaluationScore(name: ScoreName, data: DataSetIterator | DataSet): ScoreCalculator {
  if (!Object.hasOwn(SCORES, name)) {
    throw new InputError(`score: there is no "${name}"; choose one of ${Object.keys(SCORES).join(', ')}`);
  }
  const [direction, figure] = SCORES[name];
  return Object.assign(async (model: TrainingModel) => figure(await model.evaluate(data)), { direction });
}

/** Mean loss on a data set; smaller is better. */
export function lossScore(data: DataSetIterator | DataSet): ScoreCalculator {
  return evaluationScore('loss', data);
}

/** Share of wrong predictions on a data set, in per cent; smaller is better. */
export function errorScore(data: DataSetIterator | DataSet): ScoreCalculator {
  return evaluationScore('error', data);
}

/** Share of right predictions on a data set, 0 to 1; larger is better. */
export function accuracyScore(data: DataSetIterator | DataSet): ScoreCalculator {
  return evaluationScore('accuracy', data);
}

/** The quantities watched, and the conditions that end training. */
export interface EarlyStoppingConfiguration {
  /**
   * Calculates the score after every n-th epoch. A plain function needs `direction`, because nothing else can tell
   * an accuracy from a loss.
   */
  readonly score: ScoreCalculator | ScoreFunction;
  /** Whether the best network has the smallest score, or the largest. A `ScoreCalculator` carries its own. */
  readonly direction?: ScoreDirection;
  /** The n of `score`; default 1. */
  readonly everyEpochs?: number;
  readonly maxEpochs: number;
  /** Ends after this number of epochs without an improvement. */
  readonly patience?: number;
  /** An improvement is a score better than the best one by more than this; default 0. */
  readonly minImprovement?: number;
  /** Ends after the step during which this time runs out; `now` gives milliseconds on any clock. */
  readonly maxTime?: { readonly milliseconds: number; readonly now: () => number };
  /** Ends after a step whose score (mean loss of the batch) is above this. */
  readonly maxScore?: number;
  /** Ends after the step during which it is aborted. */
  readonly signal?: AbortSignal;
  /** Receives warnings; see `FitOptions`. */
  readonly onWarning?: FitOptions['onWarning'];
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

const RULES: OptionRules<EarlyStoppingConfiguration> = {
  score: FUNCTION,
  direction: TEXT,
  everyEpochs: NUMBER,
  maxEpochs: NUMBER,
  patience: NUMBER,
  minImprovement: realNumber(0),
  maxTime: record('{ milliseconds, now }'),
  maxScore: realNumber(),
  signal: SIGNAL,
  onWarning: FUNCTION,
};
const TIME_RULES = { milliseconds: realNumber(0), now: FUNCTION };

/** Trains once. The network itself continues to the last epoch; `bestModel` holds the best one. */
export class EarlyStoppingTrainer {
  readonly #configuration: EarlyStoppingConfiguration;
  readonly #network: Network;
  readonly #iterator: DataSetIterator;
  readonly #listeners: readonly TrainingListener[];
  readonly #direction: ScoreDirection;

  /** @throws RangeError for numbers of epochs that are not whole or below 1, TypeError for a score without a direction. */
  constructor(
    configuration: EarlyStoppingConfiguration,
    network: Network,
    iterator: DataSetIterator,
    listeners: readonly TrainingListener[] = [],
  ) {
    checkOptions('early stopping', configuration, RULES, ['score', 'maxEpochs']);
    if (configuration.maxTime)
      checkOptions('early stopping: maxTime', configuration.maxTime, TIME_RULES, ['milliseconds', 'now']);
    checkArgument('early stopping: network', network, withMethods('a network', 'fit'));
    checkSource('early stopping', iterator);
    checkArgument('early stopping: listeners', listeners, LISTENERS);
    const { maxEpochs, patience = 1, everyEpochs = 1 } = configuration;
    checkPeriod('early stopping: maxEpochs', maxEpochs);
    checkPeriod('early stopping: patience', patience);
    checkPeriod('early stopping: everyEpochs', everyEpochs);
    this.#direction = directionOf(configuration);
    this.#configuration = configuration;
    this.#network = network;
    this.#iterator = iterator;
    this.#listeners = listeners;
  }

  /** Trains until a condition holds. Rejects with the errors of `Network.fit`. */
  async fit(): Promise<EarlyStoppingResult> {
    const { onWarning } = this.#configuration;
    const conditions = new Conditions(this.#configuration, this.#direction);
    const { epochs } = await this.#network.fit(this.#iterator, {
      epochs: this.#configuration.maxEpochs,
      listeners: [...this.#listeners, conditions],
      signal: conditions.signal,
      ...(onWarning && { onWarning }),
    });
    return conditions.result(epochs);
  }
}

/** @throws TypeError for a score without a direction, with an unknown one, or with two. */
function directionOf({ score, direction }: EarlyStoppingConfiguration): ScoreDirection {
  const own = 'direction' in score ? score.direction : undefined;
  const given = direction ?? own;
  if (given !== 'minimize' && given !== 'maximize') {
    throw new InputTypeError(
      `early stopping: direction must say which scores are better, got ${String(given)}; pass 'minimize' for a loss or an error, 'maximize' for an accuracy, or take lossScore, errorScore or accuracyScore`,
    );
  }
  if (own !== undefined && own !== given) {
    throw new InputTypeError(
      `early stopping: the score is one to ${own}, got direction '${given}'; leave direction out`,
    );
  }
  return given;
}

/** A listener, the last one, that watches the conditions and stops the fit. */
class Conditions implements TrainingListener {
  readonly #configuration: EarlyStoppingConfiguration;
  readonly #stop = new AbortController();
  readonly #scores: { epoch: number; score: number }[] = [];
  readonly #startMs: number;
  #best: Best | null = null;
  #ended: Pick<EarlyStoppingResult, 'reason' | 'details'> | null = null;

  /** Turns a score into one of which smaller is better. */
  readonly #sign: 1 | -1;

  constructor(configuration: EarlyStoppingConfiguration, direction: ScoreDirection) {
    this.#configuration = configuration;
    this.#sign = direction === 'minimize' ? 1 : -1;
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
      } else if (this.#best === null || this.#sign * (this.#best.score - score) > minImprovement) {
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
