/**
 * The process of one run of a sweep, started by an engine: continues the run, up to an epoch or to its end. Not for people;
 * its output goes to the run's log. Exit codes: 0 done; 2 the run cannot be done, which is marked beside it; 130 or 143
 * stopped with a checkpoint; anything else is a crash.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { defaultThreads } from '../../../backend/index.js';
import {
  completeConfiguration,
  executeRun,
  expandSweep,
  type RunConfiguration,
  type SweepRun,
} from '../../../experiment/index.js';
import { defineNetwork } from '../../../nn/index.js';
import {
  isRunFolder,
  lockHolder,
  markFailure,
  openStoredRun,
  readRungRun,
  readSweep,
  RunFolder,
  sweepRunPath,
  type LockOwner,
} from '../../../experiment/store/index.js';
import type { TrainingWarning } from '../../../train/index.js';
import { openData } from '../../shared/open-data.js';
import { errorLine, EXIT, isKnownError, UsageError } from '../../console/errors.js';
import { interruptible, type CommandContext, type Interrupt } from '../../console/interrupt.js';
import { Terminal } from '../../console/terminal.js';
import { clusterOwner } from './slurm-commands.js';
import { BUSY, workerOrder, type WorkerOrder, type WorkerThreads } from './worker-arguments.js';

/** For a process of the same run that has been asked to stop, or has lost its sweep, and is about to end. */
const LOCK_WAIT_MS = 15_000;
const LOCK_POLL_MS = 100;

async function work({ terminal, interrupt }: CommandContext, order: WorkerOrder): Promise<number> {
  const { runs } = expandSweep(readSweep(order.sweep), order.sweep);
  const run = runs.find(({ name }) => name === order.name);
  if (run === undefined) throw new UsageError(`worker: sweep ${order.sweep} has no run "${order.name}"`);
  const path = sweepRunPath(order.sweep, run);
  const owner = clusterOwner();
  if (!(await isFree(path, owner, interrupt.signal))) return BUSY;
  try {
    return await train(terminal, order, run, path, owner, interrupt);
  } catch (error) {
    if (lockHolder(path, owner) !== null) return BUSY;
    if (!isKnownError(error) || interrupt.signal.aborted) throw error;
    terminal.error(errorLine(error));
    markFailure(path, errorLine(error));
    return EXIT.known;
  }
}

async function train(
  terminal: Terminal,
  { sweep, untilEpoch, threads }: WorkerOrder,
  run: SweepRun,
  path: string,
  owner: LockOwner,
  interrupt: Interrupt,
): Promise<number> {
  const before = readRungRun(sweep, run, 'test');
  const hasReached = (epochs: number): boolean => untilEpoch !== null && epochs >= untilEpoch;
  if (before.isDone || hasReached(before.errors.length)) return 0;
  const data = await openData(terminal, run.configuration, interrupt.signal);
  const isNew = !isRunFolder(path);
  const folder = isNew
    ? RunFolder.create(path, completeConfiguration({ ...run.configuration, dataDigest: data.digest }), owner)
    : RunFolder.resume(path, owner);
  try {
    const { configuration, checkpoint } = openStoredRun(path);
    const stop = new AbortController();
    interrupt.signal.addEventListener('abort', () => stop.abort(interrupt.signal.reason));
    if (interrupt.signal.aborted) stop.abort(interrupt.signal.reason);
    const settled = { ...configuration, threads: threadsOf(threads, configuration) };
    const outcome = await executeRun(folder, settled, checkpoint, {
      data,
      now: () => performance.now(),
      signal: stop.signal,
      onEvent: (event) => {
        if (event.event === 'warning') {
          const { kind, message } = event;
          terminal.warn(message);
          // A sweep that is gone does not hear it; the log has it.
          process.send?.({ kind, message } satisfies TrainingWarning, undefined, undefined, () => undefined);
        }
        if (event.event === 'epoch' && !event.partial && hasReached(event.epoch)) stop.abort();
      },
    });
    return outcome.status === 'interrupted' && interrupt.signal.aborted ? interrupt.exitCode : 0;
  } catch (error) {
    if (isNew) folder.discard();
    throw error;
  } finally {
    folder.close();
  }
}

/** The number in the order, otherwise that of Slurm for the task. */
function threadsOf({ count, isExact }: WorkerThreads, { network, batch }: RunConfiguration): number {
  const share = count > 0 ? count : Number(process.env['SLURM_CPUS_PER_TASK'] ?? 1);
  return isExact ? share : defaultThreads(defineNetwork(network).plan(batch), share);
}

/** Waits for a process that is about to give the run's lock back; false if it does not. */
async function isFree(path: string, owner: LockOwner, signal: AbortSignal): Promise<boolean> {
  const end = performance.now() + LOCK_WAIT_MS;
  while (lockHolder(path, owner) !== null) {
    if (performance.now() > end || signal.aborted) return false;
    await sleep(LOCK_POLL_MS);
  }
  return true;
}

const terminal = new Terminal();
// Its output is a log.
terminal.speakFor({ quiet: true });
// Without its sweep, no process would count its result or stop it.
const stopAlone = (): void => void process.kill(process.pid, 'SIGTERM');
process.once('disconnect', stopAlone);
try {
  const order = workerOrder(process.argv.slice(2));
  process.exitCode = await interruptible(terminal, (context) => work(context, order));
} catch (error) {
  terminal.error(errorLine(error));
  if (error instanceof Error) terminal.note(error.stack ?? '');
  process.exitCode = EXIT.internal;
}
process.off('disconnect', stopAlone);
if (process.connected) process.disconnect();
