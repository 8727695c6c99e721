/* The end of a run of sums: exact integers are converted at the op's site, float32 sums are stored as they are. */
import { convertSums } from './convert';
import { CONVERT, OUT } from '../layout';

/** Writes `count` sums, i64 or f32 by S, to elements index .. of the op's result. */
export function finishSums<S>(record: usize, sums: usize, index: u32, count: i32): void {
  if (isFloat<S>()) {
    memory.copy(load<u32>(record, OUT) + ((<usize>index) << 2), sums, (<usize>count) << 2);
  } else {
    convertSums(load<u32>(record, CONVERT), sums, load<u32>(record, OUT), index, count);
  }
}
