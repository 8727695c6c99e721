/** `fewbit hardware`: the systolic array of the paper. Each subcommand is a file beside this one. */
import { defineGroup } from '../../options/define-command.js';
import { cosimCommand } from './cosim.js';
import { estimateCommand } from './estimate.js';
import { rtlCommand } from './rtl.js';
import { synthCommand } from './synth.js';

const EXAMPLES = `
Examples:
  $ fewbit hardware estimate lenet                   cycles, utilisation and energy of a training step on the paper's array
  $ fewbit hardware rtl build/array                  SystemVerilog of an 8 x 8 array, with a test bench
  $ fewbit hardware cosim lenet                      a training step on that hardware, compared word for word

What the array is, and where the numbers come from: docs/hardware.md.`;

export const hardwareCommand = defineGroup(
  {
    name: 'hardware',
    summary: 'the systolic array of the paper',
    description: 'Maps networks onto a systolic array of multiply-accumulators with rounding units.',
    examples: EXAMPLES,
  },
  [estimateCommand, rtlCommand, cosimCommand, synthCommand],
);
