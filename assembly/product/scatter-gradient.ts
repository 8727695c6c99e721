/*
 * The gradient by a weight from errors that are mostly 0 (scatter.ts): each error other than 0 adds its part of the image to
 * the taps of its output channel. Sums are i32, for each output channel [KH][KW C], rows filled up to whole vectors. What
 * they may have come to at most, |error| times the largest magnitude of the image, is kept for each channel; before that
 * passes 32 bits they are added to the thread's sums in 64.
 */
import { AT_SCATTER_LISTS, AT_SCATTER_SUMS, AT_SUMS, SCRATCH_OPERANDS, SCRATCH_SCATTER } from '../layout';
import { openWindow } from '../window';
import { Frame } from './frame';
import { largestMagnitude } from './norms';
import { addTwo, pairOf } from './scatter';
import { scratch } from '../thread';

/** Of an output channel: the number of its errors in the list, and its bound. */
const HEAD_BYTES: usize = 16;
const HEAD_BOUND: usize = 8;
const LIMIT: i64 = (<i64>1) << 31;

/** The op at work: its sums and its lists of errors. */
@unmanaged
export class Scatter {
  channels: i32;
  outChannels: i32;
  positions: i32;
  kernelHeight: i32;
  /** Elements of a row of taps, and the bytes of their sums. */
  rowElements: i32;
  rowBytes: usize;
  sums: usize;
  wide: usize;
  heads: usize;
  lists: usize;
  begun: bool;

  /** Sets the sums and the heads of the lists to 0. */
  begin(): void {
    if (this.begun) return;
    this.begun = true;
    memory.fill(this.sums, 0, <usize>(this.outChannels * this.kernelHeight) * this.rowBytes);
    memory.fill(this.heads, 0, <usize>this.outChannels * HEAD_BYTES);
  }

  /** Adds an output channel's sums to the wide ones, and starts them again. */
  widen(channel: i32): void {
    const columnBytes = ((<usize>this.outChannels + 7) & ~7) << 3;
    const channelBytes = <usize>this.kernelHeight * this.rowBytes;
    const own = this.sums + <usize>channel * channelBytes;
    let to = this.wide + ((<usize>channel) << 3);
    for (let row = 0; row < this.kernelHeight; row++) {
      const from = own + <usize>row * this.rowBytes;
      for (let i = 0, elements = this.rowElements; i < elements; i++) {
        store<i64>(to, load<i64>(to) + <i64>load<i32>(from + ((<usize>i) << 2)));
        to += columnBytes;
      }
    }
    memory.fill(own, 0, channelBytes);
  }

  /** Leaves all products in the wide sums; to be called after the last image of an op. */
  finish(): void {
    if (!this.begun) return;
    for (let channel = 0; channel < this.outChannels; channel++) this.widen(channel);
  }
}

/** The thread's sums and lists for the op of a record. */
export function openScatter(record: usize): Scatter {
  if (<i32>offsetof<Scatter>() > SCRATCH_OPERANDS - SCRATCH_SCATTER)
    ERROR('scattering needs more of the scratch region');
  const scatter = changetype<Scatter>(scratch + SCRATCH_SCATTER);
  const window = openWindow(record);
  scatter.channels = window.channels;
  scatter.outChannels = window.outChannels;
  scatter.positions = window.outHeight * window.outWidth;
  scatter.kernelHeight = window.kernelHeight;
  scatter.rowElements = window.kernelWidth * window.channels;
  scatter.rowBytes = (<usize>((scatter.rowElements + 7) & ~7)) << 2;
  scatter.sums = scratch + load<u32>(record, AT_SCATTER_SUMS);
  scatter.wide = scratch + load<u32>(record, AT_SUMS);
  scatter.heads = scratch + load<u32>(record, AT_SCATTER_LISTS);
  scatter.lists = scatter.heads + <usize>scatter.outChannels * HEAD_BYTES;
  scatter.begun = false;
  return scatter;
}

/** Lists the errors other than 0 by output channel: cell of the image, 16 bits, then the error. */
function listErrors(scatter: Scatter, frame: Frame, errors: usize): void {
  const outHeight = frame.outHeight;
  const outWidth = frame.outWidth;
  const imageWidth = frame.width;
  const zero = i16x8.splat(0);
  for (let y = 0; y < outHeight; y++) {
    for (let x = 0; x < outWidth; x++) {
      for (let o = 0; o < scatter.outChannels; o += 8) {
        const place = errors + ((<usize>o) << 1);
        let bits = i16x8.bitmask(i16x8.ne(v128.load(place), zero));
        if (scatter.outChannels - o < 8) bits &= (1 << (scatter.outChannels - o)) - 1;
        for (; bits; bits &= bits - 1) {
          const lane = ctz(bits);
          const head = scatter.heads + <usize>(o + lane) * HEAD_BYTES;
          const number = load<i32>(head);
          store<i32>(head, number + 1);
          const entry = (y * imageWidth + x) | ((<i32>load<i16>(place + ((<usize>lane) << 1))) << 16);
          store<i32>(scatter.lists + ((<usize>((o + lane) * scatter.positions + number)) << 2), entry);
        }
      }
      errors += (<usize>scatter.outChannels) << 1;
    }
  }
}

/** What products of an error and the image come to at most. */
function boundOf(entry: i32, largest: i32): i64 {
  const error = entry >> 16;
  return <i64>(error < 0 ? -error : error) * largest;
}

/** Adds the products of the framed image at `image` with its errors, all int16, with a stride of 1. */
export function scatterErrors(scatter: Scatter, frame: Frame, image: usize, errors: usize): void {
  scatter.begin();
  const cellBytes = (<usize>scatter.channels) << 1;
  const apart = frame.rowBytes;
  // What is read past the end can only make the bound larger.
  const largest = largestMagnitude(image, (frame.bytes + 15) & ~15);
  listErrors(scatter, frame, errors);
  for (let channel = 0; channel < scatter.outChannels; channel++) {
    const head = scatter.heads + <usize>channel * HEAD_BYTES;
    const own = scatter.sums + <usize>(channel * scatter.kernelHeight) * scatter.rowBytes;
    let at = scatter.lists + ((<usize>(channel * scatter.positions)) << 2);
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
      if (bound >= LIMIT) scatter.widen(channel);
      store<i64>(head, bound >= LIMIT ? more : bound, HEAD_BOUND);
      const u = image + <usize>(first & 0xffff) * cellBytes;
      const v = image + <usize>(second & 0xffff) * cellBytes;
      addTwo(
        own,
        scatter.rowBytes,
        scatter.rowBytes,
        u,
        v,
        apart,
        pairOf(first >> 16, second >> 16),
        scatter.kernelHeight,
      );
    }
  }
}
