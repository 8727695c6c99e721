/**
 * A run knows its data: `eval` and `export` read other data as the training data were read, by name and by its statistics; what
 * does not match is refused by name, and so is a run continued with data that have changed.
 */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { decodeCheckpoint, decodeSafetensors, encodeCheckpoint } from '../../src/train/index.js';
import {
  cli,
  ended,
  jsonLines,
  startCli,
  temporaryFolder,
  writeConfiguration,
  type CliResult,
} from './support.js';

const folder = temporaryFolder();
/** Several processes in sequence, on a machine that may be busy with other work. */
const LONG_MS = 120_000;
const run = (...args: string[]): Promise<CliResult> => cli(args, { cwd: folder });
const NETWORK = {
  name: 'small',
  seed: 4,
  formats: '6.10',
  optimizer: { kind: 'sgd', learningRate: 0.1 },
  input: { size: 2 },
  layers: [
    { type: 'dense', units: 6, activation: 'relu' },
    { type: 'dense', units: 3 },
  ],
};
const NAMES = ['elm', 'fir', 'oak'];

/** Rows of `length` and `width`; the length decides the class. */
function table(
  count: number,
  options: { shift?: number; names?: readonly string[]; order?: string[] } = {},
): string {
  const { shift = 0, names = NAMES, order = ['length', 'width', 'label'] } = options;
  const rows = Array.from({ length: count }, (_, i): Record<string, string | number> => {
    const kind = i % 3;
    return { length: kind * 4 + shift, width: i % 5, label: names[kind]!, id: i };
  });
  return [order, ...rows.map((row) => order.map((column) => row[column]))]
    .map((cells) => cells.join())
    .join('\n');
}

function write(path: string, text: string): void {
  const parts = path.split('/');
  if (parts.length > 1) mkdirSync(join(folder, ...parts.slice(0, -1)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

/** Figures of an evaluation. */
async function evaluation(...args: string[]): Promise<Record<string, unknown>> {
  const result = await run('eval', 'run', ...args, '--json');
  expect(result.stderr).toBe('');
  return jsonLines(result)[0]!;
}

let own: Record<string, unknown>;
beforeAll(async () => {
  write('home/train.csv', table(120));
  write('home/test.csv', table(60));
  write('away/train.csv', table(30, { shift: 500, names: ['x', 'y', 'z'] }));
  write('away/test.csv', table(60));
  writeConfiguration(folder, { network: NETWORK, data: './home', batch: 10, epochs: 15 });
  expect(await run('train', 'config.json', '--out', 'run', '--quiet')).toMatchObject({ code: 0, stderr: '' });
  own = await evaluation();
  expect(own).toMatchObject({ examples: 60 });
  expect(own['accuracy']).toBeGreaterThan(0.6);
}, LONG_MS);

describe('eval', () => {
  it('gives the same bytes the same figures, whatever lies beside them', async () => {
    expect(await evaluation('--data', './away')).toEqual(own);
  });

  it('evaluates all rows of a file, with columns in any order', async () => {
    write('fresh.csv', table(60, { order: ['label', 'width', 'length'] }));
    expect(await evaluation('--data', 'fresh.csv')).toEqual(own);
    write('warm.csv', table(60).replace(/.*elm\n/g, ''));
    expect(await evaluation('--data', 'warm.csv')).toMatchObject({ examples: 40 });
  });

  it.each([
    [
      'another class',
      table(9, { names: ['elm', 'fir', 'yew'] }),
      'the classes must be "elm", "fir", "oak" as in the training data, got unknown class "yew"; leave its examples out, or name the class as there',
    ],
    [
      'a column more',
      table(9, { order: ['id', 'length', 'width', 'label'] }),
      'the feature columns must be "length", "width" as in the training data, got "id", "length", "width": unknown column "id"',
    ],
    [
      'a column less',
      table(9, { order: ['width', 'label'] }),
      'the feature columns must be "length", "width" as in the training data, got "width": no column "length"',
    ],
    [
      'no label',
      table(9, { order: ['length', 'width'] }),
      'there must be the label column "label" as in the training data, got no column label; the columns are "length", "width"',
    ],
    [
      'no header',
      '1,2,elm',
      'there must be a header as in the training data, with the columns "length", "width", "label", got none; add it as the first row',
    ],
  ])('refuses %s', async (_, text, message) => {
    write('odd.csv', text);
    expect(await run('eval', 'run', '--data', 'odd.csv')).toEqual({
      code: 2,
      stdout: '',
      stderr: `error: odd.csv: ${message}\n`,
    });
  });

  it('refuses images', async () => {
    const { code, stderr } = await run('eval', 'run', '--data', 'synthetic');
    expect(code).toBe(2);
    expect(stderr).toBe(
      'error: synthetic: features must be real values (of a table, for example) as in the training data, got pixels; use data of the same kind\n',
    );
  });

  it('reads the data of an old run again to find out what they are', async () => {
    cpSync(join(folder, 'run'), join(folder, 'old'), { recursive: true });
    for (const name of ['data.json', 'result.json']) rmSync(join(folder, 'old', name));
    const file = join(folder, 'old', 'checkpoint.safetensors');
    const { dataSchema: _lost, run: _seal, ...checkpoint } = await decodeCheckpoint(readFileSync(file));
    writeFileSync(file, await encodeCheckpoint(checkpoint));
    const metrics = join(folder, 'old', 'metrics.jsonl');
    const lines = readFileSync(metrics, 'utf8')
      .trim()
      .split('\n')
      .map((line) => {
        const { weights: _w, previous: _p, sha256: _s, ...old } = JSON.parse(line) as Record<string, unknown>;
        return `${JSON.stringify(old)}\n`;
      });
    writeFileSync(metrics, lines.join(''));
    const result = await run('eval', 'old', '--data', './away', '--json');
    expect(result.stderr).toContain(
      'old: the checkpoint is of an earlier version and does not hold what its data are (names of columns and classes, normaliser); they are read again to find out\n',
    );
    expect(jsonLines(result)[0]).toEqual({ ...own, run: 'old' });
  });
});

describe('the run folder', () => {
  it('has data.json, the same as the checkpoint', async () => {
    const { dataSchema } = await decodeCheckpoint(
      readFileSync(join(folder, 'run', 'checkpoint.safetensors')),
    );
    const text = readFileSync(join(folder, 'run', 'data.json'), 'utf8');
    expect(JSON.parse(text)).toEqual(dataSchema);
    expect(dataSchema).toMatchObject({
      ...{ kind: 'values', shape: [2], classes: 3, labelNames: NAMES },
      ...{ columns: { features: ['length', 'width'], label: 'label' } },
      normalizer: { kind: 'standardize', offset: [4, 2] },
      digest: (JSON.parse(readFileSync(join(folder, 'run', 'config.json'), 'utf8')) as { dataDigest: string })
        .dataDigest,
    });
  });

  it(
    'is not continued with data whose classes are named otherwise, though every number is the same',
    async () => {
      write('trees/train.csv', table(120));
      write('trees/test.csv', table(60));
      writeConfiguration(folder, { network: NETWORK, data: './trees', batch: 10, epochs: 100_000 });
      const child = startCli(['train', 'config.json', '--out', 'part', '--json'], { cwd: folder });
      child.stdout?.once('data', () => child.kill('SIGINT'));
      expect((await ended(child)).code).toBe(130);
      const names = ['elm', 'fir', 'yew'];
      write('trees/train.csv', table(120, { names }));
      write('trees/test.csv', table(60, { names }));
      const { code, stderr } = await run('train', '--resume', '--out', 'part', '--quiet');
      expect(code).toBe(2);
      expect(stderr).toMatch(
        /labelNames\[2\] is "oak" there and "yew" in the data; restore the data, or start another run\n$/,
      );
    },
    LONG_MS,
  );
});

describe('export', () => {
  it.each(['c', 'hex', 'npz', 'safetensors'])('%s has the names and the normaliser', async (format) => {
    const out = `x-${format}`;
    const { code } = await run(
      'export',
      'run',
      '--format',
      format,
      '--out',
      out,
      '--vectors',
      '8',
      '--quiet',
    );
    expect(code).toBe(0);
    const schema: unknown = JSON.parse(readFileSync(join(folder, 'run', 'data.json'), 'utf8'));
    const read = (name: string): string => readFileSync(join(folder, out, name), 'utf8');
    if (format === 'safetensors') {
      const { metadata } = decodeSafetensors(readFileSync(join(folder, out, 'small.safetensors')));
      expect(JSON.parse(metadata['data']!)).toEqual(schema);
    } else if (format === 'c') {
      expect(JSON.parse(read('data.json'))).toEqual(schema);
      // No function takes pixels for the columns of a table.
      expect(read('small.h') + read('small.c')).not.toMatch(/pixels/);
      expect(read('small.h')).toContain('data.json');
    } else expect(JSON.parse(read('formats.json'))).toMatchObject({ data: schema });
  });

  it('takes its vectors from other data as eval does', async () => {
    const args = ['export', 'run', '--format', 'hex', '--vectors', '8', '--quiet'];
    expect((await run(...args, '--out', 'own-hex')).code).toBe(0);
    expect((await run(...args, '--out', 'other-hex', '--data', './away')).code).toBe(0);
    const golden = (out: string): string => readFileSync(join(folder, out, 'golden_input.hex'), 'utf8');
    expect(golden('other-hex')).toBe(golden('own-hex'));
  });
});
