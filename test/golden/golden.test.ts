/**
 * Golden runs: the SHA-256 of all weights after two training steps. One digest for every backend and thread count,
 * the same today as when it was recorded. A change of any bit of the arithmetic shows here.
 * FEWBIT_UPDATE_GOLDEN=1 records new digests: only for a change of meaning, which CHANGELOG.md then explains.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ArrayDataSetIterator, type DataSet } from '../../src/data/index.js';
import { defineNetwork, zoo, type NetworkDefinition } from '../../src/nn/index.js';
import { parseSeed, RandomSite, siteHash } from '../../src/numerics/index.js';
import { Network, type NetworkOptions } from '../../src/train/index.js';

const FILE = new URL('digests.json', import.meta.url);
const update = process.env['FEWBIT_UPDATE_GOLDEN'] === '1';
const recorded = JSON.parse(readFileSync(FILE, 'utf8')) as Record<string, string>;

const THREADS = [1, 2, 3, 7];
const STEPS = 2;
/** Three examples in batches of two: the second step has one. */
const BATCH = 2;
const EXAMPLES = 3;
const pixels = new RandomSite(parseSeed(1), siteHash('test/golden'), 0, 16);
const data: DataSet = {
  features: Uint8Array.from({ length: EXAMPLES * 784 }, (_, i) => Math.max(0, (pixels.word(i) & 511) - 256)),
  labels: Int32Array.from({ length: EXAMPLES }, (_, i) => (7 * i + 3) % 10),
  count: EXAMPLES,
  shape: [28, 28, 1],
  classes: 10,
};

/** One format for weights and the like, one with two more integer bits for activations, both of the word length. */
function formatsOf(wl: number) {
  return { weight: { il: 2, fl: wl - 2 }, activation: { il: 4, fl: wl - 4 } };
}

/** Trains from a checkpoint and returns the digest. */
async function digestAfter(checkpoint: Uint8Array, steps: number, options: NetworkOptions): Promise<string> {
  const network = await Network.load(checkpoint, options);
  try {
    const iterator = new ArrayDataSetIterator(data, { batch: BATCH, shuffle: 3 });
    await network.fit(iterator, { epochs: 3, maxSteps: steps });
    return await network.digest();
  } finally {
    await network.close();
  }
}

async function initialCheckpoint(definition: NetworkDefinition): Promise<Uint8Array> {
  const network = await Network.create(definition, { backend: 'reference' });
  const bytes = await network.save();
  await network.close();
  return bytes;
}

/** The digest after so many steps is the recorded one on the reference, and on every number of threads. */
async function expectGolden(key: string, definition: NetworkDefinition, steps = STEPS): Promise<void> {
  const start = await initialCheckpoint(definition);
  const digest = await digestAfter(start, steps, { backend: 'reference' });
  expect(digest, 'the weights move').not.toBe(await digestAfter(start, 0, { backend: 'reference' }));
  if (update) recorded[key] = digest;
  expect(digest, 'reference').toBe(recorded[key]);
  // The paper's array, with accumulators that hold sums of 20-bit products too.
  expect(await digestAfter(start, steps, { backend: 'systolic:acc64' }), 'systolic').toBe(digest);
  for (const threads of THREADS) {
    expect(
      await digestAfter(start, steps, { backend: 'wasm', threads }),
      `wasm, ${String(threads)} threads`,
    ).toBe(digest);
  }
}

describe.each(['lenet', 'dnn'] as const)('%s', (name) => {
  describe.each([16, 12, 8, 20])('%i bits', (wl) => {
    test.each(['stochastic', 'stochastic:8', 'nearest-away'])('%s', async (rounding) => {
      // Larger initial weights than the recipes', so that errors are not all below the shortest format's resolution.
      const weightInit =
        name === 'lenet' ? ('he-normal' as const) : { distribution: 'normal' as const, deviation: 0.05 };
      const definition = defineNetwork(zoo[name]({ seed: 1, formats: formatsOf(wl), rounding, weightInit }));
      await expectGolden(`${name} ${String(wl)} ${rounding}`, definition);
    });
  });
});

// Batch normalisation, residual addition with and without projection, global average pooling, strides.
test.each([16, 20])('resnet8 on small images, %i bits', async (wl) => {
  const network = zoo.resnet8({ seed: 1, formats: formatsOf(wl), rounding: 'stochastic' });
  const definition = defineNetwork({ ...network, input: { height: 28, width: 28, channels: 1 } });
  await expectGolden(`resnet8 ${String(wl)} stochastic`, definition);
});

test('lenet, from 16 bits to 20 and back to 12', async () => {
  const precisionSchedule = [
    { epoch: 1, formats: formatsOf(20) },
    { epoch: 2, formats: formatsOf(12), rounding: 'stochastic:8' },
  ];
  const weightInit = 'he-normal';
  const definition = defineNetwork(
    zoo.lenet({ seed: 1, formats: formatsOf(16), weightInit, precisionSchedule }),
  );
  // Two steps an epoch: the last stage begins with the fifth.
  await expectGolden('lenet precision schedule', definition, 2 * STEPS + 1);
});

beforeAll(() => {
  if (update) for (const key of Object.keys(recorded)) Reflect.deleteProperty(recorded, key);
});

afterAll(() => {
  if (update) writeFileSync(FILE, `${JSON.stringify(recorded, null, 2)}\n`);
});
