/**
 * Measured training steps in the Trace Event Format, which chrome://tracing and ui.perfetto.dev open. Each
 * network is a process, with one track of steps and their ops and one track of the loop that sets the limit.
 * Times are in microseconds. https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU
 */
import { checkArgument, listOf } from '../numerics/arguments.js';
import type { OpProfile, StepProfile } from '../backend/index.js';
import { opMacs, opWrites, type Op, type Plan } from '../plan/index.js';
import { PROFILE, gmacsOf, pathText, type TrainingProfile } from './profile.js';

/** An event with a duration, or a name of a process or a track. */
export type TraceEvent = Interval | NameOf;

interface Interval {
  readonly ph: 'X';
  readonly name: string;
  readonly cat: string;
  /** Microseconds since the first step. */
  readonly ts: number;
  readonly dur: number;
  readonly pid: number;
  readonly tid: number;
  readonly args: Readonly<Record<string, string | number>>;
}

interface NameOf {
  readonly ph: 'M';
  readonly name: 'process_name' | 'thread_name';
  readonly pid: number;
  readonly tid: number;
  readonly args: { readonly name: string };
}

/** A trace in a form that JSON.stringify accepts. */
export interface Trace {
  readonly displayTimeUnit: 'ms';
  readonly traceEvents: readonly TraceEvent[];
}

const STEPS = 1;
const LIMIT = 2;

/** The trace of one or several profiles. */
export function profileTrace(profiles: readonly TrainingProfile[]): Trace {
  checkArgument('profiles', profiles, listOf(PROFILE));
  const starts = profiles.flatMap(({ steps }) => steps.map(({ startMs }) => startMs));
  const zero = starts.reduce((first, start) => Math.min(first, start), Infinity);
  const traceEvents = profiles.flatMap((profile, index) => [
    ...names(profile, index + 1),
    ...profile.steps.flatMap((step) => stepEvents(profile.plan, step, index + 1, zero)),
  ]);
  return { displayTimeUnit: 'ms', traceEvents };
}

function names({ plan, backend, threads }: TrainingProfile, pid: number): NameOf[] {
  const text = `${plan.name}, ${backend}, ${threads} thread${threads === 1 ? '' : 's'}`;
  const named = (name: NameOf['name'], tid: number, value: string): NameOf => {
    return { ph: 'M', name, pid, tid, args: { name: value } };
  };
  return [
    named('process_name', 0, text),
    named('thread_name', STEPS, 'training steps'),
    named('thread_name', LIMIT, 'limit: multiply-adds alone'),
  ];
}

function stepEvents(plan: Plan, step: StepProfile, pid: number, zero: number): Interval[] {
  const interval = (
    name: string,
    cat: string,
    tid: number,
    { startMs, timeMs }: { readonly startMs: number; readonly timeMs: number },
    args: Interval['args'],
  ): Interval => ({ ph: 'X', name, cat, ts: 1000 * (startMs - zero), dur: 1000 * timeMs, pid, tid, args });
  const { count, ops, limit } = step;
  const events = [interval(`step ${step.step}`, 'step', STEPS, step, { step: step.step, examples: count })];
  ops.forEach((measured, index) => {
    const op = plan.train[index]!;
    const args = argsOf(plan, op, count, measured);
    events.push(interval(`${op.layer} ${op.kind}`, op.phase, STEPS, measured, args));
  });
  if (limit) {
    const { macs, timeMs } = limit;
    events.push(interval('limit', 'limit', LIMIT, limit, { macs, gmacs: gmacsOf(macs, timeMs) }));
  }
  return events;
}

function argsOf(plan: Plan, op: Op, examples: number, { timeMs, paths }: OpProfile): Interval['args'] {
  const macs = opMacs(op, plan, examples);
  const writes = plan.tensors[opWrites(op)[0]!]!.name;
  if (macs === 0) return { writes };
  return { writes, macs, gmacs: gmacsOf(macs, timeMs), path: pathText(paths) };
}
