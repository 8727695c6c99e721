/** 2D convolution over NHWC images: weight [KH, KW, C, OC], zero padding on both sides, any stride. */
import { ShapeError, shapeText, windowOf } from '../../plan/index.js';
import type { Conv2dLayer } from '../configuration.js';
import { imageShape, pair } from '../image.js';
import type { Layer, Shape } from '../layer.js';
import type { Settings } from '../settings.js';
import { productLayer } from './product.js';

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
  return productLayer(
    {
      name,
      type: 'conv2d',
      settings,
      inputShape,
      outputShape: [window.outHeight, window.outWidth, outChannels],
    },
    {
      weight: { role: 'weight', shape: [...kernel, image[2], outChannels], ...fan },
      bias: configuration.bias === false ? null : { role: 'bias', shape: [outChannels], ...fan },
    },
    {
      output: (builder, operands) => {
        builder.conv2d({ ...operands, window });
      },
      inputError: (builder, operands) => {
        builder.conv2dInputGradient({ ...operands, window });
      },
      weightGradient: (builder, operands) => {
        builder.conv2dWeightGradient({ ...operands, window });
      },
    },
  );
}
