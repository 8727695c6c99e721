/**
 * The precision schedule while a network trains: the current stage, when the next one is due, and the
 * conversion of parameters and updates into its formats. Everything is a function of the contents of a
 * checkpoint. docs/training.md, "Precision schedule".
 */
import type { SiteStatistics, TensorData } from '../backend/index.js';
import type { NetworkDefinition, PrecisionStage } from '../nn/index.js';
import { Converter, convertRaws, parseSeed, RandomSite } from '../numerics/index.js';

/** Position of a network in its precision schedule; part of a checkpoint. */
export interface PrecisionState {
  /** 0 until the first change; then the number of the schedule's entry, from 1. */
  readonly stage: number;
  /**
   * Examples of the running epoch so far, and how many of them were classified correctly when they were
   * trained on.
   */
  readonly examples: number;
  readonly correct: number;
  /** Smallest training error of a whole epoch of this stage, in percent; null before the first. */
  readonly bestErrorPercent: number | null;
  /** Whole epochs since that error. */
  readonly stalledEpochs: number;
}

/** Why a stage began: its epoch came, or the training error had stalled. */
export type PrecisionReason = 'epoch' | 'stalled';

const START: PrecisionState = { stage: 0, examples: 0, correct: 0, bestErrorPercent: null, stalledEpochs: 0 };

/** Follows training and decides when a stage is due. */
export class PrecisionTracker {
  readonly #schedule: readonly PrecisionStage[];
  #state: PrecisionState;

  constructor(schedule: readonly PrecisionStage[], saved: PrecisionState | null) {
    this.#schedule = schedule;
    this.#state = saved ?? START;
  }

  /** The part of a checkpoint; null for a network without a schedule. */
  get state(): PrecisionState | null {
    return this.#schedule.length === 0 ? null : this.#state;
  }

  get stage(): number {
    return this.#state.stage;
  }

  stepDone(count: number, correct: number): void {
    if (this.#schedule.length === 0) return;
    const state = this.#state;
    this.#state = { ...state, examples: state.examples + count, correct: state.correct + correct };
  }

  epochDone(): void {
    const { stage, examples, correct, bestErrorPercent, stalledEpochs } = this.#state;
    const errorPercent = (100 * (examples - correct)) / examples;
    const minDelta = this.#schedule[stage]?.whenStalled?.minDelta ?? 0;
    const isBetter = bestErrorPercent === null || bestErrorPercent - errorPercent > minDelta;
    this.#state = {
      ...START,
      stage,
      bestErrorPercent: isBetter ? errorPercent : bestErrorPercent,
      stalledEpochs: isBetter ? 0 : stalledEpochs + 1,
    };
  }

  /** The stage to begin before the next step of that epoch (0-based), or null. */
  due(epoch: number): { readonly stage: number; readonly reason: PrecisionReason } | null {
    const { stage, stalledEpochs } = this.#state;
    const reached = this.#schedule.map((entry, i) => ((entry.epoch ?? Infinity) <= epoch ? i + 1 : 0));
    const byEpoch = Math.max(0, ...reached);
    if (byEpoch > stage) return { stage: byEpoch, reason: 'epoch' };
    const whenStalled = this.#schedule[stage]?.whenStalled;
    if (whenStalled === undefined || stalledEpochs < whenStalled.epochs) return null;
    return { stage: stage + 1, reason: 'stalled' };
  }

  begin(stage: number): void {
    this.#state = { ...START, stage };
  }
}

/** Parameters and updates in the formats of another stage, and the counters of the conversion. */
export interface ConvertedState {
  readonly contents: ReadonlyMap<string, TensorData>;
  readonly sites: readonly SiteStatistics[];
}

/**
 * Converts every parameter and update, with the random words of the sites `precision/<stage>/...` at the
 * given step.
 */
export async function convertState(
  definition: NetworkDefinition,
  from: number,
  to: number,
  step: number,
  read: (name: string) => Promise<TensorData>,
): Promise<ConvertedState> {
  const prefix = `precision/${to}/`;
  const key = parseSeed(definition.configuration.seed);
  const contents = new Map<string, TensorData>();
  const sites: SiteStatistics[] = [];
  for (const site of definition.conversion(from, to)) {
    const name = site.site.slice(prefix.length);
    const converter = new Converter(site);
    const words =
      site.rounding.mode === 'stochastic' ? new RandomSite(key, site.hash, step, site.randomWidth) : null;
    contents.set(name, convertRaws(await read(name), converter, words));
    const { elements, saturatedHigh, saturatedLow, flushed, maxMagnitude } = converter;
    sites.push({
      site: site.site,
      elements,
      saturatedHigh,
      saturatedLow,
      flushed,
      maxMagnitude,
      swallowed: 0,
      gradients: 0,
      swallowedGradients: 0,
    });
  }
  return { contents, sites };
}
