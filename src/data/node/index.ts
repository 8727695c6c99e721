/**
 * Data from files and the network, for Node: named sets in a cache, own data by path.
 *
 * @module fewbit/data/node
 */
export { cacheFolder, type Environment } from './cache.js';
export { dataDigest } from './digest.js';
export {
  DATA_NAMES,
  loadData,
  loadExamples,
  type ExamplesOptions,
  type LoadedData,
  type LoadedExamples,
  type LoadOptions,
} from './load.js';
export {
  getNamed,
  listNamed,
  removeNamed,
  verifyNamed,
  type NamedStatus,
  type VerifyResult,
} from './manage.js';
export { trainingExamples } from './named.js';
export type { DataProgress, FetchOptions } from './named-set.js';
