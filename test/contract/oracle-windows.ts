/** Pooling in BigInt: forward and backward both walk the windows, so the backward pass scatters. */
import type {
  AveragePoolGradientOp,
  AveragePoolOp,
  MaxPoolGradientOp,
  MaxPoolOp,
  Convert,
  Window,
} from '../../src/plan/index.js';
import { at, indices } from './oracle-products.js';
import type { Oracle } from './oracle.js';

interface Cell {
  /** i * kernelWidth + j. */
  readonly position: number;
  /** Place in the image, row-major. */
  readonly place: number;
}

/** The cells of window (b, y, x, c) that lie inside the image, in row-major order. */
function cellsOf(w: Window, [b, y, x, c]: readonly number[]): Cell[] {
  const cells: Cell[] = [];
  for (const [i, j] of indices(w.kernelHeight, w.kernelWidth)) {
    const row = y! * w.strideY + i! - w.padTop;
    const column = x! * w.strideX + j! - w.padLeft;
    if (row < 0 || row >= w.height || column < 0 || column >= w.width) continue;
    const place = ((b! * w.height + row) * w.width + column) * w.channels + c!;
    cells.push({ position: i! * w.kernelWidth + j!, place });
  }
  return cells;
}

function windows(w: Window, rows: number): number[][] {
  return indices(rows, w.outHeight, w.outWidth, w.channels);
}

export function maxPool(op: MaxPoolOp, oracle: Oracle): void {
  const input = oracle.tensors[op.input]!;
  let place = 0;
  for (const window of windows(op.window, oracle.rows(op.out))) {
    const cells = cellsOf(op.window, window);
    const largest = Math.max(...cells.map((cell) => input[cell.place]!));
    oracle.tensors[op.out]![place] = largest;
    const first = cells.find((cell) => input[cell.place] === largest)!;
    if (op.position !== null) oracle.tensors[op.position]![place] = first.position;
    place += 1;
  }
}

/** Converts one sum for each element of the image. */
function setSums(
  oracle: Oracle,
  op: MaxPoolGradientOp | AveragePoolGradientOp,
  sums: ReadonlyMap<number, bigint>,
): void {
  for (let place = 0; place < oracle.length(op.out); place += 1) {
    oracle.set(op.out, op.convert, place, sums.get(place) ?? 0n);
  }
}

export function maxPoolGradient(op: MaxPoolGradientOp, oracle: Oracle): void {
  const sums = new Map<number, bigint>();
  let place = 0;
  for (const window of windows(op.window, oracle.rows(op.dOutput))) {
    const position = oracle.tensors[op.position]![place];
    const cell = cellsOf(op.window, window).find((candidate) => candidate.position === position);
    const d = BigInt(oracle.tensors[op.dOutput]![place]!);
    if (cell) sums.set(cell.place, (sums.get(cell.place) ?? 0n) + d);
    place += 1;
  }
  setSums(oracle, op, sums);
}

/** Nearest integer to 2^30 / n. */
function reciprocal(n: number): bigint {
  return (2n ** 31n / BigInt(n) + 1n) / 2n;
}

/** floor(sum * 2^30 / n), of sums of either sign. */
export function exactShare(sum: bigint, n: number): bigint {
  const divisor = BigInt(n);
  const dividend = sum * 2n ** 30n;
  const rest = ((dividend % divisor) + divisor) % divisor;
  return (dividend - rest) / divisor;
}

/** Roundings that move a sum that is a little below an exact one by a whole unit. */
export function cutsDown(convert: Convert | null): boolean {
  return convert !== null && ['floor', 'toward-zero'].includes(convert.rounding.mode);
}

export function averagePool(op: AveragePoolOp, oracle: Oracle): void {
  const input = oracle.tensors[op.input]!;
  let place = 0;
  for (const window of windows(op.window, oracle.rows(op.out))) {
    const cells = cellsOf(op.window, window);
    const sum = cells.reduce((total, cell) => total + BigInt(input[cell.place]!), 0n);
    const exact = cutsDown(op.convert);
    oracle.set(
      op.out,
      op.convert,
      place,
      exact ? exactShare(sum, cells.length) : sum * reciprocal(cells.length),
    );
    place += 1;
  }
}

export function averagePoolGradient(op: AveragePoolGradientOp, oracle: Oracle): void {
  const sums = new Map<number, bigint>();
  const w = op.window;
  const shape = [oracle.count, w.outHeight, w.outWidth, w.channels];
  // Cells of each window that holds a place, with its error, in the order of the windows.
  const shares = new Map<number, { n: number; error: bigint }[]>();
  for (const window of windows(w, oracle.rows(op.dOutput))) {
    const cells = cellsOf(w, window);
    const error = BigInt(at(oracle.tensors[op.dOutput]!, shape, window)!);
    for (const { place } of cells) {
      const known = shares.get(place) ?? [];
      const last = known.at(-1);
      if (last?.n === cells.length) last.error += error;
      else known.push({ n: cells.length, error });
      shares.set(place, known);
    }
  }
  const exact = cutsDown(op.convert);
  for (const [place, known] of shares) {
    const parts = known.map(({ n, error }) => (exact ? exactShare(error, n) : error * reciprocal(n)));
    sums.set(
      place,
      parts.reduce((total, part) => total + part, 0n),
    );
  }
  setSums(oracle, op, sums);
}
