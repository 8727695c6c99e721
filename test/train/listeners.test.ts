import { describe, expect, it, vi } from 'vitest';
import {
  CheckpointListener,
  CollectScoresListener,
  EvaluativeListener,
  MemoryCheckpointStore,
  PerformanceListener,
  performanceLine,
  ScoreIterationListener,
  TensorStatisticsListener,
  type Iteration,
  type Performance,
  type StatisticsRecord,
} from '../../src/train/index.js';
import { Network } from '../../src/train/index.js';
import { tinyConfiguration, tinyIterator } from './support.js';

async function tiny(overrides = {}): Promise<Network> {
  return Network.create(tinyConfiguration(overrides), { backend: 'reference' });
}

describe('ScoreIterationListener', () => {
  it('prints iterations 0, 10, 20 ... with the score of the batch', async () => {
    const lines: string[] = [];
    const all: Iteration[] = [];
    const network = await tiny();
    await network.fit(tinyIterator(12, 4), {
      epochs: 7,
      listeners: [
        new ScoreIterationListener({ print: (line) => lines.push(line) }),
        { iterationDone: (_, iteration) => void all.push(iteration) },
      ],
    });
    expect(lines).toEqual(
      [0, 10, 20].map((step) => `Score at iteration ${step} is ${String(all[step]!.score)}`),
    );
  });

  it('gives print the line alone, and takes a number of steps as in Deeplearning4j', async () => {
    const print = vi.spyOn(console, 'log').mockImplementation(() => undefined);
    const own = vi.fn();
    await (
      await tiny()
    ).fit(tinyIterator(12, 4), {
      listeners: [
        new ScoreIterationListener({ print: own, everySteps: 2 }),
        new ScoreIterationListener(2),
        new ScoreIterationListener({ print: own, every: 2 }),
      ],
    });
    expect(print.mock.calls).toHaveLength(2);
    expect(print.mock.calls.every((line) => line.length === 1)).toBe(true);
    expect(own.mock.calls).toEqual(print.mock.calls.flatMap((line) => [line, line]));
    print.mockRestore();
  });

  it('refuses a period that is not a whole number', () => {
    for (const make of [
      () => new ScoreIterationListener({ everySteps: 0 }),
      () => new ScoreIterationListener(0),
    ]) {
      expect(make).toThrow(
        new RangeError('score listener: everySteps must be a whole number of at least 1, got 0'),
      );
    }
  });
});

describe('CollectScoresListener', () => {
  it('keeps the scores in order', async () => {
    const every = new CollectScoresListener();
    const third = new CollectScoresListener({ everySteps: 3 });
    await (await tiny()).fit(tinyIterator(10, 4), { epochs: 2, listeners: [every, third] });
    expect(every.scores.map(({ step, epoch }) => [step, epoch])).toEqual([
      [0, 0],
      [1, 0],
      [2, 0],
      [3, 1],
      [4, 1],
      [5, 1],
    ]);
    expect(third.scores).toEqual([every.scores[0], every.scores[3]]);
  });
});

describe('PerformanceListener', () => {
  it('measures the steps, not what happens between epochs, and foretells the end', async () => {
    let time = 1000;
    const reports: Performance[] = [];
    const lines: string[] = [];
    await (
      await tiny()
    ).fit(tinyIterator(10, 4), {
      epochs: 3,
      listeners: [
        { iterationDone: () => void (time += 100), onEpochEnd: () => void (time += 5000) },
        new PerformanceListener({
          now: () => time,
          print: (...line) => lines.push(...line),
          report: (performance) => reports.push(performance),
          everySteps: 4,
        }),
      ],
    });
    expect(reports).toEqual([
      { step: 3, stepsPerSecond: 10, examplesPerSecond: 35, etaSeconds: 0.5 },
      { step: 7, stepsPerSecond: 10, examplesPerSecond: 35, etaSeconds: 0.1 },
    ]);
    expect(lines).toEqual([
      'step 3: 35 examples/s, 10.0 steps/s, ETA 0:00:01',
      'step 7: 35 examples/s, 10.0 steps/s, ETA 0:00:01',
    ]);
  });

  it('waits for a clock that has not moved', async () => {
    let time = 0;
    const steps: number[] = [];
    await (
      await tiny()
    ).fit(tinyIterator(12, 4), {
      epochs: 2,
      listeners: [
        { iterationDone: (_, { step }) => void (time = step < 3 ? 0 : 50) },
        new PerformanceListener({
          now: () => time,
          print: () => undefined,
          report: ({ step }) => steps.push(step),
          everySteps: 1,
        }),
      ],
    });
    expect(steps).toEqual([3]);
  });

  it('writes hours, and leaves out what is not known', () => {
    const performance = { step: 9, stepsPerSecond: 12.34, examplesPerSecond: 1234.4, etaSeconds: 7322.5 };
    expect(performanceLine(performance)).toBe('step 9: 1234 examples/s, 12.3 steps/s, ETA 2:02:03');
    expect(performanceLine({ ...performance, etaSeconds: null })).toBe(
      'step 9: 1234 examples/s, 12.3 steps/s',
    );
  });
});

describe('EvaluativeListener', () => {
  it('evaluates after every n-th epoch or step, counted from the start of training', async () => {
    const seen: [string, number, number][] = [];
    const network = await tiny();
    const test = tinyIterator(9, 4);
    const listeners = [
      new EvaluativeListener({
        iterator: test,
        everyEpochs: 2,
        report: ({ examples }, model) => void seen.push(['epoch', model.epoch, examples]),
      }),
      new EvaluativeListener({
        iterator: test,
        everySteps: 5,
        topN: 2,
        report: ({ topN }, model) => void seen.push(['step', model.step, topN]),
      }),
    ];
    await network.fit(tinyIterator(12, 4), { epochs: 1, listeners });
    await network.fit(tinyIterator(12, 4), { epochs: 3, listeners });
    expect(seen).toEqual([
      ['step', 5, 2],
      ['epoch', 2, 9],
      ['step', 10, 2],
      ['epoch', 4, 9],
    ]);
  });
});

describe('TensorStatisticsListener', () => {
  it('reports the counts of every site since the previous record', async () => {
    const records: StatisticsRecord[] = [];
    const network = await tiny();
    await network.fit(tinyIterator(12, 4)); // belongs to no record
    await network.fit(tinyIterator(12, 4), {
      epochs: 2,
      listeners: [new TensorStatisticsListener({ report: (record) => void records.push(record) })],
    });
    expect(records.map(({ step, epoch }) => [step, epoch])).toEqual([
      [6, 2],
      [9, 3],
    ]);
    for (const { sites } of records) {
      const elements = Object.fromEntries(sites.map((site) => [site.site, site.elements]));
      // 3 steps: 8 x 3 weights each; 12 examples of 3 logits.
      expect(elements).toMatchObject({ 'fc/weight': 72, 'fc/weight.update': 72, 'fc/output': 36 });
    }
  });

  it('reports every n steps, and nothing but steps for float32', async () => {
    const records: StatisticsRecord[] = [];
    await (
      await tiny({ formats: 'float32' })
    ).fit(tinyIterator(12, 4), {
      listeners: [
        new TensorStatisticsListener({ everySteps: 2, report: (record) => void records.push(record) }),
      ],
    });
    expect(records).toEqual([{ step: 2, epoch: 0, sites: [] }]);
  });
});

describe('CheckpointListener', () => {
  it('writes every n steps and keeps the last k, older runs included', async () => {
    const store = new MemoryCheckpointStore();
    await store.write('notes.txt', new Uint8Array(1));
    await store.write('checkpoint-0000000001.safetensors', new Uint8Array(1));
    const network = await tiny();
    await network.fit(tinyIterator(12, 4), {
      epochs: 2,
      listeners: [new CheckpointListener({ store, everySteps: 2, keepLast: 2 })],
    });
    expect(await store.list()).toEqual([
      'notes.txt',
      'checkpoint-0000000004.safetensors',
      'checkpoint-0000000006.safetensors',
    ]);
    const loaded = await Network.load(store.read('checkpoint-0000000004.safetensors')!, {
      backend: 'reference',
    });
    expect([loaded.step, loaded.epoch, loaded.iteratorPosition]).toEqual([4, 1, { epoch: 1, cursor: 4 }]);
  });

  it('writes after every epoch, under one name if asked to', async () => {
    const store = new MemoryCheckpointStore();
    const writes: string[] = [];
    const network = await tiny();
    await network.fit(tinyIterator(12, 4), {
      epochs: 2,
      listeners: [
        new CheckpointListener({
          store: {
            write: async (name, bytes) => {
              writes.push(name);
              await store.write(name, bytes);
            },
            list: () => store.list(),
            remove: (name) => store.remove(name),
          },
          name: 'checkpoint.safetensors',
        }),
      ],
    });
    expect(writes).toEqual(['checkpoint.safetensors', 'checkpoint.safetensors']);
    const loaded = await Network.load(store.read('checkpoint.safetensors')!, { backend: 'reference' });
    expect(await loaded.digest()).toBe(await network.digest());
    expect([loaded.step, loaded.epoch, loaded.iteratorPosition]).toEqual([6, 2, { epoch: 2, cursor: 0 }]);
  });

  it('saves at the end of a fit that was aborted', async () => {
    const store = new MemoryCheckpointStore();
    const stop = new AbortController();
    await (
      await tiny()
    ).fit(tinyIterator(12, 4), {
      signal: stop.signal,
      listeners: [
        {
          iterationDone: (_, { step }) => {
            if (step === 1) stop.abort();
          },
        },
        new CheckpointListener({ store }),
      ],
    });
    expect(await store.list()).toEqual(['checkpoint-0000000002.safetensors']);
  });

  it('refuses what contradicts itself', () => {
    const store = new MemoryCheckpointStore();
    expect(() => new CheckpointListener({ store, name: 'a', keepLast: 2 })).toThrow(
      new TypeError('checkpoint listener: name keeps one file, so keepLast has no meaning; leave one out'),
    );
    expect(() => new CheckpointListener({ store, keepLast: 0 })).toThrow(
      new RangeError('checkpoint listener: keepLast must be a whole number of at least 1, got 0'),
    );
    expect(() => new CheckpointListener({ store, everySteps: 1.5 })).toThrow(
      new RangeError('checkpoint listener: everySteps must be a whole number of at least 1, got 1.5'),
    );
  });
});
