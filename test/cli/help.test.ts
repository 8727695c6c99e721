/**
 * The help of every command: a summary, a description and examples that begin with the command itself and whose options it takes.
 * examples.slow.test.ts runs them.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
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
import { argumentsOf, commandsBelow, examplesOf, helpOf } from './help-examples.js';
import { temporaryFolder } from './support.js';

const terminal = new Terminal();
const commands = [
  ...[adviseCommand, analyzeCommand, benchCommand, compareCommand, convertCommand, dataCommand],
  ...[demoCommand, evalCommand, exportCommand, hardwareCommand, infoCommand, planCommand],
  ...[reportCommand, reproduceCommand, runsCommand, studyCommand, sweepCommand, trainCommand],
].map((command) => command(terminal));

describe('help', () => {
  it.each(commands.flatMap((command) => commandsBelow(command)))('%s', (name, command) => {
    expect(command.summary()).not.toBe('');
    expect(command.description()).not.toBe('');
    const [, examples = ''] = helpOf(command).split(/\nExamples?:\n/);
    expect(examples.split('\n')[0]).toMatch(new RegExp(`^  \\$ ${name}( |$)`));
  });

  const folder = temporaryFolder();
  const lines = [
    ...new Set(
      commands
        .flatMap((command) => commandsBelow(command))
        .flatMap(([, command]) => examplesOf(helpOf(command))),
    ),
  ];

  it.each(lines)('has an example that parses: %s', (line) => {
    // An option that reads a file when it is parsed.
    const later = join(folder, 'later.json');
    writeFileSync(later, JSON.stringify([{ epoch: 12, formats: '4.16' }]));
    const args = argumentsOf(line).map((word) => (word === 'later.json' ? later : word));
    let calls = 0;
    const root = new Command('fewbit');
    for (const command of commands) root.addCommand(command);
    for (const [, command] of commands.flatMap((command) => commandsBelow(command))) {
      command.exitOverride().action(() => {
        calls += 1;
      });
    }
    root.parse(args, { from: 'user' });
    expect(calls).toBe(1);
  });
});
