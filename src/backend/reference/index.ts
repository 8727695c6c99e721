/**
 * The reference backend: every op as plain loops over exact integers. It is what the ops of a plan mean; every
 * other backend is held to its integers by test/contract. One thread, no tricks.
 */
import { InputError } from '../../numerics/index.js';
import { UnsupportedError, type Backend, type SessionOptions } from '../contract.js';
import { ReferenceSession } from './session.js';

/** Checks that a session of one thread will do. @throws RangeError for no number of threads, UnsupportedError above 1. */
export function checkOneThread(name: string, { threads = 1 }: SessionOptions): void {
  if (!Number.isInteger(threads) || threads < 1) {
    throw new InputError(`session: threads must be a positive integer, got ${threads}; use 1`);
  }
  if (threads > 1) {
    throw new UnsupportedError(`${name}: runs on one thread, got threads ${threads}; use backend "wasm"`);
  }
}

export const referenceBackend: Backend = {
  name: 'reference',
  async open(plan, options) {
    checkOneThread('reference', options);
    return new ReferenceSession(plan, options);
  },
};

export type { Run } from './run.js';
export { ReferenceSession };
