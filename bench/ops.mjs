// Time of each op of a training step on the wasm backend, and its multiply-adds per second:
//   npm run build && node bench/ops.mjs <dnn|lenet|cifar> [--threads 1] [--repeats 20] [--formats '<6,10>'] [--rounding floor]
// Every record of the encoded program runs by itself, over and over; the fastest time is shown, so that what else the
// machine does counts least. Inputs are synthetic and do not change.
import { parseArgs } from 'node:util';
import { instantiateKernels, kernelModule } from '../dist/backend/wasm/kernels.js';
import * as layout from '../dist/backend/wasm/layout.generated.js';
import { SessionMemory } from '../dist/backend/wasm/memory.js';
import { WorkerPool } from '../dist/backend/wasm/pool.js';
import { WasmSession } from '../dist/backend/wasm/session.js';
import { defineNetwork, zoo } from '../dist/nn/index.js';
import { parseSeed } from '../dist/numerics/index.js';
import { opMacs } from '../dist/plan/index.js';
import { syntheticStep } from './synthetic.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    threads: { type: 'string', default: '1' },
    repeats: { type: 'string', default: '20' },
    formats: { type: 'string' },
    rounding: { type: 'string' },
    batch: { type: 'string', default: '100' },
  },
});
const [name = 'lenet'] = positionals;
const { formats, rounding } = values;
const threads = Number(values.threads);
const settings = { seed: 1, ...(formats && { formats }), ...(rounding && { rounding }) };
const definition = defineNetwork(zoo[name](settings));
const plan = definition.plan(Number(values.batch));
const memory = new SessionMemory(plan, threads);
const module = await kernelModule();
const kernels = await instantiateKernels(module, memory.memory);
const pool = await WorkerPool.start(module, memory.memory, threads);
const session = new WasmSession(plan, threads, parseSeed(1), memory, kernels, pool);
for (const [tensor, data] of definition.initialParameters(plan)) await session.write(tensor, data);
const step = syntheticStep(definition, plan);
await session.train([step(0), step(1)]);

const { address, length } = memory.encoded.train;
const records = Array.from({ length }, (_, i) => ({ at: address + i * layout.RECORD_BYTES, best: Infinity }));
memory.setControl(layout.PROGRAM_LENGTH, 1);
for (let repeat = 0; repeat < Number(values.repeats); repeat++) {
  for (const record of records) {
    memory.setControl(layout.PROGRAM, record.at);
    const start = performance.now();
    let done = kernels.run();
    while (!done) done = kernels.resume();
    record.best = Math.min(record.best, performance.now() - start);
  }
}

const kinds = new Map(
  Object.entries(layout)
    .filter(([key]) => key.startsWith('KIND_'))
    .map(([key, kind]) => [kind, key.slice(5).toLowerCase()]),
);
let total = 0;
let ops = 0;
for (const { at, best } of records) {
  total += best;
  const kind = kinds.get(memory.int32(at, 1)[0]);
  // The second record of an op adds up what the threads have summed.
  const op = kind.endsWith('_end') ? null : plan.train[ops++];
  const macs = op ? opMacs(op, plan) : 0;
  const speed = macs > 0 ? `${(macs / best / 1e6).toFixed(1)} GMAC/s` : '';
  console.log(
    `${(op?.layer ?? '').padEnd(12)} ${kind.padEnd(24)} ${best.toFixed(3).padStart(9)} ms  ${speed}`,
  );
}
console.log(
  `${name}, ${threads} thread${threads > 1 ? 's' : ''}: ${total.toFixed(2)} ms, ${(1000 / total).toFixed(1)} steps/s`,
);
await session.close();
