/** The folder that a study or an analysis writes its files into: new or empty, or --force. */
import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { UsageError } from '../console/errors.js';

/**
 * Checks the folder before any work is done. @throws UsageError if it is a file, or holds something and
 * `force` is not set.
 */
export function checkOutFolder(
  path: string,
  force: boolean,
  wayOut = 'choose another folder, or replace the files with --force',
): void {
  if (!existsSync(path)) return;
  if (!statSync(path).isDirectory()) {
    throw new UsageError(`--out ${path}: must be a folder, got a file; choose another name`);
  }
  const [first] = readdirSync(path);
  if (first === undefined || force) return;
  throw new UsageError(`--out ${path}: must be new or empty, but holds ${first}; ${wayOut}`);
}

/** Makes the folder. */
export function makeOutFolder(path: string): void {
  mkdirSync(path, { recursive: true });
}
