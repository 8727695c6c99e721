/* The inputs of a batch from its pixels: each byte becomes what a table of 256 elements has for it. */
import { COUNT, LHS, OUT, OUT_TYPE, RHS, SIZE, TYPE_I16 } from '../layout';
import { shareEnd, shareStart } from '../thread';

function lookUp<T>(record: usize): void {
  const total = load<i32>(COUNT) * load<i32>(record, SIZE);
  const table = load<u32>(record, RHS);
  const bytes = load<u32>(record, LHS);
  const out = load<u32>(record, OUT);
  const first = shareStart(total, 32);
  const end = shareEnd(total, 32);
  let from = bytes + first;
  const stop = bytes + end;
  let to = out + <usize>first * sizeof<T>();
  for (; from + 8 <= stop; from += 8) {
    store<T>(to, load<T>(table + <usize>load<u8>(from) * sizeof<T>()));
    store<T>(to, load<T>(table + <usize>load<u8>(from, 1) * sizeof<T>()), sizeof<T>());
    store<T>(to, load<T>(table + <usize>load<u8>(from, 2) * sizeof<T>()), 2 * sizeof<T>());
    store<T>(to, load<T>(table + <usize>load<u8>(from, 3) * sizeof<T>()), 3 * sizeof<T>());
    store<T>(to, load<T>(table + <usize>load<u8>(from, 4) * sizeof<T>()), 4 * sizeof<T>());
    store<T>(to, load<T>(table + <usize>load<u8>(from, 5) * sizeof<T>()), 5 * sizeof<T>());
    store<T>(to, load<T>(table + <usize>load<u8>(from, 6) * sizeof<T>()), 6 * sizeof<T>());
    store<T>(to, load<T>(table + <usize>load<u8>(from, 7) * sizeof<T>()), 7 * sizeof<T>());
    to += 8 * sizeof<T>();
  }
  for (; from < stop; from++) {
    store<T>(to, load<T>(table + <usize>load<u8>(from) * sizeof<T>()));
    to += sizeof<T>();
  }
}

/** Elements are copied bit by bit, so that of int32 and float32 one kind is enough. */
export function pixels(record: usize): void {
  if (load<i32>(record, OUT_TYPE) == TYPE_I16) lookUp<i16>(record);
  else lookUp<i32>(record);
}
