/** Products for the tests of the array: one matrix product with its operands, on any array. */
import {
  operandsOf,
  productsOf,
  randomWords,
  RoundingUnit,
  type ArrayConfig,
  type Product,
  type ProductJob,
  type RandomSource,
} from '../../src/hardware/index.js';
import { Converter, parseFormat, parseRounding, parseSeed, storageOf } from '../../src/numerics/index.js';
import type { Accumulator } from '../../src/numerics/index.js';
import { PlanBuilder, type TensorId } from '../../src/plan/index.js';
import type { TensorData } from '../../src/backend/index.js';
import { contents, type Style } from '../contract/data.js';

export interface ProductOptions {
  readonly m: number;
  readonly k: number;
  readonly n: number;
  readonly lhs?: string;
  readonly rhs?: string;
  readonly bias?: string | null;
  readonly out?: string;
  readonly rounding?: string;
  readonly accumulator?: Accumulator;
  readonly style?: Style;
}

/** A matrix product and its operands. */
export function matmulOf(options: ProductOptions): { product: Product; data: Map<TensorId, TensorData> } {
  const { m, k, n, lhs = '<4,12>', rhs = '<2,14>', bias = '<4,12>', out = '<6,10>' } = options;
  const { rounding = 'stochastic', accumulator = 'exact', style = 'small' } = options;
  const builder = new PlanBuilder({ name: 'product', arithmetic: 'fixed', batch: 1 });
  builder.program('train').layer('layer');
  const data = new Map<TensorId, TensorData>();
  const tensor = (name: string, shape: readonly number[], format: string): TensorId => {
    const id = builder.tensor({
      name,
      shape,
      batched: false,
      role: 'weight',
      format: parseFormat(format),
      persistent: true,
    });
    data.set(id, contents(builder.get(id), style, 1));
    return id;
  };
  builder.matmul({
    lhs: tensor('lhs', [m, k], lhs),
    rhs: tensor('rhs', [k, n], rhs),
    bias: bias === null ? null : tensor('bias', [n], bias),
    out: tensor('out', [m, n], out),
    accumulator,
    rounding: parseRounding(rounding),
    overflow: 'saturate',
  });
  const [product] = productsOf(builder.finish({ groups: 0 }), 'train');
  return { product: product!, data };
}

/** A job of the product with separate counters, words and results. */
export function jobOf(
  config: ArrayConfig,
  { product, data }: ReturnType<typeof matmulOf>,
  source: RandomSource = 'philox',
  step = 3,
): ProductJob & { readonly converter: Converter } {
  const converter = new Converter(product.convert);
  const length = product.m * product.n;
  return {
    config,
    product,
    operands: operandsOf(product, (id) => data.get(id)!, 1),
    unit: new RoundingUnit(converter, product),
    words: randomWords(source, config, product, parseSeed(11), step),
    out: storageOf(product.convert.format) === 'int16' ? new Int16Array(length) : new Int32Array(length),
    converter,
  };
}
