/* Operands of a weight gradient as pairs of neighbours along x: cells of images (rows of A) and errors (panels of B). */
import { interleave } from './pack';

/**
 * Interleaves two cells of `count` int16 channels into pairs, eight channels at `to`, four more each `apart` bytes on. Whole
 * vectors are read; where channels are not in fours, whole vectors are written too: what lies past the last channel is
 * overwritten by the next cell, or is slack.
 */
function pairCells(first: usize, second: usize, count: i32, to: usize, apart: usize): void {
  for (let c = 0; c < count; c += 8) {
    const a = v128.load(first);
    const b = v128.load(second);
    v128.store(to, v128.shuffle<i16>(a, b, 0, 8, 1, 9, 2, 10, 3, 11));
    to += apart;
    if (apart == 16 || c + 4 < count) v128.store(to, v128.shuffle<i16>(a, b, 4, 12, 5, 13, 6, 14, 7, 15));
    to += apart;
    first += 16;
    second += 16;
  }
}

/**
 * One copy of a framed image as pairs: `rows` rows of `across` pairs of cells from column `start`, `gap` apart. Pairs of
 * `lanes` channels lie together, the next `lanes` of them `blockBytes` on.
 */
export function pairColumns(
  frame: usize,
  rows: i32,
  rowBytes: usize,
  across: i32,
  start: i32,
  gap: i32,
  channels: i32,
  lanes: i32,
  blockBytes: usize,
  to: usize,
): void {
  const cellBytes = (<usize>channels) << 1;
  const apart: usize = lanes == channels && lanes != 4 ? 16 : blockBytes;
  for (let row = 0; row < rows; row++) {
    let first = frame + <usize>row * rowBytes + <usize>start * cellBytes;
    if (channels == 1 && gap == 1) {
      // The pairs of neighbours are the row itself.
      memory.copy(to, first, (<usize>across) << 2);
      to += (<usize>across) << 2;
      continue;
    }
    for (let q = 0; q < across; q++) {
      pairCells(first, first + <usize>gap * cellBytes, channels, to, apart);
      first += 2 * <usize>gap * cellBytes;
      to += (<usize>lanes) << 2;
    }
  }
}

/** dOutput of one image as panels: pairs of positions along x, the last one alone with 0. */
export function packErrors(
  from: usize,
  rows: i32,
  width: i32,
  channels: i32,
  to: usize,
  panelBytes: usize,
): void {
  const cellBytes = (<usize>channels) << 1;
  for (let column = 0; column < channels; column += 8) {
    let cell = from + ((<usize>column) << 1);
    let at = to;
    for (let row = 0; row < rows; row++) {
      for (let x = 1; x < width; x += 2) {
        interleave(at, v128.load(cell), v128.load(cell + cellBytes));
        cell += cellBytes << 1;
        at += 32;
      }
      if (width & 1) {
        interleave(at, v128.load(cell), i16x8.splat(0));
        cell += cellBytes;
        at += 32;
      }
    }
    to += panelBytes;
  }
}
