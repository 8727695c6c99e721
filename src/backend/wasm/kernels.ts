/** The kernel module, which is decoded, checked and compiled once. Its source is in assembly/. */
import { UnsupportedError } from '../contract.js';
import { KERNELS } from './kernels.generated.js';

/** The exports of an instance of the module (assembly/index.ts). */
export interface KernelExports {
  /**
   * Runs the program of the control block. It returns 0 if the workers are overdue: check them, then call
   * `resume`.
   */
  run(): number;
  resume(): number;
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | null = null;
  return () => (made ??= { value: make() }).value;
}

const decode = once((): Uint8Array<ArrayBuffer> => {
  const text = atob(KERNELS);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
});

/** True if the engine supports what the kernels need: SIMD, atomics of threads, bulk memory. */
export const kernelsSupported = once(() => typeof WebAssembly === 'object' && WebAssembly.validate(decode()));

const compiled = once(() => WebAssembly.compile(decode()));

/** @throws UnsupportedError if the engine cannot run the kernels. */
export async function kernelModule(): Promise<WebAssembly.Module> {
  if (!kernelsSupported()) {
    throw new UnsupportedError(
      'wasm: this engine must have WebAssembly SIMD and atomics, got neither or one; use backend "reference"',
    );
  }
  return compiled();
}

/** An instance over the memory, for the session's own thread. */
export async function instantiateKernels(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
): Promise<KernelExports> {
  const { exports } = await WebAssembly.instantiate(module, { env: { memory } });
  const { run, resume } = exports;
  if (typeof run !== 'function' || typeof resume !== 'function') {
    throw new Error('internal: wasm: the kernel module lacks its exports; rebuild it with npm run build');
  }
  return { run: run as () => number, resume: resume as () => number };
}
