/**
 * Backends, which run plans. The contract, its checks, and the one function that chooses by name.
 *
 * @module fewbit/backend
 */
export * from './contract.js';
export * from './checks.js';
export {
  BACKEND_NAMES,
  defaultThreads,
  parseBackendName,
  selectBackend,
  systolicBackend,
  SystolicSession,
  wasmInfo,
  type BackendName,
  type ProductReport,
  type ProductRunner,
  type SystolicBackend,
  type WasmInfo,
} from './select.js';
