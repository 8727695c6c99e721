/** Chooses a backend by name. The only file that names concrete backends. */
import type { Backend } from './contract.js';
import { referenceBackend } from './reference/index.js';
import { wasmBackend } from './wasm/index.js';

/** Names of the backends, the fastest last. */
export const BACKEND_NAMES = ['reference', 'wasm'] as const;

/** The name of a backend. */
export type BackendName = (typeof BACKEND_NAMES)[number];

const BACKENDS: Readonly<Record<BackendName, Backend>> = {
  reference: referenceBackend,
  wasm: wasmBackend,
};

/**
 * The backend of that name.
 * @throws TypeError for an unknown name; it lists the choices.
 */
export function selectBackend(name: string): Backend {
  const known = BACKEND_NAMES.find((candidate) => candidate === name);
  if (known === undefined) {
    throw new TypeError(`backend: there is no backend "${name}"; choose ${BACKEND_NAMES.join(' or ')}`);
  }
  return BACKENDS[known];
}

// What the fastest backend can do on this machine; `fewbit info` prints it.
export { wasmInfo, type WasmInfo } from './wasm/index.js';
