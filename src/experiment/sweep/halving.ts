/**
 * Successive halving: all runs are trained to the first rung (a number of epochs), the best of them to the
 * second, and so on. The others are pruned. A rung is decided when all of its runs have reached it, from
 * their errors at that epoch alone. The decision therefore depends neither on the order of arrival nor on
 * later epochs. A run whose error is not a number is last and never continues. Jamieson and Talwalkar, AISTATS 2016.
 */

import { isNumber, smallestFirst } from '../../numerics/index.js';

/** When to prune, and how many runs. */
export interface Halving {
  /** Epochs in ascending order. */
  readonly rungs: readonly number[];
  /** One run in `eta` continues, rounded up. Default 3. */
  readonly eta?: number;
  /** The error that decides: on the test data, or during the epoch's training. Default `test`. */
  readonly by?: 'test' | 'training';
}

/** The facts about a run on which the decision depends. */
export interface RungRun {
  readonly name: string;
  /** The run is done. */
  readonly isDone: boolean;
  /** It was given up and takes no part. */
  readonly isFailed: boolean;
  /** Error in percent at the end of each epoch, from the first; null if it is not a number. */
  readonly errors: readonly (number | null)[];
}

/** The next action for a run. */
export type Decision =
  | { readonly kind: 'done' }
  | { readonly kind: 'failed' }
  /** Train up to that epoch, or to the end if it is null. */
  | { readonly kind: 'train'; readonly untilEpoch: number | null }
  /** It has reached its rung, but others have not. */
  | { readonly kind: 'wait'; readonly untilEpoch: number }
  | Pruned;

/** A run that was not among the best of its rung. */
export interface Pruned {
  readonly kind: 'pruned';
  /** Epochs of the rung. */
  readonly epochs: number;
  /** null if it is not a number: the network has diverged. */
  readonly errorPercent: number | null;
  /** Its place among the runs of the rung, from 1. */
  readonly place: number;
  readonly runs: number;
  /** How many of them continued. */
  readonly kept: number;
}

/** The default of `eta`. */
export const DEFAULT_ETA = 3;

/** The next action for each run, in their order, which also ranks equal errors. */
export function decide(halving: Halving | null, runs: readonly RungRun[]): Map<string, Decision> {
  const decisions = new Map<string, Decision>();
  for (const { name, isFailed } of runs) if (isFailed) decisions.set(name, { kind: 'failed' });
  let alive = runs.filter(({ isFailed }) => !isFailed);
  for (const rung of halving?.rungs ?? []) {
    const ranked = alive.map((run) => ({ run, errorPercent: errorAt(run, rung) }));
    if (ranked.some(({ errorPercent }) => errorPercent === undefined)) {
      for (const { run, errorPercent } of ranked) {
        const kind = errorPercent === undefined ? 'train' : 'wait';
        decisions.set(run.name, { kind, untilEpoch: rung });
      }
      return decisions;
    }
    const sorted = smallestFirst(ranked, ({ errorPercent }) => errorPercent);
    const sound = ranked.filter(({ errorPercent }) => isNumber(errorPercent)).length;
    const kept = Math.min(Math.ceil(ranked.length / (halving?.eta ?? DEFAULT_ETA)), sound);
    sorted.slice(kept).forEach(({ run, errorPercent = null }, index) => {
      const place = kept + index + 1;
      decisions.set(
        run.name,
        run.isDone
          ? { kind: 'done' }
          : { kind: 'pruned', epochs: rung, errorPercent, place, runs: ranked.length, kept },
      );
    });
    const survivors = new Set(sorted.slice(0, kept).map(({ run }) => run));
    alive = alive.filter((run) => survivors.has(run));
  }
  for (const { name, isDone } of alive) {
    decisions.set(name, isDone ? { kind: 'done' } : { kind: 'train', untilEpoch: null });
  }
  return decisions;
}

/** Error at the end of the epoch; for a run that ended earlier, its last error. */
function errorAt({ errors, isDone }: RungRun, epoch: number): number | null | undefined {
  return epoch > errors.length && isDone ? errors.at(-1) : errors[epoch - 1];
}
