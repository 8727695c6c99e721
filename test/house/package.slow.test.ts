/**
 * What npm publishes, installed: the tarball installs into an empty project, type-checks there without Node's types, and
 * its entries and its command run. Skipped if the registry cannot be reached.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { environment, pack } from './packed.js';
import { ROOT } from './sources.js';

const MINUTES = 60_000;

interface Manifest {
  readonly version: string;
  readonly exports: Readonly<Record<string, unknown>>;
}

const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Manifest;
const entries = Object.keys(manifest.exports)
  .filter((path) => path !== './package.json')
  .map((path) => `fewbit${path.slice(1)}`);

const { folder, tarball } = pack();
const project = join(folder, 'project');
mkdirSync(project);
writeFileSync(join(project, 'package.json'), '{ "private": true, "type": "module" }');

describe('in an empty project', () => {
  let unreachable: string | undefined;

  beforeAll(() => {
    const { status, stderr } = spawnSync(
      'npm',
      ['install', '--no-audit', '--no-fund', '--prefer-offline', '--prefix', project, tarball],
      { cwd: project, env: environment, encoding: 'utf8', timeout: 2 * MINUTES },
    );
    if (status === 0) return;
    const network = /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH)\b/.exec(
      stderr,
    )?.[0];
    if (network === undefined && status !== null) throw new Error(`npm install failed:\n${stderr}`);
    unreachable = `the npm registry cannot be reached (${network ?? 'no answer in 2 minutes'})`;
  }, 3 * MINUTES);

  beforeEach(({ skip }) => {
    skip(unreachable !== undefined, unreachable);
  });

  /** Runs the installed command as a person would. */
  function fewbit(...args: string[]): { status: number | null; stdout: string; stderr: string } {
    return spawnSync('npx', ['--no-install', 'fewbit', ...args], {
      cwd: project,
      env: environment,
      encoding: 'utf8',
    });
  }

  test.each(entries)('%s can be imported', (entry) => {
    const script = `console.log(Object.keys(await import('${entry}')).length)`;
    const output = execFileSync(process.execPath, ['--input-type=module', '--eval', script], {
      cwd: project,
      encoding: 'utf8',
    });
    // An entry of types alone has no names at run time; there is none.
    expect(Number(output)).toBeGreaterThan(0);
  });

  test('the types stand on their own: strict, every library checked, Node unknown outside of its entries', () => {
    const portable = entries.filter((entry) => !['fewbit/data/node', 'fewbit/experiment'].includes(entry));
    const consumer = join(project, 'consumer.ts');
    writeFileSync(consumer, portable.map((entry, i) => `export * as entry${i} from '${entry}';\n`).join(''));
    const program = ts.createProgram([consumer], {
      module: ts.ModuleKind.NodeNext,
      target: ts.ScriptTarget.ES2022,
      lib: ['lib.es2022.d.ts', 'lib.dom.d.ts'],
      types: [],
      strict: true,
      skipDefaultLibCheck: true,
      noEmit: true,
    });
    const errors = ts.getPreEmitDiagnostics(program).map(({ file, messageText }) => {
      return `${file?.fileName ?? ''}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
    });
    expect(errors).toEqual([]);
  });

  test('the command lists its commands', () => {
    const { status, stdout } = fewbit('--help');
    expect(status).toBe(0);
    for (const command of ['train', 'compare', 'eval', 'convert', 'plan', 'data', 'info']) {
      expect(stdout).toMatch(new RegExp(`^ +${command}\\b`, 'm'));
    }
    expect(fewbit('--version').stdout.trim()).toBe(manifest.version);
  });

  test('the command converts a number', () => {
    const { status, stdout } = fewbit(
      'convert',
      '0.1234',
      '--format',
      '2.14',
      '--rounding',
      'nearest',
      '--seed',
      '1',
    );
    expect(status).toBe(0);
    // 0.1234 * 2^14 = 2021.8
    expect(stdout).toMatch(/\b2022\b/);
  });

  test('the command trains, kernels and threads included', () => {
    const args = [
      'train',
      'lenet',
      '--data',
      'synthetic',
      '--steps',
      '2',
      '--threads',
      '2',
      '--seed',
      '1',
      '--json',
    ];
    const { status, stdout, stderr } = spawnSync(
      join(project, 'node_modules/.bin/fewbit'),
      [...args, '--out', join(folder, 'run')],
      { cwd: project, encoding: 'utf8' },
    );
    expect([status, stderr]).toEqual([0, '']);
    const last = JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
    expect(last).toMatchObject({ event: 'done', steps: 2, digest: expect.stringMatching(/^[0-9a-f]{64}$/) });
  });
});
