/**
 * The interface of a layer: its sizes, its parameters, and how it emits its ops into a plan. A layer never
 * computes. The forward pass returns its output tensor and the matching backward pass.
 */
import type { PlanBuilder, Role, SiteSettings, Tensor, TensorId } from '../plan/index.js';
import type { Settings } from './settings.js';

/** Shape of one example: [height, width, channels] or [size]. */
export type Shape = readonly number[];

/** A weight or bias of a layer. Its tensor is named `${layer}/${role}`. */
export interface Parameter {
  readonly role: 'weight' | 'bias';
  readonly shape: Shape;
  /** Number of inputs and outputs in which one element takes part; some initialisations scale by it. */
  readonly fanIn: number;
  readonly fanOut: number;
  /** True for the scale of a normalisation, which begins at one and does not decay. */
  readonly isScale?: true;
}

/**
 * Emits the backward pass; returns the error at the layer's input, of a residual layer at both inputs, or
 * null if `propagate` is false.
 */
export type Backward = (dOutput: TensorId, propagate: boolean) => TensorId | null;

export interface Forward {
  readonly output: TensorId;
  readonly backward: Backward;
}

/** The destination of the ops that a layer emits. */
export interface Emission {
  readonly builder: PlanBuilder;
  /** True in the training program: dropout is active, and positions for the backward pass are kept. */
  readonly training: boolean;
  /** The end of a residual layer's shortcut, which it adds to its input. For other layers, their input. */
  readonly shortcut: TensorId;
  /** The tensor of the layer's own parameter. */
  parameter(role: 'weight' | 'bias'): TensorId;
  /**
   * The running statistic `${layer}/${name}`, one tensor for training and evaluation that is kept between
   * steps.
   */
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

/** Adds the error tensor at a layer's input, in the shape of the input and the layer's error format. */
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
