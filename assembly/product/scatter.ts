/*
 * Convolutions of images that are mostly 0: instead of collecting each output's products, each element other
 * than 0 adds its own to all outputs that it meets. Errors behind a max-pooling and a ReLU are such images.
 * Sums are those of the tiles, modulo 2^32 in any order; the caller has proved that they fit.
 * docs/kernels.md.
 */
import { convertNarrow } from '../convert/narrow';
import { AT_BIAS, AT_SCATTER_SUMS, AT_SCATTER_TAPS, CONVERT, OUT, RHS, SCATTER_MOST } from '../layout';
import { openWindow } from '../window';
import { Frame } from './frame';
import { scratch } from '../thread';

/** True where few enough of `count` int16 are not 0 for the op to scatter them. */
export function isMostlyZero(record: usize, from: usize, count: i32): bool {
  let some: i64 = 0;
  const most = (<i64>count * load<i32>(record, SCATTER_MOST)) >> 16;
  const end = from + ((<usize>(count & ~7)) << 1);
  while (from < end) {
    // Lanes of 16 bits count that far.
    const stop = min(end, from + (32767 << 4));
    let zeros = i16x8.splat(0);
    const start = from;
    for (; from < stop; from += 16) zeros = i16x8.sub(zeros, i16x8.eq(v128.load(from), i16x8.splat(0)));
    const lanes = i32x4.extadd_pairwise_i16x8_s(zeros);
    const sum =
      i32x4.extract_lane(lanes, 0) +
      i32x4.extract_lane(lanes, 1) +
      i32x4.extract_lane(lanes, 2) +
      i32x4.extract_lane(lanes, 3);
    some += <i64>((stop - start) >> 1) - sum;
    if (some > most) return false;
  }
  return some + (count & 7) <= most;
}

/**
 * Adds first u + second v to sums: `rows` rows of `bytes` bytes of i32 (a multiple of 32), `stride` apart, of rows of int16
 * `apart` bytes apart. `pair` has both factors in every lane.
 */
export function addTwo(
  sums: usize,
  stride: usize,
  bytes: usize,
  u: usize,
  v: usize,
  apart: usize,
  pair: v128,
  rows: i32,
): void {
  for (; rows > 0; rows--) {
    let at = sums;
    const end = sums + bytes;
    let p = u;
    let q = v;
    do {
      const a = v128.load(p);
      const b = v128.load(q);
      const low = i32x4.dot_i16x8_s(v128.shuffle<i16>(a, b, 0, 8, 1, 9, 2, 10, 3, 11), pair);
      const high = i32x4.dot_i16x8_s(v128.shuffle<i16>(a, b, 4, 12, 5, 13, 6, 14, 7, 15), pair);
      v128.store(at, i32x4.add(v128.load(at), low));
      v128.store(at, i32x4.add(v128.load(at, 16), high), 16);
      at += 32;
      p += 16;
      q += 16;
    } while (at < end);
    sums += stride;
    u += apart;
    v += apart;
  }
}

/** Two int16 in every lane. */
export function pairOf(first: i32, second: i32): v128 {
  return i32x4.splat((first & 0xffff) | (second << 16));
}

/**
 * Writes the taps that an element of each input channel meets, last row and column first: [channel][KH][KW][column] of
 * the weight [KH, KW, C, O], or, `turned`, of the gradient by the input, whose inputs are O and whose columns C.
 */
export function packTaps(record: usize, turned: bool): void {
  const window = openWindow(record);
  const taps = window.kernelHeight * window.kernelWidth;
  const channels = window.channels;
  const outChannels = window.outChannels;
  const from = load<u32>(record, RHS);
  let to = scratch + load<u32>(record, AT_SCATTER_TAPS);
  if (turned) {
    const elements = taps * channels;
    for (let o = 0; o < outChannels; o++) {
      let at = from + ((<usize>o) << 1);
      for (let i = 0; i < elements; i++) {
        store<i16>(to, load<i16>(at));
        at += (<usize>outChannels) << 1;
        to += 2;
      }
    }
    return;
  }
  const bytes = (<usize>outChannels) << 1;
  for (let c = 0; c < channels; c++) {
    for (let tap = taps - 1; tap >= 0; tap--) {
      memory.copy(to, from + <usize>(tap * channels + c) * bytes, bytes);
      to += bytes;
    }
  }
}

/**
 * Convolves the image of int16 at `source` and converts it: the frame's columns, a multiple of 8, of all its positions, from
 * element `index` on. Sums have a margin of KW - 1 cells on both sides.
 */
export function scatterImage(record: usize, frame: Frame, source: usize, index: u32): void {
  const window = openWindow(record);
  const kernelHeight = window.kernelHeight;
  const kernelWidth = window.kernelWidth;
  const channels = frame.channels;
  const columns = frame.columns;
  const outHeight = frame.outHeight;
  const outWidth = frame.outWidth;
  const taps = scratch + load<u32>(record, AT_SCATTER_TAPS);
  const sums = scratch + load<u32>(record, AT_SCATTER_SUMS);
  const cellBytes = (<usize>columns) << 2;
  const rowBytes = <usize>(outWidth + 2 * (kernelWidth - 1)) * cellBytes;
  const tapRow = (<usize>(kernelWidth * columns)) << 1;
  const channelBytes = <usize>kernelHeight * tapRow;
  const zero = i16x8.splat(0);
  startSums(record, sums, columns, outHeight, outWidth, kernelWidth - 1);
  let at = source;
  for (let y = 0; y < frame.imageHeight; y++) {
    // The output that the last row of taps makes of it, and the rows of taps whose outputs exist.
    const row = y * frame.spreadY + frame.top - kernelHeight + 1;
    const first = max(0, -row);
    const rows = min(kernelHeight, outHeight - row) - first;
    for (let x = 0; x < frame.imageWidth; x++) {
      const column = x * frame.spreadX + frame.left;
      const cell = at;
      at += (<usize>channels) << 1;
      if (rows <= 0 || <u32>column >= <u32>(outWidth + kernelWidth - 1)) continue;
      const to = sums + <usize>(row + first) * rowBytes + <usize>column * cellBytes;
      const firstTaps = taps + <usize>first * tapRow;
      let held: usize = 0;
      let factor = 0;
      for (let c = 0; c < channels; c += 8) {
        const place = cell + ((<usize>c) << 1);
        let bits = i16x8.bitmask(i16x8.ne(v128.load(place), zero));
        if (channels - c < 8) bits &= (1 << (channels - c)) - 1;
        for (; bits; bits &= bits - 1) {
          const lane = ctz(bits);
          const value = <i32>load<i16>(place + ((<usize>lane) << 1));
          const own = firstTaps + <usize>(c + lane) * channelBytes;
          if (held) {
            addTwo(to, rowBytes, tapRow << 1, held, own, tapRow, pairOf(factor, value), rows);
            held = 0;
          } else {
            held = own;
            factor = value;
          }
        }
      }
      if (held) addTwo(to, rowBytes, tapRow << 1, held, held, tapRow, pairOf(factor, 0), rows);
    }
  }
  // The margins away.
  const outBytes = <usize>outWidth * cellBytes;
  const margin = <usize>(kernelWidth - 1) * cellBytes;
  for (let y = 0; y < outHeight; y++) {
    memory.copy(sums + <usize>y * outBytes, sums + <usize>y * rowBytes + margin, outBytes);
  }
  convertNarrow(
    load<u32>(record, CONVERT),
    sums,
    load<u32>(record, OUT),
    index,
    outHeight * outWidth * columns,
  );
}

/** Sets all sums to the bias. */
function startSums(
  record: usize,
  sums: usize,
  columns: i32,
  outHeight: i32,
  outWidth: i32,
  margin: i32,
): void {
  const cells = outHeight * (outWidth + 2 * margin);
  const cellBytes = (<usize>columns) << 2;
  const bias = scratch + load<u32>(record, AT_BIAS) + ((<usize>columns) << 3);
  memory.copy(sums, bias, cellBytes);
  const end = sums + <usize>cells * cellBytes;
  for (let at = sums + cellBytes; at < end; at += 16) v128.store(at, v128.load(at - cellBytes));
}
