/**
 * A defined network: the checked configuration with every size inferred. It never computes, but emits plans
 * and draws initial weights. Training is in train/network.ts.
 */
import { checkArgument, wholeNumber } from '../numerics/arguments.js';
import {
  conversionSites,
  PlanBuilder,
  type Convert,
  type Plan,
  type Role,
  type SiteSettings,
  type TensorId,
  checkPlan,
} from '../plan/index.js';
import { parseRounding, parseSeed, type Rounding, InputError } from '../numerics/index.js';
import type { OptimizerConfiguration } from '../optim/index.js';
import type { NetworkConfiguration, Overrides } from './configuration.js';
import { initialParameters } from './initial.js';
import type { Emission, Forward, Layer, Shape } from './layer.js';
import { makeLayer } from './layers/index.js';
import { layOutLayers, type Node } from './graph.js';
import { inStage, stageConfigurations } from './precision.js';
import { parseConfiguration } from './schema.js';
import { parameterCount, summaryOf } from './summary.js';
import { layerSettings, networkSettings, type Settings } from './settings.js';

/** A checked, immutable network, made by `defineNetwork`. */
export class NetworkDefinition {
  readonly configuration: NetworkConfiguration;
  readonly settings: Settings;
  readonly inputShape: Shape;
  /** The layers in execution order; those of a residual layer come before its sum. */
  readonly layers: readonly Layer[];
  /** One entry per coefficient group of the plan's sgd ops. */
  readonly optimizers: readonly OptimizerConfiguration[];
  /** The network in its stages of precision: itself, then a definition for every entry of its precision schedule. */
  readonly stages: readonly NetworkDefinition[];
  /** The inputs of each layer. */
  readonly #nodes: readonly Node[];
  readonly #inferenceRounding: Rounding | null;
  /** The group of each optimiser, by its JSON. */
  readonly #groups: ReadonlyMap<string, number>;

  constructor(configuration: NetworkConfiguration) {
    parseConfiguration(configuration);
    this.configuration = configuration;
    this.settings = networkSettings(configuration);
    const { input, inferenceRounding } = configuration;
    this.#inferenceRounding = inferenceRounding === undefined ? null : parseRounding(inferenceRounding);
    this.inputShape = 'size' in input ? [input.size] : [input.height, input.width, input.channels];
    this.#nodes = layOutLayers(configuration);
    const layers: Layer[] = [];
    const shapeOf = (node: number): Shape => (node < 0 ? this.inputShape : layers[node]!.outputShape);
    for (const { name, entry, input, shortcut } of this.#nodes) {
      const overrides: Overrides = entry.type === 'relu' || entry.type === 'flatten' ? {} : entry;
      const settings = layerSettings(name, overrides, this.settings);
      layers.push(makeLayer(name, entry, settings, shapeOf(input), shapeOf(shortcut)));
    }
    this.layers = layers;
    const last = this.layers[this.layers.length - 1]!;
    const shape = last.outputShape;
    if (shape.length !== 1 || shape[0]! < 2) {
      throw new InputError(
        `${last.name}: the last layer must give one logit per class, at least 2, got ${JSON.stringify(shape)}; end with a dense layer`,
      );
    }
    const trained = this.layers.filter(({ parameters }) => parameters.length > 0);
    const optimizers = new Map(trained.map(({ settings }) => [optimizerKey(settings), settings.optimizer]));
    this.optimizers = [...optimizers.values()];
    this.#groups = new Map([...optimizers.keys()].map((key, group) => [key, group]));
    const later = stageConfigurations(configuration);
    this.stages = [this, ...later.map((stage, i) => inStage(i + 1, () => new NetworkDefinition(stage)))];
  }

  get name(): string {
    return this.configuration.name ?? 'network';
  }

  get arithmetic(): 'fixed' | 'float32' {
    return this.settings.formats.weight === 'float32' ? 'float32' : 'fixed';
  }

  /** Number of classes, which is the number of logits of the last layer. */
  get classes(): number {
    return this.layers[this.layers.length - 1]!.outputShape[0]!;
  }

  get parameterCount(): number {
    return parameterCount(this.layers);
  }

  /** The configuration, as JSON data that `defineNetwork` accepts. */
  toJSON(): NetworkConfiguration {
    return this.configuration;
  }

  /**
   * The plan of one training step and one evaluation step with at most `batch` examples.
   * @throws ShapeError, RangeError or TypeError naming the layer that breaks a rule.
   */
  plan(batch: number): Plan {
    const builder = new PlanBuilder({ name: this.name, arithmetic: this.arithmetic, batch });
    const tensors = this.#persistentTensors(builder);
    this.#emitTraining(builder, tensors);
    const { logits, probabilities } = this.#emitEvaluation(builder, tensors);
    const parameters = [...tensors.parametersOf.values()].flat();
    return builder.finish({
      trainInput: tensors.input,
      evaluateInput: tensors.input,
      labels: tensors.labels,
      logits,
      probabilities,
      parameters: parameters.map(({ parameter }) => parameter),
      updates: parameters.map(({ update }) => update),
      states: [...tensors.states.values()],
      groups: this.optimizers.length,
    });
  }

  /**
   * Plans every stage and the changes between them, so that a mistake shows before training begins.
   * @throws the errors of `plan`, naming the stage.
   */
  checkPlans(batch: number): void {
    this.stages.forEach((stage, i) => {
      inStage(i, () => stage.plan(batch));
      for (let from = 0; from < i; from++) inStage(i, () => this.conversion(from, i));
    });
  }

  /** The rounding sites that convert parameters and updates of one stage into those of a later one, in the order of a plan. */
  conversion(from: number, to: number): readonly Convert[] {
    const stage = wholeNumber(0, this.stages.length - 1);
    checkArgument('conversion: from', from, stage);
    checkArgument('conversion: to', to, stage);
    const [before, after] = [this.stages[from]!, this.stages[to]!];
    return conversionSites(`precision/${String(to)}`, before.plan(1), after.plan(1));
  }

  /** Initial value of every parameter and update tensor of a plan of this network, by tensor name. */
  initialParameters(plan: Plan): ReturnType<typeof initialParameters> {
    checkPlan(plan);
    return initialParameters(this.layers, parseSeed(this.configuration.seed), plan);
  }

  /** A table of the layers: name, type, shapes, parameters, formats and rounding. */
  summary(): string {
    return summaryOf(this.layers, this.arithmetic);
  }

  #persistentTensors(builder: PlanBuilder): PersistentTensors {
    const { batch } = builder;
    const format = this.settings.formats.activation;
    const input = builder.tensor({
      name: 'input',
      shape: [batch, ...this.inputShape],
      batched: true,
      role: 'activation',
      format,
      persistent: true,
    });
    const labels = builder.tensor({
      name: 'labels',
      shape: [batch],
      batched: true,
      role: 'label',
      format: null,
      persistent: true,
    });
    const parametersOf = new Map<Layer, ParameterTensors[]>();
    for (const layer of this.layers) {
      const own = layer.parameters.map(({ role, shape, isScale = false }): ParameterTensors => {
        const { formats } = layer.settings;
        const name = `${layer.name}/${role}`;
        const tensor = { name, shape, batched: false, role, format: formats[role], persistent: true };
        const parameter = builder.tensor(tensor);
        const update = builder.tensor({
          ...tensor,
          name: `${name}.update`,
          role: 'update',
          format: formats.update,
        });
        return { role, decays: role === 'weight' && !isScale, parameter, update };
      });
      parametersOf.set(layer, own);
    }
    return { input, labels, parametersOf, states: new Map() };
  }

  #emitTraining(builder: PlanBuilder, tensors: PersistentTensors): void {
    builder.program('train');
    const passes = this.#emitForward(builder, tensors, true);
    const { output } = passes[passes.length - 1]!;
    const { shape } = builder.get(output);
    const { error: format } = this.settings.formats;
    const error = builder.tensor({ name: 'loss/error', shape, batched: true, role: 'error', format });
    const probabilities = this.#probabilities(builder, false);
    builder.layer('loss', 'backward').softmaxCrossEntropy({
      logits: output,
      labels: tensors.labels,
      probabilities,
      error,
      ...siteOf(this.settings, 'error'),
    });
    this.#emitBackward(builder, tensors, passes, error);
  }

  /** The forward pass of every layer, in order. */
  #emitForward(builder: PlanBuilder, tensors: PersistentTensors, training: boolean): readonly Forward[] {
    const passes: Forward[] = [];
    const outputOf = (node: number): TensorId => (node < 0 ? tensors.input : passes[node]!.output);
    this.#nodes.forEach(({ input, shortcut }, i) => {
      const layer = this.layers[i]!;
      const emission = this.#emission(builder, layer, tensors, training, outputOf(shortcut));
      builder.layer(layer.name);
      passes.push(layer.forward(outputOf(input), emission));
    });
    return passes;
  }

  #emitBackward(
    builder: PlanBuilder,
    tensors: PersistentTensors,
    passes: readonly Forward[],
    error: TensorId,
  ): void {
    // If no layer up to here has parameters, nothing needs the error.
    const needsError: boolean[] = [];
    for (const [i, { input, shortcut }] of this.#nodes.entries()) {
      const before = [input, shortcut].some((node) => needsError[node] ?? false);
      needsError.push(before || this.layers[i]!.parameters.length > 0);
    }
    /** The errors of each layer's output, one from every layer that reads it. */
    const errors = passes.map((): TensorId[] => []);
    errors[passes.length - 1]!.push(error);
    for (let i = passes.length - 1; i >= 0; i--) {
      if (!needsError[i]) continue;
      const layer = this.layers[i]!;
      const { input, shortcut } = this.#nodes[i]!;
      const inputs = [...new Set([input, shortcut])].filter((node) => needsError[node]);
      builder.layer(layer.name, 'backward');
      const dOutput = this.#sumErrors(builder, layer, errors[i]!);
      const dInput = passes[i]!.backward(dOutput, inputs.length > 0);
      if (dInput !== null) for (const node of inputs) errors[node]!.push(dInput);
      // The layer's error has already been computed with the old weights, so they are updated at once.
      // Gradients can then share memory.
      this.#emitUpdate(builder, layer, tensors);
    }
  }

  /**
   * The error of an output that several layers read is the sum of their errors; each addition is a rounding
   * site.
   */
  #sumErrors(builder: PlanBuilder, layer: Layer, errors: readonly TensorId[]): TensorId {
    const { error: format } = layer.settings.formats;
    return errors.reduce((lhs, rhs, i) => {
      const { shape } = builder.get(rhs);
      const name = `${layer.name}/dOutput${i > 1 ? String(i) : ''}`;
      const out = builder.tensor({ name, shape, batched: true, role: 'error', format });
      builder.add({ lhs, rhs, out, ...siteOf(layer.settings, 'error') });
      return out;
    });
  }

  #emitUpdate(builder: PlanBuilder, layer: Layer, tensors: PersistentTensors): void {
    builder.layer(layer.name, 'update');
    for (const { role, decays, parameter, update } of tensors.parametersOf.get(layer)!) {
      builder.sgd({
        parameter,
        gradient: builder.find(`${layer.name}/${role}.gradient`),
        update,
        group: this.#groups.get(optimizerKey(layer.settings))!,
        decays,
        updateSettings: siteOf(layer.settings, 'update'),
        parameterSettings: siteOf(layer.settings, role),
      });
    }
  }

  #emitEvaluation(
    builder: PlanBuilder,
    tensors: PersistentTensors,
  ): { logits: TensorId; probabilities: TensorId } {
    builder.program('evaluate');
    const passes = this.#emitForward(builder, tensors, false);
    const { output } = passes[passes.length - 1]!;
    builder.keep(output);
    const probabilities = this.#probabilities(builder, true);
    builder.layer('loss').softmaxCrossEntropy({
      logits: output,
      labels: tensors.labels,
      probabilities,
      error: null,
      ...siteOf(this.settings, 'error'),
    });
    return { logits: output, probabilities };
  }

  #probabilities(builder: PlanBuilder, persistent: boolean): TensorId {
    const shape = [builder.batch, this.classes];
    const format = this.arithmetic === 'float32' ? 'float32' : ({ il: 2, fl: 30 } as const);
    return builder.tensor({
      name: 'loss/probabilities',
      shape,
      batched: true,
      role: 'probability',
      format,
      persistent,
    });
  }

  #emission(
    builder: PlanBuilder,
    layer: Layer,
    tensors: PersistentTensors,
    training: boolean,
    shortcut: TensorId,
  ): Emission {
    return {
      builder,
      training,
      shortcut,
      parameter: (role: 'weight' | 'bias'): TensorId =>
        tensors.parametersOf.get(layer)!.find((own) => own.role === role)!.parameter,
      state: (own, shape, format) => {
        const name = `${layer.name}/${own}`;
        const known = tensors.states.get(name);
        if (known !== undefined) return known;
        const id = builder.tensor({ name, shape, batched: false, role: 'running', format, persistent: true });
        tensors.states.set(name, id);
        return id;
      },
      site: (role: Role): SiteSettings => {
        const site = siteOf(layer.settings, role);
        return !training && this.#inferenceRounding ? { ...site, rounding: this.#inferenceRounding } : site;
      },
    };
  }
}

interface PersistentTensors {
  /** Running statistics by name; the training program makes them. */
  readonly states: Map<string, TensorId>;
  readonly input: TensorId;
  readonly labels: TensorId;
  readonly parametersOf: ReadonlyMap<Layer, readonly ParameterTensors[]>;
}

interface ParameterTensors {
  readonly role: 'weight' | 'bias';
  readonly decays: boolean;
  readonly parameter: TensorId;
  readonly update: TensorId;
}

function optimizerKey(settings: Settings): string {
  return JSON.stringify(settings.optimizer);
}

function siteOf(settings: Settings, role: Role): SiteSettings {
  return { rounding: settings.rounding[role], overflow: settings.overflow };
}

/**
 * Checks a configuration (typed, or JSON from outside) and infers every size.
 * @throws TypeError, RangeError or ShapeError naming the layer or field, the rule and the way out.
 */
export function defineNetwork(configuration: NetworkConfiguration): NetworkDefinition {
  return networkFromJSON(configuration);
}

/** Does the same for JSON data of unknown origin. */
export function networkFromJSON(json: unknown): NetworkDefinition {
  return new NetworkDefinition(json as NetworkConfiguration);
}
