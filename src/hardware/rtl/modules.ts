/** The SystemVerilog of a design: one module per file. */
import { arrayModule } from './array.js';
import { bufferModule } from './buffer.js';
import { controlModule } from './control.js';
import { isStochastic, moduleName, type RtlDesign } from './design.js';
import { drainModule } from './drain.js';
import { lfsrModule } from './lfsr.js';
import { peModule } from './pe.js';
import { resultsModule } from './results.js';
import { roundingUnitModule } from './rounding-unit.js';
import { skewModule } from './skew.js';
import { topModule } from './top.js';

/** A generated text file. */
export interface SourceFile {
  readonly name: string;
  readonly text: string;
}

/** top.sv and its modules, each in a file of its name. */
export function rtlModules(design: RtlDesign): SourceFile[] {
  const texts = {
    top: topModule(design),
    control: controlModule(design),
    buffer: bufferModule(design),
    array: arrayModule(design),
    skew: skewModule(design),
    pe: peModule(design),
    drain: drainModule(design),
    rounding_unit: roundingUnitModule(design),
    ...(isStochastic(design) && { lfsr: lfsrModule(design) }),
    results: resultsModule(design),
  };
  return Object.entries(texts).map(([name, text]) => ({ name: `${moduleName(design, name)}.sv`, text }));
}
