/**
 * Which convolutions may be made from their non-zero elements (assembly/product/scatter.ts), and how few those must be: by
 * sizes alone, from cycles measured on a Zen 4, unless it is chosen. Only speed depends on it.
 */

import type { Choice } from './choice.js';

/** Of 2^16 parts. */
const WHOLE = 1 << 16;
/** Bytes of sums and operands, at most. */
const BUDGET = 1 << 24;
/** Cycles of a multiply-add in tiles, and where fewer multiplications are made for it. */
const TILED = 0.1;
const MINIMAL = 0.055;

/** Cycles of an element that is not 0: by itself, and of each multiply-add. */
interface Cost {
  readonly element: number;
  readonly product: number;
}

/** A convolution looks through each cell, a weight gradient makes lists first. */
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

/** True where sums and operands of so many bytes are not too large. */
export function fitsScattering(...bytes: readonly number[]): boolean {
  return bytes.reduce((sum, one) => sum + one, 0) <= BUDGET;
}
