/**
 * Counts what the conversion of inputs loses, as the backends count it at every rounding site: the inputs are
 * converted before they reach a session. Real values are counted; pixels too if the format cannot hold 1.
 */
import type { SiteStatistics } from '../backend/index.js';
import type { DataSet } from '../data/index.js';
import { maxRaw, minRaw, type Format } from '../numerics/index.js';

/** What the inputs of one pass were, beside the format they had to fit. */
export interface InputCounts {
  readonly format: Format;
  readonly elements: number;
  /** Values that are a whole unit or more outside of the format: 1 in <1,15> is not one of them. */
  readonly outside: number;
  readonly lowest: number;
  readonly highest: number;
}

type Counts = Omit<SiteStatistics, 'site'>;

const NONE: Counts = {
  ...{ elements: 0, saturatedHigh: 0, saturatedLow: 0, flushed: 0, maxMagnitude: 0 },
  ...{ swallowed: 0, gradients: 0, swallowedGradients: 0 },
};

/** The counters of one input tensor. */
export class InputCounter {
  readonly site: string;
  readonly format: Format;
  #counts = { ...NONE };
  #pass = { elements: 0, outside: 0, lowest: Infinity, highest: -Infinity };

  constructor(site: string, format: Format) {
    this.site = site;
    this.format = format;
  }

  /** Adds features and the raw integers that they became. */
  add(features: DataSet['features'], raws: ArrayLike<number>): void {
    const counts = { ...this.#counts };
    const pass = { ...this.#pass };
    const scale = 2 ** this.format.fl;
    const [low, high] = [minRaw(this.format), maxRaw(this.format)];
    const divisor = features instanceof Uint8Array ? 255 : 1;
    for (let i = 0; i < features.length; i++) {
      const value = features[i]! / divisor;
      const exact = value * scale;
      const raw = raws[i]!;
      // Ties go to the even neighbour, which is outside above the largest raw and inside below the smallest.
      if (exact >= high + 0.5) counts.saturatedHigh++;
      else if (exact < low - 0.5) counts.saturatedLow++;
      else if (raw === 0 && value !== 0) counts.flushed++;
      if (exact > high + 1 || exact < low - 1) pass.outside++;
      if (value < pass.lowest) pass.lowest = value;
      if (value > pass.highest) pass.highest = value;
      counts.maxMagnitude = Math.max(counts.maxMagnitude, Math.abs(raw));
    }
    counts.elements += features.length;
    pass.elements += features.length;
    this.#counts = counts;
    this.#pass = pass;
  }

  /** The counters since the last reading. */
  read(): SiteStatistics {
    const counts = this.#counts;
    this.#counts = { ...NONE };
    return { site: this.site, ...counts };
  }

  /** What this pass has counted so far; the next call begins another pass. */
  endPass(): InputCounts {
    const pass = { ...this.#pass, format: this.format };
    this.#pass = { elements: 0, outside: 0, lowest: Infinity, highest: -Infinity };
    return pass;
  }
}
