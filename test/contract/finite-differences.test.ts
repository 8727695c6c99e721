/**
 * Every backward op against central differences of its forward op, in float32, on every backend.
 * The scalar is the sum of the forward result times a fixed dOutput (softmax: the loss itself). Operands are small
 * integers and the steps powers of two, so that for all but softmax the differences are exact up to float32 rounding.
 */
import { describe, expect, test } from 'vitest';
import type { Session, TensorData } from '../../src/backend/contract.js';
import { PlanBuilder, windowOf, type Plan, type Tensor, type TensorId } from '../../src/plan/index.js';
import { FLOAT_BACKENDS } from './backends.js';
import { generator } from './data.js';
import { settings } from './suite.js';

const BATCH = 2;

type Tensors = (name: string, shape: readonly number[], role?: Tensor['role']) => TensorId;

interface Check {
  readonly name: string;
  /** Adds the forward op, which writes `output` or, with `labels`, the loss; and the backward ops, which read `dOutput`. */
  readonly add: (builder: PlanBuilder, tensor: Tensors) => void;
  /** Tensors to differentiate by, and the tensors that hold the derivatives. */
  readonly gradients: Readonly<Record<string, string>>;
  /** Half the difference that an operand is moved by; default 1: these ops are linear in each operand. */
  readonly step?: number;
  /** Operand values; default integers from -4 to 4. */
  readonly values?: (i: number, random: () => number) => number;
  readonly tolerance?: number;
  readonly labels?: Int32Array;
}

const site = settings('stochastic');

function pooled(kind: 'max' | 'average', kernel: number, stride: number): Check {
  return {
    name: `${kind}-pool ${String(kernel)} stride ${String(stride)}`,
    gradients: { input: 'dInput' },
    // Distinct values, further apart than the steps: no maximum changes hands.
    ...(kind === 'max' ? { step: 0.25, values: (i: number) => ((i * 37) % 101) - 50 } : {}),
    add: (builder, tensor) => {
      const window = windowOf({
        image: [5, 6, 3],
        kernel: [kernel, kernel],
        stride: [stride, stride],
        clip: true,
      });
      const outputs = [BATCH, window.outHeight, window.outWidth, 3];
      const input = tensor('input', [BATCH, 5, 6, 3]);
      const out = tensor('output', outputs);
      const dOutput = tensor('dOutput', outputs);
      const dInput = tensor('dInput', [BATCH, 5, 6, 3]);
      if (kind === 'average') {
        builder.averagePool({ input, out, window, ...site });
        builder.averagePoolGradient({ dOutput, out: dInput, window, ...site });
        return;
      }
      const position = tensor('position', outputs, 'position');
      builder.maxPool({ input, out, position, window });
      builder.maxPoolGradient({ dOutput, position, out: dInput, window, ...site });
    },
  };
}

function convolved(stride: readonly [number, number], padding: readonly [number, number]): Check {
  return {
    name: `convolution stride ${stride.join()} pad ${padding.join()}`,
    gradients: { input: 'dInput', weight: 'dWeight', bias: 'dBias' },
    add: (builder, tensor) => {
      const window = windowOf({ image: [5, 4, 2], kernel: [3, 2], stride, padding });
      const outputs = [BATCH, window.outHeight, window.outWidth, 3];
      const input = tensor('input', [BATCH, 5, 4, 2]);
      const weight = tensor('weight', [3, 2, 2, 3], 'weight');
      const bias = tensor('bias', [3], 'weight');
      const dOutput = tensor('dOutput', outputs);
      builder.conv2d({ input, weight, bias, out: tensor('output', outputs), window, ...site });
      const dInput = tensor('dInput', [BATCH, 5, 4, 2]);
      builder.conv2dInputGradient({ dOutput, weight, out: dInput, window, ...site });
      const dWeight = tensor('dWeight', [3, 2, 2, 3], 'weight');
      builder.conv2dWeightGradient({ input, dOutput, out: dWeight, window, ...site });
      builder.biasGradient({ dOutput, out: tensor('dBias', [3], 'weight'), ...site });
    },
  };
}

const CHECKS: readonly Check[] = [
  {
    name: 'dense',
    gradients: { input: 'dInput', weight: 'dWeight', bias: 'dBias' },
    add: (builder, tensor) => {
      const input = tensor('input', [BATCH, 5]);
      const weight = tensor('weight', [5, 3], 'weight');
      const bias = tensor('bias', [3], 'weight');
      const dOutput = tensor('dOutput', [BATCH, 3]);
      builder.matmul({ lhs: input, rhs: weight, bias, out: tensor('output', [BATCH, 3]), ...site });
      const dInput = tensor('dInput', [BATCH, 5]);
      builder.matmul({ lhs: dOutput, rhs: weight, out: dInput, transposeRhs: true, ...site });
      const dWeight = tensor('dWeight', [5, 3], 'weight');
      builder.matmul({ lhs: input, rhs: dOutput, out: dWeight, transposeLhs: true, ...site });
      builder.biasGradient({ dOutput, out: tensor('dBias', [3], 'weight'), ...site });
    },
  },
  convolved([1, 1], [0, 0]),
  convolved([2, 1], [1, 2]),
  convolved([2, 3], [0, 1]),
  {
    name: 'relu',
    gradients: { input: 'dInput' },
    // Never within a step of zero.
    step: 0.5,
    values: (_, random) => [-3, -1, 1, 2][random() % 4]!,
    add: (builder, tensor) => {
      const [input, output] = [tensor('input', [BATCH, 9]), tensor('output', [BATCH, 9])];
      builder.relu({ input, out: output });
      const dOutput = tensor('dOutput', [BATCH, 9]);
      builder.reluGradient({ output, dOutput, out: tensor('dInput', [BATCH, 9]) });
    },
  },
  {
    // The error of a sum is that of both operands as it is.
    name: 'add',
    gradients: { lhs: 'dOutput', rhs: 'dOutput' },
    add: (builder, tensor) => {
      const shape = [BATCH, 9];
      const [lhs, rhs] = [tensor('lhs', shape), tensor('rhs', shape)];
      builder.add({ lhs, rhs, out: tensor('output', shape), ...site });
      tensor('dOutput', shape);
    },
  },
  pooled('max', 2, 2),
  pooled('max', 3, 2),
  pooled('max', 3, 1),
  pooled('average', 2, 2),
  pooled('average', 3, 2),
  {
    name: 'dropout',
    gradients: { input: 'dInput' },
    add: (builder, tensor) => {
      const settled = {
        mask: 'mask',
        threshold: 19661,
        scale: Math.round((65536 / 45875) * 2 ** 24),
        ...site,
      };
      builder.dropout({
        input: tensor('input', [BATCH, 11]),
        out: tensor('output', [BATCH, 11]),
        ...settled,
      });
      builder.dropout({
        input: tensor('dOutput', [BATCH, 11]),
        out: tensor('dInput', [BATCH, 11]),
        ...settled,
      });
    },
  },
  {
    name: 'softmax and cross-entropy',
    gradients: { logits: 'error' },
    step: 2 ** -5,
    tolerance: 2e-4,
    labels: Int32Array.of(3, 0),
    add: (builder, tensor) => {
      const shape = [BATCH, 5];
      const ids = { logits: tensor('logits', shape), labels: tensor('labels', [BATCH], 'label') };
      const probabilities = tensor('probabilities', shape);
      builder.softmaxCrossEntropy({ ...ids, probabilities, error: tensor('error', shape), ...site });
    },
  },
];

function build(check: Check): Plan {
  const builder = new PlanBuilder({ name: check.name, arithmetic: 'float32', batch: BATCH });
  builder.program('train').layer('op');
  check.add(builder, (name, shape, role = 'activation') =>
    builder.tensor({
      ...{ name, shape, role, batched: role !== 'weight', persistent: true },
      format: role === 'position' || role === 'label' ? null : 'float32',
    }),
  );
  return builder.finish(check.labels ? { labels: builder.find('labels') } : {});
}

/** The scalar at the tensors' present contents. */
async function scalar(
  session: Session,
  dOutput: Float32Array | null,
  labels: Int32Array = new Int32Array(0),
): Promise<number> {
  const step = { count: BATCH, inputs: new Float32Array(0), labels, step: 1, coefficients: [] };
  const [metrics] = await session.train([step]);
  if (!dOutput) return metrics!.lossSum;
  const output = await session.read('output');
  return dOutput.reduce((sum, d, i) => sum + d * output[i]!, 0);
}

for (const { name, backend, threads } of FLOAT_BACKENDS) {
  describe(`finite differences on ${name}`, () => {
    test.each(CHECKS)('$name', async (check) => {
      const {
        step = 1,
        tolerance = 1e-5,
        values = (_i: number, random: () => number) => (random() % 9) - 4,
      } = check;
      const session = await backend.open(build(check), { seed: 5, threads });
      const fill = async (tensor: string): Promise<Float32Array> => {
        const random = generator(tensor);
        const length = (await session.read(tensor)).length;
        const data = Float32Array.from({ length }, (_, i) => values(i, random));
        await session.write(tensor, data);
        return data;
      };
      const operands = new Map<string, Float32Array>();
      for (const operand of Object.keys(check.gradients)) operands.set(operand, await fill(operand));
      const dOutput = check.labels ? null : await fill('dOutput');
      await scalar(session, dOutput, check.labels);
      const gradients = new Map<string, TensorData>();
      for (const [operand, tensor] of Object.entries(check.gradients)) {
        gradients.set(operand, await session.read(tensor));
      }
      for (const [operand, data] of operands) {
        const gradient = gradients.get(operand)!;
        const numeric = new Float32Array(data.length);
        for (const [i, value] of data.entries()) {
          const at = async (moved: number): Promise<number> => {
            await session.write(
              operand,
              data.map((x, j) => (j === i ? moved : x)),
            );
            return scalar(session, dOutput, check.labels);
          };
          numeric[i] = ((await at(value + step)) - (await at(value - step))) / (2 * step);
        }
        await session.write(operand, data);
        // A derivative that is zero everywhere would prove nothing.
        expect(gradient.findIndex((value) => value !== 0)).toBeGreaterThanOrEqual(0);
        numeric.forEach((slope, i) => {
          const slack = tolerance * (1 + Math.abs(slope));
          expect(
            Math.abs(gradient[i]! - slope),
            `${operand}[${String(i)}]: ${String(slope)}`,
          ).toBeLessThanOrEqual(slack);
        });
      }
      await session.close();
    });
  });
}
