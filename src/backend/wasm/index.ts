/** The WebAssembly backend: SIMD kernels over one linear memory, on any number of threads. */
export { defaultThreads, wasmBackend, wasmBackendWith, wasmInfo, type WasmInfo } from './backend.js';
export type { Choice, KernelChoice } from './choice.js';
