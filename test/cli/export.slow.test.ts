/** `fewbit export` in every other format, on every backend, with another rounding. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { decodeSafetensors } from '../../src/train/index.js';
import { cli, jsonLines, temporaryFolder, writeConfiguration, type CliResult } from './support.js';

const folder = temporaryFolder();
const at = (...parts: string[]): string => join(folder, ...parts);

async function good(...args: string[]): Promise<CliResult> {
  const result = await cli(args, { cwd: folder });
  expect(result).toMatchObject({ stderr: '', code: 0 });
  return result;
}

beforeAll(async () => {
  writeConfiguration(folder, { steps: 5 });
  await good('train', 'config.json', '--out', 'config', '--quiet');
});

describe('export', () => {
  it('writes the other formats on request, and reports this in JSON', async () => {
    const files = {
      hex: ['fc1_bias.hex', 'fc1_weight.hex', 'fc2_bias.hex', 'fc2_weight.hex', 'formats.json'].concat(
        ...['golden_input.hex', 'golden_labels.hex', 'golden_logits.hex'],
      ),
      npz: ['formats.json', 'golden.npz', 'small.npz'],
      safetensors: ['golden.safetensors', 'small.safetensors'],
    };
    for (const [format, expected] of Object.entries(files)) {
      const out = join('out', format);
      const [done] = jsonLines(await good('export', 'config', '--format', format, '--out', out, '--json'));
      expect(readdirSync(at(out)).sort()).toEqual(expected);
      expect(done).toMatchObject({ event: 'done', run: 'config', format, step: 5, vectors: 10 });
      expect([...(done!['files'] as string[])].sort()).toEqual(expected.map((file) => join(out, file)));
      expect((done!['tensors'] as unknown[])[0]).toEqual({
        name: 'fc1/weight',
        shape: [784, 16],
        format: '<4,12>',
      });
    }
    const checkpoint = decodeSafetensors(readFileSync(at('config', 'checkpoint.safetensors')));
    const { tensors } = decodeSafetensors(readFileSync(at('out', 'safetensors', 'small.safetensors')));
    for (const [name, tensor] of tensors) expect(tensor).toEqual(checkpoint.tensors.get(name));
  });

  it('gives the same bytes on every backend, and others with another rounding', async () => {
    const golden = async (...options: string[]): Promise<string> => {
      const out = options.join('') || 'as-is';
      await good(
        'export',
        'config',
        '--format',
        'hex',
        '--vectors',
        '40',
        '--out',
        out,
        '--quiet',
        ...options,
      );
      return readFileSync(at(out, 'golden_logits.hex'), 'utf8');
    };
    const logits = await golden();
    expect(await golden('--backend', 'reference')).toBe(logits);
    expect(await golden('--rounding', 'floor')).not.toBe(logits);
    expect(readFileSync(at('--roundingfloor', 'formats.json'), 'utf8')).toContain('"rounding": "floor"');
  });
});
