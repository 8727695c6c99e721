// Fewbit as a contender: networks of the zoo on sessions of the wasm backend, from weights that have been trained for a
// while, because the way a sum is made depends on the magnitudes in it.
import { wasmBackend } from '../dist/backend/wasm/index.js';
import { instantiateKernels, kernelModule } from '../dist/backend/wasm/kernels.js';
import { SessionMemory } from '../dist/backend/wasm/memory.js';
import { WorkerPool } from '../dist/backend/wasm/pool.js';
import { WasmSession } from '../dist/backend/wasm/session.js';
import { defineNetwork, zoo } from '../dist/nn/index.js';
import { parseSeed } from '../dist/numerics/index.js';
import { coefficientsOf } from '../dist/optim/index.js';
import { batchesFor } from './data.mjs';

const SEED = 1;
export const BATCH = 100;

/** The network of the zoo; `formats` undefined: its own. */
export function define(network, formats) {
  return defineNetwork(zoo[network]({ seed: SEED, ...(formats === undefined ? {} : { formats }) }));
}

/** With a clock the session measures its steps op by op. */
export function openSession(plan, threads, clock) {
  return wasmBackend.open(plan, { seed: SEED, threads, ...(clock && { clock }) });
}

/** How an op's products were summed: `fast`, or `flush 60 %, fast 40 %`. */
export function waysText(paths) {
  const ways = Object.entries(paths).sort(([, a], [, b]) => b - a);
  const total = ways.reduce((sum, [, macs]) => sum + macs, 0);
  if (ways.length <= 1) return ways[0]?.[0] ?? '-';
  return ways.map(([way, macs]) => `${way} ${Math.round((100 * macs) / total)} %`).join(', ');
}

/** A session made of its parts: for other kernels, and the time that is spent in them. */
export async function openParts(plan, threads, module) {
  const compiled = module ?? (await kernelModule());
  const memory = new SessionMemory(plan, threads);
  const kernels = await instantiateKernels(compiled, memory.memory);
  const pool = await WorkerPool.start(compiled, memory.memory, threads);
  let kernelMs = 0;
  const timed = (call) => () => {
    const start = performance.now();
    const done = call();
    kernelMs += performance.now() - start;
    return done;
  };
  const watched = { run: timed(kernels.run), resume: timed(kernels.resume) };
  const session = new WasmSession(plan, threads, parseSeed(SEED), memory, watched, pool);
  return { session, kernelMs: () => kernelMs };
}

/** Makes training step `step` of a network. */
export function stepsFor(definition, plan, data) {
  const batchOf = batchesFor(plan, data);
  const { arithmetic, gradientShift, batch } = plan;
  const coefficients = definition.optimizers.map((optimizer) =>
    coefficientsOf(optimizer, { arithmetic, gradientShift, batch, epoch: 0 }),
  );
  return (step) => ({ ...batchOf(step), coefficients, step });
}

/**
 * Training steps before anything is measured. In <2,14> many sums of dnn and lenet have outgrown 32 bits by then; soon
 * after both diverge, and most of their numbers are the largest that the format has.
 */
const STEPS = { dnn: 180, lenet: 184, cifar: 50 };
const QUICK_STEPS = 10;

/** Networks that have been trained for a while, each once: where most contenders start. */
export class Trained {
  #data;
  #quick;
  #threads;
  #progress;
  #networks = new Map();

  constructor({ data, quick, threads, progress }) {
    this.#data = data;
    this.#quick = quick;
    this.#threads = threads;
    this.#progress = progress;
  }

  /** What stepContender starts from, and the name of the set that it was trained on. */
  async of(network, formats) {
    const key = `${network} ${formats}`;
    if (!this.#networks.has(key)) {
      this.#progress.show(`${network}${formats === undefined ? '' : ` in ${formats}`}: training for a while`);
      const definition = define(network, formats);
      const { name: set, train: data } = await this.#data.of(network);
      const steps = this.#quick ? QUICK_STEPS : STEPS[network];
      const parameters = await trainedParameters(definition, { data, steps, threads: this.#threads });
      this.#networks.set(key, { definition, set, data, parameters, from: steps });
    }
    return this.#networks.get(key);
  }
}

/** Parameters by tensor name after `steps` training steps. */
export async function trainedParameters(definition, { data, steps, threads }) {
  const plan = definition.plan(BATCH);
  const session = await openSession(plan, threads);
  await writeAll(session, definition.initialParameters(plan));
  const stepOf = stepsFor(definition, plan, data);
  for (let step = 0; step < steps; step++) await session.train([stepOf(step)]);
  const names = [...plan.parameters, ...plan.updates].map((id) => plan.tensors[id].name);
  const parameters = new Map();
  for (const name of names) parameters.set(name, await session.read(name));
  await session.close();
  return parameters;
}

export async function writeAll(session, parameters) {
  for (const [name, values] of parameters) await session.write(name, values);
}

/**
 * Training steps as a contender's work: every round trains the same steps from the same weights, after one that warms
 * the caches. `perform` runs them; the batches lie ready, as a peer's tensors do.
 */
export function stepContender(name, session, { definition, data, parameters, from }, perform = trainAll) {
  const stepOf = stepsFor(definition, session.plan, data);
  const run = async (count) => {
    await writeAll(session, parameters);
    const steps = Array.from({ length: count }, (_, i) => stepOf(from + 1 + i));
    await session.train([stepOf(from)]);
    const start = performance.now();
    await perform(session, steps);
    return (performance.now() - start) / 1000;
  };
  return { name, run, session };
}

async function trainAll(session, steps) {
  await session.train(steps);
}

/** How the sums of the next training step are made: `fast 60 %, flush 40 %` of its multiply-adds. */
export async function waysOf({ definition, data, parameters, from }) {
  const plan = definition.plan(BATCH);
  const session = await openSession(plan, 1, () => performance.now());
  await writeAll(session, parameters);
  await session.train([stepsFor(definition, plan, data)(from)]);
  const paths = {};
  for (const op of (await session.profile())[0].ops) {
    for (const [path, macs] of Object.entries(op.paths)) paths[path] = (paths[path] ?? 0) + macs;
  }
  await session.close();
  return waysText(paths);
}
