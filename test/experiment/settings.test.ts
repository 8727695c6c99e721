/**
 * Run configurations and the short text of settings: the accepted texts, and the refused ones with their
 * messages.
 */
import { describe, expect, it } from 'vitest';
import {
  augmentationText,
  changeNetwork,
  completeConfiguration,
  configurationDifference,
  folderName,
  parseAugmentation,
  parseFormats,
  parseRoundings,
  parseRunConfiguration,
  parseSettings,
  plannedSteps,
  recipeConfiguration,
  recipes,
  runFields,
} from '../../src/experiment/index.js';
import { isFinished } from '../../src/experiment/run/configuration.js';
import { parseSetting } from '../../src/experiment/run/setting-text.js';
import { learningRateText } from '../../src/experiment/run/setting-text.js';
import { defineNetwork } from '../../src/nn/index.js';
import { formatText } from '../../src/numerics/index.js';
import { CONFIGURATION } from './support.js';

const { network } = CONFIGURATION;

describe('formats and rounding as text', () => {
  it.each([
    ['float32', 'float32'],
    ['6.10', '<6,10>'],
    ['<-4,20>', '<-4,20>'],
    ['2,14', '<2,14>'],
    ['4.12/6.10', { weight: '<4,12>', activation: '<6,10>' }],
    ['<4,12>/<6,10>', { weight: '<4,12>', activation: '<6,10>' }],
    ['weight=4.12, activation=<6,10>,error=2.6', { weight: '<4,12>', activation: '<6,10>', error: '<2,6>' }],
  ])('%s', (text, formats) => {
    expect(parseFormats(text)).toEqual(formats);
  });

  it.each([
    ['nearest', 'nearest-away'],
    ['stochastic:8', 'stochastic:8'],
    ['weight=stochastic:4,activation=floor', { weight: 'stochastic:4', activation: 'floor' }],
  ])('rounding %s', (text, rounding) => {
    expect(parseRoundings(text)).toEqual(rounding);
  });

  it('names the part that is wrong', () => {
    expect(() => parseFormats('weight=4.12,weight=2.14')).toThrow(
      'formats: weight is given twice in "weight=4.12,weight=2.14"',
    );
    expect(() => parseFormats('weight=4.12,6.10')).toThrow('got "6.10"');
    expect(() => parseRoundings('bias=up')).toThrow('rounding: unknown mode "up"');
  });
});

describe('a learning rate for people', () => {
  it.each([
    [0.1, '0.1'],
    [{ kind: 'constant', rate: 0.05 }, '0.05'],
    [{ kind: 'exponential', rate: 0.1, factor: 0.95 }, '0.1 x 0.95 per epoch'],
    [{ kind: 'step', rate: 0.1, factor: 0.5, milestones: [8, 12] }, '0.1 x 0.5 at epochs 8, 12'],
    [{ kind: 'poly', rate: 0.1, power: 2, epochs: 10 }, '0.1 x (1 - epoch/10)^2'],
  ] as const)('%j is %s', (schedule, text) => {
    expect(learningRateText(schedule)).toBe(text);
    const optimizer = { ...network.optimizer, learningRate: schedule };
    expect(runFields({ ...CONFIGURATION, network: { ...network, optimizer } })['learningRate']).toBe(text);
  });
});

describe('augmentation as text', () => {
  it.each([
    ['flip', { flip: true }],
    ['crop', { crop: 4 }],
    ['crop:2', { crop: 2 }],
    ['flip, crop', { flip: true, crop: 4 }],
    ['crop:12,flip', { flip: true, crop: 12 }],
  ])('%s', (text, augmentation) => {
    expect(parseAugmentation(text)).toEqual(augmentation);
    expect(parseAugmentation(augmentationText(augmentation))).toEqual(augmentation);
  });

  it.each([
    ['rotate', 'augment: expected flip, crop, crop:2 or flip,crop, got "rotate"'],
    ['', 'augment: expected flip, crop, crop:2 or flip,crop, got ""'],
    ['crop:0', 'augment: expected flip, crop, crop:2 or flip,crop, got "crop:0"'],
    ['crop,crop:2', 'augment: crop is given twice in "crop,crop:2"'],
  ])('"%s" is refused', (text, message) => {
    expect(() => parseAugmentation(text)).toThrow(message);
  });
});

describe('settings as text', () => {
  it.each([
    ['float32', { name: 'float32', changes: { formats: 'float32' } }],
    ['8.8', { name: 'stochastic 8.8', changes: { formats: '<8,8>', rounding: 'stochastic' } }],
    [
      ' narrow one:  4.12/6.10 nearest saturate:32 ',
      {
        name: 'narrow one',
        changes: {
          formats: { weight: '<4,12>', activation: '<6,10>' },
          rounding: 'nearest-away',
          accumulator: { width: 32, overflow: 'saturate' },
        },
      },
    ],
    [
      '8.8 wrap:48',
      {
        name: 'stochastic 8.8 wrap:48',
        changes: { formats: '<8,8>', rounding: 'stochastic', accumulator: { width: 48, overflow: 'wrap' } },
      },
    ],
  ])('%s', (text, setting) => {
    expect(parseSetting(text)).toEqual(setting);
  });

  it('come in lists, each with a separate folder', () => {
    const settings = parseSettings(['float32; 4.12/6.10 stochastic:8', 'again: float32;']);
    expect(settings.map(({ name }) => folderName(name))).toEqual([
      'float32',
      'stochastic-8-4.12-6.10',
      'again',
    ]);
    expect(() => parseSettings(['a: 8.8; A: 6.10'])).toThrow('settings: "A" is there twice; ');
    expect(() => parseSettings(['()...: 8.8'])).toThrow(
      'settings: a name needs a letter or a digit, got "()..."',
    );
    expect(() => parseSetting('float32 nearest')).toThrow(
      'setting: float32 has no rounding and no accumulator',
    );
    expect(() => parseSetting('name: ')).toThrow(
      'setting: expected "[name:] formats [rounding] [accumulator]"',
    );
  });
});

describe('a run configuration', () => {
  it('is read back as it was written', () => {
    const json: unknown = JSON.parse(JSON.stringify(CONFIGURATION));
    expect(parseRunConfiguration(json, 'config.json')).toEqual(CONFIGURATION);
    expect(completeConfiguration(CONFIGURATION)).toEqual(CONFIGURATION);
  });

  it('may be a bare network, or one of the zoo', () => {
    expect(parseRunConfiguration(network, 'n.json')).toEqual({ network });
    const fromZoo = parseRunConfiguration({ network: { zoo: 'lenet', seed: 2, formats: '8.8' } }, 'z.json');
    expect(fromZoo.network).toMatchObject({ name: 'lenet', seed: 2, formats: '8.8' });
  });

  it.each([
    [null, 'c.json: expected a run configuration { "network": ..., ... }, got null'],
    [{}, 'c.json: network: expected { "zoo": '],
    [{ network, epochs: 1.5 }, 'c.json: epochs: expected a whole number from 1, got 1.5'],
    [{ network, threads: 65 }, 'c.json: threads: expected at most 64, got 65'],
    [
      { network, backend: 'gpu' },
      'c.json: backend: expected reference, wasm, or systolic with an array as in systolic:8x8,lfsr, got "gpu"',
    ],
    [
      { network, backend: 'systolic:8' },
      'c.json: backend: expected reference, wasm, or systolic with an array as in systolic:8x8,lfsr, got "systolic:8"',
    ],
    [
      { network, augment: { flop: true } },
      'c.json: augment: expected { "flip": true, "crop": 4 }, or one of the two, got {"flop":true}',
    ],
    [{ network, augment: { crop: 0 } }, 'c.json: augment.crop: expected a whole number from 1, got 0'],
    [{ network, data: 5 }, 'c.json: data: expected a name or a path, got 5'],
    [{ network, dataDigest: 'abc' }, 'c.json: dataDigest: expected a SHA-256 in hexadecimal, got "abc"'],
    [
      { network, rate: 1, speed: 2 },
      'c.json: unknown field "rate", "speed"; the fields are fewbit, network, ',
    ],
    [{ network: { ...network, zoo: 'dnn' } }, 'c.json: network: give "zoo" or "layers", not both'],
    [{ network: { zoo: 'dnn' } }, 'c.json: zoo: seed must be an integer from 0 to 2^64 - 1, got undefined'],
    [
      { network: { zoo: 'toString', seed: 1 } },
      'c.json: network.zoo: expected one of dnn, lenet, cifar, resnet8, resnet20, got "toString"',
    ],
    [{ network: { ...network, formats: '2.40' } }, 'c.json: format <2,40>: word length'],
  ])('%o is refused', (json, message) => {
    expect(() => parseRunConfiguration(json, 'c.json')).toThrow(message);
  });

  it('has a length in epochs, in steps, or in both', () => {
    expect(completeConfiguration({ network, data: 'mnist' })).toMatchObject({ epochs: 3, batch: 100 });
    const inSteps = completeConfiguration({ network, data: 'mnist', steps: 7 });
    expect('epochs' in inSteps).toBe(false);
    expect(plannedSteps(inSteps, 1000)).toBe(7);
    const inBoth = completeConfiguration({ network, data: 'mnist', steps: 25, epochs: 2, batch: 100 });
    // 950 examples are ten steps an epoch, the last one with half a batch.
    expect(plannedSteps(inBoth, 950)).toBe(20);
    expect(isFinished(inBoth, { epoch: 1, step: 24 })).toBe(false);
    expect(isFinished(inBoth, { epoch: 1, step: 25 })).toBe(true);
    expect(isFinished(inBoth, { epoch: 2, step: 20 })).toBe(true);
  });

  it('differs from another in its first field that matters', () => {
    expect(configurationDifference(CONFIGURATION, { ...CONFIGURATION, threads: 7, fewbit: 'x' })).toBeNull();
    const other = changeNetwork(network, { learningRate: 0.2 });
    expect(configurationDifference(CONFIGURATION, { ...CONFIGURATION, network: other })).toEqual({
      field: 'network.optimizer.learningRate',
      recorded: 0.1,
      given: 0.2,
    });
    const layers = [...network.layers, network.layers[1]!];
    expect(
      configurationDifference(CONFIGURATION, { ...CONFIGURATION, network: { ...network, layers } })?.field,
    ).toBe('network.layers[2]');
  });
});

describe('changed networks', () => {
  it('keep what is not changed', () => {
    const changed = changeNetwork(network, { formats: '8.8', momentum: 0.9, seed: 9 });
    expect(changed).toEqual({
      ...network,
      formats: '8.8',
      seed: 9,
      optimizer: { kind: 'sgd', learningRate: 0.1, momentum: 0.9 },
    });
  });

  it('lose their rounding in float32, and do not get one', () => {
    expect('rounding' in changeNetwork(network, { formats: 'float32' })).toBe(false);
    expect(() => changeNetwork(network, { formats: 'float32', rounding: 'nearest' })).toThrow(
      'network: float32 has no rounding; leave it out, or choose fixed-point formats',
    );
    const precisionSchedule = [{ epoch: 1, formats: '<4,16>' }];
    const scheduled = changeNetwork(network, { precisionSchedule });
    expect(scheduled).toEqual({ ...network, precisionSchedule });
    expect('precisionSchedule' in changeNetwork(scheduled, { formats: 'float32' })).toBe(false);
    expect(() => changeNetwork(network, { formats: 'float32', precisionSchedule })).toThrow(
      'network: float32 has no precision schedule; leave it out, or choose fixed-point formats',
    );
  });
});

describe('recipes', () => {
  it.each(recipes)('$name is complete, with the settings of the paper', (recipe) => {
    const configuration = recipeConfiguration(recipe, { seed: 1 });
    const regular = { kind: 'sgd', momentum: 0.9, weightDecay: 0.0005 };
    const learningRate = { kind: 'step', rate: 0.01, factor: 0.5, milestones: [8, 11, 14] };
    const cifar10 = { data: 'cifar10', optimizer: { ...regular, learningRate } };
    const residual = {
      data: 'cifar10',
      optimizer: {
        ...{ kind: 'sgd', momentum: 0.9, weightDecay: 0.0001 },
        learningRate: { kind: 'step', rate: 0.1, factor: 0.1, milestones: [8, 12] },
      },
    };
    const expected: Record<string, object> = {
      'mnist-dnn': { data: 'mnist', optimizer: { kind: 'sgd', learningRate: 0.1 } },
      'mnist-lenet': {
        data: 'mnist',
        optimizer: { ...regular, learningRate: { kind: 'exponential', rate: 0.1, factor: 0.95 } },
      },
      'cifar10-cnn': cifar10,
      'cifar10-mixed': cifar10,
      'cifar10-resnet8': residual,
      'cifar10-resnet20': residual,
    };
    const { data, batch, network: settings } = configuration;
    const { optimizer } = defineNetwork(settings).configuration;
    expect({ data, optimizer }).toEqual(expected[recipe.name]);
    expect(batch).toBe(100);
  });

  it('cifar10-mixed has 20 bits in the last eighth of the epochs, at least in the last one', () => {
    const mixed = recipes.find(({ name }) => name === 'cifar10-mixed')!;
    const stages = [undefined, 1, 2, 3, 16, 40].map((epochs) => {
      const { network: settings } = recipeConfiguration(mixed, {
        seed: 1,
        ...(epochs !== undefined && { epochs }),
      });
      defineNetwork(settings).checkPlans(100);
      return settings.precisionSchedule?.map(({ epoch }) => epoch);
    });
    expect(stages).toEqual([[14], [1], [1], [2], [14], [35]]);
    const { network: settings } = recipeConfiguration(mixed, { seed: 1 });
    const words = defineNetwork(settings).stages.map(({ settings: { formats } }) =>
      [formats.weight, formats.bias, formats.gradient, formats.activation].map(formatText),
    );
    expect(words).toEqual([
      ['<4,12>', '<4,12>', '<4,12>', '<6,10>'],
      ['<4,16>', '<4,16>', '<4,16>', '<6,14>'],
    ]);
  });
});
