/** The options of `fewbit hardware estimate` besides the array's, and how they are read. */
import type { ArrayConfig, RoundingHardware } from '../../../hardware/index.js';
import { UsageError } from '../../console/errors.js';
import type { NetworkOptions } from '../../options/run-options.js';
import type { ArrayOptions, MemoryOptions } from './array-options.js';

export interface EstimateOptions extends ArrayOptions, MemoryOptions, Pick<NetworkOptions, 'formats'> {
  readonly product?: readonly [m: number, k: number, n: number];
  readonly batch?: number;
  readonly stage?: number;
  readonly array?: readonly Pick<ArrayConfig, 'rows' | 'cols'>[];
  readonly wl?: readonly number[];
  readonly rounding?: readonly RoundingHardware[];
  readonly examples?: number;
  readonly watts?: number;
  readonly out?: string;
  readonly force?: boolean;
  readonly quiet?: boolean;
  readonly json?: boolean;
}

/** Options that say the same thing twice, or nothing at all. */
export function checkConflicts(network: string | undefined, options: EstimateOptions): void {
  if ((network === undefined) === (options.product === undefined)) {
    throw new UsageError(
      `estimate: give a network or --product, one of the two, got ${network === undefined ? 'neither' : 'both'}`,
    );
  }
  const pairs = [
    ['array', ['rows', 'cols']],
    ['product', ['formats', 'batch', 'stage', 'examples']],
  ] as const;
  for (const [name, others] of pairs) {
    const other = others.find((candidate) => options[candidate] !== undefined);
    if (options[name] !== undefined && other !== undefined) {
      throw new UsageError(`estimate: give --${name} or --${other}, not both`);
    }
  }
  const list = (['array', 'wl', 'rounding'] as const).find((name) => (options[name]?.length ?? 0) > 1);
  const ofOne = (['examples', 'watts'] as const).find((name) => options[name] !== undefined);
  if (list !== undefined && ofOne !== undefined) {
    throw new UsageError(
      `estimate: --${ofOne} goes with one array, got a list with --${list}; leave one out`,
    );
  }
  const ofFiles = (['force', 'quiet'] as const).find((name) => options[name] === true);
  if (options.out === undefined && ofFiles !== undefined) {
    throw new UsageError(`estimate: --${ofFiles} goes with --out, got it alone; name a folder`);
  }
}

/** Products of three sizes stay exact. */
const MAX_SIZE = 131_072;

/** `1024x1024x1024`. */
export function productOf(text: string): [number, number, number] {
  const [, m, k, n] = /^\s*(\d+)x(\d+)x(\d+)\s*$/.exec(text) ?? [];
  const sizes = [m, k, n].map(Number);
  if (sizes.every((size) => size >= 1 && size <= MAX_SIZE)) return sizes as [number, number, number];
  throw new UsageError(
    `--product: expected M x K x N from 1 to ${MAX_SIZE}, such as 1024x1024x1024, got "${text}"`,
  );
}

/** `28x28`. */
export function sizeOf(text: string): Pick<ArrayConfig, 'rows' | 'cols'> {
  const [, rows, cols] = /^\s*(\d+)x(\d+)\s*$/.exec(text) ?? [];
  const size = { rows: Number(rows), cols: Number(cols) };
  if (Object.values(size).every((length) => length >= 1 && length <= 1024)) return size;
  throw new UsageError(
    `--array: expected rows x columns from 1 to 1024, such as 28x28, got "${text.trim()}"`,
  );
}

/** A parser of a list with commas. */
export function listOf<T>(parse: (text: string) => T): (text: string) => T[] {
  return (text) => text.split(',').map(parse);
}
