/** A network knows its data: what it learnt from is kept, saved, and applied to all other data. */
import { beforeAll, describe, expect, it } from 'vitest';
import {
  applyNormalizer,
  ArrayDataSetIterator,
  csvDataSet,
  NormalizerStandardize,
  schemaOf,
  StreamDataSetIterator,
  type DataSchema,
  type DataSet,
} from '../../src/data/index.js';
import { decodeCheckpoint, encodeCheckpoint, Network, parseDataSchema } from '../../src/train/index.js';
import type { NetworkConfiguration } from '../../src/nn/index.js';
import { tinyData } from './support.js';

const configuration: NetworkConfiguration = {
  seed: 1,
  formats: { weight: '<4,12>', activation: '<6,10>' },
  weightInit: 'he-normal',
  optimizer: { kind: 'sgd', learningRate: 0.1, momentum: 0.9 },
  input: { size: 2 },
  layers: [{ type: 'dense', units: 2 }],
};

/** Volt decides the class; amp is large and does not matter. */
const rows = Array.from({ length: 60 }, (_, i) => ({
  volt: i % 8,
  amp: 900 + (i % 5),
  kind: i % 8 < 4 ? 'cold' : 'warm',
}));
const raw = csvDataSet(['volt,amp,label', ...rows.map((row) => Object.values(row).join())].join('\n'));
const train = new NormalizerStandardize().fit(raw).transform(raw);
const of = (data: DataSet): ArrayDataSetIterator => new ArrayDataSetIterator(data, { batch: 10 });

let network: Network;
let accuracy: number;
beforeAll(async () => {
  network = await Network.create(configuration, { threads: 1 });
  expect(network.dataSchema).toBeNull();
  await network.fit(new ArrayDataSetIterator(train, { batch: 10, shuffle: 1 }), { epochs: 20 });
  accuracy = (await network.evaluate(of(train))).accuracy();
  expect(accuracy).toBeGreaterThan(0.9);
});

describe('a trained network', () => {
  it('has the schema of its data, and its checkpoint too', async () => {
    expect(network.dataSchema).toEqual(schemaOf(train));
    const again = await Network.load(await network.save(), { threads: 1 });
    expect(again.dataSchema).toEqual(schemaOf(train));
    expect((await again.evaluate(of(raw))).accuracy()).toBe(accuracy);
    await again.close();
  });

  it('reads raw features, columns in another order and classes in another as its own', async () => {
    const text = ['label,amp,volt', ...rows.map(({ volt, amp, kind }) => [kind, amp, volt].join())].join(
      '\n',
    );
    const other = csvDataSet(text);
    expect((await network.evaluate(of(raw))).accuracy()).toBe(accuracy);
    expect((await network.evaluate(of(other))).accuracy()).toBe(accuracy);
    expect((await network.evaluate(new StreamDataSetIterator([other], { batch: 7 }))).accuracy()).toBe(
      accuracy,
    );
    expect(await network.score(other)).toBe(await network.score(train));
    expect(await network.output(other)).toEqual(await network.output(train));
    expect(await network.predict(other)).toEqual(await network.predict(train));
  });

  it('normalises features alone, which are raw', async () => {
    expect(await network.predict(raw.features)).toEqual(await network.predict(train));
    const [cold, warm] = await network.predict(Float32Array.of(1, 902, 7, 902));
    expect([cold, warm]).toEqual([0, 1]);
  });

  it('evaluates data that lack a class, with the names of all', async () => {
    const warm = csvDataSet('volt,amp,label\n7,902,warm\n6,901,warm\n');
    const evaluation = await network.evaluate(of(warm));
    expect([evaluation.accuracy(), evaluation.labelNames]).toEqual([1, ['cold', 'warm']]);
  });

  it('refuses by name what does not match', async () => {
    const hot = csvDataSet('volt,amp,label\n7,902,hot\n6,901,cold\n');
    const classes =
      'the classes must be "cold", "warm" as in the training data, got unknown class "hot"; leave its examples out, or name the class as there';
    await expect(network.evaluate(of(hot))).rejects.toThrow(`evaluate: ${classes}`);
    await expect(network.fit(of(hot))).rejects.toThrow(`fit: ${classes}`);
    await expect(network.predict(hot)).rejects.toThrow(`predict: ${classes}`);
    const ohm = csvDataSet('volt,ohm,label\n7,902,warm\n6,901,cold\n');
    await expect(network.score(ohm)).rejects.toThrow('score: the feature columns must be "volt", "amp"');
    await expect(network.predict(Uint8Array.of(1, 2))).rejects.toThrow(
      'predict: features must be real values (of a table, for example) as in the training data, got pixels',
    );
  });

  it('trains on with raw data as with normalised data, bit for bit', async () => {
    const digests = [];
    for (const data of [train, raw]) {
      const copy = await Network.load(await network.save(), { threads: 1 });
      await copy.fit(of(data));
      digests.push(await copy.digest());
      await copy.close();
    }
    expect(digests[1]).toBe(digests[0]);
  });

  it('takes data as they are where the schema is given up', async () => {
    const bytes = await network.save();
    const free = await Network.load(bytes, { threads: 1, dataSchema: null });
    const { normalizer, ...values } = train;
    expect((await free.evaluate(of(values))).accuracy()).toBe(accuracy);
    await free.fit(of(values));
    expect(free.dataSchema).toBeNull();
    // A file of an earlier version, and the schema from elsewhere.
    const { dataSchema: _lost, ...old } = await decodeCheckpoint(bytes);
    const given = await Network.load(await encodeCheckpoint(old), {
      threads: 1,
      dataSchema: schemaOf(train),
    });
    expect((await given.evaluate(of(raw))).accuracy()).toBe(accuracy);
    expect(applyNormalizer(normalizer!, raw)).toEqual(train);
    await Promise.all([free.close(), given.close()]);
  });
});

it('keeps what is not known unknown: a file of an earlier version, an iterator without a schema', async () => {
  const { dataSchema: _lost, ...old } = await decodeCheckpoint(await network.save());
  const loaded = await Network.load(await encodeCheckpoint(old), { threads: 1 });
  expect(loaded.dataSchema).toBeNull();
  // Such an iterator knows the names of its classes only.
  const { normalizer: _n, columns: _c, ...values } = train;
  const inner = of(values);
  const iterator = {
    ...{ batch: inner.batch, shape: inner.shape, classes: inner.classes, labelNames: ['warm', 'cold'] },
    resetSupported: false as const,
    hasNext: () => inner.hasNext(),
    next: (count?: number) => inner.next(count),
    reset: () => undefined,
    seek: () => undefined,
    position: inner.position,
  };
  // Its features are those of the training, its classes are the other way round.
  expect((await network.evaluate(iterator)).accuracy()).toBeCloseTo(1 - accuracy, 12);
  await loaded.close();
});

it('pixels keep their kind, and real values may stand for them', async () => {
  const data = tinyData(12);
  const settings: NetworkConfiguration = {
    ...configuration,
    input: { height: 4, width: 4, channels: 1 },
    layers: [{ type: 'dense', units: 3 }],
  };
  const pixels = await Network.create(settings, { threads: 1 });
  await pixels.fit(of(data));
  expect(pixels.dataSchema).toEqual({ kind: 'pixels', shape: [4, 4, 1], classes: 3 });
  const values = Float32Array.from(data.features, (pixel) => pixel / 255);
  expect(await pixels.predict(values)).toEqual(await pixels.predict(data.features));
  await expect(pixels.score({ ...data, features: values })).rejects.toThrow(
    'score: features must be pixels as in the training data, got real values',
  );
  const fitted = new NormalizerStandardize().fit(data);
  const normalized = await Network.create(settings, { threads: 1 });
  await normalized.fit(of(fitted.transform(data)));
  expect(await normalized.output(data)).toEqual(await normalized.output(fitted.transform(data)));
  expect(await normalized.output(data.features)).toEqual(await normalized.output(data));
  await Promise.all([pixels.close(), normalized.close()]);
});

describe('parseDataSchema', () => {
  const good = JSON.parse(JSON.stringify(schemaOf(train))) as DataSchema;

  it('takes what JSON has made of a schema', () => {
    expect(parseDataSchema({ ...good, digest: 'a'.repeat(64) }, 'x')).toEqual({
      ...good,
      digest: 'a'.repeat(64),
    });
  });

  it.each([
    [null, 'x: must be the schema of data, got a fault in the whole: '],
    [{ ...good, kind: 'words' }, 'x: must be the schema of data, got a fault in kind: '],
    [{ ...good, shape: [2, 2] }, 'x: must be the schema of data, got a fault in shape: '],
    [{ ...good, more: 1 }, 'x: must be the schema of data, got a fault in the whole: '],
    [{ ...good, classes: 0 }, 'x: must be the schema of data, got a fault in classes: '],
    [
      { ...good, normalizer: { ...good.normalizer, scale: [1, null] } },
      'x: must be the schema of data, got a fault in normalizer.scale.1: ',
    ],
    [{ ...good, labelNames: ['cold'] }, 'x: labelNames must have 2 entries, got 1'],
    [{ ...good, columns: { features: ['a'], label: 'b' } }, 'x: columns.features must have 2 entries, got 1'],
    [
      { ...good, normalizer: { ...good.normalizer, offset: [1] } },
      'x: normalizer.offset must have 2 entries, got 1',
    ],
  ])('refuses %j', (value, message) => {
    expect(() => parseDataSchema(value, 'x')).toThrow(message);
  });

  it('a network refuses what is not a schema, a checkpoint the schema of another network', async () => {
    const dataless = { kind: 'values', shape: [2] } as unknown as DataSchema;
    await expect(Network.create(configuration, { dataSchema: dataless })).rejects.toThrow(
      'network: dataSchema: must be the schema of data, got a fault in classes: ',
    );
    const checkpoint = await decodeCheckpoint(await network.save());
    const dataSchema: DataSchema = { kind: 'values', shape: [3], classes: 2 };
    await expect(decodeCheckpoint(await encodeCheckpoint({ ...checkpoint, dataSchema }))).rejects.toThrow(
      'checkpoint: "data" in the metadata: must be of the network\'s input [2] and 2 classes, got [3] and 2',
    );
  });
});
