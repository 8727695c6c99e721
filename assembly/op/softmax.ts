/*
 * Softmax and cross-entropy, a row at a time, in integers: the meaning is src/numerics/softmax.ts, derived in
 * docs/numerics.md, section "Softmax". Losses have 24 fraction bits, probabilities 30. Shares are rows.
 */
import { convertSums } from '../convert/convert';
import { exponential, logarithm } from './exp-log';
import {
  CONVERT,
  CORRECT,
  COUNT,
  EXTRA,
  FRACTION_BITS,
  LHS,
  LHS_TYPE,
  LOSSES,
  OUT,
  PROBABILITIES,
  RUN,
  SCRATCH_SUMS,
  SIZE,
  TYPE_F32,
  TYPE_I16,
} from '../layout';
import { scratch, shareEnd, shareStart } from '../thread';

const LOG2_E: u64 = 1549082005; // 30 fraction bits
const LN_2: i64 = 744261118; // 30 fraction bits
const MAX_LOSS: i64 = 1099511627775;
const ONE: i64 = 1 << 30;
/** Where the sum of exponentials is kept, more precisely than they are: 40 fraction bits. */
const SUM_BITS: i32 = 40;

/** One Horner step of 2^-f: c - acc * f, rounded, all with 30 fraction bits. */
function horner(c: i64, acc: i64, f: i64): i64 {
  return c - ((acc * f + (1 << 29)) >> 30);
}

/** 2^-f for f in [0, 1), 30 fraction bits, by the Taylor coefficients (ln 2)^j / j! to nearest. */
function exp2Fraction(f: i64): i64 {
  let acc = horner(109, 8, f);
  acc = horner(1419, acc, f);
  acc = horner(16377, acc, f);
  acc = horner(165394, acc, f);
  acc = horner(1431680, acc, f);
  acc = horner(10327387, acc, f);
  acc = horner(59597083, acc, f);
  acc = horner(257941248, acc, f);
  acc = horner(744261118, acc, f);
  return horner(1073741824, acc, f);
}

/** d * log2(e), 30 fraction bits, floor; u64.MAX_VALUE if it is 2^36 or more. */
function binaryExponent(d: u64, fl: i32): u64 {
  const product = d * LOG2_E;
  if (fl >= 64) return 0;
  let t = product;
  if (fl >= 0) t >>= fl;
  else if (d != 0) {
    if (fl <= -6 || product >= (<u64>1) << 58) return u64.MAX_VALUE;
    t <<= -fl;
  }
  return t < (<u64>1) << 36 ? t : u64.MAX_VALUE;
}

/** log2 of a positive integer, 26 fraction bits, truncated, bit by bit by squaring the mantissa in [2^30, 2^31). */
function log2Integer(value: u64): i64 {
  const top = 63 - <i32>clz(value);
  let mantissa = top >= 30 ? value >> (top - 30) : value << (30 - top);
  let bits: i64 = 0;
  for (let i = 0; i < 26; i++) {
    const square = (mantissa * mantissa) >> 30;
    const bit = square >> 31;
    mantissa = square >> bit;
    bits = 2 * bits + <i64>bit;
  }
  return ((<i64>top) << 26) + bits;
}

/** d with fl fraction bits as nats with 24, half up, at most MAX_LOSS. */
function lossOfDistance(d: i64, fl: i32): i64 {
  const drop = fl - 24;
  if (drop > 32) return 0;
  if (drop > 0) return (d >> drop) + ((d >> (drop - 1)) & 1);
  if (d == 0) return 0;
  if (drop < -40 || d > MAX_LOSS >> -drop) return MAX_LOSS;
  return d << -drop;
}

/** An element of a fixed-point row as i64, whatever its storage. */
function element(row: usize, i: i32, narrow: bool): i64 {
  return narrow ? <i64>load<i16>(row + ((<usize>i) << 1)) : <i64>load<i32>(row + ((<usize>i) << 2));
}

/** One row: writes the probabilities and the row's loss; returns the index of the first largest logit. */
function softmaxRow(
  row: usize,
  narrow: bool,
  classes: i32,
  fl: i32,
  target: i32,
  out: usize,
  loss: usize,
): i32 {
  let best = 0;
  for (let i = 1; i < classes; i++) {
    if (element(row, i, narrow) > element(row, best, narrow)) best = i;
  }
  const largest = element(row, best, narrow);
  let sum: i64 = 0;
  for (let i = 0; i < classes; i++) {
    const t = binaryExponent(<u64>(largest - element(row, i, narrow)), fl);
    const n = t == u64.MAX_VALUE ? 64 : <i32>(t >> 30);
    const mantissa = n <= SUM_BITS ? exp2Fraction(<i64>(t & 0x3fffffff)) : 0;
    store<i32>(out + ((<usize>i) << 2), n <= 30 ? <i32>((mantissa + (((<i64>1) << n) >> 1)) >> n) : 0);
    if (n <= 10) sum += mantissa << (10 - n);
    else if (n <= SUM_BITS) sum += (mantissa + ((<i64>1) << (n - 11))) >> (n - 10);
  }
  sum = (sum + 512) >> 10;
  for (let i = 0; i < classes; i++) {
    const numerator = <u64>load<u32>(out + ((<usize>i) << 2));
    store<i32>(out + ((<usize>i) << 2), <i32>(((numerator << 30) + ((<u64>sum) >> 1)) / <u64>sum));
  }
  const log = log2Integer(<u64>sum) - (30 << 26);
  // 26 + 30 fraction bits, 32 dropped, half up. The log is at most a few units of 2^26: the product fits.
  const normaliser = (log * LN_2 + ((<i64>1) << 31)) >> 32;
  const nats = min(lossOfDistance(largest - element(row, target, narrow), fl) + normaliser, MAX_LOSS);
  // Added: a plan may have several losses.
  store<f64>(loss, load<f64>(loss) + <f64>nats);
  return best;
}

function countCorrect(example: i32, correct: bool): void {
  const at = load<u32>(CORRECT) + ((<usize>example) << 2);
  store<i32>(at, load<i32>(at) + i32(correct));
}

function softmaxFixed(record: usize): void {
  const classes = load<i32>(record, SIZE);
  const fl = load<i32>(record, FRACTION_BITS);
  const narrow = load<i32>(record, LHS_TYPE) == TYPE_I16;
  const site = load<u32>(record, CONVERT);
  const sums = scratch + SCRATCH_SUMS;
  const end = shareEnd(load<i32>(COUNT), 1);
  for (let example = shareStart(load<i32>(COUNT), 1); example < end; example++) {
    const row = load<u32>(record, LHS) + ((<usize>(example * classes)) << (narrow ? 1 : 2));
    const target = load<i32>(load<u32>(record, EXTRA) + ((<usize>example) << 2));
    const out = load<u32>(record, PROBABILITIES) + ((<usize>(example * classes)) << 2);
    const best = softmaxRow(
      row,
      narrow,
      classes,
      fl,
      target,
      out,
      load<u32>(LOSSES) + ((<usize>example) << 3),
    );
    countCorrect(example, best == target);
    if (!site) continue;
    for (let first = 0; first < classes; first += RUN) {
      const length = min(classes - first, RUN);
      for (let i = 0; i < length; i++) {
        const p = <i64>load<i32>(out + ((<usize>(first + i)) << 2));
        store<i64>(sums + ((<usize>i) << 3), first + i == target ? p - ONE : p);
      }
      convertSums(site, sums, load<u32>(record, OUT), example * classes + first, length);
    }
  }
}

/** The float32 baseline: double inside, float32 out. */
function softmaxFloat(record: usize): void {
  const classes = load<i32>(record, SIZE);
  const end = shareEnd(load<i32>(COUNT), 1);
  for (let example = shareStart(load<i32>(COUNT), 1); example < end; example++) {
    const row = load<u32>(record, LHS) + ((<usize>(example * classes)) << 2);
    const out = load<u32>(record, PROBABILITIES) + ((<usize>(example * classes)) << 2);
    const target = load<i32>(load<u32>(record, EXTRA) + ((<usize>example) << 2));
    let best = 0;
    for (let i = 1; i < classes; i++) {
      if (load<f32>(row + ((<usize>i) << 2)) > load<f32>(row + ((<usize>best) << 2))) best = i;
    }
    const largest = <f64>load<f32>(row + ((<usize>best) << 2));
    let sum: f64 = 0;
    for (let i = 0; i < classes; i++) sum += exponential(<f64>load<f32>(row + ((<usize>i) << 2)) - largest);
    for (let i = 0; i < classes; i++) {
      const p = <f32>(exponential(<f64>load<f32>(row + ((<usize>i) << 2)) - largest) / sum);
      store<f32>(out + ((<usize>i) << 2), p);
      if (load<u32>(record, OUT)) {
        const error = i == target ? p - 1 : p;
        store<f32>(load<u32>(record, OUT) + ((<usize>(example * classes + i)) << 2), error);
      }
    }
    const distance = largest - <f64>load<f32>(row + ((<usize>target) << 2));
    const loss = load<u32>(LOSSES) + ((<usize>example) << 3);
    store<f64>(loss, load<f64>(loss) + distance + logarithm(sum));
    // The sum is NaN if a logit is, or if the largest is infinite: the example has no class, least of all class 0.
    countCorrect(example, best == target && sum == sum);
  }
}

/** OUT is the error (0 in an evaluation), EXTRA the labels. */
export function softmax(record: usize): void {
  if (load<i32>(record, LHS_TYPE) == TYPE_F32) softmaxFloat(record);
  else softmaxFixed(record);
}
