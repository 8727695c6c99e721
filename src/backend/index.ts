/** Backends: what runs a plan. The contract, and the one function that chooses by name. */
export * from './contract.js';
export { BACKEND_NAMES, selectBackend, wasmInfo, type BackendName, type WasmInfo } from './select.js';
