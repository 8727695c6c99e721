/*
 * SGD with momentum and weight decay: u' = convert(mu u - rate g - decay w), w' = convert(w + u'), each right side one
 * exact integer. Two rounding sites an op, so two passes over a run: all updates, then all parameters.
 */
import { convertSums } from '../convert/convert';
import {
  CONVERT,
  CONVERT_PARAMETER,
  COUNT_GRADIENTS,
  COUNT_SWALLOWED,
  COUNT_SWALLOWED_GRADIENTS,
  DECAYS,
  EXTRA,
  EXTRA_TYPE,
  OUT,
  OUT_TYPE,
  RHS,
  RHS_TYPE,
  RUN,
  SCRATCH_FLAGS,
  SCRATCH_SUMS,
  SHIFT_GRADIENT,
  SHIFT_PARAMETER,
  SHIFT_UPDATE,
  SIZE,
  SUM_SHIFT_PARAMETER,
  SUM_SHIFT_UPDATE,
  TYPE_F32,
  TYPE_I16,
} from '../layout';
import { coefficientsOf, decayOf, sgdNarrow, takesNarrow } from './sgd-narrow';
import { bump, countersOf, lanesOf } from '../convert/statistics';
import { scratch, shareEnd, shareStart } from '../thread';

function read(address: usize, i: i32, narrow: bool): i64 {
  return narrow ? <i64>load<i16>(address + ((<usize>i) << 1)) : <i64>load<i32>(address + ((<usize>i) << 2));
}

/** Four elements from the `i`th on, widened to 32 bits. */
function readFour(address: usize, i: i32, narrow: bool): v128 {
  return narrow ? v128.load_ext<i16>(address + ((<usize>i) << 1)) : v128.load(address + ((<usize>i) << 2));
}

/**
 * The exact right sides of elements start .. start + length - 1 to i64 at `sums`, and to `moved` an i32 each,
 * which is non-zero if the right side is.
 */
function sumUpdates(record: usize, start: i32, length: i32, sums: usize, moved: usize): void {
  const coefficients = coefficientsOf(record);
  const momentum = load<i64>(coefficients) << load<i32>(record, SHIFT_UPDATE);
  const rate = load<i64>(coefficients, 8) << load<i32>(record, SHIFT_GRADIENT);
  const decay = decayOf(record) << load<i32>(record, SHIFT_PARAMETER);
  const parameter = load<u32>(record, OUT);
  const gradient = load<u32>(record, RHS);
  const update = load<u32>(record, EXTRA);
  const narrowParameter = load<i32>(record, OUT_TYPE) == TYPE_I16;
  const narrowGradient = load<i32>(record, RHS_TYPE) == TYPE_I16;
  const narrowUpdate = load<i32>(record, EXTRA_TYPE) == TYPE_I16;
  let i = 0;
  // Coefficients are never negative.
  if ((momentum | rate | decay) >> 31 == 0) {
    const mu = i32x4.splat(<i32>momentum);
    const eta = i32x4.splat(<i32>rate);
    const lambda = i32x4.splat(<i32>decay);
    for (; i + 4 <= length; i += 4) {
      const u = readFour(update, start + i, narrowUpdate);
      const g = readFour(gradient, start + i, narrowGradient);
      const w = readFour(parameter, start + i, narrowParameter);
      let low = i64x2.sub(i64x2.extmul_low_i32x4_s(u, mu), i64x2.extmul_low_i32x4_s(g, eta));
      let high = i64x2.sub(i64x2.extmul_high_i32x4_s(u, mu), i64x2.extmul_high_i32x4_s(g, eta));
      if (decay) {
        low = i64x2.sub(low, i64x2.extmul_low_i32x4_s(w, lambda));
        high = i64x2.sub(high, i64x2.extmul_high_i32x4_s(w, lambda));
      }
      const to = sums + ((<usize>i) << 3);
      v128.store(to, low);
      v128.store(to, high, 16);
      const zero = i64x2.splat(0);
      const moves = v128.shuffle<i32>(i64x2.ne(low, zero), i64x2.ne(high, zero), 0, 2, 4, 6);
      v128.store(moved + ((<usize>i) << 2), moves);
    }
  }
  for (; i < length; i++) {
    const at = start + i;
    const u = momentum * read(update, at, narrowUpdate);
    const g = rate * read(gradient, at, narrowGradient);
    const sum = u - g - decay * read(parameter, at, narrowParameter);
    store<i64>(sums + ((<usize>i) << 3), sum);
    store<i32>(moved + ((<usize>i) << 2), sum != 0 ? -1 : 0);
  }
}

/** The exact sums of parameters and updates of the same elements, and the parameters as they are, i32 each at `before`. */
function sumParameters(record: usize, start: i32, length: i32, sums: usize, before: usize): void {
  const parameter = load<u32>(record, OUT);
  const update = load<u32>(record, EXTRA);
  const narrowParameter = load<i32>(record, OUT_TYPE) == TYPE_I16;
  const narrowUpdate = load<i32>(record, EXTRA_TYPE) == TYPE_I16;
  const shiftParameter = load<i32>(record, SUM_SHIFT_PARAMETER);
  const shiftUpdate = load<i32>(record, SUM_SHIFT_UPDATE);
  let i = 0;
  for (; i + 4 <= length; i += 4) {
    const w = readFour(parameter, start + i, narrowParameter);
    const u = readFour(update, start + i, narrowUpdate);
    const low = i64x2.add(
      i64x2.shl(i64x2.extend_low_i32x4_s(w), shiftParameter),
      i64x2.shl(i64x2.extend_low_i32x4_s(u), shiftUpdate),
    );
    const high = i64x2.add(
      i64x2.shl(i64x2.extend_high_i32x4_s(w), shiftParameter),
      i64x2.shl(i64x2.extend_high_i32x4_s(u), shiftUpdate),
    );
    const to = sums + ((<usize>i) << 3);
    v128.store(to, low);
    v128.store(to, high, 16);
    v128.store(before + ((<usize>i) << 2), w);
  }
  for (; i < length; i++) {
    const w = read(parameter, start + i, narrowParameter);
    const u = read(update, start + i, narrowUpdate);
    store<i64>(sums + ((<usize>i) << 3), (w << shiftParameter) + (u << shiftUpdate));
    store<i32>(before + ((<usize>i) << 2), <i32>w);
  }
}

/** Counts elements that should have moved and are what they were, elements with a gradient, and those that are both. */
function countStuck(record: usize, start: i32, length: i32, moved: usize, before: usize): void {
  const parameter = load<u32>(record, OUT);
  const gradient = load<u32>(record, RHS);
  const narrow = load<i32>(record, OUT_TYPE) == TYPE_I16;
  const narrowGradient = load<i32>(record, RHS_TYPE) == TYPE_I16;
  const counters = countersOf(load<u32>(record, CONVERT_PARAMETER));
  const zero = i32x4.splat(0);
  let stuck = zero;
  let stuckGradients = zero;
  let without = zero;
  let i = 0;
  for (; i + 4 <= length; i += 4) {
    const at = (<usize>i) << 2;
    const same = i32x4.eq(readFour(parameter, start + i, narrow), v128.load(before + at));
    const stays = v128.and(same, v128.load(moved + at));
    const none = i32x4.eq(readFour(gradient, start + i, narrowGradient), zero);
    stuck = i32x4.sub(stuck, stays);
    without = i32x4.sub(without, none);
    stuckGradients = i32x4.sub(stuckGradients, v128.andnot(stays, none));
  }
  let count = lanesOf(stuck);
  let countGradients = lanesOf(stuckGradients);
  let gradients = <i64>i - lanesOf(without);
  for (; i < length; i++) {
    const at = (<usize>i) << 2;
    const same = <i32>read(parameter, start + i, narrow) == load<i32>(before + at);
    const stays = same && load<i32>(moved + at) != 0;
    const has = read(gradient, start + i, narrowGradient) != 0;
    if (has) gradients++;
    if (stays) count++;
    if (has && stays) countGradients++;
  }
  bump(counters + COUNT_SWALLOWED, count);
  bump(counters + COUNT_GRADIENTS, gradients);
  bump(counters + COUNT_SWALLOWED_GRADIENTS, countGradients);
}

/** Steps elements start .. end - 1 of any storage. */
function sgdPlain(record: usize, from: i32, end: i32): void {
  const updateSite = load<u32>(record, CONVERT);
  const parameterSite = load<u32>(record, CONVERT_PARAMETER);
  const sums = scratch + SCRATCH_SUMS;
  const moved = scratch + SCRATCH_FLAGS;
  const before = moved + 4 * RUN;
  for (let start = from; start < end; start += RUN) {
    const length = min(end - start, RUN);
    sumUpdates(record, start, length, sums, moved);
    convertSums(updateSite, sums, load<u32>(record, EXTRA), start, length);
    sumParameters(record, start, length, sums, before);
    convertSums(parameterSite, sums, load<u32>(record, OUT), start, length);
    countStuck(record, start, length, moved, before);
  }
}

function sgdFixed(record: usize): void {
  const size = load<i32>(record, SIZE);
  let start = shareStart(size, 32);
  const end = shareEnd(size, 32);
  if (takesNarrow(record)) {
    const vectors = start + ((end - start) & ~15);
    for (; start < vectors; start += RUN) sgdNarrow(record, start, min(vectors - start, RUN));
    start = vectors;
  }
  sgdPlain(record, start, end);
}

function sgdFloat(record: usize): void {
  const size = load<i32>(record, SIZE);
  const coefficients = coefficientsOf(record);
  const momentum = <f32>load<f64>(coefficients);
  const rate = <f32>load<f64>(coefficients, 8);
  const decay = load<i32>(record, DECAYS) ? <f32>load<f64>(coefficients, 16) : 0;
  const parameter = load<u32>(record, OUT);
  const gradient = load<u32>(record, RHS);
  const update = load<u32>(record, EXTRA);
  let i = shareStart(size, 32);
  const end = shareEnd(size, 32);
  for (; i + 4 <= end; i += 4) {
    const at = (<usize>i) << 2;
    const w = v128.load(parameter + at);
    const moved = f32x4.mul(f32x4.splat(momentum), v128.load(update + at));
    const pulled = f32x4.mul(f32x4.splat(rate), v128.load(gradient + at));
    const u = f32x4.sub(f32x4.sub(moved, pulled), f32x4.mul(f32x4.splat(decay), w));
    v128.store(update + at, u);
    v128.store(parameter + at, f32x4.add(w, u));
  }
  for (; i < end; i++) {
    const at = (<usize>i) << 2;
    const w = load<f32>(parameter + at);
    const u = momentum * load<f32>(update + at) - rate * load<f32>(gradient + at) - decay * w;
    store<f32>(update + at, u);
    store<f32>(parameter + at, w + u);
  }
}

/** OUT is the parameter, RHS the gradient, EXTRA the update. */
export function sgd(record: usize): void {
  if (load<i32>(record, OUT_TYPE) == TYPE_F32) sgdFloat(record);
  else sgdFixed(record);
}
