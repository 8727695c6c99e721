/*
 * What the machine gives a WebAssembly thread at most: the two instructions of every int16 product, on registers alone.
 * AssemblyScript, compiled when the benchmark runs; native-peak.c is the same loop in C.
 */

/** `turns` times twelve dot products and additions, 96 multiply-adds a turn. Twelve sums hide the latency of both. */
export function loop(turns: i32): i32 {
  // Operands that change: what does not would be moved out of the loop.
  const b = i16x8.splat(3);
  let s0 = i32x4.splat(1);
  let s1 = i32x4.splat(2);
  let s2 = i32x4.splat(3);
  let s3 = i32x4.splat(4);
  let s4 = i32x4.splat(5);
  let s5 = i32x4.splat(6);
  let s6 = i32x4.splat(7);
  let s7 = i32x4.splat(8);
  let s8 = i32x4.splat(9);
  let s9 = i32x4.splat(10);
  let s10 = i32x4.splat(11);
  let s11 = i32x4.splat(12);
  for (let turn = 0; turn < turns; turn++) {
    s0 = i32x4.add(s0, i32x4.dot_i16x8_s(s0, b));
    s1 = i32x4.add(s1, i32x4.dot_i16x8_s(s1, b));
    s2 = i32x4.add(s2, i32x4.dot_i16x8_s(s2, b));
    s3 = i32x4.add(s3, i32x4.dot_i16x8_s(s3, b));
    s4 = i32x4.add(s4, i32x4.dot_i16x8_s(s4, b));
    s5 = i32x4.add(s5, i32x4.dot_i16x8_s(s5, b));
    s6 = i32x4.add(s6, i32x4.dot_i16x8_s(s6, b));
    s7 = i32x4.add(s7, i32x4.dot_i16x8_s(s7, b));
    s8 = i32x4.add(s8, i32x4.dot_i16x8_s(s8, b));
    s9 = i32x4.add(s9, i32x4.dot_i16x8_s(s9, b));
    s10 = i32x4.add(s10, i32x4.dot_i16x8_s(s10, b));
    s11 = i32x4.add(s11, i32x4.dot_i16x8_s(s11, b));
  }
  const a = v128.xor(v128.xor(s0, s1), v128.xor(s2, s3));
  const c = v128.xor(v128.xor(s4, s5), v128.xor(s6, s7));
  const d = v128.xor(v128.xor(s8, s9), v128.xor(s10, s11));
  return i32x4.extract_lane(v128.xor(v128.xor(a, c), d), 0);
}
