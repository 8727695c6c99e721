/** Prints the score every n iterations, as Deeplearning4j's ScoreIterationListener does. */
import { checkOptions, FUNCTION } from '../../numerics/arguments.js';
import { printLine } from '../console.js';
import type { Iteration, TrainingListener, TrainingModel } from '../listener.js';
import { STEP_PERIOD_RULES, stepPeriod, type StepPeriodOptions } from '../period.js';

/** Output of a `ScoreIterationListener`; iterations 0, n, 2n ... are printed, n is 10 by default. */
export interface ScoreIterationOptions extends StepPeriodOptions {
  /** Receives the line alone, so that `console.log` will do, which is the default. */
  readonly print?: (line: string) => void;
}

/** `Score at iteration {i} is {s}`; the score is the batch's mean loss in nats. */
export class ScoreIterationListener implements TrainingListener {
  readonly #print: (line: string) => void;
  readonly #every: number;

  /**
   * A number is that of the steps between two lines, as in Deeplearning4j.
   * @throws RangeError for a number that is not whole or below 1.
   */
  constructor(options: number | ScoreIterationOptions = {}) {
    if (typeof options !== 'number')
      checkOptions('score listener', options, { print: FUNCTION, ...STEP_PERIOD_RULES });
    const { print = printLine, ...period } = typeof options === 'number' ? { everySteps: options } : options;
    this.#print = print;
    this.#every = stepPeriod('score listener', period, 10);
  }

  iterationDone(_model: TrainingModel, { step, score }: Iteration): void {
    if (step % this.#every === 0) this.#print(`Score at iteration ${step} is ${score}`);
  }
}
