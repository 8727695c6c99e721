/** Products of a dense layer and of a convolution with given operands, against BigInt or the reference backend. */
import { expect } from 'vitest';
import type { Backend, Session } from '../../../src/backend/contract.js';
import { referenceBackend } from '../../../src/backend/reference/index.js';
import { wasmBackend } from '../../../src/backend/wasm/index.js';
import { PlanBuilder, windowOf, type Plan } from '../../../src/plan/index.js';
import { parseFormat, parseRounding, type Format, type Rounding } from '../../../src/numerics/index.js';

/** An operand by the index of its element. */
export type Pattern = (index: number) => number;

/** Typed array of the format's storage. */
function raws(format: Format, length: number, pattern: Pattern): Int16Array | Int32Array {
  const values = Array.from({ length }, (_, i) => pattern(i));
  return format.il + format.fl <= 16 ? Int16Array.from(values) : Int32Array.from(values);
}

function clamp32(value: bigint): number {
  return Number(value > 2147483647n ? 2147483647n : value < -2147483648n ? -2147483648n : value);
}

/** Formats, length of the sums, operands. */
export interface Product {
  readonly formats: readonly [lhs: string, rhs: string];
  readonly k: number;
  readonly patterns: readonly [lhs: Pattern, rhs: Pattern];
}

const m = 5;
const n = 9;
const OUTPUTS = ['plain', 'right', 'left', 'output', 'dWeight'];

/** All three products of a dense layer, and all three of a convolution with the same sums. */
function planOf(
  { formats, k }: Product,
  outFormat: Format,
  settings: { rounding: Rounding; overflow: 'saturate' },
): Plan {
  const [lhsFormat, rhsFormat] = formats.map(parseFormat) as [Format, Format];
  const builder = new PlanBuilder({ name: 'products', arithmetic: 'fixed', batch: m });
  const tensor = (name: string, shape: number[], format: Format): number =>
    builder.tensor({ name, shape, batched: false, role: 'activation', format, persistent: true });
  const [lhs, rhs] = [tensor('lhs', [m, k], lhsFormat), tensor('rhs', [k, n], rhsFormat)];
  const [lhsT, rhsT] = [tensor('lhsT', [k, m], lhsFormat), tensor('rhsT', [n, k], rhsFormat)];
  builder.layer('plain').matmul({ lhs, rhs, out: tensor('plain', [m, n], outFormat), ...settings });
  builder.layer('rhsT').matmul({
    ...{ lhs, rhs: rhsT, out: tensor('right', [m, n], outFormat) },
    ...{ transposeRhs: true, ...settings },
  });
  builder.layer('lhsT').matmul({
    ...{ lhs: lhsT, rhs, out: tensor('left', [m, n], outFormat) },
    ...{ transposeLhs: true, ...settings },
  });
  // A column of k channels, n output channels: each position of the image is a row of lhs.
  const window = windowOf({ image: [m, 1, k], kernel: [1, 1], stride: [1, 1] });
  const image = builder.tensor({
    ...{ name: 'image', shape: [m, m, 1, k], batched: true, role: 'activation', persistent: true },
    format: lhsFormat,
  });
  const output = builder.tensor({
    ...{ name: 'output', shape: [m, m, 1, n], batched: true, role: 'activation', persistent: true },
    format: outFormat,
  });
  const weight = tensor('weight', [1, 1, k, n], rhsFormat);
  builder.layer('conv').conv2d({ input: image, weight, out: output, window, ...settings });
  // Every sum of this weight gradient is over k positions of one image: channels m and n.
  const tall = windowOf({ image: [k, 1, m], kernel: [1, 1], stride: [1, 1] });
  const tallImage = builder.tensor({
    ...{ name: 'tall', shape: [m, k, 1, m], batched: true, role: 'activation', persistent: true },
    format: lhsFormat,
  });
  const errors = builder.tensor({
    ...{ name: 'errors', shape: [m, k, 1, n], batched: true, role: 'error', persistent: true },
    format: rhsFormat,
  });
  const dWeight = tensor('dWeight', [1, 1, m, n], outFormat);
  builder
    .layer('dWeight')
    .conv2dWeightGradient({ input: tallImage, dOutput: errors, out: dWeight, window: tall, ...settings });
  return builder.finish();
}

/** One step of the plan on a backend with the patterns as operands; the session is open still. */
async function run({ formats, k, patterns }: Product, plan: Plan, backend: Backend): Promise<Session> {
  const [lhsFormat, rhsFormat] = formats.map(parseFormat) as [Format, Format];
  const a = (row: number, i: number): number => patterns[0](row * k + i);
  const b = (i: number, column: number): number => patterns[1](column * k + i);
  const session = await backend.open(plan, { seed: 1, threads: backend === wasmBackend ? 2 : 1 });
  await session.write(
    'lhs',
    raws(lhsFormat, m * k, (i) => a(Math.floor(i / k), i % k)),
  );
  await session.write(
    'lhsT',
    raws(lhsFormat, m * k, (i) => a(i % m, Math.floor(i / m))),
  );
  await session.write(
    'rhs',
    raws(rhsFormat, n * k, (i) => b(Math.floor(i / n), i % n)),
  );
  await session.write(
    'rhsT',
    raws(rhsFormat, n * k, (i) => b(i % k, Math.floor(i / k))),
  );
  await session.write(
    'weight',
    raws(rhsFormat, n * k, (i) => b(Math.floor(i / n), i % n)),
  );
  await session.write(
    'image',
    raws(lhsFormat, m * m * k, (i) => a(Math.floor(i / k) % m, i % k)),
  );
  await session.write(
    'tall',
    raws(lhsFormat, m * k * m, (i) => a(i % m, Math.floor(i / m) % k)),
  );
  await session.write(
    'errors',
    raws(rhsFormat, m * k * n, (i) => b(Math.floor(i / n) % k, i % n)),
  );
  const batch = { inputs: new Int16Array(0), labels: new Int32Array(0), coefficients: [], step: 0 };
  await session.train([{ ...batch, count: m }]);
  return session;
}

/** The products against BigInt: their own bits, except for the last four. */
export async function expectExact(product: Product): Promise<void> {
  const { formats, k, patterns } = product;
  const [lhsFormat, rhsFormat] = formats.map(parseFormat) as [Format, Format];
  const a = (row: number, i: number): number => patterns[0](row * k + i);
  const b = (i: number, column: number): number => patterns[1](column * k + i);
  // 32 bits keep the sum's own bits, less 4 so that most sums fit and the others saturate.
  const fl = lhsFormat.fl + rhsFormat.fl - 4;
  const settings = { rounding: parseRounding('floor'), overflow: 'saturate' } as const;
  const session = await run(product, planOf(product, { il: 32 - fl, fl }, settings), wasmBackend);
  const exact: bigint[] = [];
  for (let row = 0; row < m; row++) {
    for (let column = 0; column < n; column++) {
      let sum = 0n;
      for (let i = 0; i < k; i++) sum += BigInt(a(row, i)) * BigInt(b(i, column));
      exact.push(sum);
    }
  }
  const wanted = Int32Array.from(exact, (sum) => clamp32(sum >> 4n));
  for (const name of ['plain', 'right', 'left']) expect(await session.read(name), name).toEqual(wanted);
  const convolved = await session.read('output');
  for (let i = 0; i < m; i++) expect(convolved.slice(i * m * n, (i + 1) * m * n), 'conv').toEqual(wanted);
  // m images alike.
  expect(await session.read('dWeight'), 'dWeight').toEqual(
    Int32Array.from(exact, (sum) => clamp32((BigInt(m) * sum) >> 4n)),
  );
  await session.close();
}

/** The products in a short format, every element and counter as the reference backend has them. */
export async function expectSame(product: Product, out: string, mode: string): Promise<void> {
  const settings = { rounding: parseRounding(mode), overflow: 'saturate' } as const;
  const plan = planOf(product, parseFormat(out), settings);
  const [wanted, session] = [
    await run(product, plan, referenceBackend),
    await run(product, plan, wasmBackend),
  ];
  for (const name of OUTPUTS) expect(await session.read(name), name).toEqual(await wanted.read(name));
  expect(await session.statistics()).toEqual(await wanted.statistics());
  await session.close();
  await wanted.close();
}

/** All rounding modes. */
export const MODES = [
  'stochastic',
  'stochastic:3',
  'nearest-away',
  'nearest-even',
  'nearest-down',
  'nearest-up',
  'floor',
  'toward-zero',
];

/** Values of either sign, below `most`. */
export const spread =
  (most: number, step: number): Pattern =>
  (i) =>
    ((i * step) % (2 * most)) - most;

/** Products whose sums are split at the cut of their result, in one rounding mode. */
export async function expectSplitSums(mode: string): Promise<void> {
  const cases = [
    { formats: ['<2,14>', '<2,14>'], out: '<2,14>', most: [32768, 9000] },
    { formats: ['<2,14>', '<2,14>'], out: '<8,8>', most: [32768, 32768] },
    { formats: ['<2,14>', '<2,14>'], out: '<30,2>', most: [32768, 32768] },
    { formats: ['<6,14>', '<6,14>'], out: '<6,14>', most: [32767, 32767] },
    { formats: ['<6,14>', '<6,14>'], out: '<6,14>', most: [2 ** 19, 32767] },
    { formats: ['<6,14>', '<2,14>'], out: '<8,8>', most: [2 ** 19, 32768] },
    { formats: ['<6,14>', '<6,14>'], out: '<12,8>', most: [32768, 2 ** 19] },
    { formats: ['<6,14>', '<6,14>'], out: '<19,1>', most: [2 ** 19, 2 ** 19] },
  ] as const;
  for (const { formats, out, most } of cases) {
    for (const k of [3, 33, 150]) {
      const patterns = [spread(most[0], 7919), spread(most[1], 104729)] as const;
      await expectSame({ formats, k, patterns }, out, mode);
    }
  }
}

/** Products of int32 operands, and of int32 with int16 ones, with magnitudes up to `most`. */
export async function expectPlanes(most: number): Promise<void> {
  const either = (i: number): number => (i % 3 === 0 ? -most : i % 5 === 0 ? most : 17);
  for (const k of [2, 31, 64]) {
    const formats = ['<8,14>', '<8,14>'] as const;
    await expectExact({ formats, k, patterns: [either, (i) => either(i + 1)] });
    await expectExact({ formats, k, patterns: [either, (i) => (i % 7) - 3] });
    await expectExact({ formats, k, patterns: [(i) => (i % 7) - 3, either] });
    await expectExact({ formats: ['<8,14>', '<2,14>'], k, patterns: [either, () => -32768] });
    await expectExact({ formats: ['<2,14>', '<8,14>'], k, patterns: [() => -32768, either] });
  }
}
