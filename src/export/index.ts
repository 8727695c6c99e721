/**
 * Exports: a trained network's integers for others, with golden vectors. Pure functions of bytes; docs/export.md.
 *
 * @module fewbit/export
 */
export { cFiles, type CExport } from './c/index.js';
export type { ExportedFiles } from './files.js';
export { goldenVectors, type GoldenOptions, type GoldenRows, type GoldenVectors } from './golden.js';
export { hexFiles } from './hex.js';
export { npzFiles } from './npz.js';
export { safetensorsFiles } from './safetensors.js';
export {
  openSubject,
  type ExportSubject,
  type ExportTensor,
  type Integers,
  type SubjectOptions,
} from './subject.js';
