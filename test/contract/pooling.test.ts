/** Pooling on every backend, exactly: overlapping windows, ties, clipped last windows, and their gradients. */
import { describe } from 'vitest';
import { windowOf, type Window } from '../../src/plan/index.js';
import type { Style } from './data.js';
import { contractSuite, settings, type Case } from './suite.js';
import { OVERFLOWS, pick, ROUNDINGS, STYLES } from './tables.js';

interface Pool {
  readonly image: readonly [height: number, width: number, channels: number];
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly clip?: boolean;
}

const POOLS: readonly Pool[] = [
  { image: [4, 4, 1], kernel: [2, 2], stride: [2, 2] },
  { image: [6, 8, 8], kernel: [2, 2], stride: [2, 2] },
  { image: [4, 6, 17], kernel: [2, 2], stride: [2, 2] },
  { image: [5, 5, 16], kernel: [1, 1], stride: [1, 1] },
  // Overlapping.
  { image: [5, 6, 3], kernel: [3, 3], stride: [1, 1] },
  { image: [7, 7, 8], kernel: [3, 3], stride: [2, 2] },
  { image: [6, 5, 9], kernel: [4, 2], stride: [1, 2] },
  // The last window reaches over the edge, or would and is left out.
  { image: [8, 8, 4], kernel: [3, 3], stride: [2, 2] },
  { image: [8, 8, 4], kernel: [3, 3], stride: [2, 2], clip: false },
  { image: [5, 7, 15], kernel: [2, 2], stride: [2, 2] },
  { image: [2, 3, 5], kernel: [4, 5], stride: [1, 1] },
  // Gaps between windows.
  { image: [9, 7, 7], kernel: [2, 1], stride: [3, 4] },
  // As many cells as a position can name.
  { image: [17, 16, 2], kernel: [16, 16], stride: [1, 1] },
];

/** Formats of activations in and out, and of errors in and out. */
const FORMATS: readonly (readonly [string, string, string, string])[] = [
  ['<6,10>', '<6,10>', '<2,14>', '<2,14>'],
  ['<4,4>', '<2,6>', '<2,6>', '<4,4>'],
  ['<4,8>', '<6,10>', '<0,12>', '<-4,16>'],
  ['<6,14>', '<8,8>', '<4,16>', '<4,12>'],
  ['<8,8>', '<10,10>', '<4,12>', '<4,16>'],
  ['<16,16>', '<2,30>', '<2,30>', '<16,0>'],
  ['<20,-4>', '<16,-4>', '<1,31>', '<1,31>'],
];

function tensors(pool: Pool): { window: Window; image: number[]; windows: number[] } {
  const { image, kernel, stride, clip = true } = pool;
  const window = windowOf({ image, kernel, stride, clip });
  return { window, image: [...image], windows: [window.outHeight, window.outWidth, image[2]] };
}

interface Formatted extends Pool {
  readonly formats: (typeof FORMATS)[number];
  readonly rounding: string;
  readonly overflow: (typeof OVERFLOWS)[number];
  readonly style: Style;
}

function nameOf(kind: string, p: Formatted, i: number): string {
  const clip = p.clip === false ? ', not clipped' : '';
  const geometry = `${p.image.join('x')} by ${p.kernel.join('x')} stride ${p.stride.join()}${clip}`;
  return `${kind} ${String(i)}: ${geometry}, ${p.formats.join(' ')}, ${p.rounding} ${p.overflow}, ${p.style}`;
}

const error = { batched: true, role: 'error' } as const;

function maxPool(p: Formatted, i: number): Case {
  const { formats, rounding, overflow, style } = p;
  return {
    name: nameOf('max', p, i),
    style,
    add: (w) => {
      const { window, image, windows } = tensors(p);
      const input = w.tensor('input', [w.batch, ...image], formats[0], { batched: true });
      const out = w.tensor('output', [w.batch, ...windows], formats[0], { batched: true });
      const where = { batched: true, role: 'position' } as const;
      const position = i % 4 === 3 ? null : w.tensor('position', [w.batch, ...windows], null, where);
      w.builder.maxPool({ input, out, position, window });
      if (position === null) return;
      w.builder.maxPoolGradient({
        dOutput: w.tensor('dOutput', [w.batch, ...windows], formats[2], error),
        position,
        out: w.tensor('dInput', [w.batch, ...image], formats[3], error),
        window,
        ...settings(rounding, overflow),
      });
    },
  };
}

function averagePool(p: Formatted, i: number): Case {
  const { formats, rounding, overflow, style } = p;
  return {
    name: nameOf('average', p, i),
    style,
    add: (w) => {
      const { window, image, windows } = tensors(p);
      w.builder.averagePool({
        input: w.tensor('input', [w.batch, ...image], formats[0], { batched: true }),
        out: w.tensor('output', [w.batch, ...windows], formats[1], { batched: true }),
        window,
        ...settings(rounding, overflow),
      });
      w.builder.averagePoolGradient({
        dOutput: w.tensor('dOutput', [w.batch, ...windows], formats[2], error),
        out: w.tensor('dInput', [w.batch, ...image], formats[3], error),
        window,
        ...settings(rounding, overflow),
      });
    },
  };
}

const table = POOLS.flatMap((pool, i) =>
  FORMATS.map((formats, f): Formatted => {
    const at = i * FORMATS.length + f;
    return {
      ...pool,
      formats,
      rounding: pick(ROUNDINGS, at),
      overflow: pick(OVERFLOWS, i + f),
      style: pick(STYLES, at + i),
    };
  }),
);

describe('pooling', () => {
  contractSuite([
    { name: 'max', batch: 3, counts: [2, 1], cases: table.map(maxPool) },
    { name: 'average', batch: 3, counts: [2, 1], cases: table.map(averagePool) },
    {
      name: 'more examples than threads',
      batch: 9,
      counts: [7, 5],
      cases: table.slice(0, 14).flatMap((p, i) => [maxPool(p, i), averagePool(p, i)]),
    },
  ]);
});
