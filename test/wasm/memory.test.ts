/** Memory is planned in full before the first step: nothing grows, regions keep apart, and too much is refused early. */
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { TrainStep } from '../../src/backend/contract.js';
import { SessionMemory, sessionMemoryUse } from '../../src/backend/wasm/memory.js';
import { wasmBackend } from '../../src/backend/wasm/index.js';
import * as layout from '../../src/backend/wasm/layout.generated.js';
import { defineNetwork, zoo } from '../../src/nn/index.js';
import { PlanBuilder } from '../../src/plan/index.js';

describe('the plan of memory', () => {
  test('cannot grow, and holds every region of every thread', () => {
    for (const formats of ['<6,10>', '<6,14>', 'float32'] as const) {
      const plan = defineNetwork(zoo.lenet({ seed: 1, formats })).plan(10);
      const { memory, encoded, limit } = new SessionMemory(plan, 3);
      expect(() => memory.grow(1)).toThrow();
      const regions = [
        ...encoded.tables.map(({ address, words }) => [address, words.byteLength] as const),
        [encoded.pixels.bytes, 10 * 784] as const,
        [encoded.pixels.table, 256 * 4] as const,
        [encoded.coefficients, plan.groups * 24] as const,
        [encoded.losses, 80] as const,
        [encoded.correct, 40] as const,
        [encoded.statistics, 3 * encoded.statisticsBytes] as const,
        [encoded.scratch, 3 * encoded.scratchBytes] as const,
        [limit, layout.RECORD_BYTES] as const,
      ]
        .filter(([, bytes]) => bytes > 0)
        .sort(([a], [b]) => a - b);
      let end = layout.CONTROL_END + plan.arenaBytes;
      for (const [address, bytes] of regions) {
        expect(address).toBeGreaterThanOrEqual(end);
        end = address + bytes;
      }
      expect(memory.buffer.byteLength).toBeGreaterThanOrEqual(end);
    }
  });

  test('is known before a session is opened, to the byte', () => {
    const plan = defineNetwork(zoo.lenet({ seed: 1 })).plan(10);
    for (const threads of [1, 3]) {
      const use = sessionMemoryUse(plan, threads);
      expect(use.totalBytes).toBe(new SessionMemory(plan, threads).memory.buffer.byteLength);
      expect(use.parts['arena']).toBe(plan.arenaBytes);
      expect(Object.values(use.parts).reduce((sum, bytes) => sum + bytes, 0)).toBe(use.totalBytes);
      expect(wasmBackend.memory?.(plan, { threads })).toEqual(use);
    }
  });

  test('has one view per tensor', () => {
    const plan = defineNetwork(zoo.lenet({ seed: 1 })).plan(2);
    const memory = new SessionMemory(plan, 1);
    for (const tensor of plan.tensors) expect(memory.view(tensor)).toBe(memory.view(tensor));
  });
});

describe('a step allocates nothing', () => {
  const grow = WebAssembly.Memory.prototype.grow;
  const ARRAYS = [Uint8Array, Int16Array, Int32Array, Float32Array, Float64Array, BigInt64Array] as const;
  /** What all typed arrays have in common, as vitest can watch it. */
  const common = Object.getPrototypeOf(Int16Array.prototype) as Int16Array;
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.restoreAllMocks();
    WebAssembly.Memory.prototype.grow = grow;
  });

  test.each(['<6,10>', '<6,14>', 'float32'] as const)('%s', async (formats) => {
    const definition = defineNetwork(zoo.lenet({ seed: 1, formats }));
    const session = await wasmBackend.open(definition.plan(2), { seed: 1, threads: 2 });
    const Storage = { '<6,10>': Int16Array, '<6,14>': Int32Array, float32: Float32Array }[formats];
    const whole = { momentum: 1 << 29, rate: 1 << 28, decay: 9 };
    const coefficients = definition.optimizers.map(() =>
      formats === 'float32' ? { momentum: 0.5, rate: 0.1, decay: 0 } : whole,
    );
    const pixelTable = new Storage(256).fill(300);
    const steps = [2, 2, 1].flatMap((count, step): TrainStep[] => {
      const batch = { count, step, labels: new Int32Array(count), coefficients };
      const inputs = new Storage(count * 784).fill(300);
      return [
        { ...batch, inputs },
        { ...batch, inputs: new Uint8Array(count * 784), pixelTable },
      ];
    });

    // Every way to come by another array or view of one, and by more memory.
    const made: string[] = [];
    for (const kind of [...ARRAYS, ArrayBuffer, SharedArrayBuffer]) {
      const construct: ProxyHandler<typeof kind>['construct'] = (...args) => {
        made.push(kind.name);
        return Reflect.construct(...args) as object;
      };
      vi.stubGlobal(kind.name, new Proxy(kind, { construct }));
    }
    const copies = (['slice', 'subarray', 'map', 'filter'] as const).map((name) => vi.spyOn(common, name));
    WebAssembly.Memory.prototype.grow = function (pages) {
      made.push('grow');
      return grow.call(this, pages);
    };
    await session.train(steps);
    expect(made).toEqual([]);
    for (const copy of copies) expect(copy).not.toHaveBeenCalled();

    // The watch would have seen it.
    await session.read('conv1/weight');
    expect(copies.map(({ mock }) => mock.calls.length)).toEqual([1, 0, 0, 0]);
    expect(new Int32Array(1)).toHaveLength(1);
    expect(made).toEqual(['Int32Array']);
    await session.close();
  });
});

describe('too much memory', () => {
  test('more than fits is refused before anything runs, with the figure', async () => {
    const builder = new PlanBuilder({ name: 'huge', arithmetic: 'fixed', batch: 1 });
    const shape = {
      batched: false,
      role: 'activation',
      format: { il: 6, fl: 10 },
      persistent: true,
    } as const;
    const input = builder.tensor({ name: 'a', shape: [1 << 16, 1 << 14], ...shape });
    const out = builder.tensor({ name: 'b', shape: [1 << 16, 1 << 14], ...shape });
    builder.layer('big').relu({ input, out });
    await expect(wasmBackend.open(builder.finish(), { seed: 1, threads: 1 })).rejects.toThrow(
      'wasm: a session must fit in 2148 MB of memory, got 4296 MB (arena 4295 MB, scratch 1 MB, counters 1 MB, records 1 MB); use a smaller batch or network',
    );
  });

  test('a refusal of the engine is reported with the figure, and the next session opens', async () => {
    const plan = defineNetwork(zoo.lenet({ seed: 1 })).plan(10);
    vi.stubGlobal('WebAssembly', {
      ...namesOf(WebAssembly),
      Memory: function refuse() {
        throw new RangeError('WebAssembly.Memory(): could not allocate memory');
      },
    });
    await expect(wasmBackend.open(plan, { seed: 1, threads: 2 })).rejects.toThrow(
      'wasm: the engine refuses 1 MB of memory; use a smaller batch or network, or fewer threads',
    );
    vi.unstubAllGlobals();
    await (await wasmBackend.open(plan, { seed: 1, threads: 2 })).close();
  });
});

/** The members of a namespace, which are not enumerable. */
function namesOf(namespace: object): object {
  return Object.fromEntries(
    Object.getOwnPropertyNames(namespace).map((name) => [name, Reflect.get(namespace, name)]),
  );
}
