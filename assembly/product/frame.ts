/*
 * Images as the tiled convolutions read them: with their zero padding around them (or, for a gradient by the input,
 * spread out with zeros in between), as planes of int16. An image that needs none of this is read in place.
 */
import {
  LHS,
  LHS_TYPE,
  MINIMAL,
  SCRATCH_FRAME,
  SCRATCH_PHASES,
  TYPE_F32,
  TYPE_I16,
  TYPE_I32,
} from '../layout';
import { openWindow } from '../window';
import { scratch } from '../thread';
import { openPhases } from './minimal';
import { copyDigits } from './pack';

/** What a convolution slides over: images, the frame that each is laid in, and the positions of the kernel in it. */
@unmanaged
export class Frame {
  imageHeight: i32;
  imageWidth: i32;
  channels: i32;
  /** Address of the first image, and the bytes of one. */
  images: usize;
  imageBytes: usize;

  /** Cell (y, x) of the image goes to row y * spreadY + top, column x * spreadX + left; either may lie outside. */
  height: i32;
  width: i32;
  top: i32;
  left: i32;
  spreadY: i32;
  spreadX: i32;
  /** The image is its own frame. */
  inPlace: bool;
  /** Elements of a cell of the frame. They are int16: a float32 counts as two. */
  cellElements: i32;
  rowBytes: usize;
  bytes: usize;

  /** Positions of the kernel, and the cells from one to the next. */
  outHeight: i32;
  outWidth: i32;
  strideY: i32;
  strideX: i32;
  /** Sums of a position. */
  columns: i32;

  /** First row of the frame that holds a row of the image, and the row after the last one: all others are padding. */
  firstImageRow(): i32 {
    return min(max(this.top, 0), this.height);
  }

  endImageRow(): i32 {
    return max(min(this.top + (this.imageHeight - 1) * this.spreadY + 1, this.height), 0);
  }
}

/**
 * The thread's frame for the convolution of a record or its gradient by the weight; `turned`: for the gradient by the
 * input. That is the convolution of dOutput, spread out by the stride and padded, with the kernel turned around and its
 * channels exchanged: cell (y, x) of dOutput meets tap (i, j) at y * stride + i - pad, which is, turned around, at row
 * y * stride - pad + KH - 1 - i'.
 */
export function openFrame(record: usize, turned: bool): Frame {
  if (<i32>offsetof<Frame>() > SCRATCH_PHASES - SCRATCH_FRAME)
    ERROR('a frame needs more of the scratch region');
  const frame = changetype<Frame>(scratch + SCRATCH_FRAME);
  const window = openWindow(record);
  const type = load<i32>(record, LHS_TYPE);
  const kernelHeight = window.kernelHeight;
  const kernelWidth = window.kernelWidth;
  if (turned) {
    frame.imageHeight = window.outHeight;
    frame.imageWidth = window.outWidth;
    frame.channels = window.outChannels;
    frame.top = kernelHeight - 1 - window.padTop;
    frame.left = kernelWidth - 1 - window.padLeft;
    frame.spreadY = window.strideY;
    frame.spreadX = window.strideX;
    frame.outHeight = window.height;
    frame.outWidth = window.width;
    frame.strideY = 1;
    frame.strideX = 1;
    frame.columns = window.channels;
  } else {
    frame.imageHeight = window.height;
    frame.imageWidth = window.width;
    frame.channels = window.channels;
    frame.top = window.padTop;
    frame.left = window.padLeft;
    frame.spreadY = 1;
    frame.spreadX = 1;
    frame.outHeight = window.outHeight;
    frame.outWidth = window.outWidth;
    frame.strideY = window.strideY;
    frame.strideX = window.strideX;
    frame.columns = window.outChannels;
  }
  const elements = frame.imageHeight * frame.imageWidth * frame.channels;
  frame.images = load<u32>(record, LHS);
  frame.imageBytes = (<usize>elements) << (type == TYPE_I16 ? 1 : 2);

  // Rows and columns of cells that some position meets.
  let height = (frame.outHeight - 1) * frame.strideY + kernelHeight;
  let width = (frame.outWidth - 1) * frame.strideX + kernelWidth;
  const isPadded = turned || frame.top != 0 || frame.left != 0;
  const isInside = height <= frame.imageHeight && width <= frame.imageWidth;
  const minimal = load<i32>(record, MINIMAL) != 0;
  frame.inPlace = !isPadded && isInside && !minimal && type != TYPE_I32;
  if (frame.inPlace) {
    height = frame.imageHeight;
    width = frame.imageWidth;
  } else if (minimal) {
    const phases = openPhases(frame.outHeight, frame.outWidth, kernelHeight, kernelWidth, frame.channels);
    height = phases.frameHeight();
    width = phases.frameCells;
  }
  frame.height = height;
  frame.width = width;
  frame.cellElements = type == TYPE_F32 ? 2 * frame.channels : frame.channels;
  frame.rowBytes = (<usize>(width * frame.cellElements)) << 1;
  frame.bytes = <usize>height * frame.rowBytes;
  return frame;
}

/** Copies the cells of an image of type T into the frame at `to`, one plane; what lies between them is left alone. */
export function frameImage<T>(frame: Frame, from: usize, plane: i32, planes: i32, to: usize): void {
  const elements = frame.cellElements;
  const rowElements = frame.imageWidth * elements;
  const left = frame.left;
  const spreadX = frame.spreadX;
  // Columns of the image that fall inside of the frame.
  const firstX = left < 0 ? (-left + spreadX - 1) / spreadX : 0;
  const endX = min(frame.imageWidth, (frame.width - left + spreadX - 1) / spreadX);
  if (firstX >= endX) return;
  for (let y = 0; y < frame.imageHeight; y++) {
    const row = y * frame.spreadY + frame.top;
    if (<u32>row >= <u32>frame.height) continue;
    const source = from + <usize>(y * rowElements) * sizeof<T>();
    const target = to + <usize>row * frame.rowBytes;
    if (spreadX == 1) {
      copyDigits<T>(
        source + <usize>(firstX * elements) * sizeof<T>(),
        (endX - firstX) * elements,
        plane,
        planes,
        target + ((<usize>((firstX + left) * elements)) << 1),
      );
      continue;
    }
    for (let x = firstX; x < endX; x++) {
      copyDigits<T>(
        source + <usize>(x * elements) * sizeof<T>(),
        elements,
        plane,
        planes,
        target + ((<usize>((x * spreadX + left) * elements)) << 1),
      );
    }
  }
}
