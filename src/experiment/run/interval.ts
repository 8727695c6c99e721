/** The steps between two lines of metrics, added up. */
import type { SiteStatistics } from '../../backend/index.js';
import type { Iteration } from '../../train/index.js';
import { countsBySite, roundedLossSum, type IntervalLine } from './metrics.js';

/** The sums over the steps since the last interval line. */
export class Interval {
  readonly #from: number;
  #epoch = 0;
  #examples = 0;
  #lossSum: number | null = 0;
  #correct = 0;
  #since: number;

  constructor(from: number, now: number) {
    this.#from = from;
    this.#since = now;
  }

  /** The time up to now was not training time. */
  resumeAt(now: number): void {
    this.#since = now;
  }

  add({ epoch, count, score, correct }: Iteration): void {
    this.#epoch = epoch + 1;
    this.#examples += count;
    const lossSum = roundedLossSum(score * count);
    this.#lossSum = this.#lossSum === null || lossSum === null ? null : this.#lossSum + lossSum;
    this.#correct += correct;
  }

  /** The line of the steps from..step; null if there is none. */
  line(step: number, now: number, statistics: readonly SiteStatistics[]): IntervalLine | null {
    if (step === this.#from) return null;
    return {
      event: 'interval',
      epoch: this.#epoch,
      from: this.#from,
      step,
      examples: this.#examples,
      lossSum: this.#lossSum,
      correct: this.#correct,
      seconds: (now - this.#since) / 1000,
      // Sites of evaluations are not used in training and are left out.
      sites: countsBySite(statistics.filter(({ elements }) => elements > 0)),
    };
  }
}
