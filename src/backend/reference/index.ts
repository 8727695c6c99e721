/**
 * The reference backend: every op as plain loops over exact integers. It is what the ops of a plan mean; every
 * other backend is held to its integers by test/contract. One thread, no tricks.
 */
import { UnsupportedError, type Backend } from '../contract.js';
import { ReferenceSession } from './session.js';

export const referenceBackend: Backend = {
  name: 'reference',
  async open(plan, options) {
    const { threads = 1 } = options;
    if (!Number.isInteger(threads) || threads < 1) {
      throw new RangeError(`session: threads must be a positive integer, got ${threads}; use 1`);
    }
    if (threads > 1) {
      throw new UnsupportedError(`reference: runs on one thread, got threads ${threads}; use backend "wasm"`);
    }
    return new ReferenceSession(plan, options);
  },
};
