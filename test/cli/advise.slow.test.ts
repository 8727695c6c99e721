/** `fewbit advise`, killed and resumed, and advice that is not confirmed. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import {
  adviceFiles,
  cli,
  ended,
  jsonLines,
  SMALL_NETWORK,
  startCli,
  temporaryFolder,
  writeConfiguration,
} from './support.js';

const cwd = temporaryFolder();
/** Several processes in sequence, on a machine that may be busy with other work. */
const LONG_MS = 180_000;
const network = { ...SMALL_NETWORK, weightInit: 'he-normal' };
const config = writeConfiguration(cwd, { network, steps: 40 });
const ADVISE = ['advise', config, '--trials', '2', '--budget', '9%', '--seeds', '1', '--verify-seeds', '1'];

describe('fewbit advise', () => {
  test(
    'killed, and stopped by Ctrl-C, it continues to the same advice',
    async () => {
      const trials = join(cwd, 'killed', 'trials');
      const finished = (): number =>
        existsSync(trials)
          ? readdirSync(trials, { recursive: true, encoding: 'utf8' }).filter((name) =>
              name.endsWith('result.json'),
            ).length
          : 0;
      for (const [runs, signal] of [
        [1, 'SIGKILL'],
        [2, 'SIGINT'],
      ] as const) {
        const child = startCli([...ADVISE, '--out', 'killed'], { cwd });
        const end = ended(child);
        while (finished() < runs && child.exitCode === null) await sleep(5);
        child.kill(signal);
        const { code, stderr } = await end;
        expect(code).toBe(signal === 'SIGINT' ? 130 : null);
        if (signal === 'SIGINT') expect(stderr).toContain('stopping after this step');
      }
      const rest = await cli([...ADVISE, '--out', 'killed', '--json'], { cwd });
      expect(rest.code).toBe(0);
      const lines = jsonLines(rest);
      expect(lines.filter(({ event }) => event === 'trial')).toHaveLength(2);
      expect(lines.at(-1)).toMatchObject({
        event: 'done',
        confirmed: true,
        files: { configuration: 'killed/advised.json' },
      });
      await cli([...ADVISE, '--out', 'advice'], { cwd });
      const [expected, got] = [adviceFiles(join(cwd, 'advice')), adviceFiles(join(cwd, 'killed'))];
      for (const name of ['advised.json', 'advice.json', 'advice.svg', 'ranges.json', 'request.json']) {
        expect([name, got[name]]).toEqual([name, expected[name]]);
      }
    },
    LONG_MS,
  );

  test('reports with its exit code that the verification did not confirm it', async () => {
    const { code, stdout } = await cli(
      [...ADVISE, '--bits', '4', '--budget', '0.01', '--out', 'few', '--trials', '1', '--quiet'],
      { cwd },
    );
    expect(code).toBe(3);
    expect(stdout).toContain('Not confirmed: ');
  });
});
