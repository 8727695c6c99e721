/** Evaluates on a data set every n epochs or steps, as Deeplearning4j's EvaluativeListener does. */
import { checkSource } from '../batch.js';
import { checkOptions, FUNCTION, NUMBER, record, type OptionRules } from '../../numerics/arguments.js';
import type { DataSet, DataSetIterator } from '../../data/index.js';
import type { Evaluation } from '../evaluation.js';
import type { EpochSummary, Iteration, TrainingListener, TrainingModel } from '../listener.js';
import { Period, PERIOD_RULES, type PeriodOptions } from '../period.js';

/** The data set of an `EvaluativeListener`, how often it evaluates, and its output. */
export interface EvaluativeOptions extends PeriodOptions {
  readonly iterator: DataSetIterator | DataSet;
  readonly report: (evaluation: Evaluation, model: TrainingModel) => void | Promise<void>;
  readonly topN?: number;
}

const RULES: OptionRules<EvaluativeOptions> = {
  iterator: record('a DataSetIterator or a DataSet'),
  report: FUNCTION,
  topN: NUMBER,
  ...PERIOD_RULES,
};

/** Passes every evaluation to `report`. It does not change training. */
export class EvaluativeListener implements TrainingListener {
  readonly #options: EvaluativeOptions;
  readonly #period: Period;

  constructor(options: EvaluativeOptions) {
    checkOptions('evaluative listener', options, RULES, ['iterator', 'report']);
    checkSource('evaluative listener', options.iterator);
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
