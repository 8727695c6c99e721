/** A project of a user: a temporary copy of a folder that has the built package among its packages. */
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');

/**
 * Copies a folder into a new project, which is removed when the test file is done; returns the project's
 * path.
 */
export function userProject(folder: string): string {
  const project = mkdtempSync(join(tmpdir(), 'fewbit-project-'));
  afterAll(() => rmSync(project, { recursive: true, force: true }));
  cpSync(folder, project, { recursive: true });
  mkdirSync(join(project, 'node_modules'));
  symlinkSync(ROOT, join(project, 'node_modules/fewbit'));
  writeFileSync(join(project, 'package.json'), '{ "type": "module" }');
  return project;
}
