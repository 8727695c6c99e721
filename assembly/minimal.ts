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

// The image and its phases: frameRows x frameCells cells become phaseRows x `cells`, of `channels`.
let frameCells: i32 = 0;
/** Rows of a phase. */
export let phaseRows: i32 = 0;
let cells: i32 = 0;
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
  cells = halfWidth + ((kernelWidth + 1) >> 1) - 1;
  frameCells = 2 * cells + 1;
  phaseRowBytes = (<usize>(cells * channels)) << 1;
}

/** Rows, and cells of a row, of the frame that the phases are taken from: at least those which the outputs need. */
export function phaseFrameHeight(): i32 {
  return 2 * phaseRows + 1;
}

export function phaseFrameWidth(): i32 {
  return frameCells;
}

/**
 * The nine phases of a framed image, y's phase first, each `phaseBytes` behind the one before. Whole vectors are written:
 * what lies past a cell's last channel is overwritten by the next one, or is slack.
 */
export function splitImage(frame: usize, phaseBytes: usize, to: usize): void {
  const cellBytes = (<usize>channels) << 1;
  const rowBytes = <usize>frameCells * cellBytes;
  for (let row = 0; row < phaseRows; row++) {
    let cell = frame + <usize>(2 * row) * rowBytes;
    for (let x = 0; x < cells; x++) {
      for (let at: usize = 0; at < cellBytes; at += 16) {
        let from = cell + at;
        let a = v128.load(from);
        let b = v128.load(from + cellBytes);
        let c = v128.load(from + 2 * cellBytes);
        const p0 = i16x8.sub(a, b);
        const p1 = b;
        const p2 = i16x8.sub(b, c);
        from += rowBytes;
        a = v128.load(from);
        b = v128.load(from + cellBytes);
        c = v128.load(from + 2 * cellBytes);
        const q0 = i16x8.sub(a, b);
        const q1 = b;
        const q2 = i16x8.sub(b, c);
        from += rowBytes;
        a = v128.load(from);
        b = v128.load(from + cellBytes);
        c = v128.load(from + 2 * cellBytes);
        let phase = to + at;
        v128.store(phase, i16x8.sub(p0, q0));
        v128.store((phase += phaseBytes), i16x8.sub(p1, q1));
        v128.store((phase += phaseBytes), i16x8.sub(p2, q2));
        v128.store((phase += phaseBytes), q0);
        v128.store((phase += phaseBytes), q1);
        v128.store((phase += phaseBytes), q2);
        v128.store((phase += phaseBytes), i16x8.sub(q0, i16x8.sub(a, b)));
        v128.store((phase += phaseBytes), i16x8.sub(q1, b));
        v128.store((phase += phaseBytes), i16x8.sub(q2, i16x8.sub(b, c)));
      }
      cell += 2 * cellBytes;
      to += cellBytes;
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
