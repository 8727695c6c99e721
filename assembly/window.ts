/* Windows that slide over an image: the fields of a record by name, and arithmetic along one axis. */
import { HEIGHT, OUT_CHANNELS } from './layout';

/**
 * The window of a record, read where it lies: these are the record's words from HEIGHT to OUT_CHANNELS. Each field is
 * a load; loops that store keep what they need in locals.
 */
@unmanaged
export class Window {
  height: i32;
  width: i32;
  channels: i32;
  kernelHeight: i32;
  kernelWidth: i32;
  strideY: i32;
  strideX: i32;
  padTop: i32;
  padLeft: i32;
  outHeight: i32;
  outWidth: i32;
  outChannels: i32;
}

/** The window of a record. */
export function openWindow(record: usize): Window {
  if (offsetof<Window>('outChannels') != OUT_CHANNELS - HEIGHT)
    ERROR('the window of a record has other fields');
  return changetype<Window>(record + HEIGHT);
}

/** First window whose span along an axis reaches `cell`; the last one is min(cell / stride, windows - 1). */
export function firstWindow(cell: i32, kernel: i32, stride: i32): i32 {
  return cell < kernel ? 0 : (cell - kernel) / stride + 1;
}
