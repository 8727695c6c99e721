/** Layers that work element by element or compute nothing: ReLU, dropout, flatten. */
import { elements, type TensorId } from '../../plan/index.js';
import type { DropoutLayer } from '../configuration.js';
import { activation, inputError, type Emission, type Forward, type Layer, type Shape } from '../layer.js';
import type { Settings } from '../settings.js';

/**
 * max(x, 0), exact. Its output has the format of its input, and its error has the format of the incoming
 * error.
 */
export function reluLayer(name: string, settings: Settings, inputShape: Shape): Layer {
  const layer: Layer = {
    name,
    type: 'relu',
    settings,
    inputShape,
    outputShape: inputShape,
    parameters: [],
    forward,
  };
  return layer;

  function forward(input: TensorId, emission: Emission): Forward {
    const { builder } = emission;
    const output = activation(builder, layer, builder.get(input).format ?? undefined);
    builder.relu({ input, out: output });
    return {
      output,
      backward: (dOutput, propagate) => {
        if (!propagate) return null;
        const { shape, format } = builder.get(dOutput);
        const dInput = builder.tensor({
          name: `${name}/dInput`,
          shape,
          batched: true,
          role: 'error',
          format,
        });
        builder.reluGradient({ output, dOutput, out: dInput });
        return dInput;
      },
    };
  }
}

/**
 * Inverted dropout: in training, an element is dropped with probability `rate`, and the others are scaled up.
 */
export function dropoutLayer(
  name: string,
  configuration: DropoutLayer,
  settings: Settings,
  inputShape: Shape,
): Layer {
  const threshold = Math.round(configuration.rate * 65536);
  const scale = Math.round((65536 / (65536 - threshold)) * 16777216);
  const layer: Layer = {
    name,
    type: 'dropout',
    settings,
    inputShape,
    outputShape: inputShape,
    parameters: [],
    forward,
  };
  return layer;

  function forward(input: TensorId, emission: Emission): Forward {
    const { builder } = emission;
    if (!emission.training || threshold === 0) return { output: input, backward: (dOutput) => dOutput };
    const output = activation(builder, layer);
    const mask = { mask: `${name}/mask`, threshold, scale };
    builder.dropout({ input, out: output, ...mask, ...emission.site('activation') });
    return {
      output,
      backward: (dOutput, propagate) => {
        if (!propagate) return null;
        const dInput = inputError(builder, layer, input);
        builder.dropout({ input: dOutput, out: dInput, ...mask, ...emission.site('error') });
        return dInput;
      },
    };
  }
}

/** Reads an image as a vector. The order stays NHWC, so nothing moves and no op is emitted. */
export function flattenLayer(name: string, settings: Settings, inputShape: Shape): Layer {
  return {
    name,
    type: 'flatten',
    settings,
    inputShape,
    outputShape: [elements(inputShape)],
    parameters: [],
    forward: (input) => ({ output: input, backward: (dOutput) => dOutput }),
  };
}
