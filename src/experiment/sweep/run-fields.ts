/**
 * A configuration as fields and short texts, and the fields in which several of them differ: what tables of runs show. Found
 * from the configurations alone, so a table can be made of any runs, wherever they came from.
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

/** What a network is called stands for all of it. */
const NETWORK = 'network';
/** What is looked at first comes first in tables, and the seed last. */
const FIRST = [NETWORK, 'data', 'formats', 'rounding', 'accumulator', 'learningRate'];
const LAST = 'seed';

/** Fields that change no result. */
const FREE = ['fewbit', 'dataDigest', 'threads', 'checkpointEvery', 'metricsEvery'];

/** The fields of a configuration. Layers go by their names; formats, rounding and accumulator are one field each. */
export function runFields(configuration: RunConfiguration): FieldTexts {
  const plain = JSON.parse(JSON.stringify(configuration)) as Readonly<Record<string, JsonValue>>;
  const texts: Record<string, string> = {};
  for (const [field, value] of Object.entries(plain)) {
    if (!FREE.includes(field)) flatten([field], value, texts);
  }
  return texts;
}

/** What a role that is not named takes: the weight's format, and stochastic rounding. */
const UNNAMED_ROUNDING = 'stochastic';

/**
 * The text of a field, also of one role: `formats.weight` of formats by role, or of a format that all roles share. undefined where
 * the configuration does not have it.
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

/** The fields with `formats` and `rounding` by role, where some of the configurations have them by role: only roles that differ. */
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
 * The fields in which the configurations differ, in the order of a table. Where the networks have different names, the name
 * stands for their layers.
 */
export function differingFields(configurations: readonly RunConfiguration[]): string[] {
  const [first, ...others] = configurations.map(runFields);
  if (first === undefined) return [];
  const fields = [...new Set([first, ...others].flatMap((texts) => Object.keys(texts)))];
  const differing = fields.filter((field) => others.some((texts) => texts[field] !== first[field]));
  const shown = differing.includes(NETWORK) ? differing.filter((field) => !isOfNetwork(field)) : differing;
  return shown.sort((a, b) => place(a) - place(b));
}

/** Fields whose values say by themselves what they are. */
const PLAIN = [NETWORK, 'formats', 'rounding', 'accumulator'];

/** What tells a run from others that differ in these fields: `4.12/6.10 nearest-away seed=2`, `weight=4.12 activation=6.10`. */
export function fieldsName(texts: FieldTexts, fields: readonly string[]): string {
  const words = fields.flatMap((field) => {
    const text = texts[field];
    if (text === undefined) return [];
    const [setting = '', role] = field.split('.');
    // float32 is so in every role.
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

/** `4.12`, `4.12/6.10` where only activations have another format, else by role. */
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

/** The text of a value that is one field; null for one that has fields of its own. */
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
