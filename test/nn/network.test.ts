import { describe, expect, test } from 'vitest';
import {
  defineNetwork,
  networkFromJSON,
  zoo,
  ZOO_NAMES,
  type NetworkConfiguration,
} from '../../src/nn/index.js';
import { formatText, roundingText } from '../../src/numerics/index.js';

const small: NetworkConfiguration = {
  seed: 7,
  formats: { weight: '2.14', activation: '6.10' },
  rounding: 'stochastic',
  optimizer: { kind: 'sgd', learningRate: 0.1, momentum: 0.9 },
  input: { height: 9, width: 7, channels: 2 },
  layers: [
    { type: 'conv2d', channels: 4, kernel: 3, stride: [2, 1], padding: [1, 0], activation: 'relu' },
    { type: 'maxPool', kernel: 3, stride: 2 },
    { type: 'averagePool', kernel: 2, stride: 1 },
    { type: 'dropout', rate: 0.5 },
    { type: 'flatten' },
    { type: 'dense', units: 6, activation: 'relu', bias: false },
    { type: 'dense', units: 3 },
  ],
};

describe('sizes are inferred', () => {
  test('summary', () => {
    expect(defineNetwork(small).summary().split('\n')).toEqual([
      'layer        type         input  output  parameters  weight  activation  rounding',
      'conv1        conv2d       9x7x2  5x5x4   76          <2,14>  <6,10>      stochastic',
      'conv1.relu   relu         5x5x4  5x5x4   0           -       -           -',
      'pool1        maxPool      5x5x4  2x2x4   0           -       -           -',
      'pool2        averagePool  2x2x4  1x1x4   0           -       <6,10>      stochastic',
      'dropout1     dropout      1x1x4  1x1x4   0           -       <6,10>      stochastic',
      'flatten1     flatten      1x1x4  4       0           -       -           -',
      'dense1       dense        4      6       24          <2,14>  <6,10>      stochastic',
      'dense1.relu  relu         6      6       0           -       -           -',
      'dense2       dense        6      3       21          <2,14>  <6,10>      stochastic',
      '121 parameters',
    ]);
  });

  test('paths, their sum, and the mean of an image', () => {
    const definition = defineNetwork({
      ...small,
      layers: [
        {
          type: 'residual',
          layers: [{ type: 'conv2d', channels: 4, kernel: 3, padding: 1, stride: 2, activation: 'relu' }],
          shortcut: [{ type: 'conv2d', name: 'short', channels: 4, kernel: 1, stride: 2, bias: false }],
          activation: 'relu',
        },
        { type: 'globalAveragePool' },
      ],
    });
    expect(definition.summary().split('\n')).toEqual([
      'layer           type               input  output  parameters  weight  activation  rounding',
      'conv1           conv2d             9x7x2  5x4x4   76          <2,14>  <6,10>      stochastic',
      'conv1.relu      relu               5x4x4  5x4x4   0           -       -           -',
      'short           conv2d             9x7x2  5x4x4   8           <2,14>  <6,10>      stochastic',
      'residual1       residual           5x4x4  5x4x4   0           -       <6,10>      stochastic',
      'residual1.relu  relu               5x4x4  5x4x4   0           -       -           -',
      'pool1           globalAveragePool  5x4x4  4       0           -       <6,10>      stochastic',
      '84 parameters',
    ]);
    expect(networkFromJSON(JSON.parse(JSON.stringify(definition))).plan(3)).toEqual(definition.plan(3));
  });

  test('the zoo: parameters of the networks of the paper', () => {
    const counts = ZOO_NAMES.map((name) => defineNetwork(zoo[name]({ seed: 1 })).parameterCount);
    expect(counts).toEqual([
      784_000 + 1000 + 1_000_000 + 1000 + 10_000 + 10,
      208 + 3216 + 32_896 + 1290,
      25 * 3 * 64 + 64 + 2 * (25 * 64 * 64 + 64) + 1024 * 10 + 10,
      // He et al. 2015 count 0.27M for 20 layers; the projections add 2.8 thousand.
      78_042,
      272_474,
    ]);
    expect(zoo.cifar({ seed: 1, epochs: 40 }).optimizer.learningRate).toMatchObject({
      milestones: [20, 28, 36],
    });
    expect(zoo.lenet({ seed: 1, formats: 'float32' }).formats).toBe('float32');
  });
});

test('JSON round trip', () => {
  for (const configuration of [
    small,
    ...ZOO_NAMES.map((name) => zoo[name]({ seed: '18446744073709551615' })),
  ]) {
    const definition = defineNetwork(configuration);
    const copy = networkFromJSON(JSON.parse(JSON.stringify(definition)));
    expect(copy.toJSON()).toEqual(configuration);
    expect(copy.plan(5)).toEqual(definition.plan(5));
  }
});

describe('settings', () => {
  const siteOf = (definition: ReturnType<typeof defineNetwork>, name: string) => {
    const site = definition.plan(4).sites.find((s) => s.site === name);
    return site && `${formatText(site.format)} ${roundingText(site.rounding)} ${site.overflow}`;
  };

  test('roles left out take the weight format; each role has its own rounding', () => {
    const definition = defineNetwork({
      ...small,
      rounding: { weight: 'floor', error: 'stochastic:8' },
      overflow: 'wrap',
    });
    expect(siteOf(definition, 'dense2/output')).toBe('<6,10> stochastic wrap');
    expect(siteOf(definition, 'dense2/dInput')).toBe('<2,14> stochastic:8 wrap');
    expect(siteOf(definition, 'dense2/weight')).toBe('<2,14> floor wrap');
    expect(siteOf(definition, 'dense2/weight.gradient')).toBe('<2,14> stochastic wrap');
    expect(siteOf(definition, 'loss/error')).toBe('<2,14> stochastic:8 wrap');
  });

  test('a layer overrides what it names and inherits the rest', () => {
    const layers = small.layers.map((layer, i) =>
      i === 5
        ? {
            ...layer,
            name: 'fc',
            formats: { update: '0.20' },
            rounding: 'nearest',
            accumulator: { width: 48, overflow: 'wrap' } as const,
            optimizer: { kind: 'sgd', learningRate: 0.01 } as const,
          }
        : layer,
    ) as NetworkConfiguration['layers'];
    const definition = defineNetwork({ ...small, layers });
    expect(siteOf(definition, 'fc/weight.update')).toBe('<0,20> nearest-away saturate');
    expect(siteOf(definition, 'fc/output')).toBe('<6,10> nearest-away saturate');
    expect(siteOf(definition, 'dense2/weight.update')).toBe('<2,14> stochastic saturate');
    const plan = definition.plan(4);
    expect(plan.groups).toBe(2);
    const groups = plan.train
      .filter((op) => op.kind === 'sgd')
      .map((op) => `${op.layer} ${String(op.group)}`);
    expect(groups).toEqual(['dense2 0', 'dense2 0', 'fc 1', 'conv1 0', 'conv1 0']);
    expect(plan.train.filter((op) => op.layer === 'fc' && op.kind === 'matmul')).toMatchObject([
      { accumulator: { width: 48, overflow: 'wrap' } },
      { accumulator: { width: 48, overflow: 'wrap' } },
      { accumulator: { width: 48, overflow: 'wrap' } },
    ]);
  });

  test('inference may round differently, at separate sites', () => {
    const definition = defineNetwork({ ...small, inferenceRounding: 'nearest-even' });
    expect(siteOf(definition, 'inference/dense2/output')).toBe('<6,10> nearest-even saturate');
    expect(siteOf(definition, 'dense2/output')).toBe('<6,10> stochastic saturate');
    expect(siteOf(defineNetwork(small), 'inference/dense2/output')).toBe('<6,10> stochastic saturate');
  });

  test('dropout is absent from an evaluation, and float32 has no sites', () => {
    const plan = defineNetwork({ ...small, formats: 'float32' }).plan(4);
    expect(plan.sites).toEqual([]);
    expect(plan.gradientShift).toBe(0);
    expect(plan.train.map((op) => op.kind).filter((kind) => kind === 'dropout')).toHaveLength(2);
    expect(plan.evaluate.map((op) => op.kind)).not.toContain('dropout');
  });

  test('the first layer with parameters propagates no error', () => {
    const names = defineNetwork(small)
      .plan(4)
      .tensors.map((t) => t.name);
    expect(names).toContain('pool1/dInput');
    expect(names).not.toContain('conv1/dInput');
    const dropoutFirst = defineNetwork({
      ...small,
      layers: [{ type: 'dropout', rate: 0.1 }, ...small.layers],
    });
    expect(dropoutFirst.plan(4).tensors.map((t) => t.name)).not.toContain('dropout1/dInput');
  });
});

describe('initial parameters', () => {
  test('are drawn from the seed, rounded to nearest, with zero biases and updates', () => {
    const of = (seed: number) =>
      defineNetwork({
        ...small,
        seed,
        formats: '2.14',
        layers: [
          { type: 'dense', units: 300 },
          { type: 'dense', name: 'fc2', units: 300 },
        ],
      });
    const definition = of(3);
    const values = definition.initialParameters(definition.plan(100));
    const weight = values.get('fc2/weight')!;
    let sum = 0;
    let squares = 0;
    for (const raw of weight) {
      sum += raw;
      squares += raw * raw;
    }
    const mean = sum / weight.length / 2 ** 14;
    const deviation = Math.sqrt(squares / weight.length) / 2 ** 14;
    expect(Math.abs(mean)).toBeLessThan(0.0001);
    expect(Math.abs(deviation - 0.01)).toBeLessThan(0.0001);
    expect(values.get('fc2/bias')!.every((raw) => raw === 0)).toBe(true);
    expect(values.get('fc2/weight.update')!.every((raw) => raw === 0)).toBe(true);
    const again = definition.initialParameters(definition.plan(50)).get('fc2/weight');
    expect(again).toEqual(weight);
    const other = of(4);
    expect(other.initialParameters(other.plan(1)).get('fc2/weight')).not.toEqual(weight);
  });

  test('he-normal and xavier-uniform scale with the fan', () => {
    const draw = (weightInit: NetworkConfiguration['weightInit']) => {
      const definition = defineNetwork({
        ...zoo.cifar({ seed: 1, formats: 'float32' }),
        weightInit: weightInit!,
      });
      const w = Array.from<number>(definition.initialParameters(definition.plan(1)).get('conv2/weight')!);
      return {
        deviation: Math.sqrt(w.reduce((s, x) => s + x * x, 0) / w.length),
        largest: w.reduce((m, x) => Math.max(m, Math.abs(x)), 0),
      };
    };
    expect(draw('he-normal').deviation).toBeCloseTo(Math.sqrt(2 / 1600), 3);
    const limit = Math.sqrt(6 / 3200);
    const uniform = draw('xavier-uniform');
    expect(uniform.largest).toBeLessThanOrEqual(limit);
    expect(uniform.deviation).toBeCloseTo(limit / Math.sqrt(3), 3);
  });
});
