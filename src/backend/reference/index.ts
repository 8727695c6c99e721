/**
 * The reference backend: every op as plain loops over exact integers. It defines the ops of a plan;
 * test/contract compares every other backend with its integers. It has one thread and no optimisations.
 */
import { checkSessionOptions } from '../checks.js';
import { InputError } from '../../numerics/index.js';
import { UnsupportedError, type Backend, type SessionOptions } from '../contract.js';
import { ReferenceSession } from './session.js';

/**
 * Checks that one thread is enough.
 * @throws RangeError for an invalid number of threads, UnsupportedError above 1.
 */
export function checkOneThread(name: string, options: SessionOptions): void {
  checkSessionOptions(options);
  const { threads = 1 } = options;
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
