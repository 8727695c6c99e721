/** The entry of the backend: checks the options, then opens a session. */
import { checkSessionOptions } from '../checks.js';
import { availableThreads, sharedMemory, warn } from '#wasm-host';
import { parseSeed, InputError } from '../../numerics/index.js';
import { UnsupportedError, type Backend } from '../contract.js';
import { AUTO, type KernelChoice } from './choice.js';
import { instantiateKernels, kernelModule, kernelsSupported } from './kernels.js';
import { SessionMemory, sessionMemoryUse } from './memory.js';
import { WorkerPool } from './pool.js';
import { WasmSession } from './session.js';

/** Largest number of threads of a session. */
const MAX_THREADS = 64;

/** The abilities of this machine for the wasm backend. */
export interface WasmInfo {
  /** True if the engine supports what the kernels need: SIMD, atomics, bulk memory. */
  readonly simd: boolean;
  /** True if threads can share a memory; a page without cross-origin isolation runs on one thread. */
  readonly sharedMemory: boolean;
  /** Default number of threads: all that the machine runs at once. */
  readonly threads: number;
}

/** The abilities of the wasm backend on this machine. */
export function wasmInfo(): WasmInfo {
  return { simd: kernelsSupported(), sharedMemory, threads: Math.min(availableThreads(), MAX_THREADS) };
}

/** Checks the number of threads of a session. */
function threadsOf(threads: number | undefined): number {
  if (threads === undefined) return wasmInfo().threads;
  if (!Number.isInteger(threads) || threads < 1 || threads > MAX_THREADS) {
    throw new InputError(
      `session: threads must be an integer from 1 to ${String(MAX_THREADS)}, got ${String(threads)}`,
    );
  }
  if (threads > 1 && !sharedMemory) {
    throw new UnsupportedError(
      `wasm: ${String(threads)} threads need shared memory, which this page lacks; serve it cross-origin isolated, or use 1 thread`,
    );
  }
  return threads;
}

/** The same backend with given kernels, for tests and measurements; all give the same integers. */
export function wasmBackendWith(choice: Partial<KernelChoice>): Backend {
  const kernelChoice = { ...AUTO, ...choice };
  return {
    name: 'wasm',
    async open(plan, options) {
      checkSessionOptions(options);
      const threads = threadsOf(options.threads);
      if (options.threads === undefined && !sharedMemory) {
        warn('wasm: runs on 1 thread, since this page lacks shared memory; serve it cross-origin isolated');
      }
      const seed = parseSeed(options.seed);
      const module = await kernelModule();
      const memory = new SessionMemory(plan, threads, kernelChoice);
      const kernels = await instantiateKernels(module, memory.memory);
      const pool = await WorkerPool.start(module, memory.memory, threads);
      return new WasmSession(plan, threads, seed, memory, kernels, pool, options.clock);
    },
    memory: (plan, options) => sessionMemoryUse(plan, threadsOf(options.threads), kernelChoice),
  };
}

/** WebAssembly SIMD on any number of threads, with the integers of the reference backend, bit for bit. */
export const wasmBackend: Backend = wasmBackendWith({});
