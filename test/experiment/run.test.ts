/**
 * Runs: whatever moment a run is cut at, the rest gives the result, the weights and the metrics of the uncut run. Every
 * moment is tried: a copy of the folder is taken after each write, which is all that a killed process leaves.
 */
import { cpSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  executeRun,
  type RunConfiguration,
  type RunContext,
  type RunEvent,
  type RunOutcome,
} from '../../src/experiment/index.js';
import { openStoredRun, readMetrics, RunFolder } from '../../src/experiment/store/index.js';
import { CONFIGURATION, DATA, temporaryFolder } from './support.js';

const root = temporaryFolder();

/** The same in more bits from the second epoch on, and rounded to nearest in the third. */
const SCHEDULED: RunConfiguration = {
  ...CONFIGURATION,
  network: {
    ...CONFIGURATION.network,
    precisionSchedule: [
      { epoch: 1, formats: { weight: '<4,16>', activation: '<6,14>' } },
      { epoch: 2, formats: '<6,10>', rounding: 'nearest' },
    ],
  },
};

/** A clock that adds a second with every look, so that times are equal in equal runs. */
function clock(): () => number {
  let now = 0;
  return () => (now += 1000);
}

async function begin(
  path: string,
  context: Partial<RunContext> = {},
  configuration = CONFIGURATION,
): Promise<RunOutcome> {
  const folder = RunFolder.create(path, configuration);
  try {
    return await executeRun(folder, configuration, null, { data: DATA, now: clock(), ...context });
  } finally {
    folder.close();
  }
}

async function resume(path: string, context: Partial<RunContext> = {}): Promise<RunOutcome> {
  const folder = RunFolder.resume(path);
  try {
    const { configuration, checkpoint } = openStoredRun(path);
    return await executeRun(folder, configuration, checkpoint, { data: DATA, now: clock(), ...context });
  } finally {
    folder.close();
  }
}

/** The results that must not depend on the interruption: everything except times. */
function traceOf(path: string): unknown {
  const { metrics, chain, result } = openStoredRun(path);
  const lines = metrics.map((line) => ({ ...line, seconds: 0, stepsPerSecond: 0 }));
  return { lines, chain, result: { ...result, stepsPerSecond: 0 } };
}

function resultOf(outcome: RunOutcome): RunOutcome & { status: 'done' } {
  if (outcome.status !== 'done') throw new Error('the run was interrupted');
  return outcome;
}

describe('a run', () => {
  it('writes intervals, epochs and checkpoints in their places', async () => {
    const path = join(root, 'events');
    const events: RunEvent[] = [];
    const { result } = resultOf(await begin(path, { onEvent: (event) => events.push(event) }));
    const shown = events.flatMap((event) => (event.event === 'step' ? [] : [`${event.event} ${event.step}`]));
    expect(shown).toEqual([
      ...['start 0', 'checkpoint 0', 'interval 2', 'checkpoint 2', 'interval 3', 'epoch 3', 'checkpoint 3'],
      ...['interval 4', 'checkpoint 4', 'interval 6', 'checkpoint 6', 'epoch 6', 'checkpoint 6'],
      ...['interval 8', 'checkpoint 8', 'epoch 8', 'checkpoint 8'],
    ]);
    expect(result).toMatchObject({ steps: 8, epochs: 2 });
    expect(result.digest).toMatch(/^[0-9a-f]{64}$/);
    expect(result.swallowed.map(({ parameter }) => parameter)).toEqual([
      'fc1/weight',
      'fc1/bias',
      'fc2/weight',
      'fc2/bias',
    ]);
    // Eight steps of 784 x 4 weights.
    expect(result.swallowed[0]?.elements).toBe(8 * 784 * 4);
    expect(readdirSync(path).sort()).toEqual([
      'checkpoint.safetensors',
      'config.json',
      'data.json',
      'metrics.jsonl',
      'result.json',
    ]);
    expect(JSON.parse(readFileSync(join(path, 'config.json'), 'utf8'))).toEqual(CONFIGURATION);
  });

  it('gives the same trace from any remainder of it', async () => {
    const whole = join(root, 'whole');
    await begin(whole, {}, SCHEDULED);
    const expected = traceOf(whole);

    const cut = join(root, 'cut');
    const copies: string[] = [];
    const copy = (event: RunEvent): void => {
      const path = join(root, `copy-${copies.length}`);
      cpSync(cut, path, { recursive: true, filter: (file) => !file.includes('lock') });
      // What a process killed while it wrote leaves besides: half a line, half a file.
      if (event.event !== 'checkpoint') {
        writeFileSync(join(path, 'metrics.jsonl'), '{"event":"interv', { flag: 'a' });
        writeFileSync(join(path, 'checkpoint.safetensors.tmp-1'), 'half');
      }
      copies.push(path);
    };
    await begin(cut, { onEvent: copy }, SCHEDULED);
    expect(copies.length).toBe(8 + 17 + 2);
    for (const path of copies) {
      await resume(path);
      expect(traceOf(path)).toEqual(expected);
      expect(readdirSync(path).filter((name) => name.includes('tmp'))).toEqual([]);
    }
  });

  it('stops on a signal at any step, and continues as if it had not', async () => {
    const unstopped = join(root, 'unstopped');
    const { result: expected } = resultOf(await begin(unstopped));
    for (let stop = 1; stop <= 8; stop++) {
      const path = join(root, `stopped-${stop}`);
      const controller = new AbortController();
      const onEvent = (event: RunEvent): void => {
        if (event.event === 'step' && event.step === stop) controller.abort();
      };
      const outcome = await begin(path, { signal: controller.signal, onEvent });
      if (stop < 8) {
        expect(outcome).toEqual({ status: 'interrupted', step: stop });
        const rest = resultOf(await resume(path));
        expect({ ...rest.result, stepsPerSecond: 0 }).toEqual({ ...expected, stepsPerSecond: 0 });
        // The interval that the signal cut is one line in the end, so the lines are those of the run that was not stopped.
        expect(traceOf(path)).toEqual(traceOf(unstopped));
      } else {
        // The last step ends the run; there is nothing left to stop.
        expect(outcome.status).toBe('done');
      }
    }
  });

  it('logs changes of precision once, even if it is stopped in between', async () => {
    const path = join(root, 'precision');
    const { result: expected } = resultOf(await begin(path, {}, SCHEDULED));
    const lines = readMetrics(path);
    const changes = lines.filter((line) => line.event === 'precision');
    expect(changes).toMatchObject([
      { step: 3, epoch: 2, stage: 1, reason: 'epoch', formats: { weight: '<4,16>', activation: '<6,14>' } },
      { step: 6, epoch: 3, stage: 2, reason: 'epoch', rounding: { weight: 'nearest-away' } },
    ]);
    const { 'precision/1/fc1/weight': weight, ...others } = changes[0]!.sites;
    // Four more fraction bits: nothing is lost.
    expect(weight).toMatchObject({ elements: 784 * 4, saturatedHigh: 0, saturatedLow: 0, flushed: 0 });
    expect(Object.keys(others)).toHaveLength(7);
    expect(lines.map(({ event, step }) => `${event} ${step}`)).toEqual([
      ...['interval 2', 'interval 3', 'epoch 3', 'precision 3', 'interval 4', 'interval 6'],
      ...['epoch 6', 'precision 6', 'interval 8', 'epoch 8'],
    ]);

    for (const stage of [1, 2]) {
      const stopped = join(root, `stopped-in-${stage}`);
      const controller = new AbortController();
      const onEvent = (event: RunEvent): void => {
        if (event.event === 'precision' && event.stage === stage) controller.abort();
      };
      const outcome = await begin(stopped, { signal: controller.signal, onEvent }, SCHEDULED);
      expect(outcome).toEqual({ status: 'interrupted', step: 3 * stage });
      const { result } = resultOf(await resume(stopped));
      expect({ ...result, stepsPerSecond: 0 }).toEqual({ ...expected, stepsPerSecond: 0 });
      expect(traceOf(stopped)).toEqual(traceOf(path));
    }
  });

  it('counts float32 without rounding sites', async () => {
    const configuration: RunConfiguration = {
      ...CONFIGURATION,
      steps: 2,
      network: { ...CONFIGURATION.network, formats: 'float32' },
    };
    const { result } = resultOf(await begin(join(root, 'float'), {}, configuration));
    expect(result.swallowed).toEqual([]);
  });

  it('trains on augmented images, and is tested on images as they are', async () => {
    const { augment, ...plain } = CONFIGURATION;
    expect(augment).toEqual({ flip: true, crop: 2 });
    const { result: augmented } = resultOf(await begin(join(root, 'augmented')));
    const { result } = resultOf(await begin(join(root, 'plain'), {}, plain));
    expect(augmented.digest).not.toBe(result.digest);
    // One step without learning: the test does not see what was done to the training images.
    const network = { ...CONFIGURATION.network, optimizer: { kind: 'sgd', learningRate: 0 } } as const;
    const [first, second] = await Promise.all(
      [plain, CONFIGURATION].map(async (configuration, i) =>
        resultOf(await begin(join(root, `still-${i}`), {}, { ...configuration, network, steps: 1 })),
      ),
    );
    expect(first?.result.testLoss).toBe(second?.result.testLoss);
    expect(first?.result.loss).not.toBe(second?.result.loss);
  });

  it('refuses other data than it was begun with', async () => {
    const path = join(root, 'data');
    const configuration = { ...CONFIGURATION, dataDigest: 'e'.repeat(64) };
    await expect(begin(path, {}, configuration)).rejects.toThrow(
      `run folder ${path}: data must be what the run was begun with (SHA-256 ${'e'.repeat(64)}), got ${'d'.repeat(64)}; restore the data, or start another run`,
    );
  });
});
