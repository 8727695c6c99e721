/**
 * A plan in the form of the kernels: records of its ops (records/) and of its rounding sites, and all the
 * regions around them. It is written once, when a session opens.
 */
import { wordLength } from '../../numerics/index.js';
import { elements, type Convert, type Plan } from '../../plan/index.js';
import { PIXEL_VALUES } from '../contract.js';
import type { KernelChoice } from './choice.js';
import * as layout from './layout.generated.js';
import { RecordWriter, type Pixels, type StepProgram, type Table } from './records/index.js';
import type { Regions } from './regions.js';

export interface Encoded {
  readonly tables: readonly Table[];
  readonly train: StepProgram;
  readonly evaluate: StepProgram;
  readonly pixels: Pixels;
  readonly coefficients: number;
  readonly losses: number;
  readonly correct: number;
  readonly statistics: number;
  readonly statisticsBytes: number;
  readonly scratch: number;
  readonly scratchBytes: number;
}

const MODES = {
  stochastic: layout.STOCHASTIC,
  'nearest-away': layout.NEAREST_AWAY,
  'nearest-even': layout.NEAREST_EVEN,
  'nearest-down': layout.NEAREST_DOWN,
  'nearest-up': layout.NEAREST_UP,
  floor: layout.FLOOR,
  'toward-zero': layout.TOWARD_ZERO,
} as const;

function encodeSite(site: Convert, words: Int32Array): void {
  const put = (field: number, value: number): void => {
    words[field >> 2] = value;
  };
  const { mode, randomBits } = site.rounding;
  put(layout.SITE_HASH, site.hash);
  put(layout.SITE_DROP, site.drop);
  put(layout.SITE_MODE, MODES[mode]);
  // The top `randomBits` bits of a word of `randomWidth`.
  put(
    layout.SITE_MASK,
    site.randomWidth === 16 ? (-1 << Math.max(0, 16 - randomBits)) & 0xffff : -1 << (32 - randomBits),
  );
  put(layout.SITE_WIDTH, site.randomWidth);
  put(layout.SITE_WL, wordLength(site.format));
  put(layout.SITE_OVERFLOW, site.overflow === 'wrap' ? layout.WRAP : layout.SATURATE);
  put(layout.SITE_TYPE, wordLength(site.format) <= 16 ? layout.TYPE_I16 : layout.TYPE_I32);
  put(layout.SITE_COUNTERS, site.statistics * layout.COUNTER_BYTES);
}

/** Encodes a plan for `threads` threads and allocates the regions that it needs besides the arena. */
export function encodePlan(
  plan: Plan,
  threads: number,
  arena: number,
  regions: Regions,
  choice: KernelChoice,
): Encoded {
  const siteWords = new Int32Array((plan.sites.length * layout.SITE_BYTES) >> 2);
  plan.sites.forEach((site, index) => {
    encodeSite(site, siteWords.subarray((index * layout.SITE_BYTES) >> 2));
  });
  const sites = regions.take(siteWords.length * 4);
  const writer = new RecordWriter(plan, threads, arena, sites, regions, choice);
  const { trainInput, evaluateInput } = plan;
  const inputs = [trainInput, evaluateInput].map((id) =>
    id === null ? 0 : elements(plan.tensors[id]!.shape),
  );
  const pixels = { bytes: regions.take(Math.max(...inputs)), table: regions.take(PIXEL_VALUES * 4) };
  const train = writer.program(plan.train, trainInput, pixels);
  const evaluate = writer.program(plan.evaluate, evaluateInput, pixels);
  // A cache line between the threads' regions, so that no two threads write to the same one.
  const statisticsBytes = plan.sites.length * layout.COUNTER_BYTES + 64;
  const { scratchBytes } = writer;
  return {
    tables: [{ address: sites, words: siteWords }, ...writer.tables],
    train,
    evaluate,
    pixels,
    coefficients: regions.take(plan.groups * 24),
    losses: regions.take(plan.batch * 8),
    correct: regions.take(plan.batch * 4),
    statistics: regions.take(statisticsBytes * threads),
    statisticsBytes,
    scratch: regions.take(scratchBytes * threads),
    scratchBytes,
  };
}
