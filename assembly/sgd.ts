/*
 * SGD with momentum and weight decay: u' = convert(mu u - rate g - decay w), w' = convert(w + u'), each right side one
 * exact integer. Two rounding sites an op, so two passes over a run: all updates, then all parameters.
 */
import { convertSums } from './convert';
import {
  COEFFICIENTS,
  CONVERT,
  CONVERT_PARAMETER,
  COUNT_SWALLOWED,
  DECAYS,
  EXTRA,
  EXTRA_TYPE,
  GROUP,
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
  SITE_COUNTERS,
  SIZE,
  SUM_SHIFT_PARAMETER,
  SUM_SHIFT_UPDATE,
  TYPE_F32,
  TYPE_I16,
} from './layout';
import { openNarrowSgd, sgdNarrow } from './sgd-narrow';
import { bump } from './statistics';
import { scratch, shareEnd, shareStart, statistics } from './thread';

function read(address: usize, i: i32, narrow: bool): i64 {
  return narrow ? <i64>load<i16>(address + ((<usize>i) << 1)) : <i64>load<i32>(address + ((<usize>i) << 2));
}

/** Steps elements start .. end - 1 of any storage, one by one. */
function sgdPlain(record: usize, from: i32, end: i32): void {
  const coefficients = load<u32>(COEFFICIENTS) + <usize>load<i32>(record, GROUP) * 24;
  const momentum = load<i64>(coefficients) << load<i32>(record, SHIFT_UPDATE);
  const rate = load<i64>(coefficients, 8) << load<i32>(record, SHIFT_GRADIENT);
  const decay = load<i32>(record, DECAYS)
    ? load<i64>(coefficients, 16) << load<i32>(record, SHIFT_PARAMETER)
    : 0;
  const parameter = load<u32>(record, OUT);
  const gradient = load<u32>(record, RHS);
  const update = load<u32>(record, EXTRA);
  const narrowParameter = load<i32>(record, OUT_TYPE) == TYPE_I16;
  const narrowGradient = load<i32>(record, RHS_TYPE) == TYPE_I16;
  const narrowUpdate = load<i32>(record, EXTRA_TYPE) == TYPE_I16;
  const updateSite = load<u32>(record, CONVERT);
  const parameterSite = load<u32>(record, CONVERT_PARAMETER);
  const shiftParameter = load<i32>(record, SUM_SHIFT_PARAMETER);
  const shiftUpdate = load<i32>(record, SUM_SHIFT_UPDATE);
  const swallowed = statistics + load<u32>(parameterSite, SITE_COUNTERS) + COUNT_SWALLOWED;
  const sums = scratch + SCRATCH_SUMS;
  const moved = scratch + SCRATCH_FLAGS;
  const before = moved + RUN;
  for (let start = from; start < end; start += RUN) {
    const length = min(end - start, RUN);
    for (let i = 0; i < length; i++) {
      const at = start + i;
      const u = momentum * read(update, at, narrowUpdate);
      const g = rate * read(gradient, at, narrowGradient);
      const sum = u - g - decay * read(parameter, at, narrowParameter);
      store<i64>(sums + ((<usize>i) << 3), sum);
      store<u8>(moved + i, sum != 0 ? 1 : 0);
    }
    convertSums(updateSite, sums, update, start, length);
    for (let i = 0; i < length; i++) {
      const at = start + i;
      const old = read(parameter, at, narrowParameter);
      store<i64>(
        sums + ((<usize>i) << 3),
        (old << shiftParameter) + (read(update, at, narrowUpdate) << shiftUpdate),
      );
      store<i32>(before + ((<usize>i) << 2), <i32>old);
    }
    convertSums(parameterSite, sums, parameter, start, length);
    let stuck: i64 = 0;
    for (let i = 0; i < length; i++) {
      const same = read(parameter, start + i, narrowParameter) == load<i32>(before + ((<usize>i) << 2));
      if (same && load<u8>(moved + i)) stuck++;
    }
    bump(swallowed, stuck);
  }
}

/** True where the vectors of sgd-narrow.ts can step this op; sets them up for it. */
function openNarrow(record: usize): bool {
  const narrow = load<i32>(record, OUT_TYPE) & load<i32>(record, RHS_TYPE) & load<i32>(record, EXTRA_TYPE);
  const shifts =
    load<i32>(record, SHIFT_UPDATE) | load<i32>(record, SHIFT_GRADIENT) | load<i32>(record, SHIFT_PARAMETER);
  const sumShifts = max(load<i32>(record, SUM_SHIFT_PARAMETER), load<i32>(record, SUM_SHIFT_UPDATE));
  if (narrow != TYPE_I16 || shifts != 0 || sumShifts > 14) return false;
  const coefficients = load<u32>(COEFFICIENTS) + <usize>load<i32>(record, GROUP) * 24;
  const decay = load<i32>(record, DECAYS) ? load<i64>(coefficients, 16) : 0;
  return openNarrowSgd(
    load<u32>(record, CONVERT),
    load<i64>(coefficients),
    load<i64>(coefficients, 8),
    decay,
  );
}

function sgdFixed(record: usize): void {
  const size = load<i32>(record, SIZE);
  let start = shareStart(size, 32);
  const end = shareEnd(size, 32);
  if (openNarrow(record)) {
    const vectors = start + ((end - start) & ~7);
    for (; start < vectors; start += RUN) {
      sgdNarrow(
        load<u32>(record, CONVERT),
        load<u32>(record, CONVERT_PARAMETER),
        load<u32>(record, OUT),
        load<u32>(record, RHS),
        load<u32>(record, EXTRA),
        load<i32>(record, SUM_SHIFT_PARAMETER),
        load<i32>(record, SUM_SHIFT_UPDATE),
        start,
        min(vectors - start, RUN),
      );
    }
    start = vectors;
  }
  sgdPlain(record, start, end);
}

function sgdFloat(record: usize): void {
  const size = load<i32>(record, SIZE);
  const coefficients = load<u32>(COEFFICIENTS) + <usize>load<i32>(record, GROUP) * 24;
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
