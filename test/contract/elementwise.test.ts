/** ReLU, addition and dropout on every backend, exactly. */
import { describe } from 'vitest';
import { randomWordOracle, siteHashOracle } from '../support/oracle.js';
import { contractSuite, SEED, settings, type Case } from './suite.js';
import { OVERFLOWS, pick, ROUNDINGS, STYLES } from './tables.js';

/** Elements of an example: around the lanes, with odd tails. */
const SIZES = [1, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 100];

/** Formats of activations and of errors. */
const FORMATS = [
  ['<6,10>', '<2,14>'],
  ['<4,4>', '<-2,10>'],
  ['<6,14>', '<4,12>'],
  ['<8,8>', '<4,16>'],
  ['<1,31>', '<16,16>'],
  ['<4,8>', '<2,10>'],
] as const;

const error = { batched: true, role: 'error' } as const;

function relu(size: number, i: number, inPlace: boolean): Case {
  const [activation, errors] = pick(FORMATS, i);
  return {
    name: `relu ${String(size)}: ${activation}, errors ${errors}${inPlace ? ', in place' : ''}`,
    style: pick(STYLES, i),
    add: (w) => {
      const shape = [w.batch, size];
      const input = w.tensor('input', shape, activation, { batched: true });
      const output = inPlace ? input : w.tensor('output', shape, activation, { batched: true });
      const dOutput = w.tensor('dOutput', shape, errors, error);
      w.builder.relu({ input, out: output });
      w.builder.reluGradient({
        output,
        dOutput,
        out: inPlace ? dOutput : w.tensor('dInput', shape, errors, error),
      });
    },
  };
}

/** Formats of two operands and their sum: one format, each side shifted, wider and narrower results. */
const SUMS = [
  ['<6,10>', '<6,10>', '<6,10>'],
  ['<6,10>', '<2,14>', '<6,10>'],
  ['<2,14>', '<6,10>', '<4,12>'],
  ['<6,14>', '<8,8>', '<2,6>'],
  ['<8,8>', '<4,16>', '<12,12>'],
  ['<1,31>', '<16,16>', '<0,16>'],
  ['<20,-4>', '<-2,22>', '<8,8>'],
  ['<4,8>', '<6,2>', '<2,14>'],
] as const;

function add(size: number, i: number, twice: boolean): Case {
  const [lhs, rhs, sum] = pick(SUMS, i);
  const [rounding, overflow] = [pick(ROUNDINGS, i), pick(OVERFLOWS, i >> 1)];
  return {
    name: `add ${String(i)} ${String(size)}: ${lhs} + ${twice ? 'itself' : rhs} to ${sum}, ${rounding} ${overflow}`,
    style: pick(STYLES, i >> 1),
    add: (w) => {
      const shape = [w.batch, size];
      const a = w.tensor('lhs', shape, lhs, { batched: true });
      const b = twice ? a : w.tensor('rhs', shape, rhs, { batched: true });
      w.builder.add({
        lhs: a,
        rhs: b,
        out: w.tensor('out', shape, sum, { batched: true }),
        ...settings(rounding, overflow),
      });
    },
  };
}

/** Words below the threshold are dropped: none, one in 65536, a quarter, half, nearly all. */
const THRESHOLDS = [0, 1, 16384, 32768, 64225];

/** Site of a case's mask, which the forward and the backward op share. */
function maskOf(i: number): string {
  return `dropout ${String(i)}/mask`;
}

/** The word that element 4 draws in the first step: an element at the threshold itself is kept. */
function wordOf(i: number): number {
  return randomWordOracle(SEED, siteHashOracle(maskOf(i)), 0, 4, 16);
}

function dropout(threshold: number, size: number, i: number): Case {
  const [activation, errors] = pick(FORMATS, i);
  const [rounding, overflow] = [pick(ROUNDINGS, i), pick(OVERFLOWS, i)];
  return {
    name: `dropout ${String(threshold)} of ${String(size)}: ${activation} to ${errors} and back, ${rounding} ${overflow}`,
    style: pick(STYLES, i),
    add: (w) => {
      const shape = [w.batch, size];
      const settled = {
        mask: maskOf(i),
        threshold,
        scale: Math.round((65536 / (65536 - threshold)) * 2 ** 24),
        ...settings(rounding, overflow),
      };
      const out = w.tensor('output', shape, errors, { batched: true });
      w.builder.dropout({ input: w.tensor('input', shape, activation, { batched: true }), out, ...settled });
      const dInput = w.tensor('dInput', shape, activation, error);
      w.builder.dropout({ input: w.tensor('dOutput', shape, errors, error), out: dInput, ...settled });
    },
  };
}

const relus = SIZES.flatMap((size, i) => [relu(size, i, false), relu(size, i, true)]);
const dropouts = SIZES.flatMap((size, i) =>
  THRESHOLDS.map((threshold, t) => dropout(threshold, size, i * THRESHOLDS.length + t)),
);

const adds = SIZES.flatMap((size, i) => [0, 1, 2].map((n) => add(size, 3 * i + n, n === 2 && i % 3 === 0)));

const atThreshold = [100, 101, 102].map((i) => dropout(Math.min(wordOf(i), 64225), 9, i));

describe('elementwise', () => {
  contractSuite([
    { name: 'batch 1', batch: 1, cases: [...relus, ...adds, ...dropouts, ...atThreshold] },
    { name: 'batch 7', batch: 7, counts: [1, 4, 6], cases: [...relus, ...adds, ...dropouts, ...atThreshold] },
  ]);
});
