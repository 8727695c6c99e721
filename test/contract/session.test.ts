/**
 * The behaviour and the refusals of sessions, on every backend: the same words, and a bad call changes
 * nothing.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  PROFILED_STEPS,
  selectBackend,
  UnsupportedError,
  type Session,
  type TrainStep,
} from '../../src/backend/index.js';
import { defineNetwork } from '../../src/nn/index.js';
import { BACKENDS, CANDIDATES, type Feature } from './backends.js';

const definition = defineNetwork({
  seed: 1,
  formats: { weight: '<4,8>', activation: '<6,10>' },
  weightInit: { distribution: 'uniform', limit: 1 },
  optimizer: { kind: 'sgd', learningRate: 0.5, momentum: 0.5 },
  input: { size: 4 },
  layers: [
    { type: 'dense', name: 'hidden', units: 5, activation: 'relu' },
    { type: 'dense', name: 'last', units: 3 },
  ],
});
const BATCH = 3;
const plan = definition.plan(BATCH);

function trainStep(step = 0, count = BATCH): TrainStep {
  return {
    step,
    count,
    inputs: Int16Array.from({ length: 4 * count }, (_, i) => 700 * ((i + step) % 5) - 900),
    labels: Int32Array.from({ length: count }, (_, i) => (i + step) % 3),
    coefficients: Array.from({ length: plan.groups }, () => ({ momentum: 2 ** 29, rate: 2 ** 30, decay: 0 })),
  };
}

async function start(session: Session): Promise<void> {
  for (const [name, data] of definition.initialParameters(plan)) await session.write(name, data);
}

async function weights(session: Session): Promise<unknown[]> {
  const all: unknown[] = [];
  for (const id of [...plan.parameters, ...plan.updates])
    all.push(await session.read(plan.tensors[id]!.name));
  return all;
}

describe('opening', () => {
  test('an unknown backend', () => {
    expect(() => selectBackend('cuda')).toThrow(
      new TypeError('backend: there is no backend "cuda"; choose systolic, reference or wasm'),
    );
  });

  test.each([0, -1, 1.5, NaN])('%s threads are refused', async (threads) => {
    for (const { backend } of BACKENDS) {
      await expect(backend.open(plan, { seed: 1, threads })).rejects.toThrow(
        /^session: threads must be .* got (0|-1|1\.5|NaN)/,
      );
    }
  });

  test('the reference has one thread', async () => {
    const opening = selectBackend('reference').open(plan, { seed: 1, threads: 2 });
    await expect(opening).rejects.toThrow(
      new UnsupportedError('reference: runs on one thread, got threads 2; use backend "wasm"'),
    );
  });

  test.each(['x', -1, 0.5])('seed %s is refused', async (seed) => {
    for (const { backend } of BACKENDS) await expect(backend.open(plan, { seed })).rejects.toThrow(/^seed: /);
  });
});

describe('pixels are converted by their table', () => {
  const SIZE = 67;
  const FORMATS = [
    ['<6,10>', Int16Array],
    ['<6,14>', Int32Array],
    ['float32', Float32Array],
  ] as const;
  const cases = CANDIDATES.flatMap((candidate) =>
    FORMATS.filter(([formats]) => !candidate.lacks.includes(formats as Feature)).map(
      ([formats, Storage]) => [candidate.name, formats, candidate, Storage] as const,
    ),
  );

  test.each(cases)('%s, %s', async (_, formats, { backend, threads }, Storage) => {
    const network = defineNetwork({
      seed: 1,
      formats,
      optimizer: { kind: 'sgd', learningRate: 0.1 },
      input: { size: SIZE },
      layers: [{ type: 'dense', units: 3 }],
    });
    const pixelPlan = network.plan(BATCH);
    const fixed = { momentum: 0, rate: 2 ** 28, decay: 0 };
    const coefficients = [formats === 'float32' ? { momentum: 0, rate: 0.25, decay: 0 } : fixed];
    const pixelTable = new Storage(
      Array.from({ length: 256 }, (_value, pixel) => ((pixel * 77) % 256) - 100),
    );
    const steps = [BATCH, 1, 2].map((count, step): TrainStep => {
      const inputs = Uint8Array.from({ length: count * SIZE }, (_value, i) => (i * 31 + step * 7) % 256);
      const labels = Int32Array.from({ length: count }, (_value, i) => (i + step) % 3);
      return { count, step, inputs, pixelTable, labels, coefficients };
    });
    const plain = steps.map(({ inputs, pixelTable: _table, ...rest }): TrainStep => {
      return { ...rest, inputs: new Storage(Array.from(inputs, (pixel) => pixelTable[pixel]!)) };
    });
    // A clock has its own way through a step.
    for (const clock of [undefined, () => 0]) {
      const session = await backend.open(pixelPlan, { seed: 1, threads, ...(clock && { clock }) });
      const results = [];
      for (const batches of [plain, steps]) {
        for (const [name, data] of network.initialParameters(pixelPlan)) await session.write(name, data);
        const metrics = await session.train(batches);
        const weight = await session.read(pixelPlan.tensors[pixelPlan.parameters[0]!]!.name);
        results.push({ metrics, weight, evaluated: await session.evaluate(batches) });
      }
      expect(results[1]).toEqual(results[0]);
      expect(new Set(results[0]!.evaluated[0]!.logits).size).toBeGreaterThan(3);
      await session.close();
    }
  });
});

test('a session keeps the measurements of its last steps only', async () => {
  for (const { backend } of BACKENDS) {
    const session = await backend.open(plan, { seed: 1, threads: 1, clock: () => 0 });
    await session.train(Array.from({ length: PROFILED_STEPS + 3 }, (_, step) => trainStep(step)));
    const profile = await session.profile!();
    expect(profile).toHaveLength(PROFILED_STEPS);
    expect([profile[0]!.step, profile.at(-1)!.step]).toEqual([3, PROFILED_STEPS + 2]);
    await session.close();
  }
});

for (const { name, backend, threads } of CANDIDATES) {
  describe(name, () => {
    let session: Session;
    beforeAll(async () => {
      session = await backend.open(plan, { seed: 1, threads });
    });
    beforeEach(async () => {
      await start(session);
      await session.statistics();
    });
    afterAll(() => session.close());

    test('exposes its plan and threads', () => {
      expect(session.plan).toBe(plan);
      expect(session.threads).toBe(threads);
    });

    test('steps of one call are steps one by one', async () => {
      const steps = [trainStep(0), trainStep(1, 1), trainStep(2, 2)];
      const together = await session.train(steps);
      const trained = await weights(session);
      await start(session);
      const apart = [];
      for (const step of steps) apart.push(...(await session.train([step])));
      expect(apart).toEqual(together);
      expect(await weights(session)).toEqual(trained);
      expect(together.map(({ count }) => count)).toEqual([3, 1, 2]);
    });

    test('training moves the weights, evaluation does not', async () => {
      const before = await weights(session);
      const { coefficients: _, ...batch } = trainStep();
      await session.evaluate([batch]);
      expect(await weights(session)).toEqual(before);
      await session.train([trainStep()]);
      expect(await weights(session)).not.toEqual(before);
    });

    test('an evaluation returns as many rows as it was given, batch by batch', async () => {
      const batch = trainStep(0, 2);
      const [all] = await session.evaluate([batch]);
      expect(all!.logits).toHaveLength(6);
      expect(all!.probabilities).toHaveLength(6);
      for (const row of [0, 3]) {
        const [a = 0, b = 0, c = 0] = all!.probabilities.slice(row, row + 3);
        expect(Math.abs(a + b + c - 2 ** 30)).toBeLessThanOrEqual(3);
      }
      const [first] = await session.evaluate([
        { ...batch, count: 1, inputs: batch.inputs.slice(0, 4), labels: batch.labels.slice(0, 1) },
      ]);
      expect(first!.logits).toEqual(all!.logits.slice(0, 3));
    });

    test('reading returns a copy', async () => {
      const first = await session.read('hidden/weight');
      const kept = first.slice();
      first.fill(1);
      expect(await session.read('hidden/weight')).toEqual(kept);
    });

    test('counters start again when they are read', async () => {
      await session.train([trainStep()]);
      const counted = await session.statistics();
      expect(counted.map(({ site }) => site)).toEqual(plan.sites.map(({ site }) => site));
      expect(counted.find(({ site }) => site === 'hidden/weight')!.elements).toBe(20);
      for (const { site, ...counters } of await session.statistics()) {
        expect([...new Set(Object.values(counters))], site).toEqual([0]);
      }
    });

    test('with a clock it reports the time of each op, and computes the same', async () => {
      await session.train([trainStep(0), trainStep(1, 1)]);
      const unmeasured = await weights(session);
      expect(await session.profile!()).toEqual([]);
      let now = 0;
      const measured = await backend.open(plan, { seed: 1, threads, clock: () => ++now });
      await start(measured);
      await measured.train([trainStep(0), trainStep(1, 1)]);
      expect(await weights(measured)).toEqual(unmeasured);
      const profile = await measured.profile!();
      expect(profile.map(({ step, count }) => [step, count])).toEqual([
        [0, BATCH],
        [1, 1],
      ]);
      for (const { startMs, timeMs, ops, limit } of profile) {
        expect(ops).toHaveLength(plan.train.length);
        // The clock ticks once at every look: at both ends of the step, and of each op.
        expect(timeMs).toBe(2 * ops.length + 1);
        expect(ops.map((op) => [op.startMs - startMs, op.timeMs])).toEqual(
          ops.map((_, index) => [2 * index + 1, 1]),
        );
        ops.forEach(({ paths }, index) => {
          const weight = Object.values(paths).reduce((sum, macs) => sum + macs, 0);
          expect(weight > 0, plan.train[index]!.kind).toBe(plan.train[index]!.kind === 'matmul');
        });
        if (limit) expect([limit.timeMs, limit.macs > 0, limit.macs % threads]).toEqual([1, true, 0]);
      }
      await measured.close();
      await expect(measured.profile!()).rejects.toThrow('profile: the session is closed; open a new one');
    });

    const good = trainStep();
    const [coefficients] = good.coefficients;
    const MISTAKES: readonly (readonly [string, Partial<TrainStep>, string])[] = [
      [
        'count 0',
        { count: 0 },
        "count must be an integer from 1 to 3, the plan's batch, got 0; plan a larger batch",
      ],
      [
        'count 4',
        { count: 4 },
        "count must be an integer from 1 to 3, the plan's batch, got 4; plan a larger batch",
      ],
      [
        'count 1.5',
        { count: 1.5 },
        "count must be an integer from 1 to 3, the plan's batch, got 1.5; plan a larger batch",
      ],
      ['short inputs', { inputs: new Int16Array(11) }, 'inputs of 3 examples must have 12 elements, got 11'],
      ['long inputs', { inputs: new Int16Array(16) }, 'inputs of 3 examples must have 12 elements, got 16'],
      [
        'float inputs',
        { inputs: new Float32Array(12) },
        'inputs must be stored as int16 like tensor "input", got float32; quantise them to its format',
      ],
      [
        'pixels without a table',
        { inputs: new Uint8Array(12) },
        'inputs must be stored as int16 like tensor "input", got uint8; quantise them to its format',
      ],
      [
        'a table without pixels',
        { pixelTable: new Int16Array(256) },
        'inputs with a pixel table must be stored as uint8, got int16; leave out the table',
      ],
      [
        'a table of another storage',
        { inputs: new Uint8Array(12), pixelTable: new Int32Array(256) },
        'the pixel table must have 256 elements stored as int16 like tensor "input", got 256 stored as int32; quantise every pixel to its format',
      ],
      [
        'a short table',
        { inputs: new Uint8Array(12), pixelTable: new Int16Array(255) },
        'the pixel table must have 256 elements stored as int16 like tensor "input", got 255 stored as int16; quantise every pixel to its format',
      ],
      [
        'few pixels',
        { inputs: new Uint8Array(11), pixelTable: new Int16Array(256) },
        'inputs of 3 examples must have 12 elements, got 11',
      ],
      ['few labels', { labels: new Int32Array(2) }, 'there must be 3 labels, got 2'],
      [
        'label 3',
        { labels: Int32Array.of(0, 3, 1) },
        'a label must be a class from 0 to 2, got 3 for example 1',
      ],
      [
        'label -1',
        { labels: Int32Array.of(0, 1, -1) },
        'a label must be a class from 0 to 2, got -1 for example 2',
      ],
      ['step -1', { step: -1 }, 'step must be a non-negative safe integer, got -1'],
      ['step 2^53', { step: 2 ** 53 }, 'step must be a non-negative safe integer, got 9007199254740992'],
    ];
    const TRAINING_MISTAKES: typeof MISTAKES = [
      ['no coefficients', { coefficients: [] }, 'the plan has 1 coefficient groups, got 0'],
      [
        'a real rate',
        { coefficients: [{ ...coefficients!, rate: 0.1 }] },
        'rate must be an integer from 0 to 2147483647 (30 fraction bits), got 0.1; choose a smaller learning rate',
      ],
      [
        'a momentum above one',
        { coefficients: [{ ...coefficients!, momentum: 2 ** 30 + 1 }] },
        'momentum must be an integer from 0 to 1073741824 (30 fraction bits), got 1073741825; choose a smaller learning rate',
      ],
    ];

    test.each([...MISTAKES, ...TRAINING_MISTAKES])(
      'train refuses %s and changes nothing',
      async (_, bad, text) => {
        const before = await weights(session);
        const training = session.train([good, { ...good, ...bad }]);
        await expect(training).rejects.toThrow(`train: ${text}`);
        expect(await weights(session)).toEqual(before);
      },
    );

    test.each(MISTAKES)('evaluate refuses %s', async (_, bad, text) => {
      await expect(session.evaluate([{ ...good, ...bad }])).rejects.toThrow(`evaluate: ${text}`);
    });

    test('write refuses a tensor that is not there, other storage, other length, and what is outside the format', async () => {
      await expect(session.write('hidden/wait', new Int16Array(20))).rejects.toThrow(
        /^session: plan ".*" has no tensor "hidden\/wait"; its parameters are hidden\/weight, hidden\/bias, /,
      );
      await expect(session.write('hidden/weight', new Int32Array(20))).rejects.toThrow(
        'write: tensor "hidden/weight" is stored as int16, got int32',
      );
      await expect(session.write('hidden/weight', new Int16Array(19))).rejects.toThrow(
        'write: tensor "hidden/weight" has 20 elements, got 19',
      );
      await expect(session.write('hidden/weight', new Int16Array(20).fill(-2049, 7))).rejects.toThrow(
        'write: tensor "hidden/weight" holds raw integers of <4,8>, -2048 to 2047, got -2049 at element 7',
      );
      await expect(session.read('hidden/wait')).rejects.toThrow(/has no tensor "hidden\/wait"/);
    });

    test('a closed session refuses everything, but may be closed again', async () => {
      const closed = await backend.open(plan, { seed: 1, threads });
      await closed.close();
      await closed.close();
      const refusal = (who: string): string => `${who}: the session is closed; open a new one`;
      await expect(closed.read('hidden/weight')).rejects.toThrow(refusal('read'));
      await expect(closed.write('hidden/weight', new Int16Array(20))).rejects.toThrow(refusal('write'));
      await expect(closed.train([good])).rejects.toThrow(refusal('train'));
      await expect(closed.evaluate([good])).rejects.toThrow(refusal('evaluate'));
      await expect(closed.statistics()).rejects.toThrow(refusal('statistics'));
    });
  });
}
