/**
 * Roundings that cut down keep what is exact: the mean of equal numbers, the share of an error that divides, and an element
 * that dropout scales to a whole number. 1 / 3 with 30 fraction bits is below a third, so 3 * 7 of them are below 7.
 */
import { describe, expect, test } from 'vitest';
import { parseFormat } from '../../src/numerics/index.js';
import { PlanBuilder, windowOf, type Plan } from '../../src/plan/index.js';
import { BACKENDS } from './backends.js';
import { settings } from './suite.js';

const VALUES = [7, 100, -7, -100, 1, -1, 127, -128];
const SIDES = [2, 3, 5, 6, 7, 11, 16];
const FORMAT = parseFormat('<10,6>');

interface Example {
  readonly plan: Plan;
  readonly inputs: ReadonlyMap<string, Int16Array>;
  readonly expected: ReadonlyMap<string, readonly number[]>;
}

/** Means over whole images, and errors that are multiples of the cells, back to every cell. */
function means(rounding: string): Example {
  const builder = new PlanBuilder({ name: 'means', arithmetic: 'fixed', batch: VALUES.length });
  const [inputs, expected] = [new Map<string, Int16Array>(), new Map<string, readonly number[]>()];
  const tensor = (name: string, shape: readonly number[]) =>
    builder.tensor({ name, shape, batched: true, role: 'activation', format: FORMAT, persistent: true });
  for (const side of SIDES) {
    const n = side * side;
    const all = [VALUES.length, side, side, 1];
    const one = [VALUES.length, 1, 1, 1];
    const window = windowOf({ image: [side, side, 1], kernel: [side, side], stride: [side, side] });
    const name = String(side);
    const common = { window, ...settings(rounding) };
    builder.averagePool({ input: tensor(`x${name}`, all), out: tensor(`mean${name}`, one), ...common });
    builder.averagePoolGradient({
      dOutput: tensor(`e${name}`, one),
      out: tensor(`share${name}`, all),
      ...common,
    });
    inputs.set(
      `x${name}`,
      Int16Array.from({ length: VALUES.length * n }, (_, i) => VALUES[Math.floor(i / n)]!),
    );
    inputs.set(
      `e${name}`,
      Int16Array.from(VALUES, (value) => value * n),
    );
    expected.set(`mean${name}`, VALUES);
    expected.set(`share${name}`, [...inputs.get(`x${name}`)!]);
  }
  return { plan: builder.finish(), inputs, expected };
}

/** Overlapping windows of nine cells: the errors 4 and 5 of two windows make 1 together. */
function overlaps(rounding: string): Example {
  const builder = new PlanBuilder({ name: 'overlaps', arithmetic: 'fixed', batch: 1 });
  const tensor = (name: string, shape: readonly number[]) =>
    builder.tensor({ name, shape, batched: true, role: 'activation', format: FORMAT, persistent: true });
  const window = windowOf({ image: [3, 4, 1], kernel: [3, 3], stride: [1, 1] });
  const [dOutput, out] = [tensor('e', [1, 1, 2, 1]), tensor('share', [1, 3, 4, 1])];
  builder.averagePoolGradient({ dOutput, out, window, ...settings(rounding) });
  const row = [0, 1, 1, 0];
  return {
    plan: builder.finish(),
    inputs: new Map([['e', Int16Array.of(4, 5)]]),
    expected: new Map([['share', [...row, ...row, ...row]]]),
  };
}

/** A quarter dropped: 3 becomes 4, which is 3 * 65536 / 49152. */
function kept(rounding: string): Example {
  const builder = new PlanBuilder({ name: 'kept', arithmetic: 'fixed', batch: 1 });
  const tensor = (name: string) =>
    builder.tensor({
      name,
      shape: [1, 64],
      batched: true,
      role: 'activation',
      format: FORMAT,
      persistent: true,
    });
  const scale = Math.round(2 ** 24 / 0.75);
  const op = { mask: 'm', threshold: 16384, scale, ...settings(rounding) };
  builder.dropout({ input: tensor('x'), out: tensor('y'), ...op });
  const x = Int16Array.from({ length: 64 }, (_, i) => (i % 2 === 0 ? 3 : -3) * (i + 1));
  return {
    plan: builder.finish(),
    inputs: new Map([['x', x]]),
    expected: new Map([['y', [...x].map((v) => (v * 4) / 3)]]),
  };
}

describe.each(['floor', 'toward-zero'])('%s', (rounding) => {
  describe.each(BACKENDS.map((candidate) => [candidate.name, candidate] as const))('%s', (_, { backend }) => {
    test.each([
      ['a mean of equal numbers, and the shares of its error', means],
      ['an error that is exact over two windows', overlaps],
      ['an element that dropout keeps', kept],
    ])('%s', async (_what, example) => {
      const { plan, inputs, expected } = example(rounding);
      const session = await backend.open(plan, { seed: 1, threads: 1 });
      for (const [name, data] of inputs) await session.write(name, data);
      await session.train([
        { step: 0, count: plan.batch, inputs: new Int16Array(), labels: new Int32Array(), coefficients: [] },
      ]);
      for (const [name, values] of expected) {
        const got = [...((await session.read(name)) as Int16Array)];
        // Dropout's mask is not the subject: an element is 0 or exact.
        expect(got).toEqual(name === 'y' ? values.map((v, i) => (got[i] === 0 ? 0 : v)) : [...values]);
        expect(got.some((v) => v !== 0)).toBe(true);
      }
      await session.close();
    });
  });
});
