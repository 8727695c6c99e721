/** SGD on every backend, exactly: updates, parameters, and the count of swallowed updates, over several steps. */
import { describe } from 'vitest';
import type { Coefficients } from '../../src/backend/contract.js';
import type { Style } from './data.js';
import { contractSuite, settings, type Case } from './suite.js';
import { OVERFLOWS, pick, ROUNDINGS, STYLES } from './tables.js';

const ONE = 2 ** 30;

/** Usual values, values too small to move anything, the ends of the ranges, and nothing at all. */
const COEFFICIENTS: readonly Coefficients[] = [
  { momentum: Math.round(0.9 * ONE), rate: Math.round(0.128 * ONE), decay: Math.round(0.00005 * ONE) },
  { momentum: 0, rate: Math.round(0.0001 * ONE), decay: 1 },
  { momentum: ONE, rate: 2 ** 31 - 1, decay: ONE },
  { momentum: 0, rate: 0, decay: 0 },
];

/** Formats of parameter, gradient and update. */
const FORMATS = [
  ['<2,14>', '<2,14>', '<2,14>'],
  ['<4,12>', '<4,12>', '<4,12>'],
  ['<2,6>', '<2,6>', '<2,6>'],
  ['<4,8>', '<-4,16>', '<-2,14>'],
  ['<4,16>', '<4,16>', '<4,16>'],
  ['<4,12>', '<-2,22>', '<0,20>'],
  ['<2,18>', '<2,14>', '<2,14>'],
  ['<6,22>', '<4,22>', '<4,24>'],
  ['<16,0>', '<20,-4>', '<12,4>'],
  ['<2,10>', '<4,12>', '<2,26>'],
] as const;

const SIZES = [1, 3, 4, 5, 7, 8, 9, 15, 16, 17, 33];

interface Update {
  readonly size: number;
  readonly formats: readonly [parameter: string, gradient: string, update: string];
  readonly updateRounding: string;
  readonly parameterRounding: string;
  readonly group: number;
  readonly decays: boolean;
  readonly style: Style;
  readonly overflow: (typeof OVERFLOWS)[number];
}

function sgd(p: Update, i: number): Case {
  const { size, formats, updateRounding, parameterRounding, group, decays, style, overflow } = p;
  const roundings = `${updateRounding} then ${parameterRounding} ${overflow}`;
  return {
    name: `${String(i)}: ${String(size)} of ${formats.join(' ')}, ${roundings}, group ${String(group)}${decays ? ' decays' : ''}, ${style}`,
    style,
    add: (w) => {
      w.builder.sgd({
        parameter: w.tensor('parameter', [size], formats[0], { role: 'weight' }),
        gradient: w.tensor('gradient', [size], formats[1], { role: 'gradient' }),
        update: w.tensor('update', [size], formats[2], { role: 'update' }),
        group,
        decays,
        updateSettings: settings(updateRounding, overflow),
        parameterSettings: settings(parameterRounding, overflow),
      });
    },
  };
}

const table = FORMATS.flatMap((formats, f) =>
  COEFFICIENTS.flatMap((_, group) =>
    [0, 1, 2].map((turn): Update => {
      const at = (f * COEFFICIENTS.length + group) * 3 + turn;
      return {
        formats,
        group,
        size: pick(SIZES, at),
        updateRounding: pick(ROUNDINGS, at),
        parameterRounding: pick(ROUNDINGS, 2 * at + f),
        decays: at % 2 === 0,
        style: pick(STYLES, at + f),
        overflow: pick(OVERFLOWS, at + group),
      };
    }),
  ),
);

/** Parameters large enough to be shared out among threads. */
const large = FORMATS.slice(0, 6).map((formats, i): Update => {
  const rounding = pick(ROUNDINGS, i * 2);
  return {
    ...{ formats, size: 1003, group: i % 2, decays: true, style: pick(STYLES, i), overflow: 'saturate' },
    ...{ updateRounding: rounding, parameterRounding: rounding },
  };
});

describe('sgd', () => {
  contractSuite([
    { name: 'small', batch: 4, counts: [4, 2], coefficients: COEFFICIENTS, cases: table.map(sgd) },
    { name: 'large', batch: 1, counts: [1], coefficients: COEFFICIENTS, cases: large.map(sgd) },
  ]);
});
