/** Pooling and its gradients: windows that slide over an image and may reach over its edge. */
import { COEFFICIENT_BITS, fractionBits } from '../bits.js';
import type { PlanDraft } from '../draft.js';
import { elements, poolShapes, reciprocalTable } from '../shapes.js';
import { divides, type SiteSettings } from '../sites.js';
import { FLAG, ID, listOf, nullable, SITE, whole, WINDOW } from '../structure.js';
import type { Convert, OpBase, TensorId, Window } from '../types.js';
import { settingsOf, type OpFacts } from './facts.js';

/** Cells of a max-pooling window: a position is a byte. */
const MAX_POSITIONS = 256;
/** Cells of an average: its sum of products with reciprocals stays well below 2^62. */
const MAX_AVERAGED = 65536;

/** Largest element of each window (cells outside the image do not take part); `position` = i*kernelWidth+j of the first largest. */
export interface MaxPoolOp extends OpBase {
  readonly kind: 'maxPool';
  readonly input: TensorId;
  readonly out: TensorId;
  /** uint8, null in a program without backward pass. */
  readonly position: TensorId | null;
  readonly window: Window;
}

/** out[cell] = convert(exact sum of dOutput over the windows whose first largest element is this cell). */
export interface MaxPoolGradientOp extends OpBase {
  readonly kind: 'maxPoolGradient';
  readonly dOutput: TensorId;
  readonly position: TensorId;
  readonly out: TensorId;
  readonly window: Window;
  readonly convert: Convert | null;
}

/**
 * out = convert(sum over the window's cells inside the image * reciprocal[cells]), `reciprocals[n]` = 2^30 / n to nearest:
 * a clipped window is averaged over the cells it has. If `divides`, the sum is floor(sum * 2^30 / cells).
 */
export interface AveragePoolOp extends OpBase {
  readonly kind: 'averagePool';
  readonly input: TensorId;
  readonly out: TensorId;
  readonly window: Window;
  readonly reciprocals: readonly number[];
  /** The rounding is `floor` or `toward-zero`: an exact quotient, so that the mean of equal numbers is that number. */
  readonly divides: boolean;
  readonly convert: Convert | null;
}

/**
 * out[cell] = convert(sum over the windows covering the cell of dOutput * reciprocal[cells of that window]). If `divides`,
 * the errors of successive windows with n cells each are added, and make floor(their sum * 2^30 / n).
 */
export interface AveragePoolGradientOp extends OpBase {
  readonly kind: 'averagePoolGradient';
  readonly dOutput: TensorId;
  readonly out: TensorId;
  readonly window: Window;
  readonly reciprocals: readonly number[];
  readonly divides: boolean;
  readonly convert: Convert | null;
}

/** Arguments of `emitMaxPool`. */
export interface MaxPoolArgs {
  input: TensorId;
  out: TensorId;
  position: TensorId | null;
  window: Window;
}

/** Derives an op `maxPool`. */
export function emitMaxPool(draft: PlanDraft, args: MaxPoolArgs): MaxPoolOp {
  const input = draft.operand(args.input);
  const out = draft.operand(args.out);
  poolShapes(draft.who, args.window, input, out, MAX_POSITIONS);
  draft.expectFormat(input, out);
  if (args.position !== null)
    draft.expectElements(draft.holding('position', args.position), elements(out.shape));
  return {
    ...draft.base(),
    kind: 'maxPool',
    input: args.input,
    out: args.out,
    position: args.position,
    window: args.window,
  };
}

/** Arguments of `emitMaxPoolGradient`. */
export type MaxPoolGradientArgs = {
  dOutput: TensorId;
  position: TensorId;
  out: TensorId;
  window: Window;
} & SiteSettings;

/** Derives an op `maxPoolGradient`. */
export function emitMaxPoolGradient(draft: PlanDraft, args: MaxPoolGradientArgs): MaxPoolGradientOp {
  const { dOutput, position, out, window } = args;
  const result = draft.operand(out);
  poolShapes(draft.who, window, result, draft.operand(dOutput), MAX_POSITIONS);
  draft.expectElements(draft.holding('position', position), elements(draft.operand(dOutput).shape));
  const convert = draft.convert(result, fractionBits(draft.operand(dOutput)), args);
  return { ...draft.base(), kind: 'maxPoolGradient', dOutput, position, out, window, convert };
}

/** Arguments of `emitAveragePool`. */
export type AveragePoolArgs = { input: TensorId; out: TensorId; window: Window } & SiteSettings;

/** Derives an op `averagePool`. */
export function emitAveragePool(draft: PlanDraft, args: AveragePoolArgs): AveragePoolOp {
  const { input, out, window } = args;
  const result = draft.operand(out);
  poolShapes(draft.who, window, draft.operand(input), result, MAX_AVERAGED);
  const convert = draft.convert(result, fractionBits(draft.operand(input)) + COEFFICIENT_BITS, args);
  return {
    ...draft.base(),
    kind: 'averagePool',
    input,
    out,
    window,
    reciprocals: reciprocalTable(window),
    divides: divides(convert),
    convert,
  };
}

/** Arguments of `emitAveragePoolGradient`. */
export type AveragePoolGradientArgs = { dOutput: TensorId; out: TensorId; window: Window } & SiteSettings;

/** Derives an op `averagePoolGradient`. */
export function emitAveragePoolGradient(
  draft: PlanDraft,
  args: AveragePoolGradientArgs,
): AveragePoolGradientOp {
  const { dOutput, out, window } = args;
  const result = draft.operand(out);
  poolShapes(draft.who, window, result, draft.operand(dOutput), MAX_AVERAGED);
  const convert = draft.convert(result, fractionBits(draft.operand(dOutput)) + COEFFICIENT_BITS, args);
  return {
    ...draft.base(),
    kind: 'averagePoolGradient',
    dOutput,
    out,
    window,
    reciprocals: reciprocalTable(window),
    divides: divides(convert),
    convert,
  };
}

/** Facts of `maxPool`. */
export const MAX_POOL: OpFacts<MaxPoolOp> = {
  fields: { input: ID, out: ID, position: nullable(ID), window: WINDOW },
  reads: (op) => [op.input],
  writes: (op) => [op.out, op.position],
  converts: () => [],
  rebuild: emitMaxPool,
};

/** Facts of `maxPoolGradient`. */
export const MAX_POOL_GRADIENT: OpFacts<MaxPoolGradientOp> = {
  fields: { dOutput: ID, position: ID, out: ID, window: WINDOW, convert: nullable(SITE) },
  reads: (op) => [op.dOutput, op.position],
  writes: (op) => [op.out],
  converts: (op) => [op.convert],
  rebuild: (draft, op) => emitMaxPoolGradient(draft, { ...op, ...settingsOf(op.convert) }),
};

const AVERAGE = {
  out: ID,
  window: WINDOW,
  reciprocals: listOf(whole(0)),
  divides: FLAG,
  convert: nullable(SITE),
};

/** Facts of `averagePool`. */
export const AVERAGE_POOL: OpFacts<AveragePoolOp> = {
  fields: { ...AVERAGE, input: ID },
  reads: (op) => [op.input],
  writes: (op) => [op.out],
  converts: (op) => [op.convert],
  rebuild: (draft, op) => emitAveragePool(draft, { ...op, ...settingsOf(op.convert) }),
};

/** Facts of `averagePoolGradient`. */
export const AVERAGE_POOL_GRADIENT: OpFacts<AveragePoolGradientOp> = {
  fields: { ...AVERAGE, dOutput: ID },
  reads: (op) => [op.dOutput],
  writes: (op) => [op.out],
  converts: (op) => [op.convert],
  rebuild: (draft, op) => emitAveragePoolGradient(draft, { ...op, ...settingsOf(op.convert) }),
};
