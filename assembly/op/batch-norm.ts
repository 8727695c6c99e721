/*
 * Batch normalisation over rows of C channels. Sums over rows: in fixed point each thread adds up its rows
 * and a second record adds up the threads; in float32, in which order matters, threads share channels. The
 * rest works element by element.
 */
import { convertSums } from '../convert/convert';
import { finishSums } from '../convert/finish';
import {
  AT_SUMS,
  CONVERT,
  CONVERT_PARAMETER,
  COUNT,
  LHS,
  LHS_TYPE,
  N,
  NORM_BETA,
  NORM_BETA_TYPE,
  NORM_EPSILON,
  NORM_ERROR_BITS,
  NORM_EXTRA_BITS,
  NORM_FACTOR_SHIFT,
  NORM_FACTORS,
  NORM_GAMMA,
  NORM_GAMMA_TYPE,
  NORM_MEAN,
  NORM_RATE,
  NORM_REGISTERS,
  NORM_SHIFT_BETA,
  NORM_SHIFT_GAMMA,
  NORM_VARIANCE,
  NORM_WIDTH,
  OUT,
  RHS,
  RHS_TYPE,
  RUN,
  SCRATCH,
  SCRATCH_BYTES,
  SCRATCH_SUMS,
  SIZE,
  TYPE_F32,
  TYPE_I16,
} from '../layout';
import { rootAbove } from '../product/norms';
import { scratch, shareEnd, shareStart, threads } from '../thread';

/** An element of int16 or int32 by its type. */
function element(base: usize, type: i32, index: i32): i64 {
  return type == TYPE_I16
    ? <i64>load<i16>(base + ((<usize>index) << 1))
    : <i64>load<i32>(base + ((<usize>index) << 2));
}

/** n / d to nearest, halves up: floor((2n + d) / 2d). */
function nearestQuotient(n: i64, d: i64): i64 {
  const numerator = 2 * n + d;
  const denominator = 2 * d;
  const quotient = numerator / denominator;
  return numerator % denominator < 0 ? quotient - 1 : quotient;
}

/** value / 2^bits to nearest, halves up; a left shift where negative. */
function shifted(value: i64, bits: i32): i64 {
  if (bits <= 0) return value << -bits;
  return (value + ((<i64>1) << (bits - 1))) >> bits;
}

function saturated(value: i64): i64 {
  return min<i64>(max<i64>(value, <i64>i32.MIN_VALUE), <i64>i32.MAX_VALUE);
}

/** Largest integer whose square is not above `value` < 2^62: the double's root, corrected. */
function rootBelow(value: u64): u64 {
  let root = rootAbove(value);
  while (root * root > value) root--;
  return root;
}

/** Writes mean, mantissa and shift of channel c. */
function setRegisters(registers: usize, channels: i32, c: i32, mean: i64, variance: i64): void {
  const half = (<i32>clz(variance) - 2) >> 1;
  const root = rootBelow((<u64>variance) << (2 * half));
  const at = registers + ((<usize>c) << 2);
  const row = (<usize>channels) << 2;
  store<i32>(at, <i32>mean);
  store<i32>(at + row, <i32>nearestQuotient((<i64>1) << 60, <i64>root));
  store<i32>(at + 2 * row, 44 - half);
}

/** An element normalised by its channel's registers, 16 fraction bits, 32 bits. */
function normalised(value: i64, extra: i64, registers: usize, row: usize): i64 {
  const shift = <i64>load<i32>(registers + 2 * row);
  const product = ((value << extra) - <i64>load<i32>(registers)) * <i64>load<i32>(registers + row);
  return saturated((product + ((<i64>1) << (shift - 1))) >> shift);
}

/** Sums of a channel over all threads, at `offset` within their partial sums. */
function total(record: usize, offset: i32): i64 {
  let from = load<u32>(SCRATCH) + load<u32>(record, AT_SUMS) + ((<usize>offset) << 3);
  let sum: i64 = 0;
  for (let thread = 0; thread < threads; thread++) {
    sum += load<i64>(from);
    from += load<u32>(SCRATCH_BYTES);
  }
  return sum;
}

/** Elements of a channel in this step. */
function rowsOf(record: usize): i32 {
  return load<i32>(COUNT) * load<i32>(record, SIZE);
}

/** Sums and sums of squares of each channel. */
function addMoments<T>(record: usize): void {
  const channels = load<i32>(record, N);
  const rows = rowsOf(record);
  const sums = scratch + load<u32>(record, AT_SUMS);
  const squares = sums + ((<usize>channels) << 3);
  memory.fill(sums, 0, (<usize>channels) << 4);
  const first = shareStart(rows, 1);
  let from = load<u32>(record, LHS) + <usize>first * <usize>channels * sizeof<T>();
  for (let count = shareEnd(rows, 1) - first; count > 0; count--) {
    for (let c: usize = 0; c < <usize>channels; c++) {
      const value = <i64>load<T>(from);
      const at = c << 3;
      store<i64>(sums + at, load<i64>(sums + at) + value);
      store<i64>(squares + at, load<i64>(squares + at) + value * value);
      from += sizeof<T>();
    }
  }
}

/** Means, deviations and running statistics of the channels. */
export function batchMomentsEnd(record: usize): void {
  const channels = load<i32>(record, N);
  const rows = <i64>rowsOf(record);
  const extra = <i64>load<i32>(record, NORM_EXTRA_BITS);
  const width = load<i32>(record, NORM_WIDTH);
  const rate = <i64>load<i32>(record, NORM_RATE);
  const epsilon = load<i64>(record, NORM_EPSILON);
  const registers = load<u32>(record, NORM_REGISTERS);
  const means = load<u32>(record, NORM_MEAN);
  const variances = load<u32>(record, NORM_VARIANCE);
  const up = <i64>max(0, 2 * width - 33);
  const upBatch = <i64>max(0, 33 - 2 * width);
  const sums = scratch + SCRATCH_SUMS;
  const spreads = sums + (RUN << 2);
  const end = shareEnd(channels, 32);
  for (let start = shareStart(channels, 32); start < end; start += RUN >> 1) {
    const length = min(end - start, RUN >> 1);
    for (let i = 0; i < length; i++) {
      const c = start + i;
      const sum = total(record, c) << extra;
      const squares = total(record, channels + c) << (2 * extra);
      const mean = nearestQuotient(sum, rows);
      // The sum of (x - mean)^2; what wraps on the way comes back.
      const variance = nearestQuotient(squares - 2 * mean * sum + rows * mean * mean, rows);
      setRegisters(registers, channels, c, mean, variance + epsilon);
      const at = (<usize>c) << 2;
      const oldMean = <i64>load<i32>(means + at) * (65536 - rate);
      const oldVariance = (<i64>load<i32>(variances + at) * (65536 - rate)) << up;
      store<i64>(sums + ((<usize>i) << 3), oldMean + ((mean * rate) << (32 - width)));
      store<i64>(spreads + ((<usize>i) << 3), oldVariance + ((variance * rate) << upBatch));
    }
    convertSums(load<u32>(record, CONVERT), sums, means, start, length);
    convertSums(load<u32>(record, CONVERT_PARAMETER), spreads, variances, start, length);
  }
}

/** Channels are a thread's own, rows in order. */
function floatMoments(record: usize): void {
  const channels = load<i32>(record, N);
  const rows = rowsOf(record);
  const epsilon = load<f64>(record, NORM_EPSILON);
  const rate = <f64>load<i32>(record, NORM_RATE) * (1.0 / 65536.0);
  const registers = load<u32>(record, NORM_REGISTERS);
  const input = load<u32>(record, LHS);
  const row = (<usize>channels) << 2;
  const end = shareEnd(channels, 1);
  for (let c = shareStart(channels, 1); c < end; c++) {
    const at = (<usize>c) << 2;
    let sum: f64 = 0;
    for (let i = 0, from = input + at; i < rows; i++, from += row) sum += <f64>load<f32>(from);
    const mean = sum / <f64>rows;
    let squares: f64 = 0;
    for (let i = 0, from = input + at; i < rows; i++, from += row) {
      const difference = <f64>load<f32>(from) - mean;
      squares += difference * difference;
    }
    const variance = squares / <f64>rows;
    store<f32>(registers + at, <f32>mean);
    store<f32>(registers + row + at, <f32>(1.0 / sqrt<f64>(variance + epsilon)));
    const runningMean = load<u32>(record, NORM_MEAN) + at;
    const runningVariance = load<u32>(record, NORM_VARIANCE) + at;
    const oldMean = <f64>load<f32>(runningMean);
    const oldVariance = <f64>load<f32>(runningVariance);
    store<f32>(runningMean, <f32>(oldMean + rate * (mean - oldMean)));
    store<f32>(runningVariance, <f32>(oldVariance + rate * (variance - oldVariance)));
  }
}

export function batchMoments(record: usize): void {
  const type = load<i32>(record, LHS_TYPE);
  if (type == TYPE_F32) floatMoments(record);
  else if (type == TYPE_I16) addMoments<i16>(record);
  else addMoments<i32>(record);
}

/** The running statistics with the fraction bits of the registers. */
export function runningMoments(record: usize): void {
  const channels = load<i32>(record, N);
  const registers = load<u32>(record, NORM_REGISTERS);
  const width = load<i32>(record, NORM_WIDTH);
  const row = (<usize>channels) << 2;
  const end = shareEnd(channels, 16);
  for (let c = shareStart(channels, 16); c < end; c++) {
    const at = (<usize>c) << 2;
    const mean = load<u32>(record, NORM_MEAN) + at;
    const variance = load<u32>(record, NORM_VARIANCE) + at;
    if (load<i32>(record, LHS_TYPE) == TYPE_F32) {
      store<f32>(registers + at, load<f32>(mean));
      const inverse = 1.0 / sqrt<f64>(<f64>load<f32>(variance) + load<f64>(record, NORM_EPSILON));
      store<f32>(registers + row + at, <f32>inverse);
    } else {
      const spread = shifted(<i64>max(0, load<i32>(variance)), 33 - 2 * width);
      const centre = shifted(<i64>load<i32>(mean), 32 - width);
      setRegisters(registers, channels, c, centre, spread + load<i64>(record, NORM_EPSILON));
    }
  }
}

function batchNormOf<T>(record: usize): void {
  const channels = load<i32>(record, N);
  const size = load<i32>(COUNT) * load<i32>(record, SIZE) * channels;
  const end = shareEnd(size, 32);
  const sums = scratch + SCRATCH_SUMS;
  const registers = load<u32>(record, NORM_REGISTERS);
  const row = (<usize>channels) << 2;
  const extra = <i64>load<i32>(record, NORM_EXTRA_BITS);
  const gamma = load<u32>(record, NORM_GAMMA);
  const gammaType = load<i32>(record, NORM_GAMMA_TYPE);
  const beta = load<u32>(record, NORM_BETA);
  const betaType = load<i32>(record, NORM_BETA_TYPE);
  const shiftGamma = <i64>load<i32>(record, NORM_SHIFT_GAMMA);
  const shiftBeta = <i64>load<i32>(record, NORM_SHIFT_BETA);
  for (let start = shareStart(size, 32); start < end; start += RUN) {
    const length = min(end - start, RUN);
    let from = load<u32>(record, LHS) + <usize>start * sizeof<T>();
    let c = start % channels;
    for (let i = 0; i < length; i++) {
      const at = (<usize>c) << 2;
      if (isFloat<T>()) {
        const value =
          (<f64>load<T>(from) - <f64>load<f32>(registers + at)) * <f64>load<f32>(registers + row + at);
        const result = <f64>load<f32>(gamma + at) * value + <f64>load<f32>(beta + at);
        store<f32>(sums + ((<usize>i) << 2), <f32>result);
      } else {
        const value = normalised(<i64>load<T>(from), extra, registers + at, row);
        const result =
          ((element(gamma, gammaType, c) * value) << shiftGamma) + (element(beta, betaType, c) << shiftBeta);
        store<i64>(sums + ((<usize>i) << 3), result);
      }
      from += sizeof<T>();
      if (++c == channels) c = 0;
    }
    if (isFloat<T>()) finishSums<f32>(record, sums, start, length);
    else finishSums<i64>(record, sums, start, length);
  }
}

export function batchNorm(record: usize): void {
  const type = load<i32>(record, LHS_TYPE);
  if (type == TYPE_F32) batchNormOf<f32>(record);
  else if (type == TYPE_I16) batchNormOf<i16>(record);
  else batchNormOf<i32>(record);
}

/** Sums of the errors and of their products with the normalised elements. */
function addGradients<T, E>(record: usize): void {
  const channels = load<i32>(record, N);
  const rows = rowsOf(record);
  const sums = scratch + load<u32>(record, AT_SUMS);
  const products = sums + ((<usize>channels) << 3);
  const registers = load<u32>(record, NORM_REGISTERS);
  const row = (<usize>channels) << 2;
  const extra = <i64>load<i32>(record, NORM_EXTRA_BITS);
  memory.fill(sums, 0, (<usize>channels) << 4);
  const first = shareStart(rows, 1);
  let from = load<u32>(record, LHS) + <usize>first * <usize>channels * sizeof<T>();
  let errors = load<u32>(record, RHS) + <usize>first * <usize>channels * sizeof<E>();
  for (let count = shareEnd(rows, 1) - first; count > 0; count--) {
    for (let c: usize = 0; c < <usize>channels; c++) {
      const error = <i64>load<E>(errors);
      const value = normalised(<i64>load<T>(from), extra, registers + (c << 2), row);
      const at = c << 3;
      store<i64>(sums + at, load<i64>(sums + at) + error);
      store<i64>(products + at, load<i64>(products + at) + error * value);
      from += sizeof<T>();
      errors += sizeof<E>();
    }
  }
}

/** The gradients of the channels, and the three numbers that an input's error is made of. */
export function batchNormGradientEnd(record: usize): void {
  const channels = load<i32>(record, N);
  const rows = <i64>rowsOf(record);
  const errorBits = load<i32>(record, NORM_ERROR_BITS);
  const factorShift = load<i32>(record, NORM_FACTOR_SHIFT);
  const registers = load<u32>(record, NORM_REGISTERS);
  const factors = load<u32>(record, NORM_FACTORS);
  const row = (<usize>channels) << 2;
  const sums = scratch + SCRATCH_SUMS;
  const products = sums + (RUN << 2);
  const end = shareEnd(channels, 32);
  for (let start = shareStart(channels, 32); start < end; start += RUN >> 1) {
    const length = min(end - start, RUN >> 1);
    for (let i = 0; i < length; i++) {
      const c = start + i;
      const at = (<usize>c) << 2;
      const sum = total(record, c);
      const product = total(record, channels + c);
      store<i64>(sums + ((<usize>i) << 3), sum);
      store<i64>(products + ((<usize>i) << 3), product);
      const gamma = element(load<u32>(record, NORM_GAMMA), load<i32>(record, NORM_GAMMA_TYPE), c);
      const scale = gamma * <i64>load<i32>(registers + row + at);
      const shift = load<i32>(registers + 2 * row + at) + factorShift;
      store<i32>(factors + at, <i32>nearestQuotient(sum << errorBits, rows));
      store<i32>(factors + row + at, <i32>nearestQuotient(product, rows << (16 - errorBits)));
      store<i32>(factors + 2 * row + at, <i32>saturated(shifted(scale, shift)));
    }
    convertSums(load<u32>(record, CONVERT), products, load<u32>(record, OUT), start, length);
    convertSums(load<u32>(record, CONVERT_PARAMETER), sums, load<u32>(record, NORM_BETA), start, length);
  }
}

function floatGradient(record: usize): void {
  const channels = load<i32>(record, N);
  const rows = rowsOf(record);
  const registers = load<u32>(record, NORM_REGISTERS);
  const factors = load<u32>(record, NORM_FACTORS);
  const row = (<usize>channels) << 2;
  const end = shareEnd(channels, 1);
  for (let c = shareStart(channels, 1); c < end; c++) {
    const at = (<usize>c) << 2;
    const mean = <f64>load<f32>(registers + at);
    const inverse = <f64>load<f32>(registers + row + at);
    let from = load<u32>(record, LHS) + at;
    let errors = load<u32>(record, RHS) + at;
    let sum: f64 = 0;
    let products: f64 = 0;
    for (let i = 0; i < rows; i++) {
      const error = <f64>load<f32>(errors);
      sum += error;
      products += error * ((<f64>load<f32>(from) - mean) * inverse);
      from += row;
      errors += row;
    }
    store<f32>(load<u32>(record, OUT) + at, <f32>products);
    store<f32>(load<u32>(record, NORM_BETA) + at, <f32>sum);
    store<f32>(factors + at, <f32>(sum / <f64>rows));
    store<f32>(factors + row + at, <f32>(products / <f64>rows));
    store<f32>(factors + 2 * row + at, <f32>(<f64>load<f32>(load<u32>(record, NORM_GAMMA) + at) * inverse));
  }
}

export function batchNormGradient(record: usize): void {
  const input = load<i32>(record, LHS_TYPE);
  const narrow = load<i32>(record, RHS_TYPE) == TYPE_I16;
  if (input == TYPE_F32) floatGradient(record);
  else if (input == TYPE_I16 && narrow) addGradients<i16, i16>(record);
  else if (input == TYPE_I16) addGradients<i16, i32>(record);
  else if (narrow) addGradients<i32, i16>(record);
  else addGradients<i32, i32>(record);
}

function inputGradientOf<T, E>(record: usize): void {
  const channels = load<i32>(record, N);
  const size = load<i32>(COUNT) * load<i32>(record, SIZE) * channels;
  const end = shareEnd(size, 32);
  const sums = scratch + SCRATCH_SUMS;
  const registers = load<u32>(record, NORM_REGISTERS);
  const factors = load<u32>(record, NORM_FACTORS);
  const row = (<usize>channels) << 2;
  const extra = <i64>load<i32>(record, NORM_EXTRA_BITS);
  const errorBits = <i64>load<i32>(record, NORM_ERROR_BITS);
  for (let start = shareStart(size, 32); start < end; start += RUN) {
    const length = min(end - start, RUN);
    let from = load<u32>(record, LHS) + <usize>start * sizeof<T>();
    let errors = load<u32>(record, RHS) + <usize>start * sizeof<E>();
    let c = start % channels;
    for (let i = 0; i < length; i++) {
      const at = (<usize>c) << 2;
      const factor = factors + at;
      if (isFloat<T>()) {
        const value =
          (<f64>load<T>(from) - <f64>load<f32>(registers + at)) * <f64>load<f32>(registers + row + at);
        const error = <f64>load<E>(errors) - <f64>load<f32>(factor) - value * <f64>load<f32>(factor + row);
        store<f32>(sums + ((<usize>i) << 2), <f32>(error * <f64>load<f32>(factor + 2 * row)));
      } else {
        const value = normalised(<i64>load<T>(from), extra, registers + at, row);
        const slope = (<i64>load<i32>(factor + row) * value + 32768) >> 16;
        const error = ((<i64>load<E>(errors)) << errorBits) - <i64>load<i32>(factor) - slope;
        store<i64>(sums + ((<usize>i) << 3), error * <i64>load<i32>(factor + 2 * row));
      }
      from += sizeof<T>();
      errors += sizeof<E>();
      if (++c == channels) c = 0;
    }
    if (isFloat<T>()) finishSums<f32>(record, sums, start, length);
    else finishSums<i64>(record, sums, start, length);
  }
}

export function batchNormInputGradient(record: usize): void {
  const input = load<i32>(record, LHS_TYPE);
  const narrow = load<i32>(record, RHS_TYPE) == TYPE_I16;
  if (input == TYPE_F32) inputGradientOf<f32, f32>(record);
  else if (input == TYPE_I16 && narrow) inputGradientOf<i16, i16>(record);
  else if (input == TYPE_I16) inputGradientOf<i16, i32>(record);
  else if (narrow) inputGradientOf<i32, i16>(record);
  else inputGradientOf<i32, i32>(record);
}
