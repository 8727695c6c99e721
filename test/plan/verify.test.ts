/** A plan of any origin: each rule refuses one planted fault, every network's plan survives JSON, and mutations do no harm. */
import { describe, expect, test } from 'vitest';
import { referenceBackend } from '../../src/backend/reference/index.js';
import { defineNetwork, zoo, ZOO_NAMES, type NetworkDefinition } from '../../src/nn/index.js';
import { isFewbitError } from '../../src/numerics/index.js';
import { ShapeError, verifyPlan, type Plan } from '../../src/plan/index.js';

/** Every kind of op, in as few elements as they need. */
const everything = defineNetwork({
  seed: 1,
  formats: { weight: '4.12', activation: '6.10' },
  optimizer: { kind: 'sgd', learningRate: 0.1 },
  input: { height: 6, width: 6, channels: 2 },
  layers: [
    { type: 'conv2d', name: 'conv', channels: 3, kernel: 3, padding: 1 },
    { type: 'batchNorm', name: 'norm', activation: 'relu' },
    {
      type: 'residual',
      name: 'sum',
      layers: [{ type: 'conv2d', name: 'inner', channels: 3, kernel: 3, padding: 1 }],
    },
    { type: 'maxPool', name: 'max', kernel: 2 },
    { type: 'averagePool', name: 'mean', kernel: 2 },
    { type: 'flatten', name: 'flat' },
    { type: 'dropout', name: 'drop', rate: 0.5 },
    { type: 'dense', name: 'fc', units: 3 },
  ],
});

// A value of any shape: the tests write what a type would forbid.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Loose = any;

function copyOf(plan: Plan): Loose {
  return JSON.parse(JSON.stringify(plan));
}

const valid = everything.plan(4);

const op = (plan: Loose, kind: string, program = 'train'): Loose =>
  plan[program].find((candidate: Loose) => candidate.kind === kind);
const tensor = (plan: Loose, name: string): Loose =>
  plan.tensors.find((candidate: Loose) => candidate.name === name);

const FAULTS: readonly (readonly [name: string, plant: (plan: Loose) => void, message: string])[] = [
  ['unknown field', (p) => (p.extra = 1), 'plan: there is no field "extra"; remove it'],
  ['absent field', (p) => delete p.groups, 'plan.groups: must be a whole number from 0, got nothing'],
  ['wrong type', (p) => (p.name = 5), 'plan.name: must be text, got 5'],
  [
    'unknown kind',
    (p) => (p.train[0].kind = 'conv3d'),
    'plan.train[0].kind: must be one of "matmul", "conv2d"',
  ],
  [
    'field of another op',
    (p) => (op(p, 'relu').convert = null),
    'norm.relu: relu: there is no field "convert"',
  ],
  [
    'type of an op field',
    (p) => (op(p, 'matmul').m = '4'),
    'fc: matmul.m: must be a whole number from 1, got "4"',
  ],
  [
    'word length',
    (p) => (tensor(p, 'fc/weight').format.il = 40),
    'format: format <40,12>: word length IL + FL must be',
  ],
  ['batch', (p) => (p.batch = 1 << 21), 'batch: must be a whole number from 1 to 1048576, got 2097152'],
  ['gradient shift', (p) => (p.gradientShift = 3), 'gradientShift: must be 2, got 3'],
  [
    'tensor names',
    (p) => (p.tensors[1].name = 'input'),
    'input: two tensors have this name; give each layer a different name',
  ],
  [
    'batched sizes',
    (p) => (tensor(p, 'input').shape[0] = 3),
    'input: a batched tensor starts with the batch size 4',
  ],
  ['ids', (p) => (p.tensors[1].id = 0), 'labels.id: must be 1, got 0'],
  ['bytes', (p) => (tensor(p, 'fc/weight').sizeBytes = 2), 'fc/weight.sizeBytes: must be'],
  [
    'storage',
    (p) => (tensor(p, 'fc/weight').storage = 'int32'),
    'fc/weight.storage: must be "int16", got "int32"',
  ],
  ['arithmetic', (p) => (p.arithmetic = 'float32'), 'gradientShift: must be 0, got 2'],
  ['id of an op', (p) => (op(p, 'matmul').lhs = 999), 'fc: matmul: there is no tensor 999; the plan has'],
  ['id of an end', (p) => (p.logits = 999), 'logits: there is no tensor 999'],
  [
    'inner sizes',
    (p) => (op(p, 'matmul').lhs = tensor(p, 'input').id),
    'fc: inner sizes must match, got [4, 6, 6, 2]',
  ],
  ['derived sizes', (p) => (op(p, 'matmul').m = 5), 'fc: matmul.m: must be 4, got 5'],
  [
    'channels',
    (p) => (op(p, 'conv2d').window.channels = 3),
    'conv: weight must be [3, 3, 3, out channels], got [3, 3, 2, 3]',
  ],
  [
    'a position as operand',
    (p) => (op(p, 'relu').input = op(p, 'maxPool').position),
    'norm.relu: max/position must hold numbers of a format, got a position',
  ],
  [
    'exact sums',
    (p) => {
      for (const name of ['inference/flat/output', 'inference/mean/output', 'fc/weight']) {
        const t = p.tensors.find((candidate: Loose) => candidate.name === name);
        if (t) Object.assign(t, { format: { il: 20, fl: 12 }, storage: 'int32', sizeBytes: t.sizeBytes * 2 });
      }
      const { lhs } = op(p, 'matmul');
      const t = p.tensors[lhs];
      Object.assign(t, { format: { il: 20, fl: 12 }, storage: 'int32', sizeBytes: t.sizeBytes * 2 });
      p.train = [op(p, 'matmul')];
    },
    'must fit in 64 bits to be exact, got up to',
  ],
  [
    'accumulator',
    (p) => (op(p, 'matmul').accumulator = { width: 64, overflow: 'wrap' }),
    'fc: matmul.accumulator: accumulator: width must be',
  ],
  ['shift of a bias', (p) => (op(p, 'matmul').biasShift = 1), 'fc: matmul.biasShift: must be'],
  ['bits dropped', (p) => (op(p, 'conv2d').convert.drop = 3), 'conv: conv2d.convert.drop: must be 12, got 3'],
  ['hash', (p) => (op(p, 'conv2d').convert.hash = 7), 'conv: conv2d.convert.hash: must be'],
  [
    'reciprocals',
    (p) => (op(p, 'averagePool').reciprocals[2] = 5),
    'mean: averagePool.reciprocals[2]: must be 536870912, got 5',
  ],
  [
    'window outside of the image',
    (p) => (op(p, 'maxPool').window.strideY = 9),
    'max: every pooling window must hold a cell of the image',
  ],
  ['epsilon', (p) => (op(p, 'batchMoments').epsilon = 0), 'norm: epsilon must be a whole number from 1 to'],
  [
    'running format',
    (p) => (tensor(p, 'norm/mean').format = { il: 7, fl: 25 }),
    'norm: norm/mean must have the format <6,26>, got <7,25>',
  ],
  [
    'number of a site',
    (p) => (op(p, 'conv2d').convert.statistics = 999),
    'conv/output: its number 999 must be its index',
  ],
  [
    'site listed otherwise',
    (p) => (p.sites[0].rounding = { mode: 'floor', randomBits: 32 }),
    'sites[0].rounding.mode: must be "stochastic", got "floor"',
  ],
  [
    'site without an op',
    (p) => p.sites.push({ ...p.sites[0], site: 'none', statistics: p.sites.length }),
    'none: no op rounds at this site',
  ],
  [
    'hash of a mask',
    (p) => {
      for (const o of p.train) if (o.kind === 'dropout') o.maskHash = p.sites[0].hash;
    },
    'drop: its mask has the same hash as conv/output',
  ],
  ['order', (p) => p.train.reverse(), 'before any op writes it'],
  [
    'written twice',
    (p) => p.train.push(op(p, 'relu')),
    'norm.relu: relu writes norm.relu/output, which an earlier op writes',
  ],
  ['one site twice', (p) => p.train.push(op(p, 'conv2d')), 'conv/output: two rounding sites have this name'],
  ['registers', (p) => (op(p, 'runningMoments', 'evaluate').extraBits -= 1), 'must be'],
  [
    'role of an end',
    (p) => (p.labels = p.trainInput),
    'labels: input must have the role label, got activation',
  ],
  [
    'persistence',
    (p) => (tensor(p, 'fc/weight').persistent = false),
    'fc: matmul reads fc/weight before any op writes it',
  ],
  ['listed twice', (p) => (p.states[1] = p.states[0]), 'states: a tensor is listed twice'],
  ['updates', (p) => p.updates.pop(), 'updates: must be one for each of'],
  ['pairs', (p) => p.updates.reverse(), 'sgd must change a parameter and its update at the same place'],
  ['groups', (p) => (p.groups = 0), 'fc: sgd.group must be below the plan'],
  ['alignment', (p) => (tensor(p, 'fc/weight').offset = 2), 'fc/weight: its offset must be a multiple of 64'],
  ['arena', (p) => (p.arenaBytes = 64), 'must end within the arena of 64 bytes'],
  [
    'overlap',
    (p) => (tensor(p, 'norm/output').offset = tensor(p, 'conv/output').offset),
    'shares memory with',
  ],
];

describe('rules', () => {
  test('a valid plan is returned as it is', () => {
    expect(verifyPlan(valid)).toBe(valid);
    for (const other of [null, 5, 'plan', [], undefined]) expect(() => verifyPlan(other)).toThrow(ShapeError);
  });

  test.each(FAULTS)('%s', (_, plant, message) => {
    const plan = copyOf(valid);
    expect(verifyPlan(plan)).toEqual(valid);
    plant(plan);
    const verify = () => verifyPlan(plan);
    expect(verify).toThrow(ShapeError);
    expect(verify).toThrow(message);
  });
});

test.each(ZOO_NAMES)('%s: its plan survives JSON', (name) => {
  const plan = defineNetwork(zoo[name]({ seed: 1 })).plan(10);
  expect(verifyPlan(JSON.parse(JSON.stringify(plan)))).toEqual(plan);
});

test('so does a float32 plan', () => {
  const { configuration } = everything;
  const plan = defineNetwork({ ...configuration, formats: 'float32' }).plan(4);
  expect(verifyPlan(JSON.parse(JSON.stringify(plan)))).toEqual(plan);
});

/** Places of all numbers in a value. */
function numbersOf(value: Loose, place: readonly string[] = []): (readonly string[])[] {
  if (typeof value === 'number') return [place];
  if (typeof value !== 'object' || value === null) return [];
  return Object.keys(value).flatMap((key) => numbersOf(value[key], [...place, key]));
}

/** Runs one training and one evaluation step with zeros. */
async function run(plan: Plan, { optimizers }: NetworkDefinition): Promise<void> {
  const session = await referenceBackend.open(plan, { seed: 1n, threads: 1 });
  const { shape } = plan.tensors[plan.trainInput!]!;
  const inputs = new Int16Array(shape.reduce((product, size) => product * size, 1));
  const batch = { count: 4, inputs, labels: new Int32Array(4), step: 0 };
  const coefficients = Array.from({ length: Math.max(plan.groups, optimizers.length) }, () => ({
    momentum: 0,
    rate: 1 << 20,
    decay: 0,
  }));
  await session.train([{ ...batch, coefficients }]);
  await session.evaluate([batch]);
  await session.close();
}

test('a mutated number is refused, or the plan still runs', async () => {
  const places = numbersOf(valid);
  let state = 12345;
  const next = (end: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * end);
  };
  let accepted = 0;
  for (let i = 0; i < 600; i += 1) {
    const place = places[next(places.length)]!;
    const plan = copyOf(valid);
    let holder = plan;
    for (const key of place.slice(0, -1)) holder = holder[key];
    const old: number = holder[place[place.length - 1]!];
    const mutations = [old + 1, old - 1, 0, -old, old * 2, old + 64, 2 ** 31, 1.5, next(plan.tensors.length)];
    holder[place[place.length - 1]!] = mutations[next(mutations.length)];
    let refused: unknown = null;
    try {
      verifyPlan(plan);
    } catch (error) {
      refused = error;
    }
    if (refused !== null) {
      expect(refused, place.join('.')).toBeInstanceOf(ShapeError);
      continue;
    }
    accepted += 1;
    await run(plan, everything).catch((error: unknown) => {
      if (!isFewbitError(error)) throw new Error(`${place.join('.')}: ${String(error)}`, { cause: error });
    });
  }
  expect(accepted).toBeGreaterThan(0);
});
