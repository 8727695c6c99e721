import { execFileSync } from 'node:child_process';
import { mkdir, symlink, truncate, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { encode as encodePng } from 'fast-png';
import { describe, expect, test } from 'vitest';
import { cifarRecords, noteText } from '../../src/data/index.js';
import { dataDigest, loadData, loadExamples, type LoadOptions } from '../../src/data/node/index.js';
import { pngFile } from './images.js';
import { CIFAR10_LABELS } from '../../src/data/node/cifar10.js';
import { encodeIdx, range, rejection, temporaryFolder } from './support.js';

/** A folder with these files; `data:` errors name it, so it is returned. */
async function folderOf(files: Readonly<Record<string, string | Uint8Array>>): Promise<string> {
  const folder = await temporaryFolder();
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
  return folder;
}

const options: LoadOptions = { seed: 1, env: { FEWBIT_OFFLINE: '1', FEWBIT_CACHE: '/nonexistent' } };
const png = (value: number, channels: 1 | 3 = 1, width = 2): Uint8Array =>
  encodePng({ width, height: 1, channels, data: Uint8Array.from(range(width * channels), (i) => value + i) });

describe('IDX folders', () => {
  const images = encodeIdx([3, 2, 2], range(12));
  const labels = encodeIdx([3], [0, 2, 1]);
  const testImages = encodeIdx([1, 2, 2], [9, 8, 7, 6]);
  const testLabels = encodeIdx([1], [3]);

  test.each([
    ['-idx3-ubyte', '-idx1-ubyte', 't10k'],
    ['.idx3-ubyte', '.idx1-ubyte', 't10k'],
    ['-idx3-ubyte', '-idx1-ubyte', 'test'],
  ])('names with %s, %s, %s', async (three, one, held) => {
    const folder = await folderOf({
      [`train-images${three}`]: images,
      [`train-labels${one}`]: labels,
      [`${held}-images${three}`]: testImages,
      [`${held}-labels${one}`]: testLabels,
      'readme.txt': 'x',
    });
    const { train, test: part, source, normalizer } = await loadData(folder, options);
    expect([...train.features]).toEqual(range(12));
    expect([...train.labels]).toEqual([0, 2, 1]);
    expect([...part.features]).toEqual([9, 8, 7, 6]);
    // The test part knows class 3, so the training part has it too.
    expect([train.classes, part.classes]).toEqual([4, 4]);
    expect(train.shape).toEqual([2, 2, 1]);
    expect(source).toBe(`IDX files in ${folder}; noted: left out, files beside the IDX files (1)`);
    expect(normalizer).toBeUndefined();
  });

  test('gzip, a prefix, and a split without a test part', async () => {
    const folder = await folderOf({
      'emnist-letters-train-images-idx3-ubyte.gz': gzipSync(images),
      'emnist-letters-train-labels-idx1-ubyte.gz': gzipSync(labels),
    });
    const loaded = await loadData(folder, { ...options, testFraction: 1 / 3 });
    expect([loaded.train.count, loaded.test.count]).toEqual([2, 1]);
    expect(loaded.source).toBe(`IDX files in ${folder}; 1 of 3 examples held back for the test by seed`);
    const again = await loadData(folder, { ...options, testFraction: 1 / 3 });
    expect(again).toEqual(loaded);
    const others = await Promise.all(
      range(8).map((seed) => loadData(folder, { ...options, seed, testFraction: 1 / 3 })),
    );
    expect(new Set(others.map(({ digest }) => digest)).size).toBeGreaterThan(1);
  });

  test('an unpacked file goes before its .gz', async () => {
    const folder = await folderOf({
      'train-images-idx3-ubyte': images,
      'train-images-idx3-ubyte.gz': 'x',
      'train-labels-idx1-ubyte': labels,
    });
    expect((await loadData(folder, options)).train.shape).toEqual([2, 2, 1]);
  });

  const pair = { 'train-images-idx3-ubyte': images, 'train-labels-idx1-ubyte': labels };
  test.each([
    [
      'images for labels',
      { ...pair, 'train-labels-idx1-ubyte': images },
      'F/train-labels-idx1-ubyte: labels need 1 dimension, got 3 x 2 x 2',
    ],
    [
      'corrupt magic',
      { ...pair, 'train-images-idx3-ubyte': Uint8Array.of(9, 9, 9, 9) },
      'F/train-images-idx3-ubyte: IDX magic must be 0x00000801 to 0x00000804 (unsigned bytes, 1 to 4 dimensions), got 0x09090909',
    ],
    [
      'truncated',
      { ...pair, 'train-images-idx3-ubyte': images.subarray(0, 20) },
      'F/train-images-idx3-ubyte: the IDX header promises 3 x 2 x 2 = 12 bytes, got 4; the file is truncated',
    ],
    [
      'broken gzip',
      { ...pair, 'train-images-idx3-ubyte': gzipSync(images).subarray(0, 20) },
      'F/train-images-idx3-ubyte: must be a whole gzip file, got broken gzip data',
    ],
    [
      'gzip that holds more than its header promises',
      { ...pair, 'train-images-idx3-ubyte': gzipSync(Buffer.concat([images, Buffer.alloc(1 << 24)])) },
      `F/train-images-idx3-ubyte: the header promises ${images.length} bytes in all, got more; the file is damaged`,
    ],
    [
      'gzip whose header promises more images than there are labels',
      { ...pair, 'train-images-idx3-ubyte': gzipSync(encodeIdx([60000, 200, 200], [])) },
      `F/train-labels-idx1-ubyte: every image needs one label, got ${labels.length - 8} labels for the 60000 images of F/train-images-idx3-ubyte`,
    ],
    [
      'gzip whose header promises more than can be read',
      { ...pair, 'train-labels-idx1-ubyte': gzipSync(encodeIdx([65536, 65536], [])) },
      'F/train-labels-idx1-ubyte: unpacked, at most 2147483647 bytes are read, got 4294967308',
    ],
    [
      'no labels',
      { 'train-images-idx3-ubyte': images },
      'F: IDX images and labels go together, got no train labels; add train-labels-idx1-ubyte',
    ],
    [
      'no images',
      { ...pair, 't10k-labels-idx1-ubyte': labels },
      'F: IDX images and labels go together, got no test images; add test-images-idx3-ubyte',
    ],
    [
      'no training part',
      { 't10k-images-idx3-ubyte': images, 't10k-labels-idx1-ubyte': labels },
      'F: IDX images and labels go together, got no train images; add train-images-idx3-ubyte',
    ],
    [
      'two sets',
      { ...pair, 'test-train-images.idx3-ubyte': images },
      'F: one file of each kind is read, got test-train-images.idx3-ubyte and train-images-idx3-ubyte for train-images; keep one set of files in a folder',
    ],
  ])('%s', async (_, files, message) => {
    const folder = await folderOf(files);
    expect(await rejection(loadData(folder, options))).toBe(
      `DataError: ${message.replaceAll('F/', `${folder}/`).replace(/^F/, folder)}`,
    );
  });
});

describe('image folders', () => {
  test('train and test, classes by name, all grey', async () => {
    const folder = await folderOf({
      'train/dog/b.png': png(30),
      'train/dog/a.PNG': png(20),
      'train/cat/x.png': png(10, 3, 2).slice(),
      'train/.hidden/x.png': 'x',
      'train/cat/notes.txt': 'x',
      'test/dog/a.png': png(40),
    });
    const { train, test: part, source } = await loadData(folder, options);
    // One image has colour, so all get three channels.
    expect(train.shape).toEqual([1, 2, 3]);
    expect([...train.features]).toEqual([
      ...[10, 11, 12, 13, 14, 15],
      ...[20, 20, 20, 21, 21, 21],
      ...[30, 30, 30, 31, 31, 31],
    ]);
    expect([...train.labels]).toEqual([0, 1, 1]);
    expect(train.labelNames).toEqual(['cat', 'dog']);
    expect([...part.features]).toEqual([40, 40, 40, 41, 41, 41]);
    expect([...part.labels]).toEqual([1]);
    expect(part.classes).toBe(2);
    expect(source).toBe(
      `images in ${folder}; noted: left out, hidden (1), left out, not PNG or JPEG by name (.txt) (1)`,
    );
  });

  test('one folder is split; numbered classes are in the order of their numbers', async () => {
    const files = Object.fromEntries(range(12).map((i) => [`${i}/a.png`, png(10 * i)]));
    const folder = await folderOf(files);
    const { train, test: part } = await loadData(folder, { ...options, testFraction: 0.5 });
    expect(train.labelNames).toEqual(range(12).map(String));
    expect(train.shape).toEqual([1, 2, 1]);
    for (const { features, labels, count } of [train, part]) {
      expect(count).toBe(6);
      for (let i = 0; i < count; i++) expect(features[2 * i]).toBe(10 * labels[i]!);
    }
  });

  test('training images without a test folder are split', async () => {
    const folder = await folderOf({ 'train/a/1.png': png(1), 'train/b/1.png': png(2) });
    const { train, test: part } = await loadData(folder, { ...options, testFraction: 0.5 });
    expect([train.count, part.count]).toEqual([1, 1]);
  });

  const good = { 'train/a/1.png': png(1), 'train/b/1.png': png(2) };
  test.each([
    [
      'size mismatch',
      { ...good, 'train/b/2.png': png(1, 1, 3) },
      'F/train/b/2.png: all images must have one size, got 3 x 1 but F/train/a/1.png has 2 x 1',
    ],
    [
      'broken PNG',
      { ...good, 'train/b/1.png': png(2).subarray(0, 50) },
      'F/train/b/1.png: must be a readable PNG or JPEG image, got an error: ',
    ],
    [
      'broken JPEG',
      { ...good, 'train/b/1.jpg': Uint8Array.of(0xff, 0xd8, 0xff) },
      'F/train/b/1.jpg: must be a readable PNG or JPEG image, got an error: ',
    ],
    [
      'class without images',
      { ...good, 'train/c/1.txt': 'x' },
      'F/train/c: every class folder must hold PNG or JPEG images, got none but files such as 1.txt; fill it or remove it',
    ],
    [
      'unknown class in the test part',
      { ...good, 'test/c/1.png': png(1) },
      'F/test/c: the class must be one of a, b as in F/train, got "c"',
    ],
    [
      'no class in the test part',
      { ...good, 'test/x.txt': 'x' },
      'F/test: there must be a folder of images per class, got none',
    ],
  ])('%s', async (_, files, message) => {
    const folder = await folderOf(files);
    expect(await rejection(loadData(folder, options))).toContain(
      `DataError: ${message.replaceAll('F/', `${folder}/`)}`,
    );
  });

  test('reading stops when asked to', async () => {
    const folder = await folderOf(good);
    const signal = AbortSignal.abort(new Error('enough'));
    expect(await rejection(loadData(folder, { ...options, signal }))).toBe('Error: enough');
  });
});

describe('CSV', () => {
  test('one file is split and standardised on its training part', async () => {
    const rows = range(10).map((i) => `${i},${i % 2 === 0 ? 'even' : 'odd'}`);
    const folder = await folderOf({ 'numbers.csv': ['x,label', ...rows].join('\n') });
    const path = join(folder, 'numbers.csv');
    const { train, test: part, name, source, normalizer } = await loadData(path, options);
    expect([train.count, part.count]).toEqual([8, 2]);
    expect(train.features).toBeInstanceOf(Float32Array);
    expect(train.labelNames).toEqual(['even', 'odd']);
    expect(name).toBe('numbers.csv');
    expect(source).toBe(
      `CSV ${path}; 2 of 10 examples held back for the test by seed; features normalised (standardize) as fitted on the training part`,
    );
    // Undone, the normalised features are the numbers again, each with its own label.
    for (const { features, labels, count } of [train, part]) {
      for (let i = 0; i < count; i++) {
        const value = Math.round(features[i]! / normalizer!.scale[0]! + normalizer!.offset[0]!);
        expect(labels[i]).toBe(value & 1);
      }
    }
  });

  test('train.csv and test.csv, options, no or another normaliser', async () => {
    const folder = await folderOf({ 'train.csv': '1;0;5\n3;1;7\n', 'test.csv': '5;0;9\n' });
    const csv = { label: 1, delimiter: ';' };
    const plain = await loadData(folder, { ...options, csv, normalize: 'none' });
    expect(plain.train.features).toEqual(Float32Array.of(1, 5, 3, 7));
    expect(plain.test.features).toEqual(Float32Array.of(5, 9));
    expect(plain.test.classes).toBe(2);
    expect(plain.normalizer).toBeUndefined();
    expect(plain.source).toBe(`CSV ${join(folder, 'train.csv')} and ${join(folder, 'test.csv')}`);
    const scaled = await loadData(folder, { ...options, csv, normalize: 'minmax' });
    expect(scaled.train.features).toEqual(Float32Array.of(0, 0, 1, 1));
    expect(scaled.test.features).toEqual(Float32Array.of(2, 2));
    expect(scaled.digest).not.toBe(plain.digest);
  });

  test.each([
    [
      'NaN',
      'a,b\n1,0\nNaN,1',
      'F: line 3, column 1 ("a") must be a finite number (float32), got "NaN", a missing value; fill it in or remove the row',
    ],
    ['ragged', '1,2,0\n1,0', 'F: every row needs 3 cells as the first has, got 2 in line 2'],
    ['empty', '', 'F: a CSV needs at least one row, got none'],
    [
      'not text',
      Uint8Array.of(0x31, 0x2c, 0xff, 0x0a),
      'F: must be UTF-8 text: The encoded data was not valid for encoding utf-8 (ERR_ENCODING_INVALID_ENCODED_DATA)',
    ],
  ])('%s', async (_, text, message) => {
    const path = join(await folderOf({ 'data.csv': text }), 'data.csv');
    expect(await rejection(loadData(path, options))).toBe(`DataError: ${message.replace('F', path)}`);
  });

  test('two rows are one for each part', async () => {
    const { train, test: part } = await loadData(await folderOf({ 'train.csv': '1,0\n3,1' }), options);
    expect([train.count, part.count]).toEqual([1, 1]);
  });

  test('a single row cannot be split', async () => {
    const folder = await folderOf({ 'train.csv': '1,0' });
    expect(await rejection(loadData(folder, options))).toBe(
      'DataError: data: without a test part at least 2 examples are needed, got 1; give more, or a test part',
    );
  });
});

describe('examples for a trained network', () => {
  const rows = (first: number): string =>
    range(8)
      .map((i) => `${first + i},${i % 2},${i < 4 ? 'a' : 'b'}`)
      .join('\n');
  const home = { 'train.csv': `x,y,label\n${rows(0)}`, 'test.csv': `x,y,label\n${rows(3)}` };

  test('the same file gives the same examples, whatever lies beside it', async () => {
    const { test: own, schema } = await loadData(await folderOf(home), options);
    expect(schema).toMatchObject({
      ...{ kind: 'values', shape: [2], classes: 2, labelNames: ['a', 'b'] },
      ...{ columns: { features: ['x', 'y'], label: 'label' }, normalizer: { kind: 'standardize' } },
    });
    const away = await folderOf({ ...home, 'train.csv': `z,kind\n500,c` });
    const { examples, name, source } = await loadExamples(away, { ...options, schema });
    expect(examples).toEqual(own);
    expect(name).toBe(basename(away));
    expect(source).toBe(
      `CSV ${join(away, 'test.csv')}; all 8 examples; features normalised (standardize) as in the training`,
    );
  });

  test('all rows of a file, columns and classes by name', async () => {
    const { train, schema } = await loadData(await folderOf(home), options);
    const text = `label,y,x\n${rows(0)
      .split('\n')
      .map((row) => row.split(',').reverse().join())
      .join('\n')}`;
    const file = join(await folderOf({ 'fresh.csv': text }), 'fresh.csv');
    const { examples } = await loadExamples(file, { ...options, schema });
    expect(examples).toEqual(train);
  });

  test.each([
    [
      'x,y\n1,2',
      'there must be the label column "label" as in the training data, got no column label; the columns are "x", "y"',
    ],
    [
      '1,2,a',
      'there must be a header as in the training data, with the columns "x", "y", "label", got none; add it as the first row',
    ],
    [
      'x,z,label\n1,2,a',
      'the feature columns must be "x", "y" as in the training data, got "x", "z": no column "y", unknown column "z"',
    ],
    [
      'x,y,label\n1,2,c',
      'the classes must be "a", "b" as in the training data, got unknown class "c"; leave its examples out, or name the class as there',
    ],
  ])('%j is refused by name', async (text, message) => {
    const { schema } = await loadData(await folderOf(home), options);
    const file = join(await folderOf({ 'fresh.csv': text }), 'fresh.csv');
    expect(await rejection(loadExamples(file, { ...options, schema }))).toBe(
      `DataError: ${file}: ${message}`,
    );
  });

  test('images: classes by the names of their folders, grey as the training images are coloured', async () => {
    const colour = await folderOf({
      'train/cat/1.png': png(10, 3),
      'train/dog/1.png': png(20),
      'train/emu/1.png': png(30),
      'test/dog/1.png': png(40),
    });
    const { schema } = await loadData(colour, options);
    const other = await folderOf({ 'emu/1.png': png(50), 'dog/1.png': png(60) });
    const { examples, source } = await loadExamples(other, { ...options, schema });
    expect([...examples.labels]).toEqual([1, 2]);
    expect([examples.classes, examples.labelNames]).toEqual([3, ['cat', 'dog', 'emu']]);
    expect([...examples.features]).toEqual([60, 60, 60, 61, 61, 61, 50, 50, 50, 51, 51, 51]);
    expect(source).toBe(`images in ${other}; all 2 examples`);
    const held = await loadExamples(colour, { ...options, schema });
    expect([...held.examples.labels]).toEqual([1]);
    const odd = await folderOf({ 'elk/1.png': png(50) });
    expect(await rejection(loadExamples(odd, { ...options, schema }))).toBe(
      `DataError: ${odd}: the classes must be "cat", "dog", "emu" as in the training data, got unknown class "elk"; leave its examples out, or name the class as there`,
    );
    expect(await rejection(loadExamples(await folderOf(home), { ...options, schema }))).toMatch(
      'features must be pixels as in the training data, got real values (of a table, for example)',
    );
  });

  test('digits in folders are the classes of IDX labels', async () => {
    const idx = await folderOf({
      'train-images-idx3-ubyte': encodeIdx([4, 1, 2], range(8)),
      'train-labels-idx1-ubyte': encodeIdx([4], [0, 1, 2, 3]),
      't10k-images-idx3-ubyte': encodeIdx([2, 1, 2], [4, 5, 0, 1]),
      't10k-labels-idx1-ubyte': encodeIdx([2], [2, 0]),
    });
    const { schema } = await loadData(idx, options);
    const folders = await folderOf({ '3/1.png': png(1), '2/1.png': png(2) });
    expect([...(await loadExamples(folders, { ...options, schema })).examples.labels]).toEqual([2, 3]);
    const { examples, source } = await loadExamples(idx, { ...options, schema });
    expect([[...examples.labels], examples.classes]).toEqual([[2, 0], 4]);
    expect(source).toBe(`IDX files in ${idx}; the test part`);
  });

  test('a folder may have a test part alone', async () => {
    const table = await folderOf(home);
    const { schema, test: own } = await loadData(table, options);
    const alone = await folderOf({ 'test.csv': home['test.csv'] });
    expect((await loadExamples(alone, { ...options, schema })).examples).toEqual(own);

    const images = { 'train/a/1.png': png(1), 'train/b/1.png': png(2), 'test/b/1.png': png(3) };
    const loaded = await loadData(await folderOf(images), options);
    const held = await folderOf({ 'test/b/1.png': png(3) });
    expect((await loadExamples(held, { ...options, schema: loaded.schema })).examples).toEqual(loaded.test);

    const idx = {
      't10k-images-idx3-ubyte': encodeIdx([2, 1, 2], [4, 5, 0, 1]),
      't10k-labels-idx1-ubyte': encodeIdx([2], [1, 0]),
    };
    const { examples } = await loadExamples(await folderOf(idx), {
      ...options,
      schema: { kind: 'pixels', shape: [1, 2, 1], classes: 2 },
    });
    expect([...examples.labels]).toEqual([1, 0]);

    const cifar = await folderOf({ 'test_batch.bin': cifarRecords(new Uint8Array(3072), [7]) });
    const schemaOfCifar = { kind: 'pixels', shape: [32, 32, 3], classes: 10 } as const;
    const names = { ...schemaOfCifar, labelNames: CIFAR10_LABELS };
    expect([...(await loadExamples(cifar, { ...options, schema: names })).examples.labels]).toEqual([7]);
  });

  test('a named set: its test part', async () => {
    const { schema, test: own } = await loadData('synthetic', { seed: 5 });
    const { examples } = await loadExamples('synthetic', { seed: 5, schema });
    expect(dataDigest([examples])).toBe(dataDigest([own]));
  });
});

describe('CIFAR folders', () => {
  const records = (...labels: number[]): Uint8Array =>
    cifarRecords(Uint8Array.from(range(3072 * labels.length)), labels);

  test('all files, in the order of their numbers', async () => {
    const folder = await folderOf({
      'data_batch_10.bin': records(9),
      'data_batch_2.bin': records(2, 1),
      'test_batch.bin': records(7),
      'batches.meta.txt': 'airplane',
    });
    const { train, test: part, source } = await loadData(folder, options);
    expect([[...train.labels], [...part.labels]]).toEqual([[2, 1, 9], [7]]);
    expect([train.shape, train.classes, train.labelNames?.[9]]).toEqual([[32, 32, 3], 10, 'truck']);
    expect([...train.features.subarray(0, 3072)]).toEqual(range(3072).map((i) => i & 255));
    expect(source).toBe(`CIFAR files in ${folder}; noted: classes without an example (6)`);
  });

  test('a split without a test part', async () => {
    const folder = await folderOf({ 'data_batch_1.bin': records(0, 1, 2, 3, 4) });
    const { train, test: part } = await loadData(folder, options);
    expect([train.count, part.count]).toEqual([4, 1]);
  });

  test('a test part alone, a damaged file', async () => {
    const alone = await folderOf({ 'test_batch.bin': records(1) });
    expect(await rejection(loadData(alone, options))).toBe(
      `DataError: ${alone}: test_batch.bin needs training files, got none; add data_batch_1.bin ...`,
    );
    const damaged = await folderOf({ 'data_batch_1.bin': records(1).subarray(1) });
    expect(await rejection(loadData(damaged, options))).toBe(
      `DataError: ${join(damaged, 'data_batch_1.bin')}: must be whole records of 3073 bytes (a label and 32 x 32 x 3 pixels), got 3072 bytes`,
    );
  });
});

describe('notes', () => {
  const notesOf = async (files: Readonly<Record<string, string | Uint8Array>>): Promise<string[]> => {
    const folder = await folderOf(files);
    const { notes } = await loadData(folder, options);
    return notes.map((note) => noteText(note).replaceAll(`${folder}/`, ''));
  };
  const classes = { 'hen/1.png': png(1), 'owl/1.png': png(2), 'owl/2.png': png(3) };
  const parts = (train: string, test: string): Record<string, Uint8Array> => ({
    [`${train}/hen/1.png`]: png(1),
    [`${train}/owl/1.png`]: png(2),
    [`${test}/hen/1.png`]: png(3),
  });

  test('nothing to note', async () => {
    expect(await notesOf(classes)).toEqual([]);
    expect(await notesOf(parts('train', 'test'))).toEqual([]);
    expect((await loadData('synthetic', options)).notes).toEqual([]);
  });

  test('what a class folder holds besides its images, and what is beside the classes', async () => {
    expect(
      await notesOf({
        ...classes,
        'hen/2.webp': 'x',
        'hen/3.webp': 'x',
        'hen/4.bmp': 'x',
        'hen/5.jfif': 'x',
        'hen/notes': 'x',
        'hen/more/5.png': png(1),
        'hen/more/deep/6.png': png(1),
        'hen/.DS_Store': 'x',
        '__MACOSX/hen/._1.png': 'x',
        'readme.txt': 'x',
      }),
    ).toEqual([
      'left out, hidden: 2, first __MACOSX',
      'left out, files outside of a class folder: readme.txt',
      'left out, not PNG or JPEG by name (.webp): 2, first hen/2.webp; save it as PNG or JPEG',
      'left out, not PNG or JPEG by name (.bmp): hen/4.bmp; save it as PNG or JPEG',
      'left out, not PNG or JPEG by name (.jfif): hen/5.jfif; it is JPEG, so rename it to .jpg',
      'left out, not PNG or JPEG by name (no ending): hen/notes',
      'left out, inside a folder in a class folder: 2, first hen/more/5.png; a class is one folder without others',
    ]);
  });

  test('neither a file nor a folder', async () => {
    const folder = await folderOf(classes);
    await symlink(join(folder, 'nowhere'), join(folder, 'hen', 'x.png'));
    await symlink(join(folder, 'owl', '1.png'), join(folder, 'hen', 'y.png'));
    const { notes, train, test: part } = await loadData(folder, options);
    expect(notes.map(noteText)).toEqual([`left out, neither a file nor a folder: ${folder}/hen/x.png`]);
    expect(train.count + part.count).toBe(4);
  });

  test.each([
    ['training', 'testing', []],
    ['Train', 'Test', []],
    ['training_set', 'test-data', []],
    ['train', 'val', ['read as the test part: val']],
    ['train', 'Validation', ['read as the test part: Validation']],
  ])('the parts %s and %s', async (train, test, expected) => {
    const folder = await folderOf(parts(train, test));
    const loaded = await loadData(folder, options);
    expect([loaded.train.count, loaded.test.count]).toEqual([2, 1]);
    expect([...loaded.test.features]).toEqual([3, 4]);
    expect(loaded.notes.map((note) => noteText(note).replace(`${folder}/`, ''))).toEqual(expected);
  });

  test('a validation part beside a test part, other files and folders', async () => {
    const files = { ...parts('train', 'test'), 'val/hen/1.png': png(9), 'readme.txt': 'x', 'old/x.png': 'x' };
    expect(await notesOf(files)).toEqual([
      'left out, files beside train and test: readme.txt',
      'left out, folders beside train and test: 2, first old',
    ]);
  });

  test('tables: the validation part, other files', async () => {
    const table = 'h,label\n1,x\n3,y\n2,x\n4,y\n5,x\n';
    expect(await notesOf({ 'train.csv': table, 'valid.csv': table })).toEqual([
      'read as the test part: valid.csv',
    ]);
    expect(
      await notesOf({ 'Train.CSV': table, 'test.csv': table, 'sample.csv': table, 'valid.csv': table }),
    ).toEqual(['left out, files beside Train.CSV and test.csv: 2, first sample.csv']);
    expect(await notesOf({ 'train.tsv': table.replaceAll(',', '\t') })).toEqual([]);
    expect(await notesOf({ 'train.csv': `${table}\n\n`, 'test.csv': `\n${table}` })).toEqual([
      'blank lines left out: 3, first train.csv: line 7',
    ]);
  });

  test('images of one value throughout, such as white strokes on a transparent ground', async () => {
    const strokes = (alpha: number): Uint8Array =>
      pngFile({ width: 2, height: 1, colourType: 4 }, [0, 255, alpha, 255, 0]);
    expect(await notesOf({ 'x/1.png': strokes(255), 'x/2.png': strokes(99), 'y/1.png': strokes(1) })).toEqual(
      ['images of one value throughout: 3, first x/1.png; transparent pixels are laid over white'],
    );
  });

  test('what images say and is not obeyed', async () => {
    const linear = pngFile({ width: 2, height: 1 }, [0, 1, 2], [['gAMA', [0, 1, 0x86, 0xa0]]]);
    expect(await notesOf({ 'x/1.png': linear, 'x/2.png': png(1), 'y/1.png': linear })).toEqual([
      'images that name other colours than sRGB; their samples are read as stored: 2, first x/1.png',
    ]);
  });

  const idx = (labels: readonly number[]): Record<string, Uint8Array> => ({
    'train-images-idx3-ubyte': encodeIdx([labels.length, 1, 2], range(2 * labels.length)),
    'train-labels-idx1-ubyte': encodeIdx([labels.length], labels),
  });

  test('labels that begin at 1, a label alone', async () => {
    expect(await notesOf(idx([1, 2, 3, 3]))).toEqual([
      'classes without an example: 0; labels count from 0, so that labels 1 to 3 need a network of 4 outputs',
    ]);
    expect(await notesOf(idx([0, 2, 5, 5]))).toEqual([
      'classes without an example: 3, first 1; labels count from 0, so that labels 0 to 5 need a network of 6 outputs',
    ]);
    expect(await notesOf(idx([0, 0, 0]))).toEqual(['all examples have one label: 0']);
  });

  test('a table whose last column is no label', async () => {
    expect(await notesOf({ 'train.csv': 'a,b\n3,0\n5,0\n1,0' })).toEqual([
      'all examples have one label: 0; the label is the column called label or class, otherwise the last',
    ]);
  });

  test('class names that differ in case or spaces only', async () => {
    expect(
      await notesOf({ 'train.csv': 'a,label\n3,Cold\n5,warm\n1,cold\n2,very  warm\n4,very warm' }),
    ).toEqual([
      'classes whose names differ in case or spaces only: 2, first "Cold" and "cold"; write equal names if they are one class',
    ]);
  });

  test('other entries beside IDX files, also folders of their names', async () => {
    expect(
      await notesOf({
        ...idx([0, 1, 1]),
        'train-images-idx3-ubyte.gz': 'x',
        'val-images-idx3-ubyte': 'x',
        't10k-labels-idx1-ubyte/t10k-labels-idx1-ubyte': 'x',
      }),
    ).toEqual([
      'left out, files beside the IDX files: 2, first train-images-idx3-ubyte.gz',
      'left out, folders beside the IDX files: t10k-labels-idx1-ubyte',
    ]);
  });

  test('other files beside CIFAR files; those of its archive are no news', async () => {
    const records = cifarRecords(Uint8Array.from(range(30720)), range(10));
    expect(
      await notesOf({
        'data_batch_1.bin': records,
        'batches.meta.txt': 'x',
        'readme.html': 'x',
        'data_batch_2 (1).bin': records,
      }),
    ).toEqual(['left out, files beside the CIFAR files: data_batch_2 (1).bin']);
  });
});

describe('not what it is called', () => {
  const page = '<!DOCTYPE html><html><title>Forbidden</title></html>';
  const hint = 'it is a web page (HTML): fetch the file again';
  const refusal = async (
    files: Readonly<Record<string, string | Uint8Array>>,
    path = '',
  ): Promise<string> => {
    const folder = await folderOf(files);
    const message = await rejection(loadData(join(folder, path), options));
    return message.replaceAll(`${folder}/`, '').replaceAll(folder, 'F');
  };

  test.each([
    ['IDX', { 'train-images-idx3-ubyte': page, 'train-labels-idx1-ubyte': page }],
    ['IDX called .gz', { 'train-images-idx3-ubyte.gz': page, 'train-labels-idx1-ubyte.gz': page }],
    ['a packed page', { 'train-images-idx3-ubyte.gz': gzipSync(page), 'train-labels-idx1-ubyte': page }],
    ['CIFAR', { 'data_batch_1.bin': page }],
    ['an image', { 'a/1.png': page, 'b/1.png': page }],
  ])('a web page: %s', async (_, files) => {
    expect(await refusal(files)).toMatch(new RegExp(`^DataError: .*; ${hint.replace(/[()]/g, '\\$&')}$`));
  });

  test('a table: web page, archive, another encoding, another ending', async () => {
    expect(await refusal({ 't.csv': page }, 't.csv')).toBe(
      'DataError: t.csv: must be a table, got a web page (HTML); fetch the file again',
    );
    expect(await refusal({ 't.csv': gzipSync('a,b') }, 't.csv')).toMatch(
      /^DataError: t\.csv: must be UTF-8 text: .*; it is a gzip file: unpack it with gunzip first$/,
    );
    expect(await refusal({ 't.csv': Buffer.from('\uFEFFa,label\n1,x\n', 'utf16le') }, 't.csv')).toMatch(
      /; it is text in UTF-16: save it as UTF-8$/,
    );
    expect(await refusal({ 't.xlsx': 'PK\x03\x04' }, 't.xlsx')).toBe(
      'DataError: data: a file must be a .csv or .tsv, got "t.xlsx"; give the folder for IDX files or images; it is a ZIP archive (.zip, .xlsx, .npz): unpack it first',
    );
  });

  test('folders where files should be', async () => {
    const inner = 'train-images-idx3-ubyte';
    expect(await refusal({ [`${inner}/${inner}`]: 'x' })).toBe(
      `DataError: ${inner}: IDX data must be a file, got a folder; move the file in it up into F`,
    );
    expect(await refusal({ 'data_batch_1.bin/data_batch_1.bin': 'x' })).toBe(
      'DataError: data_batch_1.bin: CIFAR data must be a file, got a folder; move the file in it up into F',
    );
    expect(await refusal({ data_batch_1: 'x' })).toBe(
      'DataError: data_batch_1: the Python version of CIFAR is not read; fetch the binary version (data_batch_1.bin ...)',
    );
  });

  test('two folders for one part, parts without classes, one folder more', async () => {
    expect(await refusal({ 'train/a/1.png': png(1), 'Train/a/1.png': png(1) })).toBe(
      'DataError: F: there must be one train part, got Train and train; keep one of them',
    );
    expect(await refusal({ 'train/1.png': png(1), 'test/1.png': png(1) })).toBe(
      'DataError: F: test and train must hold a folder of images per class, got images; name the classes, train/<class>/*.png',
    );
    expect(await refusal({ 'birds/train/a/1.png': png(1) })).toMatch(
      /got none of these, but birds\/; are the data in birds\?$/,
    );
  });
});

describe('names and paths', () => {
  test('synthetic, with a digest that tells seeds apart', async () => {
    const loaded = await loadData('synthetic', { seed: 5 });
    expect([loaded.name, loaded.source]).toEqual(['synthetic', 'synthetic bars of seed 5']);
    expect(loaded.digest).toBe(dataDigest([loaded.train, loaded.test]));
    expect(loaded.digest).not.toBe((await loadData('synthetic', { seed: 6 })).digest);
  });

  test('unknown name, missing path', async () => {
    expect(await rejection(loadData('mnits', options))).toBe(
      `DataError: data: expected a name (mnist, cifar10, synthetic) or the path of a folder or CSV file, got "mnits" (no such file or directory)`,
    );
  });

  test('mnist without a network', async () => {
    expect(await rejection(loadData('mnist', options))).toBe(
      'DataError: mnist: must be in the cache /nonexistent/mnist while offline, got train-images-idx3-ubyte is missing; unset FEWBIT_OFFLINE, or put train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte into /nonexistent/mnist',
    );
  });

  test('an empty folder, a folder of something else, another file', async () => {
    const rule =
      'must hold IDX files (train-images-idx3-ubyte ...), CIFAR files (data_batch_1.bin ...), train.csv, or a folder of PNG or JPEG images per class, got';
    const empty = await folderOf({});
    expect(await rejection(loadData(empty, options))).toBe(
      `DataError: data: folder "${empty}" ${rule} an empty folder`,
    );
    const other = await folderOf({ 'notes/a.txt': 'x', 'train.json': '{}' });
    expect(await rejection(loadData(other, options))).toBe(
      `DataError: data: folder "${other}" ${rule} none of these, but notes/, train.json`,
    );
    const file = join(other, 'train.json');
    expect(await rejection(loadData(file, options))).toBe(
      `DataError: data: a file must be a .csv or .tsv, got "${file}"; give the folder for IDX files or images; it is JSON text: give a file of the expected kind`,
    );
  });

  test('what the file system refuses', async () => {
    // A folder at the path of a file: the same for root, unlike permissions.
    const folder = await folderOf({ 'train.csv/x': 'x' });
    expect(await rejection(loadData(folder, options))).toBe(
      `DataError: ${join(folder, 'train.csv')}: a table must be a file, got a folder`,
    );
  });

  test.runIf(process.platform !== 'win32')('a named pipe is not a file, and is not waited for', async () => {
    const folder = await temporaryFolder();
    for (const name of ['table.csv', 'pipe']) {
      const pipe = join(folder, name);
      execFileSync('mkfifo', [pipe]);
      expect(await rejection(loadData(pipe, options))).toBe(
        `DataError: ${pipe}: must be a file, got a named pipe; give the path of a file`,
      );
    }
    for (const name of ['train.csv', 'data_batch_1.bin', 'train-images-idx3-ubyte', 'cat/1.png']) {
      const other = await folderOf({ 'cat/0.txt': '' });
      execFileSync('mkfifo', [join(other, name)]);
      expect(await rejection(loadData(other, options))).toContain(
        `DataError: data: folder "${other}" must hold`,
      );
    }
  });

  test('a table of more bytes than a text can have is refused by its size', async () => {
    const folder = await folderOf({ 'train.csv': '' });
    await truncate(join(folder, 'train.csv'), 2 ** 40);
    expect(await rejection(loadData(folder, options))).toBe(
      `DataError: ${join(folder, 'train.csv')}: at most 500000000 bytes are read, got ${2 ** 40}; give a smaller file`,
    );
  });

  test('a seed is required', async () => {
    expect(await rejection(loadData('synthetic', {} as LoadOptions))).toMatch(
      /^TypeError: seed: a seed is required/,
    );
  });
});
