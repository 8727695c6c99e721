/** The optimiser's step: the update of one parameter. The shifts are derived in update-alignment.ts. */
import type { PlanDraft } from '../draft.js';
import { elements } from '../shapes.js';
import type { SiteSettings } from '../sites.js';
import { FLAG, ID, nullable, object, SHIFT, SITE, whole } from '../structure.js';
import type { Convert, OpBase, TensorId } from '../types.js';
import { alignUpdate } from '../update-alignment.js';
import { settingsOf, type OpFacts } from './facts.js';

/**
 * u' = convert(momentum*u - rate*g - decay*w), w' = convert(w + u'), each right side one exact integer.
 * The three coefficients have 30 fraction bits and come with the step (`group` selects them).
 */
export interface SgdOp extends OpBase {
  readonly kind: 'sgd';
  readonly parameter: TensorId;
  readonly gradient: TensorId;
  readonly update: TensorId;
  /** Index into the step's coefficients. */
  readonly group: number;
  /** Weight decay applies (weights, not biases). */
  readonly decays: boolean;
  /** Left shifts that align u, g, w products to `updateConvert.from` (0 in float32). */
  readonly shifts: { readonly update: number; readonly gradient: number; readonly parameter: number };
  /** Left shifts that align w and u' to `parameterConvert.from` (0 in float32). */
  readonly sumShifts: { readonly parameter: number; readonly update: number };
  readonly updateConvert: Convert | null;
  readonly parameterConvert: Convert | null;
}

/** Arguments of `emitSgd`. */
export type SgdArgs = {
  parameter: TensorId;
  gradient: TensorId;
  update: TensorId;
  group: number;
  decays: boolean;
} & {
  updateSettings: SiteSettings;
  parameterSettings: SiteSettings;
};

/** Derives an op `sgd`. */
export function emitSgd(draft: PlanDraft, args: SgdArgs): SgdOp {
  const { parameter, gradient, update, group, decays } = args;
  const w = draft.operand(parameter);
  const g = draft.operand(gradient);
  const u = draft.operand(update);
  draft.expectElements(g, elements(w.shape));
  draft.expectElements(u, elements(w.shape));
  const alignment = draft.arithmetic === 'float32' ? null : alignUpdate(w, g, u, decays);
  return {
    ...draft.base(),
    kind: 'sgd',
    parameter,
    gradient,
    update,
    group,
    decays,
    shifts: alignment?.shifts ?? { update: 0, gradient: 0, parameter: 0 },
    sumShifts: alignment?.sumShifts ?? { parameter: 0, update: 0 },
    updateConvert: alignment && draft.convert(u, alignment.from, args.updateSettings),
    parameterConvert: alignment && draft.convert(w, alignment.sumFrom, args.parameterSettings),
  };
}

/** Facts of `sgd`. */
export const SGD: OpFacts<SgdOp> = {
  fields: {
    parameter: ID,
    gradient: ID,
    update: ID,
    group: whole(0),
    decays: FLAG,
    shifts: object({ update: SHIFT, gradient: SHIFT, parameter: SHIFT }),
    sumShifts: object({ parameter: SHIFT, update: SHIFT }),
    updateConvert: nullable(SITE),
    parameterConvert: nullable(SITE),
  },
  reads: (op) => [op.parameter, op.gradient, op.update],
  writes: (op) => [op.parameter, op.update],
  converts: (op) => [op.updateConvert, op.parameterConvert],
  multiplyAdds: (op, _, size) => (op.decays ? 3 : 2) * size(op.parameter),
  rebuild: (draft, op) =>
    emitSgd(draft, {
      ...op,
      updateSettings: settingsOf(op.updateConvert),
      parameterSettings: settingsOf(op.parameterConvert),
    }),
};
