/**
 * What a layer is to the network: its sizes, its parameters, and how it emits its ops into a plan. A layer never
 * computes. The forward pass returns the tensor it made and the matching backward pass.
 */
import type { PlanBuilder, Role, SiteSettings, Tensor, TensorId } from '../plan/index.js';
import type { Settings } from './settings.js';

/** Shape of one example: [height, width, channels] or [size]. */
export type Shape = readonly number[];

/** A weight or bias of a layer. Its tensor is named `${layer}/${role}`. */
export interface Parameter {
  readonly role: 'weight' | 'bias';
  readonly shape: Shape;
  /** Inputs and outputs that one element takes part in: scale of some initialisations. */
  readonly fanIn: number;
  readonly fanOut: number;
  /** The scale of a normalisation: it begins at one and does not decay. */
  readonly isScale?: true;
}

/**
 * Emits the backward pass; returns the error at the layer's input, of a residual layer at both inputs, or null where
 * `propagate` is false.
 */
export type Backward = (dOutput: TensorId, propagate: boolean) => TensorId | null;

export interface Forward {
  readonly output: TensorId;
  readonly backward: Backward;
}

/** Where a layer emits to. */
export interface Emission {
  readonly builder: PlanBuilder;
  /** True in the training program: dropout is active and positions for the backward pass are kept. */
  readonly training: boolean;
  /** What a residual layer adds to its input: the end of its shortcut. Other layers: their input. */
  readonly shortcut: TensorId;
  /** Tensor of the layer's own parameter. */
  parameter(role: 'weight' | 'bias'): TensorId;
  /** The running statistic `${layer}/${name}`: one tensor for training and evaluation, kept between steps. */
  state(name: string, shape: Shape, format: Tensor['format']): TensorId;
  /** Rounding and overflow of a role at this layer; activations of an evaluation may round differently. */
  site(role: Role): SiteSettings;
}

/** A layer with its sizes and parameters. Shapes are those of one example. */
export interface Layer {
  readonly name: string;
  readonly type: string;
  readonly settings: Settings;
  readonly inputShape: Shape;
  readonly outputShape: Shape;
  readonly parameters: readonly Parameter[];
  forward(input: TensorId, emission: Emission): Forward;
}

/** Adds the error tensor at a layer's input: shaped as the input, in the layer's error format. */
export function inputError(builder: PlanBuilder, layer: Layer, input: TensorId): TensorId {
  const { shape } = builder.get(input);
  return builder.tensor({
    name: `${layer.name}/dInput`,
    shape,
    batched: true,
    role: 'error',
    format: layer.settings.formats.error,
  });
}

/** Adds the activation tensor that a layer writes. */
export function activation(
  builder: PlanBuilder,
  layer: Layer,
  format = layer.settings.formats.activation,
): TensorId {
  return builder.tensor({
    name: `${layer.name}/output`,
    shape: [builder.batch, ...layer.outputShape],
    batched: true,
    role: 'activation',
    format,
  });
}

/** Adds the gradient tensor of a parameter. */
export function gradient(builder: PlanBuilder, layer: Layer, parameter: Parameter): TensorId {
  return builder.tensor({
    name: `${layer.name}/${parameter.role}.gradient`,
    shape: parameter.shape,
    batched: false,
    role: 'gradient',
    format: layer.settings.formats.gradient,
  });
}
