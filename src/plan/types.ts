/**
 * The parts that every op of a plan is made of, as data: tensors, rounding sites and windows. Shapes are NHWC; a weight is
 * [K, N] (dense) or [KH, KW, C, OC] (convolution), so both are one GEMM operand. The ops are in ops/, a file for each family.
 */
import type { Format, NumberFormat, Overflow, Rounding, Storage } from '../numerics/index.js';

/** What a tensor is for. Formats and rounding modes are chosen per role. */
export type Role = 'weight' | 'bias' | 'activation' | 'error' | 'gradient' | 'update';

/** Index of a tensor in `plan.tensors`. */
export type TensorId = number;

/** A tensor of a plan: what it is and where it lies. */
export interface Tensor {
  readonly id: TensorId;
  /** `conv1/weight`, `conv1/output`, `conv1/dInput`, `conv1/weight.gradient` ...; evaluation: `inference/conv1/output`. */
  readonly name: string;
  /** Shape with the batch dimension first where `batched`. */
  readonly shape: readonly number[];
  /** The first dimension is the batch: a step with fewer examples uses only its first `count` rows. */
  readonly batched: boolean;
  /**
   * Role, or what else it holds: class labels, pooling window positions, probabilities (30 fraction bits), the running mean
   * or variance of a normalisation, or registers: integers of 32 bits whose meaning is the op's.
   */
  readonly role: Role | 'label' | 'position' | 'probability' | 'running' | 'register';
  /** null for labels, positions, and registers of a fixed-point plan. */
  readonly format: NumberFormat | null;
  readonly storage: Storage;
  /** Keeps its value between steps (parameters, optimiser state, input, labels, results); never shares memory. */
  readonly persistent: boolean;
  /** Byte offset in the arena, a multiple of 64, and size in bytes. */
  readonly offset: number;
  readonly sizeBytes: number;
}

/** One rounding site: an exact integer with `from` fraction bits becomes `format`. */
export interface Convert {
  /** Name of the site; equals the name of the tensor written. */
  readonly site: string;
  /** FNV-1a hash of the name, unsigned 32 bits: the generator's site word. */
  readonly hash: number;
  /** Fraction bits of the exact integer. */
  readonly from: number;
  readonly format: Format;
  /** Bits dropped, `from - format.fl`; zero or negative shifts left and is exact. At most 62. */
  readonly drop: number;
  readonly rounding: Rounding;
  readonly overflow: Overflow;
  /** Random bits drawn per element: 16 where at most 16 bits are dropped, else 32. */
  readonly randomWidth: 16 | 32;
  /** Index in `plan.sites`, and of its counters in a session's statistics. */
  readonly statistics: number;
}

/** Geometry of a convolution or pooling window sliding over an NHWC image. */
export interface Window {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly kernelHeight: number;
  readonly kernelWidth: number;
  readonly strideY: number;
  readonly strideX: number;
  /** Zero padding above and to the left; below and to the right it follows from the output size. */
  readonly padTop: number;
  readonly padLeft: number;
  readonly outHeight: number;
  readonly outWidth: number;
}

/** What every op has. In the float32 baseline every `convert` of an op is null. */
export interface OpBase {
  /** Layer that emitted the op; errors and tables name it. */
  readonly layer: string;
  readonly phase: 'forward' | 'backward' | 'update';
}
