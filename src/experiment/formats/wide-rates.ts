/**
 * What a plan's formats would make of the float32 values of the same network: each value goes through the real conversion
 * of its rounding site, with random words by counter. An estimate: in fixed point the values would not be these very ones.
 */
import {
  floatsToFixed,
  parseSeed,
  RandomSite,
  siteHash,
  type Format,
  type Key,
  type Seed,
} from '../../numerics/index.js';
import type { Convert, Plan, Tensor } from '../../plan/index.js';
import type { MagnitudeCounts } from './magnitudes.js';

/** What happens to a tensor's elements: shares, 0 to 1. */
export interface RangeRates {
  /** Outside of the format after rounding. */
  readonly saturated: number;
  /** Not zero before rounding, zero after it. */
  readonly flushed: number;
  /** Parameters only: update not zero, parameter unchanged. */
  readonly swallowed: number | null;
}

interface Tally {
  elements: number;
  saturated: number;
  flushed: number;
  swallowed: number;
}

export class WideRates {
  /** Of the fixed-point network. */
  readonly plan: Plan;
  readonly #key: Key;
  readonly #sites: ReadonlyMap<string, Convert>;
  readonly #tallies = new Map<string, Tally>();

  constructor(plan: Plan, seed: Seed) {
    this.plan = plan;
    this.#key = parseSeed(seed);
    this.#sites = new Map(plan.sites.map((site) => [site.site, site]));
  }

  /** Counts the float32 values of a tensor after a step; scales gradients in place, as the fixed-point plan stores them. */
  add(tensor: Tensor, counts: MagnitudeCounts, values: Float32Array, step: number): void {
    const { name, role } = tensor;
    // A gradient is stored as 2^-gradientShift times the sum over the batch; in float32 as the sum.
    if (role === 'gradient') scale(values, 2 ** -this.plan.gradientShift);
    counts.addFloats(values);
    const site = this.#sites.get(name);
    if (site === undefined) return;
    const tally = this.#tally(name);
    const clean = values.map((value) => (Number.isNaN(value) ? 0 : value));
    const { fl } = site.format;
    const raws = this.#rounded(clean, site, step);
    const most = 2 ** (site.format.il + fl - 1);
    tally.elements += clean.length;
    for (let i = 0; i < raws.length; i++) {
      const raw = raws[i]!;
      if (raw >= most || raw < -most) tally.saturated++;
      if (raw === 0 && clean[i] !== 0) tally.flushed++;
    }
    const parameter = name.endsWith('.update')
      ? this.#sites.get(name.slice(0, -'.update'.length))
      : undefined;
    if (parameter) this.#countSwallowed(parameter, clean, raws, fl, step);
  }

  /** Shares of what was counted; none if the tensor is no rounding site. */
  rates({ name, role }: Tensor): RangeRates {
    const { elements, saturated, flushed } = this.#tally(name);
    const { swallowed, elements: updates } = this.#tally(`${name}.swallowed`);
    const share = (count: number, of: number): number => (of === 0 ? 0 : count / of);
    return {
      saturated: share(saturated, elements),
      flushed: share(flushed, elements),
      swallowed: role === 'weight' || role === 'bias' ? share(swallowed, updates) : null,
    };
  }

  /** A parameter is a multiple of its step: an update that rounds to zero steps leaves it as it is. */
  #countSwallowed(
    parameter: Convert,
    exact: Float32Array,
    updates: ArrayLike<number>,
    fl: number,
    step: number,
  ): void {
    const tally = this.#tally(`${parameter.site}.swallowed`);
    const unit = 2 ** -fl;
    const steps = this.#rounded(
      Float64Array.from(updates, (raw) => raw * unit),
      parameter,
      step,
    );
    tally.elements += exact.length;
    for (let i = 0; i < steps.length; i++) if (steps[i] === 0 && exact[i] !== 0) tally.swallowed++;
  }

  /** Raw integers of the site, before saturation as far as 32 bits reach. */
  #rounded(values: ArrayLike<number>, { site, format, rounding }: Convert, step: number): ArrayLike<number> {
    const widest: Format = { il: 32 - format.fl, fl: format.fl };
    return floatsToFixed(values, widest, rounding, new RandomSite(this.#key, siteHash(site), step, 32));
  }

  #tally(name: string): Tally {
    const known = this.#tallies.get(name);
    if (known) return known;
    const tally = { elements: 0, saturated: 0, flushed: 0, swallowed: 0 };
    this.#tallies.set(name, tally);
    return tally;
  }
}

function scale(values: Float32Array, factor: number): void {
  for (let i = 0; i < values.length; i++) values[i]! *= factor;
}
