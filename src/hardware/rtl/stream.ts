/**
 * A product in the form of the generated hardware: settings, seeds, and the words of its streams in the order
 * in which control.sv walks through the blocks, which is that of blocks.ts. Also the way back, from columns
 * of results to a tensor.
 */
import { roundingText, wordLength } from '../../numerics/index.js';
import { UnsupportedError } from '../../backend/contract.js';
import { blocksOf, layoutOf, type Layout } from '../blocks.js';
import type { ProductJob } from '../product-job.js';
import type { Product } from '../product.js';
import { arrayOfDesign, isStochastic, randomBits, type RtlDesign } from './design.js';

/** The input of the hardware for a product. */
export interface ProductStream {
  /** The ports config_* of top.sv, in their order but without the seeds; `shift` and `limit` as signed integers. */
  readonly settings: {
    readonly depth: number;
    readonly blockRows: number;
    readonly blockCols: number;
    readonly panels: number;
    readonly resident: 0 | 1;
    readonly shift: number;
    readonly biasShift: number;
    readonly limit: number;
  };
  /** States of the rows' shift registers before their first draw. */
  readonly seeds: Uint32Array;
  /** Slices of ROWS and of COLS words, and COLS words per block. */
  readonly lhs: Int32Array;
  readonly rhs: Int32Array;
  readonly bias: Int32Array;
  /** Number of columns of ROWS words in the output. */
  readonly columns: number;
}

/** Bits of the counters in control.sv. */
const COUNT_BITS = 24;

function refuse(product: Product, rule: string): never {
  throw new UnsupportedError(`rtl: ${product.site}: ${rule}`);
}

/**
 * Checks that the design computes the product bit for bit.
 * @throws UnsupportedError naming what differs
 */
export function checkProduct(design: RtlDesign, product: Product): void {
  const { lhsFormat, rhsFormat, biasFormat, biasShift, accumulator, convert, m, k, n } = product;
  const width = design.accumulatorBits;
  const formats = [lhsFormat, rhsFormat, convert.format, ...(biasFormat ? [biasFormat] : [])];
  const widest = Math.max(...formats.map(wordLength));
  if (widest > design.wordLength) {
    refuse(product, `words must fit in ${design.wordLength} bits, got ${widest}; use --wl ${widest}`);
  }
  if (accumulator === 'exact') {
    const products = BigInt(k) << BigInt(wordLength(lhsFormat) + wordLength(rhsFormat) - 2);
    const bias = biasFormat ? 1n << BigInt(wordLength(biasFormat) - 1 + biasShift) : 0n;
    const bits = (products + bias).toString(2).length + 1;
    if (bits > width) {
      refuse(product, `its sums may take ${bits} bits, got an accumulator of ${width}; use --acc ${bits}`);
    }
  } else if (accumulator.overflow !== 'wrap' || accumulator.width !== width) {
    const { overflow, width: own } = accumulator;
    refuse(
      product,
      `the accumulator must be exact or wrap:${width} as that of the array, got ${overflow}:${own}`,
    );
  }
  const { rounding, overflow } = convert;
  const sameBits = !isStochastic(design) || randomBits({ ...design, rounding }) === randomBits(design);
  if (rounding.mode !== design.rounding.mode || !sameBits) {
    const texts = [design.rounding, rounding].map(roundingText);
    refuse(
      product,
      `the rounding units have ${texts[0]!}, the site has ${texts[1]!}; use one --rounding for all`,
    );
  }
  if (overflow !== design.overflow)
    refuse(product, `the rounding units ${design.overflow}, the site must ${overflow}`);
  if (Math.max(m, k, n) >= 2 ** COUNT_BITS)
    refuse(product, `a size must be below 2^${COUNT_BITS}; use a smaller batch`);
}

/** Block rows that share a panel of rhs, and whether their lhs panels stay on chip. */
function panelsOf(
  design: RtlDesign,
  product: Product,
  { macroRows }: Layout,
): { panels: number; resident: 0 | 1 } {
  if (macroRows === 0) return { panels: 1, resident: 0 };
  const ring = 2 * design.depth;
  // Words narrower than the array's take the same space in its buffers.
  if (macroRows * product.k > ring || (macroRows > 1 && product.k > ring)) {
    refuse(
      product,
      `its panels must fit in ${ring} slices, got ${macroRows} of ${product.k}; use a larger --depth`,
    );
  }
  return { panels: macroRows, resident: 1 };
}

/**
 * The product as the design takes it; the job's random words are those of its shift registers, none of them drawn.
 * @throws UnsupportedError for a product that the design does not compute bit for bit
 */
export function productStream(
  design: RtlDesign,
  { product, operands, words }: Pick<ProductJob, 'product' | 'operands' | 'words'>,
): ProductStream {
  checkProduct(design, product);
  const config = arrayOfDesign(design);
  const { rows, cols } = design;
  const { k, n, m, convert, biasShift } = product;
  const layout = layoutOf(config, product);
  const { blockRows, blockCols } = layout;
  const { panels, resident } = panelsOf(design, product, layout);
  const blocks = blockRows * blockCols;
  const lhs = new Int32Array((resident ? blockRows : blocks) * k * rows);
  const rhs = new Int32Array(Math.ceil(blockRows / panels) * blockCols * k * cols);
  const bias = new Int32Array(blocks * cols);
  let [lhsAt, rhsAt, biasAt] = [0, 0, 0];
  for (const { row, column } of blocksOf(config, product)) {
    const block = row / rows;
    if (!resident || column === 0) {
      for (let t = 0; t < k; t += 1) {
        for (let i = 0; i < rows; i += 1, lhsAt += 1) lhs[lhsAt] = row + i < m ? operands.lhs(row + i, t) : 0;
      }
    }
    if (block % panels === 0) {
      for (let t = 0; t < k; t += 1) {
        for (let j = 0; j < cols; j += 1, rhsAt += 1)
          rhs[rhsAt] = column + j < n ? operands.rhs(t, column + j) : 0;
      }
    }
    for (let j = 0; j < cols; j += 1, biasAt += 1)
      bias[biasAt] = column + j < n ? operands.bias(column + j) : 0;
  }
  return {
    settings: {
      ...{ depth: k, blockRows, blockCols, panels, resident, biasShift },
      // Further to the left, every value is zero or saturates.
      shift: Math.max(convert.drop, -design.wordLength),
      limit: 2 ** (wordLength(convert.format) - 1) - 1,
    },
    seeds: isStochastic(design) ? Uint32Array.from(words.states()) : new Uint32Array(rows),
    ...{ lhs, rhs, bias },
    columns: blocks * cols,
  };
}

/** Writes columns of results, ROWS raw words each, to their places in out [M, N]. */
export function writeResults(
  design: RtlDesign,
  product: Product,
  results: Int32Array,
  out: Int16Array | Int32Array,
): void {
  const { rows, cols, wordLength: bits } = design;
  let at = 0;
  for (const block of blocksOf(arrayOfDesign(design), product)) {
    for (let j = 0; j < cols; j += 1) {
      for (let i = 0; i < rows; i += 1, at += 1) {
        if (i >= block.rows || j >= block.cols) continue;
        out[(block.row + i) * product.n + block.column + j] = (results[at]! << (32 - bits)) >> (32 - bits);
      }
    }
  }
}

/**
 * Columns of results, ROWS words each, that the array must give for out [M, N]; padded results are 0 and
 * meaningless.
 */
export function expectedResults(
  design: RtlDesign,
  product: Product,
  out: ArrayLike<number>,
): { readonly words: Int32Array; readonly counts: Uint8Array } {
  const { rows, cols } = design;
  const config = arrayOfDesign(design);
  const { blockRows, blockCols } = layoutOf(config, product);
  const words = new Int32Array(blockRows * blockCols * rows * cols);
  const counts = new Uint8Array(words.length);
  let at = 0;
  for (const block of blocksOf(config, product)) {
    for (let j = 0; j < cols; j += 1) {
      for (let i = 0; i < rows; i += 1, at += 1) {
        if (i >= block.rows || j >= block.cols) continue;
        words[at] = out[(block.row + i) * product.n + block.column + j]!;
        counts[at] = 1;
      }
    }
  }
  return { words, counts };
}
