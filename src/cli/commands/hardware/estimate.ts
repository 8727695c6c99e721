/** `fewbit hardware estimate`: a training step, or one product, on an array: time, utilisation, bytes, energy. */
import { trainingExamples } from '../../../data/node/index.js';
import {
  changeNetwork,
  parseFormats,
  RUN_DEFAULTS,
  type EstimateSubject,
  type ArraySweepRow,
} from '../../../experiment/index.js';
import {
  estimateProduct,
  estimateStep,
  hostOps,
  parseRoundingHardware,
  singleWorkload,
  sweepPoints,
  trainingWorkloads,
  type ArrayConfig,
  type ProductEstimate,
  type SweepFields,
  type SweepPoint,
  type Workload,
} from '../../../hardware/index.js';
import { defineNetwork } from '../../../nn/index.js';
import { parseRounding } from '../../../numerics/index.js';
import { UsageError } from '../../console/errors.js';
import type { CommandContext } from '../../console/interrupt.js';
import { addVoiceOptions, defineCommand } from '../../options/define-command.js';
import { realNumber, wholeNumber } from '../../options/numbers.js';
import { checkOutFolder } from '../../options/out-folder.js';
import { PartProgress } from '../../console/part-progress.js';
import { shellCommand } from '../../console/shell.js';
import { NETWORK_HELP, networkArgument } from '../../options/run-options.js';
import { addArrayOptions, addMemoryOptions, arrayOf } from './array-options.js';
import { checkConflicts, listOf, productOf, sizeOf, type EstimateOptions } from './estimate-options.js';
import { report } from './estimate-report.js';

const EXAMPLES = `
Examples:
  $ fewbit hardware estimate lenet                                   a training step on the paper's 28 x 28 PEs
  $ fewbit hardware estimate --product 1024x1024x1024                one product, M x K x N: near the paper's 260 G-ops/s
  $ fewbit hardware estimate cifar --rows 64 --cols 64 --clock 500 --bandwidth 25.6 --out runs/estimate
  $ fewbit hardware estimate cifar --array 8x8,16x16,28x28,64x64 --wl 8,16,32 --out runs/arrays
  $ fewbit hardware estimate dnn --rounding nearest,stochastic:8,stochastic:16 --json

Lists make a sweep: one row for every combination. Only products run on the array; the other ops run on the host and are not counted.
With --out: table (Markdown, CSV, JSON) and charts (SVG and PNG, light and dark). What the numbers mean: docs/hardware.md.`;

export const estimateCommand = defineCommand({
  name: 'estimate',
  summary: 'time, utilisation and energy of a training step',
  description:
    'Maps every product of a training step onto a systolic array: cycles, utilisation, stalls by cause, bytes moved, speed and energy.',
  options: (command) =>
    addVoiceOptions(
      addMemoryOptions(
        addArrayOptions(
          command
            .argument('[network]', `${NETWORK_HELP}; left out with --product`)
            .option('--product <MxKxN>', 'one product instead of a network', productOf)
            .option(
              '--formats <formats>',
              'as in fewbit plan: 6.10 for all roles; 4.12/6.10, the second for activations; or by role',
              parseFormats,
            )
            .option(
              '--batch <n>',
              `examples per step (default: ${RUN_DEFAULTS.batch})`,
              wholeNumber('--batch', 1),
            )
            .option(
              '--stage <n>',
              'stage of the precision schedule (default: 0, the first of the training)',
              wholeNumber('--stage', 0),
            ),
        ),
      )
        .option('--array <RxC,...>', 'sizes instead of --rows and --cols', listOf(sizeOf))
        .option(
          '--wl <bits,...>',
          'word lengths instead of those of the formats (a product: 16)',
          listOf(wholeNumber('--wl', 2, 32)),
        )
        .option(
          '--rounding <units,...>',
          "rounding units: nearest, floor ..., stochastic, stochastic:n with a shift register of n bits (default: the network's; a product: stochastic)",
          listOf(parseRoundingHardware),
        )
        .option(
          '--examples <n>',
          "examples of an epoch (default: those of the network's data, if it is a named set)",
          wholeNumber('--examples', 1),
        )
        .option(
          '--watts <w>',
          'power of a real device, to compare with the estimate',
          realNumber('--watts', 0.001),
        )
        .option('--out <folder>', 'folder for tables and charts: new, or empty')
        .option('--force', 'replace the files of an earlier estimate in the folder'),
      'files',
      '',
    ),
  examples: EXAMPLES,
  run: estimate,
});

async function estimate(
  { terminal, signal }: CommandContext,
  network: string | undefined,
  options: EstimateOptions,
): Promise<number> {
  const { out, watts } = options;
  checkConflicts(network, options);
  const config = arrayOf(options);
  const fields = fieldsOf(options);
  const { workloads, ...subject } =
    network === undefined ? productSubject(options) : networkSubject(network, options);
  if (out !== undefined) checkOutFolder(out, options.force === true);
  const points = sweepPoints(config, workloads, fields);
  const rows = await estimates(points, new PartProgress(terminal, 'estimate'), signal);
  await report(terminal, {
    rows,
    subject: { ...subject, ...(watts === undefined ? {} : { watts }) },
    command: shellCommand('fewbit', ...process.argv.slice(2)),
    ...(out === undefined ? {} : { out }),
  });
  return 0;
}

/** Estimates point by point. What takes time in a product is its blocks. */
async function estimates(
  points: readonly SweepPoint[],
  progress: PartProgress,
  signal: AbortSignal,
): Promise<ArraySweepRow[]> {
  const blocks = ({ rows, cols }: ArrayConfig, { m, n }: Workload): number =>
    Math.ceil(m / rows) * Math.ceil(n / cols);
  const all = points
    .flatMap(({ config, workloads }) => workloads.map((workload) => blocks(config, workload)))
    .reduce((sum, count) => sum + count, 0);
  const rows: ArraySweepRow[] = [];
  let done = 0;
  try {
    for (const { labels, config, workloads } of points) {
      const products: ProductEstimate[] = [];
      for (const workload of workloads) {
        products.push(estimateProduct(config, workload));
        done += blocks(config, workload);
        await progress.show(done / all);
        signal.throwIfAborted();
      }
      rows.push({ labels, estimate: estimateStep(config, products) });
    }
  } finally {
    progress.end();
  }
  return rows;
}

function fieldsOf({ array, wl, rounding }: EstimateOptions): SweepFields {
  return {
    ...(array && { arrays: array }),
    ...(wl && { bits: wl }),
    ...(rounding && { roundings: rounding }),
  };
}

type Subject = EstimateSubject & { readonly workloads: readonly Workload[] };

function networkSubject(name: string, options: EstimateOptions): Subject {
  const { formats, batch = RUN_DEFAULTS.batch, stage: index = 0, examples } = options;
  const { network, data } = networkArgument(name, {});
  const definition = defineNetwork(changeNetwork(network, formats === undefined ? {} : { formats }));
  const stage = definition.stages[index];
  if (!stage) {
    const last = definition.stages.length - 1;
    throw new UsageError(`--stage: this network has stages 0 to ${last}, got ${index}`);
  }
  const plan = stage.plan(batch);
  const known = examples ?? (data === undefined ? null : trainingExamples(data));
  return {
    title: `${plan.name}, batch ${batch}`,
    workloads: trainingWorkloads(plan),
    hostOps: hostOps(plan),
    epoch: known === null ? null : { examples: known, batch },
  };
}

/** Default words of a single product: the paper's 16 bits. */
const PRODUCT_BITS = 16;

function productSubject({ product }: EstimateOptions): Subject {
  const [m, k, n] = product!;
  return {
    title: `product ${m} x ${k} x ${n}`,
    workloads: [singleWorkload({ m, k, n }, PRODUCT_BITS, parseRounding('stochastic'))],
    hostOps: {},
    epoch: null,
  };
}
