#!/usr/bin/env node
/**
 * The command line: composition root of Fewbit. Exit codes (EXIT in console/errors.ts): 0 done; 1 a fault of Fewbit, or a record
 * that `verify` finds different; 2 bad input or surroundings that refuse, reported in one line; 3 done, but some runs of a sweep
 * failed, or advice is not confirmed; 129, 130 or 143 after a signal; 141 if the reader of a pipe ended first. The stack of an
 * error is shown with --debug only.
 */
import { Command, CommanderError } from 'commander';
import { adviseCommand } from './commands/advise/command.js';
import { analyzeCommand } from './commands/analyze.js';
import { benchCommand } from './commands/bench.js';
import { compareCommand } from './commands/compare.js';
import { convertCommand } from './commands/convert.js';
import { dataCommand } from './commands/data.js';
import { demoCommand } from './commands/demo.js';
import { evalCommand } from './commands/eval.js';
import { exportCommand } from './commands/export.js';
import { hardwareCommand } from './commands/hardware/command.js';
import { infoCommand } from './commands/info.js';
import { planCommand } from './commands/plan.js';
import { runsCommand } from './commands/runs/command.js';
import { studyCommand } from './commands/study.js';
import { reportCommand } from './commands/report.js';
import { reproduceCommand } from './commands/reproduce/command.js';
import { sweepCommand } from './commands/sweep/command.js';
import { trainCommand } from './commands/train.js';
import { asGroup, type CommandFactory } from './options/define-command.js';
import { errorLine, exitCodeOf, EXIT, OutputError } from './console/errors.js';
import { Terminal } from './console/terminal.js';
import { verifyCommand } from './commands/verify.js';
import { packageVersion } from './options/version.js';

const EXAMPLES = `
Examples:
  $ fewbit demo                                      stochastic rounding against round-to-nearest on MNIST
  $ fewbit train dnn --data synthetic --steps 60     a first try, without fetching anything
  $ fewbit convert 0.1234 --format 2.14              one number in fixed point

Every command has --help with examples.`;

/** The commands by what they are for, as the help lists them. */
const GROUPS: Readonly<Record<string, readonly CommandFactory[]>> = {
  'Train:': [trainCommand, compareCommand, sweepCommand, reproduceCommand, demoCommand],
  'Look at runs:': [runsCommand, reportCommand, evalCommand, verifyCommand],
  'Formats:': [convertCommand, analyzeCommand, adviseCommand, studyCommand],
  'Cost of a network:': [planCommand, benchCommand],
  'Export and hardware:': [exportCommand, hardwareCommand],
  'Data and setup:': [dataCommand, infoCommand],
};

function program(terminal: Terminal): Command {
  const root = new Command('fewbit')
    .description(
      'Trains neural networks in limited-precision fixed point, bit for bit the same on every machine.',
    )
    .version(packageVersion(), '--version')
    .option('--debug', 'show the stack of an error')
    .addHelpText('after', EXAMPLES);
  asGroup(root);
  for (const [heading, commands] of Object.entries(GROUPS)) {
    for (const command of commands) root.addCommand(command(terminal).helpGroup(heading));
  }
  return settled(root);
}

/** Makes every command and subcommand throw its errors, so that `main` prints them all alike. */
function settled(command: Command): Command {
  command
    .exitOverride()
    .configureOutput({ writeErr: () => undefined })
    .showSuggestionAfterError();
  for (const child of command.commands) settled(child);
  return command;
}

async function main(argv: readonly string[]): Promise<void> {
  const terminal = new Terminal();
  // A pipe or a disk may refuse the last text after the work has ended.
  process.once('exit', (code) => {
    process.exitCode = terminal.end(code);
  });
  try {
    await program(terminal).parseAsync(argv);
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return;
    // `end` reports it, once.
    if (error instanceof OutputError) return;
    process.exitCode = exitCodeOf(error);
    const isOurs = process.exitCode === EXIT.internal;
    terminal.error(isOurs ? `unexpected: ${errorLine(error)}; --debug shows where` : errorLine(error));
    if (argv.includes('--debug') && error instanceof Error) terminal.note(error.stack ?? '');
  }
}

await main(process.argv);
