/** Ops of one element each: ReLU and its gradient, sums of two tensors, dropout. */
import { fractionBits, magnitudeBits } from '../bits.js';
import { proveExact } from '../checks.js';
import type { PlanDraft } from '../draft.js';
import { elements } from '../shapes.js';
import { divides, type SiteSettings } from '../sites.js';
import { FLAG, ID, nullable, object, SHIFT, SITE, whole } from '../structure.js';
import type { Convert, OpBase, TensorId } from '../types.js';
import { settingsOf, type OpFacts } from './facts.js';

/** Fraction bits of the dropout scale. */
const SCALE_BITS = 24;

/** out = max(input, 0), exact. `out` may share memory with `input`. */
export interface ReluOp extends OpBase {
  readonly kind: 'relu';
  readonly input: TensorId;
  readonly out: TensorId;
}

/** out = output > 0 ? dOutput : 0, exact. `out` may share memory with `dOutput`. */
export interface ReluGradientOp extends OpBase {
  readonly kind: 'reluGradient';
  readonly output: TensorId;
  readonly dOutput: TensorId;
  readonly out: TensorId;
}

/** out = convert(lhs * 2^shifts.lhs + rhs * 2^shifts.rhs), element by element: one exact sum (shifts are 0 in float32). */
export interface AddOp extends OpBase {
  readonly kind: 'add';
  readonly lhs: TensorId;
  readonly rhs: TensorId;
  readonly out: TensorId;
  /** Left shifts that align the operands to `convert.from` fraction bits. */
  readonly shifts: { readonly lhs: number; readonly rhs: number };
  readonly convert: Convert | null;
}

/**
 * out = kept(index) ? convert(input * scale) : 0, where kept means the element's 16-bit random word at `maskHash`
 * is >= threshold. The backward pass is the same op on the error: the mask is drawn again, not stored.
 */
export interface DropoutOp extends OpBase {
  readonly kind: 'dropout';
  readonly input: TensorId;
  readonly out: TensorId;
  readonly maskHash: number;
  /** Words below it are dropped: nearest integer to rate * 65536. */
  readonly threshold: number;
  /** 65536 / (65536 - threshold) with 24 fraction bits. */
  readonly scale: number;
  /** The rounding is `floor` or `toward-zero`: an element kept is floor(input * 2^40 / (65536 - threshold)), without `scale`. */
  readonly divides: boolean;
  readonly convert: Convert | null;
}

/** Arguments of `emitRelu`. */
export interface ReluArgs {
  input: TensorId;
  out: TensorId;
}

/** Derives an op `relu`. */
export function emitRelu(draft: PlanDraft, args: ReluArgs): ReluOp {
  draft.expectSame(draft.operand(args.input), draft.operand(args.out));
  return { ...draft.base(), kind: 'relu', input: args.input, out: args.out };
}

/** Arguments of `emitReluGradient`. */
export interface ReluGradientArgs {
  output: TensorId;
  dOutput: TensorId;
  out: TensorId;
}

/** Derives an op `reluGradient`. */
export function emitReluGradient(draft: PlanDraft, args: ReluGradientArgs): ReluGradientOp {
  draft.expectSame(draft.operand(args.dOutput), draft.operand(args.out));
  draft.expectElements(draft.operand(args.output), elements(draft.operand(args.out).shape));
  return { ...draft.base(), kind: 'reluGradient', output: args.output, dOutput: args.dOutput, out: args.out };
}

/** Arguments of `emitAdd`. */
export type AddArgs = { lhs: TensorId; rhs: TensorId; out: TensorId } & SiteSettings;

/** Derives an op `add`. */
export function emitAdd(draft: PlanDraft, args: AddArgs): AddOp {
  const [lhs, rhs, out] = [draft.operand(args.lhs), draft.operand(args.rhs), draft.operand(args.out)];
  draft.expectElements(lhs, elements(out.shape));
  draft.expectElements(rhs, elements(out.shape));
  const from = Math.max(fractionBits(lhs), fractionBits(rhs));
  const shifts = { lhs: from - fractionBits(lhs), rhs: from - fractionBits(rhs) };
  if (draft.arithmetic === 'fixed') {
    const terms = [
      { count: 1, bits: magnitudeBits(lhs), shift: shifts.lhs },
      { count: 1, bits: magnitudeBits(rhs), shift: shifts.rhs },
    ];
    proveExact(draft.who, 'the sum', terms, 'choose formats with closer fraction bits');
  }
  const convert = draft.convert(out, from, args);
  return {
    ...draft.base(),
    kind: 'add',
    lhs: args.lhs,
    rhs: args.rhs,
    out: args.out,
    shifts,
    convert,
  };
}

/** Arguments of `emitDropout`. */
export type DropoutArgs = {
  input: TensorId;
  out: TensorId;
  mask: string;
  threshold: number;
  scale: number;
} & SiteSettings;

/** Derives an op `dropout`. */
export function emitDropout(draft: PlanDraft, args: DropoutArgs): DropoutOp {
  return deriveDropout(draft, args, draft.claim(args.mask));
}

function deriveDropout(draft: PlanDraft, args: Omit<DropoutArgs, 'mask'>, maskHash: number): DropoutOp {
  const { input, out, threshold, scale } = args;
  const result = draft.operand(out);
  draft.expectElements(result, elements(draft.operand(input).shape));
  const convert = draft.convert(result, fractionBits(draft.operand(input)) + SCALE_BITS, args);
  return {
    ...draft.base(),
    kind: 'dropout',
    input,
    out,
    maskHash,
    threshold,
    scale,
    divides: divides(convert),
    convert,
  };
}

/** Facts of `relu`. */
export const RELU: OpFacts<ReluOp> = {
  fields: { input: ID, out: ID },
  reads: (op) => [op.input],
  writes: (op) => [op.out],
  converts: () => [],
  inPlace: (op) => op.input,
  rebuild: emitRelu,
};

/** Facts of `reluGradient`. */
export const RELU_GRADIENT: OpFacts<ReluGradientOp> = {
  fields: { output: ID, dOutput: ID, out: ID },
  reads: (op) => [op.output, op.dOutput],
  writes: (op) => [op.out],
  converts: () => [],
  inPlace: (op) => op.dOutput,
  rebuild: emitReluGradient,
};

/** Facts of `add`. */
export const ADD: OpFacts<AddOp> = {
  fields: { lhs: ID, rhs: ID, out: ID, shifts: object({ lhs: SHIFT, rhs: SHIFT }), convert: nullable(SITE) },
  reads: (op) => [op.lhs, op.rhs],
  writes: (op) => [op.out],
  converts: (op) => [op.convert],
  rebuild: (draft, op) => emitAdd(draft, { ...op, ...settingsOf(op.convert) }),
};

/** Facts of `dropout`. */
export const DROPOUT: OpFacts<DropoutOp> = {
  fields: {
    input: ID,
    out: ID,
    maskHash: whole(0, 2 ** 32 - 1),
    threshold: whole(0, 65535),
    scale: whole(1, 2 ** 40),
    divides: FLAG,
    convert: nullable(SITE),
  },
  reads: (op) => [op.input],
  writes: (op) => [op.out],
  converts: (op) => [op.convert],
  rebuild: (draft, op) => deriveDropout(draft, { ...op, ...settingsOf(op.convert) }, op.maskHash),
};
