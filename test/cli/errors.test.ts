/** The exit code follows from the class of an error: 2 if the user can mend it, 1 for a fault of ours. Words decide nothing. */
import { existsSync, mkdirSync, readdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CommanderError } from 'commander';
import { describe, expect, it } from 'vitest';
import { UnsupportedError } from '../../src/backend/index.js';
import { errorLine, EXIT, exitCodeOf, UsageError } from '../../src/cli/console/errors.js';
import { learningRateOf, seedOf, wholeNumber } from '../../src/cli/options/numbers.js';
import { durationText, grouped, sizeText } from '../../src/cli/console/terminal.js';
import { DataError } from '../../src/data/index.js';
import { ConfigurationError, RunFolderError } from '../../src/experiment/index.js';
import { FewbitError, InputError, InputTypeError, parseFormat } from '../../src/numerics/index.js';
import { ShapeError } from '../../src/plan/index.js';
import { cli, temporaryFolder } from './support.js';

/** What is thrown by a function. */
function thrown(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

function throwing(error: unknown): never {
  throw error;
}

/** Every class that a user can mend. */
const KNOWN: readonly (new (message: string) => Error)[] = [
  FewbitError,
  InputError,
  InputTypeError,
  ShapeError,
  UnsupportedError,
  DataError,
  ConfigurationError,
  RunFolderError,
  UsageError,
];

describe('an error of a known class', () => {
  it.each(KNOWN.map((kind) => [kind.name, kind] as const))('%s ends with exit code 2', (_, kind) => {
    expect(exitCodeOf(new kind('format: must be 2 to 32 bits, got 40'))).toBe(EXIT.known);
  });

  it.each(KNOWN.map((kind) => [kind.name, kind] as const))('%s does so with any message', (_, kind) => {
    for (const text of ['', 'Cannot be', 'The format is too wide', 'two\nlines: x', 'internal: no']) {
      expect(exitCodeOf(new kind(text))).toBe(EXIT.known);
    }
  });

  it('is still a RangeError for a wrong value, a TypeError for a wrong kind', () => {
    expect(thrown(() => parseFormat('2.40'))).toBeInstanceOf(RangeError);
    expect(thrown(() => parseFormat('2.40'))).toBeInstanceOf(InputError);
    expect(thrown(() => parseFormat('x'))).toBeInstanceOf(TypeError);
    expect(thrown(() => parseFormat('x'))).toBeInstanceOf(InputTypeError);
  });

  it('is one of commander, too', () => {
    expect(exitCodeOf(new CommanderError(1, 'commander.unknownOption', 'error: unknown option'))).toBe(2);
  });
});

describe('what the system refuses', () => {
  it('ends with exit code 2, in one line that names call, path and reason', () => {
    const file = fileURLToPath(import.meta.url);
    const cases: readonly (readonly [() => unknown, string])[] = [
      [() => readFileSync('/no/such/file'), 'cannot open /no/such/file: no such file or directory'],
      [() => mkdirSync(`${file}/new`), `cannot create ${file}/new: not a directory`],
      [() => readdirSync(file), `cannot read ${file}: not a directory`],
      [() => unlinkSync('/no/such/file'), 'cannot remove /no/such/file: no such file or directory'],
    ];
    for (const [work, line] of cases) {
      const error = thrown(work);
      expect(exitCodeOf(error)).toBe(EXIT.known);
      expect(errorLine(error)).toBe(line);
    }
  });

  it('is recognised by its code, not by the message', () => {
    const full = Object.assign(new Error('x'), { code: 'ENOSPC', errno: -28, syscall: 'write' });
    expect(exitCodeOf(full)).toBe(EXIT.known);
    expect(errorLine(full)).toBe('cannot write: no space left on device');
  });
});

describe('a fault of ours', () => {
  it.each([
    ['a missing property', () => (undefined as unknown as { a: number }).a],
    ['no function', () => (3 as unknown as () => void)()],
    ['an array length', () => new Array(-1)],
    ['a typed array length', () => new Float64Array(-5)],
    ['an argument of Node', () => existsSync.call(null, '') || readFileSync({} as string)],
    ['digits', () => (1).toFixed(101)],
    ['an offset', () => new Int32Array(2).set([1, 2, 3], 1)],
    ['a broken invariant', () => throwing(new Error('internal: advise: nothing was verified'))],
    ['a plain error that reads like a rule', () => throwing(new Error('format: must be 2, got 3'))],
    ['an engine error that reads like one', () => throwing(new RangeError('format: must be 2, got 3'))],
    ['something else thrown', () => throwing('format: must be 2, got 3')],
  ])('ends with exit code 1: %s', (_, work) => {
    expect(exitCodeOf(thrown(work))).toBe(EXIT.internal);
  });

  it('is reported with the way to its stack', async () => {
    const folder = temporaryFolder();
    const breaks = join(folder, 'breaks.mjs');
    // The command meets a broken invariant: its first look at the clock fails.
    writeFileSync(breaks, `performance.now = () => { throw new Error('internal: clock: it stands'); };`);
    const env = { NODE_OPTIONS: `--import ${breaks}` };
    const run = ['train', 'dnn', '--data', 'synthetic', '--steps', '1', '--out'];
    const failed = await cli([...run, 'first'], { cwd: folder, env });
    expect(failed.code).toBe(1);
    expect(failed.stderr).toMatch(/error: unexpected: internal: clock: it stands; --debug shows where\n$/);
    const shown = await cli(['--debug', ...run, 'second'], { cwd: folder, env });
    expect(shown.code).toBe(1);
    expect(shown.stderr).toContain('    at ');
  });
});

describe('the line of an error', () => {
  it('is one line, without what commander puts before it', () => {
    expect(errorLine(new Error("error: unknown option '--x'\n(Did you mean --y?)\n"))).toBe(
      "unknown option '--x' (Did you mean --y?)",
    );
  });
});

describe('numbers on the command line', () => {
  it('are read as they are written', () => {
    expect(wholeNumber('--n', 1)('12')).toBe(12);
    for (const text of ['', ' ', '1.5', '0x10', '1e3', '-0', '9007199254740993']) {
      expect(() => wholeNumber('--n', 1)(text)).toThrow(`--n: must be a whole number from 1, got "${text}"`);
    }
    expect(seedOf('7')).toBe(7);
    expect(seedOf('18446744073709551615')).toBe('18446744073709551615');
  });

  it.each([
    ['0.1', 0.1],
    ['0.1*0.95', { kind: 'exponential', rate: 0.1, factor: 0.95 }],
    ['0.1 * 0.5 @ 8, 12', { kind: 'step', rate: 0.1, factor: 0.5, milestones: [8, 12] }],
  ])('learning rate %s', (text, rate) => {
    expect(learningRateOf(text)).toEqual(rate);
  });

  it.each(['', '0.1*', '0.1@8', '0.1*0.5@', '-1', '0.1*x'])('learning rate "%s" is refused', (text) => {
    expect(() => learningRateOf(text)).toThrow('--learning-rate: ');
  });

  it('are shown for people', () => {
    expect([0, 999, 1000, 1234567].map(grouped)).toEqual(['0', '999', '1,000', '1,234,567']);
    expect([0, 59.4, 59.6, 3599, 3661].map(durationText)).toEqual([
      '0 s',
      '59 s',
      '1 min 00 s',
      '59 min 59 s',
      '1 h 01 min',
    ]);
    expect([999, 1500, 2.5e6, 3e9].map(sizeText)).toEqual(['999 B', '1.5 kB', '2.5 MB', '3.00 GB']);
  });
});
