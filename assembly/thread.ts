/*
 * What a thread knows of itself. Every thread has an instance of this module over the one memory, and module variables
 * are the instance's own: these are set when the thread joins a run and only read by the kernels.
 */
import { SCRATCH, SCRATCH_BYTES, STATISTICS, STATISTICS_BYTES, THREADS } from './layout';

/** This thread's number; 0 is the one that the session runs on. */
export let thread: i32 = 0;
export let threads: i32 = 1;
/** This thread's scratch region. */
export let scratch: usize = 0;
/** This thread's rows of counters. */
export let statistics: usize = 0;

export function enter(number: i32): void {
  thread = number;
  threads = load<i32>(THREADS);
  scratch = load<u32>(SCRATCH) + <usize>number * load<u32>(SCRATCH_BYTES);
  statistics = load<u32>(STATISTICS) + <usize>number * load<u32>(STATISTICS_BYTES);
}

/**
 * First item of this thread's share of `total` items, in whole units of `unit`; the share ends at `shareEnd`.
 * Shares depend on nothing but sizes; no result depends on shares.
 */
export function shareStart(total: i32, unit: i32): i32 {
  return boundary(total, unit, thread);
}

export function shareEnd(total: i32, unit: i32): i32 {
  return boundary(total, unit, thread + 1);
}

function boundary(total: i32, unit: i32, number: i32): i32 {
  const units = (total + unit - 1) / unit;
  return min(total, <i32>((<i64>units * number) / threads) * unit);
}
