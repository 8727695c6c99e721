/**
 * Numerics: formats, exact sums, rounding, the counter generator, integer softmax. docs/arithmetic.md is the
 * contract.
 *
 * @module fewbit/numerics
 */
export * from './errors.js';
export * from './json.js';
export * from './format.js';
export * from './rounding.js';
export { Wide } from './wide.js';
export {
  convert,
  Converter,
  convertWide,
  randomWidthOf,
  roundWide,
  type ConvertOptions,
  type ConvertSite,
} from './convert.js';
export { convertRaws } from './convert-raws.js';
export * from './accumulator.js';
export { philox4x32 } from './philox.js';
export * from './random.js';
export { inverseRoot, roundedQuotient, type InverseRoot } from './root.js';
export * from './softmax.js';
export * from './order.js';
export * from './float.js';
export * from './float-weights.js';
export * from './shuffle.js';
export * from './describe.js';
