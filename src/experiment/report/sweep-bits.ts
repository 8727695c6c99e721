/**
 * What a run's formats cost: bits of its numbers, and bits that a training step moves, both read off the run's plan. With a
 * precision schedule every stage counts by its steps. Defined in docs/experiments.md, section "Report of a sweep".
 */
import { defineNetwork } from '../../nn/index.js';
import { formatText, wordLength, type NumberFormat } from '../../numerics/index.js';
import { elements, planTotals, type Plan } from '../../plan/index.js';
import type { MetricsLine } from '../run/metrics.js';
import type { RunConfiguration } from '../run/configuration.js';

/** Bits of one run. */
export interface RunBits {
  /** Bits of the operands and results of all operations of a training step, by example of its batch. */
  readonly movedPerExample: number;
  /** Mean word length of the numbers that a training step holds, probabilities apart. */
  readonly perNumber: number;
  /** Formats that training begins with, by tensor. */
  readonly formats: ReadonlyMap<string, TensorFormat>;
}

export interface TensorFormat {
  readonly role: string;
  readonly format: NumberFormat;
}

/** Of one stage: bits of a step, bits and number of what it holds, and formats. */
interface StageBits {
  readonly moved: number;
  readonly perNumber: number;
  readonly formats: ReadonlyMap<string, TensorFormat>;
}

/** A function that reads bits off plans, and makes a plan once for all runs that have the same. */
export function bitCounter(): (configuration: RunConfiguration, lines: readonly MetricsLine[]) => RunBits {
  const known = new Map<string, StageBits[]>();
  return ({ network, batch }, lines) => {
    const { optimizer } = network;
    // Neither seed nor rate changes a plan's shapes or formats.
    const key = JSON.stringify([
      { ...network, seed: 0, optimizer: { ...optimizer, learningRate: 0 } },
      batch,
    ]);
    const stages =
      known.get(key) ?? defineNetwork(network).stages.map((stage) => stageBits(stage.plan(batch)));
    known.set(key, stages);
    const steps = stageSteps(lines, stages.length);
    const total = steps.reduce((sum, count) => sum + count, 0);
    const mean = (of: (stage: StageBits) => number): number =>
      stages.reduce((sum, stage, i) => sum + of(stage) * (steps[i] ?? 0), 0) / total;
    return {
      movedPerExample: mean(({ moved }) => moved) / batch,
      perNumber: mean(({ perNumber }) => perNumber),
      formats: stages[0]?.formats ?? new Map(),
    };
  };
}

/** Steps that each stage was trained for; before the first step all weight lies on the first stage. */
function stageSteps(lines: readonly MetricsLine[], stages: number): number[] {
  const begins = [0, ...lines.flatMap((line) => (line.event === 'precision' ? [line.step] : []))];
  const end = lines.at(-1)?.step ?? 0;
  if (end === 0) return [1, ...new Array<number>(stages - 1).fill(0)];
  return Array.from({ length: stages }, (_, i) => {
    const begin = begins[i];
    return begin === undefined ? 0 : (begins[i + 1] ?? end) - begin;
  });
}

function stageBits(plan: Plan): StageBits {
  let bits = 0;
  let numbers = 0;
  const formats = new Map<string, TensorFormat>();
  for (const { name, role, format, shape } of plan.tensors) {
    // Probabilities have 30 fraction bits whatever the network's formats are.
    if (format === null || role === 'probability' || name.startsWith('inference/')) continue;
    numbers += elements(shape);
    bits += elements(shape) * bitsOf(format);
    formats.set(name, { role, format });
  }
  return { moved: planTotals(plan).trainBits, perNumber: bits / numbers, formats };
}

function bitsOf(format: NumberFormat): number {
  return format === 'float32' ? 32 : wordLength(format);
}

/** The bits that tell several runs apart, as numbers on an axis. */
export interface BitAxis {
  readonly label: string;
  /** By run; null for one in float32, which is a level beside them. */
  readonly values: readonly (number | null)[];
}

const ROLE_NAMES: Readonly<Record<string, string>> = {
  weight: 'weights',
  bias: 'biases',
  activation: 'activations',
  error: 'errors',
  gradient: 'gradients',
  update: 'updates',
  running: 'running statistics',
};

/**
 * The axis on which fixed-point runs lie. If all tensors whose formats vary share one format in every run,
 * the axis is its fraction bits, integer bits or word length, whichever distinguishes most formats; else the
 * mean word length of all numbers. null if formats do not vary.
 */
export function bitAxis(runs: readonly RunBits[]): BitAxis | null {
  const fixed = runs.filter((run) => !isFloat(run));
  const names = [...new Set(fixed.flatMap(({ formats }) => [...formats.keys()]))];
  const textOf = ({ formats }: RunBits, name: string): string => {
    const found = formats.get(name)?.format;
    return found === undefined ? '' : formatText(found);
  };
  const varied = names.filter((name) => new Set(fixed.map((run) => textOf(run, name))).size > 1);
  if (varied.length === 0) return null;
  const whole = (run: RunBits): string => varied.map((name) => textOf(run, name)).join();
  const isShared = fixed.every((run) => new Set(varied.map((name) => textOf(run, name))).size === 1);
  const what = whatVaries(fixed[0], varied, names);
  const one = (run: RunBits): { il: number; fl: number } => {
    const format = run.formats.get(varied[0] ?? '')?.format;
    return format === undefined || format === 'float32' ? { il: 0, fl: 0 } : format;
  };
  const kinds: { label: string; of: (run: RunBits) => number }[] = [
    ...(isShared
      ? [
          { label: `Fraction bits (FL)${what}`, of: (run: RunBits) => one(run).fl },
          { label: `Integer bits (IL)${what}`, of: (run: RunBits) => one(run).il },
          { label: `Word length in bits${what}`, of: (run: RunBits) => one(run).il + one(run).fl },
        ]
      : []),
    { label: 'Mean bits per stored number', of: ({ perNumber }: RunBits) => perNumber },
  ];
  const distinct = ({ of }: { of: (run: RunBits) => number }): number => new Set(fixed.map(of)).size;
  const formats = new Set(fixed.map(whole)).size;
  const most = Math.max(...kinds.map(distinct));
  const chosen =
    kinds.find((kind) => distinct(kind) === formats) ?? kinds.find((kind) => distinct(kind) === most);
  if (chosen === undefined || most < 2) return null;
  return { label: chosen.label, values: runs.map((run) => (isFloat(run) ? null : chosen.of(run))) };
}

function isFloat({ formats }: RunBits): boolean {
  return [...formats.values()].every(({ format }) => format === 'float32');
}

/** ` of the weights` where other tensors keep their formats. */
function whatVaries(run: RunBits | undefined, varied: readonly string[], names: readonly string[]): string {
  if (run === undefined || varied.length === names.length) return '';
  if (varied.length === 1) return ` of ${varied[0] ?? ''}`;
  const roleOf = (name: string): string => run.formats.get(name)?.role ?? '';
  const roles = new Set(varied.map(roleOf));
  const covered = names.filter((name) => roles.has(roleOf(name)));
  const role = ROLE_NAMES[[...roles][0] ?? ''];
  return roles.size === 1 && covered.length === varied.length && role !== undefined ? ` of the ${role}` : '';
}
