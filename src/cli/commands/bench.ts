/** `fewbit bench`: where the time of a training step goes, op by op, on synthetic examples. */
import { Option } from 'commander';
import { PROFILED_STEPS, type Backend, type BackendName } from '../../backend/index.js';
import { wasmBackendWith, type Choice } from '../../backend/select.js';
import { ArrayDataSetIterator, type DataSet } from '../../data/index.js';
import { changeNetwork, completeConfiguration, RUN_DEFAULTS } from '../../experiment/index.js';
import { ZOO_NAMES, type NetworkDefinition } from '../../nn/index.js';
import { parseSeed, RandomSite, siteHash } from '../../numerics/index.js';
import {
  Network,
  profileTable,
  type TrainingListener,
  type TrainingProfile,
  type TrainingWarning,
} from '../../train/index.js';
import { UsageError } from '../console/errors.js';
import { checkNetwork } from '../options/check-network.js';
import type { CommandContext } from '../console/interrupt.js';
import { defineCommand } from '../options/define-command.js';
import { wholeNumber } from '../options/numbers.js';
import { checkTraceFile, profileText, traceNote, writeTrace } from '../shared/profile.js';
import { RunProgress } from '../console/progress.js';
import {
  addArithmeticOptions,
  backendOption,
  DEFAULT_SEED,
  NETWORK_HELP,
  networkArgument,
  networkChanges,
  threadsOption,
  type NetworkOptions,
} from '../options/run-options.js';
import type { Terminal } from '../console/terminal.js';

interface BenchOptions extends NetworkOptions {
  readonly batch: number;
  readonly steps?: number;
  readonly backend?: BackendName;
  readonly threads?: number;
  readonly minimal?: Choice;
  readonly scatter?: Choice;
  readonly trace?: string;
}

/** Number of different batches. */
const BATCHES = 10;
/** Long enough for the engine to have compiled every kernel for good. */
const WARM_UP_MS = 500;
/** Without --steps: as many steps as fit in this time, within bounds. */
const MEASURED_MS = 3000;
const FEWEST_STEPS = 3;

const EXAMPLES = `
Examples:
  $ fewbit bench                                          the zoo's networks in turn
  $ fewbit bench lenet --threads 1 --formats 2.14 --rounding nearest
  $ fewbit bench lenet --trace lenet-trace.json           a trace of every step for ui.perfetto.dev
  $ fewbit bench config.json --batch 32 --steps 50 --json
  $ fewbit bench cifar --minimal never                    what fewer multiplications gain

The columns are explained in docs/kernels.md, section "Profiling"; fewbit train --profile shows the same for a real run.`;

export const benchCommand = defineCommand({
  name: 'bench',
  summary: 'where the time of a training step goes',
  description:
    'Trains on synthetic examples and prints for each operation of a training step its time, its multiply-adds per second, how near they are to the limit of the machine, and the path taken.',
  options: (command) =>
    addArithmeticOptions(
      command
        .argument('[network]', `${NETWORK_HELP} (default: ${ZOO_NAMES.join(', ')})`)
        .option('--batch <n>', 'examples per step', wholeNumber('--batch', 1), RUN_DEFAULTS.batch)
        .option(
          '--steps <n>',
          `number of steps to measure (default: about ${MEASURED_MS / 1000} s of them)`,
          wholeNumber('--steps', 1, PROFILED_STEPS),
        )
        .addOption(backendOption())
        .addOption(threadsOption())
        .addOption(kernelOption('--minimal', 'convolutions with fewer multiplications'))
        .addOption(kernelOption('--scatter', 'convolutions from the non-zero elements alone')),
    )
      .option('--trace <file>', 'write the steps as a trace for Perfetto or chrome://tracing')
      .option('--json', 'print one JSON object a network'),
  examples: EXAMPLES,
  run: bench,
});

/** When backend wasm takes some of its kernels. */
function kernelOption(name: string, kernels: string): Option {
  return new Option(
    `${name} <when>`,
    `${kernels}; auto: if sizes make them faster; changes no result (default: auto)`,
  ).choices(['auto', 'always', 'never']);
}

/**
 * The backend by name, or with the kernels that were chosen.
 * @throws UsageError for kernels of another backend
 */
function chosenBackend(name: BackendName, { minimal, scatter }: BenchOptions): BackendName | Backend {
  if (minimal === undefined && scatter === undefined) return name;
  if (name !== 'wasm') {
    throw new UsageError(
      `bench: --minimal and --scatter choose kernels of backend wasm, got backend "${name}"; leave them out`,
    );
  }
  return wasmBackendWith({ ...(minimal && { minimal }), ...(scatter && { scatter }) });
}

async function bench(
  { terminal, signal }: CommandContext,
  network: string | undefined,
  options: BenchOptions,
): Promise<number> {
  const names = network === undefined ? ZOO_NAMES : [network];
  const { trace } = options;
  if (trace !== undefined) checkTraceFile('--trace', trace);
  const tasks = names.map((name) => taskOf(name, options));
  const profiles: TrainingProfile[] = [];
  for (const [index, task] of tasks.entries()) {
    const profile = await measure(terminal, task, signal);
    const table = profileTable(profile);
    terminal.json({ event: 'bench', ...table });
    terminal.print((index > 0 ? '\n' : '') + profileText(terminal, table));
    profiles.push(profile);
  }
  if (trace !== undefined) {
    writeTrace(trace, profiles);
    terminal.say(`\n${traceNote(trace)}`);
  }
  return 0;
}

type Task = ReturnType<typeof taskOf>;

function taskOf(name: string, options: BenchOptions) {
  const { batch, backend, threads, steps } = options;
  const { network } = networkArgument(name, {});
  const configuration = completeConfiguration({
    network: changeNetwork(network, networkChanges(options)),
    data: 'synthetic',
    batch,
    ...(backend && { backend }),
    ...(threads === undefined ? {} : { threads }),
  });
  const chosen = chosenBackend(configuration.backend, options);
  return { configuration, backend: chosen, steps, definition: checkNetwork(configuration) };
}

async function measure(
  terminal: Terminal,
  { configuration, backend, definition, steps }: Task,
  signal: AbortSignal,
): Promise<TrainingProfile> {
  const { threads, batch } = configuration;
  const clock = (): number => performance.now();
  const network = await Network.create(definition, {
    backend,
    clock,
    ...(threads === undefined ? {} : { threads }),
  });
  const progress = new RunProgress(terminal, { configuration });
  try {
    const iterator = new ArrayDataSetIterator(examples(definition, BATCHES * batch), { batch });
    const onWarning = ({ message }: TrainingWarning): void => terminal.warn(message);
    const train = async (count: number, listeners: readonly TrainingListener[] = []): Promise<void> => {
      await network.fit(iterator, { epochs: count, maxSteps: count, listeners, signal, onWarning });
      signal.throwIfAborted();
    };
    const begin = clock();
    await train(1);
    let stepMs = clock() - begin;
    for (let start = clock(); start - begin < WARM_UP_MS; start = clock()) {
      await train(1);
      stepMs = clock() - start;
    }
    const fitting = Math.round(MEASURED_MS / stepMs);
    const count = steps ?? Math.max(FEWEST_STEPS, Math.min(fitting, PROFILED_STEPS));
    const first = network.step;
    progress.event({ event: 'start', step: 0, steps: count });
    const report: TrainingListener = {
      iterationDone({ step }, { score }) {
        progress.event({ event: 'step', step: step - first, epoch: 1, loss: score });
      },
    };
    await train(count, [report]);
    const profile = await network.profile();
    if (profile === null) throw new Error('internal: bench: the session has measured nothing');
    return { ...profile, steps: profile.steps.slice(-count) };
  } finally {
    progress.end();
    await network.close();
  }
}

/** Pixels of which a fifth is not black, as in MNIST; the same at every call. */
function examples({ inputShape, classes }: NetworkDefinition, count: number): DataSet {
  const words = new RandomSite(parseSeed(DEFAULT_SEED), siteHash('bench'), 0, 16);
  // A flat vector suits an image, too.
  const size = inputShape.reduce((product, length) => product * length, 1);
  const features = Uint8Array.from({ length: count * size }, (_, index) => {
    const word = words.word(index);
    return word % 5 === 0 ? word >> 8 : 0;
  });
  const labels = Int32Array.from({ length: count }, (_, example) => example % classes);
  return { features, labels, count, shape: [size], classes };
}
