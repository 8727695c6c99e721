/** Reads the files that the house rules speak about. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** The repository. */
export const ROOT = join(import.meta.dirname, '../..');

/** Text of every source file by its path under `folder`, with forward slashes. */
export function readSources(folder: string): Map<string, string> {
  const paths = readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => /\.(ts|js|mjs)$/.test(path) && !path.includes('node_modules/'))
    .sort();
  return new Map(paths.map((path) => [path, readFileSync(join(ROOT, folder, path), 'utf8')]));
}
