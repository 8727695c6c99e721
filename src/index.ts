/**
 * Fewbit's main entry: everything that a program needs to define, train, evaluate and save a network. It runs
 * in a browser as well as in Node; files, the command line and run folders have separate entries. The rooms'
 * own entries (`fewbit/numerics`, `fewbit/plan` ...) have everything else.
 */
export {
  binaryText,
  convert,
  describeConversion,
  FewbitError,
  fixedToFloat,
  fixedToFloats,
  floatsToFixed,
  floatToFixed,
  formatText,
  InputError,
  InputTypeError,
  isFewbitError,
  maxRaw,
  minRaw,
  parseFormat,
  parseRounding,
  ROUNDING_MODES,
  roundingText,
  wordLength,
  type Accumulator,
  type ConvertOptions,
  type Format,
  type FormatLike,
  type NumberFormat,
  type Overflow,
  type Rounding,
  type RoundingLike,
  type RoundingMode,
  type Seed,
} from './numerics/index.js';
export { planJson, planTable, planTotals, ShapeError, type Plan, type Role } from './plan/index.js';
export {
  BACKEND_NAMES,
  UnsupportedError,
  type Backend,
  type BackendName,
  type SiteStatistics,
} from './backend/index.js';
export {
  defineNetwork,
  networkFromJSON,
  NetworkDefinition,
  zoo,
  ZOO_NAMES,
  type LayerConfiguration,
  type NetworkConfiguration,
  type PrecisionStage,
  type WeightInit,
  type ZooName,
  type ZooOptions,
} from './nn/index.js';
export { learningRate, type OptimizerConfiguration, type Schedule } from './optim/index.js';
export * from './data/index.js';
export * from './train/index.js';
