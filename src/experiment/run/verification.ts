/**
 * Verifies a recorded run by repeating it: the training runs again from its first step, in memory, and every line, digest and
 * checkpoint on the way is compared with the record. Nothing of the record but the configuration is an input of the
 * repetition. Described in docs/experiments.md, section "A training that anyone can audit".
 */
import { decodeCheckpoint, readCheckpointHeader } from '../../train/index.js';
import type { RunConfiguration } from './configuration.js';
import { executeRun, type RunContext, type RunEvent, type RunStore } from './execute.js';
import type { MetricsLine } from './metrics.js';

/** A recorded run. */
export interface RunEvidence {
  /** Names the run in errors. */
  readonly path: string;
  readonly configuration: RunConfiguration;
  readonly metrics: readonly MetricsLine[];
  readonly checkpoint: Uint8Array | null;
}

/** The first place at which record and repetition differ. */
export interface VerificationDifference {
  /** 1-based number of the line of metrics; null for the checkpoint. */
  readonly line: number | null;
  /** The field of the line, or the tensor or field of the checkpoint. */
  readonly field: string;
  /** Absent if the record or the repetition does not have it. */
  readonly recorded?: unknown;
  readonly repeated?: unknown;
}

/** What was compared. */
export interface Verification {
  readonly status: 'equal' | 'different' | 'interrupted';
  /** Lines that are equal. */
  readonly lines: number;
  /** Training steps up to the last of them. */
  readonly step: number;
  /** Digests of weights among them. */
  readonly weights: number;
  /** Whether the checkpoint was compared, which is after the steps that are repeated otherwise. */
  readonly checkpoint: boolean;
  readonly difference: VerificationDifference | null;
}

/**
 * The number of lines that are compared for the steps up to `step`: to the end of the interval that holds it, with the lines of
 * that place.
 */
export function linesUpTo(metrics: readonly MetricsLine[], step: number): number {
  const end = metrics.find((line) => line.step >= step)?.step ?? Infinity;
  return metrics.filter((line) => line.step <= end).length;
}

/**
 * Repeats the run and compares.
 * @param step compare the lines up to this training step; default: all lines and the checkpoint
 * @throws RunFolderError for other data than recorded; errors of network and backend
 */
export async function verifyRun(
  evidence: RunEvidence,
  context: Pick<RunContext, 'data' | 'now' | 'signal'> & { readonly onEvent?: (event: RunEvent) => void },
  step = Infinity,
): Promise<Verification> {
  const { configuration, metrics } = evidence;
  const limit = step === Infinity ? metrics.length : linesUpTo(metrics, step);
  const stop = new AbortController();
  const { signal } = context;
  const abort = (): void => stop.abort();
  signal?.addEventListener('abort', abort);
  if (signal?.aborted === true) abort();
  const repetition = new Repetition(evidence, limit, step);
  try {
    const outcome = await executeRun(repetition, configuration, null, {
      data: context.data,
      now: context.now,
      signal: stop.signal,
      onEvent: (event) => {
        if (repetition.isOver(event)) abort();
        context.onEvent?.(event);
      },
    });
    const isEnded = outcome.status === 'done' || signal?.aborted !== true;
    return await repetition.verification(isEnded);
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}

/** A store that keeps nothing: it compares what it is given with the record. */
class Repetition implements RunStore {
  readonly path: string;
  readonly checkpointPath: string;
  readonly #evidence: RunEvidence;
  readonly #limit: number;
  /** Place of the recorded checkpoint; null if it is not to be compared. */
  readonly #saved: { readonly step: number; readonly epoch: number } | null;
  #checkpoint: Uint8Array | null = null;
  #lines = 0;
  #difference: VerificationDifference | null = null;

  constructor(evidence: RunEvidence, limit: number, step: number) {
    this.path = evidence.path;
    this.checkpointPath = `the repetition of ${evidence.path}`;
    this.#evidence = evidence;
    this.#limit = limit;
    const saved = evidence.checkpoint && readCheckpointHeader(evidence.checkpoint);
    this.#saved = saved && saved.step <= step ? saved : null;
  }

  recordData(): void {
    // The checkpoint holds what the data are, and is compared.
  }

  rewindMetrics(): MetricsLine[] {
    return [];
  }

  appendMetrics(line: MetricsLine): void {
    if (this.#difference !== null || this.#lines >= this.#limit) return;
    const recorded = this.#evidence.metrics[this.#lines];
    const difference = firstDifference(recorded, line, '');
    if (difference === null) this.#lines++;
    else this.#difference = { line: this.#lines + 1, ...difference };
  }

  writeCheckpoint(bytes: Uint8Array): void {
    const { step, epoch } = readCheckpointHeader(bytes);
    if (step === this.#saved?.step && epoch === this.#saved.epoch) this.#checkpoint = bytes;
  }

  writeResult(): void {
    // A result is derived from the lines, and was compared with them when the record was read.
  }

  /** True once there is nothing left to compare. */
  isOver(event: RunEvent): boolean {
    if (this.#difference !== null) return true;
    return this.#lines === this.#limit && event.step >= (this.#saved?.step ?? 0);
  }

  /** @param isEnded false if the repetition was stopped from outside */
  async verification(isEnded: boolean): Promise<Verification> {
    const { metrics, checkpoint } = this.#evidence;
    const isWhole = this.#lines === this.#limit;
    const saved = this.#saved;
    let difference = this.#difference;
    const isCompared = difference === null && isWhole && checkpoint !== null && this.#checkpoint !== null;
    if (isCompared) difference = await checkpointDifference(checkpoint, this.#checkpoint!);
    else if (difference === null && isEnded && !isWhole) {
      difference = { line: this.#lines + 1, field: 'event', recorded: metrics[this.#lines]?.event };
    } else if (difference === null && isEnded && saved !== null) {
      difference = { line: null, field: 'step', recorded: saved.step };
    }
    const checked = metrics.slice(0, this.#lines);
    return {
      status: difference !== null ? 'different' : isEnded || isWhole ? 'equal' : 'interrupted',
      lines: this.#lines,
      step: checked.at(-1)?.step ?? 0,
      weights: checked.filter((line) => 'weights' in line).length,
      checkpoint: isCompared,
      difference,
    };
  }
}

/** Times differ in every repetition. */
const TIMES = ['seconds', 'stepsPerSecond'];

/** The first value of the record that the repetition does not have; it may have more, if it is of a later version. */
function firstDifference(
  recorded: unknown,
  repeated: unknown,
  path: string,
): Omit<VerificationDifference, 'line'> | null {
  if (typeof recorded !== 'object' || recorded === null) {
    return Object.is(recorded, repeated) ? null : { field: path, recorded, repeated };
  }
  if (typeof repeated !== 'object' || repeated === null) return { field: path, recorded, repeated };
  for (const [key, value] of Object.entries(recorded)) {
    if (path === '' && TIMES.includes(key)) continue;
    const inner = path === '' ? key : `${path}.${key}`;
    const difference = firstDifference(value, (repeated as Record<string, unknown>)[key], inner);
    if (difference !== null) return difference;
  }
  return null;
}

async function checkpointDifference(
  recorded: Uint8Array,
  repeated: Uint8Array,
): Promise<VerificationDifference | null> {
  const [a, b] = await Promise.all([decodeCheckpoint(recorded), decodeCheckpoint(repeated)]);
  const line = null;
  for (const [name, { data }] of a.tensors) {
    const other = b.tensors.get(name)?.data ?? [];
    const at = data.findIndex((raw, index) => !Object.is(raw, other[index]));
    if (at >= 0) return { line, field: `${name}[${at}]`, recorded: data[at], repeated: other[at] };
  }
  const { tensors: _a, run: _b, ...counters } = a;
  const { tensors: _c, run: _d, ...others } = b;
  const difference = firstDifference(counters, others, '');
  return difference && { line, ...difference };
}
