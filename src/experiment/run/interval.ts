/** The steps between two lines of metrics, added up. */
import type { SiteStatistics } from '../../backend/index.js';
import type { Iteration } from '../../train/index.js';
import {
  addCountsBySite,
  countsBySite,
  roundedLossSum,
  type IntervalLine,
  type SiteCounts,
} from './metrics.js';

/** The sums of an interval that has not ended, as JSON data; a checkpoint keeps them. */
export type IntervalState = Omit<IntervalLine, 'event' | 'step' | 'weights'>;

/** The sums over the steps since the last interval line. */
export class Interval {
  readonly #from: number;
  #epoch = 0;
  #examples = 0;
  #lossSum: number | null = 0;
  #correct = 0;
  #seconds = 0;
  #sites: Record<string, SiteCounts> = {};
  #since: number;

  /** @param begun the sums so far of an interval that a checkpoint holds */
  constructor(from: number, now: number, begun: IntervalState | null = null) {
    this.#from = begun?.from ?? from;
    this.#since = now;
    if (begun === null) return;
    this.#epoch = begun.epoch;
    this.#examples = begun.examples;
    this.#lossSum = begun.lossSum;
    this.#correct = begun.correct;
    this.#seconds = begun.seconds;
    this.#sites = begun.sites;
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

  /**
   * The sums up to now; null without a step.
   * @param statistics counters since the last call
   */
  state(now: number, statistics: readonly SiteStatistics[]): IntervalState | null {
    if (this.#examples === 0) return null;
    this.#seconds += (now - this.#since) / 1000;
    this.#since = now;
    // Sites of evaluations are not used in training and are left out.
    const counts = countsBySite(statistics.filter(({ elements }) => elements > 0));
    this.#sites = addCountsBySite(this.#sites, counts);
    return {
      epoch: this.#epoch,
      from: this.#from,
      examples: this.#examples,
      lossSum: this.#lossSum,
      correct: this.#correct,
      seconds: this.#seconds,
      sites: this.#sites,
    };
  }

  /** The line of the steps from..step; null if there is none. */
  line(step: number, now: number, statistics: readonly SiteStatistics[]): IntervalLine | null {
    const state = this.state(now, statistics);
    if (state === null) return null;
    const { epoch, from, ...sums } = state;
    return { event: 'interval', epoch, from, step, ...sums };
  }
}
