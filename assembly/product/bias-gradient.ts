/*
 * The gradient of a bias: column sums of an error over all its rows. In fixed point each thread adds up its
 * rows and a second record adds up the threads. In float32, in which order matters, a sum is one thread's
 * work: threads share columns.
 */
import { convertSums } from '../convert/convert';
import {
  AT_SUMS,
  CONVERT,
  COUNT,
  LHS,
  LHS_TYPE,
  N,
  OUT,
  RUN,
  SCRATCH,
  SCRATCH_BYTES,
  SCRATCH_SUMS,
  SIZE,
  TYPE_F32,
  TYPE_I16,
} from '../layout';
import { scratch, shareEnd, shareStart, threads } from '../thread';
import { widen } from '../convert/widen';

/** Rows of int16 that an i32 sum surely holds. */
const MOST_ROWS: i32 = 32768;

/** Adds eight columns of at most MOST_ROWS rows of int16, `stride` bytes apart, to eight i64 sums. */
function addEight(from: usize, rows: i32, stride: usize, sums: usize): void {
  let low = i32x4.splat(0);
  let high = i32x4.splat(0);
  for (; rows > 0; rows--) {
    const v = v128.load(from);
    low = i32x4.add(low, i32x4.extend_low_i16x8_s(v));
    high = i32x4.add(high, i32x4.extend_high_i16x8_s(v));
    from += stride;
  }
  widen(sums, low);
  widen(sums + 32, high);
}

/** The same for thirty-two columns, a cache line at a time. */
function addLine(from: usize, rows: i32, stride: usize, sums: usize): void {
  let s0 = i32x4.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  let s4 = s0;
  let s5 = s0;
  let s6 = s0;
  let s7 = s0;
  for (; rows > 0; rows--) {
    let v = v128.load(from);
    s0 = i32x4.add(s0, i32x4.extend_low_i16x8_s(v));
    s1 = i32x4.add(s1, i32x4.extend_high_i16x8_s(v));
    v = v128.load(from, 16);
    s2 = i32x4.add(s2, i32x4.extend_low_i16x8_s(v));
    s3 = i32x4.add(s3, i32x4.extend_high_i16x8_s(v));
    v = v128.load(from, 32);
    s4 = i32x4.add(s4, i32x4.extend_low_i16x8_s(v));
    s5 = i32x4.add(s5, i32x4.extend_high_i16x8_s(v));
    v = v128.load(from, 48);
    s6 = i32x4.add(s6, i32x4.extend_low_i16x8_s(v));
    s7 = i32x4.add(s7, i32x4.extend_high_i16x8_s(v));
    from += stride;
  }
  widen(sums, s0);
  widen(sums + 32, s1);
  widen(sums + 64, s2);
  widen(sums + 96, s3);
  widen(sums + 128, s4);
  widen(sums + 160, s5);
  widen(sums + 192, s6);
  widen(sums + 224, s7);
}

/** Adds `columns` columns one by one. */
function addPlain<T>(from: usize, rows: i32, stride: usize, columns: i32, sums: usize): void {
  for (; rows > 0; rows--) {
    for (let i = 0; i < columns; i++) {
      const at = sums + ((<usize>i) << 3);
      store<i64>(at, load<i64>(at) + <i64>load<T>(from + <usize>i * sizeof<T>()));
    }
    from += stride;
  }
}

function addRows(from: usize, rows: i32, n: i32, sums: usize): void {
  const stride = (<usize>n) << 1;
  let column = 0;
  for (; column + 32 <= n; column += 32) {
    addLine(from + ((<usize>column) << 1), rows, stride, sums + ((<usize>column) << 3));
  }
  for (; column + 8 <= n; column += 8) {
    addEight(from + ((<usize>column) << 1), rows, stride, sums + ((<usize>column) << 3));
  }
  addPlain<i16>(from + ((<usize>column) << 1), rows, stride, n - column, sums + ((<usize>column) << 3));
}

function biasGradientFixed(record: usize): void {
  const n = load<i32>(record, N);
  const rows = load<i32>(COUNT) * load<i32>(record, SIZE);
  const sums = scratch + load<u32>(record, AT_SUMS);
  const end = shareEnd(rows, 1);
  memory.fill(sums, 0, (<usize>n) << 3);
  for (let row = shareStart(rows, 1); row < end; row += MOST_ROWS) {
    const count = min(MOST_ROWS, end - row);
    const at = <usize>row * n;
    if (load<i32>(record, LHS_TYPE) == TYPE_I16) addRows(load<u32>(record, LHS) + (at << 1), count, n, sums);
    else addPlain<i32>(load<u32>(record, LHS) + (at << 2), count, (<usize>n) << 2, n, sums);
  }
}

/** Adds up the threads' sums and converts them. */
export function biasGradientEnd(record: usize): void {
  const n = load<i32>(record, N);
  const partial = load<u32>(SCRATCH) + load<u32>(record, AT_SUMS);
  const apart = <usize>load<u32>(SCRATCH_BYTES);
  const sums = scratch + SCRATCH_SUMS;
  const end = shareEnd(n, 32);
  for (let start = shareStart(n, 32); start < end; start += RUN) {
    const length = min(end - start, RUN);
    for (let i = 0; i < length; i++) {
      let from = partial + ((<usize>(start + i)) << 3);
      let sum: i64 = 0;
      for (let thread = 0; thread < threads; thread++) {
        sum += load<i64>(from);
        from += apart;
      }
      store<i64>(sums + ((<usize>i) << 3), sum);
    }
    convertSums(load<u32>(record, CONVERT), sums, load<u32>(record, OUT), start, length);
  }
}

/** Four columns at a time, row after row. */
function biasGradientFloat(record: usize): void {
  const n = load<i32>(record, N);
  const rows = load<i32>(COUNT) * load<i32>(record, SIZE);
  const end = shareEnd(n, 4);
  for (let column = shareStart(n, 4); column < end; column += 4) {
    let from = load<u32>(record, LHS) + ((<usize>column) << 2);
    let sum = f32x4.splat(0);
    for (let row = 0; row < rows; row++) {
      sum = f32x4.add(sum, v128.load(from));
      from += (<usize>n) << 2;
    }
    const out = load<u32>(record, OUT) + ((<usize>column) << 2);
    if (column + 4 <= n) {
      v128.store(out, sum);
    } else {
      for (let i = column; i < n; i++) {
        store<f32>(out + ((<usize>(i - column)) << 2), f32x4.extract_lane(sum, 0));
        sum = v128.shuffle<i32>(sum, sum, 1, 2, 3, 0);
      }
    }
  }
}

export function biasGradient(record: usize): void {
  if (load<i32>(record, LHS_TYPE) == TYPE_F32) biasGradientFloat(record);
  else biasGradientFixed(record);
}
