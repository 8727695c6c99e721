/** The fingerprint of loaded data, for run records: two runs with one digest have learnt from the same bytes. */
import { checkArgument, listOf, record } from '../../numerics/arguments.js';
import { createHash } from 'node:crypto';
import { checkDataSet, type DataSet } from '../index.js';

/** SHA-256, in hexadecimal, over shape, classes, features and labels of all parts in order. */
export function dataDigest(parts: readonly DataSet[]): string {
  checkArgument('data digest', parts, listOf(record('a data set')));
  for (const part of parts) checkDataSet(part);
  const hash = createHash('sha256');
  for (const { shape, classes, count, features, labels } of parts) {
    const kind = features instanceof Uint8Array ? 'uint8' : 'float32';
    hash.update(JSON.stringify({ kind, count, shape, classes }));
    hash.update(bytesOf(features)).update(bytesOf(labels));
  }
  return hash.digest('hex');
}

function bytesOf(array: Uint8Array | Float32Array | Int32Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}
