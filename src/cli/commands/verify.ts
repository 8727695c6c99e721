/** `fewbit verify`: repeats the training of a run and compares every line of its record, bit for bit. */
import type { BackendName } from '../../backend/index.js';
import {
  RunFolderError,
  verifyRun,
  type Verification,
  type VerificationDifference,
} from '../../experiment/index.js';
import { openStoredRun } from '../../experiment/store/index.js';
import { openData } from '../shared/open-data.js';
import { EXIT, UsageError } from '../console/errors.js';
import type { CommandContext } from '../console/interrupt.js';
import { addVoiceOptions, defineCommand } from '../options/define-command.js';
import { wholeNumber } from '../options/numbers.js';
import { backendOption, threadsOption } from '../options/run-options.js';
import { RunProgress } from '../console/progress.js';
import { grouped } from '../console/terminal.js';

interface VerifyOptions {
  readonly step?: number;
  readonly data?: string;
  readonly backend?: BackendName;
  readonly threads?: number;
}

const EXAMPLES = `
Examples:
  $ fewbit verify runs/lenet-1                       repeats the whole training
  $ fewbit verify runs/lenet-1 --step 500            its first 500 steps
  $ fewbit verify runs/lenet-1 --backend reference   on the backend that defines the numbers; slow
  $ fewbit verify runs/lenet-1 --data ./my-digits    the run's data, from another place
  $ fewbit verify runs/lenet-1 --json

The training begins at its first step, because a run keeps its last checkpoint only; so it takes as long as the training did,
and nothing is believed but config.json and the data. Times are not compared. Nothing in the folder changes.
Exit code 0: equal. 1: the first line that differs is printed. 2: the folder is damaged, or the data are others.`;

export const verifyCommand = defineCommand({
  name: 'verify',
  summary: 'repeat the training of a run and compare its record',
  description:
    'Repeats the training of a run from its config.json and its data, and compares every line of metrics.jsonl, the digests of the weights in them, and the checkpoint, bit for bit.',
  options: (command) =>
    addVoiceOptions(
      command
        .argument('<run>', 'run folder')
        .option('--step <n>', 'verify the first n steps (default: all)', wholeNumber('--step', 1))
        .option('--data <data>', 'where the data are (default: as recorded); other data are refused')
        .addOption(backendOption())
        .addOption(threadsOption()),
      'verdict',
      '',
    ),
  examples: EXAMPLES,
  run: verify,
});

async function verify(
  { terminal, signal, interrupt }: CommandContext,
  path: string,
  options: VerifyOptions,
): Promise<number> {
  const run = openStoredRun(path);
  if (run.unchecked !== null) {
    throw new RunFolderError(
      `run folder ${path}: an earlier version began this run, and its lines have no digests; train it again with fewbit train ${path}/config.json --out <folder>, and compare the digests of the results`,
    );
  }
  const end = run.metrics.at(-1)?.step ?? 0;
  if (options.step !== undefined && options.step > end) {
    throw new UsageError(
      `verify: --step must be at most ${end}, the last step in ${path}/metrics.jsonl, got ${options.step}`,
    );
  }
  const { backend = run.configuration.backend, threads = run.configuration.threads } = options;
  const configuration = { ...run.configuration, backend, ...(threads === undefined ? {} : { threads }) };
  const data = await openData(terminal, { ...configuration, data: options.data ?? configuration.data }, signal);
  const steps = options.step ?? end;
  terminal.say(`${path}: repeats ${grouped(steps)} steps from the first one, backend ${backend}`);
  const progress = new RunProgress(terminal, { configuration });
  try {
    const found = await verifyRun(
      { ...run, configuration },
      {
        data,
        now: () => performance.now(),
        signal,
        onEvent: (event) => {
          if (event.event === 'start') progress.event({ ...event, steps });
          if (event.event === 'step') progress.event(event);
        },
      },
      options.step,
    );
    progress.end();
    const chain = found.lines === run.metrics.length ? run.chain : null;
    terminal.json({ event: 'verification', run: path, ...found, chain });
    terminal.print(verdictText(path, found, run.metrics.length));
    if (chain !== null && found.status === 'equal') terminal.say(`chain ${chain}`);
    if (found.status === 'interrupted') return interrupt.exitCode;
    return found.status === 'equal' ? EXIT.done : EXIT.different;
  } finally {
    progress.end();
  }
}

function verdictText(path: string, found: Verification, all: number): string {
  const { status, lines, step, weights, checkpoint, difference } = found;
  const checked = `${grouped(lines)} of ${grouped(all)} lines up to step ${grouped(step)}, with ${grouped(weights)} digests of the weights`;
  if (difference !== null)
    return `different: ${differenceText(path, difference)}\nequal before it: ${checked}`;
  const what = checkpoint ? `${checked}, and the checkpoint` : checked;
  return status === 'equal' ? `equal: ${what}` : `stopped; equal so far: ${what}`;
}

function differenceText(path: string, { line, field, recorded, repeated }: VerificationDifference): string {
  const file = line === null ? 'checkpoint.safetensors' : `metrics.jsonl line ${line}`;
  const text = (value: unknown): string => (value === undefined ? 'nothing' : JSON.stringify(value));
  return `${path}/${file}: ${field} is ${text(recorded)}, the repetition has ${text(repeated)}`;
}
