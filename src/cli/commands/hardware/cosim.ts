/** `fewbit hardware cosim`: training steps whose products the generated hardware computes, under Verilator, word for word. */
import { join } from 'node:path';
import { systolicBackend } from '../../../backend/index.js';
import {
  arrayOfDesign,
  computeProduct,
  productStream,
  rtlCycles,
  schedule,
  writeResults,
  type ProductJob,
  type RtlDesign,
} from '../../../hardware/index.js';
import { roundingText } from '../../../numerics/index.js';
import type { CommandContext } from '../../console/interrupt.js';
import { addVoiceOptions, defineCommand } from '../../options/define-command.js';
import { EXIT } from '../../console/errors.js';
import { seedOf, wholeNumber } from '../../options/numbers.js';
import { PartProgress } from '../../console/part-progress.js';
import {
  addArithmeticOptions,
  DEFAULT_SEED,
  NETWORK_HELP,
  type NetworkOptions,
} from '../../options/run-options.js';
import { tableText } from '../../console/table.js';
import { grouped, type Terminal } from '../../console/terminal.js';
import {
  addDesignOptions,
  arrayAround,
  designOf,
  productsOfLayer,
  type DesignOptions,
} from './design-options.js';
import { buildHarness, type RtlHarness } from './harness.js';
import { dataOf, subjectOf, train } from './subject.js';
import { stoppable } from './tools.js';

interface CosimOptions extends DesignOptions, NetworkOptions {
  readonly data?: string;
  readonly batch?: number;
  readonly steps: number;
  readonly layer?: string;
  readonly out: string;
}

const EXAMPLES = `
Every product of the steps (forward, and the gradients of inputs and weights) goes through the hardware with the step's own operands;
every word is compared with the simulator, and training continues with the hardware's words. Then the same steps are trained with the
simulator alone, and without stochastic rounding on the wasm backend too: the digests of all weights must be equal.

Examples:
  $ fewbit hardware cosim lenet                                    a whole step of 100 images on 8 x 8 PEs
  $ fewbit hardware cosim lenet --rows 16 --cols 16 --lfsr 32 --steps 2
  $ fewbit hardware cosim lenet --data synthetic --batch 10 --rounding nearest --formats 2.6
  $ fewbit hardware cosim runs/lenet-1 --layer conv2 --json

Exit code 1 if a word or a digest differs. Needs the Debian packages verilator, make and g++; the built hardware stays in --out and is
used again.`;

export const cosimCommand = defineCommand({
  name: 'cosim',
  summary: 'training steps on the generated hardware, compared word for word',
  description:
    'Builds the generated hardware with Verilator, computes the products of training steps on it and compares every word and the weights after it with the simulator.',
  options: (command) =>
    addVoiceOptions(
      addDesignOptions(
        addArithmeticOptions(command.argument('<network>', `${NETWORK_HELP}; or a run folder`)),
      )
        .option(
          '--wl <bits>',
          'word length (default: the widest word of the products)',
          wholeNumber('--wl', 2, 32),
        )
        .option('--data <data>', 'data of the network, as in fewbit train')
        .option('--batch <n>', "examples per step (default: the network's)", wholeNumber('--batch', 1))
        .option('--seed <n>', `seed of the network (default: ${DEFAULT_SEED})`, seedOf)
        .option('--steps <n>', 'training steps', wholeNumber('--steps', 1), 1)
        .option('--layer <name>', 'only the products of this layer go through the hardware')
        .option('--out <folder>', 'folder where built hardware is kept', join('runs', 'cosim')),
      'totals',
      '',
    ),
  examples: EXAMPLES,
  run: (context, network: string, options: CosimOptions) =>
    stoppable(context.signal, () => cosim(context, network, options)),
});

/** One product that went through the hardware. */
interface Compared {
  readonly step: number;
  readonly site: string;
  readonly m: number;
  readonly k: number;
  readonly n: number;
  readonly words: number;
  readonly mismatches: number;
  /** Of the hardware, and those that it must take: the schedule's and the latency of the hardware. */
  readonly cycles: number;
  readonly expectedCycles: number;
  /** Of the schedule of a memory that never keeps the array waiting. */
  readonly scheduleCycles: number;
  readonly timeMs: number;
}

/**
 * Computes products on the hardware and with the simulator, and lets training continue with the hardware's
 * words.
 */
class Comparison {
  readonly compared: Compared[] = [];
  #step = 0;

  constructor(
    private readonly design: RtlDesign,
    private readonly harness: RtlHarness,
    private readonly sites: readonly string[],
    private readonly onProgress: (cycles: number) => void,
  ) {}

  readonly run = (job: ProductJob): void => {
    const { product, out } = job;
    const { site, m, k, n } = product;
    if (!this.sites.includes(site)) {
      computeProduct(job);
      return;
    }
    const { design } = this;
    const stream = productStream(design, job);
    const [answer] = this.harness.run([stream]);
    computeProduct(job);
    const simulated = Int32Array.from(out.subarray(0, m * n));
    writeResults(design, product, answer!.results, out);
    const mismatches = simulated.reduce((count, word, i) => (word === out[i] ? count : count + 1), 0);
    // The first site comes again with every step.
    if (this.compared.some((other) => other.step === this.#step && other.site === site)) this.#step += 1;
    const { slices, stalls } = schedule(arrayOfDesign(design), product);
    this.compared.push({
      ...{ step: this.#step, site, m, k, n, words: m * n, mismatches },
      cycles: answer!.cycles,
      expectedCycles: rtlCycles(design, product),
      scheduleCycles: slices + stalls.drain + stalls.flush,
      timeMs: answer!.timeMs,
    });
    this.onProgress(rtlCycles(design, product));
  };
}

async function cosim(
  { terminal, signal }: CommandContext,
  name: string,
  options: CosimOptions,
): Promise<number> {
  const { steps, layer, out } = options;
  const subject = await subjectOf(name, options);
  const products = layer === undefined ? subject.products : productsOfLayer(subject.products, layer);
  const design = designOf(products, options);
  const data = await dataOf(terminal, subject, signal);
  const building = terminal.status('stderr', { stays: true });
  building.begin(
    `building ${design.rows} x ${design.cols} PEs with Verilator, unless ${out} has them already`,
  );
  building.end();
  const built = buildHarness(design, out);
  const all = steps * products.reduce((sum, product) => sum + rtlCycles(design, product), 0);
  const progress = new PartProgress(terminal, 'co-simulation');
  let done = 0;
  try {
    const comparison = new Comparison(
      design,
      built,
      products.map(({ site }) => site),
      (cycles) => {
        done += cycles;
        void progress.show(done / all);
      },
    );
    const backend = (runner: (job: ProductJob) => void) =>
      systolicBackend({ array: arrayAround(design), random: 'lfsr', runner });
    const after = { steps, signal };
    const hardware = await train(subject, data, { ...after, backend: backend(comparison.run) });
    const simulator = await train(subject, data, { ...after, backend: backend(computeProduct) });
    const stochastic = subject.products.some(({ convert }) => convert.rounding.mode === 'stochastic');
    const wasm = stochastic ? null : await train(subject, data, { ...after, backend: 'wasm' });
    const { compared } = comparison;
    const digests = {
      hardware: hardware.digest,
      simulator: simulator.digest,
      ...(wasm && { wasm: wasm.digest }),
    };
    progress.end();
    report(terminal, { design, compared, digests });
    const isEqual =
      new Set(Object.values(digests)).size === 1 &&
      compared.every(
        ({ mismatches, cycles, expectedCycles }) => mismatches === 0 && cycles === expectedCycles,
      );
    return isEqual ? EXIT.done : EXIT.internal;
  } finally {
    progress.end();
  }
}

interface Outcome {
  readonly design: RtlDesign;
  readonly compared: readonly Compared[];
  readonly digests: Readonly<Record<string, string>>;
}

const HEAD = ['product', 'M x K x N', 'words', 'differ', 'cycles', 'schedule', 'cycles/s'];

function report(terminal: Terminal, { design, compared, digests }: Outcome): void {
  const sum = (of: (one: Compared) => number): number => compared.reduce((total, one) => total + of(one), 0);
  const totals = {
    products: compared.length,
    words: sum(({ words }) => words),
    mismatches: sum(({ mismatches }) => mismatches),
    cycles: sum(({ cycles }) => cycles),
    scheduleCycles: sum(({ scheduleCycles }) => scheduleCycles),
    timeMs: sum(({ timeMs }) => timeMs),
  };
  const speed = (one: { readonly cycles: number; readonly timeMs: number }): number =>
    Math.round(one.cycles / (one.timeMs / 1000));
  const cyclesPerSecond = speed(totals);
  terminal.json({ event: 'done', design, products: compared, totals, cyclesPerSecond, digests });
  const { rows, cols, wordLength, rounding } = design;
  terminal.say(`${rows} x ${cols} PEs, words of ${wordLength} bits, rounding ${roundingText(rounding)}\n`);
  const row = (label: string, size: string, one: Compared | typeof totals): string[] => [
    ...[label, size, grouped(one.words), grouped(one.mismatches), grouped(one.cycles)],
    ...[grouped(one.scheduleCycles), grouped(speed(one))],
  ];
  const lines = compared.map((one) => row(one.site, `${one.m} x ${one.k} x ${one.n}`, one));
  terminal.say(tableText(terminal, HEAD, [...lines, row('all', '', totals)], 'llrrrrr') + '\n');
  terminal.print(`${grouped(totals.words)} words compared, ${grouped(totals.mismatches)} differ`);
  for (const [who, digest] of Object.entries(digests)) terminal.print(`${who.padEnd(9)} ${digest}`);
}
