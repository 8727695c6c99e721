/** 2D convolution over NHWC images: weight [KH, KW, C, OC], zero padding on both sides, any stride. */
import { ShapeError, shapeText, windowOf, type TensorId } from '../../plan/index.js';
import type { Conv2dLayer } from '../configuration.js';
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
import { imageShape, pair } from '../image.js';
import type { Settings } from '../settings.js';

export function conv2dLayer(
  name: string,
  configuration: Conv2dLayer,
  settings: Settings,
  inputShape: Shape,
): Layer {
  const image = imageShape(name, inputShape);
  const kernel = pair(configuration.kernel);
  const padding = pair(configuration.padding ?? 0);
  const window = windowOf({ image, kernel, stride: pair(configuration.stride ?? 1), padding });
  if (window.outHeight < 1 || window.outWidth < 1) {
    throw new ShapeError(
      `${name}: the kernel must fit the padded input, got kernel ${shapeText(kernel)}, padding ${shapeText(padding)} and input ${shapeText(inputShape)}; choose a smaller kernel or more padding`,
    );
  }
  const outChannels = configuration.channels;
  const area = kernel[0] * kernel[1];
  const fan = { fanIn: area * image[2], fanOut: area * outChannels };
  const weight: Parameter = { role: 'weight', shape: [...kernel, image[2], outChannels], ...fan };
  const bias: Parameter | null =
    configuration.bias === false ? null : { role: 'bias', shape: [outChannels], ...fan };
  const layer: Layer = {
    name,
    type: 'conv2d',
    settings,
    inputShape,
    outputShape: [window.outHeight, window.outWidth, outChannels],
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
    builder.conv2d({
      input,
      weight: w,
      bias: b,
      out: output,
      window,
      accumulator,
      ...emission.site('activation'),
    });
    return { output, backward };

    function backward(dOutput: TensorId, propagate: boolean): TensorId | null {
      const dInput = propagate ? inputError(builder, layer, input) : null;
      if (dInput !== null) {
        builder.conv2dInputGradient({
          dOutput,
          weight: w,
          out: dInput,
          window,
          accumulator,
          ...emission.site('error'),
        });
      }
      const site = emission.site('gradient');
      const dWeight = gradient(builder, layer, weight);
      builder.conv2dWeightGradient({ input, dOutput, out: dWeight, window, accumulator, ...site });
      if (bias) builder.biasGradient({ dOutput, out: gradient(builder, layer, bias), ...site });
      return dInput;
    }
  }
}
