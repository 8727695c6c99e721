/**
 * A configuration as fields and short texts, and the fields in which several configurations differ, for
 * tables of runs. Only the configurations are needed, so a table can show runs of any origin.
 */
import { ROLES, type FormatSettings, type NetworkConfiguration } from '../../nn/index.js';
import { accumulatorText, formatText, parseFormat } from '../../numerics/index.js';
import type { Schedule } from '../../optim/index.js';
import { learningRateText } from '../run/setting-text.js';
import type { RunConfiguration } from '../run/configuration.js';
import { valueText } from './expansion.js';
import { fieldText, isObject, type JsonValue } from './field.js';

/** Texts by field, `{ seed: '5', formats: '4.12/6.10', ... }`. */
export type FieldTexts = Readonly<Record<string, string>>;

/** A network's name represents all of it. */
const NETWORK = 'network';
/** The order of columns in tables: the most important first, the seed last. */
const FIRST = [NETWORK, 'data', 'formats', 'rounding', 'accumulator', 'learningRate'];
const LAST = 'seed';

/** Fields that change no result. */
const FREE = ['fewbit', 'dataDigest', 'threads', 'checkpointEvery', 'metricsEvery'];

/**
 * The fields of a configuration. Layers are identified by their names; formats, rounding and accumulator are
 * one field each.
 */
export function runFields(configuration: RunConfiguration): FieldTexts {
  const plain = JSON.parse(JSON.stringify(configuration)) as Readonly<Record<string, JsonValue>>;
  const texts: Record<string, string> = {};
  for (const [field, value] of Object.entries(plain)) {
    if (!FREE.includes(field)) flatten([field], value, texts);
  }
  return texts;
}

/** Defaults of unnamed roles: the weight's format, and stochastic rounding. */
const UNNAMED_ROUNDING = 'stochastic';

/**
 * The text of a field, or of one role: `formats.weight` from formats by role, or from a format that all roles
 * share. undefined if the configuration does not have it.
 */
export function fieldTextIn(configuration: RunConfiguration, field: string): string | undefined {
  const { formats, rounding } = configuration.network;
  const [setting, role, ...rest] = field.split('.');
  const byRole = setting === 'formats' ? formats : setting === 'rounding' ? rounding : undefined;
  const known = rest.length === 0 ? ROLES.find((one) => one === role) : undefined;
  if (byRole === undefined || known === undefined) return runFields(configuration)[field];
  if (typeof byRole === 'string') return valueText(byRole);
  const values = JSON.parse(JSON.stringify(byRole)) as Readonly<Record<string, JsonValue>>;
  if (setting === 'rounding') return valueText(values[known] ?? UNNAMED_ROUNDING);
  return formatsText((values[known] ?? values['weight'] ?? byRole) as FormatSettings);
}

/**
 * The fields with `formats` and `rounding` by role if some configurations give them by role; only roles that
 * differ.
 */
export function fieldsByRole(
  fields: readonly string[],
  configurations: readonly RunConfiguration[],
): string[] {
  return fields.flatMap((field) => {
    const isByRole =
      ['formats', 'rounding'].includes(field) &&
      configurations.some((one) => runFields(one)[field]?.includes('=') === true);
    if (!isByRole) return [field];
    return ROLES.map((role) => `${field}.${role}`).filter(
      (part) => new Set(configurations.map((one) => fieldTextIn(one, part))).size > 1,
    );
  });
}

/**
 * The fields in which the configurations differ, in the order of a table. If the networks have different
 * names, the name represents their layers.
 */
export function differingFields(configurations: readonly RunConfiguration[]): string[] {
  const [first, ...others] = configurations.map(runFields);
  if (first === undefined) return [];
  const fields = [...new Set([first, ...others].flatMap((texts) => Object.keys(texts)))];
  const differing = fields.filter((field) => others.some((texts) => texts[field] !== first[field]));
  const shown = differing.includes(NETWORK) ? differing.filter((field) => !isOfNetwork(field)) : differing;
  return shown.sort((a, b) => place(a) - place(b));
}

/** Fields whose values need no field name. */
const PLAIN = [NETWORK, 'formats', 'rounding', 'accumulator'];

/**
 * The text that distinguishes a run from others that differ in these fields: `4.12/6.10 nearest-away seed=2`,
 * `weight=4.12 activation=6.10`.
 */
export function fieldsName(texts: FieldTexts, fields: readonly string[]): string {
  const words = fields.flatMap((field) => {
    const text = texts[field];
    if (text === undefined) return [];
    const [setting = '', role] = field.split('.');
    // float32 applies to every role.
    if (PLAIN.includes(field) || (setting === 'formats' && text === 'float32')) return [text];
    return [`${PLAIN.includes(setting) ? (role ?? field) : field}=${text}`];
  });
  return [...new Set(words)].join(' ');
}

function place(field: string): number {
  if (field === LAST) return FIRST.length + 1;
  return FIRST.includes(field) ? FIRST.indexOf(field) : FIRST.length;
}

function isOfNetwork(field: string): boolean {
  return field.startsWith('layers.') || field.startsWith('input.');
}

/** `4.12`; `4.12/6.10` if only activations have another format; otherwise by role. */
export function formatsText(formats: FormatSettings): string {
  if (formats === 'float32') return formats;
  const short = (format: Parameters<typeof parseFormat>[0]): string =>
    valueText(formatText(parseFormat(format)));
  if (typeof formats === 'string' || 'il' in formats) return short(formats);
  const { weight, activation, ...others } = formats;
  if (weight !== undefined && activation !== undefined && Object.keys(others).length === 0) {
    return short(weight) === short(activation) ? short(weight) : `${short(weight)}/${short(activation)}`;
  }
  return ROLES.flatMap((role) => {
    const format = formats[role];
    return format === undefined ? [] : `${role}=${short(format)}`;
  }).join(',');
}

function flatten(path: readonly string[], value: JsonValue, texts: Record<string, string>): void {
  const word = path.at(-1) ?? '';
  const whole = wholeText(word, value);
  if (whole !== null) {
    texts[path.join('.') === 'network.name' ? NETWORK : fieldText(path)] = whole;
    return;
  }
  if (word === 'layers' && Array.isArray(value)) {
    (value as NetworkConfiguration['layers']).forEach((layer, index) => {
      const { name, ...rest } = layer;
      flatten([...path, name ?? String(index)], rest as unknown as JsonValue, texts);
    });
    return;
  }
  for (const [inner, part] of Object.entries(value as Readonly<Record<string, JsonValue>>)) {
    flatten([...path, inner], part, texts);
  }
}

/** The text of a value that is one field; null for one that consists of fields. */
function wholeText(word: string, value: JsonValue): string | null {
  if (word === 'formats') return formatsText(value as FormatSettings);
  if (word === 'rounding' && isObject(value)) {
    return Object.entries(value)
      .map(([role, mode]) => `${role}=${valueText(mode)}`)
      .join(',');
  }
  if (word === 'accumulator') return accumulatorText(value as Parameters<typeof accumulatorText>[0]);
  if (word === 'learningRate') return learningRateText(value as number | Schedule);
  if (word === 'weightInit') return valueText(value);
  if (word === 'layers' || isObject(value)) return null;
  return valueText(value);
}
