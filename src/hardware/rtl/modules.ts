/** The SystemVerilog of a design: one module per file. */
import { arrayModule } from './array.js';
import { bufferModule } from './buffer.js';
import { controlModule } from './control.js';
import { isStochastic, type RtlDesign } from './design.js';
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

/** top.sv and its modules. */
export function rtlModules(design: RtlDesign): SourceFile[] {
  return [
    { name: 'top.sv', text: topModule(design) },
    { name: 'control.sv', text: controlModule(design) },
    { name: 'buffer.sv', text: bufferModule() },
    { name: 'array.sv', text: arrayModule(design) },
    { name: 'skew.sv', text: skewModule() },
    { name: 'pe.sv', text: peModule(design) },
    { name: 'drain.sv', text: drainModule(design) },
    { name: 'rounding_unit.sv', text: roundingUnitModule(design) },
    ...(isStochastic(design) ? [{ name: 'lfsr.sv', text: lfsrModule(design) }] : []),
    { name: 'results.sv', text: resultsModule() },
  ];
}
