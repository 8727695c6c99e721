/** Adds four i32 lanes to four i64 sums. */
export function widen(sums: usize, v: v128): void {
  v128.store(sums, i64x2.add(v128.load(sums), i64x2.extend_low_i32x4_s(v)));
  v128.store(sums, i64x2.add(v128.load(sums, 16), i64x2.extend_high_i32x4_s(v)), 16);
}
