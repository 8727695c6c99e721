/** `fewbit advise`: formats for every layer and role, found by trials and verified, as a configuration with its evidence. */
import { join } from 'node:path';
import {
  adviceChart,
  adviceGroups,
  adviceJson,
  adviceMarkdown,
  advicePage,
  adviceSentence,
  adviseFormats,
  completeConfiguration,
  folderName,
  parseRoundings,
  plannedSteps,
  resolutionText,
  usedData,
  verificationCells,
  type Advice,
  type AdviceContext,
  type AdviceRequest,
  type RunConfiguration,
} from '../../../experiment/index.js';
import {
  checkpointPath,
  jsonText,
  openStoredRun,
  runComparison,
  writeWhole,
} from '../../../experiment/store/index.js';
import { parseAccumulator } from '../../../numerics/index.js';
import { checkAdviceFolder, openAdviceFolder, readRanges, writeRanges } from './folder.js';
import { AdviceProgress } from './progress.js';
import { checkNetwork } from '../../options/check-network.js';
import { openData } from '../../shared/open-data.js';
import { EXIT, UsageError } from '../../console/errors.js';
import type { CommandContext } from '../../console/interrupt.js';
import { defineCommand } from '../../options/define-command.js';
import { wholeNumber } from '../../options/numbers.js';
import { pngRenderer } from '../../console/png.js';
import {
  addRunOptions,
  applyOptions,
  NETWORK_HELP,
  networkArgument,
  type RunOptions,
} from '../../options/run-options.js';
import { shellCommand } from '../../console/shell.js';
import { tableText } from '../../console/table.js';
import { grouped, type Terminal } from '../../console/terminal.js';

function checkpointIn(path: string): ReturnType<AdviceContext['checkpointOf']> {
  const { checkpoint: bytes } = openStoredRun(path);
  return bytes && { file: checkpointPath(path), bytes };
}

interface AdviseOptions extends RunOptions {
  readonly bits: number;
  readonly budget: number;
  readonly headroom: number;
  readonly trials: number;
  readonly seeds: number;
  readonly verifySeeds: number;
  readonly verifyEpochs?: number;
  readonly validation?: number;
  readonly trainLimit?: number;
}

const MAX_SEEDS = 100;
const MIN_BITS = 4;
const MAX_BITS = 32;

const EXAMPLES = `
First float32 is trained, and the magnitudes of its tensors give each layer and role a format of --bits bits. Then the search removes
bits, by role and by layer, as long as the error on held-out training examples stays within the budget of the error of float32.
--epochs and --steps are the length of such a trial. At the end float32, the proposal and the advice are trained with other seeds for
--verify-epochs.

Examples:
  $ fewbit advise lenet
  $ fewbit advise lenet --learning-rate "0.1*0.5" --epochs 4 --budget 0.3 --threads 1    a falling rate leaves less to chance
  $ fewbit advise config.json --bits 12 --trials 20 --verify-epochs 10 --out runs/advice
  $ fewbit advise dnn --data synthetic --steps 40 --trials 8    a first try, without fetching anything
  $ fewbit train runs/advise-lenet/advised.json                 the advised formats, ready to train

Writes advised.json, the configuration, and its evidence: advice.md, advice.html, advice.json and advice.svg, advice.png. Every trial is a
run folder. After Ctrl-C or a crash the same command continues; more --trials or another --budget reuse the runs that are there.
docs/formats.md.`;

export const adviseCommand = defineCommand({
  name: 'advise',
  summary: 'find formats with fewer bits, and verify them',
  description:
    'Proposes a format for every layer and role, narrows it while the error stays within a budget above float32, and writes a configuration that was verified.',
  options: (command) =>
    addRunOptions(
      command
        .argument('<network>', NETWORK_HELP)
        .optionsGroup('Search:')
        .option('--bits <n>', 'word length of the proposal', wholeNumber('--bits', MIN_BITS, MAX_BITS), 16)
        .option('--budget <points>', 'error allowed above float32, in points: 0.3 or 0.3%', budgetOf, 0.3)
        .option(
          '--headroom <bits>',
          'integer bits to leave free above the largest magnitude',
          wholeNumber('--headroom', 0, 8),
          1,
        )
        .option('--trials <n>', 'at most n trials', wholeNumber('--trials', 1, 10_000), 40)
        .option('--seeds <n>', 'runs of each trial', wholeNumber('--seeds', 1, MAX_SEEDS), 2)
        .option(
          '--verify-seeds <n>',
          'runs of each setting in the verification, with other seeds than the trials',
          wholeNumber('--verify-seeds', 1, MAX_SEEDS),
          3,
        )
        .option(
          '--verify-epochs <n>',
          'epochs of the verification (default: those of the recipe or file)',
          wholeNumber('--verify-epochs', 1),
        )
        .option(
          '--validation <n>',
          'training examples held out for all decisions (default: as many as test examples, at most a fifth)',
          wholeNumber('--validation', 1),
        )
        .option(
          '--train-limit <n>',
          'train each trial on only the first n of the remaining examples',
          wholeNumber('--train-limit', 1),
        )
        .optionsGroup('Arithmetic:')
        .option(
          '--rounding <mode>',
          "as in fewbit train (default: the network's own, or stochastic)",
          parseRoundings,
        )
        .option('--accumulator <kind>', 'exact, wrap:48 or saturate:32', parseAccumulator),
    ).option('--out <folder>', 'folder of the advice and its runs (default: runs/advise-<network>)'),
  examples: EXAMPLES,
  run: advise,
});

function budgetOf(text: string): number {
  const match = /^\s*(\d+(?:\.\d+)?)\s*%?\s*$/.exec(text);
  const points = match ? Number(match[1]) : NaN;
  if (points > 0 && points < 100) return points;
  throw new UsageError(
    `--budget: must be points of error above 0 and below 100, such as 0.3 or 0.3%, got "${text}"`,
  );
}

async function advise(
  { terminal, interrupt, signal }: CommandContext,
  network: string,
  options: AdviseOptions,
): Promise<number> {
  const [shortRun, longRun] = configurations(network, options);
  const { bits, budget, headroom, trials, seeds, verifySeeds } = options;
  const groups = adviceGroups({ trial: shortRun, bits });
  for (const configuration of [shortRun, longRun]) checkNetwork(configuration);
  const out = options.out ?? join('runs', `advise-${folderName(shortRun.network.name ?? '', 'network')}`);
  checkAdviceFolder(out);
  const data = await openData(terminal, shortRun, signal);
  const held = { train: data.train.count, test: data.test.count };
  const full = heldOut(longRun, options, held);
  const trial = limited(heldOut(shortRun, options, held), options);
  const used = usedData(trial, data);
  const request: AdviceRequest = { trial, full, bits, budget, headroom, trials, seeds, verifySeeds };
  openAdviceFolder(out, { trial, full, bits, headroom });
  terminal.say(
    `data ${data.name}: ${grouped(used.train.count)} training and ${grouped(used.test.count)} held-out examples, ${grouped(data.test.count)} for the test at the end (${data.source})`,
  );
  const work = {
    trialSteps: plannedSteps(trial, used.train.count),
    fullSteps: plannedSteps(full, used.train.count),
    ...{ trials, seeds, verifySeeds },
  };
  const progress = new AdviceProgress(terminal, work);
  let verified = 0;
  try {
    const outcome = await adviseFormats(request, {
      ...{ data, signal, folderOf: (parts) => join(out, ...parts), checkpointOf: checkpointIn },
      run: (entry) =>
        runComparison([entry], { data, signal, now: () => performance.now(), onEvent: progress.event }),
      ranges: readRanges(out),
      onRanges: (analysis) => {
        writeRanges(out, analysis);
      },
      onRangesProgress: progress.ranges,
      onWarning: ({ message }) => terminal.warn(message),
      onBaseline: (baseline) => {
        progress.baseline(baseline);
        terminal.say(resolutionText({ baseline, heldOut: used.test.count, request }));
      },
      onTrial: (one) => {
        progress.trial(one, groups);
      },
      onVerified: (setting) => {
        verified += 1;
        progress.verified(setting, verified);
      },
    });
    progress.end();
    if (outcome.status === 'interrupted') {
      const { entry, step } = outcome;
      const resume = 'the same command';
      terminal.json({ event: 'interrupted', step, run: entry.path, resume });
      terminal.stopped(
        `stopped in "${entry.name}" at step ${grouped(step)} with a checkpoint; continue with: ${resume}`,
      );
      return interrupt.exitCode;
    }
    await finish(terminal, out, outcome.advice, commandLine());
    return outcome.advice.confirmed ? EXIT.done : EXIT.incomplete;
  } finally {
    progress.end();
  }
}

/** A trial and a verification, as far as they are known without the data. */
function configurations(network: string, options: AdviseOptions): [RunConfiguration, RunConfiguration] {
  const { epochs: _epochs, steps: _steps, verifyEpochs, ...rest } = options;
  const full = { ...rest, ...(verifyEpochs === undefined ? {} : { epochs: verifyEpochs }) };
  return [options, full].map((one) => applyOptions(networkArgument(network, one), one)) as [
    RunConfiguration,
    RunConfiguration,
  ];
}

/** With examples held out: as many as the options say, or the configuration, or as there are test examples. */
function heldOut(
  configuration: RunConfiguration,
  options: AdviseOptions,
  { train, test }: { readonly train: number; readonly test: number },
): RunConfiguration {
  const { subset = {} } = configuration;
  const own = Math.min(subset.test ?? test, Math.max(1, Math.floor(train / 5)));
  const validation = options.validation ?? subset.validation ?? own;
  return completeConfiguration({ ...configuration, subset: { ...subset, validation } });
}

function limited(configuration: RunConfiguration, { trainLimit }: AdviseOptions): RunConfiguration {
  if (trainLimit === undefined) return configuration;
  return { ...configuration, subset: { ...configuration.subset, train: trainLimit } };
}

async function finish(terminal: Terminal, out: string, advice: Advice, command: string): Promise<void> {
  const { threads: _threads, ...configuration } = advice.configuration;
  const json = adviceJson(advice);
  const svg = await adviceChart(advice);
  writeWhole(out, 'advised.json', jsonText(configuration));
  writeWhole(out, 'advice.json', jsonText(json));
  writeWhole(out, 'advice.svg', svg);
  writeWhole(out, 'advice.png', (await pngRenderer())(svg));
  writeWhole(out, 'advice.md', adviceMarkdown(advice, { picture: 'advice.svg', command }));
  writeWhole(out, 'advice.html', await advicePage(advice, { command }));
  const path = (name: string): string => join(out, name);
  const files = {
    configuration: path('advised.json'),
    markdown: path('advice.md'),
    html: path('advice.html'),
    svg: path('advice.svg'),
  };
  const { confirmed, difference, chosen } = advice;
  terminal.json({ event: 'done', confirmed, difference, chosen, formats: json['formats'], files });
  const { head, rows } = verificationCells(advice);
  terminal.print(`\n${tableText(terminal, head, rows, 'lrrrrrrrl')}\n\n${adviceSentence(advice)}\n`);
  terminal.print(
    `configuration ${files.configuration}: ${shellCommand('fewbit', 'train', files.configuration)}\nevidence      ${files.markdown}, ${files.html}\nchart         ${files.svg}, ${path('advice.png')}`,
  );
}

/** The command line as it was given. */
function commandLine(): string {
  return shellCommand('fewbit', ...process.argv.slice(process.argv.indexOf('advise')));
}
