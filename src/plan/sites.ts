/** The rounding sites of a plan: each is registered once, with its shift proved to be in range and its hash unique. */
import {
  cutsDown,
  siteHash,
  type Format,
  type Overflow,
  type Rounding,
  InputError,
} from '../numerics/index.js';
import { MAX_SHIFT } from './bits.js';
import type { Convert } from './types.js';

/** How a site rounds; ignored in float32, which has no formats. */
export interface SiteSettings {
  readonly rounding: Rounding;
  readonly overflow: Overflow;
}

/** True if an op divides exactly, because the rounding of its site cuts down; false in float32, which has no sites. */
export function divides(convert: Convert | null): boolean {
  return convert !== null && cutsDown(convert.rounding);
}

export class SiteRegistry {
  readonly #list: Convert[] = [];
  readonly #names = new Map<number, string>();

  /** Every rounding site so far, in the order of their counters. */
  get list(): readonly Convert[] {
    return this.#list;
  }

  /** Registers the site that rounds exact integers with `from` fraction bits to `format`. */
  add(site: string, from: number, format: Format, settings: SiteSettings): Convert {
    const drop = from - format.fl;
    if (drop > MAX_SHIFT || drop < -MAX_SHIFT) {
      throw new InputError(
        `${site}: a site shifts by at most ${String(MAX_SHIFT)} bits, got ${String(from)} fraction bits into ${String(format.fl)}; choose formats with closer fraction bits`,
      );
    }
    const convert: Convert = {
      site,
      hash: this.claim(site),
      from,
      format,
      drop,
      rounding: settings.rounding,
      overflow: settings.overflow,
      randomWidth: drop <= 16 ? 16 : 32,
      statistics: this.#list.length,
    };
    this.#list.push(convert);
    return convert;
  }

  /** The hash of a site's name; two names with one hash would draw the same random bits. */
  claim(site: string): number {
    const hash = siteHash(site);
    const owner = this.#names.get(hash);
    if (owner !== undefined && owner !== site) {
      throw new InputError(
        `${site}: its random site has the same hash as ${owner}; rename one of the layers`,
      );
    }
    this.#names.set(hash, site);
    return hash;
  }
}
