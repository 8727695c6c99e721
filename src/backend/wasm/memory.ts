/**
 * The session's linear memory, planned in full before anything runs: control block, tables, counters, the plan's arena,
 * and a scratch region for each thread. Nothing is allocated later.
 */
import type { Plan, Tensor } from '../../plan/index.js';
import type { TensorData } from '../contract.js';
import { encodePlan, type Encoded } from './encode.js';
import { Regions } from './regions.js';

const PAGE = 65536;
/** Kernels read whole vectors, at most this far past the end of an operand. */
const SLACK = 256;

export class SessionMemory {
  readonly memory: WebAssembly.Memory;
  readonly encoded: Encoded;
  readonly #arena: number;

  constructor(plan: Plan, threads: number) {
    const regions = new Regions();
    this.#arena = regions.take(plan.arenaBytes + SLACK);
    this.encoded = encodePlan(plan, threads, this.#arena, regions);
    const pages = Math.ceil((regions.end + SLACK) / PAGE);
    try {
      this.memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
    } catch (error) {
      throw new RangeError(
        `wasm: the plan needs ${String(pages * 64)} KiB of memory, which the engine refused; use a smaller batch or network`,
        { cause: error },
      );
    }
    for (const { address, words } of this.encoded.tables) this.int32(address, words.length).set(words);
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
    this.int32(field, 1)[0] = value;
  }

  /** The tensor's elements where they are. */
  view(tensor: Tensor): TensorData {
    const { buffer } = this.memory;
    const address = this.#arena + tensor.offset;
    const { sizeBytes } = tensor;
    switch (tensor.storage) {
      case 'uint8':
        return new Uint8Array(buffer, address, sizeBytes);
      case 'int16':
        return new Int16Array(buffer, address, sizeBytes >> 1);
      case 'int32':
        return new Int32Array(buffer, address, sizeBytes >> 2);
      case 'float32':
        return new Float32Array(buffer, address, sizeBytes >> 2);
    }
  }
}
