/**
 * Plans: the operations of a training and an evaluation step as data, and the builder that checks them.
 *
 * @module fewbit/plan
 */
export type * from './ops.js';
export { runningFormats } from './batch-norm.js';
export { PlanBuilder } from './builder.js';
export { conversionSites } from './conversion.js';
export { opBytes, opMacs, planTotals, type PlanTotals } from './cost.js';
export type { PlanEnds, TensorSpec } from './draft.js';
export { ShapeError, shapeText } from './errors.js';
export { keepTrainingTensors, planMemory } from './memory.js';
export { opConverts, opReads, opWrites } from './operands.js';
export type { SiteSettings } from './sites.js';
export { elements, windowOf } from './shapes.js';
export { planJson, planTable, type PlanRow } from './table.js';
