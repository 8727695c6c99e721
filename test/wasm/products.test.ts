/**
 * The ways of a tiled product (assembly/product/products.ts) at their boundaries: operands for which the proof of the fast way
 * just holds and just fails, for which sums are made in stretches, and for which only 8-bit digits are safe; int32 ones at
 * the edges of their digits. The oracle is BigInt, or the reference backend; test/contract covers shapes, this
 * file magnitudes; products.slow.test.ts has the other rounding modes and magnitudes.
 */
import { describe, expect, test } from 'vitest';
import type { Backend, Session } from '../../src/backend/contract.js';
import { referenceBackend } from '../../src/backend/reference/index.js';
import { wasmBackend } from '../../src/backend/wasm/index.js';
import { PlanBuilder, windowOf, type Plan } from '../../src/plan/index.js';
import { parseFormat, parseRounding, type Format, type Rounding } from '../../src/numerics/index.js';

type Pattern = (index: number) => number;

/** Typed array of the format's storage. */
function raws(format: Format, length: number, pattern: Pattern): Int16Array | Int32Array {
  const values = Array.from({ length }, (_, i) => pattern(i));
  return format.il + format.fl <= 16 ? Int16Array.from(values) : Int32Array.from(values);
}

function clamp32(value: bigint): number {
  return Number(value > 2147483647n ? 2147483647n : value < -2147483648n ? -2147483648n : value);
}

interface Product {
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
async function expectExact(product: Product): Promise<void> {
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
async function expectSame(product: Product, out: string, mode: string): Promise<void> {
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

describe('int16: the three ways', () => {
  // One row norm times one column norm is |a| |b| k here: 2^31 - 2^4 is where the fast way ends.
  const around = [16, 4096, 32767].flatMap((b) =>
    [-2, -1, 0, 1, 2].map((off) => [Math.floor((2 ** 31 - 16) / (b * 64)) + off, b] as const),
  );
  test.each(around.filter(([a]) => a <= 32768))('|a| %i, |b| %i, 64 terms: the bound', async (a, b) => {
    await expectExact({ formats: ['<6,10>', '<6,10>'], k: 64, patterns: [() => -a, () => b] });
    await expectExact({ formats: ['<6,10>', '<6,10>'], k: 64, patterns: [() => -a, () => -b] });
  });
  test.each([32768, 16384, 8192, 4096, 2048, 1024, 512])('one magnitude, %i: flush and full', async (a) => {
    const sign = (i: number): number => (i % 3 === 0 ? -a : a - 1);
    for (const k of [1, 7, 64, 600]) {
      await expectExact({ formats: ['<2,14>', '<2,14>'], k, patterns: [() => -a, () => -32768] });
      await expectExact({ formats: ['<2,14>', '<2,14>'], k, patterns: [sign, (i) => sign(i + 1)] });
    }
  });
  test('pairs of -32768, whose dot product alone wraps', async () => {
    for (const k of [1, 2, 3, 16, 17]) {
      await expectExact({ formats: ['<1,15>', '<1,15>'], k, patterns: [() => -32768, () => -32768] });
    }
  });
  test('one large element among small ones', async () => {
    const lone = (i: number): number => (i === 13 ? -32768 : 3);
    await expectExact({ formats: ['<2,14>', '<2,14>'], k: 37, patterns: [lone, lone] });
  });
});

describe('sums split at the cut', () => {
  test.each(['stochastic', 'nearest-away'])('%s', expectSplitSums);
  test('exact zeros and elements that are flushed', async () => {
    // Sums of 0, and of less than half an eps on either side of it, from non-zero stretches.
    const a: Pattern = (i) => [30000, -30000, 1, 0][i & 3]!;
    const b: Pattern = (i) => [30000, 30000, (i % 9) - 4, 7][i & 3]!;
    for (const mode of MODES)
      await expectSame({ formats: ['<2,14>', '<2,14>'], k: 64, patterns: [a, b] }, '<6,10>', mode);
  });
});

describe('int32: planes of digits', () => {
  // One plane holds up to 32767, two up to 2^20 - 1.
  test.each([32767, 32768, 2 ** 20])('magnitudes up to %i', expectPlanes);

  const least = (format: string): number => {
    const { il, fl } = parseFormat(format);
    return -(2 ** (il + fl - 1));
  };
  test.each([
    ['<7,10>', '<6,10>'],
    ['<6,10>', '<7,10>'],
    ['<4,16>', '<6,14>'],
    ['<12,12>', '<12,12>'],
    ['<15,10>', '<15,10>'],
    ['<16,12>', '<16,10>'],
    ['<20,12>', '<1,15>'],
  ])('%s x %s', async (lhs, rhs) => {
    const ends = (format: string, i: number): number => [least(format), -1 - least(format), -1, 1, 0][i % 5]!;
    for (const k of [1, 6, 67]) {
      const formats = [lhs, rhs] as const;
      await expectExact({ formats, k, patterns: [() => least(lhs), () => least(rhs)] });
      await expectExact({ formats, k, patterns: [(i) => ends(lhs, i), (i) => ends(rhs, i >> 1)] });
    }
  });
});
