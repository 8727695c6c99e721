/** Backends: what runs a plan. The contract, and the one function that chooses by name. */
export * from './contract.js';
export { BACKEND_NAMES, selectBackend, type BackendName } from './select.js';
