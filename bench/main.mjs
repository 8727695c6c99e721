// The benchmark: `npm run bench`, or after a build `node bench/main.mjs`. What is measured and how: docs/performance.md.
import { existsSync, mkdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { NORMAL, QUICK } from './measure.mjs';
import { Progress } from './progress.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** Loaded when they are run: they need what the build makes. */
const PARTS = {
  kernels: async () => (await import('./kernels.mjs')).benchKernels,
  steps: async () => (await import('./steps.mjs')).benchSteps,
  peers: async () => (await import('./peers/peers.mjs')).benchPeers,
  scaling: async () => (await import('./scaling.mjs')).benchScaling,
};
const NETWORKS = ['dnn', 'lenet', 'cifar'];
const EXAMPLES = `
Parts:
  kernels   products and ops of training steps against a register-only loop, and the same loop in C
  steps     training steps by format and threads, with what more threads are worth to a register-only loop; what lies
            outside of the kernels; the counters' cost; the first step
  peers     the same networks on torch (float32, with AVX-512 where the processor has it and without; 16-bit fixed point
            simulated) and tfjs, alternating with Fewbit
  scaling   time of a step by batch, width and threads, with a chart

Examples:
  $ npm run bench                                      everything: about half an hour, on a quiet machine
  $ npm run bench -- --quick                           rough figures in a few minutes
  $ npm run bench -- --only kernels,steps --rounds 15
  $ npm run bench -- --document bench/results/today    the tables of an earlier run into docs/performance.md

Results are Markdown and JSON, a file of each a part, written when the part is done. Ctrl-C loses the part that is being
measured; continue with --only and the same --out. Nothing is written over.
Peers: npm ci --prefix bench/peers; on Debian apt-get install python3-torch libopenblas0-openmp (FEWBIT_PYTHON names
another interpreter). A peer that is not there is skipped.`;

/** A comma-separated list of some of `known`, in their order. */
function someOf(known) {
  return (text) => {
    const chosen = text.split(',').map((word) => word.trim());
    const unknown = chosen.find((word) => !known.includes(word));
    if (unknown !== undefined) {
      throw new InvalidArgumentError(`choose from ${known.join(', ')}, got "${unknown}".`);
    }
    return known.filter((word) => chosen.includes(word));
  };
}

function countFrom1(text) {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1) return count;
  throw new InvalidArgumentError(`must be a whole number from 1, got "${text}".`);
}

function optionsOf(argv) {
  return new Command('npm run bench --')
    .description('Measures Fewbit, and its peers if they are installed, alternately on this machine.')
    .option('--only <parts>', 'some of the parts, separated by commas', someOf(Object.keys(PARTS)))
    .option('--quick', 'short rounds, fewer sizes: for a look, not for a document')
    .option(
      '--rounds <n>',
      `rounds of each measurement (default ${NORMAL.rounds}; --quick ${QUICK.rounds})`,
      countFrom1,
    )
    .option('--networks <names>', 'some of dnn, lenet, cifar (default: all)', someOf(NETWORKS))
    .option('--threads <n>', 'threads to compare one thread with (default: all cores)', countFrom1)
    .option('--out <folder>', 'where results go (default: a new folder in bench/results)')
    .option('--document <folder>', 'measure nothing: put the tables in the folder into docs/performance.md')
    .addHelpText('after', EXAMPLES)
    .exitOverride()
    .configureOutput({ writeErr: () => undefined })
    .parse(argv)
    .opts();
}

/** The folder for results, checked before anything is measured. */
function resultsFolder(out, parts) {
  const stamp = new Date().toISOString().slice(0, 19).replace('T', '-').replaceAll(':', '');
  const folder = out ?? join(ROOT, 'bench', 'results', stamp);
  const taken = parts.find((part) => existsSync(join(folder, `${part}.json`)));
  if (taken !== undefined) {
    throw new RangeError(
      `bench: a part's results are written once, got ${folder} with ${taken}.json; name another --out, or --only other parts`,
    );
  }
  return folder;
}

async function bench(options, progress) {
  if (!existsSync(join(ROOT, 'dist', 'index.js'))) {
    throw new RangeError('bench: dist/ must be built, got none; run npm run bench, which builds it');
  }
  const parts = options.only ?? Object.keys(PARTS);
  const folder = resultsFolder(options.out, parts);
  const { readEnvironment } = await import('./environment.mjs');
  const { partText, writePart } = await import('./report.mjs');
  const { TrainingData } = await import('./data.mjs');
  const { Trained } = await import('./trained.mjs');
  const most = options.threads ?? availableParallelism();
  const pace = options.quick ? QUICK : NORMAL;
  const data = new TrainingData();
  const context = {
    progress,
    folder,
    quick: options.quick === true,
    pace: { ...pace, rounds: options.rounds ?? pace.rounds },
    threads: [...new Set([1, most])],
    networks: options.networks ?? NETWORKS,
    data,
    trained: new Trained({ data, quick: options.quick === true, threads: most, progress }),
  };
  mkdirSync(folder, { recursive: true });
  for (const part of parts) {
    const environment = readEnvironment(context);
    const measurePart = await PARTS[part]();
    const result = await measurePart(context);
    writePart(folder, part, result, environment);
    console.log(partText(part, result, environment));
  }
  progress.note(`written to ${relative(process.cwd(), folder)}`);
}

async function main() {
  const progress = new Progress();
  process.on('SIGINT', () => {
    progress.note('interrupted: parts that were done are written');
    process.exit(130);
  });
  try {
    const options = optionsOf(process.argv);
    if (options.document === undefined) await bench(options, progress);
    else await (await import('./document.mjs')).fillDocument(options.document, progress);
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return;
    const isKnown =
      error instanceof CommanderError || error.message.startsWith('bench: ') || 'syscall' in error;
    progress.note(isKnown ? error.message : error.stack);
    process.exitCode = isKnown ? 2 : 1;
  }
}

await main();
