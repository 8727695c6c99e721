/*
 * Products for a saturating accumulator: one after the other, k ascending, clamped after each one, the bias last. The order
 * is the meaning, so nothing here is clever; every other accumulator goes by tiles. One function an op: it sums a run of
 * outputs, then converts it.
 */
import { convertSums } from '../convert/convert';
import {
  ACCUMULATOR_WIDTH,
  BATCH_AXIS,
  BIAS,
  BIAS_SHIFT,
  BIAS_TYPE,
  CHANNELS,
  CONVERT,
  COUNT,
  HEIGHT,
  K,
  KERNEL_HEIGHT,
  KERNEL_WIDTH,
  LHS,
  LHS_TYPE,
  M,
  N,
  OUT,
  OUT_CHANNELS,
  OUT_HEIGHT,
  OUT_WIDTH,
  PAD_LEFT,
  PAD_TOP,
  RHS,
  RHS_TYPE,
  RUN,
  SCRATCH_SUMS,
  STRIDE_X,
  STRIDE_Y,
  TRANSPOSE_LHS,
  TRANSPOSE_RHS,
  TYPE_I16,
  WIDTH,
} from '../layout';
import { scratch, shareEnd, shareStart } from '../thread';

// The accumulator at work: its limits.
let least: i64 = 0;
let most: i64 = 0;

/** Makes the op's accumulator the one at work. */
function openAccumulator(record: usize): void {
  const sign = load<i32>(record, ACCUMULATOR_WIDTH) - 1;
  most = ((<i64>1) << sign) - 1;
  least = ~most;
}

/** The accumulator after one more addition. */
function add(sum: i64, term: i64): i64 {
  return min(max(sum + term, least), most);
}

/** An element of 2^shift bytes. */
function element(address: usize, shift: i32): i64 {
  return shift == 1 ? <i64>load<i16>(address) : <i64>load<i32>(address);
}

/** Binary logarithm of the bytes of an element of the operand whose type is in `field`. */
function shiftOf(type: i32): i32 {
  return type == TYPE_I16 ? 1 : 2;
}

/** Adds the bias, last. */
function closeSum(record: usize, sum: i64, channel: i32): i64 {
  const bias = load<u32>(record, BIAS);
  if (!bias) return sum;
  const shift = shiftOf(load<i32>(record, BIAS_TYPE));
  return add(sum, element(bias + ((<usize>channel) << shift), shift) << load<i32>(record, BIAS_SHIFT));
}

export function matmulOrdered(record: usize): void {
  const lhsShift = shiftOf(load<i32>(record, LHS_TYPE));
  const rhsShift = shiftOf(load<i32>(record, RHS_TYPE));
  const axis = load<i32>(record, BATCH_AXIS);
  const count = load<i32>(COUNT);
  const m = axis == 1 ? count : load<i32>(record, M);
  const n = load<i32>(record, N);
  const k = axis == 2 ? count : load<i32>(record, K);
  const lhs = load<u32>(record, LHS);
  const rhs = load<u32>(record, RHS);
  const transposeLhs = load<i32>(record, TRANSPOSE_LHS);
  const transposeRhs = load<i32>(record, TRANSPOSE_RHS);
  const lhsRow = (transposeLhs ? 1 : load<i32>(record, K)) << lhsShift;
  const lhsStep = (transposeLhs ? load<i32>(record, M) : 1) << lhsShift;
  const rhsStep = (transposeRhs ? 1 : n) << rhsShift;
  const rhsColumn = (transposeRhs ? load<i32>(record, K) : 1) << rhsShift;
  const sums = scratch + SCRATCH_SUMS;
  openAccumulator(record);
  const end = shareEnd(m * n, 32);
  for (let start = shareStart(m * n, 32); start < end; start += RUN) {
    const length = min(end - start, RUN);
    for (let i = 0; i < length; i++) {
      const column = (start + i) % n;
      let a = lhs + <usize>((start + i) / n) * lhsRow;
      let b = rhs + <usize>column * rhsColumn;
      let sum: i64 = 0;
      for (let j = 0; j < k; j++) {
        sum = add(sum, element(a, lhsShift) * element(b, rhsShift));
        a += lhsStep;
        b += rhsStep;
      }
      store<i64>(sums + ((<usize>i) << 3), closeSum(record, sum, column));
    }
    convertSums(load<u32>(record, CONVERT), sums, load<u32>(record, OUT), start, length);
  }
}

export function convOrdered(record: usize): void {
  const lhsShift = shiftOf(load<i32>(record, LHS_TYPE));
  const rhsShift = shiftOf(load<i32>(record, RHS_TYPE));
  const height = load<i32>(record, HEIGHT);
  const width = load<i32>(record, WIDTH);
  const channels = load<i32>(record, CHANNELS);
  const kernelHeight = load<i32>(record, KERNEL_HEIGHT);
  const kernelWidth = load<i32>(record, KERNEL_WIDTH);
  const outHeight = load<i32>(record, OUT_HEIGHT);
  const outWidth = load<i32>(record, OUT_WIDTH);
  const outChannels = load<i32>(record, OUT_CHANNELS);
  const input = load<u32>(record, LHS);
  const weight = load<u32>(record, RHS);
  const sums = scratch + SCRATCH_SUMS;
  openAccumulator(record);
  const total = load<i32>(COUNT) * outHeight * outWidth * outChannels;
  const end = shareEnd(total, 32);
  for (let start = shareStart(total, 32); start < end; start += RUN) {
    const length = min(end - start, RUN);
    for (let i = 0; i < length; i++) {
      const o = (start + i) % outChannels;
      const position = (start + i) / outChannels;
      const left = (position % outWidth) * load<i32>(record, STRIDE_X) - load<i32>(record, PAD_LEFT);
      const top =
        ((position / outWidth) % outHeight) * load<i32>(record, STRIDE_Y) - load<i32>(record, PAD_TOP);
      const image = position / (outWidth * outHeight);
      let sum: i64 = 0;
      for (let y = 0; y < kernelHeight; y++) {
        if (<u32>(top + y) >= <u32>height) continue;
        for (let x = 0; x < kernelWidth; x++) {
          if (<u32>(left + x) >= <u32>width) continue;
          let a = input + ((<usize>(((image * height + top + y) * width + left + x) * channels)) << lhsShift);
          let b = weight + ((<usize>((y * kernelWidth + x) * channels * outChannels + o)) << rhsShift);
          for (let c = 0; c < channels; c++) {
            sum = add(sum, element(a, lhsShift) * element(b, rhsShift));
            a += (<usize>1) << lhsShift;
            b += (<usize>outChannels) << rhsShift;
          }
        }
      }
      store<i64>(sums + ((<usize>i) << 3), closeSum(record, sum, o));
    }
    convertSums(load<u32>(record, CONVERT), sums, load<u32>(record, OUT), start, length);
  }
}

/** LHS is dOutput, RHS the weight. */
export function convInputGradientOrdered(record: usize): void {
  const lhsShift = shiftOf(load<i32>(record, LHS_TYPE));
  const rhsShift = shiftOf(load<i32>(record, RHS_TYPE));
  const height = load<i32>(record, HEIGHT);
  const width = load<i32>(record, WIDTH);
  const channels = load<i32>(record, CHANNELS);
  const kernelHeight = load<i32>(record, KERNEL_HEIGHT);
  const kernelWidth = load<i32>(record, KERNEL_WIDTH);
  const strideY = load<i32>(record, STRIDE_Y);
  const strideX = load<i32>(record, STRIDE_X);
  const outHeight = load<i32>(record, OUT_HEIGHT);
  const outWidth = load<i32>(record, OUT_WIDTH);
  const outChannels = load<i32>(record, OUT_CHANNELS);
  const dOutput = load<u32>(record, LHS);
  const weight = load<u32>(record, RHS);
  const sums = scratch + SCRATCH_SUMS;
  openAccumulator(record);
  const total = load<i32>(COUNT) * height * width * channels;
  const end = shareEnd(total, 32);
  for (let start = shareStart(total, 32); start < end; start += RUN) {
    const length = min(end - start, RUN);
    for (let i = 0; i < length; i++) {
      const c = (start + i) % channels;
      const position = (start + i) / channels;
      const x = (position % width) + load<i32>(record, PAD_LEFT);
      const y = ((position / width) % height) + load<i32>(record, PAD_TOP);
      const image = position / (width * height);
      let sum: i64 = 0;
      for (let ky = 0; ky < kernelHeight; ky++) {
        const dy = y - ky;
        if (dy < 0 || dy % strideY != 0 || dy / strideY >= outHeight) continue;
        for (let kx = 0; kx < kernelWidth; kx++) {
          const dx = x - kx;
          if (dx < 0 || dx % strideX != 0 || dx / strideX >= outWidth) continue;
          const cell = (image * outHeight + dy / strideY) * outWidth + dx / strideX;
          let a = dOutput + ((<usize>(cell * outChannels)) << lhsShift);
          let b = weight + ((<usize>(((ky * kernelWidth + kx) * channels + c) * outChannels)) << rhsShift);
          for (let o = 0; o < outChannels; o++) {
            sum = add(sum, element(a, lhsShift) * element(b, rhsShift));
            a += (<usize>1) << lhsShift;
            b += (<usize>1) << rhsShift;
          }
        }
      }
      store<i64>(sums + ((<usize>i) << 3), closeSum(record, sum, c));
    }
    convertSums(load<u32>(record, CONVERT), sums, load<u32>(record, OUT), start, length);
  }
}

/** LHS is the input, RHS dOutput. */
export function convWeightGradientOrdered(record: usize): void {
  const lhsShift = shiftOf(load<i32>(record, LHS_TYPE));
  const rhsShift = shiftOf(load<i32>(record, RHS_TYPE));
  const count = load<i32>(COUNT);
  const height = load<i32>(record, HEIGHT);
  const width = load<i32>(record, WIDTH);
  const channels = load<i32>(record, CHANNELS);
  const kernelWidth = load<i32>(record, KERNEL_WIDTH);
  const strideY = load<i32>(record, STRIDE_Y);
  const strideX = load<i32>(record, STRIDE_X);
  const outHeight = load<i32>(record, OUT_HEIGHT);
  const outWidth = load<i32>(record, OUT_WIDTH);
  const outChannels = load<i32>(record, OUT_CHANNELS);
  const input = load<u32>(record, LHS);
  const dOutput = load<u32>(record, RHS);
  const sums = scratch + SCRATCH_SUMS;
  openAccumulator(record);
  const total = load<i32>(record, KERNEL_HEIGHT) * kernelWidth * channels * outChannels;
  const end = shareEnd(total, 32);
  for (let start = shareStart(total, 32); start < end; start += RUN) {
    const length = min(end - start, RUN);
    for (let i = 0; i < length; i++) {
      const o = (start + i) % outChannels;
      const c = ((start + i) / outChannels) % channels;
      const tap = (start + i) / (outChannels * channels);
      const left = (tap % kernelWidth) - load<i32>(record, PAD_LEFT);
      const top = tap / kernelWidth - load<i32>(record, PAD_TOP);
      let sum: i64 = 0;
      for (let image = 0; image < count; image++) {
        for (let y = 0; y < outHeight; y++) {
          if (<u32>(top + y * strideY) >= <u32>height) continue;
          for (let x = 0; x < outWidth; x++) {
            if (<u32>(left + x * strideX) >= <u32>width) continue;
            const cell = (image * height + top + y * strideY) * width + left + x * strideX;
            const a = input + ((<usize>(cell * channels + c)) << lhsShift);
            const b =
              dOutput + ((<usize>(((image * outHeight + y) * outWidth + x) * outChannels + o)) << rhsShift);
            sum = add(sum, element(a, lhsShift) * element(b, rhsShift));
          }
        }
      }
      store<i64>(sums + ((<usize>i) << 3), closeSum(record, sum, o));
    }
    convertSums(load<u32>(record, CONVERT), sums, load<u32>(record, OUT), start, length);
  }
}
