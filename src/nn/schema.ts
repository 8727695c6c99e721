/**
 * Checks the structure of a network configuration that comes from outside (JSON, JavaScript callers): types,
 * required and unknown fields, simple ranges. Rules between layers are checked when the layers are made.
 */
import { checkDepth, InputTypeError, shownText } from '../numerics/index.js';
import { z } from 'zod';
import { MAX_SIZE } from '../plan/index.js';
import type { NetworkConfiguration, PrecisionStage } from './configuration.js';

const size = z.int().min(1).max(MAX_SIZE);
/** The rate is multiplied so many times at every epoch. */
const MAX_POWER = 1000;
const pairOf = (item: z.ZodInt): z.ZodType =>
  z.union([item, z.tuple([item, item])], 'expected a number or [vertical, horizontal]');
const format = z.union(
  [z.string(), z.strictObject({ il: z.int(), fl: z.int() })],
  'expected a format such as "<2,14>" or "2.14"',
);
const rounding = z.string('expected a rounding mode such as "stochastic" or "nearest"');
const roles = <T extends z.ZodType>(item: T) =>
  z.strictObject({
    weight: item.optional(),
    bias: item.optional(),
    activation: item.optional(),
    error: item.optional(),
    gradient: item.optional(),
    update: item.optional(),
  });
const perRole = <T extends z.ZodType>(item: T, what: string) =>
  z.union([item, roles(item)], `expected ${what}, or one per role`);

const positive = z.number().positive();
const schedule = z.union(
  [
    z.number().min(0),
    z.strictObject({ kind: z.literal('constant'), rate: z.number().min(0) }),
    z.strictObject({ kind: z.literal('exponential'), rate: z.number().min(0), factor: positive }),
    z.strictObject({
      kind: z.literal('step'),
      rate: z.number().min(0),
      factor: positive,
      milestones: z.array(z.int().min(0)),
    }),
    z.strictObject({
      kind: z.literal('poly'),
      rate: z.number().min(0),
      power: z.int().min(0).max(MAX_POWER),
      epochs: size,
    }),
  ],
  'expected a rate from 0, or a schedule { kind: "constant" | "exponential" | "step" | "poly", ... }',
);
const optimizer = z.strictObject({
  kind: z.literal('sgd'),
  learningRate: schedule,
  momentum: z.number().min(0).max(1).optional(),
  weightDecay: z.number().min(0).optional(),
});
const weightInit = z.union(
  [
    z.strictObject({ distribution: z.literal('normal'), deviation: z.number().min(0) }),
    z.strictObject({ distribution: z.literal('uniform'), limit: z.number().min(0) }),
    z.literal(['he-normal', 'xavier-uniform']),
  ],
  'expected "he-normal", "xavier-uniform", { distribution: "normal", deviation } or { distribution: "uniform", limit }',
);
const accumulator = z.union(
  [z.literal('exact'), z.strictObject({ width: z.int(), overflow: z.literal(['saturate', 'wrap']) })],
  'expected "exact" or { width, overflow: "saturate" | "wrap" }',
);
const roundingOverrides = {
  formats: z.strictObject({ activation: format.optional(), error: format.optional() }).optional(),
  rounding: perRole(rounding, 'a rounding mode').optional(),
  overflow: z.literal(['saturate', 'wrap']).optional(),
};
const overrides = {
  formats: perRole(format, 'a format').optional(),
  rounding: perRole(rounding, 'a rounding mode').optional(),
  overflow: z.literal(['saturate', 'wrap']).optional(),
  accumulator: accumulator.optional(),
  weightInit: weightInit.optional(),
  optimizer: optimizer.optional(),
};
const name = z
  .string()
  .regex(/^[A-Za-z][\w.-]*$/, 'a layer name starts with a letter and has letters, digits, . _ -')
  .optional();
const bias = z.boolean().optional();
const activation = z.literal(['identity', 'relu']).optional();
const pool = {
  name,
  kernel: pairOf(size),
  stride: pairOf(size).optional(),
  clip: z.boolean().optional(),
  ...roundingOverrides,
};

/** The layers of one path of a residual layer. */
const path = z
  .array(
    z.lazy(() => layer),
    'expected a list of layers',
  )
  .min(1, 'a path needs at least one layer');

/** A layer; those inside of a residual layer have the same types. */
const layer: z.ZodType = z.discriminatedUnion(
  'type',
  [
    z.strictObject({ type: z.literal('dense'), name, units: size, bias, activation, ...overrides }),
    z.strictObject({
      type: z.literal('conv2d'),
      name,
      channels: size,
      kernel: pairOf(size),
      stride: pairOf(size).optional(),
      padding: pairOf(z.int().min(0).max(MAX_SIZE)).optional(),
      bias,
      activation,
      ...overrides,
    }),
    z.strictObject({ type: z.literal('maxPool'), ...pool }),
    z.strictObject({ type: z.literal('averagePool'), ...pool }),
    z.strictObject({
      type: z.literal('batchNorm'),
      name,
      momentum: z.number().min(0).max(0.9999).optional(),
      epsilon: z.number().min(1e-8).max(0.001).optional(),
      activation,
      ...overrides,
    }),
    z.strictObject({ type: z.literal('globalAveragePool'), name, ...roundingOverrides }),
    z.strictObject({
      type: z.literal('residual'),
      name,
      layers: path,
      shortcut: path.optional(),
      activation,
      ...roundingOverrides,
    }),
    z.strictObject({ type: z.literal('relu'), name }),
    z.strictObject({
      type: z.literal('dropout'),
      name,
      rate: z.number().min(0).max(0.98),
      ...roundingOverrides,
    }),
    z.strictObject({ type: z.literal('flatten'), name }),
  ],
  'expected a layer of type dense, conv2d, maxPool, averagePool, globalAveragePool, batchNorm, residual, relu, dropout or flatten',
);

const stage = z
  .strictObject({
    epoch: z.int().min(1, 'expected an epoch from 1; before it the formats of the network hold').optional(),
    whenStalled: z.strictObject({ epochs: size, minDelta: z.number().min(0).optional() }).optional(),
    formats: perRole(format, 'a format').optional(),
    rounding: perRole(rounding, 'a rounding mode').optional(),
  })
  .refine(
    ({ epoch, whenStalled }) => (epoch === undefined) !== (whenStalled === undefined),
    'expected either "epoch" or "whenStalled"',
  )
  .refine(
    ({ formats, rounding }) => formats !== undefined || rounding !== undefined,
    'expected "formats", "rounding" or both',
  );
const precisionSchedule = z
  .array(stage, 'expected a list of stages')
  .min(1, 'expected at least one stage')
  .refine((stages) => {
    const epochs = stages.flatMap(({ epoch }) => epoch ?? []);
    return epochs.every((epoch, i) => i === 0 || epoch > epochs[i - 1]!);
  }, 'expected stages in the order of their epochs');

const network = z.strictObject({
  name: z.string().optional(),
  seed: z.union(
    [z.int().min(0), z.string().regex(/^\d+$/)],
    'expected a whole number from 0, or its decimal text',
  ),
  formats: perRole(format, 'a format or "float32"'),
  rounding: perRole(rounding, 'a rounding mode').optional(),
  inferenceRounding: rounding.optional(),
  overflow: z.literal(['saturate', 'wrap']).optional(),
  accumulator: accumulator.optional(),
  precisionSchedule: precisionSchedule.optional(),
  weightInit: weightInit.optional(),
  optimizer,
  input: z.union(
    [z.strictObject({ height: size, width: size, channels: size }), z.strictObject({ size })],
    'expected { height, width, channels } or { size }',
  ),
  layers: z.array(layer).min(1, 'a network needs at least one layer'),
});

/** `layers[2].kernel`, with the layer's name if it has one. */
function pathText(path: readonly PropertyKey[], input: unknown): string {
  const text = path.map((key) => (typeof key === 'number' ? `[${String(key)}]` : `.${String(key)}`)).join('');
  const index = path[0] === 'layers' ? path[1] : undefined;
  const layers = (input as { layers?: readonly { name?: unknown }[] } | null)?.layers;
  const given = typeof index === 'number' ? layers?.[index]?.name : undefined;
  return text.replace(/^\./, '') + (typeof given === 'string' ? ` (${given})` : '');
}

/** @throws TypeError naming the first field that is wrong, what was expected and what was given. */
function checked<T>(schema: z.ZodType<T>, what: string, input: unknown): T {
  checkDepth(what, input);
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  const where = pathText(issue.path, input);
  let got: unknown = input;
  for (const key of issue.path) got = (got as Record<PropertyKey, unknown> | undefined)?.[key];
  const shown = issue.code === 'unrecognized_keys' ? '' : `, got ${shownText(got)}`;
  throw new InputTypeError(`${what}: ${where === '' ? '' : `${where}: `}${issue.message}${shown}`);
}

/**
 * Checks a configuration's structure.
 * @throws TypeError naming the first field that is wrong, what was expected and what was given.
 */
export function parseConfiguration(input: unknown): NetworkConfiguration {
  return checked(network, 'network configuration', input) as NetworkConfiguration;
}

/**
 * Reads the precision schedule of a network from JSON data that contains nothing else.
 * @throws TypeError naming the first field that is wrong, what was expected and what was given.
 */
export function parsePrecisionSchedule(input: unknown): readonly PrecisionStage[] {
  return checked(precisionSchedule, 'precision schedule', input) as readonly PrecisionStage[];
}
