/** Sizes and depths far from any that can be trained: refused at once, before anything of that size is made. */
import { describe, expect, test } from 'vitest';
import { defineNetwork, type LayerConfiguration, type NetworkConfiguration } from '../../src/nn/index.js';
import { windowOf } from '../../src/plan/index.js';

const BASE: NetworkConfiguration = {
  seed: 1,
  formats: '<4,12>',
  optimizer: { kind: 'sgd', learningRate: 0.1 },
  input: { height: 28, width: 28, channels: 1 },
  layers: [
    { type: 'conv2d', channels: 2, kernel: 3 },
    { type: 'dense', units: 10 },
  ],
};
const withLayer = (layer: LayerConfiguration): NetworkConfiguration => ({
  ...BASE,
  layers: [layer, { type: 'dense', units: 10 }],
});

describe.each([2 ** 53 - 1, 2 ** 30 + 1])('a size of %i is above 2^30', (size) => {
  test.each<[string, NetworkConfiguration]>([
    ['input.height', { ...BASE, input: { height: size, width: 1, channels: 1 } }],
    ['input.size', { ...BASE, input: { size } }],
    ['layers[0].channels', withLayer({ type: 'conv2d', channels: size, kernel: 1 })],
    ['layers[0].stride', withLayer({ type: 'conv2d', channels: 1, kernel: 1, stride: size })],
    ['layers[0].padding', withLayer({ type: 'conv2d', channels: 1, kernel: 1, padding: size })],
    ['layers[0].kernel', withLayer({ type: 'maxPool', kernel: size })],
    ['layers[0].units', withLayer({ type: 'dense', units: size })],
  ])('%s', (field, configuration) => {
    expect(() => defineNetwork(configuration)).toThrow(
      new RegExp(`^network configuration: ${field.replace(/[[\].]/g, '\\$&')}: Too big`),
    );
  });
});

test('the largest sizes are counted without steps, and refused by the bytes of a tensor', () => {
  const size = 2 ** 30;
  const window = windowOf({ image: [size, size, 1], kernel: [2, 2], stride: [1, 3], clip: true });
  expect([window.outHeight, window.outWidth]).toEqual([size - 1, 357913942]);
  const network = defineNetwork({ ...BASE, input: { height: size, width: size, channels: 1 } });
  expect(() => network.plan(2)).toThrow(/a tensor must have fewer than 2\^53 bytes, got shape /);
});

test('residual layers within each other end at the depth of JSON', () => {
  const nest = (levels: number): LayerConfiguration =>
    Array.from({ length: levels }).reduce<LayerConfiguration>(
      (inner) => ({ type: 'residual', layers: [inner] }),
      { type: 'dense', units: 2 },
    );
  const network = (levels: number): NetworkConfiguration => ({
    ...BASE,
    input: { size: 2 },
    layers: [nest(levels), { type: 'dense', units: 2 }],
  });
  expect(defineNetwork(network(95)).plan(2).train.length).toBeGreaterThan(95);
  for (const levels of [110, 20_000]) {
    expect(() => defineNetwork(network(levels))).toThrow(
      'network configuration: lists and objects must be nested at most 200 levels deep, got more; take levels away',
    );
  }
});
