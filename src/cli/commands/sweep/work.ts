/** How much work the runs of a sweep are: steps, and multiply-adds a step. Data are loaded here once, so that no two processes fetch them. */
import { isFewbitError } from '../../../numerics/index.js';
import { checkNetwork } from '../../options/check-network.js';
import { openData } from '../../shared/open-data.js';
import { ConfigurationError, plannedSteps, type SweepRun } from '../../../experiment/index.js';
import { planTotals } from '../../../plan/index.js';
import type { Terminal } from '../../console/terminal.js';
import type { SweepTask } from './engine.js';

/** Checks every run's network before anything is fetched or written, and returns multiply-adds a step by run. */
export function checkedMacs(runs: readonly SweepRun[]): Map<string, number> {
  const known = new Map<string, number>();
  const macs = new Map<string, number>();
  for (const { name, label, configuration } of runs) {
    const { network, batch, backend, threads } = configuration;
    // Seeds and rates change neither shapes nor costs, and most sweeps vary little else.
    const key = JSON.stringify([{ ...network, seed: 0, optimizer: null }, batch, backend, threads]);
    try {
      const count = known.get(key) ?? planTotals(checkNetwork(configuration).plan(batch)).trainMacs;
      known.set(key, count);
      macs.set(name, count);
    } catch (error) {
      if (!isFewbitError(error)) throw error;
      throw new ConfigurationError(`run "${label}": ${error.message}`, { cause: error });
    }
  }
  return macs;
}

/**
 * Training examples by data of a configuration.
 * @throws DataError where some of them cannot be loaded
 */
export async function trainingExamples(
  terminal: Terminal,
  runs: readonly SweepRun[],
  signal: AbortSignal,
): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for (const { configuration } of runs) {
    const { data } = configuration;
    if (counts.has(data)) continue;
    const { train } = await openData(terminal, configuration, signal);
    counts.set(data, train.count);
  }
  return counts;
}

/** Turns a task into numbers of steps and work. */
export class SweepWork {
  readonly #macs: ReadonlyMap<string, number>;
  readonly #examples: ReadonlyMap<string, number>;

  constructor(macs: ReadonlyMap<string, number>, examples: ReadonlyMap<string, number>) {
    this.#macs = macs;
    this.#examples = examples;
  }

  /** Steps of the run when the task is done. */
  steps({ run, untilEpoch }: SweepTask): number {
    const { configuration } = run;
    const all = this.#examples.get(configuration.data) ?? 0;
    const { train = all, validation = 0 } = configuration.subset ?? {};
    const examples = Math.min(all - validation, train);
    const whole = plannedSteps(configuration, examples);
    return untilEpoch === null ? whole : plannedSteps({ ...configuration, epochs: untilEpoch }, examples);
  }

  /** Multiply-adds of a number of steps of the run. */
  work({ run }: SweepTask, steps: number): number {
    return steps * (this.#macs.get(run.name) ?? 1);
  }
}
