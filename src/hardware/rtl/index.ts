/**
 * Generated hardware: SystemVerilog of an array, its test bench and co-simulation harness, and products in
 * its form.
 */
export {
  arrayOfDesign,
  checkDesign,
  DEFAULT_PREFIX,
  isStochastic,
  moduleName,
  randomBits,
  type RtlDesign,
} from './design.js';
export {
  harnessRequest,
  harnessResults,
  RTL_LATENCY,
  rtlCycles,
  type HarnessResult,
  type Pauses,
} from './harness-words.js';
export { harnessFolder, rtlFolder } from './folder.js';
export { harnessArguments } from './makefile.js';
export { rtlModules, type SourceFile } from './modules.js';
export { checkProduct, expectedResults, productStream, writeResults, type ProductStream } from './stream.js';
export { type GoldenProduct } from './vectors.js';
