/** The entry of the backend: checks the options, then opens a session. */
import { checkSessionOptions } from '../checks.js';
import { availableThreads, sharedMemory, warn } from '#wasm-host';
import { parseSeed, InputError } from '../../numerics/index.js';
import { opBytes, opMacs, type Op, type Plan } from '../../plan/index.js';
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
  /** Threads that the machine runs at once: a session takes no more by default. */
  readonly threads: number;
}

/** The abilities of the wasm backend on this machine. */
export function wasmInfo(): WasmInfo {
  return { simd: kernelsSupported(), sharedMemory, threads: Math.min(availableThreads(), MAX_THREADS) };
}

/**
 * Work of a thread in a step, about a tenth of a millisecond: multiply-accumulates, and bytes read or written three times as
 * dear. With less, a thread costs more at the barriers and between the steps than it saves.
 */
const WORK_PER_THREAD = 6_000_000;

/** Threads that a step of the plan keeps busy; at least 1. */
function busyThreads(plan: Plan): number {
  const work = (ops: readonly Op[]): number =>
    ops.reduce((sum, op) => sum + opMacs(op, plan) + 3 * opBytes(op, plan), 0);
  // A plan may have no training step.
  return Math.max(1, Math.floor(Math.max(work(plan.train), work(plan.evaluate)) / WORK_PER_THREAD));
}

/** Default number of threads for a plan: as many as a step keeps busy, at most `atMost` and what the machine has. */
export function defaultThreads(plan: Plan, atMost = MAX_THREADS): number {
  return Math.min(busyThreads(plan), atMost, wasmInfo().threads);
}

/** Checks the number of threads of a session. */
function threadsOf(plan: Plan, threads: number | undefined): number {
  if (threads === undefined) return sharedMemory ? defaultThreads(plan) : 1;
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
      const threads = threadsOf(plan, options.threads);
      if (options.threads === undefined && !sharedMemory && busyThreads(plan) > 1) {
        warn('wasm: runs on 1 thread, since this page lacks shared memory; serve it cross-origin isolated');
      }
      const seed = parseSeed(options.seed);
      const module = await kernelModule();
      const memory = new SessionMemory(plan, threads, kernelChoice);
      const kernels = await instantiateKernels(module, memory.memory);
      const pool = await WorkerPool.start(module, memory.memory, threads);
      return new WasmSession(plan, threads, seed, memory, kernels, pool, options.clock);
    },
    memory: (plan, options) => sessionMemoryUse(plan, threadsOf(plan, options.threads), kernelChoice),
  };
}

/** WebAssembly SIMD on any number of threads, with the integers of the reference backend, bit for bit. */
export const wasmBackend: Backend = wasmBackendWith({});
