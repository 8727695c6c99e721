/** Formats and roundings: spellings, ranges, and the text of every refusal. */
import { describe, expect, it } from 'vitest';
import {
  formatText,
  maxRaw,
  minRaw,
  parseFormat,
  parseRounding,
  ROUNDING_MODES,
  roundingText,
  sameFormat,
  storageOf,
  wordLength,
  type FormatLike,
} from '../../src/numerics/index.js';

describe('parseFormat', () => {
  it.each<[FormatLike, number, number]>([
    ['<2,14>', 2, 14],
    ['2.14', 2, 14],
    ['2,14', 2, 14],
    [' < 2 , 14 > ', 2, 14],
    ['<-4,20>', -4, 20],
    ['-4.20', -4, 20],
    ['20.-4', 20, -4],
    ['0.16', 0, 16],
    [{ il: 32, fl: 0 }, 32, 0],
    ['1.1', 1, 1],
  ])('reads %j', (input, il, fl) => {
    expect(parseFormat(input)).toEqual({ il, fl });
    expect(parseFormat(formatText({ il, fl }))).toEqual({ il, fl });
  });

  it.each<[FormatLike, typeof TypeError | typeof RangeError, string]>([
    ['2', TypeError, 'format: expected "<IL,FL>" or "IL.FL", got "2"; write for example "<2,14>" or "2.14"'],
    ['', TypeError, 'format: expected "<IL,FL>" or "IL.FL", got ""; write for example "<2,14>" or "2.14"'],
    [
      '<2.14>',
      TypeError,
      'format: expected "<IL,FL>" or "IL.FL", got "<2.14>"; write for example "<2,14>" or "2.14"',
    ],
    [
      'a.b',
      TypeError,
      'format: expected "<IL,FL>" or "IL.FL", got "a.b"; write for example "<2,14>" or "2.14"',
    ],
    [{ il: 1.5, fl: 3 }, TypeError, 'format: il and fl must be integers, got il 1.5 and fl 3'],
    [
      '1.0',
      RangeError,
      'format <1,0>: word length IL + FL must be 2 to 32 bits, got 1; choose a wider or narrower IL or FL',
    ],
    [
      '20.20',
      RangeError,
      'format <20,20>: word length IL + FL must be 2 to 32 bits, got 40; choose a wider or narrower IL or FL',
    ],
    [
      '-9.4',
      RangeError,
      'format <-9,4>: word length IL + FL must be 2 to 32 bits, got -5; choose a wider or narrower IL or FL',
    ],
    ...[
      ['ap_fixed<16,6>', '<6,10>'],
      ['ap_fixed<16, 6, AP_RND, AP_SAT>', '<6,10>'],
      ['ap_ufixed<16,6>', '<7,10>'],
      ['ac_fixed<16,6,true>', '<6,10>'],
      ['ac_fixed<16,6,false>', '<7,10>'],
      ['fixed<8,1>', '<1,7>'],
      ['Q15', '<1,15>'],
      ['UQ8.8', '<9,8>'],
      ['sfix16_En10', '<6,10>'],
      ['ufix8_En8', '<1,8>'],
      ['fixdt(1,16,10)', '<6,10>'],
      ['numerictype(0,8,4)', '<5,4>'],
      ['sfixed(5 downto -10)', '<6,10>'],
      ['ufixed(3 downto -4)', '<5,4>'],
      ['quantized_bits(8,0)', '<1,7>'],
      ['quantized_bits(8,2,alpha=1)', '<3,5>'],
      ['int8', '<8,0>'],
    ].map(
      ([text, here]) =>
        [
          text!,
          TypeError,
          `format: expected "<IL,FL>" or "IL.FL", got "${text!}"; ${text!} is "${here!}" here`,
        ] as [string, typeof TypeError, string],
    ),
    [
      'Q1.7',
      TypeError,
      'format: expected "<IL,FL>" or "IL.FL", got "Q1.7"; Q1.7 is "<2,7>" here, or "<1,7>" if its 1 counts the sign',
    ],
    [
      'bfloat16',
      TypeError,
      'format: expected "<IL,FL>" or "IL.FL", got "bfloat16"; the only floating-point format is float32',
    ],
  ])('refuses %j', (input, kind, message) => {
    expect(() => parseFormat(input)).toThrow(kind);
    expect(() => parseFormat(input)).toThrow(message);
  });

  it('knows range and storage of every word length', () => {
    for (let wl = 2; wl <= 32; wl += 1) {
      for (const fl of [-5, 0, 1, wl, wl + 9]) {
        const format = { il: wl - fl, fl };
        expect(wordLength(format)).toBe(wl);
        expect(maxRaw(format)).toBe(2 ** (wl - 1) - 1);
        expect(minRaw(format)).toBe(-(2 ** (wl - 1)));
        expect(storageOf(format)).toBe(wl <= 16 ? 'int16' : 'int32');
      }
    }
  });

  it('has a place for float32', () => {
    expect(storageOf('float32')).toBe('float32');
    expect(formatText('float32')).toBe('float32');
    expect(sameFormat('float32', 'float32')).toBe(true);
    expect(sameFormat('float32', { il: 2, fl: 14 })).toBe(false);
    expect(sameFormat({ il: 2, fl: 14 }, { il: 2, fl: 14 })).toBe(true);
    expect(sameFormat({ il: 2, fl: 14 }, { il: 4, fl: 12 })).toBe(false);
  });
});

describe('parseRounding', () => {
  it('reads every mode, the alias, and stochastic:n', () => {
    for (const mode of ROUNDING_MODES) {
      expect(parseRounding(mode)).toEqual({ mode, randomBits: 32 });
      expect(roundingText(parseRounding(mode))).toBe(mode);
    }
    expect(parseRounding('nearest')).toEqual({ mode: 'nearest-away', randomBits: 32 });
    for (const n of [1, 8, 31]) {
      expect(parseRounding(`stochastic:${n}`)).toEqual({ mode: 'stochastic', randomBits: n });
      expect(roundingText(parseRounding({ mode: 'stochastic', randomBits: n }))).toBe(`stochastic:${n}`);
    }
    expect(roundingText(parseRounding('stochastic:32'))).toBe('stochastic');
  });

  const unknown = (text: string): string =>
    `rounding: unknown mode "${text}"; choose one of stochastic, nearest-away, nearest-even, nearest-down, nearest-up, floor, toward-zero, nearest, stochastic:n`;

  it.each<[string, typeof TypeError | typeof RangeError, string]>([
    ['banker', TypeError, unknown('banker')],
    ['', TypeError, unknown('')],
    ['floor:3', TypeError, unknown('floor:3')],
    ['stochastic:3:4', TypeError, unknown('stochastic:3:4')],
    ['stochastic:0', RangeError, 'rounding: stochastic:n needs n from 1 to 32, got "stochastic:0"'],
    ['stochastic:33', RangeError, 'rounding: stochastic:n needs n from 1 to 32, got "stochastic:33"'],
    ['stochastic:x', RangeError, 'rounding: stochastic:n needs n from 1 to 32, got "stochastic:x"'],
    ['stochastic:', RangeError, 'rounding: stochastic:n needs n from 1 to 32, got "stochastic:"'],
  ])('refuses %j', (input, kind, message) => {
    expect(() => parseRounding(input)).toThrow(kind);
    expect(() => parseRounding(input)).toThrow(message);
  });
});
