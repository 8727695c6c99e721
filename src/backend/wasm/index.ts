/** The WebAssembly backend: SIMD kernels over one linear memory, on any number of threads. */
export { wasmBackend, wasmInfo, type WasmInfo } from './backend.js';
