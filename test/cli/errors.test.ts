/** Which errors are told in one line with exit code 2, and which are ours with exit code 1. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { errorLine, isKnownError, UsageError } from '../../src/cli/console/errors.js';
import { learningRateOf, seedOf, wholeNumber } from '../../src/cli/options/numbers.js';
import { durationText, grouped, sizeText } from '../../src/cli/console/terminal.js';
import { parseFormat } from '../../src/numerics/index.js';

/** What is thrown by a function. */
function thrown(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

describe('known errors', () => {
  it.each([
    ['a rule of ours', () => parseFormat('2.40')],
    ['a kind of ours', () => parseFormat('x')],
    ['the file system', () => readFileSync('/no/such/file')],
    [
      'a usage',
      () => {
        throw new UsageError('x');
      },
    ],
  ])('%s', (_, work) => {
    expect(isKnownError(thrown(work))).toBe(true);
  });

  it.each([
    ['a missing property', () => (undefined as unknown as { a: number }).a],
    ['no function', () => (3 as unknown as () => void)()],
    ['an array length', () => new Array(-1)],
    ['a typed array length', () => new Float64Array(-5)],
    ['an argument of Node', () => existsSync.call(null, '') || readFileSync({} as string)],
    ['digits', () => (1).toFixed(101)],
    ['an offset', () => new Int32Array(2).set([1, 2, 3], 1)],
    [
      'a plain error',
      () => {
        throw new Error('who: knows');
      },
    ],
  ])('%s is not one', (_, work) => {
    expect(isKnownError(thrown(work))).toBe(false);
  });

  it('are told in one line', () => {
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
