/**
 * A run folder is one whole: a bit that changes in any file, a file that is lost, or that is an earlier one or another
 * run's, is noticed when the folder is opened. And the record can be verified by repeating the run.
 */
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  executeRun,
  verifyRun,
  type MetricsLine,
  type RunConfiguration,
  type RunEvent,
  type RunEvidence,
  type RunSeal,
} from '../../src/experiment/index.js';
import { openStoredRun, readRecord, RunFolder } from '../../src/experiment/store/index.js';
import { decodeCheckpoint, encodeCheckpoint, readCheckpointHeader } from '../../src/train/index.js';
import { CONFIGURATION, DATA, temporaryFolder } from './support.js';

const root = temporaryFolder();
const done = join(root, 'done');
/** Killed after a line that no checkpoint covers: of step 3, and the checkpoint is of step 2. */
const killed = join(root, 'killed');
const other = join(root, 'other');
let count = 0;

function copyOf(path: string): string {
  const copy = join(root, `copy-${++count}`);
  cpSync(path, copy, { recursive: true });
  return copy;
}

async function train(
  path: string,
  configuration: RunConfiguration,
  onEvent: (event: RunEvent) => void = () => undefined,
): Promise<void> {
  const folder = RunFolder.create(path, configuration);
  await executeRun(folder, configuration, null, { data: DATA, now: () => performance.now(), onEvent });
  folder.close();
}

beforeAll(async () => {
  await train(done, CONFIGURATION, (event) => {
    if (event.event !== 'interval' || event.step !== 3) return;
    cpSync(done, killed, { recursive: true, filter: (file) => !file.endsWith('lock') });
  });
  await train(other, { ...CONFIGURATION, batch: 10 });
});

/** Continues a run; what came of it. */
async function resumed(path: string): Promise<unknown> {
  const folder = RunFolder.resume(path);
  try {
    const { configuration, checkpoint } = openStoredRun(path);
    await executeRun(folder, configuration, checkpoint, { data: DATA, now: () => 0 });
  } finally {
    folder.close();
  }
  return { ...openStoredRun(path).result, stepsPerSecond: 0 };
}

describe('a changed bit', () => {
  it.each([
    ['config.json', 3],
    ['metrics.jsonl', 23],
    ['result.json', 3],
    ['checkpoint.safetensors', 171],
  ])('of %s is noticed', (name, stride) => {
    const path = copyOf(done);
    const file = join(path, name);
    const bytes = readFileSync(file);
    for (let at = 0; at < bytes.length; at += stride) {
      const changed = Buffer.from(bytes);
      changed[at]! ^= 1 << (at % 8);
      writeFileSync(file, changed);
      expect(() => openStoredRun(path), `byte ${at}`).toThrow(name);
    }
    writeFileSync(file, bytes);
    expect(openStoredRun(path).result).toEqual(openStoredRun(done).result);
  });

  it('behind the checkpoint is not shown, and is trained again', async () => {
    const path = copyOf(killed);
    const file = join(path, 'metrics.jsonl');
    const text = readFileSync(file, 'utf8');
    const begin = text.trimEnd().lastIndexOf('\n') + 1;
    for (let at = begin; at < text.length - 1; at += 29) {
      const changed = Buffer.from(text);
      changed[at]! ^= 1 << (at % 8);
      writeFileSync(file, changed);
      expect(() => readRecord(path), `byte ${at}`).toThrow(
        /line 2 .*; it is newer than the checkpoint, so fewbit train --resume --out .* repeats it$/,
      );
    }
    const folder = RunFolder.resume(path);
    expect(folder.rewindMetrics(2, 0, sealOf(path))).toHaveLength(1);
    folder.close();
    expect(await resumed(path)).toEqual({ ...openStoredRun(done).result, stepsPerSecond: 0 });
    expect(openStoredRun(path).chain).toBe(openStoredRun(done).chain);
  });
});

/** The seal in a folder's checkpoint. */
function sealOf(path: string): RunSeal {
  const { run } = readCheckpointHeader(readFileSync(join(path, 'checkpoint.safetensors')));
  return JSON.parse(run ?? '').seal;
}

describe('a file', () => {
  const edit = (path: string, name: string, change: (text: string) => string): void => {
    writeFileSync(join(path, name), change(readFileSync(join(path, name), 'utf8')));
  };
  const lines = (text: string): string[] => text.trimEnd().split('\n');

  it.each<[string, (path: string) => void, RegExp]>([
    [
      'metrics that are lost',
      (path) => rmSync(join(path, 'metrics.jsonl')),
      /metrics\.jsonl: is missing, but checkpoint\.safetensors was written after line 8; restore/,
    ],
    [
      'metrics that are empty',
      (path) => edit(path, 'metrics.jsonl', () => ''),
      /metrics\.jsonl: has 0 lines, but checkpoint\.safetensors was written after line 8/,
    ],
    [
      'metrics without their last line',
      (path) => edit(path, 'metrics.jsonl', (text) => lines(text).slice(0, -1).join('\n') + '\n'),
      /metrics\.jsonl: has 7 lines, but/,
    ],
    [
      'metrics cut in a line',
      (path) => edit(path, 'metrics.jsonl', (text) => text.slice(0, -9)),
      /metrics\.jsonl: has 7 lines, but/,
    ],
    [
      'metrics without a line',
      (path) =>
        edit(
          path,
          'metrics.jsonl',
          (text) =>
            lines(text)
              .filter((_line, index) => index !== 2)
              .join('\n') + '\n',
        ),
      /metrics\.jsonl: line 3 does not follow line 2; restore/,
    ],
    [
      'metrics with an epoch twice',
      (path) =>
        edit(
          path,
          'metrics.jsonl',
          (text) =>
            lines(text)
              .flatMap((line, index) => (index === 2 ? [line, line] : [line]))
              .join('\n') + '\n',
        ),
      /metrics\.jsonl: line 4 does not follow line 3/,
    ],
    [
      "another run's metrics",
      (path) => cpSync(join(other, 'metrics.jsonl'), join(path, 'metrics.jsonl')),
      /metrics\.jsonl: line 1 does not belong to config\.json/,
    ],
    [
      "another run's checkpoint",
      (path) => cpSync(join(other, 'checkpoint.safetensors'), join(path, 'checkpoint.safetensors')),
      /config\.json: is not what checkpoint\.safetensors was written with \(SHA-256 [0-9a-f]{64}\), got [0-9a-f]{64}; restore/,
    ],
    [
      'an older checkpoint with a result',
      (path) => cpSync(join(killed, 'checkpoint.safetensors'), join(path, 'checkpoint.safetensors')),
      /checkpoint\.safetensors: is older than result\.json/,
    ],
    [
      "another run's result",
      (path) => cpSync(join(other, 'result.json'), join(path, 'result.json')),
      /result\.json: is not the result of the lines in metrics\.jsonl; remove it and continue/,
    ],
    [
      'another digest',
      (path) => edit(path, 'result.json', (text) => text.replace(/"digest": "./, '"digest": "x')),
      /result\.json: digest is not that of the lines in metrics\.jsonl/,
    ],
    [
      'a number that is text',
      (path) => edit(path, 'result.json', (text) => text.replace(/"steps": 8/, '"steps": "8"')),
      /result\.json: is damaged \(steps: /,
    ],
    [
      'another batch',
      (path) => edit(path, 'config.json', (text) => text.replace('"batch": 20', '"batch": 10')),
      /config\.json: is not what checkpoint/,
    ],
  ])('in a folder with %s is refused', (_, damage, message) => {
    const path = copyOf(done);
    damage(path);
    expect(() => openStoredRun(path)).toThrow(message);
  });

  it.each<[string, (path: string) => void, RegExp]>([
    [
      'without its checkpoint',
      (path) => rmSync(join(path, 'checkpoint.safetensors')),
      /checkpoint\.safetensors: is missing, but the run has begun to train/,
    ],
    [
      'with the metrics of an earlier moment',
      (path) => writeFileSync(join(path, 'metrics.jsonl'), ''),
      /metrics\.jsonl: has 0 lines/,
    ],
    [
      "with another run's checkpoint",
      (path) => cpSync(join(other, 'checkpoint.safetensors'), join(path, 'checkpoint.safetensors')),
      /config\.json: is not what/,
    ],
  ])('%s is not trained on', async (_, damage, message) => {
    const path = copyOf(killed);
    damage(path);
    const before = readFileSync(join(path, 'metrics.jsonl'));
    await expect(resumed(path)).rejects.toThrow(message);
    expect(readFileSync(join(path, 'metrics.jsonl'))).toEqual(before);
  });
});

describe('a folder of an earlier version', () => {
  /** The folder without digests: lines, seal and result as such a version wrote them. */
  async function aged(path: string): Promise<string> {
    const copy = copyOf(path);
    const metrics = readFileSync(join(copy, 'metrics.jsonl'), 'utf8').trimEnd().split('\n');
    const plain = metrics.map((line) => {
      const { weights: _w, previous: _p, sha256: _s, ...rest } = JSON.parse(line);
      return JSON.stringify(rest) + '\n';
    });
    writeFileSync(join(copy, 'metrics.jsonl'), plain.join(''));
    const file = join(copy, 'checkpoint.safetensors');
    const { run: _, ...checkpoint } = await decodeCheckpoint(readFileSync(file));
    writeFileSync(file, await encodeCheckpoint(checkpoint));
    const result = join(copy, 'result.json');
    if (existsSync(result)) {
      const { chain: _c, ...rest } = JSON.parse(readFileSync(result, 'utf8'));
      writeFileSync(result, JSON.stringify(rest));
    }
    return copy;
  }

  it('is read and continued, with what could not be checked', async () => {
    const { result, unchecked } = openStoredRun(await aged(done));
    expect(result).toEqual(openStoredRun(done).result);
    expect(unchecked).toMatch(
      /: an earlier version began this run, so it could not be checked that config\.json, /,
    );
    expect(openStoredRun(done).unchecked).toBeNull();
    const path = await aged(killed);
    expect(await resumed(path)).toEqual({ ...openStoredRun(done).result, stepsPerSecond: 0 });
    expect(openStoredRun(path).unchecked).not.toBeNull();
  });

  it.each<[string, (path: string) => void, RegExp]>([
    [
      'without metrics',
      (path) => rmSync(join(path, 'metrics.jsonl')),
      /metrics\.jsonl: is missing, so it has 0 epochs and ends at step 0, but/,
    ],
    [
      'of another batch',
      (path) => writeFileSync(join(path, 'config.json'), JSON.stringify({ ...CONFIGURATION, batch: 10 })),
      /is of batches of 20 examples, but config\.json has 10/,
    ],
    [
      'with the checkpoint of a new one',
      (path) => cpSync(join(done, 'checkpoint.safetensors'), join(path, 'checkpoint.safetensors')),
      /config\.json: is not|metrics\.jsonl: its first/,
    ],
  ])('%s is refused', async (_, damage, message) => {
    const path = await aged(done);
    damage(path);
    expect(() => openStoredRun(path)).toThrow(message);
  });
});

describe('verify', () => {
  const context = { data: DATA, now: () => performance.now() };
  const evidence = (path: string): RunEvidence => openStoredRun(path);
  const changed = (path: string, line: number, change: object): RunEvidence => {
    const { metrics, ...rest } = evidence(path);
    const altered = { ...metrics[line - 1]!, ...change };
    return { ...rest, metrics: metrics.map((one, index) => (index === line - 1 ? altered : one)) };
  };

  it('finds a record equal, whole or up to a step', async () => {
    const whole = { status: 'equal', lines: 8, step: 8, weights: 7, checkpoint: true, difference: null };
    expect(await verifyRun(evidence(done), context)).toEqual(whole);
    // Every backend gives the same integers.
    const wasm = { ...evidence(done), configuration: { ...CONFIGURATION, backend: 'wasm' as const } };
    expect(await verifyRun(wasm, context)).toEqual(whole);
    expect(await verifyRun(evidence(killed), context)).toEqual({ ...whole, lines: 2, step: 3, weights: 1 });
    for (const [step, lines, end] of [
      [1, 1, 2],
      [3, 3, 3],
      [8, 8, 8],
    ] as const) {
      const found = await verifyRun(evidence(done), context, step);
      expect(found).toMatchObject({ status: 'equal', lines, step: end, checkpoint: step === 8 });
    }
  });

  it.each([
    [1, 'correct', 0],
    [3, 'testErrorPercent', 1.5],
    [4, 'weights', '0'.repeat(64)],
    [8, 'partial', false],
  ])('finds line %i with another %s, even if all digests fit', async (line, field, value) => {
    const found = await verifyRun(changed(done, line, { [field]: value }), context);
    expect(found).toMatchObject({
      status: 'different',
      lines: line - 1,
      difference: { line, field, recorded: value },
    });
  });

  it('finds a checkpoint that training does not lead to', async () => {
    const { checkpoint, ...rest } = evidence(done);
    const decoded = await decodeCheckpoint(checkpoint!);
    const tensors = new Map(decoded.tensors);
    const bias = tensors.get('fc1/bias.update')!;
    tensors.set('fc1/bias.update', {
      ...bias,
      data: bias.data.map((raw, index) => (index === 2 ? raw + 1 : raw)),
    });
    const forged = await encodeCheckpoint({ ...decoded, tensors });
    const found = await verifyRun({ ...rest, checkpoint: forged }, context);
    expect(found).toMatchObject({
      status: 'different',
      difference: { line: null, field: 'fc1/bias.update[2]' },
    });
    const earlier = await encodeCheckpoint({ ...decoded, step: 7 });
    expect(await verifyRun({ ...rest, checkpoint: earlier }, context)).toMatchObject({
      difference: { line: null, field: 'step', recorded: 7 },
    });
  });

  it('finds lines that the training does not reach, and stops on a signal', async () => {
    const { metrics, ...rest } = evidence(done);
    const more = { ...rest, metrics: [...metrics, { ...metrics[6]!, from: 8, step: 9 } as MetricsLine] };
    expect(await verifyRun(more, context)).toMatchObject({ status: 'different', difference: { line: 9 } });
    const controller = new AbortController();
    const onEvent = ({ event, step }: RunEvent): void => {
      if (event === 'step' && step === 4) controller.abort();
    };
    expect(await verifyRun(evidence(done), { ...context, signal: controller.signal, onEvent })).toMatchObject(
      {
        status: 'interrupted',
        lines: 4,
      },
    );
  });

  it('refuses other data', async () => {
    const path = join(root, 'bound');
    await train(path, { ...CONFIGURATION, dataDigest: DATA.digest, steps: 2 });
    await expect(
      verifyRun(evidence(path), { ...context, data: { ...DATA, digest: 'e'.repeat(64) } }),
    ).rejects.toThrow('data must be what the run was begun with');
  });
});
