/* ReLU forward and backward (exact, SIMD, may be in place), dropout. */
import { finishSums } from '../convert/finish';
import {
  COUNT,
  DIVIDES,
  EXTRA,
  LHS,
  LHS_TYPE,
  OUT,
  RHS,
  RHS_TYPE,
  RUN,
  SCALE,
  SCRATCH_SUMS,
  SIZE,
  THRESHOLD,
  TYPE_F32,
  TYPE_I16,
} from '../layout';
import { draw16 } from '../convert/philox';
import { quotient } from '../convert/quotient';
import { scratch, shareEnd, shareStart } from '../thread';

/** max(x, 0) of one vector of T. In float32 a NaN stays: max propagates it. */
function positive<T>(x: v128): v128 {
  return v128.max<T>(x, v128.splat<T>(0));
}

function reluOf<T>(record: usize): void {
  const total = load<i32>(COUNT) * load<i32>(record, SIZE);
  const first = shareStart(total, 32);
  const end = shareEnd(total, 32);
  let from = load<u32>(record, LHS) + <usize>first * sizeof<T>();
  let to = load<u32>(record, OUT) + <usize>first * sizeof<T>();
  const stop = to + <usize>(end - first) * sizeof<T>();
  while (to + 16 <= stop) {
    v128.store(to, positive<T>(v128.load(from)));
    from += 16;
    to += 16;
  }
  while (to < stop) {
    store<T>(to, max<T>(load<T>(from), 0));
    from += sizeof<T>();
    to += sizeof<T>();
  }
}

export function relu(record: usize): void {
  const type = load<i32>(record, LHS_TYPE);
  if (type == TYPE_I16) reluOf<i16>(record);
  else if (type == TYPE_F32) reluOf<f32>(record);
  else reluOf<i32>(record);
}

/** LHS is the forward output of type A, RHS is dOutput of type T, as is the result. */
function reluGradientOf<A, T>(record: usize): void {
  const total = load<i32>(COUNT) * load<i32>(record, SIZE);
  let i = shareStart(total, 32);
  const end = shareEnd(total, 32);
  const output = load<u32>(record, LHS);
  const dOutput = load<u32>(record, RHS);
  const out = load<u32>(record, OUT);
  if (sizeof<A>() == sizeof<T>()) {
    const lanes: i32 = 16 / sizeof<T>();
    for (; i + lanes <= end; i += lanes) {
      const at = <usize>i * sizeof<T>();
      const alive = v128.gt<A>(v128.load(output + at), v128.splat<A>(0));
      v128.store(out + at, v128.and(alive, v128.load(dOutput + at)));
    }
  }
  for (; i < end; i++) {
    const alive = load<A>(output + <usize>i * sizeof<A>()) > 0;
    const at = <usize>i * sizeof<T>();
    store<T>(out + at, alive ? load<T>(dOutput + at) : 0);
  }
}

export function reluGradient(record: usize): void {
  const output = load<i32>(record, LHS_TYPE);
  const narrow = load<i32>(record, RHS_TYPE) == TYPE_I16;
  if (output == TYPE_F32) reluGradientOf<f32, f32>(record);
  else if (output == TYPE_I16 && narrow) reluGradientOf<i16, i16>(record);
  else if (output == TYPE_I16) reluGradientOf<i16, i32>(record);
  else if (narrow) reluGradientOf<i32, i16>(record);
  else reluGradientOf<i32, i32>(record);
}

/** Elements whose 16-bit word at the mask's site is below the threshold become 0, the others are scaled. */
function dropoutOf<T, S>(record: usize): void {
  const total = load<i32>(COUNT) * load<i32>(record, SIZE);
  const end = shareEnd(total, 32);
  const sums = scratch + SCRATCH_SUMS;
  const threshold = load<i32>(record, THRESHOLD);
  const divides = load<i32>(record, DIVIDES) != 0;
  const scale: S = isFloat<S>()
    ? <S>(<f32>load<i32>(record, SCALE) * <f32>(1.0 / 16777216.0))
    : <S>load<i32>(record, SCALE);
  for (let start = shareStart(total, 32); start < end; start += RUN) {
    const length = min(end - start, RUN);
    // The words are used up here, before the rounding site draws its own into the same buffer.
    const words = draw16(load<u32>(record, EXTRA), start, length);
    let from = load<u32>(record, LHS) + <usize>start * sizeof<T>();
    for (let i = 0; i < length; i++) {
      const kept = <i32>load<u16>(words + ((<usize>i) << 1)) >= threshold;
      let value: S = 0;
      if (kept) {
        value = <S>load<T>(from);
        if (!isFloat<S>() && divides) value = <S>quotient((<i64>value) << 16, 65536 - threshold, 24);
        else value *= scale;
      }
      store<S>(sums + <usize>i * sizeof<S>(), value);
      from += sizeof<T>();
    }
    finishSums<S>(record, sums, start, length);
  }
}

export function dropout(record: usize): void {
  const type = load<i32>(record, LHS_TYPE);
  if (type == TYPE_I16) dropoutOf<i16, i64>(record);
  else if (type == TYPE_F32) dropoutOf<f32, f32>(record);
  else dropoutOf<i32, i64>(record);
}
