/**
 * Measures training steps. The program runs record by record, and the clock and the threads' counters of
 * paths are read in between. After each step, a loop of multiply-adds alone runs on all threads. The kernels
 * are not involved; times include the start of a run and its barrier, which take a few microseconds.
 * docs/kernels.md, section "Profiling".
 */
import { PROFILED_STEPS, type OpProfile, type StepProfile } from '../contract.js';
import type { Plan } from '../../plan/index.js';
import type { Program } from './records/index.js';
import * as layout from './layout.generated.js';
import type { SessionMemory } from './memory.js';

/**
 * About a millisecond, which is long compared with a barrier and short compared with a step worth profiling.
 */
const LIMIT_TURNS = 262_144;
const TURN_MACS = { fixed: layout.LIMIT_MACS, float32: layout.LIMIT_FLOAT_MACS } as const;
/** Records that finish the op of the previous record. */
const ENDS: readonly number[] = [
  layout.KIND_CONV_WEIGHT_GRADIENT_END,
  layout.KIND_BIAS_GRADIENT_END,
  layout.KIND_BATCH_MOMENTS_END,
  layout.KIND_BATCH_NORM_GRADIENT_END,
];
/** The paths of a thread's products: their names and the addresses of their counters. */
const SUMMED = [
  ['fast', layout.SUMMED_FAST],
  ['minimal', layout.SUMMED_MINIMAL],
  ['sparse', layout.SUMMED_SPARSE],
  ['flush', layout.SUMMED_FLUSH],
  ['full', layout.SUMMED_FULL],
] as const;

/** The records of one op, and the only path of its products; null if the kernels count paths. */
interface OpRecords {
  readonly programs: Program[];
  readonly path: 'float32' | 'ordered' | null;
}

export class Profiler {
  readonly clock: () => number;
  /** The last steps, oldest first. */
  readonly steps: StepProfile[] = [];
  readonly #ops: readonly OpRecords[];
  readonly #summed: readonly BigInt64Array[];
  readonly #limit: Program;
  readonly #limitMacs: number;

  constructor(plan: Plan, threads: number, memory: SessionMemory, clock: () => number) {
    this.clock = clock;
    this.#ops = opRecords(plan, memory);
    const { scratch, scratchBytes } = memory.encoded;
    this.#summed = Array.from({ length: threads }, (_, thread) =>
      memory.bigInt64(scratch + thread * scratchBytes + layout.SCRATCH_PATHS, layout.SUMMED_BYTES >> 3),
    );
    const record = memory.int32(memory.limit, layout.RECORD_BYTES >> 2);
    record[layout.KIND >> 2] = layout.KIND_LIMIT;
    record[layout.SIZE >> 2] = LIMIT_TURNS;
    record[layout.PATH >> 2] = plan.arithmetic === 'float32' ? layout.PATH_FLOAT : layout.PATH_TILED;
    this.#limit = { address: memory.limit, length: 1 };
    this.#limitMacs = threads * LIMIT_TURNS * TURN_MACS[plan.arithmetic];
  }

  /** Runs the training program op by op. */
  async ops(run: (program: Program) => Promise<void>): Promise<OpProfile[]> {
    const profiles: OpProfile[] = [];
    for (const { programs, path } of this.#ops) {
      for (const counters of this.#summed) counters.fill(0n);
      const startMs = this.clock();
      for (const program of programs) await run(program);
      const timeMs = this.clock() - startMs;
      profiles.push({ startMs, timeMs, paths: path === null ? this.#paths() : { [path]: 1 } });
    }
    return profiles;
  }

  /** Runs the loop that sets the limit. */
  async limit(run: (program: Program) => Promise<void>): Promise<NonNullable<StepProfile['limit']>> {
    const startMs = this.clock();
    await run(this.#limit);
    return { macs: this.#limitMacs, startMs, timeMs: this.clock() - startMs };
  }

  keep(step: StepProfile): void {
    this.steps.push(step);
    if (this.steps.length > PROFILED_STEPS) this.steps.shift();
  }

  #paths(): Record<string, number> {
    const paths: Record<string, number> = {};
    for (const [name, field] of SUMMED) {
      const macs = this.#summed.reduce((sum, counters) => sum + Number(counters[field >> 3]), 0);
      if (macs > 0) paths[name] = macs;
    }
    return paths;
  }
}

/** The training program's records by op. */
function opRecords(plan: Plan, memory: SessionMemory): OpRecords[] {
  const { address, length } = memory.encoded.train.ops;
  const ops: OpRecords[] = [];
  for (let index = 0; index < length; index++) {
    const program = { address: address + index * layout.RECORD_BYTES, length: 1 };
    const record = memory.int32(program.address, layout.RECORD_BYTES >> 2);
    if (ENDS.includes(record[layout.KIND >> 2]!)) {
      ops.at(-1)!.programs.push(program);
      continue;
    }
    const isProduct = 'accumulator' in plan.train[ops.length]!;
    const path = record[layout.PATH >> 2];
    const only = path === layout.PATH_FLOAT ? 'float32' : path === layout.PATH_ORDERED ? 'ordered' : null;
    ops.push({ programs: [program], path: isProduct ? only : null });
  }
  return ops;
}
