// Training steps per second of the zoo networks on the wasm backend, on synthetic inputs:
//   npm run build && node bench/steps.mjs [--networks dnn,lenet,cifar] [--threads 1,2] [--formats '<6,10>'] [--seconds 2]
// Prints the median over short rounds, the thread counts taking turns, so that a busy machine slows all alike.
import { parseArgs } from 'node:util';
import { wasmBackend, wasmInfo } from '../dist/backend/wasm/index.js';
import { defineNetwork, zoo } from '../dist/nn/index.js';
import { syntheticStep } from './synthetic.mjs';

const { values } = parseArgs({
  options: {
    networks: { type: 'string', default: 'dnn,lenet,cifar' },
    threads: { type: 'string', default: [...new Set([1, wasmInfo().threads])].join(',') },
    formats: { type: 'string' },
    rounding: { type: 'string' },
    batch: { type: 'string', default: '100' },
    seconds: { type: 'string', default: '2' },
  },
});
const batch = Number(values.batch);
const ROUNDS = 7;

async function contender(name, threads) {
  const overrides = {
    ...(values.formats ? { formats: values.formats } : {}),
    ...(values.rounding ? { rounding: values.rounding } : {}),
  };
  const definition = defineNetwork(zoo[name]({ seed: 1, ...overrides }));
  const plan = definition.plan(batch);
  const session = await wasmBackend.open(plan, { seed: 1, threads });
  for (const [tensor, data] of definition.initialParameters(plan)) await session.write(tensor, data);
  const stepOf = syntheticStep(definition, plan);
  let step = 0;
  const run = async (count) => {
    const steps = Array.from({ length: count }, () => stepOf(step++));
    const start = performance.now();
    await session.train(steps);
    return (performance.now() - start) / count;
  };
  await run(1);
  const count = Math.max(1, Math.round((Number(values.seconds) * 1000) / ROUNDS / (await run(2))));
  return { name, threads, session, times: [], round: () => run(count) };
}

for (const name of values.networks.split(',')) {
  const contenders = [];
  for (const threads of values.threads.split(',')) contenders.push(await contender(name, Number(threads)));
  for (let round = 0; round < ROUNDS; round++) {
    for (const one of contenders) one.times.push(await one.round());
  }
  for (const { threads, times, session } of contenders) {
    const sorted = times.map((time) => 1000 / time).sort((a, b) => a - b);
    const [low, median, high] = [0, ROUNDS >> 1, ROUNDS - 1].map((i) => sorted[i].toPrecision(4));
    console.log(`${name}: ${threads} thread${threads > 1 ? 's' : ''} ${median} steps/s (${low} to ${high})`);
    await session.close();
  }
}
