/** A command that only holds subcommands: by itself it shows its help; with an unknown word it says which there are. */
import type { Command } from 'commander';
import { UsageError } from '../console/errors.js';

export function commandGroup(command: Command): Command {
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
