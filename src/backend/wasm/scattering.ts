/**
 * Which convolutions may be made from their non-zero elements (assembly/product/scatter.ts), and the largest
 * share of them that makes it worthwhile. Unless it is chosen, this depends on sizes alone, with cycles
 * measured on a Zen 4. It affects only speed.
 */

import type { Choice } from './choice.js';

/** Shares are in parts of 2^16. */
const WHOLE = 1 << 16;
/** Most bytes of sums and operands. */
const BUDGET = 1 << 24;
/** Cycles of a multiply-add in tiles, and with minimal filtering. */
const TILED = 0.1;
const MINIMAL = 0.055;

/** Cycles of a non-zero element, and of each of its multiply-adds. */
interface Cost {
  readonly element: number;
  readonly product: number;
}

/** A convolution searches each cell, a weight gradient makes lists first. */
export const CONVOLUTION: Cost = { element: 60, product: 0.25 };
export const GRADIENT: Cost = { element: 40, product: 0.28 };

/**
 * What part of the elements may be other than 0, of WHOLE: `products` multiply-adds each in tiles, and `scattered` ones with
 * what fills up vectors.
 */
export function mostScattered(cost: Cost, products: number, scattered: number, isMinimal: boolean): number {
  const tiled = products * (isMinimal ? MINIMAL : TILED);
  return Math.floor((WHOLE * tiled) / (cost.element + cost.product * scattered));
}

/** The same as chosen: `never` is 0. */
export function chosenMost(choice: Choice | number, ...sizes: Parameters<typeof mostScattered>): number {
  if (choice === 'auto') return mostScattered(...sizes);
  if (choice === 'never') return 0;
  return choice === 'always' ? WHOLE : Math.floor(WHOLE * choice);
}

/** True if sums and operands of these sizes are not too large. */
export function fitsScattering(...bytes: readonly number[]): boolean {
  return bytes.reduce((sum, one) => sum + one, 0) <= BUDGET;
}
