/** Fully connected layer: output [B, units] = input [B, size] x weight [size, units] + bias. Images are read as vectors. */
import { elements } from '../../plan/index.js';
import type { DenseLayer } from '../configuration.js';
import type { Layer, Shape } from '../layer.js';
import type { Settings } from '../settings.js';
import { productLayer } from './product.js';

export function denseLayer(
  name: string,
  configuration: DenseLayer,
  settings: Settings,
  inputShape: Shape,
): Layer {
  const { units } = configuration;
  const size = elements(inputShape);
  const fan = { fanIn: size, fanOut: units };
  return productLayer(
    { name, type: 'dense', settings, inputShape, outputShape: [units] },
    {
      weight: { role: 'weight', shape: [size, units], ...fan },
      bias: configuration.bias === false ? null : { role: 'bias', shape: [units], ...fan },
    },
    {
      output: (builder, { input, weight, ...rest }) => {
        builder.matmul({ lhs: input, rhs: weight, ...rest });
      },
      inputError: (builder, { dOutput, weight, ...rest }) => {
        builder.matmul({ lhs: dOutput, rhs: weight, transposeRhs: true, ...rest });
      },
      weightGradient: (builder, { input, dOutput, ...rest }) => {
        builder.matmul({ lhs: input, transposeLhs: true, rhs: dOutput, ...rest });
      },
    },
  );
}
