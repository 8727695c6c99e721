/** Who sees what: the verbs of the terminal for people, for the result alone and for scripts, and its status line. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Terminal } from '../../src/cli/console/terminal.js';

let stdout = '';
let stderr = '';

/** Lets the terminal believe that stderr is one, or is none. */
function setTty(isTty: boolean): void {
  Object.defineProperty(process.stderr, 'isTTY', { value: isTty, configurable: true });
}

const wasTty = process.stderr.isTTY;
beforeEach(() => {
  [stdout, stderr] = ['', ''];
  vi.stubEnv('TERM', 'xterm');
  vi.stubEnv('NO_COLOR', '1');
  setTty(false);
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    stdout += String(text);
    return true;
  });
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    stderr += String(text);
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  setTty(wasTty);
});

function terminalFor(voice: { json?: boolean; quiet?: boolean }): Terminal {
  const terminal = new Terminal();
  terminal.speakFor(voice);
  return terminal;
}

describe('the verbs of the terminal', () => {
  it.each([
    ['people', {}, 'result\ntext\nbeside\n', 'note\nerror: wrong\n'],
    ['the result alone', { quiet: true }, 'result\n', 'beside\nnote\nerror: wrong\n'],
    ['scripts', { json: true }, '{"a":1}\n', 'note\nerror: wrong\n'],
  ])('for %s', (_, voice, out, err) => {
    const terminal = terminalFor(voice);
    terminal.print('result');
    terminal.say('text');
    terminal.aside('beside');
    terminal.json({ a: 1 });
    terminal.note('note');
    terminal.error('wrong');
    expect([stdout, stderr]).toEqual([out, err]);
  });

  it('indent JSON if they are asked to', () => {
    terminalFor({ json: true }).json({ a: 1 }, 2);
    expect(stdout).toBe('{\n  "a": 1\n}\n');
  });
});

describe('the status line', () => {
  /** Steps of a second each. */
  function seconds(status: ReturnType<Terminal['status']>, count: number, clock: { now: number }): void {
    for (let second = 1; second <= count; second++) {
      clock.now += 1000;
      status.show(() => [`second ${second}`, second]);
    }
  }

  function clockAt(now: number): { now: number } {
    const clock = { now };
    vi.spyOn(performance, 'now').mockImplementation(() => clock.now);
    return clock;
  }

  it('is a plain line every five seconds without a terminal', () => {
    const clock = clockAt(0);
    const status = terminalFor({}).status('stderr');
    status.begin('begins');
    seconds(status, 12, clock);
    status.end();
    expect([stdout, stderr]).toEqual(['', 'begins\nsecond 5\nsecond 10\n']);
  });

  it('goes to stdout, indented, if it belongs to the lines of a run', () => {
    const clock = clockAt(0);
    const status = terminalFor({}).status('stdout', { every: 10 });
    status.begin('', 20);
    seconds(status, 12, clock);
    expect([stdout, stderr]).toEqual(['  second 10\n', '']);
  });

  it.each([{ quiet: true }, { json: true }])('is nothing for %j, and its text is not made', (voice) => {
    const clock = clockAt(0);
    const status = terminalFor(voice).status('stdout');
    status.begin('begins', 3);
    clock.now = 60_000;
    status.show(() => {
      throw new Error('asked for its text');
    });
    status.end();
    expect([stdout, stderr]).toEqual(['', '']);
  });

  it('is a bar on a terminal, which gets out of the way of other lines and is drawn again', () => {
    setTty(true);
    const terminal = terminalFor({});
    const status = terminal.status('stdout');
    status.begin('half', 10, 5);
    expect(stderr).toContain(`${'█'.repeat(12)}${'░'.repeat(12)} half`);
    stderr = '';
    terminal.print('a result');
    expect(stdout).toBe('a result\n');
    expect(stderr).toContain('half');
    status.end();
    stderr = '';
    terminal.print('another');
    expect(stderr).toBe('');
  });

  it('leaves its last text on a terminal if it stays', () => {
    setTty(true);
    const status = terminalFor({}).status('stderr', { stays: true });
    status.begin('fetching a');
    status.begin('fetching b');
    status.end();
    expect(stderr).toMatch(/fetching a\n[^]*fetching b\n$/);
  });
});
