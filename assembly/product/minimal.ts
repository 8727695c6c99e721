/*
 * Convolutions with fewer multiplications: minimal filtering F(2, 2) (Winograd 1980), for pairs of taps (Mou and Duhamel
 * 1991), in both directions. In one direction, d the framed image, w the taps, y the outputs:
 *
 *   phase 0    d[2q] - d[2q+1]      meets    w[2g]
 *   phase 1    d[2q+1]              meets    w[2g] + w[2g+1]
 *   phase 2    d[2q+1] - d[2q+2]    meets    w[2g+1]
 *
 * Each phase is a convolution of half the size, m[q] = sum over g and channels; y[2q] = m0 + m1 and y[2q+1] = m1 - m2.
 * That is three products in place of four; in both directions there are nine phases, and nine products in place of sixteen.
 *
 * In floating point this costs accuracy. Here nothing: lanes count modulo 2^32, so what the parts come to does not
 * matter if the sums themselves fit, which the proof of products.ts says. Only the operands must be int16: sums of four
 * taps, and of two differences of cells. docs/kernels.md.
 */

// The image and its phases: frameRows x frameCells cells become phaseRows x phaseCells, of `channels`.
let frameCells: i32 = 0;
/** Rows of a phase. */
export let phaseRows: i32 = 0;
/** Cells of a row of it. */
export let phaseCells: i32 = 0;
let channels: i32 = 0;
/** Pairs of outputs along y and x, the last one perhaps half. */
export let halfWidth: i32 = 0;
/** Bytes of a row of a phase. */
export let phaseRowBytes: usize = 0;

/** What phases may come to. */
export const LARGEST: i32 = 32767;

/** The first row of a phase that holds something of a frame whose rows before `first` are 0, and the row after the last. */
export function phaseStart(first: i32, phase: i32): i32 {
  return phase == 2 ? max(first - 1, 0) >> 1 : first >> 1;
}

export function phaseEnd(end: i32, phase: i32): i32 {
  return phase == 0 ? (end + 1) >> 1 : end >> 1;
}

/** Pairs of taps, or (phase 2) whole pairs only. */
export function phaseTaps(kernel: i32, phase: i32): i32 {
  return (kernel + (phase < 2 ? 1 : 0)) >> 1;
}

/** Sets the sizes of a convolution with outHeight x outWidth outputs an image. */
export function openPhases(
  outHeight: i32,
  outWidth: i32,
  kernelHeight: i32,
  kernelWidth: i32,
  imageChannels: i32,
): void {
  channels = imageChannels;
  halfWidth = (outWidth + 1) >> 1;
  phaseRows = ((outHeight + 1) >> 1) + ((kernelHeight + 1) >> 1) - 1;
  phaseCells = halfWidth + ((kernelWidth + 1) >> 1) - 1;
  frameCells = 2 * phaseCells + 1;
  phaseRowBytes = (<usize>(phaseCells * channels)) << 1;
}

/** Rows, and cells of a row, of the frame that the phases are taken from: at least those which the outputs need. */
export function phaseFrameHeight(): i32 {
  return 2 * phaseRows + 1;
}

export function phaseFrameWidth(): i32 {
  return frameCells;
}

/** The nine phases, y's first, of eight channels of a cell and its neighbours; `apart` bytes from one to the next. */
function splitCell(from: usize, rowBytes: usize, cellBytes: usize, to: usize, apart: usize): void {
  let a = v128.load(from);
  let b = v128.load(from + cellBytes);
  const p0 = i16x8.sub(a, b);
  const p1 = b;
  const p2 = i16x8.sub(b, v128.load(from + 2 * cellBytes));
  from += rowBytes;
  a = v128.load(from);
  b = v128.load(from + cellBytes);
  const q0 = i16x8.sub(a, b);
  const q1 = b;
  const q2 = i16x8.sub(b, v128.load(from + 2 * cellBytes));
  from += rowBytes;
  a = v128.load(from);
  b = v128.load(from + cellBytes);
  const r2 = i16x8.sub(b, v128.load(from + 2 * cellBytes));
  v128.store(to, i16x8.sub(p0, q0));
  v128.store((to += apart), i16x8.sub(p1, q1));
  v128.store((to += apart), i16x8.sub(p2, q2));
  v128.store((to += apart), q0);
  v128.store((to += apart), q1);
  v128.store((to += apart), q2);
  v128.store((to += apart), i16x8.sub(q0, i16x8.sub(a, b)));
  v128.store((to += apart), i16x8.sub(q1, b));
  v128.store(to + apart, i16x8.sub(q2, r2));
}

/**
 * The nine phases of a framed image, each `phaseBytes` behind the one before. Whole vectors are written: what lies past
 * a cell's last channel is overwritten by the next one, or is slack.
 */
export function splitImage(frame: usize, phaseBytes: usize, to: usize): void {
  const cellBytes = (<usize>channels) << 1;
  const rowBytes = <usize>frameCells * cellBytes;
  for (let row = 0; row < phaseRows; row++) {
    let cell = frame + <usize>(2 * row) * rowBytes;
    for (let x = 0; x < phaseCells; x++) {
      for (let at: usize = 0; at < cellBytes; at += 16) {
        splitCell(cell + at, rowBytes, cellBytes, to + at, phaseBytes);
      }
      cell += 2 * cellBytes;
      to += cellBytes;
    }
  }
}

/**
 * The nine phases of two framed images, `apart` bytes apart, interleaved: a cell's channels are pairs, one of each image.
 * Four channels lie together, 16 bytes, the next four of them `blockBytes` on, the next phase `phaseBytes`. Channels are a
 * multiple of four. `room` has 288 bytes.
 */
export function splitPair(
  frame: usize,
  apart: usize,
  phaseBytes: usize,
  blockBytes: usize,
  room: usize,
  to: usize,
): void {
  const cellBytes = (<usize>channels) << 1;
  const rowBytes = <usize>frameCells * cellBytes;
  for (let row = 0; row < phaseRows; row++) {
    let cell = frame + <usize>(2 * row) * rowBytes;
    for (let x = 0; x < phaseCells; x++) {
      let block = to;
      for (let at: usize = 0; at < cellBytes; at += 16) {
        splitCell(cell + at, rowBytes, cellBytes, room, 32);
        splitCell(cell + at + apart, rowBytes, cellBytes, room + 16, 32);
        const more = at + 8 < cellBytes;
        let phase = block;
        for (let both = room; both < room + 288; both += 32) {
          const a = v128.load(both);
          const b = v128.load(both, 16);
          v128.store(phase, v128.shuffle<i16>(a, b, 0, 8, 1, 9, 2, 10, 3, 11));
          if (more) v128.store(phase + blockBytes, v128.shuffle<i16>(a, b, 4, 12, 5, 13, 6, 14, 7, 15));
          phase += phaseBytes;
        }
        block += 2 * blockBytes;
      }
      cell += 2 * cellBytes;
      to += 16;
    }
  }
}

/** to[i] += from[i] of `count` int16, or = where it is the `first`: then whole vectors are written. */
function addTap(from: usize, count: i32, first: bool, to: usize): void {
  const end = to + ((<usize>count) << 1);
  // By hand: a memory.copy of so few bytes is mostly its call.
  if (first) {
    for (; to < end; to += 16) {
      v128.store(to, v128.load(from));
      from += 16;
    }
    return;
  }
  for (; to + 16 <= end; to += 16) {
    v128.store(to, i16x8.add(v128.load(to), v128.load(from)));
    from += 16;
  }
  for (; to < end; to += 2) {
    store<i16>(to, <i16>(<i32>load<i16>(to) + <i32>load<i16>(from)));
    from += 2;
  }
}

/**
 * Phase (phaseY, phaseX) of a kernel of taps of `count` int16 each: taps in the order of the kernel, or `turned` around.
 * A weight gradient's kernel are its errors.
 */
export function sumTaps(
  kernel: usize,
  kernelHeight: i32,
  kernelWidth: i32,
  count: i32,
  turned: bool,
  phaseY: i32,
  phaseX: i32,
  to: usize,
): void {
  for (let y = phaseY >> 1; y < kernelHeight; y += 2) {
    const endY = phaseY == 1 ? min(y + 2, kernelHeight) : y + 1;
    for (let x = phaseX >> 1; x < kernelWidth; x += 2) {
      const endX = phaseX == 1 ? min(x + 2, kernelWidth) : x + 1;
      for (let i = y; i < endY; i++) {
        for (let j = x; j < endX; j++) {
          const tap = i * kernelWidth + j;
          const from = turned ? kernelHeight * kernelWidth - 1 - tap : tap;
          addTap(kernel + ((<usize>(from * count)) << 1), count, i == y && j == x, to);
        }
      }
      to += (<usize>count) << 1;
    }
  }
}

/**
 * The sums of `outRows` x `outWidth` outputs of eight columns, `stride` bytes apart at `to`, from those of the nine phases:
 * 32 bytes a pair of outputs in both directions, phases `partBytes` apart.
 */
export function combine(
  parts: usize,
  partBytes: usize,
  outRows: i32,
  outWidth: i32,
  to: usize,
  stride: usize,
): void {
  const rowStride = <usize>outWidth * stride;
  for (let y = 0; y < outRows; y += 2) {
    const below = y + 1 < outRows;
    let out = to + <usize>y * rowStride;
    for (let x = 0; x < outWidth; x += 2) {
      const right = x + 1 < outWidth;
      for (let half: usize = 0; half < 32; half += 16) {
        let at = parts + half;
        const m1 = v128.load(at + partBytes);
        const u0 = i32x4.add(v128.load(at), m1);
        const v0 = i32x4.sub(m1, v128.load(at + 2 * partBytes));
        at += 3 * partBytes;
        const n1 = v128.load(at + partBytes);
        const u1 = i32x4.add(v128.load(at), n1);
        const v1 = i32x4.sub(n1, v128.load(at + 2 * partBytes));
        at += 3 * partBytes;
        const o1 = v128.load(at + partBytes);
        const sum = out + half;
        v128.store(sum, i32x4.add(u0, u1));
        if (right) v128.store(sum + stride, i32x4.add(v0, v1));
        if (below) {
          const u2 = i32x4.add(v128.load(at), o1);
          v128.store(sum + rowStride, i32x4.sub(u1, u2));
          if (right) {
            const v2 = i32x4.sub(o1, v128.load(at + 2 * partBytes));
            v128.store(sum + rowStride + stride, i32x4.sub(v1, v2));
          }
        }
      }
      parts += 32;
      out += 2 * stride;
    }
  }
}
