/**
 * The backward pass of whole networks with more than one path, against central differences of the loss, in float32 on every
 * backend; and that one step in fixed point leaves the same integers on all of them.
 */
import { describe, expect, test } from 'vitest';
import type { Session, TensorData } from '../../src/backend/contract.js';
import { defineNetwork, type LayerConfiguration, type NetworkConfiguration } from '../../src/nn/index.js';
import { CANDIDATES, FLOAT_BACKENDS } from '../contract/backends.js';
import { generator } from '../contract/data.js';

const BATCH = 3;

function network(layers: readonly LayerConfiguration[], formats: NetworkConfiguration['formats']) {
  return defineNetwork({
    seed: 11,
    formats,
    weightInit: 'he-normal',
    optimizer: { kind: 'sgd', learningRate: 0.1 },
    input: { height: 5, width: 6, channels: 2 },
    layers: [...layers, { type: 'globalAveragePool' }, { type: 'dense', units: 4 }],
  });
}

const conv = (channels: number, stride = 1): LayerConfiguration => ({
  ...{ type: 'conv2d', channels, kernel: 3, stride, padding: 1 },
});

const NETWORKS: readonly { readonly name: string; readonly layers: readonly LayerConfiguration[] }[] = [
  {
    name: 'identity shortcut of a layer with parameters',
    layers: [conv(3), { type: 'residual', layers: [conv(3), { type: 'relu' }, conv(3)], activation: 'relu' }],
  },
  {
    name: 'identity shortcut of the input',
    layers: [{ type: 'residual', layers: [conv(2)] }],
  },
  {
    name: 'projection, then two sums on end',
    layers: [
      { type: 'residual', layers: [conv(4, 2), conv(4)], shortcut: [conv(4, 2)] },
      { type: 'residual', layers: [conv(4)] },
    ],
  },
  {
    name: 'one inside of the other: three readers of one output',
    layers: [
      conv(3),
      { type: 'residual', layers: [{ type: 'residual', layers: [conv(3)] }, conv(3)], activation: 'relu' },
    ],
  },
  {
    name: 'normalised, and a normalised projection',
    layers: [
      { type: 'conv2d', channels: 3, kernel: 3, padding: 1, bias: false },
      { type: 'batchNorm', activation: 'relu' },
      {
        type: 'residual',
        layers: [conv(4, 2), { type: 'batchNorm' }],
        shortcut: [{ type: 'conv2d', channels: 4, kernel: 1, stride: 2 }, { type: 'batchNorm' }],
        activation: 'relu',
      },
    ],
  },
  {
    name: 'the input normalised',
    layers: [{ type: 'batchNorm' }, conv(3)],
  },
  {
    name: 'paths without parameters',
    layers: [conv(3), { type: 'residual', layers: [{ type: 'relu' }] }],
  },
];

/** Loss of the batch at the present parameters, which a step at this rate then changes. */
async function step(session: Session, inputs: TensorData, rate: number): Promise<number> {
  const coefficients = [{ momentum: 0, rate, decay: 0 }];
  const labels = Int32Array.of(1, 3, 0);
  const [metrics] = await session.train([{ count: BATCH, inputs, labels, step: 1, coefficients }]);
  return metrics!.lossSum;
}

async function open(
  { backend, threads }: (typeof CANDIDATES)[number],
  definition: ReturnType<typeof network>,
) {
  const plan = definition.plan(BATCH);
  const session = await backend.open(plan, { seed: 5, threads });
  for (const [name, data] of definition.initialParameters(plan)) await session.write(name, data);
  return { plan, session };
}

describe.each(NETWORKS)('$name', ({ layers }) => {
  test.each(FLOAT_BACKENDS)('finite differences on $name', async (candidate) => {
    const { plan, session } = await open(candidate, network(layers, 'float32'));
    const random = generator('inputs');
    const inputs = Float32Array.from({ length: BATCH * 60 }, () => (random() % 65) / 32 - 1);
    const names = plan.parameters.map((id) => plan.tensors[id]!.name);
    const before = new Map<string, TensorData>();
    for (const name of names) before.set(name, await session.read(name));
    await step(session, inputs, 1);
    const gradients = new Map<string, Float32Array>();
    for (const name of names) {
      const [was, is] = [before.get(name)!, await session.read(name)];
      gradients.set(
        name,
        Float32Array.from(was, (value, i) => value - is[i]!),
      );
    }
    for (const [name, data] of before) await session.write(name, data);
    for (const name of names) {
      const data = before.get(name)!;
      const gradient = gradients.get(name)!;
      // A few elements of each: a wrong path shows in every one.
      for (let n = 0; n < 4; n++) {
        const i = random() % data.length;
        const at = async (moved: number): Promise<number> => {
          const changed = data.slice();
          changed[i] = moved;
          await session.write(name, changed);
          return step(session, inputs, 0);
        };
        // Small, so that hardly any ReLU changes sides between the two.
        const h = 2 ** -11;
        const slope = ((await at(data[i]! + h)) - (await at(data[i]! - h))) / (2 * h);
        const slack = 2e-2 * (0.1 + Math.abs(slope));
        expect(Math.abs(gradient[i]! - slope), `${name}[${i}]: ${slope}`).toBeLessThanOrEqual(slack);
      }
      await session.write(name, data);
    }
    await session.close();
  });

  test('fixed point: the same parameters on every backend', async () => {
    const results = new Map<string, string>();
    for (const candidate of CANDIDATES) {
      const { plan, session } = await open(
        candidate,
        network(layers, { weight: '<2,14>', activation: '<6,10>' }),
      );
      const random = generator('inputs');
      const inputs = Int16Array.from({ length: BATCH * 60 }, () => (random() % 2049) - 1024);
      const losses = [await step(session, inputs, 2 ** 26), await step(session, inputs, 2 ** 26)];
      expect(losses[1]).toBeLessThan(losses[0]!);
      const state = await Promise.all(plan.parameters.map((id) => session.read(plan.tensors[id]!.name)));
      results.set(candidate.name, JSON.stringify([losses, state, await session.statistics()]));
      await session.close();
    }
    expect(new Set(results.values()).size).toBe(1);
  });
});
