// Fewbit as a contender: networks of the zoo on sessions of the wasm backend, from weights that have been trained for a
// while (trained.mjs), because the way a sum is made depends on the magnitudes in it.
import { wasmBackend } from '../dist/backend/wasm/index.js';
import { instantiateKernels, kernelModule } from '../dist/backend/wasm/kernels.js';
import { SessionMemory } from '../dist/backend/wasm/memory.js';
import { WorkerPool } from '../dist/backend/wasm/pool.js';
import { WasmSession } from '../dist/backend/wasm/session.js';
import { defineNetwork, zoo } from '../dist/nn/index.js';
import { parseSeed } from '../dist/numerics/index.js';
import { coefficientsOf } from '../dist/optim/index.js';
import { batchesFor } from './data.mjs';
import { SPAN } from './divergence.mjs';

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

/** A session with its parts: for other kernels or programs, and the time that is spent in them. */
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
  return { session, memory, kernels: watched, pool, kernelMs: () => kernelMs };
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
 * the caches; after `span` steps it starts there again, and takes no time for that. `perform` runs them; the batches lie
 * ready, as a peer's tensors do.
 */
export function stepContender(name, session, start, perform = trainAll) {
  const { definition, data, parameters, from, span = Infinity } = start;
  const stepOf = stepsFor(definition, session.plan, data);
  const run = async (count) => {
    const first = stepOf(from);
    const steps = Array.from({ length: Math.min(count, span) }, (_, i) => stepOf(from + 1 + i));
    let ms = 0;
    for (let done = 0; done < count; done += span) {
      await writeAll(session, parameters);
      await session.train([first]);
      const startMs = performance.now();
      await perform(session, steps.slice(0, count - done));
      ms += performance.now() - startMs;
    }
    return ms / 1000;
  };
  return { name, run, session };
}

async function trainAll(session, steps) {
  await session.train(steps);
}

/** Multiply-adds of profiled steps by the way that their sums were made. */
export function pathsOf(profiles) {
  const paths = {};
  for (const { ops } of profiles) {
    for (const op of ops) {
      for (const [path, macs] of Object.entries(op.paths)) paths[path] = (paths[path] ?? 0) + macs;
    }
  }
  return paths;
}

/** How the sums of the first steps that a contender measures are made: `fast 60 %, flush 40 %` of their multiply-adds. */
export async function waysOf({ definition, data, parameters, from }) {
  const plan = definition.plan(BATCH);
  const session = await openSession(plan, 1, () => performance.now());
  await writeAll(session, parameters);
  const stepOf = stepsFor(definition, plan, data);
  for (let step = 0; step <= SPAN; step++) await session.train([stepOf(from + step)]);
  const profiles = await session.profile();
  await session.close();
  return waysText(pathsOf(profiles.slice(-SPAN)));
}
