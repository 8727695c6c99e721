/**
 * Resolves settings: those of a layer override those of the network, role by role. The result is complete, so
 * layers only look settings up.
 */
import {
  parseAccumulator,
  parseFormat,
  parseRounding,
  type Accumulator,
  type Format,
  type FormatLike,
  type NumberFormat,
  type Overflow,
  type Rounding,
  InputTypeError,
} from '../numerics/index.js';
import type { OptimizerConfiguration } from '../optim/index.js';
import type { Role } from '../plan/index.js';
import type {
  FormatSettings,
  NetworkConfiguration,
  Overrides,
  RoundingSettings,
  WeightInit,
} from './configuration.js';

/** The six roles, in the order of tables. */
export const ROLES = [
  'weight',
  'bias',
  'activation',
  'error',
  'gradient',
  'update',
] as const satisfies readonly Role[];

/** The complete settings of one layer. */
export interface Settings {
  readonly formats: Readonly<Record<Role, NumberFormat>>;
  readonly rounding: Readonly<Record<Role, Rounding>>;
  readonly overflow: Overflow;
  readonly accumulator: Accumulator;
  readonly weightInit: WeightInit;
  readonly optimizer: OptimizerConfiguration;
}

function perRole<T>(value: (role: Role) => T): Record<Role, T> {
  return Object.fromEntries(ROLES.map((role) => [role, value(role)])) as Record<Role, T>;
}

type RoleMap<T> = Partial<Record<Role, T>>;

function isFormat(settings: Format | RoleMap<FormatLike>): settings is Format {
  return 'il' in settings;
}

/**
 * Formats of all roles. Roles that a network's map omits take the weight's format; roles that a layer's map
 * omits keep the network's.
 */
function resolveFormats(
  who: string,
  settings: FormatSettings | undefined,
  base: Settings['formats'] | null,
): Settings['formats'] {
  if (settings === undefined && base) return base;
  if (settings === 'float32') return perRole(() => 'float32');
  if (typeof settings === 'string' || (settings && isFormat(settings))) {
    const format = parseFormat(settings);
    return perRole(() => format);
  }
  const map: RoleMap<FormatLike> = settings ?? {};
  return perRole((role) => {
    const own = map[role];
    if (own !== undefined) return parseFormat(own);
    if (base) return base[role];
    if (map.weight === undefined) {
      throw new InputTypeError(
        `${who}: formats must name at least weight, got ${Object.keys(map).join(', ')}; add weight`,
      );
    }
    return parseFormat(map.weight);
  });
}

function resolveRounding(
  settings: RoundingSettings | undefined,
  base: Settings['rounding'] | null,
): Settings['rounding'] {
  if (typeof settings === 'string' || (settings && 'mode' in settings)) {
    const rounding = parseRounding(settings);
    return perRole(() => rounding);
  }
  const fallback = parseRounding('stochastic');
  return perRole((role) => {
    const own = settings?.[role];
    return own === undefined ? (base?.[role] ?? fallback) : parseRounding(own);
  });
}

/** Settings of the network, which layers inherit. */
export function networkSettings(configuration: NetworkConfiguration): Settings {
  return {
    formats: resolveFormats('network', configuration.formats, null),
    rounding: resolveRounding(configuration.rounding, null),
    overflow: configuration.overflow ?? 'saturate',
    accumulator: parseAccumulator(configuration.accumulator ?? 'exact'),
    weightInit: configuration.weightInit ?? { distribution: 'normal', deviation: 0.01 },
    optimizer: configuration.optimizer,
  };
}

/**
 * Settings of a layer.
 * @throws TypeError if a layer of a float32 network sets a format.
 */
export function layerSettings(name: string, overrides: Overrides, network: Settings): Settings {
  const { formats } = overrides;
  if (formats !== undefined && (formats === 'float32') !== (network.formats.weight === 'float32')) {
    throw new InputTypeError(
      `${name}: a network is float32 or fixed-point as a whole; remove the layer's formats, or change the network's`,
    );
  }
  return {
    formats: resolveFormats(name, overrides.formats, network.formats),
    rounding: resolveRounding(overrides.rounding, network.rounding),
    overflow: overrides.overflow ?? network.overflow,
    accumulator:
      overrides.accumulator === undefined ? network.accumulator : parseAccumulator(overrides.accumulator),
    weightInit: overrides.weightInit ?? network.weightInit,
    optimizer: overrides.optimizer ?? network.optimizer,
  };
}
