/*
 * Images as the tiled convolutions read them: with their zero padding around them (or, for a gradient by the input,
 * spread out with zeros in between), as planes of int16. An image that needs none of this is read where it lies.
 */
import { rootAbove, squares } from './norms';
import { copyDigits } from './pack';

// The frame at work: an image of `height` x `width` cells of `channels`, cell (y, x) going to row y * spreadY + top,
// column x * spreadX + left of a frame of frameHeight x frameWidth cells.
let height: i32 = 0;
let width: i32 = 0;
let channels: i32 = 0;
let frameHeight: i32 = 0;
let frameWidth: i32 = 0;
let top: i32 = 0;
let left: i32 = 0;
let spreadY: i32 = 1;
let spreadX: i32 = 1;

export function openImage(imageHeight: i32, imageWidth: i32, imageChannels: i32): void {
  height = imageHeight;
  width = imageWidth;
  channels = imageChannels;
}

export function openFrame(rows: i32, columns: i32, offsetY: i32, offsetX: i32, stepY: i32, stepX: i32): void {
  frameHeight = rows;
  frameWidth = columns;
  top = offsetY;
  left = offsetX;
  spreadY = stepY;
  spreadX = stepX;
}

export function imageHeight(): i32 {
  return height;
}

export function imageWidth(): i32 {
  return width;
}

/** The row of the frame that row `y` of the image goes to, and the column of its column `x`; either may lie outside. */
export function frameRow(y: i32): i32 {
  return y * spreadY + top;
}

export function frameColumn(x: i32): i32 {
  return x * spreadX + left;
}

/** First row of the frame that holds a row of the image, and the row after the last one: all others are padding. */
export function firstImageRow(): i32 {
  return min(max(top, 0), frameHeight);
}

export function endImageRow(): i32 {
  return max(min(top + (height - 1) * spreadY + 1, frameHeight), 0);
}

/** Copies the cells of an image of type T into the frame at `to`, one plane; what lies between them is left alone. */
export function frameImage<T>(from: usize, plane: i32, planes: i32, to: usize): void {
  const rowElements = width * channels;
  // Columns of the image that fall inside of the frame.
  const firstX = left < 0 ? (-left + spreadX - 1) / spreadX : 0;
  const endX = min(width, (frameWidth - left + spreadX - 1) / spreadX);
  if (firstX >= endX) return;
  for (let y = 0; y < height; y++) {
    const row = y * spreadY + top;
    if (<u32>row >= <u32>frameHeight) continue;
    const source = from + <usize>(y * rowElements) * sizeof<T>();
    const target = to + ((<usize>(row * frameWidth * channels)) << 1);
    if (spreadX == 1) {
      copyDigits<T>(
        source + <usize>(firstX * channels) * sizeof<T>(),
        (endX - firstX) * channels,
        plane,
        planes,
        target + ((<usize>((firstX + left) * channels)) << 1),
      );
      continue;
    }
    for (let x = firstX; x < endX; x++) {
      copyDigits<T>(
        source + <usize>(x * channels) * sizeof<T>(),
        channels,
        plane,
        planes,
        target + ((<usize>((x * spreadX + left) * channels)) << 1),
      );
    }
  }
}

/** The largest of the squares of single rows that `rowsRoot` left in the table. */
export function mostRowSquares(table: usize, rows: i32): u64 {
  let most: u64 = 0;
  for (let row = 0; row < rows; row++) most = max(most, load<u64>(table + ((<usize>row) << 3)));
  return most;
}

/**
 * An integer that is at least the norm of any stretch of `kernelHeight` rows (of `rowElements` int16, `rows` of them),
 * starting at multiples of `stride`. `table` has room for a u64 per row.
 */
export function rowsRoot(
  from: usize,
  rows: i32,
  rowElements: i32,
  kernelHeight: i32,
  stride: i32,
  table: usize,
): u64 {
  for (let row = 0; row < rows; row++) {
    store<u64>(table + ((<usize>row) << 3), squares(from + ((<usize>(row * rowElements)) << 1), rowElements));
  }
  let most: u64 = 0;
  for (let row = 0; row + kernelHeight <= rows; row += stride) {
    let sum: u64 = 0;
    for (let i = 0; i < kernelHeight; i++) sum += load<u64>(table + ((<usize>(row + i)) << 3));
    most = max(most, sum);
  }
  return rootAbove(most);
}
