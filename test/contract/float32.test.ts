/**
 * The float32 baseline on every backend. Small integers and powers of two are exact in float32 whatever the order of a
 * sum, so most ops are still compared exactly; only softmax needs a tolerance.
 */
import { describe, expect, test } from 'vitest';
import { PlanBuilder, windowOf, type Plan, type Tensor, type TensorId } from '../../src/plan/index.js';
import type { Coefficients, Session } from '../../src/backend/contract.js';
import { randomWordOracle, siteHashOracle } from '../support/oracle.js';
import { FLOAT_BACKENDS } from './backends.js';
import { contractSuite, settings, type Case } from './suite.js';

const site = settings('stochastic');
const error = { batched: true, role: 'error' } as const;
const F = 'float32';

function dense(inputs: number, units: number): Case {
  return {
    name: `dense ${String(inputs)} to ${String(units)}`,
    add: (w) => {
      const input = w.tensor('input', [w.batch, inputs], F, { batched: true });
      const weight = w.tensor('weight', [inputs, units], F);
      const dOutput = w.tensor('dOutput', [w.batch, units], F, error);
      const out = w.tensor('output', [w.batch, units], F, { batched: true });
      w.builder.matmul({ lhs: input, rhs: weight, bias: w.tensor('bias', [units], F), out, ...site });
      const dInput = w.tensor('dInput', [w.batch, inputs], F, error);
      w.builder.matmul({ lhs: dOutput, rhs: weight, out: dInput, transposeRhs: true, ...site });
      const dWeight = w.tensor('dWeight', [inputs, units], F, { role: 'gradient' });
      w.builder.matmul({ lhs: input, rhs: dOutput, out: dWeight, transposeLhs: true, ...site });
      const output = w.tensor('relu', [w.batch, units], F, { batched: true });
      w.builder.relu({ input: out, out: output });
      w.builder.reluGradient({ output, dOutput, out: w.tensor('dRelu', [w.batch, units], F, error) });
    },
  };
}

function convolution(
  image: readonly [number, number, number],
  stride: number,
  padding: number,
  oc: number,
): Case {
  return {
    name: `convolution of ${image.join('x')} by 3x2x${String(oc)} stride ${String(stride)} pad ${String(padding)}`,
    add: (w) => {
      const window = windowOf({
        image,
        kernel: [3, 2],
        stride: [stride, stride],
        padding: [padding, padding],
      });
      const outputs = [w.batch, window.outHeight, window.outWidth, oc];
      const input = w.tensor('input', [w.batch, ...image], F, { batched: true });
      const weight = w.tensor('weight', [3, 2, image[2], oc], F);
      const dOutput = w.tensor('dOutput', outputs, F, error);
      const bias = w.tensor('bias', [oc], F);
      const out = w.tensor('output', outputs, F, { batched: true });
      w.builder.conv2d({ input, weight, bias, out, window, ...site });
      const dInput = w.tensor('dInput', [w.batch, ...image], F, error);
      w.builder.conv2dInputGradient({ dOutput, weight, out: dInput, window, ...site });
      const dWeight = w.tensor('dWeight', [3, 2, image[2], oc], F, { role: 'gradient' });
      w.builder.conv2dWeightGradient({ input, dOutput, out: dWeight, window, ...site });
      w.builder.biasGradient({ dOutput, out: w.tensor('dBias', [oc], F, { role: 'gradient' }), ...site });
    },
  };
}

function maxPool(image: readonly [number, number, number], kernel: number, stride: number): Case {
  return {
    name: `max-pool of ${image.join('x')} by ${String(kernel)} stride ${String(stride)}`,
    add: (w) => {
      const window = windowOf({ image, kernel: [kernel, kernel], stride: [stride, stride], clip: true });
      const outputs = [w.batch, window.outHeight, window.outWidth, image[2]];
      const position = w.tensor('position', outputs, null, { batched: true, role: 'position' });
      const input = w.tensor('input', [w.batch, ...image], F, { batched: true });
      w.builder.maxPool({ input, out: w.tensor('out', outputs, F, { batched: true }), position, window });
      const dOutput = w.tensor('dOutput', outputs, F, error);
      const dInput = w.tensor('dInput', [w.batch, ...image], F, error);
      w.builder.maxPoolGradient({ dOutput, position, out: dInput, window, ...site });
    },
  };
}

describe('float32 on integers', () => {
  contractSuite([
    {
      name: 'products and max-pools',
      arithmetic: 'float32',
      batch: 5,
      counts: [3, 1],
      cases: [
        ...[1, 3, 8, 17].flatMap((inputs) => [1, 5, 16].map((units) => dense(inputs, units))),
        convolution([5, 6, 1], 1, 0, 8),
        convolution([4, 5, 3], 1, 1, 5),
        convolution([7, 5, 4], 2, 2, 9),
        convolution([6, 7, 8], 3, 0, 16),
        maxPool([6, 6, 8], 2, 2),
        maxPool([5, 6, 3], 3, 2),
      ],
    },
  ]);
});

const SEED = 77;

/** A plan of one op over tensors of the given shapes, all batched over one example unless parameters. */
function planOf(
  shapes: Readonly<Record<string, readonly number[]>>,
  add: (builder: PlanBuilder, id: (name: string) => TensorId) => void,
  roles: Readonly<Record<string, Tensor['role']>> = {},
): Plan {
  const builder = new PlanBuilder({ name: 'float32', arithmetic: 'float32', batch: 1 });
  builder.program('train').layer('op');
  for (const [name, shape] of Object.entries(shapes)) {
    const role = roles[name] ?? 'activation';
    const format = role === 'label' ? null : 'float32';
    builder.tensor({ name, shape, batched: role !== 'weight', role, format, persistent: true });
  }
  add(builder, (name) => builder.find(name));
  return builder.finish({ groups: 1 });
}

const COEFFICIENTS: Coefficients = { momentum: 0.5, rate: 0.25, decay: 0.125 };

async function trainOnce(session: Session): Promise<number> {
  const batch = { count: 1, inputs: new Float32Array(0), labels: new Int32Array(0) };
  const [metrics] = await session.train([{ ...batch, step: 3, coefficients: [COEFFICIENTS] }]);
  return metrics!.lossSum;
}

for (const { name, backend, threads } of FLOAT_BACKENDS) {
  describe(`float32 on ${name}`, () => {
    test('a clipped average-pool divides by the cells that it has', async () => {
      const window = windowOf({ image: [3, 3, 1], kernel: [2, 2], stride: [2, 2], clip: true });
      const plan = planOf({ input: [1, 3, 3, 1], out: [1, 2, 2, 1], dInput: [1, 3, 3, 1] }, (builder, id) => {
        builder.averagePool({ input: id('input'), out: id('out'), window, ...site });
        builder.averagePoolGradient({ dOutput: id('out'), out: id('dInput'), window, ...site });
      });
      const session = await backend.open(plan, { seed: SEED, threads });
      await session.write('input', Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9));
      await trainOnce(session);
      expect(await session.read('out')).toEqual(Float32Array.of(3, 4.5, 7.5, 9));
      expect(await session.read('dInput')).toEqual(
        Float32Array.of(0.75, 0.75, 2.25, 0.75, 0.75, 2.25, 3.75, 3.75, 9),
      );
      await session.close();
    });

    test('dropout draws the same mask as in fixed point', async () => {
      const size = 37;
      const plan = planOf({ input: [1, size], out: [1, size] }, (builder, id) => {
        const settled = { mask: 'mask', threshold: 32768, scale: 2 ** 25, ...site };
        builder.dropout({ input: id('input'), out: id('out'), ...settled });
      });
      const session = await backend.open(plan, { seed: SEED, threads });
      const input = Float32Array.from({ length: size }, (_, i) => i + 0.5);
      await session.write('input', input);
      await trainOnce(session);
      const kept = (i: number): boolean => randomWordOracle(SEED, siteHashOracle('mask'), 3, i, 16) >= 32768;
      expect(await session.read('out')).toEqual(input.map((x, i) => (kept(i) ? 2 * x : 0)));
      await session.close();
    });

    test.each([true, false])('sgd follows its formula, decay %s', async (decays) => {
      const size = 21;
      const shapes = { parameter: [size], gradient: [size], update: [size] };
      const roles = { parameter: 'weight', gradient: 'weight', update: 'weight' } as const;
      const plan = planOf(
        shapes,
        (builder, id) => {
          builder.sgd({
            ...{ parameter: id('parameter'), gradient: id('gradient'), update: id('update') },
            ...{ group: 0, decays, updateSettings: site, parameterSettings: site },
          });
        },
        roles,
      );
      const session = await backend.open(plan, { seed: SEED, threads });
      const w = Float32Array.from({ length: size }, (_, i) => i - 8);
      const g = Float32Array.from({ length: size }, (_, i) => 3 * i - 20);
      const u = Float32Array.from({ length: size }, (_, i) => 7 - 2 * i);
      await session.write('parameter', w);
      await session.write('gradient', g);
      await session.write('update', u);
      await trainOnce(session);
      const update = u.map((value, i) => 0.5 * value - 0.25 * g[i]! - (decays ? 0.125 * w[i]! : 0));
      expect(await session.read('update')).toEqual(update);
      expect(await session.read('parameter')).toEqual(w.map((value, i) => value + update[i]!));
      expect(await session.statistics()).toEqual([]);
      await session.close();
    });

    test('a row without numbers is right for no label, whatever its first largest logit', async () => {
      const shapes = { logits: [1, 3], probabilities: [1, 3], labels: [1] };
      const roles = { labels: 'label', probabilities: 'probability' } as const;
      const plan = planOf(
        shapes,
        (builder, id) => {
          const ids = { logits: id('logits'), labels: id('labels'), probabilities: id('probabilities') };
          builder.softmaxCrossEntropy({ ...ids, error: null, ...site });
        },
        roles,
      );
      const session = await backend.open(plan, { seed: SEED, threads });
      for (const row of [
        ...[0, 1, 2].flatMap((at) =>
          [NaN, Infinity].map((bad) => [1, 2, 3].map((z, i) => (i === at ? bad : z))),
        ),
        [-Infinity, -Infinity, -Infinity],
        [3, 2, -Infinity],
      ]) {
        await session.write('logits', Float32Array.from(row));
        const right: number[] = [];
        for (const label of [0, 1, 2]) {
          await session.write('labels', Int32Array.of(label));
          const batch = { count: 1, inputs: new Float32Array(0), labels: new Int32Array(0) };
          const [metrics] = await session.train([{ ...batch, step: 3, coefficients: [COEFFICIENTS] }]);
          if (metrics!.correct === 1) right.push(label);
        }
        expect(right).toEqual(row[0] === 3 ? [0] : []);
      }
      await session.close();
    });

    test('softmax is within 2^-20 of the exact one', async () => {
      const logits = Float32Array.of(1.5, -2, 0.25, 30, 29, -1000, 28.5);
      const shapes = { logits: [1, 7], probabilities: [1, 7], error: [1, 7], labels: [1] };
      const roles = { labels: 'label', probabilities: 'probability', error: 'error' } as const;
      const plan = planOf(
        shapes,
        (builder, id) => {
          const ids = { logits: id('logits'), labels: id('labels'), probabilities: id('probabilities') };
          builder.softmaxCrossEntropy({ ...ids, error: id('error'), ...site });
        },
        roles,
      );
      const session = await backend.open(plan, { seed: SEED, threads });
      await session.write('logits', logits);
      await session.write('labels', Int32Array.of(4));
      const loss = await trainOnce(session);
      const sum = logits.reduce((total, z) => total + Math.exp(z - 30), 0);
      const near = (got: number, wanted: number): void =>
        expect(Math.abs(got - wanted)).toBeLessThanOrEqual(2 ** -20);
      near(loss, 1 + Math.log(sum));
      const probabilities = await session.read('probabilities');
      const errors = await session.read('error');
      logits.forEach((z, i) => {
        near(probabilities[i]!, Math.exp(z - 30) / sum);
        near(errors[i]!, Math.exp(z - 30) / sum - (i === 4 ? 1 : 0));
      });
      await session.close();
    });
  });
}
