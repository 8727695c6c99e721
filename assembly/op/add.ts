/* Addition element by element: two tensors, each int16 or int32, aligned, summed exactly and converted once. */
import { finishSums } from '../convert/finish';
import {
  COUNT,
  LHS,
  LHS_TYPE,
  RHS,
  RHS_TYPE,
  RUN,
  SCRATCH_SUMS,
  SHIFT_LHS,
  SHIFT_RHS,
  SIZE,
  TYPE_F32,
  TYPE_I16,
} from '../layout';
import { scratch, shareEnd, shareStart } from '../thread';

function addOf<A, B, S>(record: usize): void {
  const total = load<i32>(COUNT) * load<i32>(record, SIZE);
  const end = shareEnd(total, 32);
  const sums = scratch + SCRATCH_SUMS;
  const shiftLhs = <i64>load<i32>(record, SHIFT_LHS);
  const shiftRhs = <i64>load<i32>(record, SHIFT_RHS);
  for (let start = shareStart(total, 32); start < end; start += RUN) {
    const length = min(end - start, RUN);
    let lhs = load<u32>(record, LHS) + <usize>start * sizeof<A>();
    let rhs = load<u32>(record, RHS) + <usize>start * sizeof<B>();
    for (let i = 0; i < length; i++) {
      const to = sums + <usize>i * sizeof<S>();
      if (isFloat<S>()) store<f32>(to, <f32>load<A>(lhs) + <f32>load<B>(rhs));
      else store<i64>(to, ((<i64>load<A>(lhs)) << shiftLhs) + ((<i64>load<B>(rhs)) << shiftRhs));
      lhs += sizeof<A>();
      rhs += sizeof<B>();
    }
    finishSums<S>(record, sums, start, length);
  }
}

export function add(record: usize): void {
  const lhs = load<i32>(record, LHS_TYPE);
  const narrow = load<i32>(record, RHS_TYPE) == TYPE_I16;
  if (lhs == TYPE_F32) addOf<f32, f32, f32>(record);
  else if (lhs == TYPE_I16 && narrow) addOf<i16, i16, i64>(record);
  else if (lhs == TYPE_I16) addOf<i16, i32, i64>(record);
  else if (narrow) addOf<i32, i16, i64>(record);
  else addOf<i32, i32, i64>(record);
}
