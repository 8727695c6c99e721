/** `fewbit demo`, which `npm start` runs: the paper's point in one table and one picture. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import {
  changeNetwork,
  completeConfiguration,
  folderName,
  parseSettings,
  recipeConfiguration,
  recipes,
} from '../../experiment/index.js';
import { type ComparisonRow } from '../../experiment/store/index.js';
import { compare } from '../shared/compare-runs.js';
import { interruptible, type Interrupt } from '../console/interrupt.js';
import { DEFAULT_SEED, voiceOf } from '../options/run-options.js';
import { percentText, type Terminal } from '../console/terminal.js';
import { packageVersion } from '../options/version.js';
import { DEFAULT_SETTINGS } from './compare.js';

const OUT = join('runs', 'demo');
const INTRODUCTION = `Training LeNet on MNIST three times: in float32, and in 16-bit fixed point, <4,12> with
activations in <6,10>, once with stochastic rounding and once with round-to-nearest.`;
const EXAMPLES = `
Examples:
  $ fewbit demo
  $ npm start          the same, from a clone of the repository

Runs that are done are not repeated; to start over remove the folder ${OUT}.`;

interface DemoOptions {
  readonly quiet?: boolean;
  readonly json?: boolean;
}

export function demoCommand(terminal: Terminal): Command {
  return new Command('demo')
    .summary('stochastic rounding against round-to-nearest on MNIST')
    .description(
      `Recipe mnist-lenet in three settings with seed ${DEFAULT_SEED}; table, chart and runs go to ${OUT}.`,
    )
    .option('--quiet', 'print the result alone')
    .option('--json', 'print one JSON object a line')
    .addHelpText('after', EXAMPLES)
    .action(async (options: DemoOptions) => {
      process.exitCode = await interruptible(terminal, (interrupt) => demo(terminal, options, interrupt));
    });
}

async function demo(terminal: Terminal, options: DemoOptions, interrupt: Interrupt): Promise<number> {
  const voice = voiceOf(options);
  const recipe = recipes.find(({ name }) => name === 'mnist-lenet');
  if (!recipe) throw new Error('internal: the recipe mnist-lenet is gone');
  const base = completeConfiguration({
    fewbit: packageVersion(),
    data: recipe.data,
    ...recipeConfiguration(recipe, { seed: DEFAULT_SEED }),
  });
  const entries = parseSettings([DEFAULT_SETTINGS]).map((setting) => ({
    name: setting.name,
    path: join(OUT, folderName(setting.name)),
    configuration: { ...base, network: changeNetwork(base.network, setting.changes) },
  }));
  const before = existsSync(OUT);
  if (voice === 'people') terminal.print(INTRODUCTION);
  const rows = await compare(
    terminal,
    { title: 'LeNet on MNIST', out: OUT, entries, voice, resume: 'the same command' },
    interrupt,
  );
  if (rows === null) return interrupt.exitCode;
  if (voice === 'people') {
    terminal.print(`\n${conclusion(rows)}`);
    if (before) terminal.print(`Runs found in ${OUT} were not repeated; to start over: rm -r ${OUT}`);
  }
  return 0;
}

/** Says what the table shows, in its own numbers. */
function conclusion(rows: readonly ComparisonRow[]): string {
  const error = (name: string): string => {
    const row = rows.find((one) => one.name.startsWith(name));
    return row === undefined ? '-' : percentText(row.result.testErrorPercent);
  };
  return `In the same 16 bits stochastic rounding gets to ${error('stochastic')} test error (float32: ${error('float32')}), round-to-nearest
to ${error('nearest')}: most updates of the weights are smaller than half a step of the format, so rounding to nearest
swallows them every time; stochastic rounding lets some of them through, as many as keep the mean right.`;
}
