/*
 * Products for a saturating accumulator: summed one by one, k ascending, clamped after each one, the bias last. The order
 * is the meaning, so nothing here is clever; every other accumulator goes by tiles. One loop serves all ops: it asks for
 * the sum of each output of a run, then converts the run.
 */
import { convertSums } from '../convert/convert';
import {
  ACCUMULATOR_WIDTH,
  BATCH_AXIS,
  BIAS,
  BIAS_SHIFT,
  CONVERT,
  COUNT,
  K,
  KIND,
  KIND_CONV,
  KIND_CONV_INPUT_GRADIENT,
  KIND_MATMUL,
  LHS,
  M,
  N,
  OUT,
  RHS,
  RUN,
  SCRATCH_SUMS,
  TRANSPOSE_LHS,
  TRANSPOSE_RHS,
  TYPE_I16,
} from '../layout';
import { openWindow } from '../window';
import { scratch, shareEnd, shareStart } from '../thread';

/** The accumulator after one more addition; its limits are `most` and -`most` - 1. */
function add(sum: i64, term: i64, most: i64): i64 {
  return min(max(sum + term, ~most), most);
}

/** Element `index` of the operand of a record whose address is in `field` and whose type is in the next word. */
function element(record: usize, field: usize, index: i32): i64 {
  const address = load<u32>(record + field);
  return load<i32>(record + field, 4) == TYPE_I16
    ? <i64>load<i16>(address + ((<usize>index) << 1))
    : <i64>load<i32>(address + ((<usize>index) << 2));
}

function product(record: usize, lhs: i32, rhs: i32): i64 {
  return element(record, LHS, lhs) * element(record, RHS, rhs);
}

/** A batched axis has as many places as the step has examples. */
function sizeOf(record: usize, field: usize, axis: i32): i32 {
  return load<i32>(record, BATCH_AXIS) == axis ? load<i32>(COUNT) : load<i32>(record + field);
}

function matmulSum(record: usize, index: i32, most: i64): i64 {
  const n = load<i32>(record, N);
  const transposeLhs = load<i32>(record, TRANSPOSE_LHS);
  const transposeRhs = load<i32>(record, TRANSPOSE_RHS);
  const lhsStep = transposeLhs ? load<i32>(record, M) : 1;
  const rhsStep = transposeRhs ? 1 : n;
  let lhs = (index / n) * (transposeLhs ? 1 : load<i32>(record, K));
  let rhs = (index % n) * (transposeRhs ? load<i32>(record, K) : 1);
  let sum: i64 = 0;
  for (let left = sizeOf(record, K, 2); left > 0; left--) {
    sum = add(sum, product(record, lhs, rhs), most);
    lhs += lhsStep;
    rhs += rhsStep;
  }
  return sum;
}

function convSum(record: usize, index: i32, most: i64): i64 {
  const window = openWindow(record);
  const channels = window.channels;
  const outChannels = window.outChannels;
  const o = index % outChannels;
  const position = index / outChannels;
  const x = (position % window.outWidth) * window.strideX - window.padLeft;
  const row = position / window.outWidth;
  const y = (row % window.outHeight) * window.strideY - window.padTop;
  const image = row / window.outHeight;
  let sum: i64 = 0;
  for (let i = 0; i < window.kernelHeight; i++) {
    if (<u32>(y + i) >= <u32>window.height) continue;
    for (let j = 0; j < window.kernelWidth; j++) {
      if (<u32>(x + j) >= <u32>window.width) continue;
      const cell = (image * window.height + y + i) * window.width + x + j;
      const tap = i * window.kernelWidth + j;
      for (let c = 0; c < channels; c++) {
        const term = product(record, cell * channels + c, (tap * channels + c) * outChannels + o);
        sum = add(sum, term, most);
      }
    }
  }
  return sum;
}

/** LHS is dOutput, RHS the weight. */
function convInputGradientSum(record: usize, index: i32, most: i64): i64 {
  const window = openWindow(record);
  const channels = window.channels;
  const outChannels = window.outChannels;
  const c = index % channels;
  const position = index / channels;
  const x = (position % window.width) + window.padLeft;
  const row = position / window.width;
  const y = (row % window.height) + window.padTop;
  const image = row / window.height;
  let sum: i64 = 0;
  for (let i = 0; i < window.kernelHeight; i++) {
    const dy = y - i;
    if (dy < 0 || dy % window.strideY != 0 || dy / window.strideY >= window.outHeight) continue;
    for (let j = 0; j < window.kernelWidth; j++) {
      const dx = x - j;
      if (dx < 0 || dx % window.strideX != 0 || dx / window.strideX >= window.outWidth) continue;
      const cell = (image * window.outHeight + dy / window.strideY) * window.outWidth + dx / window.strideX;
      const tap = i * window.kernelWidth + j;
      for (let o = 0; o < outChannels; o++) {
        const term = product(record, cell * outChannels + o, (tap * channels + c) * outChannels + o);
        sum = add(sum, term, most);
      }
    }
  }
  return sum;
}

/** LHS is the input, RHS dOutput. */
function convWeightGradientSum(record: usize, index: i32, most: i64): i64 {
  const window = openWindow(record);
  const channels = window.channels;
  const outChannels = window.outChannels;
  const o = index % outChannels;
  const c = (index / outChannels) % channels;
  const tap = index / (outChannels * channels);
  const left = (tap % window.kernelWidth) - window.padLeft;
  const top = tap / window.kernelWidth - window.padTop;
  const count = load<i32>(COUNT);
  let sum: i64 = 0;
  for (let image = 0; image < count; image++) {
    for (let i = 0; i < window.outHeight; i++) {
      const y = top + i * window.strideY;
      if (<u32>y >= <u32>window.height) continue;
      for (let j = 0; j < window.outWidth; j++) {
        const x = left + j * window.strideX;
        if (<u32>x >= <u32>window.width) continue;
        const cell = (image * window.height + y) * window.width + x;
        const error = (image * window.outHeight + i) * window.outWidth + j;
        sum = add(sum, product(record, cell * channels + c, error * outChannels + o), most);
      }
    }
  }
  return sum;
}

/** The sum of output `index`, as yet without a bias. */
function sumOf(record: usize, index: i32, most: i64): i64 {
  switch (load<i32>(record, KIND)) {
    case KIND_MATMUL:
      return matmulSum(record, index, most);
    case KIND_CONV:
      return convSum(record, index, most);
    case KIND_CONV_INPUT_GRADIENT:
      return convInputGradientSum(record, index, most);
    default:
      return convWeightGradientSum(record, index, most);
  }
}

/** Columns of the result, and its elements. */
function columnsOf(record: usize): i32 {
  const kind = load<i32>(record, KIND);
  if (kind == KIND_MATMUL) return load<i32>(record, N);
  const window = openWindow(record);
  return kind == KIND_CONV_INPUT_GRADIENT ? window.channels : window.outChannels;
}

function elementsOf(record: usize): i32 {
  const kind = load<i32>(record, KIND);
  const columns = columnsOf(record);
  if (kind == KIND_MATMUL) return sizeOf(record, M, 1) * columns;
  const window = openWindow(record);
  const count = load<i32>(COUNT);
  if (kind == KIND_CONV) return count * window.outHeight * window.outWidth * columns;
  if (kind == KIND_CONV_INPUT_GRADIENT) return count * window.height * window.width * columns;
  return window.kernelHeight * window.kernelWidth * window.channels * columns;
}

/** A product of any kind: sums runs of outputs and converts them. */
export function productOrdered(record: usize): void {
  const sign = load<i32>(record, ACCUMULATOR_WIDTH) - 1;
  const most = ((<i64>1) << sign) - 1;
  const columns = columnsOf(record);
  const total = elementsOf(record);
  const sums = scratch + SCRATCH_SUMS;
  const end = shareEnd(total, 32);
  for (let start = shareStart(total, 32); start < end; start += RUN) {
    const length = min(end - start, RUN);
    for (let i = 0; i < length; i++) {
      let sum = sumOf(record, start + i, most);
      if (load<u32>(record, BIAS)) {
        const bias = element(record, BIAS, (start + i) % columns);
        sum = add(sum, bias << load<i32>(record, BIAS_SHIFT), most);
      }
      store<i64>(sums + ((<usize>i) << 3), sum);
    }
    convertSums(load<u32>(record, CONVERT), sums, load<u32>(record, OUT), start, length);
  }
}
