/*
 * The gradient of a convolution by its weight with fewer multiplications. A weight is a sum over positions as an output is a sum over
 * taps: the errors are the kernel, the weights the outputs, and the phases of the image meet those of the errors
 * (minimal.ts). With m the sums over images and positions of a phase, w[2g] = m0 + m1 and w[2g+1] = m1 - m2, y and x.
 * Rows of A, and their pairs, are those of conv-gradient.ts, of an image of a quarter of the size.
 */
import { endImageRow, firstImageRow, frameImage } from './image';
import {
  AT_IMAGE,
  AT_PARTS,
  AT_PHASE_CELLS,
  AT_PHASE_PANELS,
  AT_PHASE_ROWS,
  AT_PHASES,
  AT_SUMS,
  AT_TAPS,
  CHANNELS,
  HEIGHT,
  KERNEL_HEIGHT,
  KERNEL_WIDTH,
  LHS,
  OUT_CHANNELS,
  OUT_HEIGHT,
  OUT_WIDTH,
  PHASE_BYTES,
  RHS,
  SUMMED_MINIMAL,
  WIDTH,
} from './layout';
import {
  halfWidth,
  LARGEST,
  phaseEnd,
  phaseRowBytes,
  phaseRows,
  phaseStart,
  phaseTaps,
  splitImage,
  sumTaps,
} from './minimal';
import { channelSquares, largestMagnitude, rangeOf, rootAbove } from './norms';
import { setRowsApart } from './operands';
import { packErrors, pairColumns } from './pairs';
import { countPath } from './paths';
import { scratch } from './thread';
import { tile } from './tile';

/** Rows of a tile are four channels. */
const LANES: i32 = 4;

/** Adds four i32 sums to the i64 at `at`. */
function addWide(at: usize, v: v128): void {
  v128.store(at, i64x2.add(v128.load(at), i64x2.extend_low_i32x4_s(v)));
  v128.store(at, i64x2.add(v128.load(at, 16), i64x2.extend_high_i32x4_s(v)), 16);
}

/**
 * Adds the weights' sums of eight columns to i64 ones with rows `stride` bytes apart, from those of the phases: for each
 * phase [pair of taps along y][along x][channel], 32 bytes each.
 */
function combineWeights(
  parts: usize,
  kernelHeight: i32,
  kernelWidth: i32,
  channels: i32,
  sums: usize,
  stride: usize,
): void {
  const heights = phaseTaps(kernelHeight, 0);
  const widths = phaseTaps(kernelWidth, 0);
  const cellBytes = (<usize>channels) << 5;
  // Of phases 0 and 1 along y: those of phases 0 and 1 along x are of one size, that of phase 2 may be narrower.
  const wide = <usize>(heights * widths) * cellBytes;
  const narrow = <usize>(heights * phaseTaps(kernelWidth, 2)) * cellBytes;
  const last = <usize>(phaseTaps(kernelHeight, 2) * widths) * cellBytes;
  const next = 2 * wide + narrow;
  const right = <usize>channels * stride;
  const down = <usize>kernelWidth * right;
  for (let y = 0; y < heights; y++) {
    const below = 2 * y + 1 < kernelHeight;
    for (let x = 0; x < widths; x++) {
      const beside = 2 * x + 1 < kernelWidth;
      let at = parts + <usize>(y * widths + x) * cellBytes;
      // Where phase 2 along x has this pair of taps.
      let third = parts + 2 * wide + <usize>(y * phaseTaps(kernelWidth, 2) + x) * cellBytes;
      let to = sums + <usize>(2 * y) * down + <usize>(2 * x) * right;
      for (let c = 0; c < channels; c++) {
        for (let half: usize = 0; half < 2; half++) {
          const m1 = v128.load(at + wide);
          const u0 = i32x4.add(v128.load(at), m1);
          const n1 = v128.load(at + next + wide);
          const u1 = i32x4.add(v128.load(at + next), n1);
          const o = at + 2 * next;
          const sum = to + (half << 5);
          addWide(sum, i32x4.add(u0, u1));
          if (below) {
            addWide(sum + down, i32x4.sub(u1, i32x4.add(v128.load(o), v128.load(o + last))));
          }
          if (beside) {
            const v0 = i32x4.sub(m1, v128.load(third));
            const v1 = i32x4.sub(n1, v128.load(third + next));
            addWide(sum + right, i32x4.add(v0, v1));
            if (below) {
              const third2 = third + 2 * next - 2 * (wide - last);
              const v2 = i32x4.sub(v128.load(o + last), v128.load(third2));
              addWide(sum + down + right, i32x4.sub(v1, v2));
            }
          }
          at += 16;
          third += 16;
        }
        to += stride;
      }
    }
  }
}

/** False where the sums of `count` images may not fit in 32 bits, or the operands' phases in 16. */
function fits(
  lhs: usize,
  rhs: usize,
  count: i32,
  cells: i32,
  channels: i32,
  errors: i32,
  outChannels: i32,
): bool {
  const lhsBytes = (<usize>(cells * channels)) << 1;
  const rhsBytes = (<usize>(errors * outChannels)) << 1;
  // The last vector may reach past the operands: what lies there can only make a bound worse.
  if (2 * rangeOf(lhs, (<usize>count * lhsBytes + 15) & ~15) > LARGEST) return false;
  if (4 * largestMagnitude(rhs, (<usize>count * rhsBytes + 15) & ~15) > LARGEST) return false;
  let lhsSquares: u64 = 0;
  let rhsSquares: u64 = 0;
  for (let i = 0; i < count; i++) {
    lhsSquares += channelSquares(lhs + <usize>i * lhsBytes, cells, channels);
    rhsSquares += channelSquares(rhs + <usize>i * rhsBytes, errors, outChannels);
  }
  return rootAbove(lhsSquares) * rootAbove(rhsSquares) < (<u64>1) << 31;
}

/**
 * Adds the products of `count` images from `first` on to the i64 sums, the frame being open. False, with nothing added, where the
 * operands do not allow it.
 */
export function minimalGradient(record: usize, first: i32, count: i32): bool {
  const channels = load<i32>(record, CHANNELS);
  const outChannels = load<i32>(record, OUT_CHANNELS);
  const outHeight = load<i32>(record, OUT_HEIGHT);
  const outWidth = load<i32>(record, OUT_WIDTH);
  const kernelHeight = load<i32>(record, KERNEL_HEIGHT);
  const kernelWidth = load<i32>(record, KERNEL_WIDTH);
  const cells = load<i32>(record, HEIGHT) * load<i32>(record, WIDTH);
  const errors = outHeight * outWidth;
  const lhs = load<u32>(record, LHS) + ((<usize>(first * cells * channels)) << 1);
  const rhs = load<u32>(record, RHS) + ((<usize>(first * errors * outChannels)) << 1);
  if (!fits(lhs, rhs, count, cells, channels, errors, outChannels)) return false;

  // Shapes: cells [phase][copy][C / 4][image][rows][across][4]; panels [phase][column / 8][image][rows][pairs].
  const columns = (outChannels + 7) & ~7;
  const across = ((halfWidth + 1) >> 1) + ((phaseTaps(kernelWidth, 0) - 1) >> 1);
  const rowBytes = (<usize>across) << 4;
  const imageBytes = <usize>phaseRows * rowBytes;
  const blockBytes = <usize>count * imageBytes;
  const copyBytes = blockBytes * (channels / LANES) + 64;
  const phaseBytes = <usize>load<u32>(record, PHASE_BYTES);
  const frame = scratch + load<u32>(record, AT_IMAGE);
  const phases = scratch + load<u32>(record, AT_PHASES);
  const taps = scratch + load<u32>(record, AT_TAPS);
  const pairs = scratch + load<u32>(record, AT_PHASE_CELLS);
  const panels = scratch + load<u32>(record, AT_PHASE_PANELS);
  for (let i = 0; i < count; i++) {
    frameImage<i16>(lhs + ((<usize>(i * cells * channels)) << 1), 0, 1, frame);
    splitImage(frame, phaseBytes, phases);
    for (let phase = 0; phase < 9; phase++) {
      const from = phases + <usize>phase * phaseBytes;
      for (let copy = 0; copy < 2; copy++) {
        const to = pairs + <usize>(2 * phase + copy) * copyBytes + <usize>i * imageBytes;
        pairColumns(from, phaseRows, phaseRowBytes, across, copy, 1, channels, LANES, blockBytes, to);
      }
    }
    const dOutput = rhs + ((<usize>(i * errors * outChannels)) << 1);
    let to = panels;
    for (let phase = 0; phase < 9; phase++) {
      const height = phaseTaps(outHeight, phase / 3);
      const width = phaseTaps(outWidth, phase % 3);
      const bytes = (<usize>(height * ((width + 1) >> 1))) << 5;
      sumTaps(dOutput, outHeight, outWidth, outChannels, false, phase / 3, phase % 3, taps);
      packErrors(taps, height, width, outChannels, to + <usize>i * bytes, <usize>count * bytes);
      to += <usize>count * bytes * ((<usize>columns) >> 3);
    }
  }

  // Rows of one pair of taps along y: [pair of taps along x][channel].
  const table = scratch + load<u32>(record, AT_PHASE_ROWS);
  for (let i = 0; i < phaseTaps(kernelWidth, 0) * channels; i += LANES) {
    const x = i / channels;
    const block = (i % channels) / LANES;
    const offset = <usize>(x & 1) * copyBytes + <usize>block * blockBytes + ((<usize>(x >> 1)) << 4);
    for (let j = 0; j < LANES; j++)
      store<u32>(table + ((<usize>(i + j)) << 2), <u32>offset + ((<u32>j) << 2));
  }
  setRowsApart(4);
  const zeros = scratch + load<u32>(record, AT_PARTS);
  const parts = zeros + 64;
  const sums = scratch + load<u32>(record, AT_SUMS);
  const stride = (<usize>columns) << 3;
  memory.fill(zeros, 0, 32);
  for (let column = 0; column < columns; column += 8) {
    let part = parts;
    let panel = panels;
    for (let phase = 0; phase < 9; phase++) {
      const height = phaseTaps(outHeight, phase / 3);
      const half = (phaseTaps(outWidth, phase % 3) + 1) >> 1;
      const bytes = (<usize>(count * height * half)) << 5;
      const tapWidth = phaseTaps(kernelWidth, phase % 3);
      const start = phaseStart(firstImageRow(), phase / 3);
      const end = phaseEnd(endImageRow(), phase / 3);
      const b = panel + bytes * ((<usize>column) >> 3);
      for (let y = 0; y < phaseTaps(kernelHeight, phase / 3); y++) {
        // Rows of errors that meet a row of the image.
        const from = min(max(0, start - y), height - 1);
        const segments = max(min(height, end - y) - from, 1);
        tile(
          pairs + <usize>(2 * phase) * copyBytes + <usize>(y + from) * rowBytes,
          table,
          (tapWidth * channels) / LANES,
          16,
          half,
          segments,
          rowBytes - ((<usize>half) << 4),
          count,
          imageBytes - <usize>segments * rowBytes,
          (<usize>((height - segments) * half)) << 5,
          b + ((<usize>(from * half)) << 5),
          zeros,
          part,
          32,
        );
        part += (<usize>(tapWidth * channels)) << 5;
      }
      panel += bytes * ((<usize>columns) >> 3);
    }
    combineWeights(parts, kernelHeight, kernelWidth, channels, sums + ((<usize>column) << 3), stride);
  }
  countPath(
    SUMMED_MINIMAL,
    kernelHeight * kernelWidth * channels,
    columns,
    2 * count * outHeight * ((outWidth + 1) >> 1),
  );
  return true;
}
