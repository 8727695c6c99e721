/** `fewbit demo`, which `npm start` runs: the paper's point in one table and one picture. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  changeNetwork,
  comparisonConclusion,
  completeConfiguration,
  folderName,
  parseSettings,
  recipeConfiguration,
  recipes,
} from '../../experiment/index.js';
import { type ComparisonRow } from '../../experiment/store/index.js';
import { compare } from '../shared/compare-runs.js';
import type { CommandContext } from '../console/interrupt.js';
import { addVoiceOptions, defineCommand } from '../options/define-command.js';
import { DEFAULT_SEED } from '../options/run-options.js';
import { packageVersion } from '../options/version.js';
import { DEFAULT_SETTINGS } from './compare.js';

const OUT = join('runs', 'demo');
const INTRODUCTION = `Training LeNet on MNIST three times: in float32, and in 16-bit fixed point, <4,12> with
activations in <6,10>, once with stochastic rounding and once with round-to-nearest.`;
const EXAMPLES = `
Examples:
  $ fewbit demo
  $ npm start          the same, from a clone of the repository

Finished runs are not repeated; to start over remove the folder ${OUT}.`;

export const demoCommand = defineCommand({
  name: 'demo',
  summary: 'stochastic rounding against round-to-nearest on MNIST',
  description: `Recipe mnist-lenet in three settings with seed ${DEFAULT_SEED}; table, chart and runs go to ${OUT}.`,
  options: (command) => addVoiceOptions(command, 'result', ' a line'),
  examples: EXAMPLES,
  run: demo,
});

async function demo({ terminal, interrupt }: CommandContext): Promise<number> {
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
  terminal.say(INTRODUCTION);
  const rows = await compare(
    terminal,
    { title: 'LeNet on MNIST', out: OUT, entries, resume: 'the same command' },
    interrupt,
  );
  if (rows === null) return interrupt.exitCode;
  terminal.say(`\n${conclusion(rows)}`);
  if (before) terminal.say(`Runs found in ${OUT} were not repeated; to start over: rm -r ${OUT}`);
  return 0;
}

/** Explains the table in its own numbers. */
function conclusion(rows: readonly ComparisonRow[]): string {
  return `${comparisonConclusion(rows)}
A gradient that is smaller than half a step of its format is rounded to zero by round-to-nearest every time (flushed), and so is
the change of a weight that is smaller than half a step of the weight's format (swallowed). Stochastic rounding lets some of
them through, as many as keep the mean right: it loses gradients too, but not always the same ones.`;
}
