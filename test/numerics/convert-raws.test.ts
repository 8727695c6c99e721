/** A tensor from one format into another, element for element against the BigInt oracle, counters included. */
import { describe, expect, test } from 'vitest';
import {
  Converter,
  convertRaws,
  parseFormat,
  parseRounding,
  parseSeed,
  RandomSite,
  randomWidthOf,
  siteHash,
  type Overflow,
} from '../../src/numerics/index.js';
import {
  convertOracle,
  fitOracle,
  randomWordOracle,
  roundOracle,
  siteHashOracle,
} from '../support/oracle.js';

const NAME = 'precision/1/fc/weight';
const [SEED, STEP] = [7, 3_000_000_000];

/** Every raw integer of 8 bits, then the ends of 32 bits. */
const RAWS = Int32Array.from([
  ...Array.from({ length: 256 }, (_, i) => i - 128),
  -(2 ** 31),
  2 ** 31 - 1,
  40_000,
]);

describe.each<[from: string, to: string]>([
  ['<4,4>', '<4,12>'],
  ['<4,4>', '<2,2>'],
  ['<4,28>', '<4,4>'],
  ['<4,28>', '<20,-8>'],
  ['<2,6>', '<-1,20>'],
  ['<8,0>', '<3,29>'],
])('%s to %s', (from, to) => {
  describe.each(['stochastic', 'stochastic:3', 'nearest-away', 'nearest-even', 'floor', 'toward-zero'])(
    '%s',
    (mode) => {
      test.each<Overflow>(['saturate', 'wrap'])('%s', (overflow) => {
        const format = parseFormat(to);
        const { fl } = parseFormat(from);
        const drop = fl - format.fl;
        const width = randomWidthOf(drop);
        const converter = new Converter({
          format,
          drop,
          rounding: parseRounding(mode),
          overflow,
          randomWidth: width,
        });
        const isRandom = mode.startsWith('stochastic');
        const words = isRandom ? new RandomSite(parseSeed(SEED), siteHash(NAME), STEP, width) : null;

        const counts = { saturatedHigh: 0, saturatedLow: 0, flushed: 0, maxMagnitude: 0 };
        const expected = [...RAWS].map((raw, i) => {
          const random = { word: randomWordOracle(SEED, siteHashOracle(NAME), STEP, i, width), width };
          const rounded = roundOracle(BigInt(raw), drop, mode, random);
          const saturated = fitOracle(rounded, format, 'saturate');
          if (saturated < rounded) counts.saturatedHigh++;
          if (saturated > rounded) counts.saturatedLow++;
          const result = Number(convertOracle(BigInt(raw), fl, format, mode, overflow, random));
          if (result === 0 && raw !== 0) counts.flushed++;
          counts.maxMagnitude = Math.max(counts.maxMagnitude, Math.abs(result));
          return result;
        });
        const converted = convertRaws(RAWS, converter, words);
        expect([...converted]).toEqual(expected);
        expect(converted).toBeInstanceOf(format.il + format.fl <= 16 ? Int16Array : Int32Array);
        expect(converter).toMatchObject({ ...counts, elements: RAWS.length });
      });
    },
  );
});
