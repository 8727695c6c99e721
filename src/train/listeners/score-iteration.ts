/** Prints the score every n iterations, as Deeplearning4j's ScoreIterationListener does. */
import type { Iteration, TrainingListener, TrainingModel } from '../listener.js';
import { checkPeriod } from '../period.js';

/** Output of a `ScoreIterationListener`. */
export interface ScoreIterationOptions {
  readonly print: (line: string, iteration: Iteration) => void;
  /** Iterations 0, n, 2n ... are printed; default 10. */
  readonly every?: number;
}

/** `Score at iteration {i} is {s}`; the score is the batch's mean loss in nats. */
export class ScoreIterationListener implements TrainingListener {
  readonly #print: ScoreIterationOptions['print'];
  readonly #every: number;

  constructor({ print, every = 10 }: ScoreIterationOptions) {
    this.#print = print;
    this.#every = checkPeriod('score listener: every', every);
  }

  iterationDone(_model: TrainingModel, iteration: Iteration): void {
    const { step, score } = iteration;
    if (step % this.#every === 0) this.#print(`Score at iteration ${step} is ${score}`, iteration);
  }
}
