/**
 * Convolutions and their gradients, several in one plan, on wasm against the reference backend: every element, every
 * counter, and of each product for how many images it took the minimal way (assembly/product/conv-minimal.ts) or was scattered
 * (assembly/product/scatter.ts).
 */
import { expect } from 'vitest';
import type { Session, SiteStatistics, TensorData } from '../../../src/backend/contract.js';
import { referenceBackend } from '../../../src/backend/reference/index.js';
import { wasmBackendWith, type KernelChoice } from '../../../src/backend/wasm/index.js';
import { parseFormat, parseRounding, type Accumulator, type Overflow } from '../../../src/numerics/index.js';
import {
  elements,
  PlanBuilder,
  windowOf,
  type Op,
  type Plan,
  type TensorId,
  type Window,
} from '../../../src/plan/index.js';
import { generator, typedArray } from '../../contract/data.js';
import { difference, SEED } from '../../contract/suite.js';

/** An element by its place: image, row, column, channel; of a weight row, column, channel, output; of a bias output. */
export type Pattern = (i: number, j: number, k: number, l: number) => number;
export type Kind = 'conv2d' | 'conv2dInputGradient' | 'conv2dWeightGradient';

/** The products that take the minimal way where operands allow it and it pays. */
export const KINDS: readonly Kind[] = ['conv2d', 'conv2dInputGradient', 'conv2dWeightGradient'];

export interface Convolution {
  /** What is special about it, for messages. */
  readonly name?: string;
  readonly image: readonly [height: number, width: number, channels: number];
  readonly kernel: readonly [height: number, width: number];
  readonly out: number;
  readonly stride?: readonly [number, number];
  readonly padding?: readonly [number, number];
  /** Of the window, what padding alike on both sides cannot say. */
  readonly window?: Partial<Window>;
  /** Default 16 bits all, and sums of 32 bits as they are. */
  readonly formats?: readonly [lhs: string, rhs: string, out: string];
  readonly rounding?: string;
  readonly overflow?: Overflow;
  readonly accumulator?: Accumulator;
  /** Default: noise as large as allows all three products the minimal way, almost. */
  readonly pixels?: Pattern;
  readonly weights?: Pattern;
  readonly errors?: Pattern;
  /** Default: none. */
  readonly bias?: Pattern;
  /** The products whose operands permit the minimal path; default: all. */
  readonly minimal?: readonly Kind[];
  /** Images that take it; default: all. */
  readonly images?: (image: number) => boolean;
  /**
   * The products that are made from non-zero elements. Default: not checked, and `minimal` products only if
   * given.
   */
  readonly sparse?: readonly Kind[];
  /** Images that are; default: all. */
  readonly sparseImages?: (image: number) => boolean;
  /** Products that are not checked. */
  readonly unasked?: readonly Kind[];
}

export interface Run {
  readonly batch?: number;
  /** Examples of the steps after a first one with a full batch. */
  readonly counts?: readonly number[];
  readonly threads?: readonly number[];
  /** Default: by sizes. */
  readonly kernels?: Partial<KernelChoice>;
}

/** Uniform integers of magnitudes up to `most`, always the same ones. */
export function noise(most: number, name = 'noise'): () => number {
  const random = generator(`${name} ${String(most)}`);
  return () => (random() % (2 * most + 1)) - most;
}

interface Built {
  readonly plan: Plan;
  /** By name. */
  readonly data: ReadonlyMap<string, TensorData>;
}

/** What a session has come to after each step. */
interface Result {
  readonly tensors: ReadonlyMap<string, TensorData>;
  readonly statistics: readonly SiteStatistics[];
}

/**
 * Magnitudes of weights and errors with which the norms pass the proof of the sums, but not by much, for
 * pixels up to 8191: the mean square of noise is a third of the largest one. Norms of rows are those of whole
 * rows of a frame; those of channels, if they do not fill vectors, are of all channels together.
 */
function magnitudes(p: Convolution, window: Window, batch: number): [weights: number, errors: number] {
  const { outHeight, outWidth, kernelHeight, kernelWidth, height, width, channels } = window;
  const fitting = (terms: number): number => Math.max(1, Math.min(8191, Math.floor(2 ** 32 / 8191 / terms)));
  const rows = Math.max(outWidth, width) + kernelWidth - 1;
  const across = Math.sqrt(rows * kernelWidth);
  const weights = fitting(kernelHeight * across * Math.max(channels, p.out));
  const together = (count: number): number => (count % 8 === 0 ? 1 : count);
  const pixels = height * width * together(channels);
  return [weights, fitting(batch * Math.sqrt(pixels * outHeight * outWidth * together(p.out)))];
}

export function windowFor({
  image,
  kernel,
  stride = [1, 1],
  padding = [0, 0],
  window = {},
}: Convolution): Window {
  return { ...windowOf({ image, kernel, stride, padding }), ...window };
}

function build(convolutions: readonly Convolution[], batch: number): Built {
  const builder = new PlanBuilder({ name: 'convolutions', arithmetic: 'fixed', batch });
  const data = new Map<string, TensorData>();
  convolutions.forEach((p, i) => {
    const [height, width, channels] = p.image;
    const window = windowFor(p);
    const layer = `${String(i)}: ${p.image.join('x')} by ${p.kernel.join('x')}x${String(p.out)} ${p.name ?? ''}`;
    const tensor = (name: string, shape: number[], format: string, pattern: Pattern): TensorId => {
      const batched = shape.length === 4 && name !== 'weight' && name !== 'dWeight';
      const role = 'activation';
      const full = `${layer}/${name}`;
      const id = builder.tensor({
        ...{ name: full, shape, batched, role, persistent: true },
        format: parseFormat(format),
      });
      const [, b = 1, c = 1, d = 1] = shape;
      const values = Array.from({ length: elements(shape) }, (_, index) => {
        const [outer, inner] = [Math.floor(index / (c * d)), index % (c * d)];
        return pattern(Math.floor(outer / b), outer % b, Math.floor(inner / d), inner % d);
      });
      data.set(full, typedArray(builder.get(id).storage, values));
      return id;
    };
    const [lhs, rhs, outFormat] = p.formats ?? ['<2,14>', '<2,14>', '<4,28>'];
    const [weightMost, errorMost] = magnitudes(p, window, batch);
    const inputShape = [batch, height, width, channels];
    const outputShape = [batch, window.outHeight, window.outWidth, p.out];
    const weightShape = [...p.kernel, channels, p.out];
    const input = tensor('input', inputShape, lhs, p.pixels ?? noise(8191, `${layer}/pixels`));
    const weight = tensor('weight', weightShape, rhs, p.weights ?? noise(weightMost, `${layer}/weights`));
    const dOutput = tensor('dOutput', outputShape, lhs, p.errors ?? noise(errorMost, `${layer}/errors`));
    const bias = p.bias ? tensor('bias', [p.out], rhs, p.bias) : null;
    // Results too have contents: what an op leaves alone must be seen to stay.
    const results = noise(100, `${layer}/results`);
    const settings = {
      ...{ rounding: parseRounding(p.rounding ?? 'floor'), overflow: p.overflow ?? 'saturate' },
      ...{ window, accumulator: p.accumulator ?? 'exact' },
    } as const;
    const output = tensor('output', outputShape, outFormat, results);
    builder.layer(layer).conv2d({ input, weight, bias, out: output, ...settings });
    const dInput = tensor('dInput', inputShape, outFormat, results);
    builder.layer(layer).conv2dInputGradient({ dOutput, weight, out: dInput, ...settings });
    const dWeight = tensor('dWeight', weightShape, outFormat, results);
    builder.layer(layer).conv2dWeightGradient({ input, dOutput, out: dWeight, ...settings });
  });
  return { plan: builder.finish(), data };
}

/** Runs the steps, which may be the same number of examples again. */
async function results(
  session: Session,
  { plan, data }: Built,
  counts: readonly number[],
): Promise<Result[]> {
  for (const [name, values] of data) await session.write(name, values);
  const after: Result[] = [];
  for (const [i, count] of counts.entries()) {
    const batch = { count, inputs: new Int16Array(0), labels: new Int32Array(0), coefficients: [] };
    await session.train([{ ...batch, step: i * 4294967299 }]);
    const tensors = new Map<string, TensorData>();
    for (const { name } of plan.tensors) tensors.set(name, await session.read(name));
    after.push({ tensors, statistics: await session.statistics() });
  }
  return after;
}

type Way = 'minimal' | 'sparse';

function waysText({ layer, kind }: Op, way: Way, examples: number, count: number): string {
  return `${layer}, ${kind}, ${way}: ${String(examples)} of ${String(count)}`;
}

/** By step and product how many examples took the way; each way counts the same multiply-adds for an example. */
async function examplesBy(way: Way, session: Session, counts: readonly number[]): Promise<string[]> {
  const steps = await session.profile!();
  return steps.flatMap(({ ops }, step) =>
    ops.map(({ paths }, op) => {
      const all = Object.values(paths).reduce((sum, macs) => sum + macs, 0);
      const examples = ((paths[way] ?? 0) * counts[step]!) / all;
      return waysText(session.plan.train[op]!, way, examples, counts[step]!);
    }),
  );
}

/** Whether the product can be made of phases at all (phases.ts). */
function suits(kind: Kind, { strideY, strideX, kernelHeight, kernelWidth, ...window }: Window): boolean {
  if (kernelHeight < 2 || kernelWidth < 2) return false;
  // A gradient by the input has no strides: errors are spread out.
  if (kind === 'conv2dInputGradient') return true;
  if (strideY > 1 || strideX > 1) return false;
  return kind === 'conv2d' || (window.channels % 4 === 0 && window.outHeight > 1 && window.outWidth > 1);
}

/** The expected values; null for no check. */
function expectedExamples(
  way: Way,
  { train }: Plan,
  convolutions: readonly Convolution[],
  counts: readonly number[],
): (string | null)[] {
  return counts.flatMap((count) =>
    train.map((op, i) => {
      const p = convolutions[Math.floor(i / 3)]!;
      const kind = op.kind as Kind;
      if (p.unasked?.includes(kind)) return null;
      let takes: boolean;
      if (way === 'sparse') {
        if (!p.sparse) return null;
        takes = p.sparse.includes(kind);
      } else {
        if (p.sparse && !p.minimal) return null;
        takes = (p.minimal ?? KINDS).includes(kind) && suits(kind, windowFor(p));
      }
      const { images = () => true, sparseImages = () => true } = p;
      const isTaken = way === 'sparse' ? sparseImages : images;
      const examples = Array.from({ length: count }, (_, image) => takes && isTaken(image));
      return waysText(op, way, examples.filter(Boolean).length, count);
    }),
  );
}

/** All three products of each convolution: wasm on each number of threads as the reference has them. */
export async function expectSame(convolutions: readonly Convolution[], run: Run = {}): Promise<void> {
  const { batch = 3, counts: later = [], threads: threadCounts = [1, 2, 3], kernels = {} } = run;
  const built = build(convolutions, batch);
  const counts = [batch, ...later];
  const reference = await referenceBackend.open(built.plan, { seed: SEED, threads: 1 });
  const wanted = await results(reference, built, counts);
  await reference.close();
  const ways = (['minimal', 'sparse'] as const).map(
    (way) => [way, expectedExamples(way, built.plan, convolutions, counts)] as const,
  );
  for (const threads of threadCounts) {
    const session = await wasmBackendWith(kernels).open(built.plan, { seed: SEED, threads, clock: () => 0 });
    try {
      const got = await results(session, built, counts);
      got.forEach(({ tensors, statistics }, step) => {
        const when = `after step ${String(step)}, ${String(threads)} threads`;
        for (const [name, values] of tensors) {
          expect(difference(values, wanted[step]!.tensors.get(name)!), `${name} ${when}`).toBe('');
        }
        expect(statistics, when).toEqual(wanted[step]!.statistics);
      });
      for (const [way, examples] of ways) {
        const asked = (await examplesBy(way, session, counts)).filter((_, i) => examples[i] !== null);
        expect(asked, 'examples by their ways').toEqual(examples.filter((text) => text !== null));
      }
    } finally {
      await session.close();
    }
  }
}

/** The same with the minimal way wherever sizes and formats let it be. Operands that are mostly 0 are not scattered. */
export async function expectMinimal(convolutions: readonly Convolution[], run: Run = {}): Promise<void> {
  await expectSame(convolutions, { ...run, kernels: { minimal: 'always', scatter: 'never' } });
}
