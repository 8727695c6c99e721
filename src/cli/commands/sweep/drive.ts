/**
 * Drives a sweep: reads from the run folders what is next for each run, gives an engine those that are to
 * continue, and looks again, until nothing is left. With halving, that is once per rung, because a rung is
 * decided when all of its runs have reached it. All state is in the folders, so a sweep that was stopped at
 * any point continues when it is started again.
 */
import {
  decide,
  type Decision,
  type Pruned,
  type SweepDefinition,
  type SweepRun,
} from '../../../experiment/index.js';
import {
  markFailure,
  markPruned,
  readRungRun,
  stepsDone,
  sweepRunPath,
  type SweepFolder,
} from '../../../experiment/store/index.js';
import type { Engine, EngineContext, SweepTask } from './engine.js';

/** Reports of a running sweep. */
export interface SweepListener {
  /** A wave begins: these runs, up to an epoch or to their end. */
  readonly onWave: (tasks: readonly SweepTask[], decisions: ReadonlyMap<string, Decision>) => void;
  readonly onEnd: (task: SweepTask) => void;
  readonly onPruned: (run: SweepRun, pruned: Pruned) => void;
  readonly onFailure: (run: SweepRun, problem: string) => void;
  readonly onNote: (text: string) => void;
  readonly onQueued: EngineContext['onQueued'];
  readonly onWarning: EngineContext['onWarning'];
  readonly onState: (running: number, waiting: string | null) => void;
}

/** How it ended: `done` with failed runs or without, or by the signal. */
export interface SweepOutcome {
  readonly status: 'done' | 'interrupted';
  readonly decisions: ReadonlyMap<string, Decision>;
}

export async function driveSweep(
  folder: SweepFolder,
  { halving }: SweepDefinition,
  runs: readonly SweepRun[],
  engine: Engine,
  listener: SweepListener,
  signal: AbortSignal,
): Promise<SweepOutcome> {
  const by = halving?.by ?? 'test';
  const decided = (): Map<string, Decision> =>
    decide(
      halving ?? null,
      runs.map((run) => readRungRun(folder.path, run, by)),
    );
  const context = contextOf(folder.path, listener, signal);
  // What failed before is tried again: whatever it was may have been mended.
  for (const run of runs) markFailure(sweepRunPath(folder.path, run), null);
  for (;;) {
    const decisions = decided();
    for (const run of runs) noteDecision(folder.path, run, decisions.get(run.name), listener);
    folder.writeIndex();
    const tasks = runs.flatMap((run) => taskOf(folder.path, run, decisions.get(run.name)));
    if (tasks.length === 0) return { status: 'done', decisions };
    if (signal.aborted) return { status: 'interrupted', decisions };
    listener.onWave(tasks, decisions);
    await engine.run(tasks, context);
  }
}

/** True if a run's folder shows that the task is done. */
function hasReached(sweep: string, { run, untilEpoch }: SweepTask): boolean {
  const { isDone, errors } = readRungRun(sweep, run, 'test');
  return isDone || (untilEpoch !== null && errors.length >= untilEpoch);
}

function contextOf(sweep: string, listener: SweepListener, signal: AbortSignal): EngineContext {
  return {
    sweep,
    signal,
    hasReached: (task) => hasReached(sweep, task),
    stepsOf: ({ path }) => stepsDone(path),
    onEnd: listener.onEnd,
    onFailure: ({ run }, problem) => listener.onFailure(run, problem),
    onNote: listener.onNote,
    onQueued: listener.onQueued,
    onWarning: listener.onWarning,
    onState: listener.onState,
  };
}

/** Marks what was decided beside the run, and tells it when it is new. */
function noteDecision(
  sweep: string,
  run: SweepRun,
  decision: Decision | undefined,
  listener: SweepListener,
): void {
  const path = sweepRunPath(sweep, run);
  const pruned = decision?.kind === 'pruned' ? decision : null;
  if (markPruned(path, pruned) && pruned !== null) listener.onPruned(run, pruned);
}

function taskOf(sweep: string, run: SweepRun, decision: Decision | undefined): SweepTask[] {
  if (decision?.kind !== 'train') return [];
  return [{ run, path: sweepRunPath(sweep, run), untilEpoch: decision.untilEpoch }];
}
