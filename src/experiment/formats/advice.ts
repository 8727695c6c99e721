/**
 * Advice on formats: float32 and its magnitudes, a proposal, trials that narrow it, and a verification with other seeds. Each training is a
 * run folder named by its formats, so that a second call continues where the first one stopped. Decisions are made on held-out
 * training examples; the test data are looked at once, at the end. docs/formats.md, section "Advice".
 */
import { ArrayDataSetIterator } from '../../data/index.js';
import { defineNetwork, mapLayers, type NetworkConfiguration } from '../../nn/index.js';
import {
  formatText,
  InputError,
  InputTypeError,
  isFewbitError,
  siteHash,
  type Seed,
} from '../../numerics/index.js';
import type { FitOptions } from '../../train/index.js';
import type { ComparisonEntry, ComparisonOutcome, ComparisonRow } from '../run/comparison.js';
import {
  bitTotals,
  formatGroups,
  withGroupFormats,
  type BitTotals,
  type FormatGroup,
  type GroupFormats,
} from './format-groups.js';
import { proposeFormats, type ProposedFormat } from './format-proposal.js';
import { intervalLines, siteTotals, type SiteCounts } from '../run/metrics.js';
import { meanDifference, narrowFormats, type Trial, type TrialErrors } from './narrowing.js';
import { analyzeRanges, type RangeAnalysis } from './range-analysis.js';
import { loadCheckpoint } from '../run/execute.js';
import { usedData, type RunData } from '../run/run-data.js';
import { float32Network, plannedSteps, type RunConfiguration } from '../run/configuration.js';

/** What advice is asked for. */
export interface AdviceRequest {
  /** A trial: the network as it is given, without a precision schedule, and `subset.validation`. */
  readonly trial: RunConfiguration;
  /** The same, as long as a verification. */
  readonly full: RunConfiguration;
  /** Word length of the proposal. */
  readonly bits: number;
  /** Points of error above float32. */
  readonly budget: number;
  /** Octaves that the proposal leaves free above the largest magnitude. */
  readonly headroom: number;
  /** Trials at most. */
  readonly trials: number;
  /** Seeds of a trial, from the network's own on, and of the verification, from there on. */
  readonly seeds: number;
  readonly verifySeeds: number;
}

/** What it needs from its surroundings; `data` as loaded, before anything is held out. */
export interface AdviceContext {
  readonly data: RunData;
  /** Ends the advice after the step during which it is aborted. */
  readonly signal?: AbortSignal;
  /** Trains what is left of one run, with `data` and `signal`. */
  readonly run: (entry: ComparisonEntry) => Promise<ComparisonOutcome>;
  /** The last checkpoint of a run, and its file for messages; null if there is none. */
  readonly checkpointOf: (path: string) => { readonly file: string; readonly bytes: Uint8Array } | null;
  /** Folder of a run, from the parts of its path. */
  readonly folderOf: (parts: readonly string[]) => string;
  /** An earlier analysis, and the path for a new one. */
  readonly ranges: RangeAnalysis | null;
  readonly onRanges: (analysis: RangeAnalysis) => void;
  readonly onRangesProgress?: (done: number) => void | Promise<void>;
  /** Receives the warnings of the analysis; those of runs are events of them. */
  readonly onWarning?: FitOptions['onWarning'];
  readonly onBaseline?: (errors: readonly number[]) => void;
  readonly onTrial?: (trial: Trial) => void;
  readonly onVerified?: (verified: VerifiedSetting) => void;
}

/** One setting of the verification: all seeds, whole length. */
export interface VerifiedSetting {
  readonly name: string;
  /** null: float32. */
  readonly formats: GroupFormats | null;
  readonly bits: BitTotals | null;
  readonly seeds: readonly Seed[];
  /** In percent, by seed. */
  readonly heldOutErrors: readonly number[];
  readonly testErrors: readonly number[];
  readonly digests: readonly string[];
  /** Counters of the rounding sites over all seeds. */
  readonly sites: ReadonlyMap<string, SiteCounts>;
}

/** The advice and its evidence. */
export interface Advice {
  readonly request: AdviceRequest;
  readonly groups: readonly FormatGroup[];
  readonly ranges: RangeAnalysis;
  readonly proposal: readonly ProposedFormat[];
  readonly formats: GroupFormats;
  /** `full` with the advised formats, no examples held out: to be trained as it is. */
  readonly configuration: RunConfiguration;
  readonly seeds: readonly Seed[];
  /** Held-out errors of float32 in the trials, by seed. */
  readonly baseline: readonly number[];
  readonly heldOut: number;
  readonly trials: readonly Trial[];
  /** The kept trial that is advised. */
  readonly chosen: number;
  readonly verified: readonly VerifiedSetting[];
  /** Held-out error of the verification less that of float32, in points: at most the budget where `confirmed`. */
  readonly difference: number;
  readonly confirmed: boolean;
}

/** How it ended: with advice, or stopped within a run, to be continued by the same call. */
export type AdviceOutcome =
  | { readonly status: 'done'; readonly advice: Advice }
  | { readonly status: 'interrupted'; readonly entry: ComparisonEntry; readonly step: number };

/** Errors of a network that has learnt something are below this share of a guess's. */
const LEARNT = 0.5;
const OBSERVED = 20;

/**
 * Searches for formats.
 * @throws TypeError for a network with a precision schedule; RangeError where float32 learns nothing in a
 * trial; what runs throw.
 */
export async function adviseFormats(request: AdviceRequest, context: AdviceContext): Promise<AdviceOutcome> {
  try {
    return { status: 'done', advice: await new Adviser(request, context).advise() };
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    return { status: 'interrupted', entry: error.entry, step: error.step };
  }
}

/**
 * The groups of the request's network.
 * @throws TypeError for a precision schedule; what networks throw.
 */
export function adviceGroups({ trial, bits }: Pick<AdviceRequest, 'trial' | 'bits'>): FormatGroup[] {
  const { network, batch } = trial;
  if (network.precisionSchedule !== undefined) {
    throw new InputTypeError(
      'advise: a network must have one set of formats, got a precision schedule; leave it out',
    );
  }
  return formatGroups(defineNetwork(fixedNetwork(network, bits)), batch);
}

/** The network in fixed point, whatever its formats were: one format of `bits` bits, for sizes and names. */
function fixedNetwork(network: NetworkConfiguration, bits: number): NetworkConfiguration {
  const layers = mapLayers(network.layers, (layer) => {
    const { formats: _formats, ...rest } = layer as typeof layer & { formats?: unknown };
    return rest;
  });
  return { ...network, layers, formats: { il: 2, fl: bits - 2 } };
}

/** A run was stopped by the signal. */
class Interrupted extends Error {
  readonly entry: ComparisonEntry;
  readonly step: number;

  constructor(entry: ComparisonEntry, step: number) {
    super('interrupted');
    this.entry = entry;
    this.step = step;
  }
}

class Adviser {
  readonly #request: AdviceRequest;
  readonly #context: AdviceContext;
  readonly #groups: readonly FormatGroup[];

  constructor(request: AdviceRequest, context: AdviceContext) {
    this.#request = request;
    this.#context = context;
    this.#groups = adviceGroups(request);
  }

  async advise(): Promise<Advice> {
    const { trial, full, budget, trials: limit, seeds: count, verifySeeds } = this.#request;
    const groups = this.#groups;
    const { train, test } = usedData(trial, this.#context.data);
    const seeds = seedsFrom(trial.network.seed, 0, count);
    const baseline: number[] = [];
    for (const seed of seeds) {
      const { result } = await this.#run(trial, 'trials', null, seed);
      baseline.push(result.testErrorPercent);
    }
    checkLearnt(baseline, test.classes);
    this.#context.onBaseline?.(baseline);
    const ranges = await this.#ranges(plannedSteps(trial, train.count));
    const proposal = proposeFormats(groups, ranges, this.#request);
    // Formats without a plan are an error, which names the layer, before anything is trained.
    this.#network(trial, new Map(proposal.map(({ group, format }) => [group.name, format])));
    const trials = await narrowFormats({
      proposal,
      budget,
      trials: limit,
      isPossible: (formats) => this.#isPossible(formats),
      run: (formats) => this.#trial(formats, seeds, baseline),
      ...(this.#context.onTrial && { onTrial: this.#context.onTrial }),
    });
    const fresh = seedsFrom(trial.network.seed, count, verifySeeds);
    const { chosen, verified } = await this.#verify(trials, fresh);
    const [float32] = verified;
    const advised = verified.at(-1);
    if (!float32 || !advised?.formats) throw new Error('internal: advise: nothing was verified');
    const difference = differenceOf(advised, float32);
    const { subset = {}, ...whole } = full;
    const { validation: _validation, ...rest } = subset;
    return {
      ...{ request: this.#request, groups, ranges, proposal, formats: advised.formats },
      configuration: {
        ...whole,
        ...(Object.keys(rest).length > 0 ? { subset: rest } : {}),
        network: withGroupFormats(full.network, groups, advised.formats),
      },
      ...{ seeds, baseline, heldOut: test.count, trials, chosen, verified, difference },
      confirmed: difference <= budget,
    };
  }

  async #ranges(steps: number): Promise<RangeAnalysis> {
    const { ranges, onRanges, onRangesProgress, onWarning, data, signal } = this.#context;
    if (ranges) return ranges;
    const { trial, bits } = this.#request;
    const configuration = { ...trial, network: fixedNetwork(trial.network, bits) };
    const analysis = await analyzeRanges(
      {
        ...{ configuration, train: usedData(trial, data).train, checkpoint: null },
        ...{ steps, observe: Math.min(OBSERVED, steps) },
      },
      {
        ...(onRangesProgress && { onProgress: onRangesProgress }),
        ...(signal && { signal }),
        ...(onWarning && { onWarning }),
      },
    );
    onRanges(analysis);
    return analysis;
  }

  /**
   * The network with the formats.
   * @throws what plans throw
   */
  #network({ network, batch }: RunConfiguration, formats: GroupFormats): NetworkConfiguration {
    const changed = withGroupFormats(network, this.#groups, formats);
    defineNetwork(changed).checkPlans(batch);
    return changed;
  }

  #isPossible(formats: GroupFormats): boolean {
    try {
      this.#network(this.#request.trial, formats);
      return true;
    } catch (error) {
      if (isFewbitError(error)) return false;
      throw error;
    }
  }

  /** Seed by seed; given up if the seeds that are left would have to do better than float32 to come within the budget. */
  async #trial(
    formats: GroupFormats,
    seeds: readonly Seed[],
    baseline: readonly number[],
  ): Promise<TrialErrors> {
    const { trial, budget } = this.#request;
    const errors: number[] = [];
    for (const seed of seeds) {
      const { result } = await this.#run(trial, 'trials', formats, seed);
      errors.push(result.testErrorPercent);
      const above = errors.reduce((sum, error, i) => sum + error - (baseline[i] ?? NaN), 0);
      if (above > budget * seeds.length) break;
    }
    return { errors, float32: baseline, complete: errors.length === seeds.length };
  }

  /** Float32, the proposal, and the last kept trial that stays within the budget with other seeds: by bisection of the path to it. */
  async #verify(
    trials: readonly Trial[],
    seeds: readonly Seed[],
  ): Promise<{ chosen: number; verified: VerifiedSetting[] }> {
    const kept = trials.filter((trial, i) => trial.kept || i === 0);
    const float32 = await this.#verified('float32', null, seeds);
    // Against an error that is none, every format would look good.
    checkLearnt(float32.heldOutErrors, defineNetwork(this.#request.full.network).classes);
    const checked = new Map<number, VerifiedSetting>();
    const verify = async (index: number): Promise<boolean> => {
      const trial = kept[index];
      if (!trial) return false;
      const name = index === 0 ? `${this.#request.bits} bits throughout` : `after trial ${trial.number}`;
      const setting = await this.#verified(name, trial.formats, seeds);
      checked.set(index, setting);
      return differenceOf(setting, float32) <= this.#request.budget;
    };
    await verify(0);
    let [good, bad] = [0, kept.length];
    // The last one first: usually it holds.
    for (let index = bad - 1; index > good; index = (good + bad) >> 1) {
      if (await verify(index)) good = index;
      else bad = index;
    }
    const others = [...checked].filter(([index]) => index !== good).sort(([a], [b]) => a - b);
    const advised = checked.get(good);
    return {
      chosen: kept[good]?.number ?? 0,
      verified: [
        float32,
        ...others.map(([, setting]) => setting),
        ...(advised ? [{ ...advised, name: `advised: ${advised.name}` }] : []),
      ],
    };
  }

  async #verified(
    name: string,
    formats: GroupFormats | null,
    seeds: readonly Seed[],
  ): Promise<VerifiedSetting> {
    const rows: ComparisonRow[] = [];
    const testErrors: number[] = [];
    for (const seed of seeds) {
      const row = await this.#run(this.#request.full, 'verification', formats, seed);
      rows.push(row);
      testErrors.push(await this.#testError(row));
    }
    const verified = {
      ...{ name, formats, bits: formats && bitTotals(this.#groups, formats), seeds, testErrors },
      heldOutErrors: rows.map(({ result }) => result.testErrorPercent),
      digests: rows.map(({ result }) => result.digest),
      sites: siteTotals(rows.flatMap(({ metrics }) => intervalLines(metrics))),
    };
    this.#context.onVerified?.(verified);
    return verified;
  }

  /** Error on the test data, of which no run has seen anything. */
  async #testError({ path, configuration }: ComparisonRow): Promise<number> {
    const checkpoint = this.#context.checkpointOf(path);
    if (checkpoint === null) throw new Error(`internal: advise: ${path} has no checkpoint`);
    const { network: settings, backend, threads, batch, subset = {} } = configuration;
    const network = await loadCheckpoint(checkpoint.file, checkpoint.bytes, settings, {
      backend,
      ...(threads === undefined ? {} : { threads }),
    });
    try {
      const { validation: _validation, ...rest } = subset;
      const { test } = usedData({ subset: rest }, this.#context.data);
      return (await network.evaluate(new ArrayDataSetIterator(test, { batch }))).errorPercent();
    } finally {
      await network.close();
    }
  }

  /** A run with the seed, in the folder that belongs to its formats. */
  async #run(
    base: RunConfiguration,
    kind: 'trials' | 'verification',
    formats: GroupFormats | null,
    seed: Seed,
  ): Promise<ComparisonRow> {
    const { folderOf, data, run } = this.#context;
    const network = formats === null ? float32Network(base.network) : this.#network(base, formats);
    const setting = formats === null ? 'float32' : formatsHash(formats);
    // The data are the same for all seeds.
    const isBase = String(seed) === String(base.network.seed);
    const dataSeed = isBase ? {} : { dataSeed: base.dataSeed ?? base.network.seed };
    const entry: ComparisonEntry = {
      name: `${kind} ${setting}, seed ${String(seed)}`,
      path: folderOf([kind, setting, `seed-${String(seed)}`]),
      configuration: {
        ...{ ...base, ...dataSeed, dataDigest: data.digest },
        network: { ...network, seed: seedValue(seed) },
      },
    };
    const outcome = await run(entry);
    if (outcome.status === 'interrupted') throw new Interrupted(entry, outcome.step);
    return outcome.rows[0]!;
  }
}

/** Mean held-out error less that of float32 with the same seeds. */
function differenceOf(setting: VerifiedSetting, float32: VerifiedSetting): number {
  return meanDifference({
    errors: setting.heldOutErrors,
    float32: float32.heldOutErrors,
    complete: true,
  });
}

/** Eight hexadecimal digits for a choice of formats: the name of its folder. */
function formatsHash(formats: GroupFormats): string {
  const text = [...formats].map(([name, format]) => `${name} ${formatText(format)}`).join('\n');
  return (siteHash(text) >>> 0).toString(16).padStart(8, '0');
}

/** `count` seeds, the first one `skip` behind the given one. */
function seedsFrom(seed: number | string, skip: number, count: number): Seed[] {
  return Array.from({ length: count }, (_, i) => String(BigInt.asUintN(64, BigInt(seed) + BigInt(skip + i))));
}

function seedValue(seed: Seed): number | string {
  const text = String(seed);
  return Number.isSafeInteger(Number(text)) ? Number(text) : text;
}

/** @throws RangeError if float32 does hardly better than a guess: within the budget of that is anything. */
function checkLearnt(errors: readonly number[], classes: number): void {
  const most = 100 * LEARNT * (1 - 1 / classes);
  const worst = Math.max(...errors);
  if (worst <= most) return;
  throw new InputError(
    `advise: float32 must learn in a trial (an error of at most ${most.toFixed(0)} %), got ${worst.toFixed(2)} %; train longer with --epochs, or with another --learning-rate or --seed`,
  );
}
