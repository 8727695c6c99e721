/**
 * Synthetic products for the test bench, beside those of a network: operands over the full range, sums that saturate at both
 * limits, several blocks each way, streamed and resident panels, a left shift, ties. Without them a fault that only shows there
 * would pass, because the words of a trained network are small.
 */
import {
  Converter,
  parseSeed,
  storageOf,
  wordLength,
  type Accumulator,
  type Format,
} from '../../numerics/index.js';
import { PlanBuilder, type TensorId } from '../../plan/index.js';
import { operandsOf } from '../operands.js';
import { productsOf } from '../product.js';
import { computeProduct } from '../product-job.js';
import { randomWords, RoundingUnit } from '../rounding-unit.js';
import { arrayOfDesign, type RtlDesign } from './design.js';
import { productStream } from './stream.js';
import type { GoldenProduct } from './vectors.js';

const SEED = parseSeed(1);

/** A product by its sizes and the bits of its words; fractions follow from the shifts. */
interface Recipe {
  readonly site: string;
  readonly m: number;
  readonly k: number;
  readonly n: number;
  readonly lhsBits: number;
  readonly rhsBits: number;
  readonly biasBits: number;
  readonly biasShift: number;
  readonly outBits: number;
  /** Bits that are dropped from a sum; negative for a left shift. */
  readonly drop: number;
  /** Slices in half a buffer for which the blocks are ordered: they stream if K is larger. */
  readonly depth: number;
}

function recipesOf(design: RtlDesign, accumulator: Accumulator): Recipe[] {
  const { rows, cols, wordLength: bits, depth } = design;
  // Five products of a bits and b bits, and a bias as large as a product, take a + b + 2 bits.
  const sumBits = accumulator === 'exact' ? Math.min(design.accumulatorBits, 63) : 2 * bits + 2;
  const wide = Math.min(bits, sumBits - 4);
  const narrow = Math.min(bits, sumBits - 2 - wide);
  const product = wide + narrow - 2;
  const outBits = Math.min(bits, product);
  const shortBits = Math.max(2, outBits - 3);
  // With a block beyond the edge of the last one, if a block has several rows or columns.
  const short = (blocks: number, size: number): number => blocks * size - (size > 1 ? 1 : 0);
  const half = Math.min(depth, 8);
  const common = { biasBits: wide, biasShift: narrow - 1 };
  return [
    {
      site: 'synthetic/streamed',
      ...{ m: short(2, rows), k: 5, n: short(3, cols), depth: 2 },
      ...{ lhsBits: wide, rhsBits: narrow, ...common, outBits, drop: product + 1 - outBits },
    },
    {
      site: 'synthetic/resident',
      ...{ m: short(5, rows), k: Math.max(1, half >> 1), n: short(2, cols), depth: half },
      ...{ lhsBits: narrow, rhsBits: wide, ...common },
      ...{ outBits: shortBits, drop: product - shortBits },
    },
    {
      site: 'synthetic/left shift',
      ...{ m: rows, k: 4, n: short(2, cols), depth: 4 },
      ...{ lhsBits: 2, rhsBits: 2, biasBits: 2, biasShift: 0, outBits: bits, drop: -Math.max(1, bits - 3) },
    },
    {
      site: 'synthetic/ties',
      ...{ m: rows, k: 3, n: cols, depth: 4 },
      ...{ lhsBits: Math.min(bits, 3), rhsBits: Math.min(bits, 3), biasBits: 2, biasShift: 0 },
      ...{ outBits: bits, drop: 1 },
    },
  ];
}

/** Raw integers of `bits` bits: the two ends of the range, then a quarter of them at the ends, the others anywhere; repeatable. */
function rawWords(length: number, bits: number, seed: number): Int32Array {
  let state = seed;
  return Int32Array.from({ length }, (_, index) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    const smallest = -1 << (bits - 1);
    if (index === 0 || (state & 7) === 0) return -1 - smallest;
    if (index === 1 || (state & 7) === 1) return smallest;
    return state >> (32 - bits);
  });
}

function goldenOf(design: RtlDesign, accumulator: Accumulator, recipe: Recipe, step: number): GoldenProduct {
  const { site, m, k, n, depth, drop, biasShift } = recipe;
  const builder = new PlanBuilder({ name: 'synthetic', arithmetic: 'fixed', batch: 1 });
  builder.program('train').layer('synthetic');
  const data = new Map<TensorId, Int32Array>();
  const tensor = (name: string, shape: readonly number[], format: Format): TensorId => {
    const id = builder.tensor({ name, shape, batched: false, role: 'weight', format, persistent: true });
    const length = shape.reduce((product, size) => product * size, 1);
    data.set(id, rawWords(length, wordLength(format), 1 + step * 4 + data.size));
    return id;
  };
  // A format of `bits` bits whose last bit counts 2^exponent.
  const format = (bits: number, exponent: number): Format => ({ il: bits + exponent, fl: -exponent });
  builder.matmul({
    lhs: tensor('lhs', [m, k], format(recipe.lhsBits, 0)),
    rhs: tensor('rhs', [k, n], format(recipe.rhsBits, 0)),
    bias: tensor('bias', [n], format(recipe.biasBits, biasShift)),
    out: tensor(site, [m, n], format(recipe.outBits, drop)),
    ...{ accumulator, rounding: design.rounding, overflow: design.overflow },
  });
  const product = productsOf(builder.finish({ groups: 0 }), 'train')[0]!;
  const ordered = { ...design, depth };
  const config = arrayOfDesign(ordered);
  const job = {
    ...{ config, product },
    operands: operandsOf(product, (id) => data.get(id)!, 1),
    unit: new RoundingUnit(new Converter(product.convert), product),
    words: randomWords('lfsr', config, product, SEED, step),
    out: storageOf(product.convert.format) === 'int16' ? new Int16Array(m * n) : new Int32Array(m * n),
  };
  const stream = productStream(ordered, job);
  computeProduct(job);
  return { product, stream, out: job.out, depth };
}

/** The synthetic products of a design, with accumulators like those of the network's products. */
export function syntheticProducts(design: RtlDesign, accumulator: Accumulator = 'exact'): GoldenProduct[] {
  return recipesOf(design, accumulator).map((recipe, step) => goldenOf(design, accumulator, recipe, step));
}
