/*
 * Philox4x32-10 (Salmon et al. 2011), four blocks at a time: a vector holds one word of four consecutive blocks, so the
 * sixteen words of a group leave in the order of the elements (docs/randomness.md). Keys and counters come from the
 * control block; the words of a run go to the thread's buffer, in element order, from the group of its first element.
 */
import { SCRATCH_KEYS, SCRATCH_RANDOM, SEED_HIGH, SEED_LOW, STEP_HIGH, STEP_LOW } from './layout';
import { scratch } from './thread';

const MULTIPLIER_0: u32 = 0xd2511f53;
const MULTIPLIER_1: u32 = 0xcd9e8d57;
const WEYL_0: u32 = 0x9e3779b9;
const WEYL_1: u32 = 0xbb67ae85;

/** Writes the key schedule of the seed: ten pairs of splats, read by every group. Once per run of a program. */
export function scheduleKeys(): void {
  let low = load<u32>(SEED_LOW);
  let high = load<u32>(SEED_HIGH);
  let at = scratch + SCRATCH_KEYS;
  for (let round = 0; round < 10; round++) {
    v128.store(at, i32x4.splat(low));
    v128.store(at, i32x4.splat(high), 16);
    low += WEYL_0;
    high += WEYL_1;
    at += 32;
  }
}

/**
 * High words of four products by a constant.
 * @inline
 */
function high(low: v128, above: v128): v128 {
  return v128.shuffle<i32>(low, above, 1, 3, 5, 7);
}

/**
 * Low words of four products by a constant.
 * @inline
 */
function low(below: v128, above: v128): v128 {
  return v128.shuffle<i32>(below, above, 0, 2, 4, 6);
}

/**
 * Fills `target` with the words of `groups` groups of four blocks, from group `first` on. With `halves`, each word's
 * two halves are two elements (lanes of the low halves, then lanes of the high halves); else a word is an element.
 * Round one of a group multiplies step words that no lane changes, so x1 and x3 start as splats.
 */
function fill(target: usize, first: u32, groups: i32, hash: u32, halves: bool): void {
  const keys = scratch + SCRATCH_KEYS;
  const m0 = i32x4.splat(MULTIPLIER_0);
  const m1 = i32x4.splat(MULTIPLIER_1);
  const site = i32x4.splat(hash);
  const stepLow = i32x4.splat(load<u32>(STEP_LOW));
  const stepHigh = i32x4.splat(load<u32>(STEP_HIGH));
  const elements = i8x16(0, 1, 4, 5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, 15);
  let block = i32x4.add(i32x4.splat(first << 2), i32x4(0, 1, 2, 3));
  for (; groups > 0; groups--) {
    let x0 = block;
    let x1 = site;
    let x2 = stepLow;
    let x3 = stepHigh;
    let key = keys;
    const end = keys + 320;
    do {
      const a = i64x2.extmul_low_i32x4_u(x0, m0);
      const b = i64x2.extmul_high_i32x4_u(x0, m0);
      const c = i64x2.extmul_low_i32x4_u(x2, m1);
      const d = i64x2.extmul_high_i32x4_u(x2, m1);
      x0 = v128.xor(v128.xor(high(c, d), x1), v128.load(key));
      x2 = v128.xor(v128.xor(high(a, b), x3), v128.load(key, 16));
      x1 = low(c, d);
      x3 = low(a, b);
      key += 32;
    } while (key < end);
    if (halves) {
      x0 = i8x16.swizzle(x0, elements);
      x1 = i8x16.swizzle(x1, elements);
      x2 = i8x16.swizzle(x2, elements);
      x3 = i8x16.swizzle(x3, elements);
    }
    v128.store(target, x0);
    v128.store(target, x1, 16);
    v128.store(target, x2, 32);
    v128.store(target, x3, 48);
    target += 64;
    block = i32x4.add(block, i32x4.splat(4));
  }
}

/**
 * Draws the 16-bit words of elements index .. index + count - 1 (at most RUN) of a site.
 * Returns the address of the first element's word; the others follow, two bytes each.
 */
export function draw16(hash: u32, index: u32, count: i32): usize {
  const first = index >>> 5;
  const last = (index + count - 1) >>> 5;
  fill(scratch + SCRATCH_RANDOM, first, last - first + 1, hash, true);
  return scratch + SCRATCH_RANDOM + ((index & 31) << 1);
}

/** The same with 32-bit words, four bytes each. */
export function draw32(hash: u32, index: u32, count: i32): usize {
  const first = index >>> 4;
  const last = (index + count - 1) >>> 4;
  fill(scratch + SCRATCH_RANDOM, first, last - first + 1, hash, false);
  return scratch + SCRATCH_RANDOM + ((index & 15) << 2);
}
