/** Memory is planned in full before the first step: nothing grows, regions keep apart, and too much is refused early. */
import { describe, expect, test } from 'vitest';
import { SessionMemory } from '../../src/backend/wasm/memory.js';
import { wasmBackend } from '../../src/backend/wasm/index.js';
import * as layout from '../../src/backend/wasm/layout.generated.js';
import { defineNetwork, zoo } from '../../src/nn/index.js';
import { PlanBuilder } from '../../src/plan/index.js';

describe('the plan of memory', () => {
  test('cannot grow, and holds every region of every thread', () => {
    for (const formats of ['<6,10>', '<6,14>', 'float32'] as const) {
      const plan = defineNetwork(zoo.lenet({ seed: 1, formats })).plan(10);
      const { memory, encoded } = new SessionMemory(plan, 3);
      expect(() => memory.grow(1)).toThrow();
      const regions = [
        ...encoded.tables.map(({ address, words }) => [address, words.byteLength] as const),
        [encoded.coefficients, plan.groups * 24] as const,
        [encoded.losses, 80] as const,
        [encoded.correct, 40] as const,
        [encoded.statistics, 3 * encoded.statisticsBytes] as const,
        [encoded.scratch, 3 * encoded.scratchBytes] as const,
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

  test('a step allocates nothing: the buffer stays what it was', async () => {
    const definition = defineNetwork(zoo.lenet({ seed: 1 }));
    const plan = definition.plan(2);
    const grow = WebAssembly.Memory.prototype.grow;
    let grown = 0;
    WebAssembly.Memory.prototype.grow = function (pages) {
      grown++;
      return grow.call(this, pages);
    };
    try {
      const session = await wasmBackend.open(plan, { seed: 1, threads: 2 });
      for (let step = 0; step < 3; step++) {
        await session.train([
          {
            ...{ count: 2, step, inputs: new Int16Array(2 * 784).fill(300), labels: new Int32Array(2) },
            coefficients: definition.optimizers.map(() => ({ momentum: 1 << 29, rate: 1 << 28, decay: 9 })),
          },
        ]);
      }
      await session.close();
      expect(grown).toBe(0);
    } finally {
      WebAssembly.Memory.prototype.grow = grow;
    }
  });

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
      'wasm: a session has at most 2 GiB of memory, got 4.0 GiB or more; use a smaller batch or network',
    );
  });
});
