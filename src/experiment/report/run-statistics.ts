/**
 * What the rounding sites of a run counted, over time: for every tensor the share of elements that were saturated or
 * flushed to zero, and how much of its format's range it used; for every parameter the share of its gradients that were
 * lost. Read from metrics.jsonl; nothing is measured here.
 */
import { defineNetwork, type NetworkConfiguration } from '../../nn/index.js';
import { formatText, type NumberFormat } from '../../numerics/index.js';
import {
  intervalLines,
  siteTotals,
  type IntervalLine,
  type MetricsLine,
  type SiteCounts,
} from '../run/metrics.js';
import { parameterNames } from '../run/execute.js';
import { lostGradients, type LostGradients } from '../run/lost.js';

/** A share, 0 to 1, in each part of the run, and over all of it (for `range` the largest). */
export interface SiteSeries {
  readonly parts: readonly number[];
  readonly total: number;
}

/** One rounding site over the run. */
export interface SiteHistory {
  readonly site: string;
  /** Format at the end of the run. */
  readonly format: string;
  readonly saturated: SiteSeries;
  readonly flushed: SiteSeries;
  /** Largest magnitude as a share of the format's largest; null if the format is not known. */
  readonly range: SiteSeries | null;
}

/** Lost gradients of one parameter over the run, and their two parts. */
export interface LostHistory {
  readonly parameter: string;
  readonly lost: SiteSeries;
  readonly flushed: SiteSeries;
  readonly swallowed: SiteSeries;
  /** Gradients that are non-zero before rounding, as a share of all. */
  readonly gradients: SiteSeries;
}

/** Parts of a run, each some intervals long; the middle of each in steps. */
export interface RunParts {
  readonly steps: readonly number[];
  readonly sites: readonly SiteHistory[];
  /** In the order of the layers; empty for float32, and if the version that made the run did not count them. */
  readonly lost: readonly LostHistory[];
}

/** More parts than this are too narrow to be seen. */
const MAX_PARTS = 60;

/** The sites of a run in the order of its steps; empty for float32. */
export function runParts(network: NetworkConfiguration, lines: readonly MetricsLine[]): RunParts {
  const parts = grouped(intervalLines(lines));
  const totals = parts.map((part) => siteTotals(part));
  const all = siteTotals(intervalLines(lines));
  const formats = stageFormats(network);
  const stageOf = (part: readonly IntervalLine[]): number => {
    const from = part[0]?.from ?? 0;
    return lines.filter((line) => line.event === 'precision' && line.step <= from).length;
  };
  const stages = parts.map(stageOf);
  const sites = [...all].map(([site, whole]): SiteHistory => {
    const series = (of: (counts: SiteCounts) => number): SiteSeries => ({
      parts: totals.map((total) => share(total.get(site), of)),
      total: share(whole, of),
    });
    const ranges = totals.map((total, i) => {
      const limit = largest(formats[stages[i] ?? 0]?.get(site));
      return limit === null ? null : (total.get(site)?.maxMagnitude ?? 0) / limit;
    });
    const known = ranges.filter((range) => range !== null);
    const format = formats[stages.at(-1) ?? 0]?.get(site);
    return {
      site,
      format: format === undefined ? '–' : formatText(format),
      saturated: series((counts) => counts.saturatedHigh + counts.saturatedLow),
      flushed: series((counts) => counts.flushed),
      range: known.length < ranges.length ? null : { parts: known, total: Math.max(...known, 0) },
    };
  });
  const steps = parts.map((part) => ((part[0]?.from ?? 0) + (part.at(-1)?.step ?? 0)) / 2);
  return { steps, sites, lost: lostHistories(parts, intervalLines(lines), parameterNames(network)) };
}

function lostHistories(
  parts: readonly (readonly IntervalLine[])[],
  lines: readonly IntervalLine[],
  parameters: readonly string[],
): LostHistory[] {
  const byPart = parts.map((part) => lostGradients(part, parameters));
  return lostGradients(lines, parameters).map((whole): LostHistory => {
    const { parameter } = whole;
    const found = byPart.map((part) => part.find((one) => one.parameter === parameter));
    const series = (of: (one: LostGradients) => number): SiteSeries => ({
      parts: found.map((one) => (one === undefined ? 0 : of(one))),
      total: of(whole),
    });
    return {
      parameter,
      lost: series(({ rate }) => rate ?? 0),
      flushed: series(({ flushed, gradients }) => flushed / Math.max(gradients, 1)),
      swallowed: series(({ swallowed, gradients }) => swallowed / Math.max(gradients, 1)),
      gradients: series(({ gradients, elements }) => gradients / elements),
    };
  });
}

function grouped(lines: readonly IntervalLine[]): IntervalLine[][] {
  const size = Math.ceil(lines.length / MAX_PARTS);
  const parts: IntervalLine[][] = [];
  for (let at = 0; at < lines.length; at += size) parts.push(lines.slice(at, at + size));
  return parts;
}

function share(counts: SiteCounts | undefined, of: (counts: SiteCounts) => number): number {
  return counts === undefined || counts.elements === 0 ? 0 : of(counts) / counts.elements;
}

/** The formats of all tensors by name, stage by stage. */
function stageFormats(network: NetworkConfiguration): Map<string, NumberFormat>[] {
  return defineNetwork(network).stages.map((stage) => {
    const named = stage
      .plan(1)
      .tensors.flatMap(({ name, format }) => (format ? [[name, format] as const] : []));
    return new Map(named);
  });
}

function largest(format: NumberFormat | undefined): number | null {
  return format === undefined || format === 'float32' ? null : 2 ** (format.il + format.fl - 1);
}
