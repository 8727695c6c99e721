/** `fit` and `evaluate` of a data set: one step of training, one whole evaluation. */
import { describe, expect, it } from 'vitest';
import { ArrayDataSetIterator, sliceExamples, StreamDataSetIterator } from '../../src/data/index.js';
import {
  CheckpointListener,
  MemoryCheckpointStore,
  Network,
  PerformanceListener,
  type TrainingWarning,
} from '../../src/train/index.js';
import { tinyConfiguration, tinyData, tinyIterator } from './support.js';

const options = { backend: 'reference' } as const;
const tiny = (): Promise<Network> => Network.create(tinyConfiguration(), options);

describe('fit(dataSet)', () => {
  it('in a loop over an iterator does the steps of fit(iterator), the small last one too', async () => {
    const whole = await tiny();
    await whole.fit(tinyIterator(10, 4, 1), { epochs: 1 });
    const loop = await tiny();
    // An evaluation before the first step opens a session with another batch.
    await loop.evaluate(tinyData(30));
    const iterator = tinyIterator(10, 4, 1);
    while (iterator.hasNext()) {
      expect(await loop.fit(iterator.next())).toEqual({ aborted: false, steps: 1, epochs: 0 });
    }
    expect(await loop.digest()).toBe(await whole.digest());
    expect([loop.step, loop.epoch, loop.iteratorPosition]).toEqual([3, 0, null]);
  });

  it('counts no epoch, so that the rate of the schedule stays, until an epoch of an iterator is done', async () => {
    const network = await tiny();
    const epochs: number[] = [];
    const listener = { iterationDone: (_: unknown, { epoch }: { epoch: number }) => void epochs.push(epoch) };
    await network.fit(tinyData(4), { listeners: [listener] });
    await network.fit(tinyIterator(8, 4), { listeners: [listener] });
    await network.fit(tinyData(4), { listeners: [listener] });
    expect(epochs).toEqual([0, 0, 0, 1]);
    expect(network.iteratorPosition).toEqual({ epoch: 1, cursor: 0 });
  });

  it('calls iterationDone alone', async () => {
    const store = new MemoryCheckpointStore();
    let time = 0;
    const lines: string[] = [];
    const seen: string[] = [];
    const listeners = [
      new CheckpointListener({ store, everySteps: 2 }),
      new PerformanceListener({ now: () => (time += 100), print: (line) => lines.push(line), everySteps: 2 }),
      {
        onFitStart: () => void seen.push('start'),
        onEpochStart: () => void seen.push('epoch'),
        iterationDone: () => void seen.push('step'),
        onEpochEnd: () => void seen.push('end'),
        onFitEnd: () => void seen.push('done'),
      },
    ];
    const network = await tiny();
    for (let i = 0; i < 3; i++) await network.fit(tinyData(4), { listeners });
    expect(seen).toEqual(['step', 'step', 'step']);
    expect(await store.list()).toEqual(['checkpoint-0000000002.safetensors']);
    expect(lines).toEqual(['step 2: 40 examples/s, 10.0 steps/s']);
  });

  it('divides by the batch that is asked for, and warns of a habit of small data sets', async () => {
    const warnings: TrainingWarning[] = [];
    const onWarning = (warning: TrainingWarning): void => void warnings.push(warning);
    const network = await tiny();
    await network.fit(tinyData(8), { onWarning });
    await network.fit(tinyData(2), { onWarning });
    expect(warnings).toEqual([]);
    await network.fit(tinyData(2), { batch: 2, onWarning });
    await network.fit(tinyData(2), { onWarning });
    expect(warnings).toEqual([]);
    await network.fit(tinyData(8), { onWarning });
    for (let i = 0; i < 3; i++) await network.fit(tinyData(2), { onWarning });
    expect(warnings.map(({ kind, message }) => [kind, message.split(';')[0]])).toEqual([
      [
        'batch',
        'batch: 2 examples are fewer than a batch of 8, by which a step divides their sum, so that every step is 4 times smaller than with a full batch',
      ],
    ]);
    const own = await tiny();
    await own.fit(tinyIterator(2, 2), { maxSteps: 1 });
    const asked = await tiny();
    await asked.fit(tinyData(2), { batch: 2 });
    expect(await asked.digest()).toBe(await own.digest());
  });

  it('does nothing if the signal is already aborted', async () => {
    const network = await tiny();
    expect(await network.fit(tinyData(4), { signal: AbortSignal.abort() })).toEqual({
      aborted: true,
      steps: 0,
      epochs: 0,
    });
    expect(network.step).toBe(0);
  });

  it('refuses what needs an iterator, and what is no data', async () => {
    const network = await tiny();
    await expect(network.fit(tinyData(4), { epochs: 2 })).rejects.toThrow(
      new TypeError(
        'fit: a data set is one step, so epochs has no meaning; leave it out, or pass an iterator',
      ),
    );
    await expect(network.fit(tinyIterator(8, 4), { batch: 4 })).rejects.toThrow(
      new TypeError('fit: an iterator has its own batch; leave batch out, or pass a data set'),
    );
    await expect(network.fit(tinyData(4), { batch: 3 })).rejects.toThrow(
      new RangeError('fit: batch must be a whole number from 4 (the examples of the data set), got 3'),
    );
    const wayOut = 'new ArrayDataSetIterator(dataSet, { batch: 100 }) makes an iterator';
    for (const [given, text] of [
      [[tinyData(4)], 'an array'],
      [new Float32Array(16), 'a Float32Array'],
      [{ features: [1] }, 'another object'],
      [undefined, 'undefined'],
    ] as const) {
      for (const call of ['fit', 'evaluate'] as const) {
        await expect(network[call](given as never)).rejects.toThrow(
          new TypeError(`${call}: data must be a DataSetIterator or a DataSet, got ${text}; ${wayOut}`),
        );
      }
    }
    const { labels } = tinyData(5);
    await expect(network.fit({ ...tinyData(4), labels })).rejects.toThrow(
      new RangeError('fit: every example needs one label, got 5 for 4'),
    );
  });

  it('refuses a batch of an iterator that is larger than the iterator says', async () => {
    const network = await tiny();
    const iterator = tinyIterator(8, 4);
    const odd = new Proxy(iterator, {
      get: (target, name) => {
        if (name === 'next') return () => target.next(8);
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    await expect(network.fit(odd)).rejects.toThrow(
      new RangeError('data: a batch must have at most 4 examples, got 8; hand out smaller ones'),
    );
  });
});

describe('evaluate(dataSet)', () => {
  it('is that of an iterator over it', async () => {
    const network = await tiny();
    const data = tinyData(30);
    const expected = (
      await network.evaluate(new ArrayDataSetIterator(data, { batch: 7 }), { topN: 2 })
    ).toJSON();
    expect((await network.evaluate(data, { topN: 2 })).toJSON()).toEqual(expected);
    await network.fit(sliceExamples(data, 0, 4));
    const stream = new StreamDataSetIterator([data], { batch: 4 });
    expect((await network.evaluate(data)).toJSON()).toEqual((await network.evaluate(stream)).toJSON());
  });
});
