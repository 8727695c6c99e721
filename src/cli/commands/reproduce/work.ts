/** How much of a reproduction is done and how long the rest will take, counted in multiply-adds of training steps. */
import { defineNetwork } from '../../../nn/index.js';
import { planTotals } from '../../../plan/index.js';
import { plannedSteps, type FigureEntry } from '../../../experiment/index.js';
import { openStoredRun, isRunFolder } from '../../../experiment/store/index.js';
import { durationText } from '../../console/terminal.js';

export class Work {
  readonly #macsOfStep = new Map<string, number>();
  /** Of all runs that are not done. */
  #total = 0;
  #done = 0;
  #begun: number | null = null;

  /** Counts in the runs that are still to be done, once for each folder. */
  constructor(entries: readonly FigureEntry[], trainingExamples: (entry: FigureEntry) => number) {
    for (const entry of entries) {
      const { path, configuration } = entry;
      if (this.#macsOfStep.has(path)) continue;
      const { trainMacs } = planTotals(defineNetwork(configuration.network).plan(configuration.batch));
      this.#macsOfStep.set(path, trainMacs);
      if (isRunFolder(path) && openStoredRun(path).result !== null) continue;
      this.#total += trainMacs * plannedSteps(configuration, trainingExamples(entry));
    }
  }

  /** A run continues after `step` steps that were done before. */
  start({ path }: FigureEntry, step: number, now: number): void {
    this.#begun ??= now;
    this.#total -= step * (this.#macsOfStep.get(path) ?? 0);
  }

  step({ path }: FigureEntry): void {
    this.#done += this.#macsOfStep.get(path) ?? 0;
  }

  /** `all runs: 12 %, ETA 2 h 05 min`. */
  text(now: number): string {
    const share = this.#total === 0 ? 1 : this.#done / this.#total;
    const left = (((now - (this.#begun ?? now)) / 1000) * (1 - share)) / Math.max(share, 1e-9);
    return `all runs: ${Math.floor(100 * share)} %, ETA ${durationText(left)}`;
  }
}
