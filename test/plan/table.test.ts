import { expect, test } from 'vitest';
import { defineNetwork, zoo } from '../../src/nn/index.js';
import {
  elements,
  opConverts,
  opReads,
  opWrites,
  planJson,
  planTable,
  planTotals,
  type Plan,
} from '../../src/plan/index.js';

const plan = defineNetwork(zoo.lenet({ seed: 1 })).plan(100);

test('LeNet costs what its layers say', () => {
  const conv1 = 24 * 24 * 8 * 25;
  const conv2 = 8 * 8 * 16 * 200;
  const dense = 256 * 128 + 128 * 10;
  const totals = planTotals(plan);
  expect(totals.evaluateMacs).toBe(100 * (conv1 + conv2 + dense));
  expect(totals.parameters).toBe(25 * 8 + 8 + 200 * 16 + 16 + 256 * 128 + 128 + 1280 + 10);
  const weights = 25 * 8 + 200 * 16 + 256 * 128 + 1280;
  // Three products a layer (the first needs no dInput), and the update: three terms for a weight, two for a bias.
  expect(totals.trainMacs).toBe(
    100 * (2 * conv1 + 3 * conv2 + 3 * dense) + 3 * weights + 2 * (8 + 16 + 128 + 10),
  );
});

test('bits moved are those of the formats, whatever the memory stores', () => {
  const bitsOf = (formats: 'float32' | '<4,12>' | '<4,8>') => {
    const narrow = defineNetwork({ ...zoo.lenet({ seed: 1 }), formats }).plan(100);
    const ops = narrow.train.flatMap((op) => [...opReads(op), ...opWrites(op)]);
    const size = (of: (tensor: Plan['tensors'][number]) => number): number =>
      ops.reduce((sum, id) => sum + of(narrow.tensors[id]!), 0);
    return {
      bits: planTotals(narrow).trainBits,
      stored: 8 * size(({ sizeBytes }) => sizeBytes),
      // Labels, positions and probabilities are the same in every format.
      narrowed: size(({ format, role, shape }) =>
        format === null || role === 'probability' ? 0 : elements(shape),
      ),
    };
  };
  const whole = bitsOf('<4,12>');
  expect(whole.bits).toBe(whole.stored);
  const float = bitsOf('float32');
  expect(float.bits).toBe(float.stored);
  const narrow = bitsOf('<4,8>');
  expect(narrow.stored).toBe(whole.stored);
  expect(narrow.bits).toBe(whole.bits - 4 * narrow.narrowed);
});

test('rows name op, shapes, formats and sites', () => {
  const rows = planTable(plan);
  expect(rows).toHaveLength(plan.train.length + plan.evaluate.length);
  expect(rows[0]).toEqual({
    program: 'train',
    op: 'conv2d',
    layer: 'conv1',
    phase: 'forward',
    reads: ['input [100, 28, 28, 1] <6,10>', 'conv1/weight [5, 5, 1, 8] <4,12>', 'conv1/bias [8] <4,12>'],
    writes: ['conv1/output [100, 24, 24, 8] <6,10>'],
    sites: ['conv1/output 22 -> <6,10> stochastic, 16-bit'],
    macs: 11_520_000,
    bytes: 2 * (78_400 + 200 + 8 + 460_800),
  });
});

test('every site belongs to exactly one op, and the JSON form holds the whole plan', () => {
  const sites = [...plan.train, ...plan.evaluate].flatMap(opConverts);
  expect(sites.map((s) => s.statistics).sort((a, b) => a - b)).toEqual(plan.sites.map((_, i) => i));
  const { totals, ...rest } = planJson(plan);
  expect(JSON.parse(JSON.stringify(rest))).toEqual(plan);
  expect(totals).toEqual(planTotals(plan));
});
