/** Matrix products on every backend, exactly: sizes around the lanes and tiles, formats, roundings, accumulators. */
import { describe } from 'vitest';
import type { Accumulator, Overflow } from '../../src/numerics/index.js';
import type { Style } from './data.js';
import { contractSuite, needsOf, settings, type Case } from './suite.js';
import { MIXES, NARROW, OVERFLOWS, pick, ROUNDINGS, STYLES, WIDE_MIX, type Mix } from './tables.js';

interface Product {
  readonly m: number;
  readonly k: number;
  readonly n: number;
  readonly mix: Mix;
  readonly rounding: string;
  readonly overflow?: Overflow;
  readonly accumulator?: Accumulator;
  readonly transpose?: Transpose;
  readonly style?: Style;
  readonly bias?: boolean;
}

const TRANSPOSES = ['none', 'lhs', 'rhs', 'both'] as const;
type Transpose = (typeof TRANSPOSES)[number];

function product(p: Product, i: number): Case {
  const { m, k, n, mix, rounding, overflow = 'saturate', accumulator = 'exact' } = p;
  const { transpose = 'none', style = 'full', bias = true } = p;
  const register = accumulator === 'exact' ? '' : `, ${accumulator.overflow}:${String(accumulator.width)}`;
  const formats = `${mix.lhs} x ${mix.rhs} -> ${mix.out}`;
  return {
    name: `${String(i)}: ${[m, k, n].join(' x ')}, ${formats}, ${rounding} ${overflow}${register}, transposed ${transpose}, ${style}`,
    style,
    ...needsOf(accumulator),
    add: (w) => {
      const transposeLhs = transpose === 'lhs' || transpose === 'both';
      const transposeRhs = transpose === 'rhs' || transpose === 'both';
      w.builder.matmul({
        lhs: w.tensor('lhs', transposeLhs ? [k, m] : [m, k], mix.lhs),
        rhs: w.tensor('rhs', transposeRhs ? [n, k] : [k, n], mix.rhs),
        bias: bias ? w.tensor('bias', [n], mix.bias) : null,
        out: w.tensor('out', [m, n], mix.out),
        transposeLhs,
        transposeRhs,
        accumulator,
        ...settings(rounding, overflow),
      });
    },
  };
}

const EDGES = [1, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31];

/** Every edge size in every place, and long sums. */
const SIZES: readonly (readonly [m: number, k: number, n: number])[] = [
  ...EDGES.map((m, i) => [m, pick(EDGES, 3 * i + 1), pick(EDGES, 5 * i + 2)] as const),
  ...EDGES.map((m, i) => [m, pick(EDGES, 7 * i + 5), pick(EDGES, 4 * i + 6)] as const),
  ...[1, 8, 16, 17].map((size) => [size, size, size] as const),
  [2, 257, 9],
  [5, 1000, 3],
];

const sizes = SIZES.flatMap(([m, k, n], i) =>
  TRANSPOSES.map((transpose, t): Product => {
    const at = i * TRANSPOSES.length + t;
    const bias = at % 3 !== 0;
    return {
      m,
      k,
      n,
      transpose,
      mix: pick(MIXES, at),
      rounding: pick(ROUNDINGS, at),
      style: pick(STYLES, i),
      bias,
    };
  }),
);

const roundings = MIXES.flatMap((mix, i) =>
  ROUNDINGS.flatMap((rounding, r) =>
    OVERFLOWS.map((overflow, o): Product => {
      return { m: 3, k: 1 + ((i + r) % 5), n: 11, mix, rounding, overflow, style: pick(STYLES, i + r + o) };
    }),
  ),
);

const accumulators = [...MIXES.slice(0, 10), WIDE_MIX].flatMap((mix, i) =>
  NARROW.filter(({ overflow, width }) => mix !== WIDE_MIX || overflow === 'wrap' || width === 63).map(
    (accumulator, a): Product => ({
      m: 5,
      k: 13,
      n: 9,
      mix,
      rounding: pick(ROUNDINGS, i + a),
      accumulator,
      transpose: pick(TRANSPOSES, i + a),
      style: pick(['full', 'small', 'ends'], i + 2 * a),
    }),
  ),
);

/**
 * Sums of int16 x int32 products beyond 2^53, at which a double is no longer exact, with their low bits kept.
 */
const long = [129, 300, 1000].flatMap((k, i) =>
  [
    { lhs: '<4,28>', rhs: '<8,8>', bias: '<16,0>', out: '<2,30>' },
    { lhs: '<8,8>', rhs: '<4,28>', bias: '<16,0>', out: '<-4,36>' },
  ].flatMap((mix, x) =>
    (['exact', { width: 31, overflow: 'wrap' }, { width: 60, overflow: 'saturate' }] as const).map(
      (accumulator): Product => ({
        ...{ m: 2, k, n: 5, mix, rounding: pick(ROUNDINGS, i + x), overflow: 'wrap' },
        ...{ accumulator, style: 'ends', bias: false, transpose: pick(TRANSPOSES, i + x) },
      }),
    ),
  ),
);

/** The three products of a dense layer, on as many examples as the step has. */
function dense(inputs: number, units: number, mix: Mix, rounding: string, style: Style): Case {
  return {
    name: `dense ${String(inputs)} to ${String(units)}, ${mix.lhs} x ${mix.rhs} -> ${mix.out}, ${rounding}, ${style}`,
    style,
    add: (w) => {
      const input = w.tensor('input', [w.batch, inputs], mix.lhs, { batched: true });
      const weight = w.tensor('weight', [inputs, units], mix.rhs);
      const dOutput = w.tensor('dOutput', [w.batch, units], mix.lhs, { batched: true, role: 'error' });
      const site = settings(rounding);
      w.builder.matmul({
        lhs: input,
        rhs: weight,
        bias: w.tensor('bias', [units], mix.bias),
        out: w.tensor('output', [w.batch, units], mix.out, { batched: true }),
        ...site,
      });
      w.builder.matmul({
        lhs: dOutput,
        rhs: weight,
        out: w.tensor('dInput', [w.batch, inputs], mix.lhs, { batched: true, role: 'error' }),
        transposeRhs: true,
        ...site,
      });
      w.builder.matmul({
        lhs: input,
        rhs: dOutput,
        out: w.tensor('gradient', [inputs, units], mix.rhs, { role: 'gradient' }),
        transposeLhs: true,
        ...site,
      });
    },
  };
}

const DENSE = [
  [1, 1],
  [3, 17],
  [16, 8],
  [33, 10],
] as const;

const batches = [1, 5, 8, 17, 32].map((batch, b) => ({
  name: `batch ${String(batch)}`,
  batch,
  counts: [...new Set([1, 3, 4, batch - 1])].filter((count) => count > 0 && count < batch),
  cases: [0, 1, 6, 8].flatMap((mix, i) =>
    DENSE.map(([inputs, units], d) =>
      dense(inputs, units, MIXES[mix]!, pick(ROUNDINGS, b + i + d), pick(STYLES, i + d)),
    ),
  ),
}));

describe('matmul', () => {
  contractSuite([
    { name: 'sizes', batch: 1, cases: sizes.map(product) },
    { name: 'roundings', batch: 1, cases: roundings.map(product) },
    { name: 'accumulators', batch: 1, cases: accumulators.map(product) },
    { name: 'long sums', batch: 1, cases: long.map(product) },
    ...batches,
    {
      name: 'blocks',
      against: 'reference',
      batch: 150,
      counts: [129],
      cases: [
        dense(1100, 70, MIXES[0]!, 'stochastic', 'full'),
        dense(300, 520, MIXES[1]!, 'nearest-even', 'small'),
        dense(257, 65, MIXES[6]!, 'stochastic', 'full'),
        dense(131, 33, MIXES[8]!, 'floor', 'ends'),
      ],
    },
  ]);
});
