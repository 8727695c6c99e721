/** Small things that several data tests need. */
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { DataSet } from '../../src/data/index.js';

/** An IDX file of unsigned bytes. */
export function encodeIdx(dimensions: readonly number[], data: ArrayLike<number>): Uint8Array<ArrayBuffer> {
  const start = 4 + 4 * dimensions.length;
  const bytes = new Uint8Array(start + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0x0800 + dimensions.length);
  dimensions.forEach((size, axis) => {
    view.setUint32(4 + 4 * axis, size);
  });
  bytes.set(Array.from(data), start);
  return bytes;
}

/** Whole numbers from 0 to n - 1. */
export function range(n: number): number[] {
  return Array.from({ length: n }, (_, i) => i);
}

/** `count` examples of two pixels, (2 i, 2 i + 1) modulo 256, in three classes. */
export function pairs(count: number): DataSet {
  return {
    features: Uint8Array.from(range(2 * count)),
    labels: Int32Array.from(range(count), (i) => i % 3),
    count,
    shape: [2],
    classes: 3,
    labelNames: ['a', 'b', 'c'],
  };
}

/** An empty folder that goes away with the test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'fewbit-data-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A server on the loopback interface; the address ends in a slash. */
export async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

/** What a promise was rejected with, as `name: message`; fails if it was not. */
export async function rejection(promise: Promise<unknown>): Promise<string> {
  const outcome = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(outcome instanceof Error)) throw new Error('expected a rejection with an Error');
  return `${outcome.name}: ${outcome.message}`;
}

/** What a function threw, as `name: message`; fails if it did not throw. */
export function thrown(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof Error) return `${error.name}: ${error.message}`;
  }
  throw new Error('expected an Error to be thrown');
}
