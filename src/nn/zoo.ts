/**
 * The networks of Gupta et al. 2015 with the training settings of its figures, and residual networks that go
 * beyond it. Every function returns plain configuration data, which callers may use unchanged or modify.
 */
import {
  checkOptions,
  either,
  listOf,
  record,
  SEED,
  TEXT,
  wholeNumber,
  type OptionRules,
} from '../numerics/arguments.js';
import type { LayerConfiguration, NetworkConfiguration } from './configuration.js';

/** Options of a zoo network. `seed` is required; the others override the network's own settings. */
export type ZooOptions = Pick<NetworkConfiguration, 'seed'> &
  Partial<Omit<NetworkConfiguration, 'seed' | 'layers' | 'input'>> & {
    /** Epochs of the whole training, from which schedules with milestones place them. */
    epochs?: number;
  };

/** What `defineNetwork` checks in full. */
const FORMATS = either(TEXT, record('an object'));
const ZOO_RULES: OptionRules<ZooOptions> = {
  seed: SEED,
  epochs: wholeNumber(1),
  name: TEXT,
  formats: FORMATS,
  rounding: FORMATS,
  inferenceRounding: TEXT,
  overflow: TEXT,
  accumulator: FORMATS,
  precisionSchedule: listOf(record('a stage')),
  weightInit: FORMATS,
  optimizer: record('an optimiser'),
};

/** The options that are settings of the network without conversion. */
function networkOptions(options: ZooOptions): Omit<ZooOptions, 'epochs'> {
  const settings = { ...options };
  delete settings.epochs;
  return settings;
}

/** The name of a network of the zoo. */
type ZooName = 'dnn' | 'lenet' | 'cifar' | 'resnet8' | 'resnet20';

/** Figure 1: 784-1000-1000-10 with ReLU. */
function dnn(options: ZooOptions): NetworkConfiguration {
  return {
    name: 'dnn',
    formats: '<6,10>',
    rounding: 'stochastic',
    weightInit: { distribution: 'normal', deviation: 0.01 },
    optimizer: { kind: 'sgd', learningRate: 0.1 },
    ...networkOptions(options),
    input: { height: 28, width: 28, channels: 1 },
    layers: [
      { type: 'dense', name: 'fc1', units: 1000, activation: 'relu' },
      { type: 'dense', name: 'fc2', units: 1000, activation: 'relu' },
      { type: 'dense', name: 'fc3', units: 10 },
    ],
  };
}

/** Figure 2: two unpadded 5x5 convolutions with pooling, and two dense layers. */
function lenet(options: ZooOptions): NetworkConfiguration {
  return {
    name: 'lenet',
    formats: { weight: '<4,12>', activation: '<6,10>' },
    rounding: 'stochastic',
    weightInit: { distribution: 'normal', deviation: 0.01 },
    optimizer: {
      kind: 'sgd',
      learningRate: { kind: 'exponential', rate: 0.1, factor: 0.95 },
      momentum: 0.9,
      weightDecay: 0.0005,
    },
    ...networkOptions(options),
    input: { height: 28, width: 28, channels: 1 },
    layers: [
      { type: 'conv2d', name: 'conv1', channels: 8, kernel: 5, activation: 'relu' },
      { type: 'maxPool', name: 'pool1', kernel: 2 },
      { type: 'conv2d', name: 'conv2', channels: 16, kernel: 5, activation: 'relu' },
      { type: 'maxPool', name: 'pool2', kernel: 2 },
      { type: 'dense', name: 'fc1', units: 128, activation: 'relu' },
      { type: 'dense', name: 'fc2', units: 10 },
    ],
  };
}

/** Figure 3: three padded 5x5 convolutions with overlapping pooling, and one dense layer. */
function cifar(options: ZooOptions): NetworkConfiguration {
  const { epochs = 16 } = options;
  const milestones = [0.5, 0.7, 0.9].map((part) => Math.round(part * epochs));
  const block = (n: number): NetworkConfiguration['layers'] => [
    { type: 'conv2d', name: `conv${String(n)}`, channels: 64, kernel: 5, padding: 2, activation: 'relu' },
    { type: 'maxPool', name: `pool${String(n)}`, kernel: 3, stride: 2 },
  ];
  return {
    name: 'cifar',
    formats: { weight: '<2,14>', activation: '<6,10>' },
    rounding: 'stochastic',
    weightInit: 'he-normal',
    optimizer: {
      kind: 'sgd',
      learningRate: { kind: 'step', rate: 0.01, factor: 0.5, milestones },
      momentum: 0.9,
      weightDecay: 0.0005,
    },
    ...networkOptions(options),
    input: { height: 32, width: 32, channels: 3 },
    layers: [...block(1), ...block(2), ...block(3), { type: 'dense', name: 'fc', units: 10 }],
  };
}

/**
 * Beyond the paper: the residual networks of He et al. 2015, section 4.2, of 6n + 2 layers for CIFAR-10. They
 * have three stages of 16, 32 and 64 channels with n blocks each. Every convolution is normalised, and
 * shortcuts are projections if the shape changes.
 */
function resnet(name: ZooName, blocks: number, options: ZooOptions): NetworkConfiguration {
  const { epochs = 16 } = options;
  const milestones = [0.5, 0.75].map((part) => Math.round(part * epochs));
  const normalised = (
    id: string,
    channels: number,
    kernel: number,
    stride: number,
    activation: 'identity' | 'relu',
  ): LayerConfiguration[] => [
    { type: 'conv2d', name: `${id}.conv`, channels, kernel, stride, padding: kernel >> 1, bias: false },
    { type: 'batchNorm', name: `${id}.norm`, activation },
  ];
  const block = (stage: number, n: number): LayerConfiguration => {
    const id = `block${String(stage)}.${String(n)}`;
    const channels = 8 << stage;
    const changes = stage > 1 && n === 1;
    return {
      type: 'residual',
      name: id,
      layers: [
        ...normalised(`${id}.1`, channels, 3, changes ? 2 : 1, 'relu'),
        ...normalised(`${id}.2`, channels, 3, 1, 'identity'),
      ],
      ...(changes && { shortcut: normalised(`${id}.short`, channels, 1, 2, 'identity') }),
      activation: 'relu',
    };
  };
  return {
    name,
    formats: { weight: '<2,14>', activation: '<6,10>' },
    rounding: 'stochastic',
    weightInit: 'he-normal',
    optimizer: {
      kind: 'sgd',
      learningRate: { kind: 'step', rate: 0.1, factor: 0.1, milestones },
      momentum: 0.9,
      weightDecay: 0.0001,
    },
    ...networkOptions(options),
    input: { height: 32, width: 32, channels: 3 },
    layers: [
      ...normalised('stem', 16, 3, 1, 'relu'),
      ...[1, 2, 3].flatMap((stage) => Array.from({ length: blocks }, (_, n) => block(stage, n + 1))),
      { type: 'globalAveragePool', name: 'pool' },
      { type: 'dense', name: 'fc', units: 10 },
    ],
  };
}

type Make = (options: ZooOptions) => NetworkConfiguration;

/** The same, with its options checked. */
function checked(make: Make): Make {
  return (options) => make(checkOptions('zoo', options, ZOO_RULES, ['seed']));
}

/** The networks by name: the paper's three, and residual ones. */
export const zoo: Readonly<Record<ZooName, (options: ZooOptions) => NetworkConfiguration>> = {
  dnn: checked(dnn),
  lenet: checked(lenet),
  cifar: checked(cifar),
  resnet8: checked((options) => resnet('resnet8', 1, options)),
  resnet20: checked((options) => resnet('resnet20', 3, options)),
};

/** Names of the zoo's networks. */
export const ZOO_NAMES: readonly ZooName[] = ['dnn', 'lenet', 'cifar', 'resnet8', 'resnet20'];

export type { ZooName };
