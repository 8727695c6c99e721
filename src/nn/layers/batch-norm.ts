/**
 * Batch normalisation: subtracts the mean of every channel, divides by its deviation, multiplies by a weight
 * and adds a bias. Training uses statistics of the batch, an evaluation running ones. docs/numerics.md,
 * "Batch normalisation".
 */
import { runningFormats, type TensorId } from '../../plan/index.js';
import type { BatchNormLayer } from '../configuration.js';
import {
  activation,
  gradient,
  inputError,
  type Emission,
  type Forward,
  type Layer,
  type Parameter,
  type Shape,
} from '../layer.js';
import type { Settings } from '../settings.js';

/** Fraction bits of epsilon and of the share of a batch in the running statistics. */
const EPSILON_UNIT = 2 ** 40;
const RATE_UNIT = 2 ** 16;

export function batchNormLayer(
  name: string,
  configuration: BatchNormLayer,
  settings: Settings,
  inputShape: Shape,
): Layer {
  const channels = inputShape[inputShape.length - 1]!;
  const { momentum = 0.9, epsilon = 1e-5 } = configuration;
  const fan = { fanIn: 1, fanOut: 1 };
  const scale: Parameter = { role: 'weight', shape: [channels], ...fan, isScale: true };
  const bias: Parameter = { role: 'bias', shape: [channels], ...fan };
  const rate = Math.max(1, Math.round((1 - momentum) * RATE_UNIT));
  const layer: Layer = {
    name,
    type: 'batchNorm',
    settings,
    inputShape,
    outputShape: inputShape,
    parameters: [scale, bias],
    forward,
  };
  return layer;

  function forward(input: TensorId, emission: Emission): Forward {
    const { builder, training } = emission;
    const { format } = builder.get(input);
    const isFloat = format === null || format === 'float32';
    const running = isFloat ? { mean: format, variance: format } : runningFormats(format);
    const register = (what: string, rows: number): TensorId =>
      builder.tensor({
        ...{ name: `${name}/${what}`, shape: [rows, channels], batched: false },
        ...{ role: 'register', format: 'float32' },
      });
    const registers = register('registers', isFloat ? 2 : 3);
    const moments = {
      input,
      registers,
      mean: emission.state('mean', [channels], running.mean),
      variance: emission.state('variance', [channels], running.variance),
      epsilon: Math.round(epsilon * EPSILON_UNIT),
    };
    if (training) builder.batchMoments({ ...moments, rate, ...emission.site('update') });
    else builder.runningMoments(moments);
    const [gamma, beta] = [emission.parameter('weight'), emission.parameter('bias')];
    const output = activation(builder, layer);
    builder.batchNorm({ input, registers, gamma, beta, out: output, ...emission.site('activation') });
    return {
      output,
      backward: (dOutput, propagate) => {
        const factors = register('factors', 3);
        const gradients = {
          dGamma: gradient(builder, layer, scale),
          dBeta: gradient(builder, layer, bias),
        };
        const operands = { input, registers, dOutput, factors };
        builder.batchNormGradient({ ...operands, gamma, ...gradients, ...emission.site('gradient') });
        if (!propagate) return null;
        const dInput = inputError(builder, layer, input);
        builder.batchNormInputGradient({ ...operands, out: dInput, ...emission.site('error') });
        return dInput;
      },
    };
  }
}
