/** The examples in the help of every command, as lines and as arguments; tests parse all of them and run those that are cheap. */
import type { Command } from 'commander';

/** A command with its name in full, and all below it. */
export function commandsBelow(command: Command, before = 'fewbit'): [name: string, command: Command][] {
  const name = `${before} ${command.name()}`;
  return [[name, command], ...command.commands.flatMap((child) => commandsBelow(child, name))];
}

/** What `--help` prints. */
export function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({ writeOut: (part) => (text += part) });
  command.outputHelp();
  return text;
}

/** The example lines of a help text, without the remarks behind them. */
export function examplesOf(help: string): string[] {
  return [...help.matchAll(/^ {2}\$ (fewbit .*)$/gm)].map(([, line]) =>
    line!.replace(/^((?:[^"]|"[^"]*")*?) {2,}\S.*$/, '$1').trimEnd(),
  );
}

/** The arguments behind `fewbit` in the first command of a line. */
export function argumentsOf(line: string): string[] {
  const [, own = ''] = /^fewbit ((?:[^"&>]|"[^"]*")*)/.exec(line) ?? [];
  return [...own.matchAll(/(?:[^\s"]|"[^"]*")+/g)].map(([word]) => word.replaceAll('"', ''));
}
