/** Convolutions that are scattered wherever sizes and formats let them be: what scatter*.test.ts share. */
import {
  expectSame,
  KINDS,
  noise,
  windowFor,
  type Convolution,
  type Kind,
  type Pattern,
  type Run,
} from './convolutions.js';

export const FORWARD: readonly Kind[] = ['conv2d'];
export const BACKWARD: readonly Kind[] = ['conv2dInputGradient'];
export const OF_WEIGHT: readonly Kind[] = ['conv2dWeightGradient'];
export const BY_WEIGHT: readonly Kind[] = [...FORWARD, ...BACKWARD];

/** The products that sizes and formats let be scattered. */
export function suited(p: Convolution): Kind[] {
  const { strideY, strideX, channels } = windowFor(p);
  const wraps = p.accumulator !== undefined && p.accumulator !== 'exact';
  return KINDS.filter((kind) => {
    // A gradient by the input has no strides: errors are spread out.
    if (kind !== 'conv2dInputGradient' && (strideY > 1 || strideX > 1)) return false;
    if (kind === 'conv2dWeightGradient') return true;
    const [lhs, rhs] = kind === 'conv2d' ? [channels, p.out] : [p.out, channels];
    return !wraps && lhs >= 8 && rhs % 8 === 0;
  });
}

/** All products as the reference has them, in tiles if their operands do not let them be scattered. */
export async function expectSameScattered(
  convolutions: readonly Convolution[],
  run: Run = {},
): Promise<void> {
  const kernels = { minimal: 'never', scatter: 'always', ...run.kernels } as const;
  await expectSame(convolutions, { ...run, kernels });
}

/** The same for products that, by default, are scattered whenever sizes permit it. */
export async function expectScattered(convolutions: readonly Convolution[], run: Run = {}): Promise<void> {
  await expectSameScattered(
    convolutions.map((p) => ({ ...p, sparse: p.sparse ?? suited(p) })),
    run,
  );
}

/** Values of a pattern in one place of several, the others 0. */
export function thin(values: Pattern, oneIn: number, name = 'thin'): Pattern {
  const random = noise(1 << 20, name);
  return (...place) => {
    const value = values(...place);
    return (random() + (1 << 20)) % oneIn === 0 ? value : 0;
  };
}
