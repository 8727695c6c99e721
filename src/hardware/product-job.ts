/**
 * One product to be computed, and the fast way to compute it: all sums exactly, block by block, without a
 * clock.
 */
import { Wide, wordLength } from '../numerics/index.js';
import type { ArrayConfig } from './array.js';
import { blocksOf, type Block } from './blocks.js';
import type { Operands } from './operands.js';
import type { Product } from './product.js';
import type { RandomWords, RoundingUnit } from './rounding-unit.js';

/** A product with everything needed to compute it. */
export interface ProductJob {
  readonly config: ArrayConfig;
  readonly product: Product;
  readonly operands: Operands;
  readonly unit: RoundingUnit;
  readonly words: RandomWords;
  /** out [M, N], written. */
  readonly out: Int16Array | Int32Array;
}

/** Index in `out` of the result of an array row and column; -1 for padding. */
export function outIndex(block: Block, n: number, row: number, column: number): number {
  if (row >= block.rows || column >= block.cols) return -1;
  return (block.row + row) * n + block.column + column;
}

/** Magnitude bits up to which integers in a double are exact. */
const DOUBLE_BITS = 53;

/** sum += a[aStart + t] * b[bStart + t] for t < k, wrapped to `width` bits. */
type Dot = (sum: Wide, a: Int32Array, aStart: number, b: Int32Array, bStart: number, k: number) => void;

const dotOfDoubles: Dot = (sum, a, aStart, b, bStart, k) => {
  let total = 0;
  for (let t = 0; t < k; t += 1) total += a[aStart + t]! * b[bStart + t]!;
  sum.setNumber(total);
};

const dotOfWides: Dot = (sum, a, aStart, b, bStart, k) => {
  sum.clear();
  for (let t = 0; t < k; t += 1) sum.addProduct(a[aStart + t]!, b[bStart + t]!);
};

/** The fastest sum that is exact for the product. */
function dotOf({ lhsFormat, rhsFormat, k }: Product): Dot {
  const bits = wordLength(lhsFormat) + wordLength(rhsFormat) - 2 + (32 - Math.clz32(k));
  return bits <= DOUBLE_BITS ? dotOfDoubles : dotOfWides;
}

/** rhs by columns: word k of column n at n * K + k. */
function columnsOf({ k, n }: Product, operands: Operands): Int32Array {
  const columns = new Int32Array(n * k);
  for (let t = 0; t < k; t += 1) {
    for (let column = 0; column < n; column += 1) columns[column * k + t] = operands.rhs(t, column);
  }
  return columns;
}

/**
 * Computes the results of the array in the order of its rounding units. A wrapping sum does not depend on the
 * point of wrapping, so every sum wraps once.
 */
export function computeProduct({ config, product, operands, unit, words, out }: ProductJob): void {
  const { k, n } = product;
  const dot = dotOf(product);
  const columns = columnsOf(product, operands);
  const rows = new Int32Array(config.rows * k);
  let loadedRow = -1;
  const sum = new Wide();
  for (const block of blocksOf(config, product)) {
    if (block.row !== loadedRow) {
      loadedRow = block.row;
      for (let i = 0; i < block.rows; i += 1) {
        for (let t = 0; t < k; t += 1) rows[i * k + t] = operands.lhs(block.row + i, t);
      }
    }
    for (let i = 0; i < config.rows; i += 1) {
      for (let j = 0; j < config.cols; j += 1) {
        const index = outIndex(block, n, i, j);
        const word = words.next(i, index);
        if (index < 0) continue;
        dot(sum, rows, i * k, columns, (block.column + j) * k, k);
        sum.wrapTo(config.accumulatorBits);
        out[index] = unit.round(sum, operands.bias(block.column + j), word);
      }
    }
  }
}
