/**
 * Figures of measured training steps, op by op: median times, multiply-adds per second, and how near that is
 * to the limit of the machine. This file only computes; a session measures. docs/kernels.md, section
 * "Profiling", explains the columns.
 */
import { checkArgument, listOf, NUMBERS, record } from '../numerics/arguments.js';
import { InputError } from '../numerics/index.js';
import type { StepProfile } from '../backend/index.js';
import { opMacs, opWrites, type Op, type Plan } from '../plan/index.js';

/** Training steps of one network, measured by its session. */
export interface TrainingProfile {
  readonly plan: Plan;
  /** Name of the backend. */
  readonly backend: string;
  readonly threads: number;
  /** Oldest first. */
  readonly steps: readonly StepProfile[];
}

/** What a profile is, as Network.profile gives it. */
export const PROFILE = record('a profile of Network.profile', {
  plan: record('a plan'),
  steps: listOf(record('a step')),
});

/** One op of the training step. */
export interface ProfileRow {
  readonly layer: string;
  readonly op: Op['kind'];
  /** Name of the tensor that the op writes first. */
  readonly writes: string;
  /** Median over the steps. */
  readonly timeMs: number;
  /** Part of `stepMs`, 0 to 1. */
  readonly share: number;
  readonly macs: number;
  /** Billions of multiply-adds per second; null for ops without any. */
  readonly gmacs: number | null;
  /** Part of the limit, 0 to 1; null if either is unknown. */
  readonly ofLimit: number | null;
  /** Share of the products summed by each path, largest first, together 1; empty for ops without products. */
  readonly paths: Readonly<Record<string, number>>;
}

/** The figures of a training step. */
export interface ProfileTable {
  readonly network: string;
  readonly backend: string;
  readonly threads: number;
  /** Examples of a step. */
  readonly batch: number;
  /** Number of measured steps used: those with the most examples. */
  readonly steps: number;
  /** Time of all ops, and of everything between ops and between steps. */
  readonly stepMs: number;
  /** Time of a step outside of its ops: data, metrics, listeners and the measurement itself. */
  readonly outsideMs: number;
  readonly macs: number;
  /** Over the whole step. */
  readonly gmacs: number;
  /**
   * Rate of a loop of multiply-adds alone on all threads, in the same run; null if the backend has no such
   * loop.
   */
  readonly limitGmacs: number | null;
  readonly rows: readonly ProfileRow[];
}

/**
 * The figures of a profile.
 * @throws RangeError if no step was measured.
 */
export function profileTable(profile: TrainingProfile): ProfileTable {
  checkArgument('profile', profile, PROFILE);
  const { plan, backend, threads, steps: all } = profile;
  if (all.length === 0) throw new InputError('profile: there must be a measured step, got none; train first');
  const batch = all.reduce((most, { count }) => Math.max(most, count), 0);
  const steps = all.filter(({ count }) => count === batch);
  const limits = steps.flatMap(({ limit }) => (limit ? [gmacsOf(limit.macs, limit.timeMs)] : []));
  const limitGmacs = limits.length > 0 ? median(limits) : null;
  const times = plan.train.map((_, index) => median(steps.map(({ ops }) => ops[index]!.timeMs)));
  const outsideMs = median(outsideTimes(steps));
  const stepMs = sum(times) + outsideMs;
  const rows = plan.train.map((op, index): ProfileRow => {
    const timeMs = times[index]!;
    const macs = opMacs(op, plan, batch);
    const gmacs = macs === 0 ? null : gmacsOf(macs, timeMs);
    return {
      layer: op.layer,
      op: op.kind,
      writes: plan.tensors[opWrites(op)[0]!]!.name,
      timeMs,
      share: timeMs / stepMs,
      macs,
      gmacs,
      ofLimit: gmacs === null || limitGmacs === null ? null : gmacs / limitGmacs,
      paths: parts(steps.map(({ ops }) => ops[index]!.paths)),
    };
  });
  const macs = sum(rows.map((row) => row.macs));
  return {
    network: plan.name,
    backend,
    threads,
    batch,
    steps: steps.length,
    stepMs,
    outsideMs,
    macs,
    gmacs: gmacsOf(macs, stepMs),
    limitGmacs,
    rows,
  };
}

/** `fast`, or for several paths `fast 90 % flush 10 %`, from weights in any unit. */
export function pathText(paths: Readonly<Record<string, number>>): string {
  checkArgument('paths', paths, record('shares by path'));
  checkArgument('paths', Object.values(paths), NUMBERS);
  const entries = Object.entries(parts([paths]));
  if (entries.length <= 1) return entries[0]?.[0] ?? '';
  return entries.map(([path, part]) => `${path} ${partText(part)}`).join(' ');
}

/** Whole percents, but 0 and 100 only for exactly 0 and exactly 1. */
function partText(part: number): string {
  const percent = Math.round(100 * part);
  if (percent === 0) return '<1 %';
  return percent === 100 ? '>99 %' : `${percent} %`;
}

/**
 * Billions of multiply-adds per second. If the clock is too coarse to measure them, they count as a
 * nanosecond.
 */
export function gmacsOf(macs: number, timeMs: number): number {
  return macs / Math.max(timeMs, 1e-6) / 1e6;
}

/**
 * Time outside of the ops from the start of a step to the start of the next; for the last step, to its end.
 */
function outsideTimes(steps: readonly StepProfile[]): number[] {
  const outside = ({ ops }: StepProfile, timeMs: number): number =>
    Math.max(0, timeMs - sum(ops.map((op) => op.timeMs)));
  const between = steps.flatMap((step, index) => {
    const next = steps[index + 1];
    if (next?.step !== step.step + 1) return [];
    return [outside(step, next.startMs - step.startMs - (step.limit?.timeMs ?? 0))];
  });
  return between.length > 0 ? between : steps.map((step) => outside(step, step.timeMs));
}

/** The sum of the weights of each name, as parts of 1, largest first. */
function parts(all: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const sums = new Map<string, number>();
  for (const paths of all) {
    for (const [path, weight] of Object.entries(paths)) {
      if (weight > 0) sums.set(path, (sums.get(path) ?? 0) + weight);
    }
  }
  const total = sum([...sums.values()]);
  const entries = [...sums].map(([path, weight]) => [path, weight / total] as const);
  return Object.fromEntries(entries.sort((a, b) => b[1] - a[1]));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}
