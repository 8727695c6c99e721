// The ops of a network's training step, each timed within the step, on one thread: a run per record of the encoded
// program, one after the other, so that every op sees the operands that it sees in training.
import * as layout from '../dist/backend/wasm/layout.generated.js';
import { BATCH, openParts, stepsFor, writeAll } from './fewbit.mjs';
import { takeWays, waysText } from './products.mjs';

const KINDS = new Map(
  Object.entries(layout)
    .filter(([key]) => key.startsWith('KIND_'))
    .map(([key, kind]) => [kind, key.slice('KIND_'.length).toLowerCase()]),
);

/** Records of the training program with their ops: the second record of an op adds up what the threads have summed. */
function recordsOf(plan, memory) {
  const { address, length } = memory.encoded.train;
  let ops = -1;
  return Array.from({ length }, (_, index) => {
    const at = address + index * layout.RECORD_BYTES;
    if (!KINDS.get(memory.int32(at + layout.KIND, 1)[0]).endsWith('_end')) ops++;
    return { at, op: plan.train[ops] };
  });
}

const NAMES = {
  conv2d: 'forward',
  conv2dInputGradient: 'dInput',
  conv2dWeightGradient: 'dWeight',
  biasGradient: 'dBias',
};

/** `fc1 dWeight`, `pool1 maxPool`. */
function opName(op) {
  const { layer, kind } = op;
  if (kind !== 'matmul') return `${layer} ${NAMES[kind] ?? kind}`;
  if (op.transposeLhs) return `${layer} dWeight`;
  return `${layer} ${op.transposeRhs ? 'dInput' : 'forward'}`;
}

/** Pairs of an output position and a tap along one axis that meet the image: the rest is padding. */
function taps(outputs, kernel, stride, padding, size) {
  let count = 0;
  for (let out = 0; out < outputs; out++) {
    for (let tap = 0; tap < kernel; tap++) {
      const at = out * stride + tap - padding;
      if (at >= 0 && at < size) count++;
    }
  }
  return count;
}

/** Multiply-adds of a product, those with padding left out; 0 for other ops. */
function productMacs(op, plan) {
  if (op.kind === 'matmul') return op.m * op.n * op.k;
  if (!op.kind.startsWith('conv2d')) return 0;
  const w = op.window;
  const rows = taps(w.outHeight, w.kernelHeight, w.strideY, w.padTop, w.height);
  const columns = taps(w.outWidth, w.kernelWidth, w.strideX, w.padLeft, w.width);
  return plan.batch * rows * columns * w.channels * op.outChannels;
}

/** A contender whose work is a step; `take` gives its ops. */
export async function openOps(name, { definition, data, parameters, from }) {
  const plan = definition.plan(BATCH);
  const { session, memory, kernels } = await openParts(plan, 1);
  const stepOf = stepsFor(definition, plan, data);
  const records = recordsOf(plan, memory);
  let times = new Map();
  let ways = new Map();
  let steps = 0;
  const input = memory.view(plan.tensors[plan.trainInput]);
  const labels = memory.view(plan.tensors[plan.labels]);
  const run = async (count) => {
    await writeAll(session, parameters);
    // Sets coefficients and the like once and for all.
    await session.train([stepOf(from)]);
    let seconds = 0;
    for (let step = 1; step <= count; step++) {
      const batch = stepOf(from + step);
      input.set(batch.inputs);
      labels.set(batch.labels);
      memory.setControl(layout.STEP_LOW, from + step);
      memory.setControl(layout.PROGRAM_LENGTH, 1);
      takeWays(memory);
      for (const { at, op } of records) {
        memory.setControl(layout.PROGRAM, at);
        const start = performance.now();
        let done = kernels.run();
        while (!done) done = kernels.resume();
        const ms = performance.now() - start;
        times.set(op, (times.get(op) ?? 0) + ms);
        seconds += ms / 1000;
        const taken = takeWays(memory);
        if (taken.fast + taken.flush + taken.full > 0) ways.set(op, waysText(taken));
      }
      steps++;
    }
    return seconds;
  };
  /** Seconds of each op since the last call. */
  const take = () => {
    const rows = plan.train.map((op) => ({
      name: opName(op),
      macs: productMacs(op, plan),
      seconds: times.get(op) / steps / 1000,
      ways: ways.get(op) ?? '-',
    }));
    times = new Map();
    ways = new Map();
    steps = 0;
    return rows;
  };
  return { name, run, take, close: () => session.close() };
}
