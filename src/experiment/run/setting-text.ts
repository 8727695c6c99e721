/**
 * Short text for the settings that a comparison varies: formats, rounding and accumulator. It is read from
 * the command line and written back as the name of a setting. numerics reads the formats and nn the roles;
 * this file is only the grammar between them:
 *
 *     [name:] <formats> [<rounding>] [<accumulator>]      fixed: 4.12/6.10 stochastic wrap:48
 */
import type { Augmentation } from '../../data/index.js';
import { ROLES, type FormatSettings, type RoundingSettings } from '../../nn/index.js';
import {
  formatText,
  parseAccumulator,
  parseFormat,
  parseRounding,
  roundingText,
  type Accumulator,
  InputTypeError,
  siteHash,
} from '../../numerics/index.js';
import type { Schedule } from '../../optim/index.js';
import type { Role } from '../../plan/index.js';
import type { NetworkChanges } from './configuration.js';

/** One of the settings that a comparison trains. */
export interface Setting {
  readonly name: string;
  readonly changes: NetworkChanges;
}

/**
 * Reads formats: `float32`; `6.10` for every role; `4.12/6.10`, the second one for activations; or
 * `weight=4.12,activation=6.10,...`, in which unnamed roles take the weight's format.
 * @throws TypeError or RangeError naming the part that is wrong.
 */
export function parseFormats(text: string): FormatSettings {
  const trimmed = text.trim();
  if (trimmed === 'float32') return 'float32';
  if (trimmed.includes('=')) return perRole('formats', trimmed, (part) => formatText(parseFormat(part)));
  const [first = '', second, ...rest] = trimmed.split('/');
  if (rest.length > 0) {
    throw new InputTypeError(
      `formats: expected "IL.FL" or "IL.FL/IL.FL", got "${text}"; name roles as in weight=4.12,activation=6.10`,
    );
  }
  const weight = formatText(parseFormat(first));
  return second === undefined ? weight : { weight, activation: formatText(parseFormat(second)) };
}

/**
 * Reads rounding: a mode for every role, or `weight=stochastic,activation=nearest,...`; in which unnamed
 * roles are rounded stochastically.
 * @throws TypeError or RangeError naming the part that is wrong.
 */
export function parseRoundings(text: string): RoundingSettings {
  const trimmed = text.trim();
  if (!trimmed.includes('=')) return roundingText(parseRounding(trimmed));
  return perRole('rounding', trimmed, (part) => roundingText(parseRounding(part)));
}

/** The default border of a crop. */
const CROP = 4;

/**
 * Reads augmentation: `flip`, `crop` (with a border of 4 pixels), `crop:2`, or `flip,crop`.
 * @throws TypeError naming the part that is wrong.
 */
export function parseAugmentation(text: string): Augmentation {
  const read: { flip?: boolean; crop?: number } = {};
  for (const part of text.split(',').map((piece) => piece.trim())) {
    const crop = /^crop(?::([1-9]\d*))?$/.exec(part);
    const key = crop ? 'crop' : 'flip';
    if (!crop && part !== 'flip') {
      throw new InputTypeError(`augment: expected flip, crop, crop:2 or flip,crop, got "${part}"`);
    }
    if (key in read) throw new InputTypeError(`augment: ${key} is given twice in "${text}"`);
    if (crop) read.crop = crop[1] === undefined ? CROP : Number(crop[1]);
    else read.flip = true;
  }
  return read;
}

/** The text that `parseAugmentation` reads. */
export function augmentationText({ flip, crop }: Augmentation): string {
  return [...(flip === true ? ['flip'] : []), ...(crop === undefined ? [] : [`crop:${crop}`])].join(',');
}

/** A learning rate for people: `0.1`, `0.1 x 0.95 per epoch`, `0.1 x 0.5 at epochs 8, 12`. */
export function learningRateText(schedule: number | Schedule): string {
  if (typeof schedule === 'number') return String(schedule);
  const { rate } = schedule;
  switch (schedule.kind) {
    case 'constant':
      return String(rate);
    case 'exponential':
      return `${rate} x ${schedule.factor} per epoch`;
    case 'step':
      return `${rate} x ${schedule.factor} at epochs ${schedule.milestones.join(', ')}`;
    case 'poly':
      return `${rate} x (1 - epoch/${schedule.epochs})^${schedule.power}`;
  }
}

/** `role=value,role=value`; commas inside of `<4,12>` do not separate. */
function perRole<T>(what: string, text: string, parse: (value: string) => T): Partial<Record<Role, T>> {
  const values: Partial<Record<Role, T>> = {};
  for (const part of text.split(/,(?![^<]*>)/)) {
    const [name = '', value, ...rest] = part.split('=');
    const role = ROLES.find((known) => known === name.trim());
    if (role === undefined || value === undefined || rest.length > 0) {
      throw new InputTypeError(
        `${what}: expected role=value with a role of ${ROLES.join(', ')}, got "${part.trim()}"`,
      );
    }
    if (role in values) throw new InputTypeError(`${what}: ${role} is given twice in "${text}"`);
    values[role] = parse(value.trim());
  }
  return values;
}

const NAME = /^([^:]*):(?:\s+(.*))?$/s;
const ACCUMULATOR = /^(exact|wrap:.*|saturate:.*)$/;

/**
 * Reads one setting, for example `4.12/6.10 stochastic`, `float32` or `narrow: 4.12/6.10 nearest wrap:48`. If
 * no name is given, its rounding and formats name it.
 * @throws TypeError or RangeError for a part that does not follow the grammar.
 */
export function parseSetting(text: string): Setting {
  const named = NAME.exec(text.trim());
  const [formatsText = '', ...rest] = (named ? (named[2] ?? '') : text).trim().split(/\s+/);
  if (formatsText === '') {
    throw new InputTypeError(`setting: expected "[name:] formats [rounding] [accumulator]", got "${text}"`);
  }
  const accumulators = rest.filter((part) => ACCUMULATOR.test(part));
  const roundings = rest.filter((part) => !ACCUMULATOR.test(part));
  if (accumulators.length > 1 || roundings.length > 1) {
    throw new InputTypeError(
      `setting: expected one rounding and one accumulator at most, got "${rest.join(' ')}"`,
    );
  }
  const formats = parseFormats(formatsText);
  const rounding = roundings[0] === undefined ? undefined : parseRoundings(roundings[0]);
  const accumulator = accumulators[0] === undefined ? undefined : parseAccumulator(accumulators[0]);
  if (formats === 'float32' && rest.length > 0) {
    throw new InputTypeError(
      `setting: float32 has no rounding and no accumulator, got "${rest.join(' ')}"; leave it out`,
    );
  }
  const name = named?.[1]?.trim() ?? '';
  return {
    name: name === '' ? settingName(formatsText, roundings[0], accumulators[0]) : name,
    changes: {
      formats,
      // Explicit, so that a network's own rounding cannot slip in under a name that does not show it.
      ...(formats === 'float32' ? {} : { rounding: rounding ?? 'stochastic' }),
      ...(accumulator === undefined ? {} : { accumulator: accumulator satisfies Accumulator }),
    },
  };
}

function settingName(formats: string, rounding = 'stochastic', accumulator?: string): string {
  if (formats === 'float32') return formats;
  return [rounding, formats, ...(accumulator === undefined ? [] : [accumulator])].join(' ');
}

/**
 * Reads settings separated by `;`, from one or several texts.
 * @throws TypeError for no setting, or two with the same name.
 */
export function parseSettings(texts: readonly string[]): Setting[] {
  const settings = texts
    .flatMap((text) => text.split(';'))
    .filter((text) => text.trim() !== '')
    .map(parseSetting);
  if (settings.length === 0) throw new InputTypeError('settings: expected at least one setting, got none');
  const seen = new Set<string>();
  for (const { name } of settings) {
    if (folderName(name) === '') {
      throw new InputTypeError(`settings: a name needs a letter or a digit, got "${name}"`);
    }
    if (seen.has(folderName(name))) {
      throw new InputTypeError(
        `settings: "${name}" is there twice; give one of them a name, as in "again: 4.12 stochastic"`,
      );
    }
    seen.add(folderName(name));
  }
  return settings;
}

/** Longest name of a folder: file systems take 255 bytes, of which callers need some. */
const MAX_FOLDER_NAME = 100;
/** Names that Windows keeps for devices, with any extension. */
const RESERVED = /^(con|prn|aux|nul|com\d|lpt\d)(?=\.|$)/;

/**
 * The name of a setting or a network as the name of one folder on every system: letters, digits, dots and dashes, at most
 * 100 characters, no name of a device. A name without letters and digits gives `instead`.
 */
export function folderName(name: string, instead = ''): string {
  const text = name
    .toLowerCase()
    .replace(/[^a-z0-9.]+/g, '-')
    .replace(/^[-.]+|[-.]+$/g, '')
    .replace(RESERVED, '$1-');
  if (text === '') return instead;
  if (text.length <= MAX_FOLDER_NAME) return text;
  const hash = siteHash(name).toString(16).padStart(8, '0');
  return `${text.slice(0, MAX_FOLDER_NAME - 9)}-${hash}`;
}
