/** `fewbit hardware`: the systolic array of the paper. Each subcommand is a file of src/cli/hardware/. */
import { Command } from 'commander';
import { commandGroup } from '../../options/command-group.js';
import { cosimCommand } from './cosim.js';
import { estimateCommand } from './estimate.js';
import { rtlCommand } from './rtl.js';
import { synthCommand } from './synth.js';
import type { Terminal } from '../../console/terminal.js';

const EXAMPLES = `
Examples:
  $ fewbit hardware estimate lenet                   cycles, utilisation and energy of a training step on the paper's array
  $ fewbit hardware rtl build/array                  SystemVerilog of an 8 x 8 array, with a test bench
  $ fewbit hardware cosim lenet                      a training step on that hardware, compared word for word

What the array is, and where the numbers come from: docs/hardware.md.`;

export function hardwareCommand(terminal: Terminal): Command {
  const command = commandGroup(new Command('hardware'))
    .summary('the systolic array of the paper')
    .description('Maps networks onto a systolic array of multiply-accumulators with rounding units.')
    .addHelpText('after', EXAMPLES);
  for (const subcommand of [estimateCommand, rtlCommand, cosimCommand, synthCommand])
    command.addCommand(subcommand(terminal));
  return command;
}
