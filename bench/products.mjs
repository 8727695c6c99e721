// Single products as plans of one op, on contents of a training step's magnitudes, so that each takes the way that it
// takes there: normal numbers, of activations the positive half.
import { parseFormat, parseRounding } from '../dist/numerics/index.js';
import { elements, opMacs, PlanBuilder } from '../dist/plan/index.js';
import { openSession, waysText } from './fewbit.mjs';

/** Standard deviations by kind of contents. */
const DEVIATION = { activation: 0.5, weight: 0.03, error: 0.01 };

const product = (m, k, n, formats, more = {}) => ({
  ...{ m, k, n, formats, lhs: 'activation', rhs: 'weight', out: '<6,10>', ...more },
});
const MIXED = ['<6,10>', '<2,14>'];

/** What is measured. `batch` is the size that counts examples. */
export const PRODUCTS = [
  { name: '1024 x 1024 x 1024', ...product(1024, 1024, 1024, MIXED) },
  { name: 'the same, `<2,14>`', ...product(1024, 1024, 1024, ['<2,14>', '<2,14>'], { out: '<2,14>' }) },
  {
    name: 'the same, any int16',
    ...product(1024, 1024, 1024, ['<2,14>', '<2,14>'], { lhs: 'full', rhs: 'full' }),
  },
  { name: 'the same, `<6,14>`', ...product(1024, 1024, 1024, ['<6,14>', '<6,14>'], { out: '<6,14>' }) },
  { name: 'the same, float32', ...product(1024, 1024, 1024, ['float32', 'float32'], { out: 'float32' }) },
  { name: 'forward, 100 x 1024 x 1024', ...product(100, 1024, 1024, MIXED) },
  {
    name: 'dInput, 100 x 1024 x 1024',
    ...product(100, 1024, 1024, MIXED, { lhs: 'error', transposeRhs: true }),
  },
  {
    name: 'dWeight, 1024 x 100 x 1024',
    ...product(1024, 100, 1024, ['<6,10>', '<6,10>'], { rhs: 'error', transposeLhs: true }),
  },
];

/** Numbers of a normal distribution, nearly, the same in every run. */
function* normal() {
  let state = 1;
  const uniform = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
  // The sum of twelve has variance 1.
  for (;;) yield Array.from({ length: 12 }, uniform).reduce((sum, value) => sum + value, -6);
}

/** Typical contents of a tensor; `full`: any bits. */
function contents(tensor, kind) {
  const isFloat = tensor.format === 'float32';
  const scale = isFloat ? 1 : 2 ** tensor.format.fl;
  const numbers = normal();
  // A piece, repeated: sums over k do not see it, and making a million of them takes a second.
  const piece = Array.from({ length: 9973 }, () => {
    const number = numbers.next().value;
    if (kind === 'full') return Math.trunc(number * 2 ** 20);
    const value = number * DEVIATION[kind];
    return (kind === 'activation' ? Math.max(value, 0) : value) * scale;
  });
  const Storage = { int16: Int16Array, int32: Int32Array, float32: Float32Array }[tensor.storage];
  const all = new Storage(elements(tensor.shape));
  for (let at = 0; at < all.length; at += piece.length) all.set(piece.slice(0, all.length - at), at);
  return all;
}

function planOf({ m, k, n, formats, out, transposeLhs = false, transposeRhs = false }) {
  const isFloat = out === 'float32';
  const batch = transposeLhs ? k : m;
  const builder = new PlanBuilder({ name: 'product', arithmetic: isFloat ? 'float32' : 'fixed', batch });
  const format = (text) => (isFloat ? 'float32' : parseFormat(text));
  const tensor = (name, shape, text, batched, role = 'activation') =>
    builder.tensor({ name, shape, batched, role, format: format(text), persistent: true });
  const lhs = tensor('lhs', transposeLhs ? [k, m] : [m, k], formats[0], true);
  const rhs = tensor('rhs', transposeRhs ? [n, k] : [k, n], formats[1], transposeLhs);
  const result = tensor('out', [m, n], out, !transposeLhs, transposeLhs ? 'gradient' : 'activation');
  const settings = { rounding: parseRounding('stochastic'), overflow: 'saturate' };
  builder.layer('product').matmul({ lhs, rhs, out: result, transposeLhs, transposeRhs, ...settings });
  return builder.finish();
}

/** A product as a contender, with its multiply-adds, results, and the ways that its sums take. */
export async function openProduct(spec) {
  const plan = planOf(spec);
  const [lhs, rhs, out] = plan.tensors;
  const batch = { inputs: new Int16Array(0), labels: new Int32Array(0), count: plan.batch, coefficients: [] };
  const open = async (clock) => {
    const session = await openSession(plan, 1, clock);
    await session.write('lhs', contents(lhs, spec.lhs));
    await session.write('rhs', contents(rhs, spec.rhs));
    return session;
  };
  const watched = await open(() => performance.now());
  await watched.train([{ ...batch, step: 0 }]);
  const [{ ops }] = await watched.profile();
  await watched.close();
  const session = await open();
  const run = async (count) => {
    const steps = Array.from({ length: count }, (_, step) => ({ ...batch, step }));
    const start = performance.now();
    await session.train(steps);
    return (performance.now() - start) / 1000;
  };
  return {
    name: spec.name,
    run,
    macs: opMacs(plan.train[0], plan),
    results: elements(out.shape),
    ways: waysText(ops[0].paths),
    close: () => session.close(),
  };
}
