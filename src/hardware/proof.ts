/**
 * The proof, from word lengths and K before anything runs, that the array's accumulators can hold the sums.
 */
import { accumulatorBits, accumulatorText, formatText, wordLength } from '../numerics/index.js';
import { UnsupportedError } from '../backend/contract.js';
import type { ArrayConfig } from './array.js';
import type { Product } from './product.js';

/**
 * Proves that wrapping accumulators give the sums required by the plan: exact sums fit, and wrapping ones are
 * no wider.
 * @throws UnsupportedError naming the product's site otherwise, and for a saturating accumulator
 */
export function proveSums(config: Pick<ArrayConfig, 'accumulatorBits'>, product: Product): void {
  const { site, accumulator, lhsFormat, rhsFormat, k } = product;
  const width = config.accumulatorBits;
  if (accumulator !== 'exact' && accumulator.overflow === 'saturate') {
    throw new UnsupportedError(
      `${site}: the array's accumulators wrap, got accumulator ${accumulatorText(accumulator)}; use an exact or a wrapping one, or backend "wasm" or "reference"`,
    );
  }
  if (accumulator !== 'exact' && accumulator.width <= width) return;
  const bits = wordLength(lhsFormat) + wordLength(rhsFormat) - 2;
  const needed = accumulatorBits([{ count: k, bits, shift: 0 }]);
  if (needed <= width) return;
  const enough = accumulator === 'exact' ? needed : Math.min(needed, accumulator.width);
  throw new UnsupportedError(
    `${site}: a sum of ${k} products ${formatText(lhsFormat)} x ${formatText(rhsFormat)} may need ${needed} bits, got an array with accumulators of ${width}; make them wider (accumulatorBits, systolic:acc${enough}), or give the network accumulator wrap:${width}`,
  );
}
