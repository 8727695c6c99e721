/**
 * Checks a run configuration that comes from a file. The nn room checks the network inside; this file checks
 * the fields around it. The check is strict: an unknown field is an error, and every error names the field.
 */
import { checkDepth, isFewbitError, parseSeed, shownText, type Seed } from '../../numerics/index.js';
import { z } from 'zod';
import { parseBackendName, type BackendName } from '../../backend/index.js';
import {
  networkFromJSON,
  zoo,
  ZOO_NAMES,
  type NetworkConfiguration,
  type ZooOptions,
} from '../../nn/index.js';
import { ConfigurationError } from './errors.js';
import type { PartialRunConfiguration } from './configuration.js';

const count = z.int('expected a whole number from 1').min(1, 'expected a whole number from 1');
const MAX_THREADS = 64;
const SEED = 'expected a whole number from 0 to 2^64 - 1, or its decimal text';

const run = z.strictObject({
  fewbit: z.string('expected the version as text').optional(),
  network: z.record(
    z.string(),
    z.unknown(),
    `expected { "zoo": "${ZOO_NAMES.join('" | "')}", "seed": ... } or a network configuration with "layers"`,
  ),
  data: z.string('expected a name or a path').min(1, 'expected a name or a path').optional(),
  dataDigest: z
    .string('expected a SHA-256 in hexadecimal')
    .regex(/^[0-9a-f]{64}$/, 'expected a SHA-256 in hexadecimal')
    .optional(),
  dataSeed: z.union([z.int(), z.string()], SEED).refine(isSeed, SEED).optional(),
  subset: z
    .strictObject(
      { train: count.optional(), test: count.optional(), validation: count.optional() },
      'expected { "train": 2000, "test": 1000, "validation": 5000 }, or some of them',
    )
    .optional(),
  augment: z
    .strictObject(
      { flip: z.boolean().optional(), crop: count.optional() },
      'expected { "flip": true, "crop": 4 }, or one of the two',
    )
    .optional(),
  batch: count.optional(),
  epochs: count.optional(),
  steps: count.optional(),
  backend: z
    .custom<BackendName>(
      isBackendName,
      'expected reference, wasm, or systolic with an array as in systolic:8x8,lfsr',
    )
    .optional(),
  threads: count.max(MAX_THREADS, `expected at most ${String(MAX_THREADS)}`).optional(),
  checkpointEvery: count.optional(),
  metricsEvery: count.optional(),
});

function isSeed(value: Seed): boolean {
  try {
    parseSeed(value);
    return true;
  } catch {
    return false;
  }
}

function isBackendName(value: unknown): boolean {
  try {
    return typeof value === 'string' && parseBackendName(value) === value;
  } catch {
    return false;
  }
}

/**
 * Reads a run configuration, or a bare network configuration (it has `layers`), from JSON data.
 * @param source its name in errors, for example that of the file
 * @throws ConfigurationError naming source, field, rule and what was given
 */
export function parseRunConfiguration(input: unknown, source: string): PartialRunConfiguration {
  checkDepth(source, input);
  const isNetwork = typeof input === 'object' && input !== null && 'layers' in input;
  const wrapped: unknown = isNetwork ? { network: input } : input;
  const result = run.safeParse(wrapped);
  if (!result.success) throw new ConfigurationError(`${source}: ${issueText(result.error, wrapped)}`);
  const { network, ...rest } = result.data;
  return { ...definedOnly(rest), network: parseNetwork(network, source) };
}

/** zod leaves an optional field out or undefined; the types of configurations only allow the former. */
function definedOnly(fields: Omit<z.infer<typeof run>, 'network'>): Omit<PartialRunConfiguration, 'network'> {
  return JSON.parse(JSON.stringify(fields)) as Omit<PartialRunConfiguration, 'network'>;
}

/** A complete network configuration, or one of the zoo with options. */
function parseNetwork(network: Record<string, unknown>, source: string): NetworkConfiguration {
  try {
    if (!('zoo' in network)) return networkFromJSON(network).configuration;
    const { zoo: name, ...options } = network;
    if ('layers' in options || 'input' in options) {
      throw new ConfigurationError('network: give "zoo" or "layers", not both');
    }
    // The values of the options are checked with the whole network, right below.
    return networkFromJSON(zoo[zooName(name)](options as ZooOptions & typeof options)).configuration;
  } catch (error) {
    if (!isFewbitError(error)) throw error;
    throw new ConfigurationError(`${source}: ${error.message}`, { cause: error });
  }
}

function zooName(name: unknown): (typeof ZOO_NAMES)[number] {
  const found = ZOO_NAMES.find((known) => known === name);
  if (found === undefined) {
    throw new ConfigurationError(
      `network.zoo: expected one of ${ZOO_NAMES.join(', ')}, got ${shownText(name)}`,
    );
  }
  return found;
}

/** The first issue as `field: rule, got X`. */
function issueText(error: z.ZodError, input: unknown): string {
  const issue = error.issues[0];
  if (!issue) return error.message;
  if (issue.code === 'unrecognized_keys' && issue.path.length === 0) {
    const known = Object.keys(run.shape).join(', ');
    return `unknown field ${issue.keys.map((key) => JSON.stringify(key)).join(', ')}; the fields are ${known}`;
  }
  const field = issue.path.map(String).join('.');
  let got: unknown = input;
  for (const key of issue.path) got = (got as Record<PropertyKey, unknown> | undefined)?.[key];
  const shown = shownText(got);
  return field === ''
    ? `expected a run configuration { "network": ..., ... }, got ${shown}`
    : `${field}: ${issue.message}, got ${shown}`;
}
