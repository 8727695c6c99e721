/**
 * When a listener acts: every n epochs or steps, counted from the start of training, so that a resumed
 * training keeps the rhythm.
 */
import { NUMBER, type OptionRules } from '../numerics/arguments.js';
import { InputError } from '../numerics/index.js';
import type { EpochSummary, Iteration } from './listener.js';

/** How often a listener acts; by default, after every epoch. */
export interface PeriodOptions {
  /** After every n-th epoch, counted from the start of training. */
  readonly everyEpochs?: number;
  /** After every n-th step, counted from the start of training. */
  readonly everySteps?: number;
}

/** Rules of `PeriodOptions`. */
export const PERIOD_RULES: OptionRules<PeriodOptions> = { everyEpochs: NUMBER, everySteps: NUMBER };

/** How often a listener acts that counts steps alone. */
export interface StepPeriodOptions {
  /** Every n-th step, counted from the start of training. */
  readonly everySteps?: number;
  /** The former name of `everySteps`. */
  readonly every?: number;
}

/** Rules of `StepPeriodOptions`. */
export const STEP_PERIOD_RULES: OptionRules<StepPeriodOptions> = { everySteps: NUMBER, every: NUMBER };

/**
 * The number of steps between two actions.
 * @throws RangeError for a number that is not whole or below 1.
 */
export function stepPeriod(who: string, options: StepPeriodOptions, usual: number): number {
  const { every, everySteps = every ?? usual } = options;
  return checkPeriod(
    `${who}: ${options.everySteps === undefined && every !== undefined ? 'every' : 'everySteps'}`,
    everySteps,
  );
}

/** Decides after which steps and epochs a listener acts. In a resumed training it acts at the same steps. */
export class Period {
  readonly #epochs: number;
  readonly #steps: number;

  /** @throws RangeError for a number that is not whole or below 1. */
  constructor(who: string, { everyEpochs, everySteps }: PeriodOptions) {
    if (everySteps !== undefined) checkPeriod(`${who}: everySteps`, everySteps);
    if (everyEpochs !== undefined) checkPeriod(`${who}: everyEpochs`, everyEpochs);
    this.#steps = everySteps ?? Infinity;
    this.#epochs = everyEpochs ?? (everySteps === undefined ? 1 : Infinity);
  }

  afterStep({ step }: Iteration): boolean {
    return (step + 1) % this.#steps === 0;
  }

  afterEpoch({ epoch }: EpochSummary): boolean {
    return (epoch + 1) % this.#epochs === 0;
  }
}

/** @throws RangeError for a number that is not whole or below 1. */
export function checkPeriod(what: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw new InputError(`${what} must be a whole number of at least 1, got ${value}`);
}
