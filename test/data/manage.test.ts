import { mkdir, readdir, truncate, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  cacheFolder,
  getNamed,
  listNamed,
  loadData,
  removeNamed,
  verifyNamed,
  type FetchOptions,
} from '../../src/data/node/index.js';
import { MNIST } from '../../src/data/node/mnist.js';
import { rejection, temporaryFolder } from './support.js';

const env = { FEWBIT_OFFLINE: '1' };

/** A cache that seems to hold MNIST: files of the right sizes, empty ones that take no room. */
async function hollowCache(): Promise<FetchOptions & { cache: string; folder: string }> {
  const cache = await temporaryFolder();
  const folder = join(cache, 'mnist');
  await mkdir(folder);
  for (const { name, sizeBytes } of MNIST.files) {
    await writeFile(join(folder, name), '');
    await truncate(join(folder, name), sizeBytes);
  }
  return { cache, folder, env };
}

describe('cacheFolder', () => {
  test.each([
    [{ FEWBIT_CACHE: '/a', XDG_CACHE_HOME: '/b', HOME: '/c' }, '/a'],
    [{ FEWBIT_CACHE: '', XDG_CACHE_HOME: '/b', HOME: '/c' }, '/b/fewbit'],
    [{ XDG_CACHE_HOME: 'relative', HOME: '/c' }, '/c/.cache/fewbit'],
    [{ HOME: '/c' }, '/c/.cache/fewbit'],
    [{}, join(homedir(), '.cache/fewbit')],
    [{ FEWBIT_CACHE: 'here' }, join(process.cwd(), 'here')],
  ])('%o', (environment, folder) => {
    expect(cacheFolder(environment)).toBe(folder);
  });
});

describe('data get, list, rm, verify', () => {
  test('list tells what is there', async () => {
    const { folder, ...options } = await hollowCache();
    const entry = {
      name: 'mnist',
      description: 'handwritten digits, 60,000 + 10,000 images of 28 x 28 x 1 in 10 classes',
      folder,
      sizeBytes: 54_950_048,
    };
    const cifar10 = {
      name: 'cifar10',
      description: 'photographs, 50,000 + 10,000 images of 32 x 32 x 3 in 10 classes',
      folder: join(options.cache, 'cifar10'),
      sizeBytes: 184_380_000,
      present: false,
    };
    expect(await listNamed(options)).toEqual([{ ...entry, present: true }, cifar10]);
    await truncate(join(folder, 'train-labels-idx1-ubyte'), 5);
    const cut = [{ ...entry, present: false }, cifar10];
    expect(await listNamed(options)).toEqual(cut);
    expect(await listNamed({ env: { FEWBIT_CACHE: options.cache } })).toEqual(cut);
  });

  test('get and load trust a file in the cache by its checksum, not by its size', async () => {
    const { folder, ...options } = await hollowCache();
    const message = `DataError: mnist: the cache ${folder} is damaged: train-images-idx3-ubyte must have MD5 6bbc9ace898e44ae57da46a324031adb, got a6628d7fea815bec69f670a11be7e1f8; remove it with "fewbit data rm mnist" and fetch it again with "fewbit data get mnist"`;
    expect(await rejection(getNamed('mnist', options))).toBe(message);
    expect(await rejection(loadData('mnist', { ...options, seed: 1 }))).toBe(message);
  });

  test('verify compares checksums, file by file', async () => {
    const { folder, ...options } = await hollowCache();
    await truncate(join(folder, 't10k-labels-idx1-ubyte'), 5);
    const { ok, files } = await verifyNamed('mnist', options);
    expect(ok).toBe(false);
    expect(files.map(({ problem }) => problem)).toEqual([
      'train-images-idx3-ubyte must have MD5 6bbc9ace898e44ae57da46a324031adb, got a6628d7fea815bec69f670a11be7e1f8',
      'train-labels-idx1-ubyte must have MD5 a25bea736e30d166cdddb491f175f624, got 6070aa0b16a9b01794abaf6f19f88cc5',
      't10k-images-idx3-ubyte must have MD5 2646ac647ad5339dbf082846283269ea, got a637b1af8fcf5fd1ed30eb9f216e8385',
      't10k-labels-idx1-ubyte must have 10008 bytes, got 5',
    ]);
  });

  test('rm removes the files of the set, and the folder only if nothing else is in it', async () => {
    const { folder, ...options } = await hollowCache();
    await writeFile(join(folder, 'mine'), 'x');
    const names = MNIST.files.map(({ name }) => name);
    expect((await removeNamed('mnist', options)).removed).toEqual(names);
    expect(await readdir(folder)).toEqual(['mine']);
    expect(await removeNamed('mnist', options)).toEqual({
      name: 'mnist',
      folder,
      removed: [],
    });
    const other = await hollowCache();
    await removeNamed('mnist', { cache: other.cache, env });
    expect(await readdir(other.cache)).toEqual([]);
  });

  test('rm removes what an interrupted fetch has left for the next one, too', async () => {
    const cache = await temporaryFolder();
    await mkdir(join(cache, 'cifar10'));
    await writeFile(join(cache, 'cifar10', 'cifar-10-binary.tar.gz.part'), 'x');
    expect(await removeNamed('cifar10', { cache })).toMatchObject({
      removed: ['cifar-10-binary.tar.gz.part'],
    });
    expect(await readdir(cache)).toEqual([]);
  });

  test('rm reports what it cannot remove', async () => {
    const { folder, ...options } = await hollowCache();
    await removeNamed('mnist', options);
    const inTheWay = join(folder, 'train-images-idx3-ubyte');
    await mkdir(inTheWay, { recursive: true });
    expect(await rejection(removeNamed('mnist', options))).toMatch(
      `DataError: data: cannot remove ${inTheWay}: `,
    );
  });

  test('an unknown name, and no network', async () => {
    const cache = await temporaryFolder();
    const message = 'DataError: data: the name must be one of mnist, cifar10, got "cifar"';
    expect(await rejection(getNamed('cifar', { cache }))).toBe(message);
    expect(await rejection(removeNamed('cifar', { cache }))).toBe(message);
    expect(await rejection(verifyNamed('cifar', { cache }))).toBe(message);
    expect(await rejection(getNamed('mnist', { cache, env }))).toMatch(
      /^DataError: mnist: must be in the cache/,
    );
    expect(await readdir(cache)).toEqual([]);
  });
});
