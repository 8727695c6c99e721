/** Products: sizes, and the words that they feed, against what the reference backend computes from the same tensors. */
import { describe, expect, test } from 'vitest';
import { selectBackend, type TensorData } from '../../src/backend/index.js';
import {
  arrayConfig,
  operandsOf,
  productsOf,
  randomWords,
  RoundingUnit,
  type Product,
} from '../../src/hardware/index.js';
import { defineNetwork, zoo } from '../../src/nn/index.js';
import { Converter, parseRounding, parseSeed, Wide } from '../../src/numerics/index.js';
import { PlanBuilder, windowOf, type Plan, type Window } from '../../src/plan/index.js';
import { contents } from '../contract/data.js';

const SEED = 7n;
const STEP = 5;
const settings = { rounding: parseRounding('stochastic'), overflow: 'saturate' } as const;

/** A plan of all products of one geometry, with a partial batch where the plan has more than one example. */
function planOf(window: Window, outChannels: number, batch: number): Plan {
  const builder = new PlanBuilder({ name: 'products', arithmetic: 'fixed', batch });
  builder.program('train').layer('layer');
  const tensor = (name: string, shape: readonly number[], batched = false) =>
    builder.tensor({
      name,
      shape,
      batched,
      role: batched ? 'activation' : 'weight',
      format: { il: 4, fl: 12 },
      persistent: true,
    });
  const { height, width, channels, kernelHeight, kernelWidth, outHeight, outWidth } = window;
  const input = tensor('input', [batch, height, width, channels], true);
  const weight = tensor('weight', [kernelHeight, kernelWidth, channels, outChannels]);
  const output = [batch, outHeight, outWidth, outChannels];
  const dOutput = tensor('dOutput', output, true);
  const bias = tensor('bias', [outChannels]);
  builder.conv2d({ input, weight, bias, out: tensor('output', output, true), window, ...settings });
  const dInput = tensor('dInput', [batch, height, width, channels], true);
  builder.conv2dInputGradient({ dOutput, weight, out: dInput, window, ...settings });
  const dWeight = tensor('dWeight', [kernelHeight, kernelWidth, channels, outChannels]);
  builder.conv2dWeightGradient({ input, dOutput, out: dWeight, window, ...settings });
  const features = height * width * channels;
  const dense = tensor('dense/weight', [features, 3]);
  const denseOut = tensor('dense/output', [batch, 3], true);
  const denseBias = tensor('dense/bias', [3]);
  builder.matmul({ lhs: input, rhs: dense, bias: denseBias, out: denseOut, ...settings });
  const denseIn = tensor('dense/dInput', [batch, features], true);
  builder.matmul({ lhs: denseOut, rhs: dense, out: denseIn, transposeRhs: true, ...settings });
  const denseGradient = tensor('dense/dWeight', [features, 3]);
  builder.matmul({ lhs: input, rhs: denseOut, out: denseGradient, transposeLhs: true, ...settings });
  return builder.finish({ groups: 0 });
}

/** out by the definition of a product, from its readers. */
function compute(product: Product, data: ReadonlyMap<number, TensorData>, examples: number): number[] {
  const operands = operandsOf(product, (id) => data.get(id)!, examples);
  const unit = new RoundingUnit(new Converter(product.convert), product);
  const words = randomWords('philox', arrayConfig(), product, parseSeed(SEED), STEP);
  const sum = new Wide();
  return Array.from({ length: product.m * product.n }, (_, index) => {
    const [m, n] = [Math.floor(index / product.n), index % product.n];
    sum.clear();
    for (let k = 0; k < product.k; k++) sum.addProduct(operands.lhs(m, k), operands.rhs(k, n));
    return unit.round(sum, operands.bias(n), words.next(0, index));
  });
}

const GEOMETRIES: readonly [string, Window, number, number][] = [
  ['one cell', windowOf({ image: [1, 1, 1], kernel: [1, 1], stride: [1, 1] }), 1, 1],
  ['plain', windowOf({ image: [6, 5, 2], kernel: [3, 2], stride: [1, 1] }), 3, 2],
  ['padded', windowOf({ image: [4, 5, 3], kernel: [3, 3], stride: [1, 1], padding: [1, 2] }), 2, 3],
  ['strides', windowOf({ image: [7, 8, 2], kernel: [3, 2], stride: [2, 3], padding: [1, 0] }), 4, 2],
  ['skipping strides', windowOf({ image: [9, 9, 1], kernel: [2, 3], stride: [4, 5] }), 3, 2],
];

describe('the readers of operands feed what the reference multiplies', () => {
  test.each(GEOMETRIES)('%s', async (_name, window, outChannels, batch) => {
    const plan = planOf(window, outChannels, batch);
    for (const examples of new Set([batch, 1])) {
      const session = await selectBackend('reference').open(plan, { seed: SEED });
      const data = new Map(plan.tensors.map((tensor) => [tensor.id, contents(tensor, 'small', 1)]));
      for (const { id, name } of plan.tensors) await session.write(name, data.get(id)!);
      const batchOf = { count: examples, inputs: new Int16Array(0), labels: new Int32Array(0) };
      await session.train([{ ...batchOf, step: STEP, coefficients: [] }]);
      const products = productsOf(plan, 'train', examples);
      expect(products).toHaveLength(6);
      for (const product of products) {
        const wanted = await session.read(plan.tensors[product.out]!.name);
        const got = compute(product, data, examples);
        expect(got, product.site).toEqual([...wanted.slice(0, got.length)]);
        // Later products read what this one wrote.
        data.get(product.out)!.set(got);
      }
      await session.close();
    }
  });
});

test('the products of a LeNet step with 100 examples', () => {
  const plan = defineNetwork(zoo.lenet({ seed: 1 })).plan(100);
  expect(productsOf(plan, 'train').map(({ site, m, k, n }) => [site, m, k, n])).toEqual([
    ['conv1/output', 57600, 25, 8],
    ['conv2/output', 6400, 200, 16],
    ['fc1/output', 100, 256, 128],
    ['fc2/output', 100, 128, 10],
    ['fc2/dInput', 100, 10, 128],
    ['fc2/weight.gradient', 128, 100, 10],
    ['fc1/dInput', 100, 128, 256],
    ['fc1/weight.gradient', 256, 100, 128],
    ['conv2/dInput', 14400, 400, 8],
    ['conv2/weight.gradient', 200, 6400, 16],
    ['conv1/weight.gradient', 25, 57600, 8],
  ]);
});

test('float32 has no place on the array', () => {
  const plan = defineNetwork(zoo.lenet({ seed: 1, formats: 'float32' })).plan(10);
  expect(() => productsOf(plan, 'train')).toThrow(
    'conv1/output: the array multiplies fixed-point words, got float32; choose formats such as <2,14>',
  );
});
