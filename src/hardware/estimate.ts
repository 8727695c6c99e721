/**
 * A training step on the array: time, utilisation, bytes and energy of every product, from the closed-form
 * schedule. Only products run there. The host runs all other ops, which are not in these numbers.
 * docs/hardware.md, section "Estimating".
 */
import { wordLength, type Rounding } from '../numerics/index.js';
import type { Op, Plan, Role } from '../plan/index.js';
import { wordBytes, type ArrayConfig } from './array.js';
import { addEnergies, productEnergy, totalPj, type EnergyParts, type ProductWidths } from './energy.js';
import { isProduct, productsOf, type ProductSize } from './product.js';
import { addSchedules, schedule, type Schedule } from './schedule.js';

/** The purpose of a product: the output of a layer, or one of the two products of its backward pass. */
export type Pass = 'forward' | 'dInput' | 'dWeight';

/** A product to be estimated: its sizes and widths, without its words. */
export interface Workload extends ProductSize, ProductWidths {
  /** The tensor that is written: `conv1/output`, `conv1/dInput`, `conv1/weight.gradient`. */
  readonly name: string;
  readonly pass: Pass;
}

const PASS_OF: Partial<Record<Role, Pass>> = { error: 'dInput', gradient: 'dWeight' };

/**
 * The products of a training step with a full batch.
 * @throws UnsupportedError for the float32 baseline
 */
export function trainingWorkloads(plan: Plan): Workload[] {
  return productsOf(plan, 'train').map(({ site, out, lhsFormat, rhsFormat, convert, ...product }) => {
    const { m, k, n, lhsBytes, rhsBytes, outBytes } = product;
    return {
      ...{ name: site, pass: PASS_OF[plan.tensors[out]!.role as Role] ?? 'forward' },
      ...{ m, k, n, lhsBytes, rhsBytes, outBytes },
      lhsBits: wordLength(lhsFormat),
      rhsBits: wordLength(rhsFormat),
      outBits: wordLength(convert.format),
      rounding: convert.rounding,
    };
  });
}

/** One product of words of `bits` bits. */
export function singleWorkload(
  { m, k, n }: Pick<ProductSize, 'm' | 'k' | 'n'>,
  bits: number,
  rounding: Rounding,
): Workload {
  const base = {
    name: `${m}x${k}x${n}`,
    pass: 'forward' as const,
    m,
    k,
    n,
    rounding,
  };
  return { ...base, ...widthsOf(bits) };
}

/** The same product with another word length or rounding. */
export function changeWorkload(
  workload: Workload,
  { bits, rounding }: { readonly bits?: number | undefined; readonly rounding?: Rounding | undefined },
): Workload {
  return { ...workload, ...(bits !== undefined && widthsOf(bits)), ...(rounding && { rounding }) };
}

function widthsOf(bits: number) {
  const bytes = wordBytes(bits);
  return { lhsBits: bits, rhsBits: bits, outBits: bits, lhsBytes: bytes, rhsBytes: bytes, outBytes: bytes };
}

/** What the PE-cycles of the array are spent on. */
export const CAUSES = ['busy', 'edge', 'fill', 'drain', 'read', 'write', 'flush'] as const;

/** Useful multiply-accumulates, PEs beyond the edge of the result, or a stall. */
export type Cause = (typeof CAUSES)[number];

/** Time, work and energy of one product, or of several in sequence. */
export interface Estimate {
  readonly schedule: Schedule;
  readonly seconds: number;
  /** Billions of operations per second; a multiply-accumulate is two operations. */
  readonly gops: number;
  /** Share of each use; the sum is 1. `busy` is the utilisation. */
  readonly shares: Readonly<Record<Cause, number>>;
  /** Operations per byte of the busier channel, read or write. */
  readonly intensity: number;
  readonly energy: EnergyParts;
  /** Total energy, and the same divided by time and by operations. */
  readonly joules: number;
  readonly watts: number;
  readonly pjPerOp: number;
}

/** One product of a step. */
export interface ProductEstimate extends Estimate {
  readonly workload: Workload;
}

/** A training step, or a single product. */
export interface StepEstimate {
  readonly config: ArrayConfig;
  readonly products: readonly ProductEstimate[];
  readonly total: Estimate;
  /** Peak operations of the array and bytes of the memory in each direction, in billions per second. */
  readonly peakGops: number;
  readonly gigabytesPerSecond: number;
}

/**
 * The estimate of one product.
 * @throws RangeError if a buffer cannot hold one slice of it
 */
export function estimateProduct(config: ArrayConfig, workload: Workload): ProductEstimate {
  const own = schedule(config, workload);
  return { workload, ...estimateOf(config, own, productEnergy(config, workload, own)) };
}

/** The estimate of all products in sequence, at least one. */
export function estimateStep(config: ArrayConfig, products: readonly ProductEstimate[]): StepEstimate {
  const { rows, cols, clockMHz, bandwidth } = config;
  const all = addSchedules(products.map((product) => product.schedule));
  return {
    config,
    products,
    total: estimateOf(config, all, addEnergies(products.map(({ energy }) => energy))),
    peakGops: (2 * rows * cols * clockMHz) / 1000,
    gigabytesPerSecond: (bandwidth * clockMHz) / 1000,
  };
}

function estimateOf({ rows, cols, clockMHz }: ArrayConfig, own: Schedule, energy: EnergyParts): Estimate {
  const { cycles, macs, edgeMacs, stalls, bytesRead, bytesWritten } = own;
  const seconds = cycles / (clockMHz * 1e6);
  const cells = rows * cols * cycles;
  const joules = totalPj(energy) * 1e-12;
  return {
    schedule: own,
    seconds,
    gops: (2 * macs) / seconds / 1e9,
    shares: {
      busy: macs / cells,
      edge: edgeMacs / cells,
      fill: stalls.fill / cycles,
      drain: stalls.drain / cycles,
      read: stalls.read / cycles,
      write: stalls.write / cycles,
      flush: stalls.flush / cycles,
    },
    intensity: (2 * macs) / Math.max(bytesRead, bytesWritten),
    energy,
    joules,
    watts: joules / seconds,
    pjPerOp: totalPj(energy) / (2 * macs),
  };
}

/** The ops of a training step that are not products and stay with the host: the number of each kind. */
export function hostOps(plan: Plan): Partial<Record<Op['kind'], number>> {
  const counts: Partial<Record<Op['kind'], number>> = {};
  for (const op of plan.train) if (!isProduct(op)) counts[op.kind] = (counts[op.kind] ?? 0) + 1;
  return counts;
}
