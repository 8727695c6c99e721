/** Exports read back by other means: raw integers, formats, golden vectors, and what is refused. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { ArrayDataSetIterator, synthetic } from '../../src/data/index.js';
import {
  cFiles,
  goldenVectors,
  hexFiles,
  npzFiles,
  openSubject,
  safetensorsFiles,
  type ExportedFiles,
  type ExportSubject,
} from '../../src/export/index.js';
import { defineNetwork, type LayerConfiguration, type NetworkConfiguration } from '../../src/nn/index.js';
import { firstLargest, wordLength } from '../../src/numerics/index.js';
import { decodeSafetensors, Network } from '../../src/train/index.js';
import { tinyConfiguration, tinyData, tinyIterator } from '../train/support.js';
import { configuration, drawnData, drawnSubject, runC, temporaryFolder, writeFiles } from './support.js';
import { noCompiler } from '../support/compiler.js';

/** The bytes of a network after a few steps. */
async function trained(network: NetworkConfiguration): Promise<{ network: Network; bytes: Uint8Array }> {
  const made = await Network.create(network, { backend: 'reference' });
  await made.fit(tinyIterator(24, 8, 1), { epochs: 2 });
  return { network: made, bytes: await made.save() };
}

const NORMALISED = tinyConfiguration({
  layers: [
    { type: 'conv2d', name: 'conv', channels: 2, kernel: 3, padding: 1, bias: false },
    { type: 'batchNorm', name: 'norm', activation: 'relu' },
    { type: 'dense', name: 'fc', units: 3, formats: { weight: '<3,17>' } },
  ],
});

describe('a checkpoint', () => {
  it('is opened without what only training needs', async () => {
    const { network, bytes } = await trained(NORMALISED);
    const { tensors, step, plan } = await openSubject(bytes, { batch: 5 });
    expect(tensors.map(({ name }) => name)).toEqual([
      ...['conv/weight', 'norm/weight', 'norm/bias', 'fc/weight', 'fc/bias', 'norm/mean', 'norm/variance'],
    ]);
    for (const { name, data, format, shape } of tensors) {
      expect({ name, data, format, shape }).toEqual(await network.parameter(name));
    }
    expect({ step, batch: plan.batch }).toEqual({ step: 6, batch: 8 });
  });

  it('gives the logits of an evaluation, example by example', async () => {
    const { network, bytes } = await trained(tinyConfiguration());
    const data = tinyData(21, 9);
    const { logits, labels, count } = await goldenVectors(await openSubject(bytes, { batch: 8 }), {
      data,
      count: 21,
    });
    const evaluation = await network.evaluate(new ArrayDataSetIterator(data, { batch: 8 }));
    const predicted = await network.predict(data);
    expect(Array.from(predicted, (_, n) => firstLargest(logits.data, 3 * n, 3))).toEqual([...predicted]);
    const right = predicted.filter((one, n) => one === labels[n]).length;
    expect(right / count).toBe(evaluation.accuracy());
  });

  it('of a network without batch takes the batch of its run', async () => {
    const bytes = await (await Network.create(tinyConfiguration(), { backend: 'reference' })).save();
    expect((await openSubject(bytes, { batch: 7 })).plan.batch).toBe(7);
  });

  it('in a later stage of precision is exported in the formats of that stage', async () => {
    const precisionSchedule = [{ epoch: 1, formats: '<4,16>' }];
    const { bytes } = await trained(tinyConfiguration({ precisionSchedule }));
    const { tensors } = await openSubject(bytes, { batch: 8 });
    expect(tensors[0]!.format).toEqual({ il: 4, fl: 16 });
    expect(tensors[0]!.data).toBeInstanceOf(Int32Array);
  });

  it('can be rounded in another way', async () => {
    const { bytes } = await trained(tinyConfiguration());
    const { plan } = await openSubject(bytes, { batch: 8, rounding: 'floor' });
    const sites = plan.evaluate.flatMap((op) =>
      'convert' in op && op.convert ? [op.convert.rounding.mode] : [],
    );
    expect(sites).toEqual(['floor', 'floor']);
  });

  it('in float32 is refused', async () => {
    const { bytes } = await trained(tinyConfiguration({ formats: 'float32' }));
    await expect(openSubject(bytes, { batch: 8 })).rejects.toThrow(
      'export: a network must be in fixed point to be exported as integers, got "tiny" in float32; its checkpoint is a safetensors file of floats already',
    );
  });

  it('has as many golden vectors as there are examples, and of its shape', async () => {
    const subject = drawnSubject(NORMALISED, 4);
    const data = tinyData(6);
    for (const count of [0, 7, 1.5]) {
      await expect(goldenVectors(subject, { data, count })).rejects.toThrow(
        `export: vectors must be 1 to 6, the examples that there are, got ${count}`,
      );
    }
    await expect(
      goldenVectors(subject, { data: synthetic({ seed: 1, train: 1, test: 1 }).test, count: 1 }),
    ).rejects.toThrow("export: data must have the network's input shape");
  });
});

/** An export of a small network, of 16- and 32-bit tensors. */
async function exported(
  make: (subject: ExportSubject, golden: Awaited<ReturnType<typeof goldenVectors>>) => ExportedFiles,
) {
  const subject = drawnSubject(NORMALISED, 4);
  const golden = await goldenVectors(subject, {
    data: drawnData(subject, 6),
    count: 6,
    backend: 'reference',
  });
  return { subject, golden, files: make(subject, golden) };
}

const bytesOf = (files: ExportedFiles, name: string): Uint8Array => files.get(name) as Uint8Array;
const textOf = (files: ExportedFiles, name: string): string => files.get(name) as string;

it('safetensors has raw integers, with formats in the metadata', async () => {
  const { subject, golden, files } = await exported(safetensorsFiles);
  expect([...files.keys()]).toEqual(['tiny.safetensors', 'golden.safetensors']);
  const { metadata, tensors } = decodeSafetensors(bytesOf(files, 'tiny.safetensors'));
  expect(metadata).toMatchObject({ kind: 'fewbit-weights', seed: '7', step: '0' });
  expect(JSON.parse(metadata['formats']!)).toMatchObject({
    'conv/weight': '<4,12>',
    'fc/weight': '<3,17>',
    'norm/mean': '<6,26>',
  });
  expect(JSON.parse(metadata['network']!)).toEqual(NORMALISED);
  for (const { name, shape, data } of subject.tensors) expect(tensors.get(name)).toEqual({ shape, data });
  expect(tensors.size).toBe(subject.tensors.length);
  const vectors = decodeSafetensors(bytesOf(files, 'golden.safetensors'));
  expect(JSON.parse(vectors.metadata['formats']!)).toEqual({ input: '<6,10>', logits: '<6,10>' });
  expect(Object.fromEntries(vectors.tensors)).toEqual({
    input: { shape: [6, 4, 4, 1], data: golden.input.data },
    logits: { shape: [6, 3], data: golden.logits.data },
    labels: { shape: [6], data: golden.labels },
  });
});

describe('hex', () => {
  it('has the words of every tensor, a line each', async () => {
    const { subject, golden, files } = await exported(hexFiles);
    const about = JSON.parse(textOf(files, 'formats.json'));
    const parsed = (file: string, bits: number): number[] =>
      textOf(files, file)
        .trimEnd()
        .split('\n')
        .slice(1)
        .map((line) => {
          expect(line).toMatch(new RegExp(`^[0-9a-f]{${Math.ceil(bits / 4)}}$`));
          return Number(BigInt.asIntN(bits, BigInt(`0x${line}`)));
        });
    for (const [i, { name, data, format, shape }] of subject.tensors.entries()) {
      const entry = about.tensors[i];
      expect(entry).toMatchObject({ name, shape });
      expect(parsed(entry.in, wordLength(format))).toEqual([...data]);
    }
    expect(textOf(files, 'fc_weight.hex')).toMatch(/^\/\/ fc\/weight \[32, 3\] <3,17>\n/);
    expect(parsed(about.golden.input.in, 16)).toEqual([...golden.input.data]);
    expect(parsed(about.golden.logits.in, 16)).toEqual([...golden.logits.data]);
    expect(parsed(about.golden.labels.in, 16)).toEqual([...golden.labels]);
    expect(about.sites.map(({ site }: { site: string }) => site)).toEqual([
      'inference/conv/output',
      'inference/norm/output',
      'inference/fc/output',
    ]);
  });

  it('gives tensors with similar names separate files', async () => {
    const subject = drawnSubject(
      configuration(['a.b', 'a-b'].map((name) => ({ type: 'dense', name, units: 3 }))),
      4,
    );
    const golden = await goldenVectors(subject, {
      data: drawnData(subject, 1),
      count: 1,
      backend: 'reference',
    });
    expect([...hexFiles(subject, golden).keys()].filter((file) => file.startsWith('a_b'))).toEqual([
      ...['a_b_weight.hex', 'a_b_bias.hex', 'a_b_weight_2.hex', 'a_b_bias_2.hex'],
    ]);
  });
});

describe('npz', () => {
  const PYTHON = ['/usr/bin/python3', 'python3'].find(
    (python) => spawnSync(python, ['-c', 'import numpy']).status === 0,
  );

  beforeEach((context) =>
    context.skip(PYTHON === undefined, 'NumPy is not installed; apt-get install python3-numpy'),
  );

  it('is read by NumPy', async () => {
    const { subject, golden, files } = await exported(npzFiles);
    const folder = temporaryFolder();
    writeFiles(folder, files);
    const script = `
import json, numpy, sys, zipfile
print(json.dumps([
    {name: [str(a.dtype), list(a.shape), a.flatten().tolist()] for name, a in numpy.load(file).items()}
    for file in sys.argv[1:]
] + [[zipfile.ZipFile(file).testzip() for file in sys.argv[1:]]]))`;
    const { stdout, stderr } = spawnSync(
      PYTHON!,
      ['-c', script, join(folder, 'tiny.npz'), join(folder, 'golden.npz')],
      { encoding: 'utf8' },
    );
    expect(stderr).toBe('');
    const array = (data: Int16Array | Int32Array, shape: readonly number[]) => [
      data instanceof Int16Array ? 'int16' : 'int32',
      shape,
      [...data],
    ];
    expect(JSON.parse(stdout)).toEqual([
      Object.fromEntries(subject.tensors.map(({ name, data, shape }) => [name, array(data, shape)])),
      {
        input: array(golden.input.data, [6, 4, 4, 1]),
        logits: array(golden.logits.data, [6, 3]),
        labels: array(golden.labels, [6]),
      },
      [null, null],
    ]);
    expect(JSON.parse(textOf(files, 'formats.json')).tensors[0]).toEqual({
      ...{ name: 'conv/weight', in: 'tiny.npz', shape: [3, 3, 1, 2], format: '<4,12>', storage: 'int16' },
    });
  });
});

describe('c', () => {
  it('refuses a network that computes nothing', async () => {
    const nothing = drawnSubject(configuration([{ type: 'flatten' }], { input: { size: 4 } }), 2);
    const golden = await goldenVectors(nothing, {
      data: drawnData(nothing, 1),
      count: 1,
      backend: 'reference',
    });
    expect(() => cFiles(nothing, golden)).toThrow(
      'export: a network must compute something to be exported to C; add a layer',
    );
  });

  it('refuses a bias that is shifted out of 64 bits', async () => {
    const formats = {
      weight: '<2,14>',
      bias: '<26,-10>',
      activation: '<-24,40>',
      error: '<-4,20>',
      gradient: '<8,8>',
    };
    const dense = {
      type: 'dense',
      name: 'fc',
      units: 3,
      accumulator: { width: 40, overflow: 'wrap' },
    } as const;
    const subject = drawnSubject(configuration([dense], { formats: { ...formats, update: '<10,6>' } }), 2);
    const golden = await goldenVectors(subject, {
      data: drawnData(subject, 1),
      count: 1,
      backend: 'reference',
    });
    expect(() => cFiles(subject, golden)).toThrow(
      'fc/weight: a bias may be shifted by at most 62 bits in C, got 64; choose a bias format with more fraction bits',
    );
  });

  it('sums in 32 bits where the weights allow it', async () => {
    const layers: LayerConfiguration[] = [
      { type: 'dense', name: 'near', units: 3, activation: 'relu' },
      { type: 'dense', name: 'far', units: 3 },
    ];
    const sums = (weights: readonly number[]): string[] => {
      const subject = drawnSubject(configuration(layers, { input: { size: 2 } }), 2);
      for (const { name, data } of subject.tensors)
        data.set(name === 'far/weight' ? weights : data.map(() => 0));
      const golden = { labels: new Int32Array(1), count: 1, pixels: null } as const;
      const rows = { format: { il: 6, fl: 10 }, shape: [2], data: new Int16Array(2) };
      const { files } = cFiles(subject, { ...golden, input: rows, logits: rows });
      return [...textOf(files, 'net.c').matchAll(/(near|far): matmul.*; (\d\d)-bit sums/g)].map(
        (match) => match[2]!,
      );
    };
    // After a ReLU: 32768 times the larger of the sums of positive and of negative weights must be below 2^31.
    const weight = (...column: number[]): number[] => column.flatMap((raw) => [raw, 0, 0]);
    expect(sums(weight(32767, 32767, 1))).toEqual(['32', '32']);
    expect(sums(weight(32767, 32767, 2))).toEqual(['32', '64']);
    expect(sums(weight(32767, -32768, 32767))).toEqual(['32', '32']);
  });

  it('tells a wrong logit', async (context) => {
    context.skip(noCompiler !== undefined, noCompiler);
    const { files } = await exported((subject, golden) => {
      golden.logits.data[4]! ^= 1;
      return cFiles(subject, golden).files;
    });
    expect(runC(temporaryFolder(), files)).toMatch(/^5 of 6 identical\n/);
  });

  it('renames a network that has the name of a generated file', async () => {
    const subject = {
      ...drawnSubject(NORMALISED, 2),
      definition: defineNetwork({ ...NORMALISED, name: 'Main' }),
    };
    const golden = await goldenVectors(subject, {
      data: drawnData(subject, 1),
      count: 1,
      backend: 'reference',
    });
    expect([...cFiles(subject, golden).files.keys()]).toEqual([
      ...['main_2.h', 'main_2.c', 'main_2_weights.h', 'golden.h', 'main.c', 'Makefile'],
    ]);
  });
});
