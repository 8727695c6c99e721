/** `fewbit convert`: what a number becomes in a format. */
import {
  describeConversion,
  formatText,
  parseFormat,
  parseRounding,
  parseSeed,
  RandomSite,
  roundingText,
  siteHash,
  wordLength,
  type Format,
  type Rounding,
} from '../../numerics/index.js';
import { EXIT, UsageError } from '../console/errors.js';
import type { CommandContext } from '../console/interrupt.js';
import { defineCommand } from '../options/define-command.js';
import { seedOf } from '../options/numbers.js';
import { DEFAULT_SEED } from '../options/run-options.js';
import { tableText } from '../console/table.js';

interface ConvertOptions {
  readonly format: Format;
  readonly rounding: Rounding;
  readonly seed: number | string;
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

Stochastic rounding draws its random words from the seed, so the same command gives the same bits.`;

export const convertCommand = defineCommand({
  name: 'convert',
  summary: 'show a number in a fixed-point format',
  description: 'Converts numbers to a format and shows raw integer, value, error and bits.',
  options: (command) =>
    command
      .argument('<numbers...>', 'decimal numbers, Infinity, -Infinity')
      // A number may begin with a minus, and -Infinity looks like an option.
      .allowUnknownOption()
      .requiredOption('--format <format>', '2.14 or "<2,14>"', parseFormat)
      .option(
        '--rounding <mode>',
        'a rounding mode, see fewbit train --help',
        parseRounding,
        parseRounding('stochastic'),
      )
      .option('--seed <n>', 'seed of stochastic rounding', seedOf, DEFAULT_SEED)
      .option('--json', 'print one JSON object a number'),
  examples: EXAMPLES,
  run: convert,
});

function convert({ terminal }: CommandContext, numbers: readonly string[], options: ConvertOptions): number {
  const { format, rounding, seed } = options;
  const random = new RandomSite(parseSeed(seed), siteHash(SITE), 0, WIDTH);
  const described = numbers.map((text, index) => {
    const word = { word: random.word(index), width: WIDTH } as const;
    const number = numberOf(text);
    return { number, ...describeConversion(number, format, rounding, word) };
  });
  const rule = { format: formatText(format), rounding: roundingText(rounding) };
  for (const { number, error, ...rest } of described) {
    terminal.json({ number: jsonNumber(number), ...rest, error: jsonNumber(error), ...rule, seed });
  }
  const drawn = rounding.mode === 'stochastic' ? `, seed ${seed}` : '';
  terminal.print(`${rule.format}, ${wordLength(format)} bits, ${rule.rounding}${drawn}\n`);
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
  return EXIT.done;
}

/** Digits other than zero before an exponent. */
const NON_ZERO = /^[^e]*[1-9]/i;

/** @throws UsageError for no number, and for one that no double comes near */
function numberOf(text: string): number {
  const trimmed = text.trim();
  const infinite = /^([+-]?)inf(?:inity)?$/i.exec(trimmed);
  if (infinite) return infinite[1] === '-' ? -Infinity : Infinity;
  if (trimmed.startsWith('-') && !/^-[\d.]/.test(trimmed)) {
    throw new UsageError(`convert: there is no option "${trimmed}"; --help lists the options`);
  }
  const number = trimmed === '' ? NaN : Number(trimmed);
  if (Number.isNaN(number)) throw new UsageError(`convert: expected a number, got "${text}"`);
  const isLost = !Number.isFinite(number) || (number === 0 && NON_ZERO.test(trimmed));
  if (!isLost) return number;
  throw new UsageError(
    `convert: a number must be between 4.9e-324 and 1.8e308 in magnitude (float64), got "${text}"; write 0 or Infinity if that is meant`,
  );
}

/** JSON has no infinity: its name as text. */
function jsonNumber(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}
