/** Mutations of bytes, text and JSON, drawn from a seed: the same case is the same input on every machine. */
import { parseSeed, RandomSite, siteHash } from '../../src/numerics/index.js';

/** A stream of random draws. */
export class Draws {
  readonly #words: RandomSite;
  #next = 0;

  constructor(seed: number, name: string, index: number) {
    this.#words = new RandomSite(parseSeed(seed), siteHash(`fuzz/${name}`), index, 32);
  }

  /** A whole number from 0 to n - 1. */
  below(n: number): number {
    return Math.floor((this.#words.word(this.#next++) / 2 ** 32) * n);
  }

  of<T>(values: readonly T[]): T {
    return values[this.below(values.length)]!;
  }
}

const WORDS = [0, 1, 0x7fffffff, 0x80000000, 0xfffffff0, 0xffffffff, 0x10000, 0xffffff];
const LONGS = [0n, 1n, 2n ** 31n, 2n ** 32n, 2n ** 53n, 2n ** 64n - 1n];
/** Most changes hit the head, which has the sizes. */
const HEAD_BYTES = 200;

/** One to three changes: bits, bytes, sizes, pieces cut out, doubled, moved, appended. */
export function mutateBytes(original: Uint8Array, draws: Draws): Uint8Array {
  let bytes = Buffer.from(original);
  for (let changes = 1 + draws.below(3); changes > 0; changes--) {
    const at = draws.below(draws.below(5) < 3 ? Math.min(bytes.length, HEAD_BYTES) : bytes.length);
    const length = 1 + draws.below(Math.min(512, bytes.length + 1));
    switch (draws.below(9)) {
      case 0:
        if (at < bytes.length) bytes[at]! ^= 1 << draws.below(8);
        break;
      case 1:
        if (at < bytes.length) bytes[at] = draws.below(256);
        break;
      case 2:
        bytes = Buffer.from(bytes.subarray(0, at));
        break;
      case 3:
        bytes = Buffer.concat([bytes, Buffer.alloc(length, draws.below(256))]);
        break;
      case 4:
        if (at + 4 <= bytes.length) bytes.writeUInt32LE(draws.of(WORDS), at);
        break;
      case 5:
        if (at + 4 <= bytes.length) bytes.writeUInt32BE(draws.of(WORDS), at);
        break;
      case 6:
        if (at + 8 <= bytes.length) bytes.writeBigUInt64LE(draws.of(LONGS), draws.below(2) * at);
        break;
      case 7:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
        break;
      default:
        bytes = Buffer.concat([bytes.subarray(0, at + length), bytes.subarray(at)]);
    }
  }
  return bytes;
}

const DEEP = 20_000;
/** JSON text that takes the place of a value. */
const VALUES = [
  ...[
    'null',
    'true',
    'false',
    '0',
    '-0',
    '-1',
    '1',
    '2',
    '3',
    '1.5',
    '1e308',
    '1e999',
    '-1e999',
    '1e-400',
    '1e21',
  ],
  ...[
    '65536',
    '2147483647',
    '2147483648',
    '4294967296',
    '9007199254740991',
    '9007199254740993',
    '-2147483649',
  ],
  ...[
    '""',
    '"x"',
    '"1"',
    '"__proto__"',
    '"constructor"',
    '"../../etc"',
    '"<script>"',
    '"\\u0000"',
    '"\\ud800"',
  ],
  ...[
    '"<2,14>"',
    '"<33,33>"',
    '"<0,0>"',
    '"stochastic:99"',
    '"float32"',
    '[]',
    '[[]]',
    '{}',
    '[null]',
    '[1,2]',
  ],
  ...['{"__proto__":{"a":1}}', '{"constructor":{"prototype":1}}', `"${'A'.repeat(1 << 16)}"`],
  ...['['.repeat(DEEP) + ']'.repeat(DEEP), '{"a":'.repeat(DEEP) + '1' + '}'.repeat(DEEP)],
];
const KEYS = [
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'length',
  'toJSON',
  '__metadata__',
  '',
  'x',
];

/** JSON text with one to three values or keys changed, removed or added, or the text itself damaged. */
export function mutateJson(text: string, draws: Draws): string {
  if (draws.below(10) === 0)
    return new TextDecoder().decode(mutateBytes(new TextEncoder().encode(text), draws));
  // A value, a key with its colon, or a comma: enough of JSON's grammar to hit every field.
  const tokens = text.match(/"(?:[^"\\]|\\.)*"\s*:?|-?\d[\d.eE+-]*|true|false|null|[[\]{},]/g) ?? [text];
  for (let changes = 1 + draws.below(3); changes > 0; changes--) {
    const at = draws.below(tokens.length);
    const token = tokens[at]!;
    if (token.endsWith(':')) {
      if (draws.below(3) === 0) tokens[at] = `${JSON.stringify(draws.of(KEYS))}:`;
      else tokens.splice(at, 0, token, draws.of(VALUES), ',');
    } else if (/^[[\]{},]$/.test(token)) {
      if (draws.below(4) === 0) tokens.splice(at, 1);
      else if (token === '[')
        tokens.splice(at + 1, 0, draws.of(VALUES), ...(tokens[at + 1] === ']' ? [] : [',']));
    } else tokens[at] = near(token, draws);
  }
  return tokens.join('');
}

/** Another value: any at all, or one beside it. */
function near(token: string, draws: Draws): string {
  const number = Number(token);
  if (draws.below(2) === 0 || Number.isNaN(number)) return draws.of(VALUES);
  return String(draws.of([number + 1, number - 1, -number, 2 * number, number + 0.5, 1e6 * number]));
}

const PIECES = [
  '',
  ' ',
  '-',
  '.',
  ',',
  ':',
  '<',
  '>',
  '<2,14>',
  '0',
  '-1',
  '99',
  '1e9',
  'float32',
  'stochastic',
  '\0',
  '日',
  '"',
  '\n',
];

/** Text with pieces put in, taken out and doubled. */
export function mutateText(text: string, draws: Draws): string {
  let changed = text;
  for (let changes = 1 + draws.below(3); changes > 0; changes--) {
    const at = draws.below(changed.length + 1);
    const end = at + draws.below(4);
    changed =
      changed.slice(0, at) + draws.of([...PIECES, changed.slice(at, end).repeat(2)]) + changed.slice(end);
  }
  return changed;
}
