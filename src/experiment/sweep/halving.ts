/**
 * Successive halving: all runs are trained to the first rung (a number of epochs), the best of them to the second, and so on;
 * the rest is pruned. A rung is decided when all of its runs have reached it, from their errors at that epoch alone, so
 * the decision depends neither on who came first nor on what happened since. Jamieson and Talwalkar, AISTATS 2016.
 */

/** When to prune, and how much. */
export interface Halving {
  /** Epochs, ascending. */
  readonly rungs: readonly number[];
  /** One in `eta` goes on, rounded up. Default 3. */
  readonly eta?: number;
  /** The error that counts, on the test data or of the epoch's training. Default `test`. */
  readonly by?: 'test' | 'training';
}

/** What the decision needs to know of a run. */
export interface RungRun {
  readonly name: string;
  /** The run is done. */
  readonly isDone: boolean;
  /** It was given up: it takes no part. */
  readonly isFailed: boolean;
  /** Error in percent at the end of each epoch from the first. */
  readonly errors: readonly number[];
}

/** What is next for a run. */
export type Decision =
  | { readonly kind: 'done' }
  | { readonly kind: 'failed' }
  /** Train up to that epoch; null: to the end. */
  | { readonly kind: 'train'; readonly untilEpoch: number | null }
  /** It has reached its rung, others have not. */
  | { readonly kind: 'wait'; readonly untilEpoch: number }
  | Pruned;

/** A run that was not among the best of its rung. */
export interface Pruned {
  readonly kind: 'pruned';
  /** Epochs of the rung. */
  readonly epochs: number;
  readonly errorPercent: number;
  /** Its place among the runs of the rung, from 1. */
  readonly place: number;
  readonly runs: number;
  /** How many of them went on. */
  readonly kept: number;
}

/** One in so many goes on where halving does not say. */
export const DEFAULT_ETA = 3;

/** What is next for each run, in their order. Equal errors are told apart by that order. */
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
    // Sorting is stable.
    ranked.sort((a, b) => (a.errorPercent ?? 0) - (b.errorPercent ?? 0));
    const kept = Math.ceil(ranked.length / (halving?.eta ?? DEFAULT_ETA));
    ranked.slice(kept).forEach(({ run, errorPercent = 0 }, index) => {
      const place = kept + index + 1;
      decisions.set(
        run.name,
        run.isDone
          ? { kind: 'done' }
          : { kind: 'pruned', epochs: rung, errorPercent, place, runs: ranked.length, kept },
      );
    });
    const survivors = new Set(ranked.slice(0, kept).map(({ run }) => run));
    alive = alive.filter((run) => survivors.has(run));
  }
  for (const { name, isDone } of alive) {
    decisions.set(name, isDone ? { kind: 'done' } : { kind: 'train', untilEpoch: null });
  }
  return decisions;
}

/** Error at the end of the epoch; of a run that ended earlier, its last one. */
function errorAt({ errors, isDone }: RungRun, epoch: number): number | undefined {
  return errors[epoch - 1] ?? (isDone ? errors.at(-1) : undefined);
}
