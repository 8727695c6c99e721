/** Sums of products in BigInt: every product that the formula names, in the order in which it names them. */
import type {
  BiasGradientOp,
  Conv2dInputGradientOp,
  Conv2dOp,
  Conv2dWeightGradientOp,
  MatmulOp,
} from '../../src/plan/index.js';
import { accumulateOracle } from '../support/oracle.js';
import type { Oracle } from './oracle.js';

/** Element of a row-major list by its index along every dimension; null outside of it. */
export function at(
  data: readonly number[],
  shape: readonly number[],
  index: readonly number[],
): number | null {
  let place = 0;
  for (const [dimension, size] of shape.entries()) {
    const i = index[dimension]!;
    if (i < 0 || i >= size) return null;
    place = place * size + i;
  }
  return data[place]!;
}

type Products = (readonly [number, number])[];

export function matmul(op: MatmulOp, oracle: Oracle): void {
  const rows = op.batchAxis === 'm' ? oracle.count : op.m;
  const inner = op.batchAxis === 'k' ? oracle.count : op.k;
  const lhs = oracle.tensors[op.lhs]!;
  const rhs = oracle.tensors[op.rhs]!;
  for (let m = 0; m < rows; m += 1) {
    for (let n = 0; n < op.n; n += 1) {
      const products: Products = [];
      for (let k = 0; k < inner; k += 1) {
        const a = op.transposeLhs ? at(lhs, [op.k, op.m], [k, m]) : at(lhs, [op.m, op.k], [m, k]);
        const b = op.transposeRhs ? at(rhs, [op.n, op.k], [n, k]) : at(rhs, [op.k, op.n], [k, n]);
        products.push([a!, b!]);
      }
      const bias = op.bias === null ? null : { raw: oracle.tensors[op.bias]![n]!, shift: op.biasShift };
      const sum = accumulateOracle(products, bias, op.accumulator);
      oracle.set(op.out, op.convert, m * op.n + n, sum);
    }
  }
}

/** Every index of a box, the last dimension fastest. */
export function indices(...sizes: readonly number[]): number[][] {
  return sizes.reduce<number[][]>(
    (heads, size) => heads.flatMap((head) => Array.from({ length: size }, (_, i) => [...head, i])),
    [[]],
  );
}

export function conv2d(op: Conv2dOp, oracle: Oracle): void {
  const w = op.window;
  const input = oracle.tensors[op.input]!;
  const weight = oracle.tensors[op.weight]!;
  const taps = indices(w.kernelHeight, w.kernelWidth, w.channels);
  let place = 0;
  for (const [b, y, x, o] of indices(oracle.rows(op.out), w.outHeight, w.outWidth, op.outChannels)) {
    const products: Products = [];
    for (const [i, j, c] of taps) {
      const pixel = [b!, y! * w.strideY + i! - w.padTop, x! * w.strideX + j! - w.padLeft, c!];
      const a = at(input, [oracle.count, w.height, w.width, w.channels], pixel);
      const k = at(weight, [w.kernelHeight, w.kernelWidth, w.channels, op.outChannels], [i!, j!, c!, o!]);
      if (a !== null) products.push([a, k!]);
    }
    const bias = op.bias === null ? null : { raw: oracle.tensors[op.bias]![o!]!, shift: op.biasShift };
    oracle.set(op.out, op.convert, place, accumulateOracle(products, bias, op.accumulator));
    place += 1;
  }
}

export function conv2dInputGradient(op: Conv2dInputGradientOp, oracle: Oracle): void {
  const w = op.window;
  const dOutput = oracle.tensors[op.dOutput]!;
  const weight = oracle.tensors[op.weight]!;
  const taps = indices(w.kernelHeight, w.kernelWidth, op.outChannels);
  let place = 0;
  for (const [b, y, x, c] of indices(oracle.rows(op.out), w.height, w.width, w.channels)) {
    const products: Products = [];
    for (const [i, j, o] of taps) {
      const oy = (y! + w.padTop - i!) / w.strideY;
      const ox = (x! + w.padLeft - j!) / w.strideX;
      if (!Number.isInteger(oy) || !Number.isInteger(ox)) continue;
      const d = at(dOutput, [oracle.count, w.outHeight, w.outWidth, op.outChannels], [b!, oy, ox, o!]);
      const k = at(weight, [w.kernelHeight, w.kernelWidth, w.channels, op.outChannels], [i!, j!, c!, o!]);
      if (d !== null) products.push([d, k!]);
    }
    oracle.set(op.out, op.convert, place, accumulateOracle(products, null, op.accumulator));
    place += 1;
  }
}

export function conv2dWeightGradient(op: Conv2dWeightGradientOp, oracle: Oracle): void {
  const w = op.window;
  const input = oracle.tensors[op.input]!;
  const dOutput = oracle.tensors[op.dOutput]!;
  const positions = indices(oracle.rows(op.dOutput), w.outHeight, w.outWidth);
  let place = 0;
  for (const [i, j, c, o] of indices(w.kernelHeight, w.kernelWidth, w.channels, op.outChannels)) {
    const products: Products = [];
    for (const [b, y, x] of positions) {
      const pixel = [b!, y! * w.strideY + i! - w.padTop, x! * w.strideX + j! - w.padLeft, c!];
      const a = at(input, [oracle.count, w.height, w.width, w.channels], pixel);
      const d = at(dOutput, [oracle.count, w.outHeight, w.outWidth, op.outChannels], [b!, y!, x!, o!]);
      if (a !== null) products.push([a, d!]);
    }
    oracle.set(op.out, op.convert, place, accumulateOracle(products, null, op.accumulator));
    place += 1;
  }
}

export function biasGradient(op: BiasGradientOp, oracle: Oracle): void {
  const dOutput = oracle.tensors[op.dOutput]!;
  const rows = oracle.rows(op.dOutput) * op.rowsPerExample;
  for (let n = 0; n < op.n; n += 1) {
    let sum = 0n;
    for (let row = 0; row < rows; row += 1) sum += BigInt(dOutput[row * op.n + n]!);
    oracle.set(op.out, op.convert, n, sum);
  }
}
