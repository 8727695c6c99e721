/**
 * The common base of dense layers and convolutions: a weight, an optional bias, and three products, which are
 * the output, the error at the input and the gradient of the weight. The layer chooses the op of each
 * product.
 */
import type { Accumulator } from '../../numerics/index.js';
import type { PlanBuilder, SiteSettings, TensorId } from '../../plan/index.js';
import { activation, gradient, inputError, type Layer, type Parameter } from '../layer.js';

type Site = SiteSettings & { readonly accumulator: Accumulator };
/** Operands of a product and its result. */
type Operands<Names extends string> = Readonly<Record<Names | 'out', TensorId>> & Site;

/** Emits the three products of a layer. */
export interface Products {
  output(
    builder: PlanBuilder,
    operands: Operands<'input' | 'weight'> & { readonly bias: TensorId | null },
  ): void;
  inputError(builder: PlanBuilder, operands: Operands<'dOutput' | 'weight'>): void;
  weightGradient(builder: PlanBuilder, operands: Operands<'input' | 'dOutput'>): void;
}

/** A layer of products; `parameters` are its weight and its bias, if any. */
export function productLayer(
  shape: Pick<Layer, 'name' | 'type' | 'settings' | 'inputShape' | 'outputShape'>,
  parameters: { readonly weight: Parameter; readonly bias: Parameter | null },
  products: Products,
): Layer {
  const { weight, bias } = parameters;
  const { accumulator } = shape.settings;
  const layer: Layer = {
    ...shape,
    parameters: bias ? [weight, bias] : [weight],
    forward(input, emission) {
      const { builder } = emission;
      const output = activation(builder, layer);
      const w = emission.parameter('weight');
      const b = bias && emission.parameter('bias');
      const site = emission.site('activation');
      products.output(builder, { input, weight: w, bias: b, out: output, accumulator, ...site });
      return {
        output,
        backward: (dOutput, propagate) => {
          const dInput = propagate ? inputError(builder, layer, input) : null;
          if (dInput !== null) {
            products.inputError(builder, {
              dOutput,
              weight: w,
              out: dInput,
              accumulator,
              ...emission.site('error'),
            });
          }
          const gradientSite = emission.site('gradient');
          const dWeight = gradient(builder, layer, weight);
          products.weightGradient(builder, { input, dOutput, out: dWeight, accumulator, ...gradientSite });
          if (bias) builder.biasGradient({ dOutput, out: gradient(builder, layer, bias), ...gradientSite });
          return dInput;
        },
      };
    },
  };
  return layer;
}
