/* Windows that slide along an axis. */

/** First window whose span along an axis reaches `cell`; the last one is min(cell / stride, windows - 1). */
export function firstWindow(cell: i32, kernel: i32, stride: i32): i32 {
  return cell < kernel ? 0 : (cell - kernel) / stride + 1;
}
