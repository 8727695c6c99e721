/**
 * A defined network: the configuration, checked, with every size inferred. It never computes; it emits plans and
 * draws initial weights. Training is in train/network.ts.
 */
import {
  conversionSites,
  elements,
  PlanBuilder,
  type Convert,
  type Plan,
  type Role,
  type SiteSettings,
  type TensorId,
} from '../plan/index.js';
import { formatText, parseRounding, parseSeed, roundingText, type Rounding } from '../numerics/index.js';
import type { OptimizerConfiguration } from '../optim/index.js';
import type { LayerConfiguration, NetworkConfiguration, Overrides } from './configuration.js';
import { initialParameters } from './initial.js';
import type { Layer, Shape } from './layer.js';
import { makeLayer } from './layers/index.js';
import { inStage, stageConfigurations } from './precision.js';
import { parseConfiguration } from './schema.js';
import { layerSettings, networkSettings, type Settings } from './settings.js';

const DEFAULT_NAMES: Readonly<Record<LayerConfiguration['type'], string>> = {
  dense: 'dense',
  conv2d: 'conv',
  maxPool: 'pool',
  averagePool: 'pool',
  relu: 'relu',
  dropout: 'dropout',
  flatten: 'flatten',
};

/** Gives every layer its name and turns `activation: 'relu'` into a layer of its own. */
function namedLayers(configuration: NetworkConfiguration): { name: string; entry: LayerConfiguration }[] {
  const counts = new Map<string, number>();
  const named = configuration.layers.flatMap((entry) => {
    const stem = DEFAULT_NAMES[entry.type];
    const count = (counts.get(stem) ?? 0) + 1;
    counts.set(stem, count);
    const name = entry.name ?? `${stem}${String(count)}`;
    const relu = 'activation' in entry && entry.activation === 'relu';
    return relu
      ? [
          { name, entry },
          { name: `${name}.relu`, entry: { type: 'relu' } as const },
        ]
      : [{ name, entry }];
  });
  const seen = new Set<string>();
  for (const { name } of named) {
    if (seen.has(name) || name === 'loss' || name === 'inference') {
      throw new TypeError(
        `${name}: a layer's name must be its own (and not loss or inference); rename one of the layers`,
      );
    }
    seen.add(name);
  }
  return named;
}

/** A checked network. Immutable; made by `defineNetwork`. */
export class NetworkDefinition {
  readonly configuration: NetworkConfiguration;
  readonly settings: Settings;
  readonly inputShape: Shape;
  readonly layers: readonly Layer[];
  /** One entry per coefficient group of the plan's sgd ops. */
  readonly optimizers: readonly OptimizerConfiguration[];
  /** The network in its stages of precision: itself, then a definition for every entry of its precision schedule. */
  readonly stages: readonly NetworkDefinition[];
  readonly #inferenceRounding: Rounding | null;

  constructor(configuration: NetworkConfiguration) {
    this.configuration = configuration;
    this.settings = networkSettings(configuration);
    const { input, inferenceRounding } = configuration;
    this.#inferenceRounding = inferenceRounding === undefined ? null : parseRounding(inferenceRounding);
    this.inputShape = 'size' in input ? [input.size] : [input.height, input.width, input.channels];
    let shape = this.inputShape;
    this.layers = namedLayers(configuration).map(({ name, entry }) => {
      const overrides: Overrides = entry.type === 'relu' || entry.type === 'flatten' ? {} : entry;
      const layer = makeLayer(name, entry, layerSettings(name, overrides, this.settings), shape);
      shape = layer.outputShape;
      return layer;
    });
    const last = this.layers[this.layers.length - 1]!;
    if (shape.length !== 1 || shape[0]! < 2) {
      throw new RangeError(
        `${last.name}: the last layer must give one logit per class, at least 2, got ${JSON.stringify(shape)}; end with a dense layer`,
      );
    }
    const trained = this.layers.filter(({ parameters }) => parameters.length > 0);
    this.optimizers = [
      ...new Map(trained.map(({ settings }) => [optimizerKey(settings), settings.optimizer])).values(),
    ];
    const later = stageConfigurations(configuration);
    this.stages = [this, ...later.map((stage, i) => inStage(i + 1, () => new NetworkDefinition(stage)))];
  }

  get name(): string {
    return this.configuration.name ?? 'network';
  }

  get arithmetic(): 'fixed' | 'float32' {
    return this.settings.formats.weight === 'float32' ? 'float32' : 'fixed';
  }

  /** Number of classes: logits of the last layer. */
  get classes(): number {
    return this.layers[this.layers.length - 1]!.outputShape[0]!;
  }

  get parameterCount(): number {
    return this.layers.reduce(
      (sum, layer) => sum + layer.parameters.reduce((n, p) => n + elements(p.shape), 0),
      0,
    );
  }

  /** The configuration, as JSON data that `defineNetwork` takes back. */
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
    return builder.finish({
      trainInput: tensors.input,
      evaluateInput: tensors.input,
      labels: tensors.labels,
      logits,
      probabilities,
      parameters: tensors.parameters.map(({ parameter }) => parameter),
      updates: tensors.parameters.map(({ update }) => update),
      groups: this.optimizers.length,
    });
  }

  /**
   * Plans every stage, and the changes between them: a mistake shows before training begins.
   * @throws what `plan` throws, naming the stage.
   */
  checkPlans(batch: number): void {
    this.stages.forEach((stage, i) => {
      inStage(i, () => stage.plan(batch));
      for (let from = 0; from < i; from++) inStage(i, () => this.conversion(from, i));
    });
  }

  /** The rounding sites that convert parameters and updates of one stage into those of a later one, in the order of a plan. */
  conversion(from: number, to: number): readonly Convert[] {
    const [before, after] = [this.stages[from]!, this.stages[to]!];
    return conversionSites(`precision/${String(to)}`, before.plan(1), after.plan(1));
  }

  /** Initial value of every parameter and update tensor of a plan of this network, by tensor name. */
  initialParameters(plan: Plan): ReturnType<typeof initialParameters> {
    return initialParameters(this.layers, parseSeed(this.configuration.seed), plan);
  }

  /** A table of the layers: name, type, shapes, parameters, formats and rounding. */
  summary(): string {
    const head = ['layer', 'type', 'input', 'output', 'parameters', 'weight', 'activation', 'rounding'];
    const rows = this.layers.map((layer) => {
      const count = layer.parameters.reduce((n, p) => n + elements(p.shape), 0);
      const { formats, rounding } = layer.settings;
      const rounds = layer.type !== 'relu' && layer.type !== 'flatten' && layer.type !== 'maxPool';
      return [
        layer.name,
        layer.type,
        layer.inputShape.join('x'),
        layer.outputShape.join('x'),
        String(count),
        count > 0 ? formatText(formats.weight) : '-',
        rounds ? formatText(formats.activation) : '-',
        rounds && this.arithmetic === 'fixed' ? roundingText(rounding.activation) : '-',
      ];
    });
    const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]!.length)));
    const line = (cells: readonly string[]): string =>
      cells
        .map((cell, i) => cell.padEnd(widths[i]!))
        .join('  ')
        .trimEnd();
    return [line(head), ...rows.map(line), `${String(this.parameterCount)} parameters`].join('\n');
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
    const parameters = this.layers.flatMap((layer) =>
      layer.parameters.map(({ role, shape }) => {
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
        return { layer, role, parameter, update };
      }),
    );
    return { input, labels, parameters };
  }

  #emitTraining(builder: PlanBuilder, tensors: PersistentTensors): void {
    builder.program('train');
    const passes: { layer: Layer; backward: (dOutput: TensorId, propagate: boolean) => TensorId | null }[] =
      [];
    let output = tensors.input;
    for (const layer of this.layers) {
      builder.layer(layer.name);
      const pass = layer.forward(output, this.#emission(builder, layer, tensors, true));
      passes.push({ layer, backward: pass.backward });
      output = pass.output;
    }
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
    let dOutput: TensorId | null = error;
    // Below the first layer with parameters nothing needs the error.
    const first = passes.findIndex(({ layer }) => layer.parameters.length > 0);
    for (let i = passes.length - 1; i >= Math.max(first, 0) && dOutput !== null; i--) {
      const { layer, backward } = passes[i]!;
      builder.layer(layer.name, 'backward');
      dOutput = backward(dOutput, i > first);
      // The layer's error is already made with the old weights: update at once, so that gradients share memory.
      this.#emitUpdate(builder, layer, tensors);
    }
  }

  #emitUpdate(builder: PlanBuilder, layer: Layer, tensors: PersistentTensors): void {
    builder.layer(layer.name, 'update');
    for (const { role, parameter, update } of tensors.parameters.filter((own) => own.layer === layer)) {
      builder.sgd({
        parameter,
        gradient: builder.find(`${layer.name}/${role}.gradient`),
        update,
        group: this.optimizers.findIndex(
          (optimizer) => JSON.stringify(optimizer) === optimizerKey(layer.settings),
        ),
        decays: role === 'weight',
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
    let output = tensors.input;
    for (const layer of this.layers) {
      builder.layer(layer.name);
      output = layer.forward(output, this.#emission(builder, layer, tensors, false)).output;
    }
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

  #emission(builder: PlanBuilder, layer: Layer, tensors: PersistentTensors, training: boolean) {
    return {
      builder,
      training,
      parameter: (role: 'weight' | 'bias'): TensorId =>
        tensors.parameters.find((own) => own.layer === layer && own.role === role)!.parameter,
      site: (role: Role): SiteSettings => {
        const site = siteOf(layer.settings, role);
        return !training && this.#inferenceRounding ? { ...site, rounding: this.#inferenceRounding } : site;
      },
    };
  }
}

interface PersistentTensors {
  readonly input: TensorId;
  readonly labels: TensorId;
  readonly parameters: readonly {
    layer: Layer;
    role: 'weight' | 'bias';
    parameter: TensorId;
    update: TensorId;
  }[];
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

/** The same from JSON data of unknown origin. */
export function networkFromJSON(json: unknown): NetworkDefinition {
  return new NetworkDefinition(parseConfiguration(json));
}
