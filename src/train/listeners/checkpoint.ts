/**
 * Saves the network while it trains, as Deeplearning4j's CheckpointListener does. The store handles the
 * files.
 */
import { checkOptions, NUMBER, TEXT, withMethods, type OptionRules } from '../../numerics/arguments.js';
import { InputTypeError } from '../../numerics/index.js';
import type { CheckpointStore } from '../checkpoint-store.js';
import type { EpochSummary, Iteration, TrainingListener, TrainingModel } from '../listener.js';
import { checkPeriod, Period, PERIOD_RULES, type PeriodOptions } from '../period.js';

/** The store of a `CheckpointListener`, and how often it saves. */
export interface CheckpointOptions extends PeriodOptions {
  readonly store: CheckpointStore;
  /** Keeps only the last n checkpoints, including those of earlier runs in the same store; default: all. */
  readonly keepLast?: number;
  /** Saves to one file of this name, replaced each time, instead of one file per checkpoint. */
  readonly name?: string;
}

const RULES: OptionRules<CheckpointOptions> = {
  store: withMethods('a checkpoint store', 'write', 'list', 'remove'),
  keepLast: NUMBER,
  name: TEXT,
  ...PERIOD_RULES,
};
const NAME = /^checkpoint-\d{10,}\.safetensors$/;

/** `checkpoint-0000001200.safetensors` for the state after 1200 steps; alphabetical order is that of the steps. */
function nameOf(step: number): string {
  return `checkpoint-${String(step).padStart(10, '0')}.safetensors`;
}

/** Saves every n epochs or steps, and at the end of `fit` (stopped early or not) unless it has just done so. */
export class CheckpointListener implements TrainingListener {
  readonly #options: CheckpointOptions;
  readonly #period: Period;
  #saved = '';

  /** @throws TypeError if keepLast and name are both given. */
  constructor(options: CheckpointOptions) {
    checkOptions('checkpoint listener', options, RULES, ['store']);
    if (options.keepLast !== undefined) {
      checkPeriod('checkpoint listener: keepLast', options.keepLast);
      if (options.name !== undefined) {
        throw new InputTypeError(
          'checkpoint listener: name keeps one file, so keepLast has no meaning; leave one out',
        );
      }
    }
    this.#options = options;
    this.#period = new Period('checkpoint listener', options);
  }

  async iterationDone(model: TrainingModel, iteration: Iteration): Promise<void> {
    if (this.#period.afterStep(iteration)) await this.#save(model);
  }

  async onEpochEnd(model: TrainingModel, summary: EpochSummary): Promise<void> {
    if (this.#period.afterEpoch(summary)) await this.#save(model);
  }

  /** Saves the steps since the last checkpoint when training ends or is stopped between two checkpoints. */
  async onFitEnd(model: TrainingModel): Promise<void> {
    await this.#save(model);
  }

  async #save(model: TrainingModel): Promise<void> {
    const moment = `${model.step}/${model.epoch}`;
    if (moment === this.#saved) return;
    const { store, name, keepLast } = this.#options;
    await store.write(name ?? nameOf(model.step), await model.save());
    this.#saved = moment;
    if (keepLast === undefined) return;
    const names = (await store.list()).filter((file) => NAME.test(file)).sort();
    for (const old of names.slice(0, -keepLast)) await store.remove(old);
  }
}
