/** Keeps the scores in memory, as Deeplearning4j's CollectScoresIterationListener does. */
import type { Iteration, TrainingListener, TrainingModel } from '../listener.js';
import { checkPeriod } from '../period.js';

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

  constructor({ every = 1 }: { readonly every?: number } = {}) {
    this.#every = checkPeriod('collect-scores listener: every', every);
  }

  iterationDone(_model: TrainingModel, { step, epoch, score }: Iteration): void {
    if (step % this.#every === 0) this.scores.push({ step, epoch, score });
  }
}
