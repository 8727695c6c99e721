/*
 * The gradient of a convolution by its weight with fewer multiplications. A weight is a sum over positions as an output
 * is a sum over taps: the errors are the kernel, the weights the outputs, and the phases of the image meet those of the
 * errors (minimal.ts). With m the sums over images and positions of a phase, w[2g] = m0 + m1 and w[2g+1] = m1 - m2, y and x.
 * Two images make the pairs of k: the same cell of both.
 */
import {
  AT_IMAGE,
  AT_PARTS,
  AT_PHASE_CELLS,
  AT_PHASE_PANELS,
  AT_PHASE_ROWS,
  AT_SUMS,
  AT_TAPS,
  FRAME_BYTES,
  RHS,
  SUMMED_MINIMAL,
} from '../layout';
import { openWindow } from '../window';
import { Frame, frameImage } from './frame';
import { LARGEST, openedPhases, phaseEnd, phaseStart, phaseTaps, splitPair, sumTaps } from './minimal';
import { channelSquares, largestMagnitude, rangeOf, rootAbove } from './norms';
import { interleave } from './pack';
import { countPath } from './paths';
import { scratch } from '../thread';
import { openWalk, tile } from './tile';
import { widen } from '../convert/widen';

/** Rows of a tile are four channels. */
const LANES: i32 = 4;

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
          widen(sum, i32x4.add(u0, u1));
          if (below) {
            widen(sum + down, i32x4.sub(u1, i32x4.add(v128.load(o), v128.load(o + last))));
          }
          if (beside) {
            const v0 = i32x4.sub(m1, v128.load(third));
            const v1 = i32x4.sub(n1, v128.load(third + next));
            widen(sum + right, i32x4.add(v0, v1));
            if (below) {
              const third2 = third + 2 * next - 2 * (wide - last);
              const v2 = i32x4.sub(v128.load(o + last), v128.load(third2));
              widen(sum + down + right, i32x4.sub(v1, v2));
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
 * The phases of two images' errors as panels of B, a pair one error of each image; `apart` is the distance
 * from one to the other, 0 if there is only one.
 */
function packErrorPair(record: usize, errors: usize, apart: usize, pair: i32, pairs: i32, to: usize): void {
  const window = openWindow(record);
  const outChannels = window.outChannels;
  const outHeight = window.outHeight;
  const outWidth = window.outWidth;
  const columns = (outChannels + 7) & ~7;
  const cellBytes = (<usize>outChannels) << 1;
  const first = scratch + load<u32>(record, AT_TAPS);
  for (let phase = 0; phase < 9; phase++) {
    const cells = phaseTaps(outHeight, phase / 3) * phaseTaps(outWidth, phase % 3);
    const second = first + ((<usize>cells * cellBytes + 31) & ~15);
    sumTaps(errors, outHeight, outWidth, outChannels, false, phase / 3, phase % 3, first);
    if (apart) sumTaps(errors + apart, outHeight, outWidth, outChannels, false, phase / 3, phase % 3, second);
    else memory.fill(second, 0, <usize>cells * cellBytes + 16);
    const bytes = (<usize>cells) << 5;
    for (let column = 0; column < columns; column += 8) {
      let a = first + ((<usize>column) << 1);
      let b = second + ((<usize>column) << 1);
      let at = to + <usize>pair * bytes;
      for (let cell = 0; cell < cells; cell++) {
        interleave(at, v128.load(a), v128.load(b));
        a += cellBytes;
        b += cellBytes;
        at += 32;
      }
      to += <usize>pairs * bytes;
    }
  }
}

/**
 * Adds the products of `count` images from `first` on to the i64 sums. False, with nothing added, if the operands do not
 * allow it.
 */
export function minimalGradient(record: usize, frame: Frame, first: i32, count: i32): bool {
  const window = openWindow(record);
  const channels = window.channels;
  const outChannels = window.outChannels;
  const outHeight = window.outHeight;
  const outWidth = window.outWidth;
  const kernelHeight = window.kernelHeight;
  const kernelWidth = window.kernelWidth;
  const imageCells = window.height * window.width;
  const errors = outHeight * outWidth;
  const imageBytes = frame.imageBytes;
  const lhs = frame.images + <usize>first * imageBytes;
  const rhs = load<u32>(record, RHS) + ((<usize>(first * errors * outChannels)) << 1);
  if (!fits(lhs, rhs, count, imageCells, channels, errors, outChannels)) return false;

  // Shapes, a pair two images: cells [phase][C / 4][pair][rows][cells][4]; panels [phase][column / 8][pair][rows][cells].
  const columns = (outChannels + 7) & ~7;
  const pairs = (count + 1) >> 1;
  const phases = openedPhases();
  const rowBytes = (<usize>phases.cells) << 4;
  const pairBytes = <usize>phases.rows * rowBytes;
  const blockBytes = <usize>pairs * pairBytes;
  const phaseBytes = blockBytes * (channels / LANES);
  const framed = scratch + load<u32>(record, AT_IMAGE);
  const frameBytes = <usize>load<u32>(record, FRAME_BYTES);
  const room = scratch + load<u32>(record, AT_PARTS);
  const cells = scratch + load<u32>(record, AT_PHASE_CELLS);
  const panels = scratch + load<u32>(record, AT_PHASE_PANELS);
  const errorBytes = (<usize>(errors * outChannels)) << 1;
  for (let pair = 0; pair < pairs; pair++) {
    // The last image may be alone: errors of zeros meet what the second frame still holds.
    const alone = 2 * pair + 1 == count;
    const image = lhs + <usize>(2 * pair) * imageBytes;
    frameImage<i16>(frame, image, 0, 1, framed);
    if (!alone) frameImage<i16>(frame, image + imageBytes, 0, 1, framed + frameBytes);
    splitPair(phases, framed, frameBytes, phaseBytes, blockBytes, room, cells + <usize>pair * pairBytes);
    packErrorPair(record, rhs + <usize>(2 * pair) * errorBytes, alone ? 0 : errorBytes, pair, pairs, panels);
  }

  // Rows of one pair of taps along y: [pair of taps along x][channel].
  const table = scratch + load<u32>(record, AT_PHASE_ROWS);
  for (let i = 0; i < phaseTaps(kernelWidth, 0) * channels; i++) {
    const c = i % channels;
    const offset =
      <usize>(c / LANES) * blockBytes + ((<usize>(i / channels)) << 4) + ((<usize>(c % LANES)) << 2);
    store<u32>(table + ((<usize>i) << 2), <u32>offset);
  }
  const walk = openWalk(16, 4, 0, 32);
  walk.images = pairs;
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
      const width = phaseTaps(outWidth, phase % 3);
      const bytes = (<usize>(pairs * height * width)) << 5;
      const taps = phaseTaps(kernelWidth, phase % 3) * channels;
      const start = phaseStart(frame.firstImageRow(), phase / 3);
      const end = phaseEnd(frame.endImageRow(), phase / 3);
      const b = panel + bytes * ((<usize>column) >> 3);
      walk.pairs = width;
      walk.segmentGap = rowBytes - ((<usize>width) << 4);
      for (let y = 0; y < phaseTaps(kernelHeight, phase / 3); y++) {
        // Rows of errors that meet a row of the image.
        const from = min(max(0, start - y), height - 1);
        const segments = max(min(height, end - y) - from, 1);
        walk.segments = segments;
        walk.imageGap = pairBytes - <usize>segments * rowBytes;
        walk.panelGap = (<usize>((height - segments) * width)) << 5;
        tile(
          walk,
          cells + <usize>phase * phaseBytes + <usize>(y + from) * rowBytes,
          table,
          taps / LANES,
          b + ((<usize>(from * width)) << 5),
          zeros,
          part,
        );
        part += (<usize>taps) << 5;
      }
      panel += bytes * ((<usize>columns) >> 3);
    }
    combineWeights(parts, kernelHeight, kernelWidth, channels, sums + ((<usize>column) << 3), stride);
  }
  // As the direct way counts them, in pairs along x.
  const steps = 2 * count * outHeight * ((outWidth + 1) >> 1);
  countPath(SUMMED_MINIMAL, kernelHeight * kernelWidth * channels, columns, steps);
  return true;
}
