/** The worker pool: threads that outnumber the work, deaths, and what closing leaves behind. */
import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { Session, TrainStep } from '../../src/backend/contract.js';
import { wasmBackend, wasmInfo } from '../../src/backend/wasm/index.js';
import type { WorkerHandle } from '../../src/backend/wasm/worker.js';
import { defineNetwork, zoo } from '../../src/nn/index.js';
import type { Plan } from '../../src/plan/index.js';

const born: WorkerHandle[] = [];

/** The real host, but every worker that it starts is known here, to be killed behind the pool's back. */
vi.mock('#wasm-host', async (importOriginal) => {
  const host = await importOriginal<typeof import('../../src/backend/wasm/host-node.js')>();
  return {
    ...host,
    async spawnWorker(...args: Parameters<typeof host.spawnWorker>) {
      const worker = await host.spawnWorker(...args);
      born.push(worker);
      return worker;
    },
  };
});

beforeEach(() => {
  born.length = 0;
});

const DEATH =
  /^wasm: every worker thread must live as long as the session, got "worker thread \d ended: exit code \d+"; open a new session$/;

function smallPlan(batch: number): Plan {
  return defineNetwork({
    seed: 1,
    formats: '<6,10>',
    optimizer: { kind: 'sgd', learningRate: 0.1 },
    input: { height: 6, width: 6, channels: 1 },
    layers: [
      { type: 'conv2d', channels: 3, kernel: 3, activation: 'relu' },
      { type: 'maxPool', kernel: 2 },
      { type: 'dense', units: 3 },
    ],
  }).plan(batch);
}

function step(batch: number): TrainStep {
  return {
    count: batch,
    inputs: new Int16Array(batch * 36).fill(700),
    labels: new Int32Array(batch).fill(1),
    step: 0,
    coefficients: [{ momentum: 0, rate: 1 << 26, decay: 0 }],
  };
}

async function open(threads: number, batch = 4, clock?: () => number): Promise<Session> {
  return wasmBackend.open(smallPlan(batch), { seed: 1, threads, ...(clock && { clock }) });
}

async function weights(session: Session): Promise<unknown> {
  const { plan } = session;
  return Promise.all(plan.parameters.map((id) => session.read(plan.tensors[id]!.name)));
}

describe('threads', () => {
  test('more threads than examples, rows or weights: the same integers', async () => {
    const results: unknown[] = [];
    for (const threads of [1, 2, 7]) {
      const session = await open(threads, 1);
      expect(session.threads).toBe(threads);
      await session.train([step(1), step(1)]);
      results.push(await weights(session));
      await session.close();
    }
    expect(results[1]).toEqual(results[0]);
    expect(results[2]).toEqual(results[0]);
  });

  test('by default all that the machine runs at once, if the step keeps them busy', async () => {
    const large = defineNetwork(zoo.dnn({ seed: 1 })).plan(100);
    const session = await wasmBackend.open(large, { seed: 1 });
    expect(session.threads).toBe(wasmInfo().threads);
    expect(born).toHaveLength(wasmInfo().threads - 1);
    await session.close();
  });

  test.each([0, -1, 1.5, 65, NaN])('%d threads', async (threads) => {
    await expect(open(threads)).rejects.toThrow(
      `session: threads must be an integer from 1 to 64, got ${String(threads)}`,
    );
  });

  test('refuses a step fed while another one runs', async () => {
    const session = await open(2);
    // Without its worker the first run does not end; it is still on when the second call comes.
    const death = born[0]!.terminate();
    const first = session.train([step(4)]);
    await expect(session.train([step(4)])).rejects.toThrow(
      'train: a session does one thing at a time; await the run before',
    );
    await expect(first).rejects.toThrow(DEATH);
    await death;
    await session.close();
  });

  test('refuses one fed between the steps of a call, or the ops of a measured step', async () => {
    for (const clock of [undefined, () => 0]) {
      const session = await open(2, 4, clock);
      const first = session.train([step(4), step(4)]);
      await expect(session.evaluate([step(4)])).rejects.toThrow(
        'evaluate: a session does one thing at a time',
      );
      expect(await first).toHaveLength(2);
      await session.close();
    }
  });
});

describe('a worker dies', () => {
  test('between runs: the next call throws', async () => {
    const session = await open(3);
    await session.train([step(4)]);
    await born[1]!.terminate();
    await expect(session.train([step(4)])).rejects.toThrow(DEATH);
    await expect(session.read('conv1/weight')).rejects.toThrow(DEATH);
    await session.close();
  });

  test.each([
    ['a run', undefined],
    ['a measured run', () => 0],
  ])('during %s: the run ends with an error, and closing still works', async (_, clock) => {
    const session = await open(3, 4, clock);
    const death = born[0]!.terminate();
    await expect(session.train([step(4)])).rejects.toThrow(DEATH);
    await death;
    await session.close();
  });
});

describe('closing', () => {
  test('twice is once; nothing works after', async () => {
    const session = await open(2);
    await session.close();
    await session.close();
    await expect(session.train([step(4)])).rejects.toThrow('train: the session is closed; open a new one');
    await expect(session.statistics()).rejects.toThrow('statistics: the session is closed; open a new one');
  });
});
