// The ops of a network's training step on one thread, as a session with a clock measures them: each within the step, so
// that it sees the operands that it sees in training. `fewbit bench` and `fewbit train --profile` show the same.
import { BATCH, openSession, stepsFor, waysText, writeAll } from './fewbit.mjs';

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

/** A contender whose work is a step; `take` gives the ops of its last call, with their seconds. */
export async function openOps(name, { definition, data, parameters, from }) {
  const plan = definition.plan(BATCH);
  const session = await openSession(plan, 1, () => performance.now());
  const stepOf = stepsFor(definition, plan, data);
  let steps = [];
  const run = async (count) => {
    await writeAll(session, parameters);
    // The first one warms the caches.
    for (let step = 0; step <= count; step++) await session.train([stepOf(from + step)]);
    // A session keeps its last steps only.
    steps = (await session.profile()).slice(-count);
    return (count * steps.reduce((sum, { timeMs }) => sum + timeMs, 0)) / steps.length / 1000;
  };
  const take = () =>
    plan.train.map((op, index) => {
      const profiles = steps.map(({ ops }) => ops[index]);
      return {
        name: opName(op),
        macs: productMacs(op, plan),
        seconds: profiles.reduce((sum, { timeMs }) => sum + timeMs, 0) / profiles.length / 1000,
        ways: waysText(profiles.at(-1).paths),
      };
    });
  return { name, run, take, close: () => session.close() };
}
