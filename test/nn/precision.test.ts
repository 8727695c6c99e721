/** The stages of a network with a precision schedule: what holds in each of them, and what is refused. */
import { describe, expect, test } from 'vitest';
import {
  defineNetwork,
  networkFromJSON,
  parsePrecisionSchedule,
  type NetworkConfiguration,
} from '../../src/nn/index.js';
import { formatText, roundingText } from '../../src/numerics/index.js';

const base: NetworkConfiguration = {
  seed: 1,
  formats: { weight: '4.12', activation: '6.10' },
  rounding: 'nearest',
  optimizer: { kind: 'sgd', learningRate: 0.1 },
  input: { size: 8 },
  layers: [
    { type: 'dense', name: 'fc1', units: 4, formats: { activation: '8.8' } },
    { type: 'dense', name: 'fc2', units: 3 },
  ],
};
const SCHEDULE: NetworkConfiguration['precisionSchedule'] = [
  { epoch: 2, rounding: 'stochastic' },
  {
    whenStalled: { epochs: 3, minDelta: 0.5 },
    formats: { weight: '4.16', activation: '6.14', bias: '4.12' },
  },
  { epoch: 9, formats: '8.8', rounding: { weight: 'floor' } },
];

describe('stages', () => {
  const definition = defineNetwork({ ...base, precisionSchedule: SCHEDULE });

  test('keep what they do not change, and layers keep what they override', () => {
    const shown = definition.stages.map(({ layers }) =>
      layers.map(({ settings: { formats, rounding } }) =>
        [formats.weight, formats.bias, formats.activation]
          .map(formatText)
          .concat(roundingText(rounding.weight)),
      ),
    );
    expect(shown).toEqual([
      [
        ['<4,12>', '<4,12>', '<8,8>', 'nearest-away'],
        ['<4,12>', '<4,12>', '<6,10>', 'nearest-away'],
      ],
      [
        ['<4,12>', '<4,12>', '<8,8>', 'stochastic'],
        ['<4,12>', '<4,12>', '<6,10>', 'stochastic'],
      ],
      [
        ['<4,16>', '<4,12>', '<8,8>', 'stochastic'],
        ['<4,16>', '<4,12>', '<6,14>', 'stochastic'],
      ],
      [
        ['<8,8>', '<8,8>', '<8,8>', 'floor'],
        ['<8,8>', '<8,8>', '<8,8>', 'floor'],
      ],
    ]);
    expect(definition.stages[0]).toBe(definition);
    expect(definition.stages[2]?.stages).toHaveLength(1);
  });

  test('convert every parameter and update, from any stage to any later one', () => {
    const sites = definition.conversion(1, 3);
    const names = ['fc1/weight', 'fc1/bias', 'fc2/weight', 'fc2/bias'];
    expect(sites.map(({ site }) => site)).toEqual(
      [...names, ...names.map((name) => `${name}.update`)].map((name) => `precision/3/${name}`),
    );
    expect(sites[0]).toMatchObject({
      from: 12,
      drop: 4,
      format: { il: 8, fl: 8 },
      rounding: { mode: 'floor' },
    });
    expect(sites[7]).toMatchObject({ rounding: { mode: 'stochastic' } });
  });

  test('are part of the JSON, and read back', () => {
    const json: unknown = JSON.parse(JSON.stringify(definition));
    expect(networkFromJSON(json).configuration).toEqual(definition.configuration);
    expect(parsePrecisionSchedule(JSON.parse(JSON.stringify(SCHEDULE)))).toEqual(SCHEDULE);
  });

  test('are planned ahead: a mistake in a later one names it', () => {
    definition.checkPlans(5);
    const wide = defineNetwork({
      ...base,
      precisionSchedule: [SCHEDULE[0]!, { epoch: 3, formats: '16.16' }],
    });
    expect(() => wide.checkPlans(5)).toThrow(
      /^precisionSchedule\[1\]: fc1: a sum of 8 products <16,16> x <16,16> must fit in 64 bits/,
    );
    const far = defineNetwork({
      ...base,
      formats: '-30.46',
      layers: [{ type: 'dense', name: 'fc', units: 3, bias: false }],
      precisionSchedule: [{ epoch: 3, formats: '36.-20' }],
    });
    expect(() => far.checkPlans(5)).toThrow(
      /^precisionSchedule\[0\]: precision\/1\/fc\/weight: a site shifts by at most 62 bits/,
    );
  });
});

describe('a schedule is refused', () => {
  const stage = { epoch: 2, formats: '4.12' };
  test.each<[name: string, changes: object, message: string]>([
    ['without stages', { precisionSchedule: [] }, 'precisionSchedule: expected at least one stage, got []'],
    [
      'that is no list',
      { precisionSchedule: stage },
      'precisionSchedule: expected a list of stages, got {"epoch":2,',
    ],
    [
      'from the first epoch on',
      { precisionSchedule: [{ ...stage, epoch: 0 }] },
      'precisionSchedule[0].epoch: expected an epoch from 1; before it the formats of the network hold, got 0',
    ],
    [
      'without a moment',
      { precisionSchedule: [{ formats: '4.12' }] },
      'precisionSchedule[0]: expected either "epoch" or "whenStalled", got {"formats":"4.12"}',
    ],
    [
      'with two moments',
      { precisionSchedule: [{ ...stage, whenStalled: { epochs: 1 } }] },
      'precisionSchedule[0]: expected either "epoch" or "whenStalled", got ',
    ],
    [
      'that changes nothing',
      { precisionSchedule: [{ epoch: 2 }] },
      'precisionSchedule[0]: expected "formats", "rounding" or both, got {"epoch":2}',
    ],
    [
      'that goes back',
      {
        precisionSchedule: [
          { epoch: 3, formats: '4.12' },
          { whenStalled: { epochs: 1 }, rounding: 'floor' },
          stage,
        ],
      },
      'precisionSchedule: expected stages in the order of their epochs, got ',
    ],
    [
      'that never waits',
      { precisionSchedule: [{ whenStalled: { epochs: 0 }, formats: '4.12' }] },
      'precisionSchedule[0].whenStalled.epochs: Too small: expected number to be >=1, got 0',
    ],
    [
      'with a format too wide',
      { precisionSchedule: [stage, { epoch: 3, formats: '2.40' }] },
      'precisionSchedule[1]: format <2,40>: word length IL + FL must be 2 to 32 bits, got 42; ',
    ],
    [
      'with an unknown rounding',
      { precisionSchedule: [{ epoch: 3, rounding: 'up' }] },
      'precisionSchedule[0]: rounding: unknown mode "up"; ',
    ],
    [
      'into float32',
      { precisionSchedule: [{ epoch: 3, formats: 'float32' }] },
      'precisionSchedule[0]: a network is float32 or fixed-point as a whole; choose fixed-point formats',
    ],
    [
      'of a float32 network',
      { formats: 'float32', layers: base.layers.slice(1), precisionSchedule: [stage] },
      'network: float32 has no precision schedule; leave it out, or choose fixed-point formats',
    ],
  ])('%s', (_, changes, message) => {
    expect(() => networkFromJSON({ ...base, ...changes })).toThrow(message);
  });

  test('by itself, too', () => {
    expect(() => parsePrecisionSchedule([{ epoch: 1.5, formats: '4.12' }])).toThrow(
      /^precision schedule: \[0\]\.epoch: .*, got 1\.5$/,
    );
  });
});
