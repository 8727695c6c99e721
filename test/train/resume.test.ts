/** Stopping at any step and continuing gives the same integers as not stopping, for every kind of state. */
import { describe, expect, it } from 'vitest';
import type { NetworkConfiguration } from '../../src/nn/index.js';
import { Network, type EpochSummary, type Iteration } from '../../src/train/index.js';
import { tinyConfiguration, tinyIterator } from './support.js';

const options = { backend: 'reference' } as const;
const EXAMPLES = 22;
const BATCH = 4;
const STEPS = 6; // per epoch; the last batch has two examples
const data = (): ReturnType<typeof tinyIterator> => tinyIterator(EXAMPLES, BATCH, 3);

interface Trace {
  readonly iterations: Iteration[];
  readonly epochs: number[];
  readonly digests: string[];
  readonly checkpoint: string;
}

async function train(network: Network, epochs: number, iterator = data()): Promise<Trace> {
  const iterations: Iteration[] = [];
  const ends: EpochSummary[] = [];
  const digests: string[] = [];
  if (network.iteratorPosition) iterator.seek(network.iteratorPosition);
  await network.fit(iterator, {
    epochs,
    listeners: [
      {
        iterationDone: async (model, iteration) => {
          iterations.push(iteration);
          digests.push(await model.digest());
        },
        onEpochEnd: (_, summary) => void ends.push(summary),
      },
    ],
  });
  const checkpoint = new TextDecoder('latin1').decode(await network.save());
  return { iterations, epochs: ends.map(({ epoch }) => epoch), digests, checkpoint };
}

/** Stops a new network after `steps` steps and saves it: by the signal, as an interrupted program would. */
async function stoppedAfter(steps: number, configuration: NetworkConfiguration): Promise<Uint8Array> {
  const network = await Network.create(configuration, options);
  const stop = new AbortController();
  const result = await network.fit(data(), {
    epochs: 2,
    signal: stop.signal,
    listeners: [
      {
        iterationDone: (_, { step }) => {
          if (step + 1 === steps) stop.abort();
        },
      },
    ],
  });
  expect(result.aborted).toBe(true);
  expect(network.step).toBe(steps);
  return network.save();
}

const KINDS: readonly (readonly [string, NetworkConfiguration])[] = [
  ['everything: momentum, decay, schedule, dropout, stochastic rounding', tinyConfiguration()],
  ['nearest rounding', tinyConfiguration({ rounding: 'nearest' })],
  [
    'updates in 32 bits',
    tinyConfiguration({ formats: { weight: '<4,12>', update: '<4,20>', activation: '<6,10>' } }),
  ],
  ['float32', tinyConfiguration({ formats: 'float32' })],
  ['no momentum', tinyConfiguration({ optimizer: { kind: 'sgd', learningRate: 0.1 } })],
];

describe('resumed training', () => {
  it.each(KINDS)(
    'is the training that was not stopped, wherever it stopped: %s',
    async (_, configuration) => {
      const straight = await train(await Network.create(configuration, options), 2);
      expect(straight.iterations.map(({ step }) => step)).toEqual([...Array(2 * STEPS).keys()]);
      expect(straight.epochs).toEqual([0, 1]);
      for (let steps = 1; steps <= 2 * STEPS; steps++) {
        const network = await Network.load(await stoppedAfter(steps, configuration), options);
        const resumed = await train(network, 2 - network.epoch);
        expect(resumed.iterations, `after ${steps} steps`).toEqual(straight.iterations.slice(steps));
        expect(resumed.digests).toEqual(straight.digests.slice(steps));
        expect(resumed.epochs).toEqual(steps <= STEPS ? [0, 1] : [1]);
        expect(resumed.checkpoint).toBe(straight.checkpoint);
      }
    },
  );

  it('continues from a checkpoint that a listener took, at a step or at the end of an epoch', async () => {
    const network = await Network.create(tinyConfiguration(), options);
    const saved: Uint8Array[] = [];
    await network.fit(data(), {
      epochs: 2,
      listeners: [
        {
          iterationDone: async (model) => void saved.push(await model.save()),
          onEpochEnd: async (model) => void saved.push(await model.save()),
        },
      ],
    });
    const digest = await network.digest();
    expect(saved).toHaveLength(2 * STEPS + 2);
    for (const bytes of saved) {
      const loaded = await Network.load(bytes, options);
      if (loaded.epoch < 2) await train(loaded, 2 - loaded.epoch);
      expect(await loaded.digest()).toBe(digest);
    }
  });

  it('calls the end of an epoch once, whether it stopped before or after it', async () => {
    const before = await Network.load(await stoppedAfter(STEPS, tinyConfiguration()), options);
    expect([before.epoch, before.iteratorPosition]).toEqual([0, { epoch: 0, cursor: EXAMPLES }]);
    expect((await train(before, 1)).epochs).toEqual([0]);
    expect([before.epoch, before.iteratorPosition]).toEqual([1, { epoch: 1, cursor: 0 }]);
    const after = await Network.load(await before.save(), options);
    expect((await train(after, 1)).epochs).toEqual([1]);
  });

  it('is the same in one process: abort, then fit again on the same iterator', async () => {
    const straight = await train(await Network.create(tinyConfiguration(), options), 2);
    const network = await Network.create(tinyConfiguration(), options);
    const iterator = data();
    expect(await network.fit(iterator, { epochs: 2, maxSteps: 4 })).toEqual({
      aborted: false,
      steps: 4,
      epochs: 0,
    });
    expect(await network.fit(iterator, { epochs: 2 })).toEqual({ aborted: false, steps: 8, epochs: 2 });
    expect(await network.digest()).toBe(straight.digests.at(-1));
  });

  it('depends on every part of the state, so that a change in any of them shows', async () => {
    const digests = new Set<string>();
    const variants: readonly NetworkConfiguration[] = [
      tinyConfiguration(),
      tinyConfiguration({ seed: 8 }),
      tinyConfiguration({
        optimizer: { kind: 'sgd', learningRate: 0.1, momentum: 0.9, weightDecay: 0.0005 },
      }),
      tinyConfiguration({ rounding: 'stochastic:2' }),
      tinyConfiguration({ layers: tinyConfiguration().layers.filter(({ type }) => type !== 'dropout') }),
    ];
    for (const configuration of variants) {
      digests.add((await train(await Network.create(configuration, options), 2)).digests.at(-1)!);
    }
    digests.add(
      (
        await train(await Network.create(tinyConfiguration(), options), 2, tinyIterator(EXAMPLES, BATCH))
      ).digests.at(-1)!,
    );
    expect(digests.size).toBe(variants.length + 1);
  });
});
