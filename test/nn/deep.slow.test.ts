/** Deep networks: what grew with the square of the layers would not end within the limit of a test. */
import { expect, test } from 'vitest';
import { defineNetwork } from '../../src/nn/index.js';
import { Network } from '../../src/train/index.js';

test('10,000 layers are planned, opened and saved', async () => {
  const definition = defineNetwork({
    seed: 1,
    formats: 'float32',
    optimizer: { kind: 'sgd', learningRate: 0.1 },
    input: { size: 2 },
    layers: [
      ...Array.from({ length: 10_000 }, () => ({ type: 'dense' as const, units: 2 })),
      { type: 'dense', units: 2 },
    ],
  });
  expect(definition.plan(2).train.length).toBeGreaterThan(10_000);
  const network = await Network.create(definition, { backend: 'reference' });
  try {
    expect((await network.save()).length).toBeGreaterThan(10_000);
  } finally {
    await network.close();
  }
}, 300_000);
