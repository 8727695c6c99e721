/** The help of every command: a summary, a description and examples that begin with the command itself. */
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { adviseCommand } from '../../src/cli/commands/advise/command.js';
import { analyzeCommand } from '../../src/cli/commands/analyze.js';
import { benchCommand } from '../../src/cli/commands/bench.js';
import { compareCommand } from '../../src/cli/commands/compare.js';
import { convertCommand } from '../../src/cli/commands/convert.js';
import { dataCommand } from '../../src/cli/commands/data.js';
import { demoCommand } from '../../src/cli/commands/demo.js';
import { evalCommand } from '../../src/cli/commands/eval.js';
import { exportCommand } from '../../src/cli/commands/export.js';
import { hardwareCommand } from '../../src/cli/commands/hardware/command.js';
import { infoCommand } from '../../src/cli/commands/info.js';
import { planCommand } from '../../src/cli/commands/plan.js';
import { reportCommand } from '../../src/cli/commands/report.js';
import { reproduceCommand } from '../../src/cli/commands/reproduce/command.js';
import { runsCommand } from '../../src/cli/commands/runs/command.js';
import { studyCommand } from '../../src/cli/commands/study.js';
import { sweepCommand } from '../../src/cli/commands/sweep/command.js';
import { trainCommand } from '../../src/cli/commands/train.js';
import { Terminal } from '../../src/cli/console/terminal.js';

const terminal = new Terminal();
const commands = [
  ...[adviseCommand, analyzeCommand, benchCommand, compareCommand, convertCommand, dataCommand],
  ...[demoCommand, evalCommand, exportCommand, hardwareCommand, infoCommand, planCommand],
  ...[reportCommand, reproduceCommand, runsCommand, studyCommand, sweepCommand, trainCommand],
].map((command) => command(terminal));

/** A command with its name in full, and all below it. */
function all(command: Command, before = 'fewbit'): [name: string, command: Command][] {
  const name = `${before} ${command.name()}`;
  return [[name, command], ...command.commands.flatMap((child) => all(child, name))];
}

function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({ writeOut: (part) => (text += part) });
  command.outputHelp();
  return text;
}

describe('help', () => {
  it.each(commands.flatMap((command) => all(command)))('%s', (name, command) => {
    expect(command.summary()).not.toBe('');
    expect(command.description()).not.toBe('');
    const [, examples = ''] = helpOf(command).split(/\nExamples?:\n/);
    expect(examples.split('\n')[0]).toMatch(new RegExp(`^  \\$ ${name}( |$)`));
  });
});
