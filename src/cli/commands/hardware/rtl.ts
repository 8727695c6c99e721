/** `fewbit hardware rtl`: SystemVerilog of an array with a test bench whose vectors come from a trained network. */
import { join } from 'node:path';
import { Option } from 'commander';
import { systolicBackend } from '../../../backend/index.js';
import { completeConfiguration } from '../../../experiment/index.js';
import { writeWhole } from '../../../experiment/store/index.js';
import {
  checkDesign,
  computeProduct,
  DEFAULT_PREFIX,
  productStream,
  rtlFolder,
  type GoldenProduct,
  type Product,
  type RtlDesign,
} from '../../../hardware/index.js';
import type { NetworkConfiguration } from '../../../nn/index.js';
import {
  maxRaw,
  parseAccumulator,
  parseRounding,
  roundingText,
  type Accumulator,
  type Overflow,
  type Rounding,
} from '../../../numerics/index.js';
import { oneLine } from '../../console/clean.js';
import { UsageError } from '../../console/errors.js';
import type { CommandContext } from '../../console/interrupt.js';
import { shellCommand } from '../../console/shell.js';
import { addVoiceOptions, defineCommand } from '../../options/define-command.js';
import { wholeNumber } from '../../options/numbers.js';
import { checkOutFolder, makeOutFolder } from '../../options/out-folder.js';
import { DEFAULT_SEED } from '../../options/run-options.js';
import { grouped, type Terminal } from '../../console/terminal.js';
import {
  addDesignOptions,
  arrayAround,
  designOf,
  productsOfLayer,
  type DesignOptions,
} from './design-options.js';
import { dataOf, subject, subjectOf, train, type Examples, type Subject } from './subject.js';

interface RtlOptions extends DesignOptions {
  readonly fl?: number;
  readonly accumulator?: Accumulator;
  readonly rounding?: Rounding;
  readonly overflow?: Overflow;
  readonly run?: string;
  readonly layer?: string;
  readonly batch: number;
  readonly prefix: string;
  readonly force?: boolean;
}

const WORD = 16;
const FRACTION = 12;
/** Steps that the small network is trained for. */
const STEPS = 40;
const STEP_BATCH = 20;

const EXAMPLES = `
Examples:
  $ fewbit hardware rtl build/array                                  8 x 8 PEs of 16 bits, stochastic rounding
  $ fewbit hardware rtl --rows 28 --cols 28 --lfsr 32 --round-stages 5 build/paper
  $ fewbit hardware rtl --wl 8 --fl 6 --acc 24 --rounding nearest build/small
  $ fewbit hardware rtl --rounding nearest --prefix nearest_ build/nearest
  $ fewbit hardware rtl --run runs/lenet-1 --layer conv2 build/lenet && make -C build/lenet

The vectors of the test bench are the products of one layer in a training step. With --run they come from that run, which also sets
word length, rounding and overflow; otherwise from a small network that is first trained on the synthetic data for ${STEPS} steps.
Synthetic products over the full range follow: they saturate at both limits, stream, and shift left.
make in the folder runs Verilator's lint, and the test bench under Verilator and Icarus Verilog (Debian packages verilator, iverilog;
make synth: yosys; make timing: nextpnr-ice40, the clock of a rounding unit). What the modules do: docs/hardware.md.`;

export const rtlCommand = defineCommand({
  name: 'rtl',
  summary: 'SystemVerilog of an array, with a test bench',
  description:
    'Writes a systolic array with its rounding units as SystemVerilog: modules, a test bench that checks itself against a layer of a trained network, a Makefile and a README.',
  options: (command) =>
    addVoiceOptions(
      addDesignOptions(command.argument('<folder>', 'folder of the files: new, or empty'))
        .option('--wl <bits>', `word length (default: ${WORD}, or the run's)`, wholeNumber('--wl', 2, 32))
        .option(
          '--fl <bits>',
          `fraction bits of the small network, which may be negative or more than the word has (default: ${FRACTION}, or all but 4)`,
          wholeNumber('--fl', -64, 64),
        )
        .option(
          '--accumulator <kind>',
          'sums of the small network: exact, or wrap:48 for words whose sums do not fit (default: exact)',
          parseAccumulator,
        )
        .option(
          '--rounding <mode>',
          "stochastic, stochastic:n, nearest ..., floor, toward-zero (default: stochastic, or the run's)",
          parseRounding,
        )
        .addOption(
          new Option(
            '--overflow <how>',
            "what the rounding units do (default: saturate, or the run's)",
          ).choices(['saturate', 'wrap']),
        )
        .option('--run <folder>', 'run whose layer gives the vectors')
        .option('--layer <name>', 'that layer (default: the first with a forward product and both gradients)')
        .option('--batch <n>', 'examples in the vectors', wholeNumber('--batch', 1), 2)
        .option(
          '--prefix <text>',
          'begins the name of every module and its file, so that several designs can be in one project',
          DEFAULT_PREFIX,
        )
        .option('--force', 'replace the files of an earlier design in the folder'),
      'folder',
      '',
    ),
  examples: EXAMPLES,
  run: rtl,
});

async function rtl(
  { terminal, signal }: CommandContext,
  folder: string,
  options: RtlOptions,
): Promise<number> {
  checkOutFolder(folder, options.force === true);
  const given =
    options.run === undefined ? await smallSubject(options) : await runSubject(options.run, options);
  const products = layerProducts(given.products, options.layer);
  const design = checkOptions(
    checkDesign({ ...designOf(products, options), prefix: options.prefix }),
    options,
  );
  const data = await dataOf(terminal, given, signal);
  const trained = options.run === undefined ? await trainSmall(terminal, given, data, signal) : given;
  const golden = await goldenProducts(design, trained, data, products, signal);
  const layer = products[0]!.op.layer;
  const origin =
    options.run === undefined
      ? `layer ${layer} of a small network after ${STEPS} steps on the synthetic data`
      : `layer ${layer} of ${options.run}`;
  const files = rtlFolder(design, golden, oneLine(origin).replaceAll('|', '\\|'));
  makeOutFolder(join(folder, 'vectors'));
  for (const { name, text } of files) writeWhole(folder, name, text);
  const words = golden.reduce((sum, { out }) => sum + out.length, 0);
  report(terminal, { folder, design, files: files.map(({ name }) => name), origin, words });
  const constant = golden.reduce((sum, product) => sum + constants(product), 0);
  if (constant === words) {
    terminal.note(
      `warning: all ${grouped(words)} words of layer ${layer} are 0 or a limit of their format, so only the synthetic products test the array; choose another --fl or --layer`,
    );
  }
  return 0;
}

/** Number of results that are 0 or a limit of their format. */
function constants({ product, out }: GoldenProduct): number {
  const limit = maxRaw(product.convert.format);
  return Array.from(out).filter((word) => word === 0 || word === limit || word === -limit - 1).length;
}

/** The rounding hardware that was asked for must be that of the network. */
function checkOptions(design: RtlDesign, { rounding, overflow }: RtlOptions): RtlDesign {
  const [asked, has] = [rounding ?? design.rounding, design.rounding].map(roundingText);
  if (asked !== has) throw new UsageError(`--rounding: the run rounds ${has}, got ${asked}; leave it out`);
  if (overflow !== undefined && overflow !== design.overflow) {
    throw new UsageError(`--overflow: the run must ${design.overflow}, got ${overflow}; leave it out`);
  }
  return design;
}

async function runSubject(folder: string, { batch, fl, accumulator }: RtlOptions): Promise<Subject> {
  if (fl !== undefined) throw new UsageError('--fl: a run has its own formats; leave it out with --run');
  if (accumulator !== undefined)
    throw new UsageError('--accumulator: a run has its own accumulators; leave it out with --run');
  return subjectOf(folder, { batch });
}

/** A network with all kinds of products, in the words that were asked for. */
function smallSubject(options: RtlOptions): Promise<Subject> {
  const { wl = WORD, fl, rounding, overflow, accumulator, batch } = options;
  const fraction = fl ?? (wl === WORD ? FRACTION : Math.max(1, wl - 4));
  // The learning rate times a word of 32 bits would not fit in 64.
  const word = Math.min(wl, 31);
  // A bias has at most the fraction bits of a product, which are twice those of a word.
  const biasFraction = Math.min(fraction, 2 * fraction);
  const network: NetworkConfiguration = {
    name: 'small',
    seed: DEFAULT_SEED,
    formats: {
      weight: { il: word - fraction, fl: fraction },
      bias: { il: word - biasFraction, fl: biasFraction },
    },
    ...(accumulator && { accumulator }),
    rounding: rounding === undefined ? 'stochastic' : roundingText(rounding),
    ...(overflow && { overflow }),
    weightInit: { distribution: 'normal', deviation: 0.1 },
    optimizer: { kind: 'sgd', learningRate: 0.05 },
    input: { height: 28, width: 28, channels: 1 },
    layers: [
      { type: 'conv2d', name: 'conv1', channels: 4, kernel: 5, activation: 'relu' },
      { type: 'maxPool', name: 'pool1', kernel: 4 },
      { type: 'conv2d', name: 'conv2', channels: 6, kernel: 3, activation: 'relu' },
      { type: 'dense', name: 'fc1', units: 10 },
    ],
  };
  return subject(completeConfiguration({ network, data: 'synthetic', batch }), null);
}

async function trainSmall(
  terminal: Terminal,
  given: Subject,
  data: Examples,
  signal: AbortSignal,
): Promise<Subject> {
  const status = terminal.status('stderr', { stays: true });
  status.begin(`training a small network on the synthetic data for ${STEPS} steps`);
  status.end();
  const start = { ...given, configuration: { ...given.configuration, batch: STEP_BATCH } };
  const { checkpoint } = await train(start, data, { backend: 'wasm', steps: STEPS, signal });
  return { ...given, checkpoint };
}

/** The products of the layer that has them all, or of the one that was asked for. */
function layerProducts(products: readonly Product[], layer: string | undefined): readonly Product[] {
  if (layer !== undefined) return productsOfLayer(products, layer);
  const layers = products.map(({ op }) => op.layer);
  const whole = layers.find((name) => layers.filter((other) => other === name).length === 3);
  return productsOfLayer(products, whole ?? layers[0] ?? '');
}

/** The layer's products in the next step, as the array with its shift registers computes them. */
async function goldenProducts(
  design: RtlDesign,
  given: Subject,
  data: Examples,
  products: readonly Product[],
  signal: AbortSignal,
): Promise<GoldenProduct[]> {
  const sites = products.map(({ site }) => site);
  const golden: GoldenProduct[] = [];
  const backend = systolicBackend({
    array: arrayAround(design),
    random: 'lfsr',
    runner: (job) => {
      const { product } = job;
      if (!sites.includes(product.site)) {
        computeProduct(job);
        return;
      }
      const stream = productStream(design, job);
      computeProduct(job);
      golden.push({ product, stream, out: job.out.slice() });
    },
  });
  await train(given, data, { backend, steps: 1, signal });
  return golden;
}

interface Written {
  readonly folder: string;
  readonly design: RtlDesign;
  readonly files: readonly string[];
  readonly origin: string;
  readonly words: number;
}

function report(terminal: Terminal, written: Written): void {
  const { folder, design, files, origin, words } = written;
  terminal.json({ event: 'done', ...written });
  const { rows, cols, wordLength, accumulatorBits, rounding } = design;
  terminal.say(
    `${rows} x ${cols} PEs, words of ${wordLength} bits, sums of ${accumulatorBits}, rounding ${roundingText(rounding)}: ${files.length} files`,
  );
  terminal.say(
    `test bench: ${grouped(words)} words, ${origin}; run it with ${shellCommand('make', '-C', folder)}\n`,
  );
  terminal.print(folder);
}
