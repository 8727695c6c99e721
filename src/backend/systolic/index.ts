/**
 * The systolic backend: every product of a plan on the paper's array, simulated; everything else on its host. With Philox
 * it gives the integers of every other backend, with shift registers those of generated hardware. docs/hardware.md.
 */
import { InputTypeError } from '../../numerics/index.js';
import {
  arrayConfig,
  computeProduct,
  productsOf,
  proveSums,
  RANDOM_SOURCES,
  schedule,
  simulateProduct,
  type ArrayConfig,
  type RandomSource,
} from '../../hardware/index.js';
import { UnsupportedError, type Backend } from '../contract.js';
import { checkOneThread } from '../reference/index.js';
import { parseSystolic } from './options.js';
import { SystolicSession, type ProductRunner } from './session.js';

/** A backend whose sessions know what their products took. */
export interface SystolicBackend extends Backend {
  readonly open: (...args: Parameters<Backend['open']>) => Promise<SystolicSession>;
}

/**
 * A backend with an array of its own.
 * @param options.array changes to the paper's array
 * @param options.random where rounding bits come from (default `philox`)
 * @param options.runner what computes a product: `computeProduct` (default), `simulateProduct` PE by PE, or one's own
 * @throws RangeError for an array that cannot be, TypeError for an unknown source
 */
export function systolicBackend(
  options: {
    readonly array?: Partial<ArrayConfig>;
    readonly random?: RandomSource;
    readonly runner?: ProductRunner;
  } = {},
): SystolicBackend {
  const { random = 'philox', runner = computeProduct } = options;
  const config = arrayConfig(options.array);
  if (!RANDOM_SOURCES.includes(random)) {
    throw new InputTypeError(
      `systolic: random must be ${RANDOM_SOURCES.join(' or ')}, got ${random as string}`,
    );
  }
  return {
    name: 'systolic',
    async open(plan, sessionOptions) {
      checkOneThread('systolic', sessionOptions);
      if (plan.arithmetic === 'float32') {
        throw new UnsupportedError(
          `systolic: the array multiplies fixed-point words, got the float32 plan "${plan.name}"; choose formats such as <2,14>, or backend "wasm" or "reference"`,
        );
      }
      for (const product of [...productsOf(plan, 'train'), ...productsOf(plan, 'evaluate')]) {
        proveSums(config, product);
        // Buffers that hold not even a slice show now.
        schedule(config, product);
      }
      return new SystolicSession(plan, sessionOptions, config, random, runner);
    },
  };
}

/**
 * The backend that a name asks for: `systolic`, or `systolic:` and words such as `8x8,lfsr20`.
 * @throws TypeError, RangeError as `parseSystolic`
 */
export function namedSystolic(name: string): SystolicBackend {
  const { array, random, everyCycle } = parseSystolic(name);
  return systolicBackend({ array, random, runner: everyCycle ? simulateProduct : computeProduct });
}

export { SystolicSession, type ProductReport, type ProductRunner } from './session.js';
