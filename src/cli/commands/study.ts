/** `fewbit study`: studies of the arithmetic itself, without a network. */
import { join } from 'node:path';
import {
  panelChart,
  roundingStudy,
  roundingStudyFigures,
  roundingStudyPage,
  STUDY_COLUMNS,
  studyTables,
} from '../../experiment/index.js';
import { writeWhole } from '../../experiment/store/index.js';
import { EXIT } from '../console/errors.js';
import type { CommandContext } from '../console/interrupt.js';
import { addVoiceOptions, defineCommand, defineGroup } from '../options/define-command.js';
import { seedOf, wholeNumber } from '../options/numbers.js';
import { checkOutFolder, makeOutFolder } from '../options/out-folder.js';
import { PartProgress } from '../console/part-progress.js';
import { DEFAULT_SEED } from '../options/run-options.js';
import { tableText } from '../console/table.js';
import { grouped } from '../console/terminal.js';

interface RoundingOptions {
  readonly samples: number;
  readonly weights: number;
  readonly seed: number | string;
  readonly out: string;
  readonly force?: boolean;
}

const GROUP_EXAMPLES = `
Examples:
  $ fewbit study rounding                    bias and variance of every rounding mode, as figures`;

const EXAMPLES = `
Examples:
  $ fewbit study rounding                                          a few seconds
  $ fewbit study rounding --samples 1000000 --weights 20000 --out runs/long-study
  $ fewbit study rounding --seed 7 --json

Writes five figures (SVG), rounding-study.html with all of them, and study.json. What they show, and where the lines come from:
docs/rounding-study.md.`;

const roundingCommand = defineCommand({
  name: 'rounding',
  summary: 'bias and variance of rounding and narrow accumulators',
  description:
    'Measures bias and variance of every rounding mode on a dot product and on a weight that takes small updates, against the number of random bits and the width of the accumulator, and compares them with theory.',
  options: (command) =>
    addVoiceOptions(
      command
        .option('--samples <n>', 'number of dot products', wholeNumber('--samples', 100, 1_000_000), 50_000)
        .option('--weights <n>', 'number of weights', wholeNumber('--weights', 100, 100_000), 2_000)
        .option('--seed <n>', 'seed of everything that is drawn', seedOf, DEFAULT_SEED)
        .option('--out <folder>', 'folder of the figures: new, or empty', join('runs', 'study-rounding'))
        .option('--force', 'replace the files of an earlier study in the folder'),
      'files',
      '',
    ),
  examples: EXAMPLES,
  run: rounding,
});

export const studyCommand = defineGroup(
  {
    name: 'study',
    summary: 'studies of the arithmetic itself',
    description: 'Measures the arithmetic at the level of single numbers and compares it with theory.',
    examples: GROUP_EXAMPLES,
  },
  [roundingCommand],
);

async function rounding({ terminal, signal }: CommandContext, options: RoundingOptions): Promise<number> {
  const { seed, samples, weights, out } = options;
  checkOutFolder(out, options.force === true);
  const progress = new PartProgress(terminal, 'rounding study');
  let study;
  try {
    study = await roundingStudy({ seed, samples, weights }, { onProgress: progress.show, signal });
  } finally {
    progress.end();
  }
  makeOutFolder(out);
  const files: string[] = [];
  const write = (name: string, content: string): void => {
    writeWhole(out, name, content);
    files.push(join(out, name));
  };
  for (const figure of roundingStudyFigures(study)) write(`${figure.name}.svg`, await panelChart(figure));
  write('study.json', JSON.stringify(study, null, 2) + '\n');
  write('rounding-study.html', await roundingStudyPage(study));
  terminal.json({ event: 'done', ...study, files });
  const drawn = `${grouped(samples)} dot products, ${grouped(weights)} weights, seed ${seed}`;
  terminal.say(`${drawn}; bias in eps, variance in eps^2, eps the step of the format`);
  for (const { experiment, rows } of studyTables(study)) {
    terminal.say(`\n${terminal.colour.bold(experiment)}\n`);
    terminal.say(tableText(terminal, STUDY_COLUMNS, rows, 'lrrrrr'));
  }
  terminal.say('');
  for (const file of files) terminal.print(file);
  return EXIT.done;
}
