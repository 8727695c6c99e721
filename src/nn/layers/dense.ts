/** Fully connected layer: output [B, units] = input [B, size] x weight [size, units] + bias. Images are read as vectors. */
import type { DenseLayer } from '../configuration.js';
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
import type { TensorId } from '../../plan/index.js';
import { elements } from '../../plan/index.js';

export function denseLayer(
  name: string,
  configuration: DenseLayer,
  settings: Settings,
  inputShape: Shape,
): Layer {
  const { units } = configuration;
  const size = elements(inputShape);
  const fan = { fanIn: size, fanOut: units };
  const weight: Parameter = { role: 'weight', shape: [size, units], ...fan };
  const bias: Parameter | null =
    configuration.bias === false ? null : { role: 'bias', shape: [units], ...fan };
  const layer: Layer = {
    name,
    type: 'dense',
    settings,
    inputShape,
    outputShape: [units],
    parameters: bias ? [weight, bias] : [weight],
    forward,
  };
  return layer;

  function forward(input: TensorId, emission: Emission): Forward {
    const { builder } = emission;
    const { accumulator } = settings;
    const output = activation(builder, layer);
    const w = emission.parameter('weight');
    const b = bias && emission.parameter('bias');
    builder.matmul({ lhs: input, rhs: w, bias: b, out: output, accumulator, ...emission.site('activation') });
    return { output, backward };

    function backward(dOutput: TensorId, propagate: boolean): TensorId | null {
      const dInput = propagate ? inputError(builder, layer, input) : null;
      if (dInput !== null) {
        builder.matmul({
          lhs: dOutput,
          rhs: w,
          transposeRhs: true,
          out: dInput,
          accumulator,
          ...emission.site('error'),
        });
      }
      const site = emission.site('gradient');
      const dWeight = gradient(builder, layer, weight);
      builder.matmul({ lhs: input, transposeLhs: true, rhs: dOutput, out: dWeight, accumulator, ...site });
      if (bias) builder.biasGradient({ dOutput, out: gradient(builder, layer, bias), ...site });
      return dInput;
    }
  }
}
