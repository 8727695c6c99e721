/**
 * Changes of precision: every converted number against the BigInt oracle, the moment at which a stage begins, and the same
 * integers on every backend and thread count and from every moment at which training was stopped.
 */
import { describe, expect, it } from 'vitest';
import type { NetworkConfiguration, PrecisionStage } from '../../src/nn/index.js';
import { parseFormat } from '../../src/numerics/index.js';
import { decodeCheckpoint } from '../../src/train/checkpoint.js';
import { Network, type NetworkOptions, type PrecisionChange } from '../../src/train/index.js';
import { PrecisionTracker, type PrecisionState } from '../../src/train/precision.js';
import {
  convertOracle,
  fitOracle,
  randomWordOracle,
  roundOracle,
  siteHashOracle,
} from '../support/oracle.js';
import { tinyConfiguration, tinyIterator } from './support.js';

const EXAMPLES = 10;
const BATCH = 4;
const STEPS = 3; // per epoch
const data = (): ReturnType<typeof tinyIterator> => tinyIterator(EXAMPLES, BATCH, 3);
const withSchedule = (
  precisionSchedule: readonly PrecisionStage[],
  overrides: Partial<NetworkConfiguration> = {},
): NetworkConfiguration => tinyConfiguration({ precisionSchedule, ...overrides });

/** Error stays as it is: nothing is learnt, so training stalls in the second epoch. */
const STILL = {
  optimizer: { kind: 'sgd', learningRate: 0 },
  layers: tinyConfiguration().layers.filter(({ type }) => type !== 'dropout'),
} as const;

interface Trace {
  readonly changes: PrecisionChange[];
  /** After every step. */
  readonly digests: string[];
  readonly checkpoint: string;
}

async function train(network: Network, epochs: number): Promise<Trace> {
  const changes: PrecisionChange[] = [];
  const digests: string[] = [];
  const iterator = data();
  if (network.iteratorPosition) iterator.seek(network.iteratorPosition);
  await network.fit(iterator, {
    epochs: epochs - network.epoch,
    listeners: [
      {
        onPrecisionChange: (_, change) => void changes.push(change),
        iterationDone: async (model) => void digests.push(await model.digest()),
      },
    ],
  });
  const checkpoint = new TextDecoder('latin1').decode(await network.save());
  await network.close();
  return { changes, digests, checkpoint };
}

describe('the conversion', () => {
  it.each<[string, Partial<NetworkConfiguration>, PrecisionStage]>([
    ['wider', {}, { epoch: 1, formats: { weight: '<4,16>', activation: '<6,14>' } }],
    [
      'narrower, and out of range',
      {},
      { epoch: 1, formats: { weight: '<0,8>', update: '<-2,6>', activation: '<6,10>' } },
    ],
    ['few random bits', { rounding: 'nearest' }, { epoch: 1, formats: '<4,6>', rounding: 'stochastic:3' }],
    ['nearest-even', {}, { epoch: 1, formats: '<4,7>', rounding: 'nearest-even' }],
    ['32-bit words', { formats: { weight: '<4,24>', activation: '<6,10>' } }, { epoch: 1, formats: '<4,5>' }],
    ['wrapped', { overflow: 'wrap' }, { epoch: 1, formats: '<0,8>' }],
    ['rounding alone', {}, { epoch: 1, rounding: 'floor' }],
  ])('is exact for every parameter and update: %s', async (_, overrides, stage) => {
    const configuration = withSchedule([stage], overrides);
    const network = await Network.create(configuration, { backend: 'reference' });
    const saved: Uint8Array[] = [];
    let change: PrecisionChange | undefined;
    await network.fit(data(), {
      epochs: 2,
      maxSteps: STEPS + 1,
      listeners: [
        {
          onEpochEnd: async (model) => void saved.push(await model.save()),
          onPrecisionChange: async (model, one) => {
            change = one;
            saved.push(await model.save());
          },
        },
      ],
    });
    const [before, after] = [await decodeCheckpoint(saved[0]!), await decodeCheckpoint(saved[1]!)];
    expect([before.precision?.stage, after.precision?.stage]).toEqual([0, 1]);
    expect(change).toMatchObject({ stage: 1, reason: 'epoch', step: STEPS, epoch: 1 });
    expect(change!.sites.map(({ site }) => site)).toEqual(
      [...after.tensors.keys()].map((name) => `precision/1/${name}`),
    );

    const settings = network.definition.stages[1]!.settings;
    const overflow = overrides.overflow ?? 'saturate';
    for (const [i, [name, { format, data: raws }]] of [...after.tensors].entries()) {
      const source = before.tensors.get(name)!;
      if (format === 'float32' || source.format === 'float32') throw new Error('fixed point expected');
      const role = name.endsWith('.update') ? 'update' : name.endsWith('bias') ? 'bias' : 'weight';
      expect(format).toEqual(settings.formats[role]);
      const { mode: name_, randomBits } = settings.rounding[role];
      const mode = name_ === 'stochastic' ? `stochastic:${randomBits}` : name_;
      const drop = source.format.fl - format.fl;
      const width = drop <= 16 ? 16 : 32;
      const counts = {
        elements: raws.length,
        saturatedHigh: 0,
        saturatedLow: 0,
        flushed: 0,
        maxMagnitude: 0,
        swallowed: 0,
        gradients: 0,
        swallowedGradients: 0,
      };
      const expected = [...source.data].map((raw, element) => {
        const hash = siteHashOracle(`precision/1/${name}`);
        const random = { word: randomWordOracle(7, hash, STEPS, element, width), width } as const;
        const rounded = roundOracle(BigInt(raw), drop, mode, random);
        if (fitOracle(rounded, format, 'saturate') < rounded) counts.saturatedHigh++;
        if (fitOracle(rounded, format, 'saturate') > rounded) counts.saturatedLow++;
        const result = Number(convertOracle(BigInt(raw), drop + format.fl, format, mode, overflow, random));
        if (result === 0 && raw !== 0) counts.flushed++;
        counts.maxMagnitude = Math.max(counts.maxMagnitude, Math.abs(result));
        return result;
      });
      expect([...raws], name).toEqual(expected);
      expect(change!.sites[i]).toEqual({ site: `precision/1/${name}`, ...counts });
    }
    await network.close();
  });

  it('saturates, so that the case above is not empty', async () => {
    const { changes } = await train(
      await Network.create(
        withSchedule([{ epoch: 1, formats: { weight: '<-1,9>', activation: '<6,10>' } }]),
        {
          backend: 'reference',
        },
      ),
      2,
    );
    const weight = changes[0]!.sites.find(({ site }) => site === 'precision/1/conv/weight')!;
    expect(weight.saturatedHigh + weight.saturatedLow).toBeGreaterThan(0);
  });
});

const FORMATS = { weight: '<4,16>', activation: '<6,14>' };
const KINDS: readonly (readonly [string, NetworkConfiguration, string[]])[] = [
  [
    'at epochs, there and back',
    withSchedule([
      { epoch: 1, formats: FORMATS },
      { epoch: 3, formats: { weight: '<3,9>', activation: '<6,10>' }, rounding: 'stochastic:6' },
    ]),
    ['stage 1 at step 3, epoch', 'stage 2 at step 9, epoch'],
  ],
  [
    'when the error stalls, twice',
    withSchedule(
      [
        { whenStalled: { epochs: 1 }, formats: FORMATS },
        { whenStalled: { epochs: 1 }, rounding: 'nearest' },
      ],
      STILL,
    ),
    ['stage 1 at step 6, stalled', 'stage 2 at step 12, stalled'],
  ],
  [
    'at an epoch before the error stalls: that stage is skipped',
    withSchedule([
      { whenStalled: { epochs: 9 }, rounding: 'floor' },
      { epoch: 2, formats: FORMATS },
    ]),
    ['stage 2 at step 6, epoch'],
  ],
  [
    'where the last layer keeps its formats',
    withSchedule([{ epoch: 1, formats: FORMATS }], {
      layers: [
        ...tinyConfiguration().layers.slice(0, 3),
        { type: 'dense', name: 'fc', units: 3, formats: '<4,12>' },
      ],
    }),
    ['stage 1 at step 3, epoch'],
  ],
];
const EPOCHS = 5;

describe.each(KINDS)('a schedule %s', (_, configuration, expected) => {
  const options: NetworkOptions = { backend: 'reference' };

  it('changes when it should, to the same integers on every backend and thread count', async () => {
    const reference = await train(await Network.create(configuration, options), EPOCHS);
    const shown = reference.changes.map(
      ({ stage, step, reason }) => `stage ${stage} at step ${step}, ${reason}`,
    );
    expect(shown).toEqual(expected);
    for (const threads of [1, 2, 3]) {
      const wasm = await train(await Network.create(configuration, { backend: 'wasm', threads }), EPOCHS);
      expect(wasm, `${threads} threads`).toEqual(reference);
    }
  });

  it('is the same after training was stopped at any step and continued on either backend', async () => {
    const straight = await train(await Network.create(configuration, options), EPOCHS);
    for (let steps = 1; steps < EPOCHS * STEPS; steps++) {
      // By the signal, which leaves an epoch open after its last step, and by the number of steps, which does not.
      for (const stop of ['signal', 'maxSteps'] as const) {
        const network = await Network.create(configuration, options);
        const controller = new AbortController();
        await network.fit(data(), {
          epochs: EPOCHS,
          ...(stop === 'maxSteps' ? { maxSteps: steps } : { signal: controller.signal }),
          listeners: [
            {
              iterationDone: ({ step }) => {
                if (step === steps) controller.abort();
              },
            },
          ],
        });
        expect([network.step, network.epoch]).toEqual([
          steps,
          Math.floor((stop === 'signal' ? steps - 1 : steps) / STEPS),
        ]);
        const bytes = await network.save();
        const { stage } = network;
        await network.close();
        for (const backend of ['reference', 'wasm'] as const) {
          const loaded = await Network.load(bytes, { backend, threads: 1 });
          expect(loaded.stage).toBe(stage);
          const rest = await train(loaded, EPOCHS);
          expect(rest.digests, `${backend} after ${steps} steps`).toEqual(straight.digests.slice(steps));
          expect(rest.changes).toEqual(straight.changes.filter((change) => change.stage > stage));
          expect(rest.checkpoint).toBe(straight.checkpoint);
        }
      }
    }
  });
});

describe('a change', () => {
  it('is reported before its epoch begins, and waits for a first step', async () => {
    const network = await Network.create(withSchedule([{ epoch: 1, formats: FORMATS }]), {
      backend: 'reference',
    });
    const told: string[] = [];
    const listener = {
      onEpochStart: (_: unknown, epoch: number) => void told.push(`epoch ${epoch} in stage ${network.stage}`),
      onPrecisionChange: () => void told.push('change'),
      onEpochEnd: () => void told.push('end'),
    };
    await network.fit(data(), { epochs: 1, listeners: [listener] });
    // The network that was evaluated or saved after an epoch is the one that the epoch has trained.
    expect([network.epoch, network.stage]).toEqual([1, 0]);
    await network.fit(data(), { epochs: 1, maxSteps: 0, listeners: [listener] });
    await network.fit(data(), { epochs: 1, signal: AbortSignal.abort(), listeners: [listener] });
    expect(network.stage).toBe(0);
    await network.fit(data(), { epochs: 2, listeners: [listener] });
    expect(told).toEqual([
      ...['epoch 0 in stage 0', 'end', 'change', 'epoch 1 in stage 1', 'end'],
      ...['epoch 2 in stage 1', 'end'],
    ]);
    expect((await network.parameter('fc/weight')).format).toEqual(parseFormat('<4,16>'));
    await network.close();
  });

  it('in which the plan is wrong is refused before the first step', async () => {
    const network = await Network.create(withSchedule([{ epoch: 1, formats: '<16,16>' }]), {
      backend: 'reference',
    });
    await expect(network.fit(data(), { epochs: 1 })).rejects.toThrow(
      /^precisionSchedule\[0\]: conv: a sum of /,
    );
    expect(network.step).toBe(0);
    await network.close();
  });
});

describe('when a stage is due', () => {
  /** Epochs in which this many of 10 examples were wrong; the stage during each of them. */
  function stages(schedule: readonly PrecisionStage[], wrong: readonly number[]): number[] {
    let tracker = new PrecisionTracker(schedule, null);
    return wrong.map((count, epoch) => {
      const due = tracker.due(epoch);
      if (due) tracker.begin(due.stage);
      tracker.stepDone(4, 4);
      // It continues in the same way from the data of a checkpoint.
      tracker = new PrecisionTracker(schedule, JSON.parse(JSON.stringify(tracker.state)) as PrecisionState);
      tracker.stepDone(6, 6 - count);
      tracker.epochDone();
      return tracker.stage;
    });
  }
  const stalled = (epochs: number, minDelta?: number): PrecisionStage => ({
    whenStalled: { epochs, ...(minDelta !== undefined && { minDelta }) },
    rounding: 'floor',
  });
  const at = (epoch: number): PrecisionStage => ({ epoch, rounding: 'floor' });

  it.each<[string, readonly PrecisionStage[], number[], number[]]>([
    ['never, while the error falls', [stalled(1)], [6, 5, 4, 3, 2], [0, 0, 0, 0, 0]],
    ['after one epoch without a fall', [stalled(1)], [6, 5, 5, 3, 3], [0, 0, 0, 1, 1]],
    ['after two, in a row', [stalled(2)], [5, 6, 4, 4, 5, 3], [0, 0, 0, 0, 0, 1]],
    ['a fall of 10 points is none above 10', [stalled(1, 10)], [6, 5, 3, 2, 1], [0, 0, 1, 1, 1]],
    ['a fall of 10 points is one above 9.9', [stalled(1, 9.9)], [6, 5, 4, 3, 2], [0, 0, 0, 0, 0]],
    ['counted from zero in every stage', [stalled(1), stalled(1)], [3, 3, 6, 6, 6], [0, 0, 1, 1, 2]],
    ['at its epoch', [at(2), at(3)], [1, 1, 1, 1], [0, 0, 1, 2]],
    ['an epoch goes before a stall', [stalled(1), at(2)], [1, 1, 1], [0, 0, 2]],
    ['a stall after an epoch', [at(1), stalled(1)], [1, 1, 1, 1], [0, 1, 1, 2]],
  ])('%s', (_, schedule, wrong, expected) => {
    expect(stages(schedule, wrong)).toEqual(expected);
  });

  it('keeps nothing in a checkpoint for a network without a schedule', () => {
    expect(new PrecisionTracker([], null).state).toBeNull();
  });
});
