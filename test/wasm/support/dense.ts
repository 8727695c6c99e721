/**
 * Dense products by shape and patterns of operands, several in one plan, on wasm against the reference backend, and the ways
 * in which they were summed.
 */
import { expect } from 'vitest';
import type { TensorData } from '../../../src/backend/contract.js';
import { parseFormat, parseRounding, type Accumulator, type Overflow } from '../../../src/numerics/index.js';
import { elements, PlanBuilder, type Plan, type TensorId } from '../../../src/plan/index.js';
import { generator, typedArray } from '../../contract/data.js';
import { noise } from './convolutions.js';
import { expectAlike, type Contents, type Paths } from './sessions.js';

/** An element of A by row and place in the sum, of B by place and column, of a bias by column. */
export type Pattern = (i: number, j: number) => number;
export const TRANSPOSES = ['none', 'lhs', 'rhs', 'both'] as const;

export interface Product {
  readonly name?: string;
  readonly size: readonly [m: number, k: number, n: number];
  readonly transpose?: (typeof TRANSPOSES)[number];
  /** Whether examples are the rows or, if A is transposed, the dimension of the sum. */
  readonly batched?: boolean;
  /** Default 16 bits all, and sums of 32 bits as they are. */
  readonly formats?: readonly [lhs: string, rhs: string, out: string];
  readonly lhs: Pattern;
  readonly rhs?: Pattern;
  readonly bias?: Pattern;
  readonly rounding?: string;
  readonly overflow?: Overflow;
  readonly accumulator?: Accumulator;
  /**
   * The paths that sum it, on all numbers of threads, or their multiply-adds on one thread; not checked by
   * default.
   */
  readonly paths?: string | Paths;
}

const DEFAULT_FORMATS = ['<2,14>', '<2,14>', '<4,28>'] as const;

interface Built {
  readonly plan: Plan;
  readonly data: Contents;
}

function nameOf({ name = '', size, transpose = 'none' }: Product, i: number): string {
  return `${String(i)}: ${size.join('x')} ${transpose} ${name}`;
}

export function build(products: readonly Product[], batch: number): Built {
  const builder = new PlanBuilder({ name: 'sparse', arithmetic: 'fixed', batch });
  const data = new Map<string, TensorData>();
  products.forEach((p, i) => {
    const [m, k, n] = p.size;
    const [lhsFormat, rhsFormat, outFormat] = p.formats ?? DEFAULT_FORMATS;
    const layer = nameOf(p, i);
    const tensor = (
      name: string,
      shape: number[],
      format: string,
      batched: boolean,
      at: Pattern,
    ): TensorId => {
      const id = builder.tensor({
        ...{ name: `${layer}/${name}`, shape, batched, role: 'activation', persistent: true },
        format: parseFormat(format),
      });
      const width = shape.at(-1)!;
      const values = Array.from({ length: elements(shape) }, (_, e) => at(Math.floor(e / width), e % width));
      data.set(`${layer}/${name}`, typedArray(builder.get(id).storage, values));
      return id;
    };
    const { transpose = 'none', batched = false, lhs, rhs = noise(300, `${layer}/rhs`), bias } = p;
    const transposeLhs = transpose === 'lhs' || transpose === 'both';
    const transposeRhs = transpose === 'rhs' || transpose === 'both';
    const along = batched && transposeLhs;
    builder.layer(layer).matmul({
      lhs: transposeLhs
        ? tensor('lhs', [k, m], lhsFormat, batched, (step, row) => lhs(row, step))
        : tensor('lhs', [m, k], lhsFormat, batched, lhs),
      rhs: transposeRhs
        ? tensor('rhs', [n, k], rhsFormat, along, (column, step) => rhs(step, column))
        : tensor('rhs', [k, n], rhsFormat, along, rhs),
      bias: bias ? tensor('bias', [n], rhsFormat, false, (_, column) => bias(column, 0)) : null,
      // The result too has contents: what an op leaves alone must be seen to stay.
      out: tensor('out', [m, n], outFormat, batched && !along, noise(100, `${layer}/out`)),
      transposeLhs,
      transposeRhs,
      accumulator: p.accumulator ?? 'exact',
      ...{ rounding: parseRounding(p.rounding ?? 'floor'), overflow: p.overflow ?? 'saturate' },
    });
  });
  return { plan: builder.finish(), data };
}

/** The products of one plan, in the steps that are asked for; each is asked for its paths in the first step. */
export async function expectSame(
  products: readonly Product[],
  {
    batch = 1,
    counts = [],
    threads = [1, 2, 3],
  }: { batch?: number; counts?: number[]; threads?: number[] } = {},
): Promise<void> {
  const { plan, data } = build(products, batch);
  const paths = await expectAlike(plan, [{ data }, ...counts.map((count) => ({ count }))], { threads });
  products.forEach(({ paths: wanted, ...p }, op) => {
    if (wanted === undefined) return;
    paths.forEach(([first], i) => {
      const got = first![op]!;
      const when = `${nameOf(p, op)}, ${String(threads[i])} threads`;
      if (typeof wanted === 'string') expect(Object.keys(got).sort().join(' '), when).toBe(wanted);
      else if (threads[i] === 1) expect(got, when).toEqual(wanted);
    });
  });
}

/** Noise of magnitudes up to `most` but never 0 in the pairs that `keeps` names by row and pair, 0 in the others. */
export function pairsOf(keeps: (row: number, pair: number) => boolean, most = 300, name = 'pairs'): Pattern {
  const value = noise(most, name);
  return (row, step) => (keeps(row, step >> 1) ? value() || 1 : 0);
}

/** The same for whole tiles: a pair is 0 in all four rows or in none. Which it is depends on tile and pair alone. */
export function tilesOf(share: number, most = 300): Pattern {
  return pairsOf((row, pair) => generator(`${String(row >> 2)} ${String(pair)}`)() % 100 < share, most);
}
