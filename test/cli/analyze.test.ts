/** `fewbit analyze` as a user meets it: a network, a run that stays as it is, and what is refused. */
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cli, jsonLines, temporaryFolder } from './support.js';

const cwd = temporaryFolder();
const SMALL = ['--data', 'synthetic', '--steps', '2', '--batch', '20', '--threads', '1'];
const NETWORK = ['analyze', 'tiny.json', ...SMALL];
writeFileSync(
  join(cwd, 'tiny.json'),
  JSON.stringify({
    name: 'tiny',
    seed: 5,
    formats: { weight: '<4,12>', activation: '<6,10>' },
    optimizer: { kind: 'sgd', learningRate: 0.1, momentum: 0.5 },
    input: { height: 28, width: 28, channels: 1 },
    layers: [
      { type: 'dense', name: 'fc1', units: 4, activation: 'relu' },
      { type: 'dense', name: 'fc2', units: 10 },
    ],
  }),
);

describe('fewbit analyze', () => {
  test('shows the tensors of a network, and replaces nothing unasked', async () => {
    const { code, stdout, stderr } = await cli(NETWORK, { cwd });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain(
      'Trained in float32 and compared with the formats: 2 of the training steps 1 to 2',
    );
    expect(stdout).toContain('fc1/weight.gradient');
    const out = join(cwd, 'runs', 'ranges-tiny');
    expect(readdirSync(out).sort()).toEqual(['ranges.html', 'ranges.json', 'ranges.svg']);
    const again = await cli(NETWORK, { cwd });
    expect(again).toEqual({
      code: 2,
      stdout: '',
      stderr:
        'error: --out runs/ranges-tiny: must be new or empty, but holds ranges.html; choose another folder, or replace the files with --force\n',
    });
    const forced = await cli([...NETWORK, '--force', '--json'], { cwd });
    const stored: unknown = JSON.parse(readFileSync(join(out, 'ranges.json'), 'utf8'));
    expect(jsonLines(forced)).toMatchObject([{ event: 'done', ...(stored as object) }]);
  });

  test('continues a run in memory and changes nothing of it', async () => {
    const trained = ['train', 'tiny.json', ...SMALL];
    expect((await cli([...trained, '--out', 'run', '--quiet'], { cwd })).code).toBe(0);
    const contents = () =>
      readdirSync(join(cwd, 'run')).map((name) => [name, readFileSync(join(cwd, 'run', name), 'hex')]);
    const before = contents();
    const { code, stdout } = await cli(['analyze', 'run', '--steps', '2', '--threads', '1', '--out', 'a'], {
      cwd,
    });
    expect(code).toBe(0);
    expect(stdout).toContain('continued from its checkpoint: magnitudes of 2 of the training steps 3 to 4');
    expect(contents()).toEqual(before);
    const refused = await cli(['analyze', 'run', '--formats', '2.14', '--out', 'b'], { cwd });
    expect(refused.stderr).toBe(
      'error: analyze: a run has its own formats, so --formats must be left out, got it with run; or name the network\n',
    );
    expect(refused.code).toBe(2);
  });

  test('refuses float32 before anything is written', async () => {
    const { code, stderr } = await cli([...NETWORK, '--formats', 'float32', '--out', 'none'], { cwd });
    expect(code).toBe(2);
    expect(stderr).toContain('error: analyze: a network must have fixed-point formats');
    expect(existsSync(join(cwd, 'none'))).toBe(false);
  });
});
