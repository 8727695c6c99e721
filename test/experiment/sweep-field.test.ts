/** Fields of a sweep: short names, what a value does to a configuration, and what cannot be varied. */
import { describe, expect, it } from 'vitest';
import {
  differingFields,
  parseField,
  runFields,
  type FieldValues,
  type JsonValue,
  type PartialRunConfiguration,
} from '../../src/experiment/index.js';
import { fieldText, withFields } from '../../src/experiment/sweep/field.js';
import { formatsText } from '../../src/experiment/sweep/run-fields.js';
import { CONFIGURATION } from './support.js';

const changed = (
  values: FieldValues,
  base: PartialRunConfiguration = CONFIGURATION,
): PartialRunConfiguration => withFields(base, values, 'sweep.json: run "x"');

/** What the network is after one field was set. */
const network = (field: string, value: JsonValue, base?: PartialRunConfiguration) =>
  changed({ [field]: value }, base).network;

const ALL_4_12 = {
  ...{ weight: '<4,12>', bias: '<4,12>', activation: '<4,12>' },
  ...{ error: '<4,12>', gradient: '<4,12>', update: '<4,12>' },
};

describe('a field', () => {
  it.each([
    ['seed', 'network.seed'],
    ['formats.weight', 'network.formats.weight'],
    ['learningRate', 'network.optimizer.learningRate'],
    ['learningRate.rate', 'network.optimizer.learningRate.rate'],
    ['network.optimizer.momentum', 'network.optimizer.momentum'],
    ['layers.fc1.units', 'network.layers.fc1.units'],
    ['layers[fc1.a].units', 'network.layers.fc1.a.units'],
    ['batch', 'batch'],
    ['randomBits', 'randomBits'],
  ])('%s is %s', (text, path) => {
    expect(parseField(text).join('.')).toBe(path);
  });

  it.each([
    'network.seed',
    'network.optimizer.learningRate.rate',
    'network.layers.fc1.units',
    'batch',
    'network',
  ])('%s has a shortest name that means the same', (path) => {
    const short = fieldText(path.split('.'));
    expect(short.length).toBeLessThanOrEqual(path.length);
    expect(parseField(short).join('.')).toBe(path);
  });

  it.each([
    ['threads', 'field: threads changes no result and is not varied; leave it out'],
    ['', 'field: expected a path such as learningRate or layers.conv1.formats.weight, got ""'],
    [
      'layers[].units',
      'field: expected a path such as learningRate or layers.conv1.formats.weight, got "layers[].units"',
    ],
  ])('cannot be "%s"', (text, message) => {
    expect(() => parseField(text)).toThrow(message);
  });
});

describe('a value', () => {
  it.each<[string, JsonValue, object]>([
    ['seed', 7, { seed: 7 }],
    ['formats', '2.14', { formats: '<2,14>' }],
    ['formats', '4.12/6.10', { formats: { weight: '<4,12>', activation: '<6,10>' } }],
    ['formats.error', '<2,6>', { formats: { weight: '<4,12>', activation: '<6,10>', error: '<2,6>' } }],
    ['rounding', 'nearest', { rounding: 'nearest-away' }],
    ['rounding.weight', 'nearest', { rounding: { ...roundings('stochastic'), weight: 'nearest' } }],
    ['randomBits', 8, { rounding: 'stochastic:8' }],
    ['accumulator', 'saturate:32', { accumulator: { width: 32, overflow: 'saturate' } }],
    ['learningRate', 0.25, { optimizer: { ...CONFIGURATION.network.optimizer, learningRate: 0.25 } }],
    ['momentum', 0, { optimizer: { ...CONFIGURATION.network.optimizer, momentum: 0 } }],
    [
      'setting',
      '8.8 nearest wrap:40',
      {
        formats: '<8,8>',
        rounding: 'nearest-away',
        accumulator: { width: 40, overflow: 'wrap' },
      },
    ],
    ['network', 'lenet', { name: 'lenet', seed: 5 }],
  ])('of %s, %j', (field, value, expected) => {
    expect(network(field, value)).toMatchObject(expected);
  });

  it('of one role leaves the others what they were', () => {
    const uniform = changed({ formats: '<4,12>' });
    expect(network('formats.activation', '<6,10>', uniform).formats).toEqual({
      ...ALL_4_12,
      activation: '<6,10>',
    });
  });

  it('of a layer, by name or number, overrides that layer alone', () => {
    for (const layer of ['fc2', '1']) {
      const { layers } = network(`layers.${layer}.formats.weight`, '2.14');
      expect(layers).toEqual([
        CONFIGURATION.network.layers[0],
        { ...CONFIGURATION.network.layers[1], formats: { weight: '2.14' } },
      ]);
    }
  });

  it('of random bits reaches every stochastic rounding, in layers and later stages too, and no other', () => {
    const mixed = changed({
      precisionSchedule: [
        { epoch: 1, rounding: 'stochastic:2' },
        { epoch: 2, formats: '4.16' },
      ],
      rounding: { weight: 'nearest-even', update: 'stochastic:4' },
      'layers.fc1.rounding': { activation: 'stochastic', error: 'floor' },
    });
    const { rounding, layers, precisionSchedule } = network('randomBits', 12, mixed);
    expect(precisionSchedule).toEqual([
      { epoch: 1, rounding: 'stochastic:12' },
      { epoch: 2, formats: '4.16' },
    ]);
    expect(rounding).toEqual({ ...roundings('stochastic:12'), weight: 'nearest-even' });
    expect(layers[0]).toMatchObject({ rounding: { activation: 'stochastic:12', error: 'floor' } });
    expect(layers[1]).not.toHaveProperty('rounding');
  });

  it('of a broad field comes before that of a narrow one, whatever their order', () => {
    const narrow = {
      'formats.weight': '<2,14>',
      formats: '<8,8>',
      randomBits: 4,
      setting: 'float32',
      network: 'dnn',
    };
    const expected = changed(narrow).network;
    expect(expected).toMatchObject({ name: 'dnn', formats: { weight: '<2,14>', bias: '<8,8>' } });
    expect(expected.rounding).toBe('stochastic:4');
    const reversed = Object.fromEntries(Object.entries(narrow).reverse());
    expect(changed(reversed).network).toEqual(expected);
  });

  it('of null takes a field away; augmentation may be none', () => {
    expect(changed({ momentum: null }).network.optimizer).not.toHaveProperty('momentum');
    expect(changed({ augment: 'flip,crop:2' })).toMatchObject({ augment: { flip: true, crop: 2 } });
    expect(changed({ augment: 'none' })).not.toHaveProperty('augment');
  });

  it('that float32 does not have is left out', () => {
    const { network: plain } = changed({
      ...{ formats: 'float32', rounding: 'nearest', accumulator: 'wrap:40' },
      precisionSchedule: [{ epoch: 1, formats: '4.16' }],
    });
    expect(plain).toEqual(changed({ setting: 'float32' }).network);
    expect(plain).not.toHaveProperty('rounding');
  });

  it('changes nothing of what it is laid over', () => {
    const before = JSON.stringify(CONFIGURATION);
    changed({ 'layers.fc1.formats.weight': '2.14', 'formats.weight': '2.14', randomBits: 3 });
    expect(JSON.stringify(CONFIGURATION)).toBe(before);
  });

  it.each<[string, JsonValue, string]>([
    ['randomBits', 33, 'randomBits: expected a whole number from 1 to 32, got 33'],
    [
      'layers.fc9.units',
      4,
      'layers.fc9.units: there is no layer "fc9"; choose fc1, fc2, or a number from 0 to 1',
    ],
    ['layers.2.units', 4, 'layers.2.units: there is no layer "2"; choose fc1, fc2, or a number from 0 to 1'],
    ['learningRate.rate', 1, 'learningRate.rate: expected an object to have rate, got 0.1'],
    [
      'network',
      'vgg',
      'network: expected dnn, lenet, cifar, resnet8, resnet20 or a network configuration, got "vgg"',
    ],
    [
      'formats',
      '4-12',
      'formats: format: expected "<IL,FL>" or "IL.FL", got "4-12"; write for example "<2,14>" or "2.14"',
    ],
    ['setting', 4, 'setting: expected text such as "4.12/6.10 nearest", got 4'],
    ['speed', 4, 'unknown field "speed"; the fields are'],
    ['batch', 0, 'batch: expected a whole number from 1, got 0'],
    ['formats.weight', '4-12', 'format: expected "<IL,FL>" or "IL.FL", got "4-12"'],
  ])('of %s cannot be %j', (field, value, message) => {
    expect(() => changed({ [field]: value })).toThrow(`sweep.json: run "x": ${message}`);
  });
});

describe('fields of runs', () => {
  it('are texts by short name', () => {
    expect(runFields(CONFIGURATION)).toEqual({
      data: 'synthetic',
      'augment.flip': 'true',
      'augment.crop': '2',
      batch: '20',
      epochs: '5',
      steps: '8',
      backend: 'reference',
      network: 'tiny',
      seed: '5',
      formats: '4.12/6.10',
      rounding: 'stochastic',
      weightInit: 'normal 0.05',
      'optimizer.kind': 'sgd',
      learningRate: '0.1',
      momentum: '0.5',
      'input.height': '28',
      'input.width': '28',
      'input.channels': '1',
      'layers.fc1.type': 'dense',
      'layers.fc1.units': '4',
      'layers.fc1.activation': 'relu',
      'layers.fc2.type': 'dense',
      'layers.fc2.units': '10',
    });
  });

  it('that differ are found, spelling apart', () => {
    const runs = [
      CONFIGURATION,
      { ...CONFIGURATION, threads: 3, metricsEvery: 1 },
      {
        ...CONFIGURATION,
        ...changed({ formats: '4.12/6.10', learningRate: { kind: 'exponential', rate: 0.1, factor: 0.5 } }),
      },
      { ...CONFIGURATION, batch: 10, ...{ network: network('layers.fc1.formats.weight', '2.14') } },
    ];
    expect(differingFields(runs)).toEqual(['learningRate', 'batch', 'layers.fc1.formats']);
    expect(differingFields(runs.slice(0, 2))).toEqual([]);
    expect(differingFields([])).toEqual([]);
  });

  it('of other networks go by the name', () => {
    const other = { ...CONFIGURATION, network: network('network', 'lenet') };
    expect(differingFields([CONFIGURATION, other])).toContain('network');
    expect(differingFields([CONFIGURATION, other]).filter((field) => field.startsWith('layers.'))).toEqual(
      [],
    );
  });

  it.each([
    ['float32', 'float32'],
    ['<4,12>', '4.12'],
    [{ il: 4, fl: -2 }, '4.-2'],
    [{ weight: '<4,12>', activation: '<6,10>' }, '4.12/6.10'],
    [{ weight: '4.12', activation: '<4,12>' }, '4.12'],
    [{ weight: '4.12', update: '2.14' }, 'weight=4.12,update=2.14'],
  ] as const)('show formats %j as %s', (formats, text) => {
    expect(formatsText(formats)).toBe(text);
  });
});

function roundings(mode: string): Record<string, string> {
  return Object.fromEntries(
    ['weight', 'bias', 'activation', 'error', 'gradient', 'update'].map((role) => [role, mode]),
  );
}
