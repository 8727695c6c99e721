/**
 * The session's linear memory, planned in full before anything runs: control block, tables, counters, the
 * plan's arena, and a scratch region for each thread. Nothing is allocated later, not even views.
 */
import { InputError } from '../../numerics/index.js';
import type { Storage } from '../../numerics/index.js';
import { elements, type Plan, type Tensor } from '../../plan/index.js';
import { checkMemory, waysToSave } from '../checks.js';
import type { MemoryUse, TensorData } from '../contract.js';
import { AUTO, type KernelChoice } from './choice.js';
import { encodePlan, type Encoded } from './encode.js';
import * as layout from './layout.generated.js';
import { Regions } from './regions.js';

const PAGE = 65536;
/** Kernels read whole vectors, at most this many bytes past the end of an operand. */
const SLACK = 256;
/** Addresses stay positive as int32. */
const LIMIT_BYTES = 2 ** 31 - PAGE;

/** The addresses of all regions. */
interface Layout {
  readonly arena: number;
  readonly encoded: Encoded;
  /** A separate record of the profiler. */
  readonly limit: number;
  readonly pages: number;
}

function layOut(plan: Plan, threads: number, choice: KernelChoice): Layout {
  const regions = new Regions();
  const arena = regions.take(plan.arenaBytes + SLACK);
  const encoded = encodePlan(plan, threads, arena, regions, choice);
  const limit = regions.take(layout.RECORD_BYTES);
  return { arena, encoded, limit, pages: Math.ceil((regions.end + SLACK) / PAGE) };
}

function useOf(plan: Plan, threads: number, { encoded, pages }: Layout): MemoryUse {
  const totalBytes = pages * PAGE;
  const scratch = encoded.scratchBytes * threads;
  const counters = encoded.statisticsBytes * threads;
  const records = totalBytes - plan.arenaBytes - scratch - counters;
  return {
    threads,
    totalBytes,
    limitBytes: LIMIT_BYTES,
    parts: { arena: plan.arenaBytes, scratch, counters, records },
  };
}

/** The memory of a session of the plan with that many threads. */
export function sessionMemoryUse(plan: Plan, threads: number, choice = AUTO): MemoryUse {
  return useOf(plan, threads, layOut(plan, threads, choice));
}

export class SessionMemory {
  readonly memory: WebAssembly.Memory;
  readonly encoded: Encoded;
  /** Address of the limit's record. */
  readonly limit: number;
  readonly #control: Int32Array;
  readonly #views: readonly TensorData[];

  /** @throws RangeError if a session has no room for it, or the engine refuses. */
  constructor(plan: Plan, threads: number, choice = AUTO) {
    const whole = layOut(plan, threads, choice);
    checkMemory('wasm', useOf(plan, threads, whole));
    const { arena, encoded, limit, pages } = whole;
    this.encoded = encoded;
    this.limit = limit;
    try {
      this.memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
    } catch (error) {
      throw new InputError(
        `wasm: the engine refuses ${String(Math.ceil((pages * PAGE) / 1e6))} MB of memory; use ${waysToSave(threads)}`,
        { cause: error },
      );
    }
    this.#control = this.int32(0, layout.CONTROL_END >> 2);
    this.#views = plan.tensors.map(({ storage, shape, offset }) =>
      this.array(storage, arena + offset, elements(shape)),
    );
    for (const { address, words } of encoded.tables) this.int32(address, words.length).set(words);
  }

  array(storage: Storage, address: number, length: number): TensorData {
    const { buffer } = this.memory;
    switch (storage) {
      case 'uint8':
        return new Uint8Array(buffer, address, length);
      case 'int16':
        return new Int16Array(buffer, address, length);
      case 'int32':
        return new Int32Array(buffer, address, length);
      case 'float32':
        return new Float32Array(buffer, address, length);
    }
  }

  int32(address: number, length: number): Int32Array {
    return new Int32Array(this.memory.buffer, address, length);
  }

  float64(address: number, length: number): Float64Array {
    return new Float64Array(this.memory.buffer, address, length);
  }

  bigInt64(address: number, length: number): BigInt64Array {
    return new BigInt64Array(this.memory.buffer, address, length);
  }

  /** One word of the control block. */
  setControl(field: number, value: number): void {
    this.#control[field >> 2] = value;
  }

  /** A view of the tensor's elements in place. */
  view({ id }: Tensor): TensorData {
    return this.#views[id]!;
  }
}
