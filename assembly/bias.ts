/* The gradient of a bias: column sums of an error over all its rows. Shares are columns: a sum is one thread's work. */
import { finishSums } from './finish';
import { COUNT, LHS, LHS_TYPE, N, RUN, SCRATCH_SUMS, SIZE, TYPE_F32, TYPE_I16 } from './layout';
import { scratch, shareEnd, shareStart } from './thread';

function biasGradientOf<T, S>(record: usize): void {
  const n = load<i32>(record, N);
  const rows = load<i32>(COUNT) * load<i32>(record, SIZE);
  const sums = scratch + SCRATCH_SUMS;
  const end = shareEnd(n, 32);
  for (let start = shareStart(n, 32); start < end; start += RUN) {
    const length = min(end - start, RUN);
    memory.fill(sums, 0, <usize>length * sizeof<S>());
    let from = load<u32>(record, LHS) + <usize>start * sizeof<T>();
    for (let row = 0; row < rows; row++) {
      for (let i = 0; i < length; i++) {
        const at = sums + <usize>i * sizeof<S>();
        store<S>(at, load<S>(at) + <S>load<T>(from + <usize>i * sizeof<T>()));
      }
      from += <usize>n * sizeof<T>();
    }
    finishSums<S>(record, sums, start, length);
  }
}

export function biasGradient(record: usize): void {
  const type = load<i32>(record, LHS_TYPE);
  if (type == TYPE_I16) biasGradientOf<i16, i64>(record);
  else if (type == TYPE_F32) biasGradientOf<f32, f32>(record);
  else biasGradientOf<i32, i64>(record);
}
