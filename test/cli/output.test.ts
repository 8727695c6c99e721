/**
 * A training whose output fails or whose terminal is closed, in real child processes: it keeps a checkpoint, gives its lock
 * back and ends with the code that a shell expects.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, openSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { RunConfiguration } from '../../src/experiment/index.js';
import { cli, ended, SMALL_NETWORK, startCli, temporaryFolder, writeConfiguration } from './support.js';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const folder = temporaryFolder();
const configuration = writeConfiguration(folder, { epochs: 60 });
const short = writeConfiguration(folder, { steps: 3 }, 'short.json');

function training(out: string, file = configuration): string[] {
  return ['train', file, '--out', out, '--no-report'];
}

/** The rest of the run gives what an undisturbed run gives. */
async function digestOf(args: readonly string[]): Promise<string | undefined> {
  const { stdout } = await cli([...args, '--quiet'], { cwd: folder });
  return /^digest (\w+)$/m.exec(stdout)?.[1];
}

function expectStopped(out: string): void {
  const names = readdirSync(join(folder, out));
  expect(names).toContain('checkpoint.safetensors');
  expect(names.filter((name) => name.startsWith('lock'))).toEqual([]);
  expect(names).not.toContain('result.json');
}

/** Runs a line of sh with the command line as $FEWBIT and the arguments as "$@". */
function shell(line: string, args: readonly string[]) {
  const fewbit = `"${process.execPath}" "${MAIN}"`;
  return spawnSync('bash', ['-c', line.replaceAll('FEWBIT', fewbit), 'bash', ...args], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '', CI: 'true' },
  });
}

describe('a stdout that takes nothing more', () => {
  it('of a pipe whose reader has ended: exit code 141, a checkpoint and the way to continue', () => {
    const { stdout, stderr } = shell('FEWBIT "$@" | head -2; echo ${PIPESTATUS[0]}', training('pipe'));
    expect(stdout.trimEnd().split('\n').at(-1)).toBe('141');
    expect(stderr).toMatch(
      /^stopped at step [\d,]+ with a checkpoint; continue with: fewbit train --resume --out pipe\n$/,
    );
    expectStopped('pipe');
  });

  it('of a pipe whose reader has ended, before a result: nothing else is printed', () => {
    const { stdout, stderr } = shell('FEWBIT "$@" | true; echo ${PIPESTATUS[0]}', [
      'convert',
      '0.5',
      '--format',
      '2.14',
    ]);
    expect([stdout, stderr]).toEqual(['141\n', '']);
  });

  it.skipIf(!existsSync('/dev/full'))('of a full disk: one line and exit code 2', () => {
    const { status, stderr } = shell('FEWBIT "$@" > /dev/full', training('full'));
    expect(stderr).toMatch(
      /^error: cannot write the output: no space left on device; stopped at step [\d,]+ with a checkpoint; continue with: fewbit train --resume --out full\n$/,
    );
    expect(status).toBe(2);
    expectStopped('full');
    const result = shell('FEWBIT "$@" > /dev/full', ['convert', '0.5', '--format', '2.14']);
    expect([result.status, result.stderr]).toEqual([
      2,
      'error: cannot write the output: no space left on device\n',
    ]);
  });

  it('of a file that takes only a part: the part that is lost is an error', () => {
    // A file of at most 1 kB; a text of more is cut by the system without an error at first.
    const { status, stderr } = shell('ulimit -f 1; FEWBIT "$@" > part.txt', ['plan', short, '--json']);
    expect(stderr).toMatch(/^error: cannot write the output: file too large\n$/);
    expect(status).toBe(2);
    expect(statSync(join(folder, 'part.txt')).size).toBe(1024);
  });
});

describe('a stderr that takes nothing more', () => {
  it.skipIf(!existsSync('/dev/full'))('stops no training', () => {
    const { status, stdout } = shell('FEWBIT "$@" 2> /dev/full', training('silent', short));
    expect(stdout).toMatch(/^digest \w{64}$/m);
    expect(status).toBe(0);
  });

  it.skipIf(!existsSync('/dev/full'))('loses an error, but not its exit code', () => {
    const { status } = shell('FEWBIT "$@" 2> /dev/full', ['train', 'no-such-network']);
    expect(status).toBe(2);
  });

  it('may be closed', () => {
    const { status, stdout } = shell('FEWBIT "$@" 2>&-', training('closed', short));
    expect([status, /^digest \w{64}$/m.test(stdout)]).toEqual([0, true]);
  });
});

describe('a closed terminal', () => {
  it('stops a training with a checkpoint, from which it continues bit for bit', async () => {
    const whole = writeConfiguration(folder, { steps: 700 }, 'whole.json');
    const child = startCli([...training('hangup', whole), '--json'], { cwd: folder });
    child.stdout?.once('data', () => {
      child.kill('SIGHUP');
      // Systems send a hang-up to the process and to its group: the second one changes nothing.
      setTimeout(() => child.kill('SIGHUP'), 1);
    });
    const { code, stderr } = await ended(child);
    expect(stderr).toContain('continue with: fewbit train --resume --out hangup\n');
    expect(code).toBe(129);
    expectStopped('hangup');
    expect(await digestOf(['train', '--resume', '--out', 'hangup'])).toBe(
      await digestOf(training('undisturbed', whole)),
    );
  });

  it('is one whose output fails, too', async () => {
    const errors = openSync(join(folder, 'errors.txt'), 'w');
    const child = spawn(process.execPath, [MAIN, ...training('gone')], {
      cwd: folder,
      stdio: ['ignore', 'pipe', errors],
    });
    child.stdout?.once('data', () => {
      child.kill('SIGHUP');
      child.stdout?.destroy();
    });
    expect((await ended(child)).code).toBe(129);
    expectStopped('gone');
  });
});

describe('names from files', () => {
  const evil = '\u001b]0;owned\u0007\u001b[2J\u202e=1+2\u009b31m';
  const named = writeConfiguration(
    folder,
    { steps: 2, network: { ...SMALL_NETWORK, name: evil } },
    'evil.json',
  );

  it('reach no terminal with their control characters, whatever prints them', async () => {
    const harmful = /(?!\n)[\p{Cc}\p{Bidi_Control}]/u;
    const outputs = [
      await cli(training('evil', named), { cwd: folder }),
      await cli(['runs', 'list', '.'], { cwd: folder }),
      await cli(['runs', 'list', '.', '--json'], { cwd: folder }),
      await cli(['runs', 'show', 'evil'], { cwd: folder }),
      await cli(['runs', 'show', 'evil', '--json'], { cwd: folder }),
      await cli(['eval', evil], { cwd: folder }),
      await cli(['train', evil], { cwd: folder }),
    ];
    for (const { stdout, stderr } of outputs) {
      expect(stdout).not.toMatch(harmful);
      expect(stderr).not.toMatch(harmful);
    }
    expect(outputs[0]?.stdout).toContain('\\u001b]0;owned\\u0007\\u001b[2J\\u202e=1+2\\u009b31m  ');
    const shown = JSON.parse(outputs[4]!.stdout) as { configuration: RunConfiguration };
    expect(shown.configuration.network.name).toBe(evil);
  });

  it.each([
    ['../../escaped/x', 'escaped-x-1'],
    ['/tmp/a\u0000b', 'tmp-a-b-1'],
    ['nul.x', 'nul-.x-1'],
    ['日本', 'network-1'],
    ['..', 'network-2'],
    ['long'.repeat(100), `${'long'.repeat(25).slice(0, 91)}-f4df1dd5-1`],
  ])('%j is the name of one folder in runs', async (name, expected) => {
    const file = writeConfiguration(folder, { steps: 1, network: { ...SMALL_NETWORK, name } }, 'named.json');
    mkdirSync(join(folder, 'runs'), { recursive: true });
    const before = new Set(readdirSync(join(folder, 'runs')));
    const { code } = await cli(['train', file, '--no-report', '--quiet'], { cwd: folder });
    expect(code).toBe(0);
    expect(readdirSync(join(folder, 'runs')).filter((one) => !before.has(one))).toEqual([expected]);
  });

  it('of folders are quoted in the commands to copy', async () => {
    const out = `a b'$(touch owned)`;
    const child = startCli([...training(out), '--json'], { cwd: folder });
    child.stdout?.once('data', () => child.kill('SIGINT'));
    const { stderr } = await ended(child);
    const command = /continue with: fewbit (.*)\n$/.exec(stderr)?.[1];
    expect(command).toBe(`train --resume --out 'a b'\\''$(touch owned)'`);
    writeFileSync(join(folder, 'words.mjs'), 'console.log(JSON.stringify(process.argv.slice(2)))');
    const words = shell(`"${process.execPath}" words.mjs ${command}`, []);
    expect(JSON.parse(words.stdout)).toEqual(['train', '--resume', '--out', out]);
  });
});
