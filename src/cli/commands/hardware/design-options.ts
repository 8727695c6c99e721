/** The options that describe generated hardware, and how they become a design that computes given products. */
import type { Command } from 'commander';
import {
  arrayOfDesign,
  checkDesign,
  checkProduct,
  type ArrayConfig,
  type LfsrBits,
  type Product,
  type RtlDesign,
} from '../../../hardware/index.js';
import { wordLength } from '../../../numerics/index.js';
import { UsageError } from '../../console/errors.js';
import { wholeNumber } from '../../options/numbers.js';
import { addArrayOptions, type ArrayOptions } from './array-options.js';

export interface DesignOptions extends ArrayOptions {
  readonly wl?: number;
  readonly depth: number;
  readonly roundStages: number;
}

const SMALL = { rows: 8, cols: 8, accumulatorBits: 48, lfsrBits: 16 } as const;

/** `--rows`, `--cols`, `--acc`, `--lfsr`, `--depth`, `--round-stages`. */
export function addDesignOptions(command: Command): Command {
  return addBuildOptions(addArrayOptions(command, SMALL));
}

/** `--depth`, `--round-stages`. */
export function addBuildOptions(command: Command): Command {
  return command
    .option(
      '--depth <slices>',
      'slices in half an operand buffer, a power of two',
      wholeNumber('--depth', 1, 65536),
      512,
    )
    .option(
      '--round-stages <n>',
      'register stages of a rounding unit, 3 to 5: more allow a faster clock',
      wholeNumber('--round-stages', 3, 5),
      3,
    );
}

/**
 * The smallest design that computes the products, except for what the options say.
 * @throws UnsupportedError naming the product that it does not compute, RangeError for a design that cannot be
 */
export function designOf(products: readonly Product[], options: DesignOptions): RtlDesign {
  const [first] = products;
  if (!first) throw new UsageError('hardware: the network must have a product, got none');
  const { rows = SMALL.rows, cols = SMALL.cols, depth, wl, roundStages } = options;
  const lfsrBits: LfsrBits = options.lfsr ?? SMALL.lfsrBits;
  const { accumulator, convert } = first;
  const own = accumulator === 'exact' ? SMALL.accumulatorBits : accumulator.width;
  const words = products.flatMap(({ lhsFormat, rhsFormat, biasFormat, convert: { format } }) => [
    ...[lhsFormat, rhsFormat, format],
    ...(biasFormat ? [biasFormat] : []),
  ]);
  const design = checkDesign({
    ...{ rows, cols, depth, lfsrBits, roundStages },
    wordLength: wl ?? Math.max(...words.map(wordLength)),
    accumulatorBits: options.acc ?? own,
    rounding: convert.rounding,
    overflow: convert.overflow,
  });
  for (const product of products) checkProduct(design, product);
  return design;
}

/** The products of a layer. @throws UsageError naming the layers that have some */
export function productsOfLayer(products: readonly Product[], layer: string): Product[] {
  const found = products.filter(({ op }) => op.layer === layer);
  if (found.length > 0) return found;
  const layers = [...new Set(products.map(({ op }) => op.layer))];
  throw new UsageError(`--layer: must be one of ${layers.join(', ')}, got "${layer}"`);
}

/**
 * The array on which a network trains around a design: its rows, columns and registers, with sums so wide that products
 * that do not go through the design fit too. A result does not depend on the width if its sum fits, which `checkProduct`
 * proves for those that do.
 */
export function arrayAround(design: RtlDesign): ArrayConfig {
  return { ...arrayOfDesign(design), accumulatorBits: 64 };
}
