/**
 * What is fuzzed: every entrance through which data from outside come in. A target has originals that pass, a mutation, and
 * the entrance itself, whose result names what was read.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { encode as encodePng } from 'fast-png';
import { encode as encodeJpeg } from 'jpeg-js';
import { cifarDataSet, csvDataSet, idxDataSet, parseIdx } from '../../src/data/index.js';
import { loadData } from '../../src/data/node/index.js';
import { decodeImage } from '../../src/data/node/image-file.js';
import { expandSweep, parseRunConfiguration, parseSettings, parseSweep } from '../../src/experiment/index.js';
import { openStoredRun, readMetrics } from '../../src/experiment/store/index.js';
import { defineNetwork, networkFromJSON, zoo } from '../../src/nn/index.js';
import { isFewbitError, parseFormat, parseJson, parseRounding, parseSeed } from '../../src/numerics/index.js';
import { verifyPlan } from '../../src/plan/index.js';
import { decodeCheckpoint, decodeSafetensors, Network } from '../../src/train/index.js';
import { mutateBytes, mutateJson, mutateText, type Draws } from './mutation.js';

/** An input: one file, or one argument a line. */
export type Input = Uint8Array;

/** One entrance. */
export interface Target {
  readonly name: string;
  /** True if every change must be refused or without effect: the format has a check sum. */
  readonly isStrict?: true;
  /** Inputs that pass. */
  originals(): Promise<readonly Input[]> | readonly Input[];
  mutate(original: Input, draws: Draws): Input;
  /** Reads the input. The result is compared as JSON. */
  read(input: Input): unknown;
}

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const folder = mkdtempSync(join(tmpdir(), 'fewbit-fuzz-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const at = (...parts: string[]): string => join(folder, ...parts);
const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

const NETWORK = {
  name: 'small',
  seed: 3,
  formats: { weight: '<4,12>', activation: '6.10' },
  rounding: { weight: 'stochastic:8', update: 'nearest' },
  accumulator: { width: 48, overflow: 'wrap' },
  optimizer: {
    kind: 'sgd',
    learningRate: { kind: 'step', rate: 0.1, factor: 0.5, milestones: [1] },
    momentum: 0.9,
  },
  precisionSchedule: [{ epoch: 1, formats: '4.14' }],
  input: { height: 28, width: 28, channels: 1 },
  layers: [
    { type: 'conv2d', name: 'conv1', channels: 2, kernel: [3, 3], stride: 2, padding: 1, activation: 'relu' },
    {
      type: 'residual',
      layers: [
        { type: 'conv2d', channels: 2, kernel: 1 },
        { type: 'batchNorm', momentum: 0.9 },
      ],
    },
    { type: 'maxPool', kernel: 2, stride: 2 },
    { type: 'averagePool', kernel: 2 },
    { type: 'dropout', rate: 0.5 },
    { type: 'dense', name: 'fc', units: 10, formats: { weight: '2.14' } },
  ],
};
const RUN = {
  network: NETWORK,
  data: 'synthetic',
  batch: 20,
  steps: 3,
  threads: 1,
  subset: { train: 60, test: 20 },
};
const SWEEP = {
  run: { network: { ...NETWORK, precisionSchedule: undefined }, data: 'synthetic', batch: 20, epochs: 1 },
  list: ['4.12 nearest', { name: 'slow', learningRate: 0.01 }],
  grid: { seed: { from: 1, to: 2 } },
  random: {
    runs: 2,
    seed: 3,
    fields: { momentum: [0, 0.25], weightDecay: { from: 0.0001, to: 0.01, scale: 'log' } },
  },
  halving: { rungs: [1, 3], eta: 2 },
};

function json(name: string, originals: readonly unknown[], read: (value: unknown) => unknown): Target {
  return {
    name,
    originals: () => originals.map((value) => bytesOf(JSON.stringify(value))),
    mutate: (original, draws) => bytesOf(mutateJson(textOf(original), draws)),
    read: (input) => {
      let value: unknown;
      try {
        value = parseJson(textOf(input));
      } catch (error) {
        if (error instanceof SyntaxError) return 'no JSON';
        throw error;
      }
      return read(value);
    },
  };
}

function bytes(name: string, originals: Target['originals'], read: Target['read'], isStrict = false): Target {
  return { name, originals, mutate: mutateBytes, read, ...(isStrict && { isStrict }) };
}

function text(name: string, originals: readonly string[], read: (value: string) => unknown): Target {
  return {
    name,
    originals: () => originals.map(bytesOf),
    mutate: (original, draws) => bytesOf(mutateText(textOf(original), draws)),
    read: (input) => read(textOf(input)),
  };
}

async function checkpoint(): Promise<Uint8Array> {
  const network = await Network.create(defineNetwork(NETWORK as never), { backend: 'reference' });
  try {
    return await network.save();
  } finally {
    await network.close();
  }
}

const idx = (sizes: readonly number[]): Uint8Array => {
  const head = Buffer.alloc(4 + 4 * sizes.length);
  head.writeUInt32BE(0x800 + sizes.length);
  sizes.forEach((size, axis) => head.writeUInt32BE(size, 4 + 4 * axis));
  return Buffer.concat([head, Buffer.alloc(sizes.reduce((a, b) => a * b))]);
};

const pixels = (width: number, height: number, channels: number): Uint8Array =>
  Uint8Array.from({ length: width * height * channels }, (_, i) => (i * 37) % 256);

/** The files of a finished run as one input: the name's index, then the bytes. */
const RUN_FILES = ['config.json', 'metrics.jsonl', 'result.json', 'checkpoint.safetensors'];

function runFolder(): Target {
  const original = at('run');
  const changed = at('changed-run');
  return {
    name: 'run',
    isStrict: true,
    originals: () => {
      writeFileSync(at('run.json'), JSON.stringify(RUN));
      rmSync(original, { recursive: true, force: true });
      execFileSync(process.execPath, [
        MAIN,
        'train',
        at('run.json'),
        '--out',
        original,
        '--no-report',
        '--quiet',
      ]);
      return RUN_FILES.map((name, i) =>
        Buffer.concat([Uint8Array.of(i), readFileSync(join(original, name))]),
      );
    },
    mutate: (input, draws) => Buffer.concat([input.subarray(0, 1), mutateBytes(input.subarray(1), draws)]),
    read: async (input) => {
      rmSync(changed, { recursive: true, force: true });
      mkdirSync(changed);
      for (const name of readdirSync(original))
        writeFileSync(join(changed, name), readFileSync(join(original, name)));
      writeFileSync(join(changed, RUN_FILES[input[0]!]!), input.subarray(1));
      const { configuration, checkpoint: saved, result } = openStoredRun(changed);
      const metrics = readMetrics(changed);
      const read = saved === null ? null : await decodeCheckpoint(saved);
      return {
        configuration,
        result,
        metrics,
        step: read?.step,
        tensors: read && [...read.tensors.values()].map(({ data }) => [...data]),
      };
    },
  };
}

const ARGUMENTS = [
  'convert 0.1234 --format 2.14 --rounding stochastic --seed 3',
  'plan lenet --batch 10 --json',
  'plan dnn --formats weight=2.14,activation=6.10',
  'train small.json --steps 2 --batch 10 --threads 1 --out r --no-report',
  'sweep small.json --settings 4.12;float32 --grid seed=1,2 --dry-run',
  'runs compare r r',
  'export r --format hex --out x',
  'hardware estimate lenet --array 8x8',
  'data list --json',
];

/** The command line, in a separate process: its exit codes are 0, 2 and 3, and it prints no stack. */
const COMMAND_LINE: Target = {
  name: 'arguments',
  originals: () => {
    writeFileSync(at('small.json'), JSON.stringify(RUN));
    return ARGUMENTS.map((line) => bytesOf(line.replaceAll(' ', '\n')));
  },
  mutate: (original, draws) => bytesOf(mutateText(textOf(original), draws).replaceAll('\0', '')),
  read: (input) => {
    const env = { ...process.env, FEWBIT_OFFLINE: '1', FEWBIT_CACHE: at('cache'), CI: 'true' };
    const ended = spawnSync(process.execPath, [MAIN, ...textOf(input).split('\n')], {
      cwd: folder,
      env,
      timeout: 60_000,
    });
    const { status, stderr } = ended;
    if ((status === 0 || status === 2 || status === 3) && !/^ {4}at /m.test(stderr.toString())) return status;
    throw new Error(`exit ${String(status ?? ended.signal)}: ${stderr.toString().slice(0, 2000)}`);
  },
};

const GZIP: Target = bytes(
  'gzip',
  () => [gzipSync(idx([3, 4, 5]))],
  async (input) => {
    const data = at('idx');
    mkdirSync(data, { recursive: true });
    writeFileSync(join(data, 'train-images-idx3-ubyte.gz'), input);
    writeFileSync(join(data, 'train-labels-idx1-ubyte'), idx([3]));
    return (await loadData(data, { seed: 1 })).digest;
  },
);

/** Every target, by name. */
export const TARGETS: readonly Target[] = [
  json('network', [NETWORK, zoo.lenet({ seed: 1 }), zoo.resnet8({ seed: 1 })], (value) => {
    const definition = networkFromJSON(value);
    definition.checkPlans(2);
    return definition.summary();
  }),
  json('experiment', [RUN], (value) => parseRunConfiguration(value, 'run.json')),
  json('sweep', [SWEEP], (value) => {
    const draft = parseSweep(value, 'sweep.json');
    if (typeof draft.run === 'string') return draft;
    return expandSweep({ ...draft, run: draft.run } as never, 'sweep.json').runs.map(({ name }) => name);
  }),
  json(
    'plan',
    [defineNetwork(zoo.dnn({ seed: 1 })).plan(3), defineNetwork(NETWORK as never).plan(2)],
    (value) => verifyPlan(value).tensors.length,
  ),
  bytes(
    'checkpoint',
    async () => [await checkpoint()],
    async (input) => {
      const { tensors, ...rest } = await decodeCheckpoint(input);
      return { ...rest, tensors: [...tensors].map(([name, { data }]) => [name, [...data]]) };
    },
    true,
  ),
  bytes(
    'safetensors',
    async () => [await checkpoint()],
    (input) => decodeSafetensors(input).tensors.size,
  ),
  runFolder(),
  bytes(
    'idx',
    () => [idx([4, 3, 2]), idx([4, 6]), idx([4, 3, 2, 1])],
    (input) => idxDataSet(parseIdx(input, 'images'), parseIdx(idx([4]), 'labels')).count,
  ),
  bytes(
    'cifar',
    () => [new Uint8Array(3073 * 2)],
    (input) => cifarDataSet([{ name: 'data_batch_1.bin', bytes: input }], ['a', 'b', 'c']).count,
  ),
  {
    ...text(
      'csv',
      ['a,b,label\n1,2,0\n1.5,"3",1\n2,3,0\n', '1;2;cat\r\n3;4;dog\r\n', 'x,"y ""z""",class\n1,2,a\n'],
      (value) =>
        csvDataSet(value, { name: 'table.csv', ...(value.includes(';') && { delimiter: ';' }) }).count,
    ),
  },
  bytes(
    'png',
    () =>
      [1, 2, 3, 4].map((channels) =>
        encodePng({ width: 6, height: 5, channels, data: pixels(6, 5, channels) }),
      ),
    (input) => decodeImage(input, 'a.png').width,
  ),
  bytes(
    'jpeg',
    () => [encodeJpeg({ width: 16, height: 9, data: pixels(16, 9, 4) }, 80).data],
    (input) => decodeImage(input, 'a.jpg').width,
  ),
  GZIP,
  text(
    'formats',
    [
      '<4,12>',
      '4.12',
      'float32',
      'stochastic:8',
      'nearest',
      '18446744073709551615',
      'a: 4.12/6.10 nearest; float32',
    ],
    (value) => {
      const reads = [parseFormat, parseRounding, parseSeed, (word: string) => parseSettings([word])];
      return reads.map((read) => {
        try {
          return JSON.stringify(read(value), (_, one: unknown) =>
            typeof one === 'bigint' ? String(one) : one,
          );
        } catch (error) {
          if (isFewbitError(error)) return 'refused';
          throw error;
        }
      });
    },
  ),
  COMMAND_LINE,
];
