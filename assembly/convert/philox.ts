/*
 * Philox4x32-10 (Salmon et al. 2011), four blocks at a time: a vector holds one word of four consecutive blocks, so the
 * sixteen words of a group leave in the order of the elements (docs/randomness.md). Keys and counters come from the
 * control block; the words of a run go to the thread's buffer, in element order, from the group of its first element.
 */
import {
  SCRATCH_GROUPS,
  SCRATCH_KEYS,
  SCRATCH_RANDOM,
  SEED_HIGH,
  SEED_LOW,
  STEP_HIGH,
  STEP_LOW,
} from '../layout';
import { scratch } from '../thread';

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
 * High words of the products of four lanes by a constant.
 * @inline
 */
function highProduct(x: v128, constant: v128): v128 {
  const below = i64x2.extmul_low_i32x4_u(x, constant);
  const above = i64x2.extmul_high_i32x4_u(x, constant);
  // Two lanes of each: one instruction for engines that know shufps.
  return v128.shuffle<i32>(below, above, 1, 3, 5, 7);
}

/** Low halves of the lanes, then high halves: the order of elements of 16 bits. */
function halvesOf(v: v128): v128 {
  return i8x16.swizzle(v, i8x16(0, 1, 4, 5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, 15));
}

/**
 * Writes the words of `count` groups of four blocks, those of the list at SCRATCH_GROUPS, counted from group `first`, to their
 * places in the buffer. With `halves`, each word's two halves are two elements (lanes of the low halves, then lanes of the
 * high halves); else a word is an element. Two groups at a time, because one alone waits for its own multiplications.
 *
 * Of the counter only the block differs between lanes, so the first two rounds multiply two words that all lanes share.
 */
function fill(first: u32, count: i32, hash: u32, halves: bool): void {
  const target = scratch + SCRATCH_RANDOM;
  let list = scratch + SCRATCH_GROUPS;
  // An odd last one is made twice.
  store<u32>(list + ((<usize>count) << 2), load<u32>(list + ((<usize>count - 1) << 2)));
  const keys = scratch + SCRATCH_KEYS;
  const m0 = i32x4.splat(MULTIPLIER_0);
  const m1 = i32x4.splat(MULTIPLIER_1);
  const product1 = <u64>MULTIPLIER_1 * load<u32>(STEP_LOW);
  const shared0 = (<u32>(product1 >> 32)) ^ hash ^ load<u32>(keys);
  const product2 = <u64>MULTIPLIER_0 * shared0;
  const shared1 = v128.xor(i32x4.splat(<u32>product1), v128.load(keys, 32));
  const shared2 = v128.xor(i32x4.splat(<u32>(product2 >> 32)), v128.load(keys, 48));
  const shared3 = i32x4.splat(<u32>product2);
  const stepKey = v128.xor(i32x4.splat(load<u32>(STEP_HIGH)), v128.load(keys, 16));
  const lanes = i32x4(0, 1, 2, 3);
  for (; count > 0; count -= 2) {
    const groupX = load<u32>(list);
    const groupY = load<u32>(list, 4);
    list += 8;
    let block = i32x4.add(i32x4.splat((first + groupX) << 2), lanes);
    const z = v128.xor(highProduct(block, m0), stepKey);
    let x0 = v128.xor(highProduct(z, m1), shared1);
    let x1 = i32x4.mul(z, m1);
    let x2 = v128.xor(i32x4.mul(block, m0), shared2);
    let x3 = shared3;
    block = i32x4.add(i32x4.splat((first + groupY) << 2), lanes);
    const w = v128.xor(highProduct(block, m0), stepKey);
    let y0 = v128.xor(highProduct(w, m1), shared1);
    let y1 = i32x4.mul(w, m1);
    let y2 = v128.xor(i32x4.mul(block, m0), shared2);
    let y3 = shared3;
    let key = keys + 64;
    do {
      let k = v128.load(key);
      const p0 = v128.xor(v128.xor(highProduct(x2, m1), x1), k);
      const q0 = v128.xor(v128.xor(highProduct(y2, m1), y1), k);
      x1 = i32x4.mul(x2, m1);
      y1 = i32x4.mul(y2, m1);
      k = v128.load(key, 16);
      x2 = v128.xor(v128.xor(highProduct(x0, m0), x3), k);
      y2 = v128.xor(v128.xor(highProduct(y0, m0), y3), k);
      x3 = i32x4.mul(x0, m0);
      y3 = i32x4.mul(y0, m0);
      x0 = p0;
      y0 = q0;
      key += 32;
    } while (key < keys + 320);
    const toX = target + ((<usize>groupX) << 6);
    v128.store(toX, halves ? halvesOf(x0) : x0);
    v128.store(toX, halves ? halvesOf(x1) : x1, 16);
    v128.store(toX, halves ? halvesOf(x2) : x2, 32);
    v128.store(toX, halves ? halvesOf(x3) : x3, 48);
    const toY = target + ((<usize>groupY) << 6);
    v128.store(toY, halves ? halvesOf(y0) : y0);
    v128.store(toY, halves ? halvesOf(y1) : y1, 16);
    v128.store(toY, halves ? halvesOf(y2) : y2, 32);
    v128.store(toY, halves ? halvesOf(y3) : y3, 48);
  }
}

/** Lists `groups` groups, all of a run. */
function listAll(groups: i32): void {
  const list = scratch + SCRATCH_GROUPS;
  let numbers = i32x4(0, 1, 2, 3);
  for (let i = 0; i < groups; i += 4) {
    v128.store(list + ((<usize>i) << 2), numbers);
    numbers = i32x4.add(numbers, i32x4.splat(4));
  }
}

/**
 * Draws the 16-bit words of elements index .. index + count - 1 (at most RUN) of a site.
 * Returns the address of the first element's word; the others follow, two bytes each.
 */
export function draw16(hash: u32, index: u32, count: i32): usize {
  const first = index >>> 5;
  const groups = ((index + count - 1) >>> 5) - first + 1;
  listAll(groups);
  fill(first, groups, hash, true);
  return scratch + SCRATCH_RANDOM + ((index & 31) << 1);
}

/** The same with 32-bit words, four bytes each. */
export function draw32(hash: u32, index: u32, count: i32): usize {
  const first = index >>> 4;
  const groups = ((index + count - 1) >>> 4) - first + 1;
  listAll(groups);
  fill(first, groups, hash, false);
  return scratch + SCRATCH_RANDOM + ((index & 15) << 2);
}

/** As draw32, for the `count` groups of 16 elements that the caller has listed, from element `index` on, a multiple of 16. */
export function drawListed32(hash: u32, index: u32, count: i32): usize {
  if (count) fill(index >>> 4, count, hash, false);
  return scratch + SCRATCH_RANDOM;
}
