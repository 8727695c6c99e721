/** The page's script: trains on every backend and leaves what came out where the test reads it. */
import { train } from './train.js';

async function outcome(backend, threads) {
  try {
    return await train(backend, threads);
  } catch (error) {
    return { error: String(error) };
  }
}

globalThis.outcomes = Promise.all([
  outcome('reference', 1),
  outcome('wasm', 1),
  outcome('wasm', 2),
  outcome('wasm', undefined),
]);
