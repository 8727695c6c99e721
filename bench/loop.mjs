// What the machine gives several threads at most: the profiler's register-only loop (assembly/limit.ts), the same work
// divided among the threads of a session. A contender, so that it is measured in the same rounds as the steps: two cores
// of a shared machine are seldom twice one, and how far from it changes by the minute.
import * as layout from '../dist/backend/wasm/layout.generated.js';
import { define, openParts } from './fewbit.mjs';

/** One piece of work: a millisecond of one thread, as long as an op; then the threads meet, as they do after an op. */
const TURNS = 524_288;
/** Multiply-adds of one piece of work. */
export const LOOP_MACS = TURNS * layout.LIMIT_MACS;

export async function openLoop(name, threads) {
  // The plan only gives the session something to be of; it is never run.
  const { session, memory, kernels, pool } = await openParts(define('lenet').plan(1), threads);
  const record = memory.int32(memory.limit, layout.RECORD_BYTES >> 2);
  record[layout.KIND >> 2] = layout.KIND_LIMIT;
  record[layout.SIZE >> 2] = Math.round(TURNS / threads);
  record[layout.PATH >> 2] = layout.PATH_TILED;
  memory.setControl(layout.PROGRAM, memory.limit);
  memory.setControl(layout.PROGRAM_LENGTH, 1);
  const work = async () => {
    let done = kernels.run();
    while (!done) {
      await pool.lookAfter();
      done = kernels.resume();
    }
  };
  const run = async (count) => {
    // Wakes the workers.
    await work();
    const start = performance.now();
    for (let piece = 0; piece < count; piece++) await work();
    return (performance.now() - start) / 1000;
  };
  return { name, run, session };
}
