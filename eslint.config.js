/**
 * Lint: typescript-eslint's strict type-checked rules, plus the walls of the rooms as far as an editor can show
 * them (test/house holds them in full). Every restriction says why. AssemblyScript (assembly/, bench/limit.ts) is
 * another language: it is formatted by Prettier and checked by its own compiler.
 */
import { builtinModules } from 'node:module';
import js from '@eslint/js';
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';
import {
  APPROXIMATE_MATH,
  ENVIRONMENT_FILES,
  FLOAT_FILES,
  INTEGER_FILES,
  INTEGER_MATH,
} from './architecture.js';

const inSrc = (patterns) => patterns.map((pattern) => `src/${pattern}`);

const ENVIRONMENT_REASON =
  'the environment stays in cli, data/node, experiment/store, host and worker files, so that the rest runs anywhere';
const ENVIRONMENT_GLOBALS = [
  ...['process', 'console', 'Buffer', 'require', '__dirname', '__filename', 'performance'],
  ...['window', 'document', 'navigator', 'location', 'localStorage', 'fetch', 'Worker'],
  ...['setTimeout', 'setInterval', 'setImmediate', 'clearTimeout', 'requestAnimationFrame'],
];

const RANDOM = {
  selector: "MemberExpression[object.name='Math'][property.name='random']",
  message:
    'all randomness comes from the counter generator (docs/randomness.md): Math.random cannot be repeated.',
};
const approximateMath = {
  selector: `MemberExpression[object.name='Math'][property.name=/^(${APPROXIMATE_MATH.join('|')})$/]`,
  message:
    'ECMAScript leaves this function approximate, so engines differ; only float*.ts files may call it.',
};
const environmentThroughGlobalThis = {
  selector: `MemberExpression[object.name='globalThis'][property.name=/^(${[...ENVIRONMENT_GLOBALS, 'Date'].join('|')})$/]`,
  message: `${ENVIRONMENT_REASON}.`,
};
const INTEGERS_ONLY = [
  {
    selector: "BinaryExpression[operator='/'], AssignmentExpression[operator='/=']",
    message:
      'integer rooms have no divider: use shifts, or move a conversion from doubles to a float*.ts file.',
  },
  {
    selector: 'Literal[raw=/^([0-9_]*[.][0-9_]*(e[+-]?[0-9]+)?|[0-9_]+e[+-]?[0-9]+)$/i]',
    message: 'integer rooms have no float literals: their numbers are exact (float*.ts files excepted).',
  },
  {
    selector: `MemberExpression[object.name='Math'][property.name!=/^(${INTEGER_MATH.join('|')})$/]`,
    message: `integer rooms use no Math beyond ${INTEGER_MATH.join(', ')} (float*.ts files excepted).`,
  },
];

const noGlobals = (...names) => [
  'error',
  ...names.map((name) => ({ name, message: `${ENVIRONMENT_REASON}.` })),
];
const noDate = { name: 'Date', message: 'only the command line reads the clock; pass a clock in.' };

export default defineConfig(
  { ignores: ['dist/', 'build/', 'runs/', 'assembly/', 'bench/limit.ts', '**/*.generated.ts'] },
  js.configs.recommended,
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    name: 'typescript',
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: {
      parserOptions: { project: './tsconfig.test.json', tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      // Index reads in hot loops: `x[i]!` is checked by the loop's bounds and costs nothing.
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
      ],
      '@typescript-eslint/no-unnecessary-condition': [
        'error',
        { allowConstantLoopConditions: 'only-allowed-literals' },
      ],
      // Sessions and iterators are asynchronous by contract: `async` turns their throws into rejections.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { ignoreRestSiblings: true, argsIgnorePattern: '^_' }],
      eqeqeq: 'error',
      'no-var': 'error',
      'prefer-const': 'error',
    },
  },
  {
    name: 'rooms: everything in src',
    files: ['src/**'],
    rules: { 'no-restricted-syntax': ['error', RANDOM] },
  },
  {
    name: 'rooms: no environment, no clock, no approximate functions',
    files: ['src/**'],
    ignores: inSrc(ENVIRONMENT_FILES),
    rules: {
      'no-restricted-globals': [...noGlobals(...ENVIRONMENT_GLOBALS), noDate],
      'no-restricted-imports': [
        'error',
        {
          paths: builtinModules.map((name) => ({ name, message: `${ENVIRONMENT_REASON}.` })),
          patterns: [{ group: ['node:*'], message: `${ENVIRONMENT_REASON}.` }],
        },
      ],
      'no-restricted-syntax': ['error', RANDOM, environmentThroughGlobalThis, approximateMath],
    },
  },
  {
    name: 'rooms: the float32 loops and conversions',
    files: inSrc(FLOAT_FILES),
    rules: { 'no-restricted-syntax': ['error', RANDOM, environmentThroughGlobalThis] },
  },
  {
    name: 'rooms: no clock outside of cli',
    files: inSrc(ENVIRONMENT_FILES),
    ignores: ['src/cli/**'],
    rules: { 'no-restricted-globals': ['error', noDate] },
  },
  {
    name: 'rooms: integers only',
    files: inSrc(INTEGER_FILES),
    ignores: inSrc(FLOAT_FILES),
    rules: { 'no-restricted-syntax': ['error', RANDOM, environmentThroughGlobalThis, ...INTEGERS_ONLY] },
  },
  {
    name: 'tests and benchmarks: lighter',
    files: ['test/**/*.ts', 'bench/**/*.ts', '*.config.ts'],
    rules: {
      // Tests hand bad input over on purpose and read what JSON.parse gives.
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/no-unnecessary-condition': 'off',
      '@typescript-eslint/restrict-template-expressions': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  {
    name: 'plain JavaScript: scripts, configuration, worker entry files',
    files: ['**/*.js', '**/*.mjs'],
    extends: [tseslint.configs.disableTypeChecked],
    languageOptions: {
      globals: Object.fromEntries(
        [...ENVIRONMENT_GLOBALS, 'WebAssembly', 'Atomics', 'URL', 'Date', 'self', 'postMessage']
          .map((name) => [name, 'readonly'])
          .filter(([name]) => !['require', '__dirname', '__filename'].includes(name)),
      ),
    },
  },
);
