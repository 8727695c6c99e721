/**
 * Bad input from the command line: every case with the message that people get. bad-input.test.ts runs every fourth case,
 * bad-input.slow.test.ts the others; a case starts a process.
 */
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { cli, omit, SMALL_NETWORK, temporaryFolder, writeConfiguration } from './support.js';

export const folder = temporaryFolder();
const at = (...parts: string[]): string => join(folder, ...parts);

/** Every file below the folder with the digest of its contents. */
function snapshot(): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    statSync(at(name)).isFile(),
  );
  return Object.fromEntries(
    files.sort().map((name) => [
      name,
      createHash('sha256')
        .update(readFileSync(at(name)))
        .digest('hex'),
    ]),
  );
}

/** IDX: two zero bytes, type 8 (bytes), dimensions, sizes, data. */
function idx(sizes: readonly number[], data: Uint8Array): Uint8Array {
  const head = Buffer.alloc(4 + 4 * sizes.length);
  head[2] = 8;
  head[3] = sizes.length;
  sizes.forEach((size, i) => head.writeUInt32BE(size, 4 + 4 * i));
  return Buffer.concat([head, data]);
}

function writeIdx(name: string, images: Uint8Array, labels: readonly number[]): void {
  mkdirSync(at(name));
  for (const part of ['train', 't10k']) {
    writeFileSync(at(name, `${part}-images-idx3-ubyte`), images);
    writeFileSync(at(name, `${part}-labels-idx1-ubyte`), idx([labels.length], Uint8Array.from(labels)));
  }
}

beforeAll(async () => {
  writeConfiguration(folder, { steps: 5 });
  const trained = await cli(['train', 'config.json', '--out', 'done'], { cwd: folder });
  expect(trained.stderr).toBe('');

  const layers = SMALL_NETWORK.layers;
  const network = (changes: object) => ({ network: { ...SMALL_NETWORK, ...changes } });
  writeConfiguration(
    folder,
    network({ layers: [{ ...layers[0], type: 'conv2d', channels: 4, kernel: 40 }] }),
    'unknown-field-in-layer.json',
  );
  writeConfiguration(
    folder,
    network({ layers: [{ type: 'conv2d', name: 'conv1', channels: 4, kernel: 40 }, layers[1]] }),
    'shape.json',
  );
  writeConfiguration(folder, { network: omit(SMALL_NETWORK, 'seed') }, 'seedless.json');
  writeConfiguration(folder, { learningRate: 0.1 }, 'unknown-field.json');
  writeConfiguration(folder, { batch: 0 }, 'batch.json');
  writeConfiguration(folder, { network: 'lenet' }, 'network.json');
  writeConfiguration(folder, { network: { zoo: 'alexnet', seed: 1 } }, 'zoo.json');
  writeConfiguration(folder, network({ input: { height: 8, width: 8, channels: 1 } }), 'other-input.json');
  writeConfiguration(folder, network({ layers: [layers[0], { ...layers[1], units: 5 }] }), 'classes.json');
  writeConfiguration(folder, network({ formats: { bias: '4.12' } }), 'weightless.json');
  writeFileSync(at('malformed.json'), '{\n  "network": {\n    "zoo" "lenet"\n  }\n}\n');
  writeFileSync(at('cut.json'), '{ "network": ');

  const image = new Uint8Array(28 * 28);
  writeIdx('corrupt', idx([1, 28, 28], image).subarray(0, 500), [1]);
  writeIdx('eleven', idx([1, 28, 28], image), [10]);
  writeFileSync(at('negative.csv'), 'a,b,label\n1,2,0\n1,3,-1\n2,3,0\n');
  writeIdx('labels', idx([2, 28, 28], new Uint8Array(2 * 28 * 28)), [1, 2, 3]);
  mkdirSync(at('empty'));
  writeFileSync(at('nan.csv'), 'a,b,label\n1,2,0\n1,NaN,1\n2,3,0\n');
  writeFileSync(at('word.csv'), 'a,b,label\n1,2,0\n1,two,1\n2,3,0\n');
  writeFileSync(at('later.json'), '[{ "epoch": 2, "formats": "4.16" }]');
  writeFileSync(at('when.json'), '[{ "formats": "4.16" }]');
  writeFileSync(at('wide.json'), '[{ "epoch": 1, "formats": "16.16" }]');
  writeFileSync(at('good.csv'), 'a,b,label\n1,2,0\n1,3,1\n2,3,0\n4,5,1\n2,2,1\n');
  writeFileSync(at('table.txt'), '1,2,0\n');

  cpSync(at('done'), at('truncated'), { recursive: true });
  const checkpoint = readFileSync(at('done', 'checkpoint.safetensors'));
  writeFileSync(at('truncated', 'checkpoint.safetensors'), checkpoint.subarray(0, 1000));
  cpSync(at('done'), at('flipped'), { recursive: true });
  const flipped = Buffer.from(checkpoint);
  flipped[flipped.length - 9] = (flipped[flipped.length - 9] ?? 0) ^ 1;
  writeFileSync(at('flipped', 'checkpoint.safetensors'), flipped);
  // A run that is not done: its checkpoint has to be used.
  mkdirSync(at('foreign'));
  const configuration = JSON.parse(readFileSync(at('done', 'config.json'), 'utf8'));
  writeFileSync(
    at('foreign', 'config.json'),
    JSON.stringify({
      ...configuration,
      network: { ...configuration.network, optimizer: { kind: 'sgd', learningRate: 0.2 } },
    }),
  );
  copyFileSync(at('done', 'checkpoint.safetensors'), at('foreign', 'checkpoint.safetensors'));
  mkdirSync(at('begun'));
  writeFileSync(at('begun', 'config.json'), JSON.stringify({ ...configuration, dataDigest: '0'.repeat(64) }));
  mkdirSync(at('locked'));
  copyFileSync(at('begun', 'config.json'), at('locked', 'config.json'));
  // In use by a process that lives: this one.
  const stat = existsSync('/proc/self/stat') ? readFileSync('/proc/self/stat', 'utf8') : null;
  const started = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  writeFileSync(at('locked', 'lock'), JSON.stringify({ pid: process.pid, host: hostname(), started }));
  mkdirSync(at('other-files'));
  writeFileSync(at('other-files', 'thesis.tex'), 'years of work');
  writeFileSync(at('file'), 'not a folder');
});

const OFFLINE = { FEWBIT_OFFLINE: '1', FEWBIT_CACHE: at('empty-cache') };
const train = (...args: string[]): string[] => ['train', 'config.json', '--out', 'new', ...args];

/** A name, what is typed, what must be answered, and the environment. */
type Case = readonly [name: string, args: readonly string[], message: RegExp, env?: Record<string, string>];

/** All cases. */
export const CASES: readonly Case[] = [
  ['no such command', ['trian'], /^fewbit: there is no command "trian"; choose one of train, /],
  ['unknown option', train('--epoch', '3'), /^unknown option '--epoch' \(Did you mean --epochs\?\)$/],
  ['option without value', ['train', 'lenet', '--out'], /'--out <folder>' argument missing/],
  ['no network', ['train', '--out', 'new'], /^train: a network is needed: dnn, lenet, cifar, /],
  [
    'unknown network',
    ['train', 'alexnet', '--out', 'new'],
    /^network: expected dnn, lenet, cifar, .*, got "alexnet"$/,
  ],
  [
    'missing configuration',
    ['train', 'absent.json'],
    /^cannot read absent\.json: no such file or directory$/,
  ],
  ['malformed JSON', ['train', 'malformed.json', '--out', 'new'], /^malformed\.json:3:11: is not JSON: /],
  ['JSON cut short', ['train', 'cut.json', '--out', 'new'], /^cut\.json:1:14: is not JSON: Unexpected end/],
  [
    'unknown field',
    ['train', 'unknown-field.json', '--out', 'new'],
    /^unknown-field\.json: unknown field "learningRate"; the fields are /,
  ],
  [
    'unknown field in a layer',
    ['train', 'unknown-field-in-layer.json', '--out', 'new'],
    /^unknown-field-in-layer\.json: network configuration: layers\[0\] \(fc1\): Unrecognized key: "units"$/,
  ],
  [
    'seed missing',
    ['train', 'seedless.json', '--out', 'new'],
    /^seedless\.json: network configuration: seed: expected a whole number from 0, or its decimal text, got nothing$/,
  ],
  [
    'zero batch in a file',
    ['train', 'batch.json', '--out', 'new'],
    /^batch\.json: batch: expected a whole number from 1, got 0$/,
  ],
  [
    'network as text in a file',
    ['train', 'network.json', '--out', 'new'],
    /^network\.json: network: expected \{ "zoo": .*, got "lenet"$/,
  ],
  [
    'unknown zoo network in a file',
    ['train', 'zoo.json', '--out', 'new'],
    /^zoo\.json: network\.zoo: expected one of dnn, lenet, cifar, resnet8, resnet20, got "alexnet"$/,
  ],
  ['kernel larger than the image', ['train', 'shape.json', '--out', 'new'], /^shape\.json: conv1: .*40/],
  [
    'formats without weight',
    ['train', 'weightless.json', '--out', 'new'],
    /^weightless\.json: network: formats must name at least weight, got bias; add weight$/,
  ],
  [
    'image size of other data',
    ['train', 'other-input.json', '--out', 'new'],
    /^fit: data must have the network's input shape, got examples of \[28, 28, 1\] for an input of \[8, 8, 1\]/,
  ],
  ['fewer classes than the data', ['train', 'classes.json', '--out', 'new'], /^fit: .*classes/],
  [
    'format too wide',
    train('--formats', '2.40'),
    /^format <2,40>: word length IL \+ FL must be 2 to 32 bits, got 42; /,
  ],
  [
    'format that is none',
    train('--formats', 'wide'),
    /^format: expected "<IL,FL>" or "IL\.FL", got "wide"; /,
  ],
  [
    'three formats',
    train('--formats', '4.12/6.10/2.14'),
    /^formats: expected "IL\.FL" or "IL\.FL\/IL\.FL", got "4\.12\/6\.10\/2\.14"; /,
  ],
  [
    'unknown role',
    train('--formats', 'wieght=4.12'),
    /^formats: expected role=value with a role of weight, .*, got "wieght=4\.12"$/,
  ],
  [
    'unknown rounding',
    train('--rounding', 'neerest'),
    /^rounding: unknown mode "neerest"; choose one of stochastic, /,
  ],
  [
    'too many random bits',
    train('--rounding', 'stochastic:33'),
    /^rounding: stochastic:n needs n from 1 to 32, got "stochastic:33"$/,
  ],
  [
    'rounding of float32',
    train('--formats', 'float32', '--rounding', 'nearest'),
    /^network: float32 has no rounding; /,
  ],
  [
    'accumulator too wide',
    train('--accumulator', 'wrap:64'),
    /^accumulator: width must be an integer from 2 to 63 bits, got 64; /,
  ],
  ['negative epochs', train('--epochs', '-1'), /^--epochs: must be a whole number from 1, got "-1"$/],
  ['zero batch', train('--batch', '0'), /^--batch: must be a whole number from 1, got "0"$/],
  [
    'steps that are not a number',
    train('--steps', 'many'),
    /^--steps: must be a whole number from 1, got "many"$/,
  ],
  ['no threads', train('--threads', '0'), /^--threads: must be a whole number from 1 to 64, got "0"$/],
  [
    'more threads than the backend has',
    train('--backend', 'reference', '--threads', '2'),
    /^reference: .*thread/,
  ],
  [
    'unknown backend',
    train('--backend', 'gpu'),
    /^backend: there is no backend "gpu"; choose systolic, reference or wasm$/,
  ],
  [
    'an array of a systolic backend that cannot be',
    train('--backend', 'systolic:8x0'),
    /^array: cols must be an integer from 1 to 1024, got 0$/,
  ],
  [
    'float32 on the array',
    train('--backend', 'systolic', '--formats', 'float32'),
    /^systolic: the array multiplies fixed-point words, got the float32 plan "[\w-]+"; choose formats/,
  ],
  [
    'seed that is not a number',
    train('--seed', 'lucky'),
    /^seed: expected an integer from 0 to 2\^64 - 1, got "lucky"$/,
  ],
  [
    'seed too large',
    train('--seed', '18446744073709551616'),
    /^seed: must be from 0 to 2\^64 - 1, got 18446744073709551616$/,
  ],
  ['momentum too large', train('--momentum', '2'), /^--momentum: must be a number from 0 to 1, got "2"$/],
  [
    'learning rate that is none',
    train('--learning-rate', 'fast'),
    /^--learning-rate: must be a number from 0, got "fast"$/,
  ],
  ['quiet and JSON', train('--quiet', '--json'), /^option '--json' cannot be used with option '--quiet'$/],
  [
    'a precision schedule that does not say when',
    train('--precision-schedule', 'when.json'),
    /^when\.json: precision schedule: \[0\]: expected either "epoch" or "whenStalled", got /,
  ],
  [
    'a precision schedule that is not there',
    train('--precision-schedule', 'absent.json'),
    /^cannot read absent\.json: no such file or directory$/,
  ],
  [
    'a precision schedule of float32',
    train('--precision-schedule', 'later.json', '--formats', 'float32'),
    /^network: float32 has no precision schedule; leave it out, /,
  ],
  [
    'a precision schedule that cannot be planned',
    train('--precision-schedule', 'wide.json'),
    /^precisionSchedule\[0\]: fc1: a sum of 784 products <16,16> x <16,16> must fit in 64 bits /,
  ],
  [
    'augmentation that there is not',
    train('--augment', 'flip,rotate'),
    /^augment: expected flip, crop, crop:2 or flip,crop, got "rotate"$/,
  ],
  [
    'augmentation of a table',
    train('--augment', 'flip', '--data', 'good.csv'),
    /^augment: examples must be images \[height, width, channels\], got 2; leave augmentation out$/,
  ],
  [
    'a crop larger than the image',
    train('--augment', 'crop:28'),
    /^augment: crop must be a border of 1 to 27 pixels for images of 28 x 28 x 1, got 28$/,
  ],
  [
    'a run resumed with augmentation that it was not begun with',
    ['train', '--resume', '--out', 'begun', '--augment', 'flip'],
    /^train: --resume continues the recorded run, but augment is absent there and \{"flip":true\} here; /,
  ],
  [
    'no such data',
    train('--data', 'mnits'),
    /^data: expected a name \(mnist, cifar10, synthetic\) or the path .*, got "mnits" /,
  ],
  [
    'offline without data',
    train('--data', 'mnist'),
    /^mnist: must be in the cache .* while offline, .*; unset FEWBIT_OFFLINE, or put /,
    OFFLINE,
  ],
  [
    'corrupt IDX file',
    train('--data', 'corrupt'),
    /: the IDX header promises 1 x 28 x 28 = 784 bytes, got 484; the file is truncated$/,
  ],
  ['more labels than images', train('--data', 'labels'), /labels.*3.*2|labels.*2.*3/],
  ['empty data folder', train('--data', 'empty'), /^data: folder ".*empty" must hold IDX files /],
  ['NaN in a CSV file', train('--data', 'nan.csv'), /nan\.csv: .*NaN/],
  ['a word in a CSV file', train('--data', 'word.csv'), /word\.csv: .*two/],
  [
    'a file of no known kind',
    train('--data', 'table.txt'),
    /^data: a file must be a \.csv or \.tsv, got ".*table\.txt"; /,
  ],
  ['label out of range', train('--data', 'eleven'), /^fit: .*11.*10|^fit: .*10.*11/],
  ['negative label in a CSV file', train('--data', 'negative.csv'), /negative\.csv: .*-1/],
  [
    'run folder holds a run',
    ['train', 'config.json', '--out', 'done'],
    /^run folder done: holds a run already; continue it with --resume, /,
  ],
  [
    'run folder holds other files',
    ['train', 'config.json', '--out', 'other-files'],
    /^run folder other-files: must be new or empty, but holds thesis\.tex; /,
  ],
  [
    'run folder below a file',
    ['train', 'config.json', '--out', 'file/run'],
    /^run folder file\/run: file is not a folder; /,
  ],
  [
    'resume without a folder',
    ['train', '--resume'],
    /^train: --resume needs the run folder; name it with --out <folder>$/,
  ],
  [
    'resume without a run',
    ['train', '--resume', '--out', 'empty'],
    /^run folder empty: holds no run \(no config\.json\); /,
  ],
  [
    'resume with another option',
    ['train', '--resume', '--out', 'done', '--epochs', '9'],
    /^train: --resume continues the recorded run, but epochs is absent there and 9 here; /,
  ],
  [
    'resume of another network',
    ['train', 'lenet', '--resume', '--out', 'done'],
    /^train: --resume continues the recorded run, but /,
  ],
  [
    'checkpoint of another network',
    ['train', '--resume', '--out', 'foreign'],
    /^foreign.config\.json: is not what checkpoint\.safetensors was written with \(SHA-256 [0-9a-f]{64}\), got [0-9a-f]{64}; /,
  ],
  [
    'resume with other data',
    ['train', '--resume', '--out', 'begun'],
    /^run folder begun: data must be what the run was begun with \(SHA-256 0{64}\), got [0-9a-f]{64}; /,
  ],
  [
    'run folder in use',
    ['train', '--resume', '--out', 'locked'],
    new RegExp(
      `^run folder locked: in use by process ${process.pid}; wait for it, or remove locked.lock if it is gone$`,
    ),
  ],
  ['truncated checkpoint', ['eval', 'truncated'], /^truncated.checkpoint\.safetensors: /],
  [
    'corrupt checkpoint',
    ['eval', 'flipped'],
    /^flipped.checkpoint\.safetensors: SHA-256 of the file must be [0-9a-f]{64}, got /,
  ],
  ['eval of no run', ['eval', 'empty'], /^run folder empty: holds no run /],
  ['eval without a checkpoint', ['eval', 'begun'], /^run folder begun: has no checkpoint yet; /],
  [
    'a setting twice',
    ['compare', 'config.json', '--settings', '4.12; 4.12 stochastic', '--out', 'new'],
    /^settings: "stochastic 4\.12" is there twice; /,
  ],
  [
    'no settings',
    ['compare', 'config.json', '--settings', ' ; ', '--out', 'new'],
    /^settings: expected at least one setting, got none$/,
  ],
  [
    'two roundings in a setting',
    ['compare', 'config.json', '--settings', '4.12 nearest floor', '--out', 'new'],
    /^setting: expected one rounding and one accumulator at most, /,
  ],
  ['conversion of a word', ['convert', 'pi', '--format', '2.14'], /^convert: expected a number, got "pi"$/],
  ['conversion without a format', ['convert', '0.5'], /^required option '--format <format>' not specified$/],
  ['conversion to too few bits', ['convert', '0.5', '--format', '1.0'], /^format <1,0>: word length/],
  [
    'unknown data set',
    ['data', 'get', 'imagenet'],
    /^data: the name must be one of mnist, cifar10, got "imagenet"$/,
  ],
  [
    'plan of a stage that there is not',
    ['plan', 'lenet', '--stage', '1'],
    /^--stage: this network has stages 0 to 0, got 1$/,
  ],
  ['plan of an unknown network', ['plan', 'vgg'], /^network: expected dnn, lenet, cifar, .*, got "vgg"$/],
];

/**
 * Declares the tests of some cases: exit code 2, one line on stderr, nothing on stdout, and nothing written; after all of
 * them every file is what it was before.
 */
export function testRefusals(cases: readonly Case[]): void {
  let before: Record<string, string>;
  beforeAll(() => {
    before = snapshot();
  });

  it.concurrent.each(cases.map(([name, args, message, env], index) => ({ name, args, message, env, index })))(
    '$name',
    async ({ args, message, env, index }) => {
      // The cases run side by side; each has a separate folder that must not be created.
      const out = `new-${index}`;
      const typed = args.map((arg) => (arg === 'new' ? out : arg));
      const { code, stdout, stderr } = await cli(typed, { cwd: folder, ...(env ? { env } : {}) });
      // What was noted of the data comes before the error.
      const refusal = stderr.replace(/^(note: .*\n)*/, '');
      expect(refusal.split('\n')).toHaveLength(2);
      expect(refusal.trimEnd().replace(/^error: /, '')).toMatch(message);
      expect(stdout).toBe('');
      expect(code).toBe(2);
      expect(existsSync(at(out))).toBe(false);
    },
  );

  it('every file is what it was before', () => {
    expect(snapshot()).toEqual(before);
  });
}
