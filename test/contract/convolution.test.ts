/** Convolutions on every backend, exactly: forward, both gradients and the bias gradient of each geometry. */
import { describe } from 'vitest';
import type { Accumulator, Overflow } from '../../src/numerics/index.js';
import { windowOf } from '../../src/plan/index.js';
import type { Style } from './data.js';
import { contractSuite, needsOf, settings, type Case } from './suite.js';
import { MIXES, NARROW, OVERFLOWS, pick, ROUNDINGS, STYLES, WIDE_MIX, type Mix } from './tables.js';

interface Geometry {
  readonly image: readonly [height: number, width: number, channels: number];
  readonly kernel: readonly [number, number];
  readonly stride?: readonly [number, number];
  readonly padding?: readonly [number, number];
  readonly out: number;
}

interface Convolution extends Geometry {
  readonly mix: Mix;
  readonly rounding: string;
  readonly overflow?: Overflow;
  readonly accumulator?: Accumulator;
  readonly style?: Style;
}

function convolution(p: Convolution, i: number): Case {
  const { image, kernel, stride = [1, 1], padding = [0, 0], out: oc, mix, rounding } = p;
  const { overflow = 'saturate', accumulator = 'exact', style = 'full' } = p;
  const [height, width, channels] = image;
  const register = accumulator === 'exact' ? '' : `, ${accumulator.overflow}:${String(accumulator.width)}`;
  const geometry = `${image.join('x')} by ${kernel.join('x')}x${String(oc)} stride ${stride.join()} pad ${padding.join()}`;
  return {
    name: `${String(i)}: ${geometry}, ${mix.lhs} x ${mix.rhs} -> ${mix.out}, ${rounding} ${overflow}${register}, ${style}`,
    style,
    ...needsOf(accumulator),
    add: (w) => {
      const window = windowOf({ image, kernel, stride, padding });
      const { outHeight, outWidth } = window;
      const error = { batched: true, role: 'error' } as const;
      const gradient = { role: 'gradient' } as const;
      const common = { window, accumulator, ...settings(rounding, overflow) };
      const input = w.tensor('input', [w.batch, height, width, channels], mix.lhs, { batched: true });
      const weight = w.tensor('weight', [...kernel, channels, oc], mix.rhs);
      const output = [w.batch, outHeight, outWidth, oc];
      const dOutput = w.tensor('dOutput', output, mix.rhs, error);
      w.builder.conv2d({
        input,
        weight,
        bias: i % 3 === 0 ? null : w.tensor('bias', [oc], mix.bias),
        out: w.tensor('output', output, mix.out, { batched: true }),
        ...common,
      });
      const dInput = w.tensor('dInput', [w.batch, height, width, channels], mix.lhs, error);
      w.builder.conv2dInputGradient({ dOutput, weight, out: dInput, ...common });
      const dWeight = w.tensor('dWeight', [...kernel, channels, oc], mix.rhs, gradient);
      w.builder.conv2dWeightGradient({ input, dOutput, out: dWeight, ...common });
      w.builder.biasGradient({ dOutput, out: w.tensor('dBias', [oc], mix.rhs, gradient), ...common });
    },
  };
}

const GEOMETRIES: readonly Geometry[] = [
  { image: [1, 1, 1], kernel: [1, 1], out: 1 },
  { image: [5, 4, 3], kernel: [1, 1], out: 5 },
  { image: [7, 5, 1], kernel: [5, 5], out: 8 },
  { image: [6, 9, 2], kernel: [3, 3], out: 3 },
  { image: [5, 7, 8], kernel: [3, 2], out: 16 },
  { image: [4, 17, 5], kernel: [2, 4], out: 17 },
  { image: [3, 3, 17], kernel: [3, 3], out: 9 },
  { image: [1, 15, 4], kernel: [1, 4], out: 7 },
  { image: [8, 1, 3], kernel: [3, 1], out: 4 },
  // Strides: window positions that skip cells, and cells that no window reaches.
  { image: [7, 8, 2], kernel: [3, 3], stride: [2, 1], out: 5 },
  { image: [8, 7, 3], kernel: [2, 2], stride: [3, 2], out: 8 },
  { image: [9, 9, 1], kernel: [2, 3], stride: [4, 5], out: 3 },
  { image: [11, 10, 5], kernel: [5, 4], stride: [2, 3], out: 10 },
  // Padding: up to windows that lie outside altogether.
  { image: [4, 5, 3], kernel: [3, 3], padding: [1, 1], out: 8 },
  { image: [5, 3, 8], kernel: [5, 5], padding: [2, 2], out: 4 },
  { image: [3, 4, 2], kernel: [2, 3], padding: [2, 3], out: 5 },
  { image: [6, 5, 4], kernel: [3, 4], stride: [2, 3], padding: [1, 2], out: 16 },
  { image: [2, 2, 1], kernel: [4, 4], stride: [3, 1], padding: [2, 1], out: 9 },
];

const geometries = GEOMETRIES.flatMap((geometry, i) =>
  [0, 1, 2, 3].map((turn): Convolution => {
    const at = turn * GEOMETRIES.length + i;
    return {
      ...geometry,
      mix: pick(MIXES, at),
      rounding: pick(ROUNDINGS, at),
      style: pick(STYLES, turn + i),
    };
  }),
);

const SMALL: Geometry = { image: [4, 5, 2], kernel: [2, 3], stride: [2, 1], padding: [1, 0], out: 3 };

const roundings = MIXES.flatMap((mix, i) =>
  ROUNDINGS.map((rounding, r): Convolution => {
    return { ...SMALL, mix, rounding, overflow: pick(OVERFLOWS, i + r), style: pick(STYLES, i + 2 * r) };
  }),
);

const accumulators = [...MIXES.slice(0, 10), WIDE_MIX].flatMap((mix, i) =>
  NARROW.filter(({ overflow }) => mix !== WIDE_MIX || overflow === 'wrap').map(
    (accumulator, a): Convolution => ({
      ...SMALL,
      padding: [1, 1],
      mix,
      rounding: pick(ROUNDINGS, i + a),
      accumulator,
      style: pick(['full', 'small', 'ends'], i + 2 * a),
    }),
  ),
);

/** Layers of real networks: more than one block of positions, channels and columns. */
const layers: readonly Convolution[] = [
  { image: [28, 28, 1], kernel: [5, 5], out: 8, mix: MIXES[0]!, rounding: 'stochastic' },
  { image: [12, 12, 8], kernel: [5, 5], out: 16, mix: MIXES[1]!, rounding: 'stochastic:8', style: 'small' },
  { image: [16, 16, 32], kernel: [5, 5], padding: [2, 2], out: 32, mix: MIXES[0]!, rounding: 'nearest-away' },
  { image: [8, 8, 64], kernel: [5, 5], padding: [2, 2], out: 64, mix: MIXES[1]!, rounding: 'stochastic' },
  {
    image: [9, 40, 7],
    kernel: [3, 3],
    stride: [1, 2],
    out: 40,
    mix: MIXES[6]!,
    rounding: 'floor',
    style: 'ends',
  },
];

describe('convolution', () => {
  contractSuite([
    { name: 'geometries', batch: 3, counts: [1, 2], cases: geometries.map(convolution) },
    { name: 'one example', batch: 1, cases: geometries.slice(0, 18).map(convolution) },
    { name: 'roundings', batch: 2, counts: [1], cases: roundings.map(convolution) },
    { name: 'accumulators', batch: 2, counts: [1], cases: accumulators.map(convolution) },
    {
      name: 'more examples than threads',
      batch: 17,
      counts: [8, 9],
      cases: [0, 1, 4, 6].map((mix, i) =>
        convolution({ ...SMALL, mix: MIXES[mix]!, rounding: pick(ROUNDINGS, i), style: pick(STYLES, i) }, i),
      ),
    },
    { name: 'layers', against: 'reference', batch: 3, counts: [2], cases: layers.map(convolution) },
  ]);
});
