/**
 * Max and average pooling over NHWC images, without padding; a last window that extends beyond the edge may
 * be clipped.
 */
import { InputTypeError } from '../../numerics/index.js';
import { ShapeError, shapeText, windowOf, type TensorId, type Window } from '../../plan/index.js';
import type { PoolLayer } from '../configuration.js';
import { imageShape, pair } from '../image.js';
import { activation, inputError, type Emission, type Forward, type Layer, type Shape } from '../layer.js';
import type { Settings } from '../settings.js';

export function poolLayer(
  name: string,
  configuration: PoolLayer,
  settings: Settings,
  inputShape: Shape,
): Layer {
  const image = imageShape(name, inputShape);
  const kernel = pair(configuration.kernel);
  const stride = pair(configuration.stride ?? configuration.kernel);
  const window = windowOf({ image, kernel, stride, clip: configuration.clip ?? true });
  if (window.outHeight < 1 || window.outWidth < 1) {
    throw new ShapeError(
      `${name}: the window must fit the input, got kernel ${shapeText(kernel)} and input ${shapeText(inputShape)}; choose a smaller kernel or clip: true`,
    );
  }
  if (configuration.type === 'maxPool' && configuration.formats?.activation !== undefined) {
    throw new InputTypeError(
      `${name}: max-pooling does not round its output; set formats.activation on the layer before it`,
    );
  }
  const layer: Layer = {
    name,
    type: configuration.type,
    settings,
    inputShape,
    outputShape: [window.outHeight, window.outWidth, image[2]],
    parameters: [],
    forward: configuration.type === 'maxPool' ? forwardMax : forwardAverage,
  };
  return layer;

  function forwardMax(input: TensorId, emission: Emission): Forward {
    const { builder, training } = emission;
    const output = activation(builder, layer, builder.get(input).format ?? undefined);
    const shape = builder.get(output).shape;
    const position = training
      ? builder.tensor({ name: `${name}/position`, shape, batched: true, role: 'position', format: null })
      : null;
    builder.maxPool({ input, out: output, position, window });
    return {
      output,
      backward: (dOutput, propagate) => {
        if (!propagate || position === null) return null;
        const dInput = inputError(builder, layer, input);
        builder.maxPoolGradient({ dOutput, position, out: dInput, window, ...emission.site('error') });
        return dInput;
      },
    };
  }

  function forwardAverage(input: TensorId, emission: Emission): Forward {
    return averaged(layer, window, input, activation(emission.builder, layer), emission);
  }
}

/** The mean of each channel over the whole image: [height, width, channels] to [channels]. */
export function globalAveragePoolLayer(name: string, settings: Settings, inputShape: Shape): Layer {
  const image = imageShape(name, inputShape);
  const [height, width, channels] = image;
  const window = windowOf({ image, kernel: [height, width], stride: [1, 1] });
  const layer: Layer = {
    name,
    type: 'globalAveragePool',
    settings,
    inputShape,
    outputShape: [channels],
    parameters: [],
    forward: (input, emission) => {
      // For the op, the output is an image of one pixel; in memory it equals the vector that the next layer
      // reads.
      const output = activation(emission.builder, { ...layer, outputShape: [1, 1, channels] });
      return averaged(layer, window, input, output, emission);
    },
  };
  return layer;
}

function averaged(
  layer: Layer,
  window: Window,
  input: TensorId,
  output: TensorId,
  emission: Emission,
): Forward {
  const { builder } = emission;
  builder.averagePool({ input, out: output, window, ...emission.site('activation') });
  return {
    output,
    backward: (dOutput, propagate) => {
      if (!propagate) return null;
      const dInput = inputError(builder, layer, input);
      builder.averagePoolGradient({ dOutput, out: dInput, window, ...emission.site('error') });
      return dInput;
    },
  };
}
