/* Which way products were summed: multiply-adds by path, counted per thread for the profiler, and read by nothing here. */
import { SCRATCH_PATHS } from '../layout';
import { bump } from '../convert/statistics';
import { scratch } from '../thread';

/** Adds `rows` x `columns` sums of `steps` products to the counter of `path`, a SUMMED_... */
export function countPath(path: usize, rows: i32, columns: i32, steps: i32): void {
  bump(scratch + SCRATCH_PATHS + path, <i64>rows * columns * steps);
}
