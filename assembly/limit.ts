/*
 * What products could reach at best: the two instructions of their inner loop on registers alone, with nothing to load,
 * pack, prove or convert. The profiler runs it between steps, as a record like any other, on all threads at once.
 *
 * Operands change in every turn, since a product that never does would be moved out of the loop. Both loops fill the 15
 * registers that the engine has for vectors; sums are stored one by one, since it spills some of those that are added up.
 */
import { PATH, PATH_FLOAT, SCRATCH_SUMS, SIZE } from './layout';
import { scratch } from './thread';

/** SIZE turns of LIMIT_MACS multiply-adds, LIMIT_FLOAT_MACS in float32. */
export function limit(record: usize): void {
  const turns = load<i32>(record, SIZE);
  const sums = scratch + SCRATCH_SUMS;
  if (load<i32>(record, PATH) == PATH_FLOAT) floats(turns, sums);
  else integers(turns, sums);
}

/**
 * Eight sums of products of four operands and two, as in tile.ts; the two change by an instruction each. They begin as
 * whatever lies in the scratch region: integers take the same time whatever they are.
 */
function integers(turns: i32, sums: usize): void {
  const a0 = v128.load(scratch);
  const a1 = v128.load(scratch, 16);
  const a2 = v128.load(scratch, 32);
  const a3 = v128.load(scratch, 48);
  let b0 = v128.load(scratch, 64);
  let b1 = v128.load(scratch, 80);
  let c00 = v128.load(scratch, 96);
  let c01 = v128.load(scratch, 112);
  let c10 = v128.load(scratch, 128);
  let c11 = v128.load(scratch, 144);
  let c20 = v128.load(scratch, 160);
  let c21 = v128.load(scratch, 176);
  let c30 = v128.load(scratch, 192);
  let c31 = v128.load(scratch, 208);
  do {
    c00 = i32x4.add(c00, i32x4.dot_i16x8_s(a0, b0));
    c01 = i32x4.add(c01, i32x4.dot_i16x8_s(a0, b1));
    c10 = i32x4.add(c10, i32x4.dot_i16x8_s(a1, b0));
    c11 = i32x4.add(c11, i32x4.dot_i16x8_s(a1, b1));
    c20 = i32x4.add(c20, i32x4.dot_i16x8_s(a2, b0));
    c21 = i32x4.add(c21, i32x4.dot_i16x8_s(a2, b1));
    c30 = i32x4.add(c30, i32x4.dot_i16x8_s(a3, b0));
    c31 = i32x4.add(c31, i32x4.dot_i16x8_s(a3, b1));
    b0 = v128.xor(b0, a0);
    b1 = v128.xor(b1, a1);
  } while (--turns);
  v128.store(sums, c00);
  v128.store(sums, c01, 16);
  v128.store(sums, c10, 32);
  v128.store(sums, c11, 48);
  v128.store(sums, c20, 64);
  v128.store(sums, c21, 80);
  v128.store(sums, c30, 96);
  v128.store(sums, c31, 112);
}

/**
 * Thirteen sums, each one another's operand in the next turn: many, since a product and a sum take longer than in integers.
 * They are 1, and what is added to them is lost: a sum that became infinite or denormal might take another time.
 */
function floats(turns: i32, sums: usize): void {
  const a = f32x4.splat(<f32>(1.0 / 1073741824.0));
  let c0 = f32x4.splat(1);
  let c1 = f32x4.splat(1);
  let c2 = f32x4.splat(1);
  let c3 = f32x4.splat(1);
  let c4 = f32x4.splat(1);
  let c5 = f32x4.splat(1);
  let c6 = f32x4.splat(1);
  let c7 = f32x4.splat(1);
  let c8 = f32x4.splat(1);
  let c9 = f32x4.splat(1);
  let c10 = f32x4.splat(1);
  let c11 = f32x4.splat(1);
  let c12 = f32x4.splat(1);
  do {
    c0 = f32x4.add(c0, f32x4.mul(a, c1));
    c1 = f32x4.add(c1, f32x4.mul(a, c2));
    c2 = f32x4.add(c2, f32x4.mul(a, c3));
    c3 = f32x4.add(c3, f32x4.mul(a, c4));
    c4 = f32x4.add(c4, f32x4.mul(a, c5));
    c5 = f32x4.add(c5, f32x4.mul(a, c6));
    c6 = f32x4.add(c6, f32x4.mul(a, c7));
    c7 = f32x4.add(c7, f32x4.mul(a, c8));
    c8 = f32x4.add(c8, f32x4.mul(a, c9));
    c9 = f32x4.add(c9, f32x4.mul(a, c10));
    c10 = f32x4.add(c10, f32x4.mul(a, c11));
    c11 = f32x4.add(c11, f32x4.mul(a, c12));
    c12 = f32x4.add(c12, f32x4.mul(a, c0));
  } while (--turns);
  v128.store(sums, c0);
  v128.store(sums, c1, 16);
  v128.store(sums, c2, 32);
  v128.store(sums, c3, 48);
  v128.store(sums, c4, 64);
  v128.store(sums, c5, 80);
  v128.store(sums, c6, 96);
  v128.store(sums, c7, 112);
  v128.store(sums, c8, 128);
  v128.store(sums, c9, 144);
  v128.store(sums, c10, 160);
  v128.store(sums, c11, 176);
  v128.store(sums, c12, 192);
}
