/*
 * Convolutions with fewer multiplications: minimal filtering F(2, 2) (Winograd 1980), for pairs of taps (Mou and Duhamel
 * 1991), in both directions. In one direction, d the framed image, w the taps, y the outputs:
 *
 *   phase 0    d[2q] - d[2q+1]      meets    w[2g]
 *   phase 1    d[2q+1]              meets    w[2g] + w[2g+1]
 *   phase 2    d[2q+1] - d[2q+2]    meets    w[2g+1]
 *
 * Each phase is a convolution of half the size, m[q] = sum over g and channels; y[2q] = m0 + m1 and y[2q+1] =
 * m1 - m2. That is three products instead of four; in both directions there are nine phases, and nine
 * products instead of sixteen.
 *
 * In floating point this costs accuracy, but not here: lanes count modulo 2^32, so the size of the parts does
 * not matter if the sums themselves fit, which products.ts proves. Only the operands must be int16: sums of
 * four taps, and of two differences of cells. docs/kernels.md.
 */

import { SCRATCH_PHASES, SCRATCH_SCATTER } from '../layout';
import { scratch } from '../thread';

/** The image and its phases: a frame of frameHeight() x frameCells cells becomes nine phases of rows x cells. */
@unmanaged
export class Phases {
  channels: i32;
  /** Cells of a row of the frame: at least those which the outputs need. */
  frameCells: i32;
  /** Rows of a phase, cells of a row of it, and the bytes of a row. */
  rows: i32;
  cells: i32;
  rowBytes: usize;
  /** Pairs of outputs along x, the last one perhaps half. */
  halfWidth: i32;
  /** The first row of the block of outputs for which conv-minimal.ts has made its tables; -1: none of this op. */
  tabledRow: i32;

  frameHeight(): i32 {
    return 2 * this.rows + 1;
  }
}

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

/** The thread's phases, for a convolution with outHeight x outWidth outputs an image. */
export function openPhases(
  outHeight: i32,
  outWidth: i32,
  kernelHeight: i32,
  kernelWidth: i32,
  channels: i32,
): Phases {
  if (<i32>offsetof<Phases>() > SCRATCH_SCATTER - SCRATCH_PHASES)
    ERROR('phases need more of the scratch region');
  const phases = openedPhases();
  const halfWidth = (outWidth + 1) >> 1;
  const cells = halfWidth + ((kernelWidth + 1) >> 1) - 1;
  phases.channels = channels;
  phases.halfWidth = halfWidth;
  phases.rows = ((outHeight + 1) >> 1) + ((kernelHeight + 1) >> 1) - 1;
  phases.cells = cells;
  phases.frameCells = 2 * cells + 1;
  phases.rowBytes = (<usize>(cells * channels)) << 1;
  phases.tabledRow = -1;
  return phases;
}

/** The phases that the frame of the op has opened. */
export function openedPhases(): Phases {
  return changetype<Phases>(scratch + SCRATCH_PHASES);
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
export function splitImage(phases: Phases, frame: usize, phaseBytes: usize, to: usize): void {
  const cellBytes = (<usize>phases.channels) << 1;
  const rowBytes = <usize>phases.frameCells * cellBytes;
  const phaseRows = phases.rows;
  const phaseCells = phases.cells;
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
  phases: Phases,
  frame: usize,
  apart: usize,
  phaseBytes: usize,
  blockBytes: usize,
  room: usize,
  to: usize,
): void {
  const cellBytes = (<usize>phases.channels) << 1;
  const rowBytes = <usize>phases.frameCells * cellBytes;
  const phaseRows = phases.rows;
  const phaseCells = phases.cells;
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

/** to[i] += from[i] of `count` int16, or = for the `first`, which writes whole vectors. */
function addTap(from: usize, count: i32, first: bool, to: usize): void {
  const end = to + ((<usize>count) << 1);
  // By hand, because most of the time of a short memory.copy is its call.
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
