/**
 * The systolic backend: every product of a plan runs on the simulated array of the paper, every other op on
 * its host. With Philox it gives the integers of every other backend, with shift registers those of generated
 * hardware. docs/hardware.md.
 */
import { checkOptions, FUNCTION, record, TEXT } from '../../numerics/arguments.js';
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

/** A backend whose sessions know the cost of their products. */
export interface SystolicBackend extends Backend {
  readonly open: (...args: Parameters<Backend['open']>) => Promise<SystolicSession>;
}

/**
 * A backend with a given array.
 * @param options.array changes to the paper's array
 * @param options.random the source of rounding bits (default `philox`)
 * @param options.runner computes a product: `computeProduct` (default), `simulateProduct` PE by PE, or
 * another function
 * @throws RangeError for an impossible array, TypeError for an unknown source
 */
export function systolicBackend(
  options: {
    readonly array?: Partial<ArrayConfig>;
    readonly random?: RandomSource;
    readonly runner?: ProductRunner;
  } = {},
): SystolicBackend {
  checkOptions('systolic', options, {
    array: record('changes to the array'),
    random: TEXT,
    runner: FUNCTION,
  });
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
        // This detects buffers that cannot hold one slice.
        schedule(config, product);
      }
      return new SystolicSession(plan, sessionOptions, config, random, runner);
    },
  };
}

/**
 * The backend for a name: `systolic`, or `systolic:` and words such as `8x8,lfsr20`.
 * @throws TypeError, RangeError as `parseSystolic`
 */
export function namedSystolic(name: string): SystolicBackend {
  const { array, random, everyCycle } = parseSystolic(name);
  return systolicBackend({ array, random, runner: everyCycle ? simulateProduct : computeProduct });
}

export { SystolicSession, type ProductReport, type ProductRunner } from './session.js';
