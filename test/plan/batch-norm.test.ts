/** What the builder derives and refuses for batch normalisation. */
import { describe, expect, test } from 'vitest';
import { parseFormat, parseRounding } from '../../src/numerics/index.js';
import { opConverts, PlanBuilder, runningFormats, type BatchMomentsOp } from '../../src/plan/index.js';

const site = { rounding: parseRounding('nearest'), overflow: 'saturate' } as const;

/** A plan of all its ops over images of 32 x 32 with 3 channels. */
function build(batch: number, input: string, weight = '2.14', error = '2.14', channels = 3, bias = weight) {
  const builder = new PlanBuilder({ name: 'norm', arithmetic: 'fixed', batch }).layer('norm1');
  const tensor = (name: string, shape: number[], format: string | null, batched = false) =>
    builder.tensor({
      ...{ name, shape, batched, role: format === null ? 'register' : 'activation' },
      format: format === null ? null : parseFormat(format),
      persistent: true,
    });
  const running = runningFormats(parseFormat(input));
  const mean = builder.tensor({
    name: 'mean',
    shape: [3],
    batched: false,
    role: 'running',
    format: running.mean,
    persistent: true,
  });
  const variance = builder.tensor({
    ...{ name: 'variance', shape: [3], batched: false, role: 'running', format: running.variance },
    persistent: true,
  });
  const x = tensor('x', [batch, 32, 32, 3], input, true);
  const registers = tensor('registers', [3, channels], null);
  const gamma = tensor('gamma', [3], weight);
  const beta = tensor('beta', [3], bias);
  const dOutput = tensor('dOutput', [batch, 32, 32, 3], error, true);
  const factors = tensor('factors', [3, 3], null);
  const shared = { input: x, registers };
  builder.batchMoments({ ...shared, mean, variance, epsilon: 10995116, rate: 6554, ...site });
  builder.batchNorm({ ...shared, gamma, beta, out: tensor('y', [batch, 32, 32, 3], input, true), ...site });
  const gradients = { dGamma: tensor('dGamma', [3], weight), dBeta: tensor('dBeta', [3], weight) };
  builder.batchNormGradient({ ...shared, gamma, dOutput, factors, ...gradients, ...site });
  const out = tensor('dx', [batch, 32, 32, 3], error, true);
  builder.batchNormInputGradient({ ...shared, dOutput, factors, out, ...site });
  return builder.finish();
}

test('fraction bits of its sites, room for means, formats of running statistics', () => {
  const { train } = build(100, '6.10');
  const moments = train[0] as BatchMomentsOp;
  // 1e-5 with 2 (10 + 6) fraction bits.
  expect([moments.extraBits, moments.width, moments.epsilon]).toEqual([6, 22, 42949]);
  const from = train.flatMap((op) => opConverts(op).map(({ site: name, from: bits }) => [name, bits]));
  expect(from).toEqual([
    ['mean', 42],
    ['variance', 48],
    ['y', 30],
    ['dGamma', 37],
    ['dBeta', 21],
    // 14 bits of the error, 6 more, 20 of gamma over the deviation.
    ['dx', 40],
  ]);
  expect((build(1000, '6.14').train[0] as BatchMomentsOp).extraBits).toBe(1);
  expect(runningFormats({ il: 6, fl: 10 })).toEqual({
    mean: { il: 6, fl: 26 },
    variance: { il: 11, fl: 21 },
  });
});

describe('refused', () => {
  const cases: [string, () => unknown, string][] = [
    [
      'elements too long',
      () => build(4, '8.16'),
      'norm1: batch normalisation is of at most 23 bits here, 1 to 16 of them integer bits, got <8,16>; choose another activation format',
    ],
    [
      'elements too long for the batch',
      () => build(1000, '6.16'),
      'norm1: batch normalisation is of at most 21 bits here, 1 to 16 of them integer bits, got <6,16>; choose another activation format',
    ],
    [
      'no integer bits',
      () => build(4, '0.16'),
      'norm1: batch normalisation is of at most 23 bits here, 1 to 16 of them integer bits, got <0,16>; choose another activation format',
    ],
    [
      'errors too long',
      () => build(1000, '6.10', '2.14', '4.20'),
      'norm1: errors of a batch normalisation have at most 21 bits here, got <4,20>; choose a shorter error format or a smaller batch',
    ],
    [
      'bias too far from weight',
      () => build(4, '6.10', '2.30', '2.14', 3, '32.0'),
      'norm1: the scaled result must fit in 64 bits to be exact, got up to 79 bits; choose closer formats for weight and bias',
    ],
    [
      'a weight of many fraction bits',
      () => build(4, '16.0', '2.30'),
      'norm1: the weight may have at most 28 fraction bits here, got 30; choose a weight format with fewer',
    ],
    [
      'a weight of few',
      () => build(4, '1.16', '28.4'),
      'norm1: gamma over the deviation must fit in 64 bits to be exact',
    ],
    [
      'registers',
      () => build(4, '6.10', '2.14', '2.14', 4),
      'norm1: registers must have 9 elements, got shape [3, 4]',
    ],
  ];
  test.each(cases)('%s', (_, work, message) => {
    expect(work).toThrow(message);
  });
});
