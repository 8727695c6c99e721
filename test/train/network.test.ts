import { describe, expect, it } from 'vitest';
import { referenceBackend } from '../../src/backend/reference/index.js';
import type { Backend, Session } from '../../src/backend/index.js';
import { ArrayDataSetIterator, StreamDataSetIterator, type DataSet } from '../../src/data/index.js';
import { defineNetwork } from '../../src/nn/index.js';
import { Network, type TrainingListener } from '../../src/train/index.js';
import { tinyConfiguration, tinyData, tinyIterator } from './support.js';

const options = { backend: 'reference' } as const;
const tiny = (overrides = {}): Promise<Network> => Network.create(tinyConfiguration(overrides), options);

describe('fit', () => {
  it('learns the tiny data in fixed point and in float32', async () => {
    for (const formats of [tinyConfiguration().formats, 'float32'] as const) {
      const network = await tiny({ formats });
      const before = await network.evaluate(tinyIterator(60, 4));
      await network.fit(tinyIterator(60, 4, 1), { epochs: 6 });
      const after = await network.evaluate(tinyIterator(60, 4));
      expect(after.loss()).toBeLessThan(before.loss());
      expect(after.accuracy()).toBeGreaterThan(0.95);
    }
  });

  it('calls the hooks in order, waiting for asynchronous ones', async () => {
    const events: string[] = [];
    const listener = (name: string): TrainingListener => ({
      onFitStart: (_, { epochs, batch, stepsPerEpoch, plannedSteps }) =>
        void events.push(`${name} fit ${epochs} ${batch} ${String(stepsPerEpoch)} ${String(plannedSteps)}`),
      onEpochStart: (model, epoch) => void events.push(`${name} epoch ${epoch} ${model.epoch}`),
      iterationDone: async (model, { step, epoch, count }) => {
        await Promise.resolve();
        events.push(`${name} step ${step} ${epoch} ${count} ${model.step}`);
      },
      onEpochEnd: (model, { epoch, steps, examples }) =>
        void events.push(`${name} end ${epoch} ${steps} ${examples} ${model.epoch}`),
      onFitEnd: (_, { aborted, steps, epochs }) =>
        void events.push(`${name} done ${aborted} ${steps} ${epochs}`),
    });
    const network = await tiny();
    const result = await network.fit(tinyIterator(6, 4), {
      epochs: 2,
      listeners: [listener('a'), listener('b')],
    });
    expect(result).toEqual({ aborted: false, steps: 4, epochs: 2 });
    const expected = [
      'fit 2 4 2 4',
      'epoch 0 0',
      'step 0 0 4 1',
      'step 1 0 2 2',
      'end 0 2 6 1',
      'epoch 1 1',
      'step 2 1 4 3',
      'step 3 1 2 4',
      'end 1 2 6 2',
      'done false 4 2',
    ];
    expect(events).toEqual(expected.flatMap((event) => [`a ${event}`, `b ${event}`]));
  });

  it('scores a step by the loss before its update', async () => {
    const data = tinyData(4);
    const network = await tiny({
      layers: tinyConfiguration().layers.filter(({ type }) => type !== 'dropout'),
      rounding: 'nearest',
    });
    const before = await network.score(data);
    const scores: number[] = [];
    await network.fit(tinyIterator(4, 4), {
      listeners: [{ iterationDone: (_, { score }) => void scores.push(score) }],
    });
    expect(scores).toEqual([before]);
  });

  it('sums up the epoch over its examples', async () => {
    const network = await tiny();
    let lossSum = 0;
    let correct = 0;
    await network.fit(tinyIterator(10, 4), {
      listeners: [
        {
          iterationDone: (_, iteration) => {
            lossSum += iteration.score * iteration.count;
            correct += iteration.correct;
          },
          onEpochEnd: (_, summary) => {
            expect(summary.score).toBeCloseTo(lossSum / 10, 12);
            expect(summary.correct).toBe(correct);
          },
        },
      ],
    });
    expect.assertions(2);
  });

  it('stops after maxSteps, and ends an epoch that is full by then', async () => {
    const network = await tiny();
    expect(await network.fit(tinyIterator(12, 4), { epochs: 3, maxSteps: 6 })).toEqual({
      aborted: false,
      steps: 6,
      epochs: 2,
    });
    expect(await network.fit(tinyIterator(12, 4), { epochs: 3, maxSteps: 0 })).toEqual({
      aborted: false,
      steps: 0,
      epochs: 0,
    });
  });

  it('does nothing if the signal is already aborted', async () => {
    const network = await tiny();
    const digest = await network.digest();
    expect(await network.fit(tinyIterator(12, 4), { signal: AbortSignal.abort() })).toEqual({
      aborted: true,
      steps: 0,
      epochs: 0,
    });
    expect(await network.digest()).toBe(digest);
  });

  it('notices a signal that a timer aborts, even if no step leaves the microtask queue', async () => {
    const network = await tiny();
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 0);
    const result = await network.fit(tinyIterator(12, 4), { epochs: 1_000_000, signal: stop.signal });
    expect(result.aborted).toBe(true);
  });

  it('hands the event loop a turn after every step, or as often as the session asks', async () => {
    for (const [backend, steps] of [
      ['reference', 1],
      ['wasm', 16],
    ] as const) {
      const network = await Network.create(tinyConfiguration(), { backend, threads: 1 });
      const stepsOfTurns: number[] = [];
      let isDone = false;
      const turn = (): void => {
        stepsOfTurns.push(network.step);
        if (!isDone) setImmediate(turn);
      };
      setImmediate(turn);
      await network.fit(tinyIterator(12, 4), { epochs: 32 });
      isDone = true;
      const longest = Math.max(...stepsOfTurns.map((step, i) => step - (stepsOfTurns[i - 1] ?? 0)));
      expect(longest, backend).toBeLessThanOrEqual(2 * steps);
      await network.close();
    }
  });

  it('resets an iterator that someone else has used up', async () => {
    const network = await tiny();
    const iterator = tinyIterator(12, 4);
    while (iterator.hasNext()) iterator.next();
    expect(await network.fit(iterator)).toEqual({ aborted: false, steps: 3, epochs: 1 });
  });

  it('takes a source that can be read once for one epoch, and refuses two with a reason', async () => {
    const stream = (): StreamDataSetIterator => new StreamDataSetIterator([tinyData(6)], { batch: 4 });
    const network = await tiny();
    expect(await network.fit(stream())).toEqual({ aborted: false, steps: 2, epochs: 1 });
    expect(network.iteratorPosition).toBeNull();
    await expect(network.fit(stream(), { epochs: 2 })).rejects.toThrow(
      'stream: reset needs a source that can be read again',
    );
  });

  it('does not know the number of steps of a source of unknown length', async () => {
    const network = await tiny();
    await network.fit(new StreamDataSetIterator([tinyData(6)], { batch: 4 }), {
      listeners: [
        {
          onFitStart: (_, start) =>
            expect(start).toEqual({ epochs: 1, batch: 4, stepsPerEpoch: null, plannedSteps: null }),
        },
      ],
    });
    expect.assertions(1);
  });

  it('refuses a listener without a method that is called', async () => {
    const network = await tiny();
    await expect(
      network.fit(tinyIterator(12, 4), { listeners: [{ onStep: () => undefined } as never] }),
    ).rejects.toThrow('fit: listeners must be a list, each a listener (with a method onFitStart or ');
  });

  it('stays usable when a listener throws', async () => {
    const network = await tiny();
    const fails = {
      iterationDone: (): void => {
        throw new Error('no space left');
      },
    };
    await expect(network.fit(tinyIterator(12, 4), { listeners: [fails] })).rejects.toThrow('no space left');
    expect(network.step).toBe(1);
    expect(await network.fit(tinyIterator(12, 4))).toEqual({ aborted: false, steps: 3, epochs: 1 });
  });

  it('weighs every example equally, so that a small last batch keeps the rate of a full one', async () => {
    const one = tinyData(1);
    const copies: DataSet = {
      ...one,
      features: Uint8Array.from(
        { length: 4 * one.features.length },
        (_, i) => one.features[i % one.features.length]!,
      ),
      labels: new Int32Array(4).fill(one.labels[0]!),
      count: 4,
    };
    const biasAfter = async (data: DataSet) => {
      const layers = [{ type: 'dense', name: 'fc', units: 3 }];
      const optimizer = { kind: 'sgd', learningRate: 0.5 };
      const network = await tiny({ formats: 'float32', layers, optimizer });
      await network.fit(new ArrayDataSetIterator(data, { batch: 4 }));
      return (await network.parameter('fc/bias')).data;
    };
    const alone = await biasAfter(one);
    const together = await biasAfter(copies);
    expect(alone.every((value) => value !== 0)).toBe(true);
    together.forEach((value, i) => {
      expect(value).toBe(4 * alone[i]!);
    });
  });

  it('carries parameters and updates over to another batch size', async () => {
    const network = await tiny();
    await network.fit(tinyIterator(12, 4));
    const before = [await network.parameter('fc/weight'), await network.parameter('fc/weight.update')];
    expect(before[1]!.data.some((raw) => raw !== 0)).toBe(true);
    await network.fit(tinyIterator(12, 5), { epochs: 0 });
    expect([await network.parameter('fc/weight'), await network.parameter('fc/weight.update')]).toEqual(
      before,
    );
    expect(await network.fit(tinyIterator(12, 5))).toEqual({ aborted: false, steps: 3, epochs: 1 });
    expect(network.step).toBe(6);
  });

  it('keeps its state when the backend refuses another batch size', async () => {
    const refusing: Backend = {
      name: 'refusing',
      open: async (plan, sessionOptions): Promise<Session> => {
        if (plan.batch > 4) throw new RangeError('refused');
        return referenceBackend.open(plan, sessionOptions);
      },
    };
    const network = await Network.create(tinyConfiguration(), { backend: refusing });
    await network.fit(tinyIterator(12, 4));
    const digest = await network.digest();
    await expect(network.fit(tinyIterator(12, 5))).rejects.toThrow('refused');
    expect(await network.digest()).toBe(digest);
    expect(await network.fit(tinyIterator(12, 4))).toEqual({ aborted: false, steps: 3, epochs: 1 });
  });
});

describe('evaluate', () => {
  it('changes nothing in the training, even on the training iterator itself', async () => {
    const digests = await Promise.all(
      [false, true].map(async (evaluates) => {
        const network = await tiny();
        const iterator = tinyIterator(22, 4, 3);
        await network.fit(iterator, {
          epochs: 2,
          listeners: [
            {
              iterationDone: async (model) => {
                if (!evaluates) return;
                await model.evaluate(iterator);
                await model.evaluate(tinyIterator(9, 7));
              },
            },
          ],
        });
        return network.digest();
      }),
    );
    expect(digests[0]).toBe(digests[1]);
  });

  it('gives the same answer each time, for any batch size of the iterator, saved or not', async () => {
    const network = await tiny();
    await network.fit(tinyIterator(12, 4));
    const first = (await network.evaluate(tinyIterator(30, 4))).toJSON();
    expect(first.examples).toBe(30);
    expect((await network.evaluate(tinyIterator(30, 4))).toJSON()).toEqual(first);
    expect((await network.evaluate(tinyIterator(30, 11))).toJSON()).toEqual(first);
    const loaded = await Network.load(await network.save(), options);
    expect((await loaded.evaluate(tinyIterator(30, 11))).toJSON()).toEqual(first);
  });

  it('restores the position of the iterator', async () => {
    const iterator = tinyIterator(12, 4, 3);
    iterator.reset();
    iterator.next();
    expect((await (await tiny()).evaluate(iterator)).examples).toBe(12);
    expect(iterator.position).toEqual({ epoch: 1, cursor: 4 });
  });

  it('reads a source that can be read once to its end', async () => {
    const network = await tiny();
    const stream = new StreamDataSetIterator([tinyData(6)], { batch: 4 });
    expect((await network.evaluate(stream)).examples).toBe(6);
    await expect(network.evaluate(stream)).rejects.toThrow(
      new RangeError('evaluate: the iterator must have examples, got none'),
    );
  });

  it('agrees with output, predict and score', async () => {
    const network = await tiny();
    await network.fit(tinyIterator(60, 4, 1), { epochs: 2 });
    const data = tinyData(30);
    const evaluation = await network.evaluate(tinyIterator(30, 4));
    const predicted = await network.predict(data);
    const right = predicted.filter((label, index) => label === data.labels[index]).length;
    expect(evaluation.accuracy()).toBe(right / 30);
    expect(await network.score(data)).toBe(evaluation.loss());
    const rows = await network.output(data);
    expect(rows).toHaveLength(30);
    rows.forEach((row, example) => {
      expect(row.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 6);
      expect(row.indexOf(Math.max(...row))).toBe(predicted[example]);
    });
    expect(await network.output(data.features)).toEqual(rows);
    expect(await network.predict(data.features)).toEqual(predicted);
  });

  it('takes label names from the iterator', async () => {
    const labelNames = ['top', 'upper', 'lower'];
    const named = { ...tinyData(6), labelNames };
    const stream = new StreamDataSetIterator([named], { batch: 4 });
    expect((await (await tiny()).evaluate(stream)).labelNames).toEqual(labelNames);
  });
});

describe('features', () => {
  it('are quantised by the rules of the arithmetic: pixels by the table, values to nearest even', async () => {
    const seen: (readonly number[])[] = [];
    const spy: Backend = {
      name: 'spy',
      open: async (plan, sessionOptions) => {
        const session = await referenceBackend.open(plan, sessionOptions);
        return {
          ...session,
          plan,
          write: (name, data) => session.write(name, data),
          read: (name) => session.read(name),
          train: (steps) => session.train(steps),
          evaluate: (steps) => {
            for (const { inputs, pixelTable } of steps) {
              seen.push(Array.from(inputs, (value) => pixelTable?.[value] ?? value));
            }
            return session.evaluate(steps);
          },
          statistics: () => session.statistics(),
          close: () => session.close(),
        };
      },
    };
    const formats = [
      ['<6,10>', 1024],
      ['float32', null],
    ] as const;
    for (const [format, unit] of formats) {
      seen.length = 0;
      const network = await Network.create(
        tinyConfiguration({ formats: format, input: { size: 4 }, layers: [{ type: 'dense', units: 3 }] }),
        { backend: spy },
      );
      await network.output(Uint8Array.of(0, 1, 128, 255));
      await network.output(Float32Array.of(0, 0.5 / 1024, 1.5 / 1024, -40));
      expect(seen).toEqual(
        unit === null
          ? [[0, 1 / 255, 128 / 255, 1].map(Math.fround), [0, 0.5 / 1024, 1.5 / 1024, -40]]
          : [[0, 1, 128, 255].map((p) => Math.floor((2 * p * unit + 255) / 510)), [0, 0, 2, -32768]],
      );
    }
  });

  it('may be flat for an image network, and images for a flat one', async () => {
    const data = tinyData(6);
    const flat: DataSet = { ...data, shape: [16] };
    const network = await tiny();
    expect(await network.score(flat)).toBe(await network.score(data));
  });

  it.each<[string, Partial<DataSet>, string]>([
    [
      'another shape',
      { shape: [2, 8, 1] },
      'score: data must have the network\'s input shape, got examples of [2, 8, 1] for an input of [4, 4, 1]; write "input": {"height":2,"width":8,"channels":1} in the network\'s configuration, or change the data',
    ],
    [
      'another size',
      { shape: [32], features: new Uint8Array(32 * 6) },
      'score: data must have the network\'s input shape, got examples of [32] for an input of [4, 4, 1]; write "input": {"size":32} in the network\'s configuration, or change the data',
    ],
    [
      'other classes',
      { classes: 4 },
      'score: data must have as many classes as the network has outputs, got 4 classes (labels 0 to 3) and 3 outputs; change the last layer or the data',
    ],
    [
      'NaN',
      { features: new Float32Array(96).fill(NaN, 37) },
      'data: features must be numbers, got NaN in example 2 of the batch, feature 5; clean the data',
    ],
  ])('are refused with %s', async (_, change, message) => {
    const network = await tiny();
    await expect(network.score({ ...tinyData(6), ...change })).rejects.toThrow(new RangeError(message));
  });

  it('are refused if they are not a whole number of examples', async () => {
    const network = await tiny();
    for (const length of [0, 17]) {
      await expect(network.output(new Uint8Array(length))).rejects.toThrow(
        new RangeError(
          `network: features must be a whole number of examples of 16 values, got ${length} values`,
        ),
      );
    }
  });

  it('are checked before training starts', async () => {
    const network = await Network.create(
      tinyConfiguration({ input: { height: 2, width: 8, channels: 1 } }),
      options,
    );
    await expect(network.fit(tinyIterator(6, 4))).rejects.toThrow(
      /^fit: data must have the network's input shape/,
    );
    await expect(network.evaluate(tinyIterator(6, 4))).rejects.toThrow(/^evaluate: data must have/);
  });
});

describe('Network', () => {
  it('starts with the initial parameters of its definition', async () => {
    const definition = defineNetwork(tinyConfiguration());
    const network = await Network.create(definition, options);
    const initial = definition.initialParameters(definition.plan(4));
    for (const [name, data] of initial) {
      const parameter = await network.parameter(name);
      expect(parameter.data).toEqual(data);
      expect(parameter.format).toEqual({ il: 4, fl: 12 });
    }
    expect((await network.parameter('conv/weight')).shape).toEqual([3, 3, 1, 2]);
  });

  it('has a digest of its parameters alone, open or not', async () => {
    const network = await tiny();
    const digest = await network.digest();
    expect(digest).toMatch(/^[0-9a-f]{64}$/);
    await network.evaluate(tinyIterator(6, 4));
    expect(await network.digest()).toBe(digest);
    const bytes = ['conv/weight', 'conv/bias', 'fc/weight', 'fc/bias'].map(async (name) => {
      const { data } = await network.parameter(name);
      return [...data].flatMap((raw) => [raw & 0xff, (raw >> 8) & 0xff]);
    });
    const all = Uint8Array.from((await Promise.all(bytes)).flat());
    const hash = new Uint8Array(await globalThis.crypto.subtle.digest('SHA-256', all));
    expect(digest).toBe(Buffer.from(hash).toString('hex'));
  });

  it('loads what it saved, and refuses another network', async () => {
    const network = await tiny();
    await network.fit(tinyIterator(12, 4), { maxSteps: 2 });
    const bytes = await network.save();
    const loaded = await Network.load(bytes, { ...options, expected: tinyConfiguration() });
    expect(await loaded.save()).toEqual(bytes);
    await expect(
      Network.load(bytes, { ...options, expected: tinyConfiguration({ seed: 8 }) }),
    ).rejects.toThrow(
      'checkpoint of another network: seed is 7 in the checkpoint and 8 here; load it with its own configuration, or start afresh',
    );
  });

  it('counts nothing before the first session and everything after it', async () => {
    const network = await tiny();
    expect(await network.statistics()).toEqual([]);
    await network.fit(tinyIterator(12, 4));
    const counted = await network.statistics();
    expect(counted.find(({ site }) => site === 'fc/weight')).toMatchObject({ elements: 72 });
    expect((await network.statistics()).every(({ elements }) => elements === 0)).toBe(true);
  });

  it('refuses a second fit at the same time, bad counts, unknown parameters, and work after close', async () => {
    const network = await tiny();
    const running = network.fit(tinyIterator(12, 4));
    await expect(network.fit(tinyIterator(12, 4))).rejects.toThrow(
      new TypeError('fit: the network is being trained already; await the other fit first'),
    );
    await running;
    await expect(network.fit(tinyIterator(12, 4), { epochs: 1.5 })).rejects.toThrow(
      new RangeError('fit: epochs must be a whole number from 0, got 1.5'),
    );
    await expect(network.fit(tinyIterator(12, 4), { maxSteps: -1 })).rejects.toThrow(
      new RangeError('fit: maxSteps must be a whole number from 0, got -1'),
    );
    await expect(network.parameter('fc/wait')).rejects.toThrow(
      new RangeError(
        'network: there is no parameter "fc/wait"; choose one of conv/weight, conv/bias, fc/weight, fc/bias, conv/weight.update, conv/bias.update, fc/weight.update, fc/bias.update',
      ),
    );
    await network.close();
    await network.close();
    await expect(network.evaluate(tinyIterator(6, 4))).rejects.toThrow(
      new TypeError('network: it is closed; create or load another'),
    );
  });
});
