/** Chooses a backend by name. The only file that names concrete backends. */
import { checkArgument, TEXT } from '../numerics/arguments.js';
import { InputTypeError } from '../numerics/index.js';
import type { Backend } from './contract.js';
import { referenceBackend } from './reference/index.js';
import { namedSystolic } from './systolic/index.js';
import { wasmBackend } from './wasm/index.js';

/** Names of the backends; the fastest is last. */
export const BACKEND_NAMES = ['systolic', 'reference', 'wasm'] as const;

/** The name of a backend; the array may follow the systolic one, as in `systolic:8x8,lfsr`. */
export type BackendName = (typeof BACKEND_NAMES)[number] | `systolic:${string}`;

const BACKENDS: Readonly<Record<(typeof BACKEND_NAMES)[number], (name: string) => Backend>> = {
  systolic: namedSystolic,
  reference: () => referenceBackend,
  wasm: () => wasmBackend,
};

/**
 * The backend of that name.
 * @throws TypeError for an unknown name, listing the choices; the errors of an impossible array.
 */
export function selectBackend(name: string): Backend {
  checkArgument('backend', name, TEXT);
  const known = BACKEND_NAMES.find(
    (candidate) => candidate === name || (candidate === 'systolic' && name.startsWith('systolic:')),
  );
  if (known === undefined) {
    throw new InputTypeError(`backend: there is no backend "${name}"; choose systolic, reference or wasm`);
  }
  return BACKENDS[known](name);
}

/**
 * Checks the text as a backend's name.
 * @throws the errors of `selectBackend`
 */
export function parseBackendName(text: string): BackendName {
  selectBackend(text);
  return text as BackendName;
}

// The abilities of the fastest backend on this machine; `fewbit info` prints them.
export { defaultThreads, wasmInfo, type WasmInfo } from './wasm/index.js';
// Its kernels by choice; `fewbit bench` compares them.
export { wasmBackendWith, type Choice } from './wasm/index.js';
// A backend with a given array, and the cost of its products.
export { systolicBackend, SystolicSession, type SystolicBackend } from './systolic/index.js';
export type { ProductReport, ProductRunner } from './systolic/index.js';
