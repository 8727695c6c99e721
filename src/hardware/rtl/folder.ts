/** Generated folders: sources with a test bench, or sources with the harness of co-simulation. */
import type { RtlDesign } from './design.js';
import { harnessSource } from './harness.js';
import { makefile, readme } from './makefile.js';
import { rtlModules, type SourceFile } from './modules.js';
import { sourceModule, testBenchModule } from './test-bench.js';
import { vectorFiles, type GoldenProduct } from './vectors.js';

/** Everything that `fewbit hardware rtl` writes. */
export function rtlFolder(design: RtlDesign, golden: readonly GoldenProduct[], origin: string): SourceFile[] {
  const { files, counts } = vectorFiles(design, golden);
  const sites = golden.map(({ product }) => product.site);
  return [
    ...rtlModules(design),
    { name: 'tb.sv', text: testBenchModule(design, counts) },
    { name: 'source.sv', text: sourceModule() },
    { name: 'harness.cpp', text: harnessSource() },
    { name: 'Makefile', text: makefile(design) },
    { name: 'README.md', text: readme(design, { text: origin, sites }) },
    ...files,
  ];
}

/** The files from which Verilator builds the harness of a design. */
export function harnessFolder(design: RtlDesign): SourceFile[] {
  return [...rtlModules(design), { name: 'harness.cpp', text: harnessSource() }];
}
