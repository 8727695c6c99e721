/** Generated folders: sources with a test bench, or sources with the harness of co-simulation. */
import { checksModule } from './checks.js';
import { moduleName, type RtlDesign } from './design.js';
import { harnessSource } from './harness.js';
import { makefile } from './makefile.js';
import { rtlModules, type SourceFile } from './modules.js';
import { readme } from './readme.js';
import { syntheticProducts } from './synthetic.js';
import { sourceModule, testBenchModule } from './test-bench.js';
import { timingModule } from './timing.js';
import { vectorFiles, type GoldenProduct } from './vectors.js';

/** Everything that `fewbit hardware rtl` writes. Synthetic products follow the golden ones. */
export function rtlFolder(design: RtlDesign, golden: readonly GoldenProduct[], origin: string): SourceFile[] {
  const accumulator = golden[0]?.product.accumulator ?? 'exact';
  const all = [...golden, ...syntheticProducts(design, accumulator)];
  const { files, counts } = vectorFiles(design, all);
  const sites = golden.map(({ product }) => product.site);
  const name = (module: string): string => `${moduleName(design, module)}.sv`;
  return [
    ...rtlModules(design),
    { name: name('checks'), text: checksModule(design, { exact: accumulator === 'exact' }) },
    { name: name('timing'), text: timingModule(design) },
    { name: name('tb'), text: testBenchModule(design, counts) },
    { name: name('source'), text: sourceModule(design) },
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
