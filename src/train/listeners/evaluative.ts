/** Evaluates on a data set every n epochs or steps, as Deeplearning4j's EvaluativeListener does. */
import type { DataSetIterator } from '../../data/index.js';
import type { Evaluation } from '../evaluation.js';
import type { EpochSummary, Iteration, TrainingListener, TrainingModel } from '../listener.js';
import { Period, type PeriodOptions } from '../period.js';

/** What an `EvaluativeListener` evaluates on, when, and whom it tells. */
export interface EvaluativeOptions extends PeriodOptions {
  readonly iterator: DataSetIterator;
  readonly report: (evaluation: Evaluation, model: TrainingModel) => void | Promise<void>;
  readonly topN?: number;
}

/** Hands every evaluation to `report`. Training is not changed by it. */
export class EvaluativeListener implements TrainingListener {
  readonly #options: EvaluativeOptions;
  readonly #period: Period;

  constructor(options: EvaluativeOptions) {
    this.#options = options;
    this.#period = new Period('evaluative listener', options);
  }

  async iterationDone(model: TrainingModel, iteration: Iteration): Promise<void> {
    if (this.#period.afterStep(iteration)) await this.#evaluate(model);
  }

  async onEpochEnd(model: TrainingModel, summary: EpochSummary): Promise<void> {
    if (this.#period.afterEpoch(summary)) await this.#evaluate(model);
  }

  async #evaluate(model: TrainingModel): Promise<void> {
    const { iterator, report, topN } = this.#options;
    await report(await model.evaluate(iterator, topN === undefined ? {} : { topN }), model);
  }
}
