/** The tarball that npm would publish, packed into a temporary folder. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { ROOT } from './sources.js';

interface Packed {
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

/**
 * The environment of npm as a person would run it, without the variables of `npm test` about its own package.
 */
export const environment = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => !/^npm_(package|lifecycle|config_(local_|global_)?prefix)/.test(name),
  ),
);

/** Packs; the folder is removed when the test file is done. */
export function pack(): {
  readonly folder: string;
  readonly tarball: string;
  readonly files: readonly string[];
} {
  const folder = mkdtempSync(join(tmpdir(), 'fewbit-package-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const output = execFileSync('npm', ['pack', '--json', '--pack-destination', folder], {
    cwd: ROOT,
    env: environment,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [packed] = JSON.parse(output) as [Packed];
  const files = packed.files.map((file) => file.path);
  return { folder, tarball: join(folder, packed.filename), files };
}
