/** The default number of threads follows the work of a step, not the machine alone. */
import { availableParallelism } from 'node:os';
import { expect, test } from 'vitest';
import { defaultThreads, selectBackend } from '../../src/backend/index.js';
import { defineNetwork, zoo, type NetworkConfiguration } from '../../src/nn/index.js';

const machine = Math.min(availableParallelism(), 64);

function small(units: number): NetworkConfiguration {
  return {
    seed: 1,
    formats: { weight: '<4,12>', activation: '<6,10>' },
    optimizer: { kind: 'sgd', learningRate: 0.1 },
    input: { size: 2 },
    layers: [
      { type: 'dense', units, activation: 'relu' },
      { type: 'dense', units: 2 },
    ],
  };
}

test('a small network runs on one thread', async () => {
  const plan = defineNetwork(small(8)).plan(50);
  expect(defaultThreads(plan)).toBe(1);
  const session = await selectBackend('wasm').open(plan, { seed: 1 });
  expect(session.threads).toBe(1);
  await session.close();
});

test('a large one takes all that the machine runs at once, and no more than it is given', () => {
  const plan = defineNetwork(zoo.dnn({ seed: 1 })).plan(100);
  expect(defaultThreads(plan)).toBe(machine);
  expect(defaultThreads(plan, 1)).toBe(1);
});

test('more examples in a step keep more threads busy', () => {
  const counts = [1, 100, 10_000, 100_000].map((batch) =>
    defaultThreads(defineNetwork(small(64)).plan(batch)),
  );
  expect(counts).toEqual([1, 1, Math.min(machine, counts[2]!), machine]);
  expect([...counts].sort((a, b) => a - b)).toEqual(counts);
});

test('a number that is asked for is taken, whatever the work', async () => {
  const plan = defineNetwork(small(8)).plan(2);
  const session = await selectBackend('wasm').open(plan, { seed: 1, threads: 3 });
  expect(session.threads).toBe(3);
  await session.close();
});
