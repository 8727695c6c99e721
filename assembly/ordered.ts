/*
 * Products one after the other, k ascending: the only order that is right for a saturating accumulator, and the plain
 * path for operands that no vector kernel takes. A and B are the operands' element types; S is the sum's, i64 or f32.
 * One function an op; each sums a run of outputs, then hands it to finishSums.
 */
import { finishSums } from './finish';
import {
  ACCUMULATOR,
  ACCUMULATOR_WIDTH,
  BATCH_AXIS,
  BIAS,
  BIAS_SHIFT,
  BIAS_TYPE,
  CHANNELS,
  COUNT,
  HEIGHT,
  K,
  KERNEL_HEIGHT,
  KERNEL_WIDTH,
  LHS,
  LHS_TYPE,
  M,
  N,
  OUT_CHANNELS,
  OUT_HEIGHT,
  OUT_WIDTH,
  PAD_LEFT,
  PAD_TOP,
  RHS,
  RHS_TYPE,
  RUN,
  SATURATE,
  SCRATCH_SUMS,
  STRIDE_X,
  STRIDE_Y,
  TRANSPOSE_LHS,
  TRANSPOSE_RHS,
  TYPE_F32,
  TYPE_I16,
  WIDTH,
  WRAP,
} from './layout';
import { scratch, shareEnd, shareStart } from './thread';

// The accumulator at work: EXACT, WRAP or SATURATE, and its limits.
let accumulator: i32 = 0;
let unused: i32 = 0;
let least: i64 = 0;
let most: i64 = 0;

/** Makes the op's accumulator the one at work. */
export function openAccumulator(record: usize): void {
  accumulator = load<i32>(record, ACCUMULATOR);
  unused = 64 - load<i32>(record, ACCUMULATOR_WIDTH);
  most = ~((<i64>-1) << (63 - unused));
  least = ~most;
}

/**
 * The accumulator after one more addition. Only saturation acts at every step: wrapping commutes with addition.
 * @inline
 */
function add<S>(sum: S, term: S): S {
  sum += term;
  if (!isFloat<S>() && accumulator == SATURATE) {
    sum = <S>min<i64>(max<i64>(<i64>sum, least), most);
  }
  return sum;
}

/** Adds the bias, last, and brings a wrapping sum to its width. */
export function closeSum<S>(record: usize, sum: S, channel: i32): S {
  const bias = load<u32>(record, BIAS);
  if (isFloat<S>()) {
    return bias ? <S>(<f32>sum + load<f32>(bias + ((<usize>channel) << 2))) : sum;
  }
  if (bias) {
    const narrow = load<i32>(record, BIAS_TYPE) == TYPE_I16;
    const value = narrow
      ? <i64>load<i16>(bias + ((<usize>channel) << 1))
      : <i64>load<i32>(bias + ((<usize>channel) << 2));
    sum = add<S>(sum, <S>(value << load<i32>(record, BIAS_SHIFT)));
  }
  if (accumulator == WRAP) sum = <S>(((<i64>sum) << unused) >> unused);
  return sum;
}

function matmulOf<A, B, S>(record: usize): void {
  const axis = load<i32>(record, BATCH_AXIS);
  const count = load<i32>(COUNT);
  const m = axis == 1 ? count : load<i32>(record, M);
  const n = load<i32>(record, N);
  const k = axis == 2 ? count : load<i32>(record, K);
  const lhs = load<u32>(record, LHS);
  const rhs = load<u32>(record, RHS);
  const transposeLhs = load<i32>(record, TRANSPOSE_LHS);
  const transposeRhs = load<i32>(record, TRANSPOSE_RHS);
  const lhsRow = sizeof<A>() * (transposeLhs ? 1 : load<i32>(record, K));
  const lhsStep = sizeof<A>() * (transposeLhs ? load<i32>(record, M) : 1);
  const rhsStep = sizeof<B>() * (transposeRhs ? 1 : n);
  const rhsColumn = sizeof<B>() * (transposeRhs ? load<i32>(record, K) : 1);
  const sums = scratch + SCRATCH_SUMS;
  openAccumulator(record);
  const end = shareEnd(m * n, 32);
  for (let start = shareStart(m * n, 32); start < end; start += RUN) {
    const length = min(end - start, RUN);
    for (let i = 0; i < length; i++) {
      const column = (start + i) % n;
      let a = lhs + <usize>((start + i) / n) * lhsRow;
      let b = rhs + <usize>column * rhsColumn;
      let sum: S = 0;
      for (let j = 0; j < k; j++) {
        sum = add<S>(sum, <S>load<A>(a) * <S>load<B>(b));
        a += lhsStep;
        b += rhsStep;
      }
      store<S>(sums + <usize>i * sizeof<S>(), closeSum<S>(record, sum, column));
    }
    finishSums<S>(record, sums, start, length);
  }
}

function convOf<A, B, S>(record: usize): void {
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
      let sum: S = 0;
      for (let y = 0; y < kernelHeight; y++) {
        if (<u32>(top + y) >= <u32>height) continue;
        for (let x = 0; x < kernelWidth; x++) {
          if (<u32>(left + x) >= <u32>width) continue;
          let a = input + <usize>(((image * height + top + y) * width + left + x) * channels) * sizeof<A>();
          let b = weight + <usize>((y * kernelWidth + x) * channels * outChannels + o) * sizeof<B>();
          for (let c = 0; c < channels; c++) {
            sum = add<S>(sum, <S>load<A>(a) * <S>load<B>(b));
            a += sizeof<A>();
            b += <usize>outChannels * sizeof<B>();
          }
        }
      }
      store<S>(sums + <usize>i * sizeof<S>(), closeSum<S>(record, sum, o));
    }
    finishSums<S>(record, sums, start, length);
  }
}

/** LHS is dOutput, RHS the weight. */
function convInputGradientOf<A, B, S>(record: usize): void {
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
      let sum: S = 0;
      for (let ky = 0; ky < kernelHeight; ky++) {
        const dy = y - ky;
        if (dy < 0 || dy % strideY != 0 || dy / strideY >= outHeight) continue;
        for (let kx = 0; kx < kernelWidth; kx++) {
          const dx = x - kx;
          if (dx < 0 || dx % strideX != 0 || dx / strideX >= outWidth) continue;
          const cell = (image * outHeight + dy / strideY) * outWidth + dx / strideX;
          let a = dOutput + <usize>(cell * outChannels) * sizeof<A>();
          let b = weight + <usize>(((ky * kernelWidth + kx) * channels + c) * outChannels) * sizeof<B>();
          for (let o = 0; o < outChannels; o++) {
            sum = add<S>(sum, <S>load<A>(a) * <S>load<B>(b));
            a += sizeof<A>();
            b += sizeof<B>();
          }
        }
      }
      store<S>(sums + <usize>i * sizeof<S>(), closeSum<S>(record, sum, c));
    }
    finishSums<S>(record, sums, start, length);
  }
}

/** LHS is the input, RHS dOutput. */
function convWeightGradientOf<A, B, S>(record: usize): void {
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
      let sum: S = 0;
      for (let image = 0; image < count; image++) {
        for (let y = 0; y < outHeight; y++) {
          if (<u32>(top + y * strideY) >= <u32>height) continue;
          for (let x = 0; x < outWidth; x++) {
            if (<u32>(left + x * strideX) >= <u32>width) continue;
            const cell = (image * height + top + y * strideY) * width + left + x * strideX;
            const a = input + <usize>(cell * channels + c) * sizeof<A>();
            const b =
              dOutput + <usize>(((image * outHeight + y) * outWidth + x) * outChannels + o) * sizeof<B>();
            sum = add<S>(sum, <S>load<A>(a) * <S>load<B>(b));
          }
        }
      }
      store<S>(sums + <usize>i * sizeof<S>(), closeSum<S>(record, sum, o));
    }
    finishSums<S>(record, sums, start, length);
  }
}

/** The combination of element types of a record's operands: 0 to 3 for int16 or int32 each, 4 for float32. */
function operandTypes(record: usize): i32 {
  const lhs = load<i32>(record, LHS_TYPE);
  if (lhs == TYPE_F32) return 4;
  return (lhs == TYPE_I16 ? 0 : 2) + (load<i32>(record, RHS_TYPE) == TYPE_I16 ? 0 : 1);
}

export function matmulOrdered(record: usize): void {
  const types = operandTypes(record);
  if (types == 0) matmulOf<i16, i16, i64>(record);
  else if (types == 1) matmulOf<i16, i32, i64>(record);
  else if (types == 2) matmulOf<i32, i16, i64>(record);
  else if (types == 3) matmulOf<i32, i32, i64>(record);
  else matmulOf<f32, f32, f32>(record);
}

export function convOrdered(record: usize): void {
  const types = operandTypes(record);
  if (types == 0) convOf<i16, i16, i64>(record);
  else if (types == 1) convOf<i16, i32, i64>(record);
  else if (types == 2) convOf<i32, i16, i64>(record);
  else if (types == 3) convOf<i32, i32, i64>(record);
  else convOf<f32, f32, f32>(record);
}

export function convInputGradientOrdered(record: usize): void {
  const types = operandTypes(record);
  if (types == 0) convInputGradientOf<i16, i16, i64>(record);
  else if (types == 1) convInputGradientOf<i16, i32, i64>(record);
  else if (types == 2) convInputGradientOf<i32, i16, i64>(record);
  else if (types == 3) convInputGradientOf<i32, i32, i64>(record);
  else convInputGradientOf<f32, f32, f32>(record);
}

export function convWeightGradientOrdered(record: usize): void {
  const types = operandTypes(record);
  if (types == 0) convWeightGradientOf<i16, i16, i64>(record);
  else if (types == 1) convWeightGradientOf<i16, i32, i64>(record);
  else if (types == 2) convWeightGradientOf<i32, i16, i64>(record);
  else if (types == 3) convWeightGradientOf<i32, i32, i64>(record);
  else convWeightGradientOf<f32, f32, f32>(record);
}
