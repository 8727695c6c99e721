/** Reads the counters of every rounding site: saturated, flushed, largest magnitude, swallowed updates. */
import { checkOptions, FUNCTION } from '../../numerics/arguments.js';
import type { SiteStatistics } from '../../backend/index.js';
import type { EpochSummary, Iteration, TrainingListener, TrainingModel } from '../listener.js';
import { Period, PERIOD_RULES, type PeriodOptions } from '../period.js';

/** Counters since the previous record. */
export interface StatisticsRecord {
  /** Training steps done. */
  readonly step: number;
  /** Epochs done. */
  readonly epoch: number;
  /** In the order of the plan; empty in the float32 baseline. */
  readonly sites: readonly SiteStatistics[];
}

/** How often a `TensorStatisticsListener` reads the counters, and its output. */
export interface TensorStatisticsOptions extends PeriodOptions {
  readonly report: (record: StatisticsRecord) => void | Promise<void>;
}

/** Reports every n epochs or steps. Reading sets the counters to zero, so use one such listener at a time. */
export class TensorStatisticsListener implements TrainingListener {
  readonly #report: TensorStatisticsOptions['report'];
  readonly #period: Period;

  constructor(options: TensorStatisticsOptions) {
    checkOptions('statistics listener', options, { report: FUNCTION, ...PERIOD_RULES }, ['report']);
    this.#report = options.report;
    this.#period = new Period('statistics listener', options);
  }

  /** Counts from before this `fit` belong to none of its records. */
  async onFitStart(model: TrainingModel): Promise<void> {
    await model.statistics();
  }

  async iterationDone(model: TrainingModel, iteration: Iteration): Promise<void> {
    if (this.#period.afterStep(iteration)) await this.#record(model);
  }

  async onEpochEnd(model: TrainingModel, summary: EpochSummary): Promise<void> {
    if (this.#period.afterEpoch(summary)) await this.#record(model);
  }

  async #record(model: TrainingModel): Promise<void> {
    await this.#report({ step: model.step, epoch: model.epoch, sites: await model.statistics() });
  }
}
