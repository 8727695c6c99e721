/**
 * Hardware: the systolic array of the paper, its schedule and its results. docs/hardware.md is the contract.
 *
 * @module fewbit/hardware
 */
export * from './array.js';
export {
  blocksOf,
  layoutOf,
  stretchesOf,
  type Block,
  type Layout,
  type Load,
  type Stretch,
} from './blocks.js';
export { Lfsr, LFSR_SHIFTS, LFSR_TAPS, lfsrRows } from './lfsr.js';
export { operandsOf, type Operands } from './operands.js';
export { proveSums } from './proof.js';
export {
  isProduct,
  productOf,
  productsOf,
  type Product,
  type ProductOp,
  type ProductSize,
} from './product.js';
export { PeArray, type Slice } from './pe-array.js';
export { computeProduct, outIndex, type ProductJob } from './product-job.js';
export { simulateProduct } from './simulation.js';
export {
  randomWords,
  RANDOM_SOURCES,
  RoundingUnit,
  type RandomSource,
  type RandomWords,
} from './rounding-unit.js';
export { addSchedules, schedule, type Schedule, type Stalls } from './schedule.js';
export {
  addPj,
  dramPj,
  ENERGY_PARTS,
  FLOAT32_MAC_PJ,
  gatesPj,
  HOROWITZ_45NM,
  lfsrPj,
  multiplyPj,
  productEnergy,
  roundingPj,
  sramPj,
  totalPj,
  type EnergyParts,
  type ProductWidths,
} from './energy.js';
export {
  CAUSES,
  changeWorkload,
  estimateProduct,
  estimateStep,
  hostOps,
  singleWorkload,
  trainingWorkloads,
  type Cause,
  type Estimate,
  type Pass,
  type ProductEstimate,
  type StepEstimate,
  type Workload,
} from './estimate.js';
export {
  parseRoundingHardware,
  sweepPoints,
  type RoundingHardware,
  type SweepFields,
  type SweepLabels,
  type SweepPoint,
} from './sweep.js';
export * from './rtl/index.js';
