/** Figures of measured steps: medians, shares, speeds, the limit; and the trace that Perfetto opens. */
import { describe, expect, it } from 'vitest';
import { selectBackend, type Backend, type StepProfile } from '../../src/backend/index.js';
import { defineNetwork } from '../../src/nn/index.js';
import {
  Network,
  pathText,
  profileTable,
  profileTrace,
  type TraceEvent,
  type TrainingProfile,
} from '../../src/train/index.js';
import { tinyConfiguration, tinyIterator } from './support.js';

const plan = defineNetwork(tinyConfiguration()).plan(4);

/** A step whose op number i takes `opMs` times i + 1, with 2 ms before, and a limit of 1 GMAC/s right behind. */
function step(number: number, opMs: number, count = 4): StepProfile {
  const startMs = 1000 * number;
  let now = startMs + 2;
  const ops = plan.train.map((op, index) => {
    const timeMs = opMs * (index + 1);
    const paths = 'accumulator' in op ? { flush: number === 0 ? 100 : 0, fast: 900 } : {};
    const profile = { startMs: now, timeMs, paths };
    now += timeMs;
    return profile;
  });
  const limit = { macs: 3e6, startMs: now, timeMs: 3 };
  return { step: number, count, startMs, timeMs: now - startMs, ops, limit };
}

function profileOf(steps: readonly StepProfile[]): TrainingProfile {
  return { plan, backend: 'wasm', threads: 2, steps };
}

describe('profileTable', () => {
  const ops = plan.train.length;

  it('has a row per op, with the median time, its share and its speed', () => {
    const table = profileTable(profileOf([step(0, 1), step(2, 9), step(5, 2)]));
    expect(table).toMatchObject({ network: 'tiny', backend: 'wasm', threads: 2, batch: 4, steps: 3 });
    expect(table.rows.map(({ timeMs }) => timeMs)).toEqual(plan.train.map((_, index) => 2 * (index + 1)));
    // Steps that are not consecutive give no time between steps.
    expect(table.outsideMs).toBe(2);
    expect(table.stepMs).toBe(2 + ops * (ops + 1));
    expect(table.limitGmacs).toBe(1);
    const [conv] = table.rows;
    expect(conv).toMatchObject({
      layer: 'conv',
      op: 'conv2d',
      writes: 'conv/output',
      share: 2 / table.stepMs,
    });
    // 4 images of 4 x 4 positions, 9 taps, 1 channel to 2, in 2 ms.
    expect(conv).toMatchObject({ macs: 1152, gmacs: 1152 / 2 / 1e6, ofLimit: 1152 / 2 / 1e6 });
    expect(conv!.paths).toEqual({ fast: 2700 / 2800, flush: 100 / 2800 });
    const relu = table.rows.find(({ op }) => op === 'relu');
    expect(relu).toMatchObject({ macs: 0, gmacs: null, ofLimit: null, paths: {} });
    expect(table.macs).toBe(table.rows.reduce((sum, { macs }) => sum + macs, 0));
    expect(table.gmacs).toBeCloseTo(table.macs / table.stepMs / 1e6, 12);
    const shares = table.rows.reduce((sum, { share }) => sum + share, 0);
    expect(shares + table.outsideMs / table.stepMs).toBeCloseTo(1, 12);
  });

  it('takes what lies between steps that follow each other, without the limit', () => {
    // 1000 ms from start to start, 3 of them the limit, the rest of it not in ops.
    const { outsideMs } = profileTable(profileOf([step(3, 1), step(4, 1), step(9, 1)]));
    expect(outsideMs).toBe(1000 - 3 - (ops * (ops + 1)) / 2);
  });

  it('takes the steps with the most examples, and their multiply-adds', () => {
    const { batch, steps, rows } = profileTable(profileOf([step(0, 1, 3), step(1, 5, 1), step(2, 1, 3)]));
    expect([batch, steps]).toEqual([3, 2]);
    expect(rows[0]).toMatchObject({ timeMs: 1, macs: 864 });
    // Parameters are as many whatever the batch.
    const macsOf = (of: typeof rows, op: string) => of.filter((row) => row.op === op).map(({ macs }) => macs);
    const full = profileTable(profileOf([step(0, 1)])).rows;
    expect(macsOf(rows, 'sgd')).toEqual(macsOf(full, 'sgd'));
    expect(macsOf(rows, 'matmul')).toEqual(macsOf(full, 'matmul').map((macs) => (macs * 3) / 4));
  });

  it('does without a limit, and with a clock that does not move', () => {
    const still = { ...step(0, 0), limit: null };
    const { limitGmacs, rows, gmacs } = profileTable(profileOf([still]));
    expect(limitGmacs).toBeNull();
    expect(rows[0]!.ofLimit).toBeNull();
    expect(Number.isFinite(gmacs) && Number.isFinite(rows[0]!.gmacs)).toBe(true);
  });

  it('needs a step', () => {
    expect(() => profileTable(profileOf([]))).toThrow(
      new RangeError('profile: there must be a measured step, got none; train first'),
    );
  });
});

it.each([
  [{}, ''],
  [{ fast: 12 }, 'fast'],
  [{ flush: 1, fast: 9 }, 'fast 90 % flush 10 %'],
  [{ fast: 1e6, full: 1 }, 'fast >99 % full <1 %'],
])('paths %j read %s', (paths, text) => {
  expect(pathText(paths)).toBe(text);
});

describe('profileTrace', () => {
  const trace = profileTrace([profileOf([step(5, 1), step(6, 2)]), profileOf([step(7, 1)])]);
  const intervals = trace.traceEvents.filter((event) => event.ph === 'X');

  it('is what viewers ask for: names first, then whole events in microseconds from 0 on', () => {
    // Nothing is lost on the way through JSON: no undefined, NaN or infinite number.
    expect(JSON.parse(JSON.stringify(trace))).toEqual(trace);
    expect(trace.displayTimeUnit).toBe('ms');
    const names = trace.traceEvents.filter((event) => event.ph === 'M');
    expect(names.map(({ name, pid, tid, args }) => [name, pid, tid, args.name])).toEqual(
      [1, 2].flatMap((pid) => [
        ['process_name', pid, 0, 'tiny, wasm, 2 threads'],
        ['thread_name', pid, 1, 'training steps'],
        ['thread_name', pid, 2, 'limit: multiply-adds alone'],
      ]),
    );
    for (const { ts, dur, pid, tid } of intervals) {
      expect(ts).toBeGreaterThanOrEqual(0);
      expect(dur).toBeGreaterThan(0);
      expect(names.some((named) => named.pid === pid && named.tid === tid)).toBe(true);
    }
    expect(intervals.map(({ ts }) => ts).reduce((least, ts) => Math.min(least, ts))).toBe(0);
    expect(intervals).toHaveLength(3 * (plan.train.length + 2));
  });

  it('has each op inside its step, and on a track either nests or follows', () => {
    for (const [pid, tid] of [1, 2].flatMap((process) => [1, 2].map((track) => [process, track]))) {
      const open: TraceEvent[] = [];
      for (const event of intervals.filter((one) => one.pid === pid && one.tid === tid)) {
        const end = (of: TraceEvent): number => (of.ph === 'X' ? of.ts + of.dur : 0);
        while (open.length > 0 && end(open.at(-1)!) <= event.ts) open.pop();
        for (const outer of open) expect(end(event)).toBeLessThanOrEqual(end(outer) + 1e-6);
        open.push(event);
      }
    }
    expect(intervals[0]).toMatchObject({ name: 'step 5', args: { step: 5, examples: 4 } });
  });

  it('describes a product', () => {
    expect(intervals[1]).toMatchObject({
      ...{ name: 'conv conv2d', cat: 'forward', ts: 2000, dur: 1000 },
      args: { writes: 'conv/output', macs: 1152, gmacs: 0.001152, path: 'fast' },
    });
    const relu = intervals.find(({ name }) => name === 'conv.relu relu');
    expect(relu?.args).toEqual({ writes: 'conv.relu/output' });
  });

  it('of nothing is empty', () => {
    expect(profileTrace([])).toEqual({ displayTimeUnit: 'ms', traceEvents: [] });
  });
});

describe('a network', () => {
  it('reports its last steps, on the reference too', async () => {
    let now = 0;
    const network = await Network.create(tinyConfiguration(), { backend: 'reference', clock: () => ++now });
    expect(await network.profile()).toBeNull();
    await network.fit(tinyIterator(10, 4));
    const profile = await network.profile();
    expect(profile).toMatchObject({ backend: 'reference', threads: 1 });
    expect(profile!.steps.map(({ step: number, count }) => [number, count])).toEqual([
      [0, 4],
      [1, 4],
      [2, 2],
    ]);
    const { rows, limitGmacs } = profileTable(profile!);
    expect(limitGmacs).toBeNull();
    expect(rows[0]).toMatchObject({ timeMs: 1, paths: { reference: 1 } });
    await network.close();
    await expect(network.profile()).rejects.toThrow('network: it is closed');
  });

  it('refuses a backend that measures nothing, and frees its session', async () => {
    let closed = 0;
    const silent: Backend = {
      name: 'silent',
      open: async (planned, options) => {
        const session = await selectBackend('reference').open(planned, options);
        return {
          ...{ plan: planned, threads: 1 },
          write: (name, data) => session.write(name, data),
          read: (name) => session.read(name),
          train: (steps) => session.train(steps),
          evaluate: (steps) => session.evaluate(steps),
          statistics: () => session.statistics(),
          close: async () => {
            closed++;
            await session.close();
          },
        };
      },
    };
    const network = await Network.create(tinyConfiguration(), { backend: silent, clock: () => 0 });
    await expect(network.fit(tinyIterator(10, 4))).rejects.toThrow(
      'profile: the backend must measure its ops, got backend "silent"; train without a profile, or use backend "wasm"',
    );
    expect(closed).toBe(1);
    await network.close();
  });
});
