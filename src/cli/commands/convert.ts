/** `fewbit convert`: what a number becomes in a format. */
import { Command } from 'commander';
import {
  describeConversion,
  formatText,
  parseFormat,
  parseRounding,
  parseSeed,
  RandomSite,
  roundingText,
  siteHash,
  type Format,
  type Rounding,
} from '../../numerics/index.js';
import { UsageError } from '../console/errors.js';
import { seedOf } from '../options/numbers.js';
import { DEFAULT_SEED } from '../options/run-options.js';
import { tableText } from '../console/table.js';
import type { Terminal } from '../console/terminal.js';

interface ConvertOptions {
  readonly format: Format;
  readonly rounding: Rounding;
  readonly seed: number | string;
  readonly json?: boolean;
}

/** Site of the random words that this command draws; number i takes word i. */
const SITE = 'convert';
const WIDTH = 32;
const EXAMPLES = `
Examples:
  $ fewbit convert 0.1234 --format 2.14 --rounding stochastic --seed 1
  $ fewbit convert 0.1 0.1 0.1 0.1 --format 4.4                  four draws: their mean tends to 0.1
  $ fewbit convert -1.5 2.5 --format 8.0 --rounding nearest-even
  $ fewbit convert 3e-6 --format "<-4,20>" --rounding floor --json

Stochastic rounding takes the number's word of the generator with the seed; the same command gives the same bits.`;

export function convertCommand(terminal: Terminal): Command {
  return new Command('convert')
    .summary('show a number in a fixed-point format')
    .description('Converts numbers to a format and shows raw integer, value, error and bits.')
    .argument('<numbers...>', 'decimal numbers')
    .requiredOption('--format <format>', '2.14 or "<2,14>"', parseFormat)
    .option(
      '--rounding <mode>',
      'a rounding mode, see fewbit train --help',
      parseRounding,
      parseRounding('stochastic'),
    )
    .option('--seed <n>', 'seed of stochastic rounding', seedOf, DEFAULT_SEED)
    .option('--json', 'print one JSON object a number')
    .addHelpText('after', EXAMPLES)
    .action((numbers: readonly string[], options: ConvertOptions) => {
      convert(terminal, numbers, options);
    });
}

function convert(terminal: Terminal, numbers: readonly string[], options: ConvertOptions): void {
  const { format, rounding, seed, json } = options;
  const random = new RandomSite(parseSeed(seed), siteHash(SITE), 0, WIDTH);
  const described = numbers.map((text, index) => {
    const word = { word: random.word(index), width: WIDTH } as const;
    const number = text.trim() === '' ? NaN : Number(text);
    if (Number.isNaN(number)) throw new UsageError(`convert: expected a number, got "${text}"`);
    return { number, ...describeConversion(number, format, rounding, word) };
  });
  const rule = { format: formatText(format), rounding: roundingText(rounding) };
  if (json === true) {
    for (const one of described) terminal.json({ ...one, ...rule, seed });
    return;
  }
  const drawn = rounding.mode === 'stochastic' ? `, seed ${seed}` : '';
  terminal.print(`${rule.format}, ${rule.rounding}${drawn}\n`);
  terminal.print(
    tableText(
      terminal,
      ['number', 'raw', 'value', 'error', 'binary'],
      described.map(({ number, raw, value, error, binary }) =>
        [number, raw, value, error, binary].map(String),
      ),
      'rrrrl',
    ),
  );
}
