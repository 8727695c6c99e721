import { expect, test } from 'vitest';
import { networkFromJSON } from '../../src/nn/index.js';

const good = {
  seed: 1,
  formats: '4.12',
  optimizer: { kind: 'sgd', learningRate: 0.1 },
  input: { height: 8, width: 8, channels: 1 },
  layers: [{ type: 'dense', units: 4 }],
};
const withLayers = (...layers: unknown[]) => ({ ...good, layers });

const cases: [name: string, configuration: unknown, message: string][] = [
  [
    'no seed',
    { ...good, seed: undefined },
    'network configuration: seed: expected a whole number from 0, or its decimal text, got nothing',
  ],
  [
    'not an object',
    'lenet',
    'network configuration: Invalid input: expected object, received string, got "lenet"',
  ],
  ['unknown field', { ...good, momentum: 1 }, 'network configuration: Unrecognized key: "momentum"'],
  [
    'unknown layer',
    withLayers({ type: 'lstm' }),
    'network configuration: layers[0].type: expected a layer of type dense, conv2d, maxPool, averagePool, globalAveragePool, batchNorm, residual, relu, dropout or flatten, got "lstm"',
  ],
  [
    'unknown layer field',
    withLayers({ type: 'dense', name: 'fc', units: 3, unitz: 3 }),
    'network configuration: layers[0] (fc): Unrecognized key: "unitz"',
  ],
  ['no layers', withLayers(), 'network configuration: layers: a network needs at least one layer, got []'],
  [
    'units',
    withLayers({ type: 'dense', units: 0 }),
    'network configuration: layers[0].units: Too small: expected number to be >=1, got 0',
  ],
  [
    'dropout rate',
    withLayers({ type: 'dropout', rate: 1 }),
    'network configuration: layers[0].rate: Too big: expected number to be <=0.98, got 1',
  ],
  [
    'learning rate',
    { ...good, optimizer: { kind: 'sgd', learningRate: -1 } },
    'network configuration: optimizer.learningRate: Too small: expected number to be >=0, got -1',
  ],
  [
    'format',
    { ...good, formats: '20.20' },
    'format <20,20>: word length IL + FL must be 2 to 32 bits, got 40; choose a wider or narrower IL or FL',
  ],
  [
    'format text',
    { ...good, formats: 'int8' },
    'format: expected "<IL,FL>" or "IL.FL", got "int8"; int8 is "<8,0>" here',
  ],
  [
    'formats without weight',
    { ...good, formats: { activation: '6.10' } },
    'network: formats must name at least weight, got activation; add weight',
  ],
  [
    'rounding',
    { ...good, rounding: 'random' },
    'rounding: unknown mode "random"; choose one of stochastic, nearest-away, nearest-even, nearest-down, nearest-up, floor, toward-zero, nearest, stochastic:n',
  ],
  [
    'random bits',
    { ...good, rounding: 'stochastic:33' },
    'rounding: stochastic:n needs n from 1 to 32, got "stochastic:33"',
  ],
  [
    'kernel too large',
    withLayers({ type: 'conv2d', channels: 2, kernel: 9 }, { type: 'dense', units: 2 }),
    'conv1: the kernel must fit the padded input, got kernel [9, 9], padding [0, 0] and input [8, 8, 1]; choose a smaller kernel or more padding',
  ],
  [
    'convolution after dense',
    withLayers({ type: 'dense', units: 4 }, { type: 'conv2d', channels: 2, kernel: 3 }),
    'conv1: the input must be an image [height, width, channels], got [4]; give the network an image input, or move this layer before the first dense or flatten layer',
  ],
  [
    'last layer',
    withLayers({ type: 'conv2d', name: 'c', channels: 2, kernel: 3 }),
    'c: the last layer must give one logit per class, at least 2, got [6,6,2]; end with a dense layer',
  ],
  [
    'one class',
    withLayers({ type: 'dense', units: 1 }),
    'dense1: the last layer must give one logit per class, at least 2, got [1]; end with a dense layer',
  ],
  [
    'paths of different shapes',
    withLayers(
      { type: 'residual', name: 'block', layers: [{ type: 'conv2d', channels: 2, kernel: 3, padding: 1 }] },
      { type: 'dense', units: 2 },
    ),
    'block: the layers and the shortcut must give one shape, got [8, 8, 2] and [8, 8, 1]; give it a shortcut such as a 1x1 convolution with the stride and channels of the layers',
  ],
  [
    'a path without layers',
    withLayers({ type: 'residual', layers: [] }, { type: 'dense', units: 2 }),
    'network configuration: layers[0].layers: a path needs at least one layer, got []',
  ],
  [
    'an unknown field inside of a path',
    withLayers(
      { type: 'residual', name: 'block', layers: [{ type: 'relu', rate: 1 }] },
      { type: 'dense', units: 2 },
    ),
    'network configuration: layers[0].layers[0] (block): Unrecognized key: "rate"',
  ],
  [
    'one name in two paths',
    withLayers(
      {
        type: 'residual',
        layers: [{ type: 'relu', name: 'a' }],
        shortcut: [{ type: 'relu', name: 'a' }],
      },
      { type: 'dense', units: 2 },
    ),
    "a: a layer's name must be its own (and not loss or inference); rename one of the layers",
  ],
  [
    'two layers of one name',
    withLayers({ type: 'dense', name: 'a', units: 4 }, { type: 'dense', name: 'a', units: 4 }),
    "a: a layer's name must be its own (and not loss or inference); rename one of the layers",
  ],
  [
    'float32 layer formats',
    { ...good, formats: 'float32', layers: [{ type: 'dense', units: 4, formats: '4.12' }] },
    "dense1: a network is float32 or fixed-point as a whole; remove the layer's formats, or change the network's",
  ],
  [
    'pool format',
    withLayers({ type: 'maxPool', kernel: 2, formats: { activation: '8.8' } }, { type: 'dense', units: 2 }),
    'pool1: max-pooling does not round its output; set formats.activation on the layer before it',
  ],
  [
    'optimizer of a pool',
    withLayers(
      { type: 'maxPool', kernel: 2, optimizer: { kind: 'sgd', learningRate: 1 } },
      { type: 'dense', units: 2 },
    ),
    'network configuration: layers[0]: Unrecognized key: "optimizer"',
  ],
  [
    'weight format of dropout',
    withLayers({ type: 'dropout', rate: 0.5, formats: { weight: '8.8' } }, { type: 'dense', units: 2 }),
    'network configuration: layers[0].formats: Unrecognized key: "weight"',
  ],
];

test.each(cases)('%s', (_, configuration, message) => {
  expect(() => networkFromJSON(configuration)).toThrow(message);
});

test('rules that need the whole plan are checked when the plan is built, and name the layer', () => {
  const wide = networkFromJSON({ ...good, formats: '16.16' });
  expect(() => wide.plan(10)).toThrow(/^dense1: a sum of 64 products <16,16> x <16,16> must fit in 64 bits/);
  const bias = networkFromJSON({ ...good, formats: { weight: '14.2', activation: '14.2', bias: '2.14' } });
  expect(() => bias.plan(10)).toThrow(
    /^dense1: the bias may have at most the product's 4 fraction bits, got 14/,
  );
});
