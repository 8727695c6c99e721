/*
 * The gradient by a weight from errors that are mostly 0 (scatter.ts): each error other than 0 adds its part of the image to
 * the taps of its output channel. Sums are i32, for each output channel [KH][KW C], rows filled up to whole vectors. What
 * they may have come to at most, |error| times the largest magnitude of the image, is kept for each channel; before that
 * passes 32 bits they are added to the thread's sums in 64.
 */
import {
  AT_SCATTER_LISTS,
  AT_SCATTER_SUMS,
  AT_SUMS,
  CHANNELS,
  KERNEL_HEIGHT,
  KERNEL_WIDTH,
  OUT_CHANNELS,
  OUT_HEIGHT,
  OUT_WIDTH,
} from '../layout';
import { largestMagnitude } from './norms';
import { addTwo, pairOf } from './scatter';
import { scratch } from '../thread';

/** Of an output channel: the number of its errors in the list, and its bound. */
const HEAD_BYTES: usize = 16;
const HEAD_BOUND: usize = 8;
const LIMIT: i64 = (<i64>1) << 31;

// The op at work.
let channels: i32 = 0;
let outChannels: i32 = 0;
let positions: i32 = 0;
let kernelHeight: i32 = 0;
/** Elements of a row of taps, and the bytes of their sums. */
let rowElements: i32 = 0;
let rowBytes: usize = 0;
let sums: usize = 0;
let wide: usize = 0;
let heads: usize = 0;
let lists: usize = 0;
let begun: bool = false;

/** To be called before the first image of an op; finishScatter() after the last one. */
export function openScatter(record: usize): void {
  channels = load<i32>(record, CHANNELS);
  outChannels = load<i32>(record, OUT_CHANNELS);
  positions = load<i32>(record, OUT_HEIGHT) * load<i32>(record, OUT_WIDTH);
  kernelHeight = load<i32>(record, KERNEL_HEIGHT);
  rowElements = load<i32>(record, KERNEL_WIDTH) * channels;
  rowBytes = (<usize>((rowElements + 7) & ~7)) << 2;
  sums = scratch + load<u32>(record, AT_SCATTER_SUMS);
  wide = scratch + load<u32>(record, AT_SUMS);
  heads = scratch + load<u32>(record, AT_SCATTER_LISTS);
  lists = heads + <usize>outChannels * HEAD_BYTES;
  begun = false;
}

/** Adds an output channel's sums to the wide ones, and starts them again. */
function widen(channel: i32): void {
  const columns = (outChannels + 7) & ~7;
  const own = sums + <usize>(channel * kernelHeight) * rowBytes;
  let to = wide + ((<usize>channel) << 3);
  for (let row = 0; row < kernelHeight; row++) {
    const from = own + <usize>row * rowBytes;
    for (let i = 0; i < rowElements; i++) {
      store<i64>(to, load<i64>(to) + <i64>load<i32>(from + ((<usize>i) << 2)));
      to += (<usize>columns) << 3;
    }
  }
  memory.fill(own, 0, <usize>kernelHeight * rowBytes);
}

export function finishScatter(): void {
  if (!begun) return;
  for (let channel = 0; channel < outChannels; channel++) widen(channel);
}

/** Lists the errors other than 0 by output channel: cell of the image, 16 bits, then the error. */
function listErrors(errors: usize, outHeight: i32, outWidth: i32, imageWidth: i32): void {
  const zero = i16x8.splat(0);
  for (let y = 0; y < outHeight; y++) {
    for (let x = 0; x < outWidth; x++) {
      for (let o = 0; o < outChannels; o += 8) {
        const place = errors + ((<usize>o) << 1);
        let bits = i16x8.bitmask(i16x8.ne(v128.load(place), zero));
        if (outChannels - o < 8) bits &= (1 << (outChannels - o)) - 1;
        for (; bits; bits &= bits - 1) {
          const lane = ctz(bits);
          const head = heads + <usize>(o + lane) * HEAD_BYTES;
          const number = load<i32>(head);
          store<i32>(head, number + 1);
          const entry = (y * imageWidth + x) | ((<i32>load<i16>(place + ((<usize>lane) << 1))) << 16);
          store<i32>(lists + ((<usize>((o + lane) * positions + number)) << 2), entry);
        }
      }
      errors += (<usize>outChannels) << 1;
    }
  }
}

/** What products of an error and the image come to at most. */
function boundOf(entry: i32, largest: i32): i64 {
  const error = entry >> 16;
  return <i64>(error < 0 ? -error : error) * largest;
}

/**
 * Adds one image's products: `image` of imageWidth cells a row and `bytes` bytes, framed or as it is, and its errors, all int16,
 * with a stride of 1.
 */
export function scatterErrors(
  image: usize,
  imageWidth: i32,
  bytes: usize,
  errors: usize,
  outHeight: i32,
  outWidth: i32,
): void {
  if (!begun) {
    begun = true;
    memory.fill(sums, 0, <usize>(outChannels * kernelHeight) * rowBytes);
    memory.fill(heads, 0, <usize>outChannels * HEAD_BYTES);
  }
  const cellBytes = (<usize>channels) << 1;
  const apart = <usize>imageWidth * cellBytes;
  // What is read past the end can only make the bound larger.
  const largest = largestMagnitude(image, (bytes + 15) & ~15);
  listErrors(errors, outHeight, outWidth, imageWidth);
  for (let channel = 0; channel < outChannels; channel++) {
    const head = heads + <usize>channel * HEAD_BYTES;
    const own = sums + <usize>(channel * kernelHeight) * rowBytes;
    let at = lists + ((<usize>(channel * positions)) << 2);
    const end = at + ((<usize>load<i32>(head)) << 2);
    store<i32>(head, 0);
    while (at < end) {
      const first = load<i32>(at);
      let second = at + 4 < end ? load<i32>(at, 4) : first & 0xffff;
      at += 8;
      let more = boundOf(first, largest) + boundOf(second, largest);
      if (more >= LIMIT) {
        // Both as large as can be: one at a time.
        second = first & 0xffff;
        more = boundOf(first, largest);
        at -= 4;
      }
      const bound = load<i64>(head, HEAD_BOUND) + more;
      if (bound >= LIMIT) widen(channel);
      store<i64>(head, bound >= LIMIT ? more : bound, HEAD_BOUND);
      const u = image + <usize>(first & 0xffff) * cellBytes;
      const v = image + <usize>(second & 0xffff) * cellBytes;
      addTwo(own, rowBytes, rowBytes, u, v, apart, pairOf(first >> 16, second >> 16), kernelHeight);
    }
  }
}
