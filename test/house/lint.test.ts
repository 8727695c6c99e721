/**
 * The restrictions of eslint.config.js reach the files that they are meant for and no other: planted lines
 * are reported, each by its rule, and the same lines pass in files that allow them.
 */
import { ESLint, Linter } from 'eslint';
import { parser } from 'typescript-eslint';
import { expect, test } from 'vitest';
import { ROOT } from './sources.js';

const eslint = new ESLint({ cwd: ROOT });

/** Rules without types that the configuration has for a file, and what they say about a text. */
async function reports(file: string, text: string): Promise<string[]> {
  const config = (await eslint.calculateConfigForFile(file)) as { rules: Linter.RulesRecord };
  const rules = Object.fromEntries(
    Object.entries(config.rules).filter(([name]) => name.startsWith('no-restricted-')),
  );
  const messages = new Linter().verify(
    text,
    [{ files: ['**/*.ts'], languageOptions: { parser }, rules }],
    file,
  );
  return messages.map(({ ruleId, message }) => `${ruleId}: ${message}`);
}

const INTEGER_FILES = ['src/numerics/convert.ts', 'src/plan/builder.ts', 'src/backend/reference/matmul.ts'];
const FLOAT_FILES = ['src/numerics/float.ts', 'src/backend/reference/float-cell.ts'];
const PORTABLE_FILES = [
  'src/nn/network.ts',
  'src/train/fit.ts',
  'src/data/csv.ts',
  'src/backend/wasm/session.ts',
];
const HOST_FILES = [
  'src/backend/wasm/host-web.ts',
  'src/data/node/cache.ts',
  'src/experiment/store/run-folder.ts',
  'src/experiment/store/lock.ts',
];
const CLI_FILES = ['src/cli/main.ts'];

const cases: readonly [text: string, report: RegExp, where: readonly string[], notIn: readonly string[]][] = [
  ['const q = a / b;', /no divider/, INTEGER_FILES, [...FLOAT_FILES, ...PORTABLE_FILES]],
  ['a /= b;', /no divider/, INTEGER_FILES, [...FLOAT_FILES, ...PORTABLE_FILES]],
  ['const half = 0.5;', /no float literals/, INTEGER_FILES, [...FLOAT_FILES, ...PORTABLE_FILES]],
  ['const small = 1e-3;', /no float literals/, INTEGER_FILES, [...FLOAT_FILES, ...PORTABLE_FILES]],
  ['const root = Math.sqrt(x);', /no Math beyond imul, clz32, abs, min, max/, INTEGER_FILES, FLOAT_FILES],
  [
    'const e = Math.exp(x);',
    /no Math beyond|approximate/,
    [...INTEGER_FILES, ...PORTABLE_FILES],
    FLOAT_FILES,
  ],
  [
    'const r = Math.random();',
    /cannot be repeated/,
    [...PORTABLE_FILES, ...FLOAT_FILES, ...HOST_FILES, ...CLI_FILES],
    [],
  ],
  ['const t = Date.now();', /pass a clock in/, [...PORTABLE_FILES, ...HOST_FILES], CLI_FILES],
  [
    'console.log(1);',
    /environment stays in/,
    [...PORTABLE_FILES, ...INTEGER_FILES],
    [...HOST_FILES, ...CLI_FILES],
  ],
  ['globalThis.process.exit();', /environment stays in/, PORTABLE_FILES, [...HOST_FILES, ...CLI_FILES]],
  [
    `import fs from 'node:fs';`,
    /environment stays in/,
    [...PORTABLE_FILES, ...FLOAT_FILES],
    [...HOST_FILES, ...CLI_FILES],
  ],
  [`import fs from 'fs/promises';`, /environment stays in/, PORTABLE_FILES, [...HOST_FILES, ...CLI_FILES]],
  ['const n = 0x1e5 + 1_000 + Math.imul(a, b) % 7;', /./, [], [...INTEGER_FILES, ...FLOAT_FILES]],
];

const reported = cases.flatMap(([text, report, where]) => where.map((file) => ({ text, file, report })));
const allowed = cases.flatMap(([text, , , notIn]) => notIn.map((file) => ({ text, file })));

test.each(reported)('$text is reported in $file, once', async ({ text, file, report }) => {
  expect(await reports(file, text)).toEqual([expect.stringMatching(report)]);
});

test.each(allowed)('$text passes in $file', async ({ text, file }) => {
  expect(await reports(file, text)).toEqual([]);
});
