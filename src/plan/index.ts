/**
 * Plans: the operations of a training and an evaluation step as data, and the builder that checks them.
 *
 * @module fewbit/plan
 */
export type { Convert, Role, Tensor, TensorId, Window } from './types.js';
export { checkPlan, type Plan, type PlanEnds } from './plan.js';
export { opConverts, opReads, opWrites, type Op } from './ops/index.js';
export type {
  BiasGradientOp,
  Conv2dInputGradientOp,
  Conv2dOp,
  Conv2dWeightGradientOp,
  MatmulOp,
  BiasGradientArgs,
  Conv2dArgs,
  Conv2dInputGradientArgs,
  Conv2dWeightGradientArgs,
  MatmulArgs,
} from './ops/product.js';
export type {
  AddOp,
  DropoutOp,
  ReluGradientOp,
  ReluOp,
  AddArgs,
  DropoutArgs,
  ReluArgs,
  ReluGradientArgs,
} from './ops/elementwise.js';
export type {
  AveragePoolGradientOp,
  AveragePoolOp,
  MaxPoolGradientOp,
  MaxPoolOp,
  AveragePoolArgs,
  AveragePoolGradientArgs,
  MaxPoolArgs,
  MaxPoolGradientArgs,
} from './ops/pool.js';
export {
  runningFormats,
  type BatchMomentsOp,
  type BatchNormGradientOp,
  type BatchNormInputGradientOp,
  type BatchNormOp,
  type RunningMomentsOp,
  type BatchMomentsArgs,
  type Moments,
  type BatchNormArgs,
  type BatchNormGradientArgs,
  type BatchNormInputGradientArgs,
  type RunningMomentsArgs,
} from './ops/batch-norm.js';
export type { SoftmaxCrossEntropyOp, SoftmaxCrossEntropyArgs } from './ops/loss.js';
export type { SgdOp, SgdArgs } from './ops/update.js';
export { PlanBuilder } from './builder.js';
export { conversionSites } from './conversion.js';
export { opBytes, opMacs, planTotals, type PlanTotals } from './cost.js';
export type { TensorSpec } from './draft.js';
export { ShapeError, shapeText } from './errors.js';
export { keepTrainingTensors, planMemory } from './memory.js';
export type { SiteSettings } from './sites.js';
export { elements, MAX_SIZE, windowOf } from './shapes.js';
export { planJson, planTable, type PlanRow } from './table.js';
export { verifyPlan } from './verify.js';
