/** Keeps the scores in memory, as Deeplearning4j's CollectScoresIterationListener does. */
import { checkOptions } from '../../numerics/arguments.js';
import type { Iteration, TrainingListener, TrainingModel } from '../listener.js';
import { STEP_PERIOD_RULES, stepPeriod, type StepPeriodOptions } from '../period.js';

/** The score (mean loss of the batch, nats) of one 0-based step. */
export interface CollectedScore {
  readonly step: number;
  readonly epoch: number;
  readonly score: number;
}

/** Collects the score of iterations 0, n, 2n ...; by default, of all. */
export class CollectScoresListener implements TrainingListener {
  readonly scores: CollectedScore[] = [];
  readonly #every: number;

  /** @throws RangeError for a number that is not whole or below 1. */
  constructor(options: number | StepPeriodOptions = {}) {
    if (typeof options !== 'number') checkOptions('collect-scores listener', options, STEP_PERIOD_RULES);
    const period = typeof options === 'number' ? { everySteps: options } : options;
    this.#every = stepPeriod('collect-scores listener', period, 1);
  }

  iterationDone(_model: TrainingModel, { step, epoch, score }: Iteration): void {
    if (step % this.#every === 0) this.scores.push({ step, epoch, score });
  }
}
