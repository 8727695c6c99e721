/** Batch normalisation on every backend, exactly: five ops in sequence, in training and in an evaluation. */
import { describe } from 'vitest';
import { parseFormat, type Format } from '../../src/numerics/index.js';
import { runningFormats } from '../../src/plan/index.js';
import { contractSuite, settings, type Case } from './suite.js';
import { OVERFLOWS, pick, ROUNDINGS, STYLES } from './tables.js';

/** Shapes of an example: one channel, odd numbers of them, vectors, more channels than a run has elements. */
const SHAPES = [[1], [3], [17], [4, 5, 3], [3, 3, 8], [1, 2, 33], [7, 5, 1], [1100]] as const;

/** Formats of input, weight and bias, output, error, gradient, and error of the input. */
const FORMATS = [
  ['<6,10>', '<2,14>', '<6,10>', '<6,10>', '<2,14>', '<6,10>'],
  ['<2,14>', '<4,12>', '<4,12>', '<2,14>', '<6,14>', '<2,14>'],
  ['<4,4>', '<2,6>', '<4,4>', '<-2,10>', '<8,8>', '<2,6>'],
  ['<6,14>', '<4,16>', '<6,14>', '<4,16>', '<4,28>', '<8,8>'],
  ['<16,0>', '<4,4>', '<8,8>', '<8,0>', '<20,-4>', '<4,12>'],
  ['<1,12>', '<12,12>', '<16,16>', '<2,20>', '<16,16>', '<12,12>'],
  ['<16,-4>', '<2,14>', '<6,10>', '<6,10>', '<12,8>', '<6,10>'],
] as const;

const text = ({ il, fl }: Format): string => `<${String(il)},${String(fl)}>`;

function norm(shape: readonly number[], i: number): Case {
  const [input, weight, output, error, gradient, inputError] = pick(FORMATS, i);
  const [rounding, overflow] = [pick(ROUNDINGS, i), pick(OVERFLOWS, i >> 1)];
  const running = runningFormats(parseFormat(input));
  return {
    name: `${String(i)} [${shape.join()}]: ${input}, ${weight} to ${output}, errors ${error}, ${rounding} ${overflow}`,
    style: pick(STYLES, i + (i >> 2)),
    add: (w) => {
      const channels = shape[shape.length - 1]!;
      const site = settings(rounding, overflow);
      const batched = { batched: true } as const;
      const x = w.tensor('input', [w.batch, ...shape], input, batched);
      const mean = w.tensor('mean', [channels], text(running.mean), { role: 'running' });
      const variance = w.tensor('variance', [channels], text(running.variance), { role: 'running' });
      const registers = w.tensor('registers', [3, channels], null, { role: 'register' });
      const gamma = w.tensor('gamma', [channels], weight);
      const beta = w.tensor('beta', [channels], weight);
      // 1e-5 with 40 fraction bits, or the least that there is.
      const epsilon = i % 3 === 2 ? 0 : 10995116;
      const moments = { input: x, mean, variance, registers, epsilon };
      const y = w.tensor('output', [w.batch, ...shape], output, batched);
      w.builder.runningMoments(moments);
      w.builder.batchNorm({ input: x, registers, gamma, beta, out: y, ...site });
      const own = w.tensor('own', [3, channels], null, { role: 'register' });
      w.builder.batchMoments({ ...moments, registers: own, rate: pick([6554, 65536, 1], i), ...site });
      const z = w.tensor('trained', [w.batch, ...shape], output, batched);
      w.builder.batchNorm({ input: x, registers: own, gamma, beta, out: z, ...site });
      const dOutput = w.tensor('dOutput', [w.batch, ...shape], error, { ...batched, role: 'error' });
      const factors = w.tensor('factors', [3, channels], null, { role: 'register' });
      w.builder.batchNormGradient({
        ...{ input: x, registers: own, gamma, dOutput, factors },
        dGamma: w.tensor('dGamma', [channels], gradient, { role: 'gradient' }),
        dBeta: w.tensor('dBeta', [channels], gradient, { role: 'gradient' }),
        ...site,
      });
      const out = w.tensor('dInput', [w.batch, ...shape], inputError, { ...batched, role: 'error' });
      w.builder.batchNormInputGradient({ input: x, registers: own, dOutput, factors, out, ...site });
    },
  };
}

const cases = SHAPES.flatMap((shape, i) => FORMATS.map((_, f) => norm(shape, i * FORMATS.length + f)));

describe('batch normalisation', () => {
  contractSuite([
    { name: 'batch 1', batch: 1, cases: cases.filter((_, i) => i % 3 === 0) },
    { name: 'batch 7', batch: 7, counts: [1, 4], cases },
  ]);
});
