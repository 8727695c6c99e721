/*
 * Convert: runs of exact sums become elements of a format, and are counted. The meaning is src/numerics/convert.ts;
 * docs/numerics.md, section "Convert", derives it. All modes are (m + addend(m, R)) >> drop with 0 <= addend < 2^drop.
 */
import {
  COUNT_ELEMENTS,
  COUNT_FLUSHED,
  COUNT_HIGH,
  COUNT_LOW,
  COUNT_MAGNITUDE,
  NEAREST_AWAY,
  NEAREST_DOWN,
  NEAREST_EVEN,
  NEAREST_UP,
  RUN,
  SITE_COUNTERS,
  SITE_DROP,
  SITE_HASH,
  SITE_MASK,
  SITE_MODE,
  SITE_OVERFLOW,
  SITE_TYPE,
  SITE_WIDTH,
  SITE_WL,
  STOCHASTIC,
  TOWARD_ZERO,
  TYPE_I16,
  WRAP,
} from '../layout';
import { convertVectors } from './wide';
import { draw16, draw32 } from './philox';
import { statistics } from '../thread';

// The site at work.
let drop: i32 = 0;
let mode: i32 = 0;
let mask: u32 = 0;
let width: i32 = 0;
let unused: i32 = 0; // 64 - WL
let least: i64 = 0;
let most: i64 = 0;
let wraps: bool = false;
let counters: usize = 0;

/** Makes a site the one at work for `convertOne`. */
function openSite(site: usize): void {
  drop = load<i32>(site, SITE_DROP);
  mode = load<i32>(site, SITE_MODE);
  mask = load<u32>(site, SITE_MASK);
  width = load<i32>(site, SITE_WIDTH);
  unused = 64 - load<i32>(site, SITE_WL);
  most = ~((<i64>-1) << (63 - unused));
  least = ~most;
  wraps = load<i32>(site, SITE_OVERFLOW) == WRAP;
  counters = statistics + load<u32>(site, SITE_COUNTERS);
}

/** What is added to m before the `drop` low bits go; 0 < drop <= 62. */
function addend(m: i64, word: u32): i64 {
  const one = (<i64>1) << drop;
  const half = one >> 1;
  if (mode == STOCHASTIC) {
    const kept = <i64>(word & mask);
    return drop <= width ? kept >> (width - drop) : kept << (drop - width);
  }
  if (mode == NEAREST_AWAY) return half + (m >> 63);
  if (mode == NEAREST_EVEN) return half - 1 + ((m >> drop) & 1);
  if (mode == NEAREST_DOWN) return half - 1;
  if (mode == NEAREST_UP) return half;
  if (mode == TOWARD_ZERO) return (m >> 63) & (one - 1);
  return 0;
}

/**
 * One element, counted. `word` is the element's random word. The floor of m * 2^-drop plus the carry of the addend
 * over the dropped bits alone: no sum here leaves 64 bits, whatever m.
 */
function convertOne(m: i64, word: u32): i32 {
  let above: bool, below: bool;
  let raw: i64;
  if (drop > 0) {
    const rest = m & ~((<i64>-1) << drop);
    raw = (m >> drop) + ((rest + addend(m, word)) >> drop);
    above = raw > most;
    below = raw < least;
  } else {
    const left = -drop;
    if (left < 64) {
      above = m > most >> left;
      below = m < -(-least >> left);
      raw = m << left;
    } else {
      above = m > 0;
      below = m < 0;
      raw = 0;
    }
  }
  if (above) {
    store<i64>(counters, load<i64>(counters, COUNT_HIGH) + 1, COUNT_HIGH);
    raw = wraps ? (raw << unused) >> unused : most;
  } else if (below) {
    store<i64>(counters, load<i64>(counters, COUNT_LOW) + 1, COUNT_LOW);
    raw = wraps ? (raw << unused) >> unused : least;
  }
  if (raw == 0 && m != 0) store<i64>(counters, load<i64>(counters, COUNT_FLUSHED) + 1, COUNT_FLUSHED);
  const magnitude = raw < 0 ? -raw : raw;
  if (magnitude > load<i64>(counters, COUNT_MAGNITUDE)) store<i64>(counters, magnitude, COUNT_MAGNITUDE);
  return <i32>raw;
}

/** Counts elements that `convertOne` converted. */
function countElements(count: i32): void {
  store<i64>(counters, load<i64>(counters, COUNT_ELEMENTS) + count, COUNT_ELEMENTS);
}

/** Draws the words of a run at the site (nothing for a mode that needs none); `wordOf` reads them. */
function drawSite(site: usize, index: u32, count: i32): usize {
  if (load<i32>(site, SITE_MODE) != STOCHASTIC || load<i32>(site, SITE_DROP) <= 0) return 0;
  const hash = load<u32>(site, SITE_HASH);
  return load<i32>(site, SITE_WIDTH) == 16 ? draw16(hash, index, count) : draw32(hash, index, count);
}

/** Word `i` of a drawn run. */
function wordOf(words: usize, i: i32): u32 {
  if (words == 0) return 0;
  return width == 16 ? <u32>load<u16>(words + ((<usize>i) << 1)) : load<u32>(words + ((<usize>i) << 2));
}

/** The elements of a run that the vector loop takes; 0 where it takes none. */
function vectors(site: usize, sums: usize, words: usize, out: usize, length: i32): i32 {
  const count = length & ~3;
  if (count == 0 || load<i32>(site, SITE_DROP) < 0) return 0;
  const narrow = load<i32>(site, SITE_TYPE) == TYPE_I16;
  let done: bool;
  if (load<i32>(site, SITE_WIDTH) == 16) {
    if (narrow) done = convertVectors<i16, u16>(site, sums, words, out, count);
    else done = convertVectors<i32, u16>(site, sums, words, out, count);
  } else {
    if (narrow) done = convertVectors<i16, u32>(site, sums, words, out, count);
    else done = convertVectors<i32, u32>(site, sums, words, out, count);
  }
  return done ? count : 0;
}

/**
 * Converts `count` exact sums (i64 each) into elements index .. of the tensor at `out`, whose element type is the site's.
 */
export function convertSums(site: usize, sums: usize, out: usize, index: u32, count: i32): void {
  openSite(site);
  const narrow = load<i32>(site, SITE_TYPE) == TYPE_I16;
  let target = out + ((<usize>index) << (narrow ? 1 : 2));
  while (count > 0) {
    const length = min(count, RUN);
    const words = drawSite(site, index, length);
    const first = vectors(site, sums, words, target, length);
    target += (<usize>first) << (narrow ? 1 : 2);
    for (let i = first; i < length; i++) {
      const raw = convertOne(load<i64>(sums + ((<usize>i) << 3)), wordOf(words, i));
      if (narrow) {
        store<i16>(target, <i16>raw);
        target += 2;
      } else {
        store<i32>(target, raw);
        target += 4;
      }
    }
    countElements(length - first);
    sums += (<usize>length) << 3;
    index += length;
    count -= length;
  }
}
