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
  RUN,
  SITE_DROP,
  SITE_HASH,
  SITE_MASK,
  SITE_MODE,
  SITE_OVERFLOW,
  SITE_TYPE,
  SITE_WIDTH,
  SITE_WL,
  STOCHASTIC,
  TYPE_I16,
  WRAP,
} from '../layout';
import { baseOf, evenOf, signOf } from './addend';
import { convertFour } from './four';
import { draw16, draw32 } from './philox';
import { bump, countersOf } from './statistics';

/** What is added to m before the `drop` low bits go; 0 < drop <= 62. */
function addend(site: usize, drop: i32, m: i64, word: u32): i64 {
  const mode = load<i32>(site, SITE_MODE);
  if (mode == STOCHASTIC) {
    const width = load<i32>(site, SITE_WIDTH);
    const kept = <i64>(word & load<u32>(site, SITE_MASK));
    return drop <= width ? kept >> (width - drop) : kept << (drop - width);
  }
  return baseOf(mode, drop) + ((m >> 63) & signOf(mode, drop)) + ((m >> drop) & evenOf(mode, drop));
}

/**
 * One element, counted except for its number. `word` is the element's random word. The floor of m * 2^-drop
 * plus the carry of the addend over the dropped bits alone: no sum here leaves 64 bits, whatever m.
 */
function convertOne(site: usize, m: i64, word: u32): i32 {
  const drop = load<i32>(site, SITE_DROP);
  const unused = 64 - load<i32>(site, SITE_WL);
  const most = i64.MAX_VALUE >> unused;
  const least = ~most;
  const counters = countersOf(site);
  let above: bool, below: bool;
  let raw: i64;
  if (drop > 0) {
    const rest = m & ~((<i64>-1) << drop);
    raw = (m >> drop) + ((rest + addend(site, drop, m, word)) >> drop);
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
  if (above || below) {
    bump(counters + (above ? COUNT_HIGH : COUNT_LOW), 1);
    if (load<i32>(site, SITE_OVERFLOW) == WRAP) raw = (raw << unused) >> unused;
    else raw = above ? most : least;
  }
  if (raw == 0 && m != 0) bump(counters + COUNT_FLUSHED, 1);
  const magnitude = raw < 0 ? -raw : raw;
  if (magnitude > load<i64>(counters, COUNT_MAGNITUDE)) store<i64>(counters, magnitude, COUNT_MAGNITUDE);
  return <i32>raw;
}

/** Draws the words of a run at the site (nothing for a mode that needs none); `wordOf` reads them. */
function drawSite(site: usize, index: u32, count: i32): usize {
  if (load<i32>(site, SITE_MODE) != STOCHASTIC || load<i32>(site, SITE_DROP) <= 0) return 0;
  const hash = load<u32>(site, SITE_HASH);
  return load<i32>(site, SITE_WIDTH) == 16 ? draw16(hash, index, count) : draw32(hash, index, count);
}

/** Word `i` of a drawn run. */
function wordOf(site: usize, words: usize, i: i32): u32 {
  if (words == 0) return 0;
  const width = load<i32>(site, SITE_WIDTH);
  return width == 16 ? <u32>load<u16>(words + ((<usize>i) << 1)) : load<u32>(words + ((<usize>i) << 2));
}

/** The elements of a run that the vector loop takes; 0 if it takes none. */
function vectors(site: usize, sums: usize, words: usize, out: usize, length: i32): i32 {
  const count = length & ~3;
  if (count == 0 || load<i32>(site, SITE_DROP) < 0) return 0;
  return convertFour<i64>(site, sums, 0, words, out, count) ? count : 0;
}

/**
 * Converts `count` exact sums (i64 each) into elements index .. of the tensor at `out`, whose element type is the site's.
 */
export function convertSums(site: usize, sums: usize, out: usize, index: u32, count: i32): void {
  const narrow = load<i32>(site, SITE_TYPE) == TYPE_I16;
  let target = out + ((<usize>index) << (narrow ? 1 : 2));
  while (count > 0) {
    const length = min(count, RUN);
    const words = drawSite(site, index, length);
    const first = vectors(site, sums, words, target, length);
    target += (<usize>first) << (narrow ? 1 : 2);
    for (let i = first; i < length; i++) {
      const raw = convertOne(site, load<i64>(sums + ((<usize>i) << 3)), wordOf(site, words, i));
      if (narrow) {
        store<i16>(target, <i16>raw);
        target += 2;
      } else {
        store<i32>(target, raw);
        target += 4;
      }
    }
    bump(countersOf(site) + COUNT_ELEMENTS, length - first);
    sums += (<usize>length) << 3;
    index += length;
    count -= length;
  }
}
