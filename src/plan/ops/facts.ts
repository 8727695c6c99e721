/** What the plan knows of an op beside its meaning: one row of the table OPS for each kind. */
import type { PlanDraft } from '../draft.js';
import type { SiteSettings } from '../sites.js';
import type { Fields } from '../structure.js';
import type { Convert, OpBase, TensorId } from '../types.js';

/** The facts of one kind of op. */
export interface OpFacts<O extends OpBase> {
  /** The type of each field, checked on a plan from outside. */
  readonly fields: Fields<O>;
  /** Tensors that the op reads, null for an absent one. */
  reads(op: O): readonly (TensorId | null)[];
  /** Tensors that the op writes, its main result first. */
  writes(op: O): readonly (TensorId | null)[];
  /** Its rounding sites in the order in which it rounds. */
  converts(op: O): readonly (Convert | null)[];
  /** Multiply-accumulates of its products with a number of examples; `size` is the elements of a tensor. */
  multiplyAdds?(op: O, examples: number, size: (id: TensorId) => number): number;
  /** The operand that the op may overwrite: element i of the result depends on element i alone. */
  inPlace?(op: O): TensorId;
  /** Emits the op again from its tensors and settings: what the builder would have written. */
  rebuild(draft: PlanDraft, op: O): O;
}

const NO_ROUNDING: SiteSettings = { rounding: { mode: 'floor', randomBits: 32 }, overflow: 'saturate' };

/** How a site rounds; float32 has none, so nothing reads the answer there. */
export function settingsOf(convert: Convert | null): SiteSettings {
  return convert ?? NO_ROUNDING;
}
