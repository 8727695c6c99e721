/**
 * How a command is made: its name, help, options and work as one record. Only here does a command line become
 * a voice of the terminal, an interruptible piece of work and an exit code.
 */
import { Command, Option } from 'commander';
import { UsageError } from '../console/errors.js';
import { interruptible, type CommandContext } from '../console/interrupt.js';
import type { Terminal } from '../console/terminal.js';

/** Makes the command for a terminal. */
export type CommandFactory = (terminal: Terminal) => Command;

interface Help {
  readonly name: string;
  /** The command's line in the list of commands. */
  readonly summary: string;
  /** What it does, in full. Default: the summary. */
  readonly description?: string;
  /** Follows the options in the help: what else is to be known, and examples. */
  readonly examples: string;
}

/** A command that works; `A` are its arguments and its options. */
export interface CommandDefinition<A extends readonly unknown[]> extends Help {
  /** Declares arguments and options. */
  readonly options?: (command: Command) => Command;
  /** Returns the exit code. */
  readonly run: (context: CommandContext, ...given: A) => Promise<number> | number;
}

function helped({ name, summary, description = summary }: Help): Command {
  return new Command(name).summary(summary).description(description);
}

/** A command. */
export function defineCommand<A extends readonly unknown[]>(
  definition: CommandDefinition<A>,
): CommandFactory {
  const { options = (command: Command) => command, examples, run } = definition;
  return (terminal) =>
    options(helped(definition))
      .addHelpText('after', examples)
      .action(async (...given: unknown[]) => {
        // Commander adds the command itself behind arguments and options.
        const command = given.pop() as Command;
        terminal.speakFor(command.opts());
        process.exitCode = await interruptible(terminal, (context) =>
          run(context, ...(given as unknown as A)),
        );
      });
}

/**
 * A command that only holds others: without arguments it shows its help; with an unknown word it lists the
 * known ones.
 */
export function defineGroup(help: Help, commands: readonly CommandFactory[]): CommandFactory {
  return (terminal) => {
    const group = asGroup(helped(help).addHelpText('after', help.examples));
    for (const command of commands) group.addCommand(command(terminal));
    return group;
  };
}

/** Lets a command show its help if no subcommand is given. */
export function asGroup(command: Command): Command {
  return command.allowExcessArguments().action(() => {
    const [name] = command.args;
    if (name === undefined) {
      command.outputHelp();
      return;
    }
    const known = command.commands.map((child) => child.name()).join(', ');
    throw new UsageError(`${command.name()}: there is no command "${name}"; choose one of ${known}`);
  });
}

/** `--quiet` and `--json`, which exclude each other. */
export function addVoiceOptions(command: Command, quiet: string, json: string): Command {
  return command
    .option('--quiet', `print the ${quiet} alone`)
    .addOption(new Option('--json', `print one JSON object${json}`).conflicts('quiet'));
}
