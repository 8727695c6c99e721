/** The network as C99 that needs nothing but <stdint.h>, with its golden vectors and a test. Described in docs/export.md. */
import { dataFile } from '../description.js';
import type { ExportedFiles } from '../files.js';
import { checkExport, type GoldenVectors } from '../golden.js';
import type { ExportSubject } from '../subject.js';
import { goldenHeader, mainSource, makefile } from './harness.js';
import { cProgram } from './program.js';

/** The files, and what the inference takes. */
export interface CExport {
  readonly files: ExportedFiles;
  /** Bytes of constant arrays. */
  readonly constantBytes: number;
  /** Bytes of static memory for the activations. */
  readonly memoryBytes: number;
}

/**
 * `<network>.h`, `<network>.c`, `<network>_weights.h`; `golden.h`, `main.c`, `Makefile`; data.json, what the inputs and outputs are.
 * @throws UnsupportedError naming the layer that cannot be exported.
 */
export function cFiles(subject: ExportSubject, golden: GoldenVectors): CExport {
  checkExport(subject, golden);
  const program = cProgram(subject);
  const { name, header, source, weights, constantBytes, memoryBytes } = program;
  const files = new Map([
    [`${name}.h`, header],
    [`${name}.c`, source],
    [`${name}_weights.h`, weights],
    ['golden.h', goldenHeader(golden)],
    ['main.c', mainSource(program)],
    ['Makefile', makefile(program)],
    ...dataFile(subject),
  ]);
  return { files, constantBytes, memoryBytes };
}
