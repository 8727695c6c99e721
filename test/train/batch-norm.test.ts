/**
 * Networks with batch normalisation and two paths: running statistics are part of what is saved, of what a change of precision
 * converts and of the digest, and are the same on every backend; and training works in fixed point as in float32.
 */
import { describe, expect, it } from 'vitest';
import type { NetworkConfiguration } from '../../src/nn/index.js';
import { Network, type NetworkOptions } from '../../src/train/index.js';
import { tinyConfiguration, tinyData, tinyIterator } from './support.js';

const EXAMPLES = 10;
const BATCH = 4;
const data = (): ReturnType<typeof tinyIterator> => tinyIterator(EXAMPLES, BATCH, 3);

function configuration(overrides: Partial<NetworkConfiguration> = {}): NetworkConfiguration {
  return tinyConfiguration({
    layers: [
      { type: 'conv2d', channels: 3, kernel: 3, padding: 1, bias: false },
      { type: 'batchNorm', name: 'norm', activation: 'relu' },
      {
        type: 'residual',
        layers: [{ type: 'conv2d', channels: 4, kernel: 3, stride: 2, padding: 1 }, { type: 'batchNorm' }],
        shortcut: [{ type: 'conv2d', channels: 4, kernel: 1, stride: 2 }],
        activation: 'relu',
      },
      { type: 'globalAveragePool' },
      { type: 'dense', units: 3 },
    ],
    ...overrides,
  });
}

/** Trains the given number of steps; returns the digest and the test score at the end. */
async function finish(network: Network, steps: number): Promise<readonly [string, number]> {
  const iterator = data();
  if (network.iteratorPosition) iterator.seek(network.iteratorPosition);
  await network.fit(iterator, { epochs: 9, maxSteps: steps - network.step });
  const result = [await network.digest(), await network.score(tinyData(EXAMPLES))] as const;
  await network.close();
  return result;
}

const BACKENDS: readonly NetworkOptions[] = [{ backend: 'reference' }, { backend: 'wasm', threads: 3 }];

describe.each([
  ['one precision', configuration()],
  ['a change of precision', configuration({ precisionSchedule: [{ epoch: 1, formats: '<4,16>' }] })],
])('%s', (_, settings) => {
  it('if stopped anywhere, it continues to the same parameters and statistics on every backend', async () => {
    const whole = await finish(await Network.create(settings, { backend: 'reference' }), 7);
    for (const options of BACKENDS) {
      for (const stop of [0, 2, 5]) {
        const first = await Network.create(settings, options);
        await first.fit(data(), { epochs: 9, maxSteps: stop });
        const bytes = await first.save();
        await first.close();
        expect(await finish(await Network.load(bytes, options), 7)).toEqual(whole);
      }
    }
  });
});

it('the digest sees the running statistics', async () => {
  const still = { optimizer: { kind: 'sgd', learningRate: 0 } } as const;
  const digests = [];
  for (const steps of [1, 2]) {
    const network = await Network.create(configuration(still), { backend: 'wasm', threads: 1 });
    digests.push((await finish(network, steps))[0]);
  }
  expect(digests[0]).not.toBe(digests[1]);
});

it.each(['<4,12>', 'float32'])('%s learns, and an evaluation sees it', async (formats) => {
  const optimizer = { kind: 'sgd', learningRate: 0.05, momentum: 0.9 } as const;
  const network = await Network.create(configuration({ formats, optimizer }), {
    backend: 'wasm',
    threads: 1,
  });
  const before = await network.score(tinyData(EXAMPLES));
  await network.fit(data(), { epochs: 25 });
  const after = await network.score(tinyData(EXAMPLES));
  expect(after).toBeLessThan(before * 0.5);
  await network.close();
});
