/** `fewbit compare`: one network in several formats and roundings, one table and one chart. */
import { join } from 'node:path';
import { changeNetwork, folderName, parseSettings } from '../../experiment/index.js';
import { compare } from '../shared/compare-runs.js';
import type { CommandContext } from '../console/interrupt.js';
import { defineCommand } from '../options/define-command.js';
import {
  addRunOptions,
  applyOptions,
  NETWORK_HELP,
  networkArgument,
  type RunOptions,
} from '../options/run-options.js';

interface CompareOptions extends RunOptions {
  readonly settings?: string;
  readonly setting: readonly string[];
}

export const DEFAULT_SETTINGS = 'float32; 4.12/6.10 stochastic; 4.12/6.10 nearest';

const EXAMPLES = `
A setting is "[name:] formats [rounding] [accumulator]":
  float32                           the baseline
  8.8 stochastic                    one format for all
  4.12/6.10 nearest                 the second format for activations
  weight=2.14,activation=6.10 stochastic:8
  narrow: 4.12/6.10 stochastic saturate:32
The default rounding is stochastic. Everything else, seed included, is the same in all runs.

Examples:
  $ fewbit compare lenet                                    ${DEFAULT_SETTINGS}
  $ fewbit compare dnn --settings "float32; 6.10 stochastic; 8.8 stochastic; 8.8 nearest" --epochs 5
  $ fewbit compare lenet --setting "2.14/6.10" --setting "few bits: 2.14/6.10 stochastic:4" --out runs/bits
  $ fewbit compare dnn --data synthetic --steps 60 --json

To continue after Ctrl-C give the same command again: finished runs are not repeated, a stopped run resumes.`;

export const compareCommand = defineCommand({
  name: 'compare',
  summary: 'train several formats and roundings side by side',
  description:
    'Trains a network in several settings in turn and writes one table and one chart (SVG and HTML) at the end.',
  options: (command) =>
    addRunOptions(
      command
        .argument('<network>', NETWORK_HELP)
        .option('--settings <list>', `settings separated by ";" (default: "${DEFAULT_SETTINGS}")`)
        .option(
          '--setting <setting>',
          'one more setting; may be repeated',
          (text, before: string[]) => [...before, text],
          [],
        ),
    ).option(
      '--out <folder>',
      'folder of the chart, with a run folder for each setting (default: runs/compare-<network>)',
    ),
  examples: EXAMPLES,
  run,
});

async function run(
  { terminal, interrupt }: CommandContext,
  network: string,
  options: CompareOptions,
): Promise<number> {
  const given = [...(options.settings === undefined ? [] : [options.settings]), ...options.setting];
  const settings = parseSettings(given.length === 0 ? [DEFAULT_SETTINGS] : given);
  const base = applyOptions(networkArgument(network, options), options);
  const name = base.network.name ?? 'network';
  const out = options.out ?? join('runs', `compare-${folderName(name, 'network')}`);
  const entries = settings.map((setting) => ({
    name: setting.name,
    path: join(out, folderName(setting.name)),
    configuration: { ...base, network: changeNetwork(base.network, setting.changes) },
  }));
  const rows = await compare(
    terminal,
    { title: `${name} on ${base.data}`, out, entries, resume: 'the same command' },
    interrupt,
  );
  return rows === null ? interrupt.exitCode : 0;
}
