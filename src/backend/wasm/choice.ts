/**
 * Which of several kernels a product takes. All of them give the same integers: only speed depends on the choice, so it is
 * no part of a plan or of a run. Sizes decide, unless a test or a measurement does.
 */

/** Where to take a kernel: wherever the op allows it, nowhere, or wherever it is faster by the op's sizes. */
export type Choice = 'auto' | 'always' | 'never';

export interface KernelChoice {
  /** Convolutions with fewer multiplications (phases.ts). */
  readonly minimal: Choice;
  /** Convolutions from the non-zero elements alone (scattering.ts); a number is the largest part of such elements. */
  readonly scatter: Choice | number;
}

/** By sizes. */
export const AUTO: KernelChoice = { minimal: 'auto', scatter: 'auto' };
