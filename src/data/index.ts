/**
 * Data: sets of labelled examples, iterators over them, normalisers, and readers of bytes and text. No files.
 *
 * @module fewbit/data
 */
export type * from './dataset.js';
export { DataError } from './errors.js';
export { noteText, type DataNote } from './notes.js';
export type { Augmentation } from './augmentation.js';
export { checkDataSet, exampleSize, selectExamples, sliceExamples, splitDataSet } from './examples.js';
export { ArrayDataSetIterator, StreamDataSetIterator, type ArrayIteratorOptions } from './iterator.js';
export { conformData, conformIterator, schemaOf } from './schema.js';
export {
  idxDataSet,
  parseIdx,
  parseIdxHeader,
  type IdxArray,
  type IdxDataSetOptions,
  type IdxHeader,
} from './idx.js';
export { cifarDataSet, cifarRecords, type CifarFile } from './cifar.js';
export {
  csvDataSet,
  csvDataSets,
  parseCsv,
  type CsvOptions,
  type CsvReference,
  type CsvTable,
} from './csv.js';
export {
  applyNormalizer,
  NormalizerMinMaxScaler,
  NormalizerStandardize,
  type Normalizer,
} from './normalizer.js';
export { synthetic, type SyntheticOptions } from './synthetic.js';
