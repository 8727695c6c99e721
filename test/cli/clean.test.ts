/** What may reach a terminal, and words of a shell. */
import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { oneLine, terminalText } from '../../src/cli/console/clean.js';
import { shellCommand, shellWord } from '../../src/cli/console/shell.js';

describe('text for a terminal', () => {
  it.each([
    ['text as it is: ä 日本 😀, a\ttab\nand lines\r\n', 'text as it is: ä 日本 😀, a\ttab\nand lines\r\n'],
    ['\u001b[2J', '\\u001b[2J'],
    ['a\rb\u0008c\u007f', 'a\\u000db\\u0008c\\u007f'],
    ['\u009b2J', '\\u009b2J'],
    ['abc\u202edcba\u2066', 'abc\\u202edcba\\u2066'],
    ['a\u2028b\u2029', 'a\\u2028b\\u2029'],
    ['\ud800', '\\ud800'],
    ['\u001b[1mbold\u001b[22m', '\\u001b[1mbold\\u001b[22m'],
  ])('%j', (text, clean) => {
    expect(terminalText(text)).toBe(clean);
    expect(terminalText(clean)).toBe(clean);
  });

  it('keeps its own colours if there are any, and lets none of them last', () => {
    expect(terminalText('\u001b[1mbold\u001b[22m', true)).toBe('\u001b[1mbold\u001b[22m\u001b[0m');
    expect(terminalText('\u001b[8mhidden\u001b]0;title\u0007', true)).toBe(
      '\\u001b[8mhidden\\u001b]0;title\\u0007',
    );
  });

  it('leaves JSON its value', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const json = terminalText(JSON.stringify({ text }, null, 1));
        expect(JSON.parse(json)).toEqual({ text });
        expect(json).not.toMatch(/(?!\n)[\p{Cc}\p{Bidi_Control}]/u);
      }),
    );
  });

  it('is one line where one is drawn', () => {
    expect(oneLine('a\r\n\tb\u001b')).toBe('a b\\u001b');
  });
});

describe('a word of a shell', () => {
  it.each([
    ['runs/lenet-1', 'runs/lenet-1'],
    ['', "''"],
    ['a b', "'a b'"],
    ["it's $HOME", "'it'\\''s $HOME'"],
    ["a\n'\\", "$'a\\x0a\\'\\\\'"],
  ])('%j', (word, quoted) => {
    expect(shellWord(word)).toBe(quoted);
  });

  it('is read back by bash as it was', () => {
    const word = fc.string({ unit: 'binary' }).map((text) => text.replace(/[\0\p{Cs}]/gu, ''));
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 20 }), (words) => {
        const script = `printf '%s\\0' ${shellCommand(...words)}`;
        const { stdout } = spawnSync('bash', ['-c', script], {
          encoding: 'utf8',
          env: { LC_ALL: 'C.UTF-8' },
        });
        expect(stdout.split('\0').slice(0, -1)).toEqual(words);
      }),
      { numRuns: 20 },
    );
  });
});
