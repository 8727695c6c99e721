/**
 * Takes bits away while the error stays within a budget: first from all layers of a role at once, by
 * bisection, then from single roles of layers, those that store the most first. This file only searches; the
 * caller defines a trial. docs/formats.md, section "Advice".
 */
import { wordLength, type Format } from '../../numerics/index.js';
import type { Role } from '../../plan/index.js';
import {
  bitTotals,
  formatOf,
  withFittingBiases,
  type BitTotals,
  type FormatGroup,
  type GroupFormats,
} from './format-groups.js';
import type { ProposedFormat } from './format-proposal.js';

/** Errors of one choice of formats, and of float32, with the same seeds; later seeds are missing if the earlier ones were hopeless. */
export interface TrialErrors {
  readonly errors: readonly number[];
  readonly float32: readonly number[];
  /** All seeds were trained. */
  readonly complete: boolean;
}

/** One choice of formats that was trained. */
export interface Trial extends TrialErrors {
  /** From 0, which is the proposal. */
  readonly number: number;
  /** `all activation: FL -3`. */
  readonly what: string;
  readonly formats: GroupFormats;
  readonly bits: BitTotals;
  /** Mean error less that of float32, in points. */
  readonly difference: number;
  /** Largest difference with which it is kept. */
  readonly allowed: number;
  readonly kept: boolean;
}

/** What a search starts from, how far it may go, and what a trial is. */
export interface NarrowingRequest {
  readonly proposal: readonly ProposedFormat[];
  /** Points above float32. */
  readonly budget: number;
  /** Trials at most, the proposal included. */
  readonly trials: number;
  /** False for formats that no plan can be made with. */
  readonly isPossible: (formats: GroupFormats) => boolean;
  readonly run: (formats: GroupFormats) => Promise<TrialErrors>;
  readonly onTrial?: (trial: Trial) => void;
}

/** By role only so much of the budget may be used, so that there is something left for the roles and layers after it. */
const BY_ROLE = 0.5;
/** What saves less than this share of all bits is not worth a trial. */
export const WORTH = 0.001;
/** Bits that a layer's role is tried to do without: the first number, and after that has failed the next. */
const STEPS = [2, 1] as const;
const SHORTEST = 2;

/** All trials, in order. The last kept one is the result; none is kept if the proposal itself is not within the budget. */
export async function narrowFormats(request: NarrowingRequest): Promise<Trial[]> {
  const search = new Search(request);
  if (await search.attempt('proposal', search.formats, request.budget)) {
    await narrowRoles(search);
    await narrowLayers(search, request.proposal);
  }
  return search.trials;
}

/** The state of a search: the formats of the last kept trial. */
class Search {
  readonly trials: Trial[] = [];
  readonly groups: readonly FormatGroup[];
  readonly #request: NarrowingRequest;
  formats: GroupFormats;

  constructor(request: NarrowingRequest) {
    this.#request = request;
    this.groups = request.proposal.map(({ group }) => group);
    this.formats = new Map(request.proposal.map(({ group, format }) => [group.name, format]));
  }

  get isOver(): boolean {
    return this.trials.length >= this.#request.trials;
  }

  get budget(): number {
    return this.#request.budget;
  }

  /** Trains with the formats and keeps them if they are within `allowed`. False: not kept, impossible, or no trial left. */
  async attempt(what: string, formats: GroupFormats, allowed: number): Promise<boolean> {
    const { isPossible, run, onTrial } = this.#request;
    if (this.isOver || !isPossible(formats)) return false;
    const outcome = await run(formats);
    const difference = meanDifference(outcome);
    const kept = outcome.complete && difference <= allowed;
    const bits = bitTotals(this.groups, formats);
    const trial = { number: this.trials.length, what, formats, bits, ...outcome, difference, allowed, kept };
    this.trials.push(trial);
    onTrial?.(trial);
    if (kept) this.formats = formats;
    return kept;
  }

  isWorth(bits: number): boolean {
    return bits >= WORTH * bitTotals(this.groups, this.formats).stored;
  }

  /** The formats with fewer fraction or integer bits in some groups, none shorter than 2 bits. */
  without(groups: readonly FormatGroup[], part: keyof Format, bits: number): GroupFormats {
    const changed = groups.map((group): [string, Format] => {
      const format = formatOf(this.formats, group);
      const taken = Math.min(bits, wordLength(format) - SHORTEST);
      return [group.name, { ...format, [part]: format[part] - taken }];
    });
    return withFittingBiases(this.groups, new Map([...this.formats, ...changed]));
  }
}

/** Mean error less that of float32 with the same seeds, in points. */
export function meanDifference({ errors, float32 }: TrialErrors): number {
  const sum = errors.reduce((total, error, i) => total + error - (float32[i] ?? NaN), 0);
  return sum / errors.length;
}

/** For each role the most fraction bits that all its layers can do without, by bisection. */
async function narrowRoles(search: Search): Promise<void> {
  const stored = new Map<Role, number>();
  for (const { role, elements } of search.groups) stored.set(role, (stored.get(role) ?? 0) + elements);
  const roles = [...stored].sort((a, b) => b[1] - a[1]);
  for (const [role, elements] of roles) {
    const groups = search.groups.filter((group) => group.role === role);
    const before = search.formats;
    const most = Math.max(...groups.map((group) => wordLength(formatOf(before, group)) - SHORTEST));
    if (!search.isWorth(elements * most)) continue;
    let [good, bad] = [0, most + 1];
    while (bad - good > 1 && !search.isOver) {
      const bits = (good + bad) >> 1;
      const what = `all ${role}: FL -${bits}`;
      const formats = search.without(groups, 'fl', bits - good);
      if (await search.attempt(what, formats, BY_ROLE * search.budget)) good = bits;
      else bad = bits;
    }
  }
}

interface Candidate {
  readonly group: FormatGroup;
  readonly part: keyof Format;
  /** Place in STEPS. */
  step: number;
}

/** One layer's role after the other, what saves most first; what was put back is not tried again. */
async function narrowLayers(search: Search, proposal: readonly ProposedFormat[]): Promise<void> {
  const candidates = proposal.flatMap(({ group, headroom }): Candidate[] => [
    { group, part: 'fl', step: 0 },
    ...(headroom > 0 ? [{ group, part: 'il' as const, step: STEPS.length - 1 }] : []),
  ]);
  const headroom = new Map(proposal.map((one) => [one.group.name, one.headroom]));
  const bitsOf = ({ group, part, step }: Candidate): number => {
    const left = wordLength(formatOf(search.formats, group)) - SHORTEST;
    return Math.min(STEPS[step] ?? 0, left, part === 'il' ? (headroom.get(group.name) ?? 0) : left);
  };
  const saving = (candidate: Candidate): number => candidate.group.elements * bitsOf(candidate);
  for (;;) {
    const open = candidates.filter((one) => saving(one) > 0 && search.isWorth(saving(one)));
    const [best] = open.sort((a, b) => saving(b) - saving(a));
    if (!best || search.isOver) return;
    const { group, part } = best;
    const bits = bitsOf(best);
    const what = `${group.name}: ${part.toUpperCase()} -${bits}`;
    if (await search.attempt(what, search.without([group], part, bits), search.budget)) {
      if (part === 'il') headroom.set(group.name, (headroom.get(group.name) ?? 0) - bits);
    } else {
      const next = STEPS.findIndex((step) => step < bits);
      best.step = next < 0 ? STEPS.length : next;
    }
  }
}
