/* Blocks of a convolution's sums with fewer multiplications: conv.ts where the op is worth it and the operands allow it. */
import {
  AT_BIAS,
  AT_PARTS,
  AT_PHASE_PANELS,
  AT_PHASE_ROWS,
  AT_PHASES,
  AT_SUMS,
  AT_TAPS,
  PHASE_BYTES,
  RHS,
  SUMMED_MINIMAL,
} from '../layout';
import { openWindow } from '../window';
import { Frame } from './frame';
import {
  combine,
  LARGEST,
  openedPhases,
  phaseEnd,
  Phases,
  phaseStart,
  phaseTaps,
  splitImage,
  sumTaps,
} from './minimal';
import { largestMagnitude, rangeOf } from './norms';
import { packPanels } from './pack';
import { countPath } from './paths';
import { endOfSpan, Product } from './product';
import { scratch } from '../thread';
import { openWalk, tile } from './tile';

/**
 * Packs the phases of the weight [KH, KW, C, O] as panels: columns o, or, turned around, columns c. False where sums of taps
 * may not be int16.
 */
export function packPhases(record: usize, turned: bool): bool {
  const window = openWindow(record);
  const kernelHeight = window.kernelHeight;
  const kernelWidth = window.kernelWidth;
  const channels = window.channels;
  const outChannels = window.outChannels;
  const weight = load<u32>(record, RHS);
  const count = channels * outChannels;
  // The last vector may reach past the weight: what lies there can only make the bound worse.
  const bytes = ((<usize>(kernelHeight * kernelWidth * count)) << 1) + 15;
  if (4 * largestMagnitude(weight, bytes & ~15) > LARGEST) return false;
  const kernel = scratch + load<u32>(record, AT_TAPS);
  const outBytes = outChannels << 1;
  let to = scratch + load<u32>(record, AT_PHASE_PANELS);
  for (let phaseY = 0; phaseY < 3; phaseY++) {
    const height = phaseTaps(kernelHeight, phaseY);
    for (let phaseX = 0; phaseX < 3; phaseX++) {
      const width = phaseTaps(kernelWidth, phaseX);
      sumTaps(weight, kernelHeight, kernelWidth, count, turned, phaseY, phaseX, kernel);
      const segment = (width * count) << 1;
      if (turned) {
        to = packPanels(kernel, height, segment, width, count << 1, outChannels, 2, channels, outBytes, to);
      } else {
        to = packPanels(kernel, height, segment, 1, 0, width * channels, outBytes, outChannels, 2, to);
      }
    }
  }
  return true;
}

/** Splits a framed image of `bytes` bytes into its phases; false if they may not be int16. */
export function splitFrame(record: usize, frame: usize, bytes: usize): bool {
  // A difference is at most the range, and the difference of two of them twice the range.
  if (2 * rangeOf(frame, (bytes + 15) & ~15) > LARGEST) return false;
  splitImage(openedPhases(), frame, load<u32>(record, PHASE_BYTES), scratch + load<u32>(record, AT_PHASES));
  return true;
}

/**
 * Fills in the offsets of `tiles` tiles of pairs of outputs from pair `firstPair` along y on, and for each phase the segments
 * of each tile that meet a row of the image: a row of a phase is made of two rows of the frame, or in phase 1 of one.
 */
function tabulate(
  phases: Phases,
  frame: Frame,
  rows: usize,
  spans: usize,
  tiles: i32,
  firstPair: i32,
  kernelHeight: i32,
): void {
  const halfWidth = phases.halfWidth;
  const cellBytes = (<usize>phases.channels) << 1;
  for (let i = 0; i < 4 * tiles; i++) {
    const offset = <usize>(i / halfWidth) * phases.rowBytes + <usize>(i % halfWidth) * cellBytes;
    store<u32>(rows + ((<usize>i) << 2), <u32>offset);
  }
  for (let phase = 0; phase < 3; phase++) {
    const taps = phaseTaps(kernelHeight, phase);
    const firstRow = phaseStart(frame.firstImageRow(), phase);
    const endRow = phaseEnd(frame.endImageRow(), phase);
    for (let i = 0; i < 4 * tiles; i += 4) {
      const start = min(max(0, firstRow - firstPair - (i + 3) / halfWidth), taps - 1);
      const stop = min(taps, endRow - firstPair - i / halfWidth);
      store<i32>(spans, start);
      store<i32>(spans, max(stop - start, 1), 4);
      spans += 8;
    }
  }
}

/** Sums of `outRows` rows of outputs from row `firstRow` (even) on, of the image that was split last. */
export function minimalBlock(product: Product, frame: Frame, firstRow: i32, outRows: i32): void {
  const record = product.record;
  const phases = openedPhases();
  const window = openWindow(record);
  const kernelHeight = window.kernelHeight;
  const channels = frame.channels;
  const outWidth = frame.outWidth;
  const halfWidth = phases.halfWidth;
  const phaseRowBytes = phases.rowBytes;
  const phaseBytes = <usize>load<u32>(record, PHASE_BYTES);
  const firstPhase = scratch + load<u32>(record, AT_PHASES) + <usize>(firstRow >> 1) * phaseRowBytes;
  const table = scratch + load<u32>(record, AT_PHASE_ROWS);
  const bias = scratch + load<u32>(record, AT_BIAS) + ((<usize>product.columns) << 3);
  const sums = scratch + load<u32>(record, AT_SUMS);
  const stride = (<usize>product.columns) << 2;
  const zeros = scratch + load<u32>(record, AT_PARTS);
  const parts = zeros + 64;
  const tiles = (((outRows + 1) >> 1) * halfWidth + 3) >> 2;
  const partBytes = (<usize>tiles) << 7;
  const allSpans = table + ((<usize>tiles) << 4);
  memory.fill(zeros, 0, 32);
  if (phases.tabledRow != firstRow) {
    tabulate(phases, frame, table, allSpans, tiles, firstRow >> 1, kernelHeight);
    phases.tabledRow = firstRow;
  }
  // Four neighbours of one row of a phase are the same distance apart.
  const walk = openWalk(4, halfWidth & 3 ? 0 : channels << 1, 0, 32);
  for (let at: usize = 0; at < stride; at += 32) {
    let panels = scratch + load<u32>(record, AT_PHASE_PANELS);
    let lhs = firstPhase;
    let part = parts;
    for (let phase = 0; phase < 9; phase++) {
      const taps = phaseTaps(kernelHeight, phase / 3);
      const tapPairs = (phaseTaps(window.kernelWidth, phase % 3) * channels + 1) >> 1;
      const segmentBytes = (<usize>tapPairs) << 5;
      const panel = panels + (at >> 5) * <usize>taps * segmentBytes;
      // The phase in the middle is in all outputs, once.
      const init = phase == 4 ? bias + at : zeros;
      const spans = allSpans + ((<usize>(phase / 3) * <usize>tiles) << 3);
      walk.pairs = tapPairs;
      walk.segmentGap = phaseRowBytes - ((<usize>tapPairs) << 2);
      let first = 0;
      while (first < tiles) {
        const end = endOfSpan(spans, first, tiles);
        const span = spans + ((<usize>first) << 3);
        const start = <usize>load<u32>(span);
        walk.segments = load<i32>(span, 4);
        tile(
          walk,
          lhs + start * phaseRowBytes,
          table + ((<usize>first) << 4),
          end - first,
          panel + start * segmentBytes,
          init,
          part + ((<usize>first) << 7),
        );
        first = end;
      }
      panels += (stride >> 5) * <usize>taps * segmentBytes;
      lhs += phaseBytes;
      part += partBytes;
    }
    combine(parts, partBytes, outRows, outWidth, sums + at, stride);
  }
  countPath(SUMMED_MINIMAL, outRows * outWidth, product.columns, 2 * product.allPairs());
}
